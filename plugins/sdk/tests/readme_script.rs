//! The shell plugin of the README is run as it stands there.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use exhibit_plugin::{Describe, Line, OutcomeKind, kinds};

fn script() -> String {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```sh\n").unwrap_or_default();
    rest.split_once("```").unwrap_or_default().0.to_owned()
}

fn run(arguments: &[&str], input: &str) -> std::io::Result<Output> {
    let mut child = Command::new("sh")
        .args(["-c", &script(), "plugin"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    child.wait_with_output()
}

#[test]
fn shell_plugin_of_the_readme_keeps_the_protocol() {
    let request = "{\"v\":1,\"kinds\":[\"time.sync\"],\"target\":\"host:a\",\"settings\":{},\"secrets\":{},\"deadline_ms\":1000,\"root\":\"/\"}\n";
    let output = run(&[], request).unwrap();
    assert!(output.status.success());
    let lines: Vec<Line> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [Line::Document { kind, target, body, .. }, Line::Outcome { outcome, .. }, Line::Done {}] =
        lines.as_slice()
    else {
        panic!("{lines:?}");
    };
    assert_eq!((kind.as_str(), target.as_str()), ("time.sync", "host:a"));
    kinds::validate(kind, body).unwrap();
    assert_eq!(*outcome, OutcomeKind::NotApplicable);
}

#[test]
fn shell_plugin_of_the_readme_describes_itself() {
    let output = run(&["--describe"], "").unwrap();
    let describe: Describe = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(describe.kinds[0].schema, kinds::time_sync::SCHEMA);
}
