//! The program as the agent starts it.

use std::io::Write;
use std::process::{Command, Stdio};

use exhibit_plugin::{Describe, Line, kinds};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_exhibit-plugin-backup"))
}

#[test]
fn every_described_kind_is_answered_on_this_host_and_in_an_empty_tree() {
    let output = program().arg("--describe").output().unwrap();
    let describe: Describe = serde_json::from_slice(&output.stdout).unwrap();
    let described: Vec<&str> = describe.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(described, ["backup.jobs", "continuity.tests"]);
    let empty = tempfile::tempdir().unwrap();
    for root in ["/".as_ref(), empty.path()] {
        let request = serde_json::json!({"v": 1, "kinds": described, "target": "host:test",
            "deadline_ms": 60_000, "root": root});
        let mut child = program().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Line> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.last(), Some(&Line::Done {}));
        for kind in &described {
            let answers = lines.iter().filter(|line| match line {
                Line::Document { kind: of, body, .. } => {
                    kinds::validate(of, body).unwrap();
                    of == kind
                }
                Line::Outcome { kind: of, remedy, .. } => !remedy.is_empty() && of == kind,
                Line::Progress { .. } | Line::Log { .. } | Line::Done {} => false,
            });
            assert!(answers.count() > 0, "nothing about {kind}: {text}");
        }
    }
}

#[test]
fn the_page_tells_what_each_level_yields() {
    let output = program().arg("--describe").output().unwrap();
    let described: Describe = serde_json::from_slice(&output.stdout).unwrap();
    let table = exhibit_plugin::levels::table(&described);
    let page = include_str!("../README.md");
    assert!(
        page.contains(&table),
        "put this into the plugin's page (--levels prints it):\n{table}"
    );
}
