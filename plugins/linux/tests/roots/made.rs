//! Making a root once, and asking the plugin about it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use exhibit_plugin::{Line, kinds};
use serde_json::{Value, json};

/// The root `name`, made by `make` in an empty folder unless it stands from an earlier run with the same recipe.
pub(crate) fn root(name: &str, recipe: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
    fs::create_dir_all(&folder).unwrap();
    let (root, stamp) = (folder.join(name), folder.join(format!("{name}.made")));
    // Tests run side by side, and two may want the same root.
    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if fs::read_to_string(&stamp).is_ok_and(|made| made == recipe) {
        return root;
    }
    for old in [&stamp, &root] {
        if old.exists() {
            done(Command::new("rm").arg("-rf").arg(old));
        }
    }
    fs::create_dir_all(&root).unwrap();
    make(&root);
    fs::write(&stamp, recipe).unwrap();
    root
}

/// Runs a command to its good end and gives what it printed.
pub(crate) fn done(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output();
    let missing = output.as_ref().err().map(ToString::to_string);
    assert_eq!(missing, None, "{command:?}: tests/run installs what is missing");
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {:?}: {said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that takes itself for root: tools that change into the root ask for it.
pub(crate) fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", program]);
    command
}

/// What the plugin tells of a root.
pub(crate) struct Told {
    pub(crate) bodies: BTreeMap<String, Value>,
    /// `kind: word: detail`.
    pub(crate) outcomes: Vec<String>,
    methods: BTreeMap<String, Vec<String>>,
}

impl Told {
    pub(crate) fn body(&self, kind: &str) -> &Value {
        self.bodies.get(kind).unwrap_or_else(|| {
            let outcomes: Vec<_> =
                self.outcomes.iter().filter(|one| one.starts_with(kind)).collect();
            assert!(outcomes.is_empty(), "no {kind}: {outcomes:?}");
            &Value::Null
        })
    }

    /// How a kind was obtained.
    pub(crate) fn methods(&self, kind: &str) -> &[String] {
        self.methods.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Outcomes of a kind, but for what no file tree tells.
    pub(crate) fn outcomes(&self, kind: &str) -> Vec<&str> {
        let head = format!("{kind}: ");
        let told = self.outcomes.iter().filter_map(|one| one.strip_prefix(&head));
        told.filter(|one| !one.contains("is only a file tree")).collect()
    }
}

/// Asks for kinds; none: every one.
pub(crate) fn ask(root: &Path, kinds: &[&str], settings: &Value) -> Told {
    let program = env!("CARGO_BIN_EXE_exhibit-plugin-linux");
    let described = done(Command::new(program).arg("--describe"));
    let described: exhibit_plugin::Describe = serde_json::from_str(&described).unwrap();
    let all: Vec<&str> = described.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    let kinds = if kinds.is_empty() { &all } else { kinds };
    let request = json!({
        "v": 1, "kinds": kinds, "target": "host:test", "deadline_ms": 240_000, "root": root,
        "settings": settings
    });
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let mut told = Told { bodies: BTreeMap::new(), outcomes: Vec::new(), methods: BTreeMap::new() };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Line::Document { kind, body, capture, .. } => {
                assert_eq!(kinds::validate(&kind, &body), Ok(()));
                told.methods.insert(kind.clone(), capture.method);
                told.bodies.insert(kind, body);
            }
            Line::Outcome { kind, outcome, detail, remedy, .. } => {
                assert!(!remedy.is_empty(), "{kind} {detail}");
                told.outcomes.push(format!("{kind}: {}: {detail}", outcome.as_str()));
            }
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    told
}

/// Rows of the inventory, each as the given fields, sorted; a field that is null is told as `-`.
pub(crate) fn rows(told: &Told, fields: &[&str]) -> Vec<Vec<String>> {
    let packages = told.body("software.inventory")["packages"].as_array().unwrap();
    let cell = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            list.iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join("; ")
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let mut rows: Vec<Vec<String>> = packages
        .iter()
        .map(|package| fields.iter().map(|field| cell(&package[*field])).collect())
        .collect();
    rows.sort();
    rows
}

/// Lines of cells that tabs part, as rows.
pub(crate) fn table(text: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    rows.sort();
    rows
}

/// Seconds since 1970 as a document writes them.
pub(crate) fn time(seconds: &str) -> String {
    jiff::Timestamp::from_second(seconds.parse().unwrap()).unwrap().to_string()
}
