use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::kinds::{patch_status, time_sync};

fn sees(_: &Job) -> Observation {
    let body: time_sync::TimeSync = serde_json::from_value(time_sync::example()).unwrap();
    let mut observation = Observation::new();
    observation.method("adjtimex").method("adjtimex").document(body, 1).expected(2);
    observation
}

fn panics(_: &Job) -> Observation {
    panic!("planted")
}

fn hangs(job: &Job) -> Observation {
    // Blocks until the process ends: the sender lives in this very thread.
    let (sender, receiver) = mpsc::channel::<()>();
    receiver.recv().unwrap();
    drop(sender);
    sees(job)
}

fn says_nothing(_: &Job) -> Observation {
    Observation::new()
}

const PLUGIN: Plugin = Plugin {
    name: "test",
    version: "0.0.1",
    about: "for tests",
    keeps_deny_paths: false,
    catalog: &[
        Entry { kind: time_sync::KIND, reads: &["adjtimex"], needs: &[], observe: sees },
        Entry { kind: patch_status::KIND, reads: &[], needs: &["nothing"], observe: panics },
        Entry { kind: "backup.jobs", reads: &[], needs: &[], observe: hangs },
        Entry { kind: "asset.inventory", reads: &[], needs: &[], observe: says_nothing },
        Entry { kind: "crypto.at_rest", reads: &[], needs: &[], observe: sees },
    ],
};

fn lines(kinds: &[&str], deadline_ms: u64) -> Vec<Line> {
    let request = Request {
        v: 1,
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        target: "host:a".into(),
        settings: json!({}),
        secrets: BTreeMap::new(),
        deadline_ms,
        root: "/".into(),
        deny_paths: Vec::new(),
    };
    let mut output = Vec::new();
    answer(&PLUGIN, &request, &mut output).unwrap();
    String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn outcome_of(line: &Line) -> (OutcomeKind, String) {
    match line {
        Line::Outcome { outcome, detail, remedy, .. } => {
            assert!(!remedy.is_empty());
            (*outcome, detail.clone())
        }
        Line::Document { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {
            panic!("not an outcome: {line:?}")
        }
    }
}

#[test]
fn a_document_carries_how_it_was_obtained() {
    let lines = lines(&["time.sync"], 60_000);
    assert_eq!(lines.len(), 2);
    let Line::Document { kind, body, capture, .. } = &lines[0] else { panic!("{lines:?}") };
    assert_eq!((kind.as_str(), body), ("time.sync", &time_sync::example()));
    assert_eq!(capture.method, ["adjtimex"]);
    assert_eq!((capture.rows, capture.expected), (1, Some(2)));
    assert_eq!(lines[1], Line::Done {});
}

#[test]
fn a_panic_is_an_outcome_and_the_next_kind_is_still_observed() {
    let lines = lines(&["patch.status", "time.sync"], 60_000);
    let (outcome, detail) = outcome_of(&lines[0]);
    assert_eq!(outcome, OutcomeKind::Failed);
    assert!(detail.contains("planted"), "{detail}");
    assert!(matches!(lines[1], Line::Document { .. }));
    assert_eq!(lines[2], Line::Done {});
}

#[test]
fn a_hang_is_an_outcome_and_does_not_eat_the_whole_deadline() {
    let lines = lines(&["backup.jobs", "time.sync"], 400);
    assert_eq!(outcome_of(&lines[0]).0, OutcomeKind::TimedOut);
    assert!(matches!(lines[1], Line::Document { .. }), "{lines:?}");
}

#[test]
fn silence_a_wrong_kind_and_an_unknown_kind_are_outcomes() {
    let lines = lines(&["asset.inventory", "crypto.at_rest", "no.such"], 60_000);
    assert_eq!(outcome_of(&lines[0]).0, OutcomeKind::Failed);
    assert_eq!(outcome_of(&lines[1]).0, OutcomeKind::Failed);
    assert_eq!(outcome_of(&lines[2]).0, OutcomeKind::NotApplicable);
    assert_eq!(lines[3], Line::Done {});
}

#[test]
fn description_is_one_line_of_the_protocol() {
    let mut output = Vec::new();
    dispatch(&PLUGIN, &["--describe".into()], &mut io::empty(), &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert_eq!(text.lines().count(), 1);
    let described: Describe = serde_json::from_str(&text).unwrap();
    assert_eq!(described.kinds[0].schema, time_sync::SCHEMA);
    assert_eq!(described.protocol, 1);
}

#[test]
fn a_bad_request_names_the_place() {
    for (text, part) in [
        (r#"{"v":1,"kinds":"all","target":"t","deadline_ms":1}"#, "kinds"),
        (r#"{"v":2,"kinds":[],"target":"t","deadline_ms":1}"#, "version 2"),
        (r#"{"v":1,"kinds":[],"target":"t","deadline_ms":1} {}"#, "trailing"),
        ("", "EOF"),
    ] {
        let error = dispatch(&PLUGIN, &[], &mut text.as_bytes(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = dispatch(&PLUGIN, &["--x".into()], &mut io::empty(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("--x"));
}

#[test]
fn a_document_over_the_bound_is_an_outcome() {
    fn huge(_: &Job) -> Observation {
        let mut body: time_sync::TimeSync = serde_json::from_value(time_sync::example()).unwrap();
        body.timezone = Some("x".repeat(MAX_LINE));
        let mut observation = Observation::new();
        observation.document(body, 1);
        observation
    }
    const HUGE: Plugin = Plugin {
        keeps_deny_paths: false,
        catalog: &[Entry { kind: time_sync::KIND, reads: &[], needs: &[], observe: huge }],
        ..PLUGIN
    };
    let request = json!({"v": 1, "kinds": ["time.sync"], "target": "t", "deadline_ms": 60_000});
    let mut output = Vec::new();
    let text = request.to_string();
    dispatch(&HUGE, &[], &mut text.as_bytes(), &mut output).unwrap();
    assert!(output.len() < 1000);
    let first = output.split(|byte| *byte == b'\n').next().unwrap();
    let value: Value = serde_json::from_slice(first).unwrap();
    assert_eq!(value["outcome"], "limit_exceeded");
}
