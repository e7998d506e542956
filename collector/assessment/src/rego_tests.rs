//! Runs the `_test.rego` file of every rule that ships, and holds the list of rules to the folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{Judge, RulePack, Verdict, builtin};

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
    let outcomes = RulePack::from_sources(files()).unwrap().run_tests().unwrap();
    let failures: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| {
            let what = outcome.failure.as_ref()?;
            Some(format!("{}:{}: {}: {what}", outcome.path, outcome.line, outcome.name))
        })
        .collect();
    assert!(outcomes.len() > 600, "{}", outcomes.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_rule_is_tested_for_pass_fail_not_applicable_and_malformed_input() {
    let untested = RulePack::from_sources(files()).unwrap().untested();
    assert!(untested.is_empty(), "{untested:?}");
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
