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

/// Pointers to everything below a value.
fn places(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                let name = key.replace('~', "~0").replace('/', "~1");
                places(inner, &format!("{at}/{name}"), found);
            }
        }
        serde_json::Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

/// Bodies on which a rule's own cases say that it fails, with their time.
fn failing(engine: &mut regorus::Engine, package: &str, tests: &str) -> Vec<serde_json::Value> {
    let names = tests.lines().filter_map(|line| line.split(' ').next());
    let names = names.filter(|name| name.starts_with("test_fail"));
    let inputs = names.filter_map(|name| {
        let input = format!("data.{package}_test.{}_input", name.trim_start_matches("test_"));
        serde_json::from_str(&engine.eval_rule(input).ok()?.to_string()).ok()
    });
    inputs.collect()
}

/// An operator's veto leaves null where a value was. It may hide an offence, and must not make a pass of it.
#[test]
fn what_a_veto_took_away_turns_no_failure_into_a_pass() {
    let files = files();
    let text = |path: &str| files.iter().find(|(found, _)| found == path).unwrap();
    let pack = RulePack::builtin().unwrap();
    let judge = Judge::new(&pack).unwrap();
    let (mut passed, mut tried) = (Vec::new(), 0);
    for rule in pack.rules() {
        let mut engine = crate::engine::new_engine().unwrap();
        let tests = text(&rule.path.replace(".rego", "_test.rego"));
        let library = files.iter().filter(|(path, _)| path.starts_with("lib/"));
        for (path, text) in library.chain([text(&rule.path), tests]) {
            engine.add_policy(path.clone(), text.clone()).unwrap();
        }
        for input in failing(&mut engine, &rule.package, &tests.1) {
            let now = input["now"].as_str().unwrap_or("2026-11-22T10:00:00Z").parse().unwrap();
            let mut all = Vec::new();
            places(&input["body"], "", &mut all);
            // The body itself is no field.
            for place in all.into_iter().filter(|place| !place.is_empty()) {
                let mut body = input["body"].clone();
                *body.pointer_mut(&place).unwrap() = serde_json::Value::Null;
                let document = serde_json::json!({
                    "body": body, "kind": rule.kind, "target": "host:a", "withheld": [place]
                });
                let findings = judge.judge(&rule.kind, &document, now);
                let found = findings.iter().find(|found| found.rule == rule.id).unwrap();
                tried += 1;
                if found.verdict == Verdict::Pass {
                    passed.push(format!("{} without {place}", rule.id));
                }
            }
        }
    }
    assert!(tried > 1_000, "only {tried} values were taken away");
    assert!(passed.is_empty(), "{} of {tried}:\n{}", passed.len(), passed.join("\n"));
}

#[test]
fn a_veto_over_what_a_rule_does_not_read_changes_nothing() {
    let judge = Judge::new(&RulePack::builtin().unwrap()).unwrap();
    let verdict = |withheld: &[&str]| {
        let document = serde_json::json!({"kind": "config.scheduled_jobs", "target": "host:a", "withheld": withheld,
            "body": {"jobs": [], "schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": ["root"]}]}});
        let findings = judge.judge(
            "config.scheduled_jobs",
            &document,
            "2026-11-22T10:00:00Z".parse().unwrap(),
        );
        let found = findings
            .into_iter()
            .find(|found| found.rule.as_str().ends_with("adding_jobs_restricted"));
        (found.as_ref().unwrap().verdict, found.unwrap().message)
    };
    assert_eq!(verdict(&[]).0, Verdict::Pass);
    assert_eq!(verdict(&["/jobs/*/command"]).0, Verdict::Pass);
    let (spoilt, message) = verdict(&["/jobs/*/command", "/schedulers/*/allowed_users"]);
    assert_eq!(spoilt, Verdict::Error);
    assert!(message.contains("/schedulers/*/allowed_users"), "{message}");
}
