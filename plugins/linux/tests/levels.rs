//! What each kind yields at each level of rights: the page equals the declarations, and the declarations equal what the
//! program sees as anybody, with capabilities, and as root.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use exhibit_plugin::levels::{Level, lacking, rights, table};
use exhibit_plugin::{Describe, Line, OutcomeKind};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_exhibit-plugin-linux");

fn describe() -> Describe {
    let output = Command::new(PROGRAM).arg("--describe").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What one run told: the documents, and what a missing right hid, as detail and rights that would show it.
#[derive(Default)]
struct Told {
    bodies: BTreeMap<String, Value>,
    denied: BTreeMap<String, Vec<(String, BTreeSet<String>)>>,
}

fn run(level: Level, program: &Path, plugin: &Describe) -> Told {
    let declared: BTreeSet<String> =
        plugin.kinds.iter().flat_map(exhibit_plugin::levels::declared).collect();
    let capabilities: Vec<String> = declared
        .iter()
        .filter_map(|right| right.strip_prefix("CAP_"))
        .map(|name| format!("+{}", name.to_lowercase()))
        .collect();
    let list = capabilities.join(",");
    let mut command = Command::new("setpriv");
    match level {
        Level::User => command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]),
        Level::Capabilities => command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args([format!("--inh-caps={list}"), format!("--ambient-caps={list}")]),
        Level::Root => command.arg("--clear-groups"),
    };
    let kinds: Vec<&str> = plugin.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    // Bounds what takes long on a whole host.
    let settings = json!({
        "permissions": {"paths": ["/etc", "/usr/bin"]},
        "integrity": {"megabytes": 16, "seconds": 200},
    });
    let request = json!({
        "v": 1, "kinds": kinds, "target": "host:test", "deadline_ms": 240_000, "settings": settings
    });
    let mut child =
        command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{level:?}: {:?}", output.status);
    let mut told = Told::default();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Line::Document { kind, body, .. } => drop(told.bodies.insert(kind, body)),
            Line::Outcome { kind, outcome: OutcomeKind::Denied, detail, remedy, .. } => {
                told.denied.entry(kind).or_default().push((detail, rights(&remedy)));
            }
            Line::Outcome { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    told
}

#[test]
fn the_page_tells_what_each_level_yields() {
    let table = table(&describe());
    let page = include_str!("../README.md");
    assert!(
        page.contains(&table),
        "put this into the plugin's page (--levels prints it):\n{table}"
    );
}

#[test]
fn every_level_really_sees_what_the_declarations_say() {
    if !rustix::process::geteuid().is_root() {
        // Only root can take the other two levels.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The program lies where another user can start it.
    let program = folder.path().join("plugin");
    fs::copy(PROGRAM, &program).unwrap();
    let plugin = describe();
    let root = run(Level::Root, &program, &plugin);
    let lower =
        [Level::User, Level::Capabilities].map(|level| (level, run(level, &program, &plugin)));
    let again = run(Level::Root, &program, &plugin);
    let mut held = 0;
    for kind in &plugin.kinds {
        let name = &kind.kind;
        for (level, told) in &lower {
            let lacking = lacking(kind, *level);
            // What even root is not shown (in a container, say) is no matter of levels.
            let beyond = root.denied.get(name).or(again.denied.get(name)).is_some();
            let denied = told.denied.get(name).map(Vec::as_slice).unwrap_or_default();
            for (detail, named) in denied.iter().filter(|_| !beyond) {
                assert!(
                    named.intersection(&lacking).next().is_some(),
                    "{name} as {level:?}: {detail:?} would take {named:?}, and the declaration lacks {lacking:?} there"
                );
                held += 1;
            }
            // A level that yields all sees what root sees, unless the host changes meanwhile.
            let still = root.bodies.get(name) == again.bodies.get(name);
            if lacking.is_empty() && still && !beyond {
                assert_eq!(told.bodies.get(name), root.bodies.get(name), "{name} as {level:?}");
                held += 1;
            }
        }
    }
    assert!(held >= 20, "only {held} declarations were held to anything");
    assert!(lower[0].1.denied.contains_key("identity.accounts"), "anybody reads /etc/shadow here");
}
