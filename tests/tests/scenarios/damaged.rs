//! Broken and hostile input: whatever lies where a plugin looks, each kind ends in time with a document of its schema or with
//! an outcome, and a source that broke never passes for an empty one.

mod given;
mod sources;
mod surroundings;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use exhibit_plugin::{Describe, Line, kinds};
use exhibit_tests::Programs;
use serde_json::{Value, json};

/// What a plugin told of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) body: Option<Value>,
    pub(crate) rows: u64,
    pub(crate) expected: Option<u64>,
    pub(crate) truncated: bool,
    pub(crate) method: Vec<String>,
    pub(crate) duration_ms: u64,
    /// `word: detail`.
    pub(crate) outcomes: Vec<String>,
}

/// Both plugins, asked as the agent asks them.
pub(crate) struct Asked {
    pub(crate) programs: Programs,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    pub(crate) before: Vec<String>,
    pub(crate) settings: Value,
    pub(crate) deadline: Duration,
}

impl Asked {
    pub(crate) fn new() -> Self {
        Self {
            programs: Programs::beside_me().unwrap(),
            environment: Vec::new(),
            // More address space than this is a fault of its own.
            before: ["prlimit", "--as=1073741824"].map(str::to_owned).to_vec(),
            settings: json!({}),
            deadline: Duration::from_secs(60),
        }
    }

    /// Asked once of each plugin: most of these tests ask a plugin hundreds of times.
    pub(crate) fn kinds(&self, plugin: &str) -> Vec<String> {
        static KNOWN: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().unwrap();
        known.entry(plugin.to_owned()).or_insert_with(|| self.described(plugin)).clone()
    }

    fn described(&self, plugin: &str) -> Vec<String> {
        let output = self.programs.command(plugin).arg("--describe").output().unwrap();
        let described: Describe = serde_json::from_slice(&output.stdout).unwrap();
        described.kinds.into_iter().map(|kind| kind.kind).collect()
    }

    /// What a plugin tells of a root; none of the kinds: all of them. Every answer is checked for its form.
    pub(crate) fn tell(
        &self,
        plugin: &str,
        root: &Path,
        wanted: &[&str],
    ) -> BTreeMap<String, Told> {
        let known = self.kinds(plugin);
        let wanted: Vec<&str> = if wanted.is_empty() {
            known.iter().map(String::as_str).collect()
        } else {
            wanted.to_vec()
        };
        let request = json!({
            "v": 1, "kinds": wanted, "target": "host:test", "root": root, "settings": self.settings,
            "deadline_ms": u64::try_from(self.deadline.as_millis()).unwrap()
        });
        let program = self.programs.path(plugin);
        let (first, rest) = self.before.split_first().unwrap();
        let mut command = Command::new(first);
        command.args(rest).arg(&program).envs(self.environment.iter().copied());
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{wanted:?}: {:?} {said}", output.status);
        assert!(began.elapsed() < self.deadline + Duration::from_secs(2), "{:?}", began.elapsed());
        let told = parsed(&output.stdout);
        assert!(wanted.iter().all(|kind| told.contains_key(*kind)), "{wanted:?}: {told:?}");
        told
    }
}

fn parsed(said: &[u8]) -> BTreeMap<String, Told> {
    let text = std::str::from_utf8(said).unwrap();
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last(), Some(&Line::Done {}));
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for line in lines {
        match line {
            Line::Document { kind, body, capture, .. } => {
                assert_eq!(kinds::validate(&kind, &body), Ok(()));
                assert!(!capture.method.is_empty(), "{kind} does not say how it was obtained");
                let one = told.entry(kind).or_default();
                one.body = Some(body);
                (one.rows, one.expected, one.truncated) =
                    (capture.rows, capture.expected, capture.truncated);
                one.method = capture.method;
                one.duration_ms = capture.duration_ms;
            }
            Line::Outcome { kind, outcome, detail, remedy, .. } => {
                assert!(!detail.is_empty() && !remedy.is_empty(), "{kind} {detail}");
                assert!(!detail.contains("panicked"), "{kind}: {detail}");
                let line = format!("{}: {detail}", outcome.as_str());
                told.entry(kind).or_default().outcomes.push(line);
            }
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    told
}
