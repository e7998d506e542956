//! Runs the `_test.rego` file of every rule that ships, and holds the list of rules to the folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regorus::Value;

use crate::{Judge, RulePack, Verdict, builtin, engine};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// All files below `rules/` as (path inside the pack, text), sorted.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()) {
        if !kind.is_dir() {
            continue;
        }
        for file in fs::read_dir(&kind).unwrap().map(|entry| entry.unwrap().path()) {
            let path = file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
            found.push((path, fs::read_to_string(&file).unwrap()));
        }
    }
    found.sort();
    found
}

fn test_names(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with("test_"))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_pack_holds_every_file_of_the_folder() {
    let shipped: BTreeSet<String> = builtin::sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path != "pack.json")
        .collect();
    let present: BTreeSet<String> = files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| !path.ends_with("_test.rego"))
        .collect();
    assert_eq!(shipped, present);
}

#[test]
fn every_rego_test_holds() {
    let files = files();
    let library: Vec<&(String, String)> =
        files.iter().filter(|(path, _)| path.starts_with("lib/")).collect();
    let mut failures = Vec::new();
    let mut ran = 0;
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with("_test.rego")) {
        let rule = path.replace("_test.rego", ".rego");
        let rule = files.iter().find(|(path, _)| *path == rule).unwrap();
        let mut engine = engine::new_engine().unwrap();
        for (path, text) in library.iter().copied().chain([rule, &(path.clone(), text.clone())]) {
            engine.add_policy(path.clone(), text.clone()).unwrap();
        }
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap();
        for name in test_names(text) {
            ran += 1;
            let answer = engine.eval_rule(format!("data.{package}.{name}"));
            if !answer.as_ref().is_ok_and(|value| *value == Value::from(true)) {
                failures.push(format!("{path}: {name} gave {answer:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {ran} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_rule_is_tested_for_pass_fail_not_applicable_and_malformed_input() {
    let files = files();
    for rule in RulePack::builtin().unwrap().rules() {
        let path = rule.path.replace(".rego", "_test.rego");
        let (_, text) = files
            .iter()
            .find(|(found, _)| *found == path)
            .unwrap_or_else(|| panic!("{path} is missing"));
        let names = test_names(text);
        for case in ["test_pass", "test_fail", "test_not_applicable", "test_malformed"] {
            assert!(names.iter().any(|name| name.starts_with(case)), "{path} has no {case}");
        }
    }
}

#[test]
fn no_rule_passes_on_an_empty_or_foreign_body() {
    let pack = RulePack::builtin().unwrap();
    let judge = Judge::new(&pack).unwrap();
    let now = "2026-11-22T10:00:00Z".parse().unwrap();
    let kinds: BTreeSet<&str> = pack.rules().iter().map(|rule| rule.kind.as_str()).collect();
    let bodies = [
        serde_json::json!({}),
        serde_json::json!(null),
        serde_json::json!([]),
        serde_json::json!("text"),
        serde_json::json!({"unrelated": true}),
    ];
    for kind in kinds {
        for body in &bodies {
            let document = serde_json::json!({"body": body, "kind": kind, "target": "host:a"});
            for finding in judge.judge(kind, &document, now) {
                assert_eq!(
                    finding.verdict,
                    Verdict::Error,
                    "{} on {body}: {}",
                    finding.rule,
                    finding.message
                );
            }
        }
    }
}
