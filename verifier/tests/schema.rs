//! The published schema of the JSON report, held against real reports: it names every field that is printed, and asks for no
//! more than is.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::process::Command;

use exhibit_proto::bundle;
use exhibit_proto::leaf::EntryType;
use serde_json::Value;
use support::{Files, Place, World, agent_key};

fn schema() -> Value {
    serde_json::from_str(include_str!("../report.schema.json")).unwrap()
}

/// Everything in which `found` is not what `schema` says; fields that it does not name count too.
fn differences(whole: &Value, schema: &Value, found: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        return differences(whole, &whole["$defs"][name], found, at);
    }
    let mut wrong = Vec::new();
    let known = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = &schema["type"];
    let listed = types.as_array().is_some_and(|types| types.iter().any(|one| one == known));
    let fits = types.is_null() || types == known || listed;
    let allowed = schema["enum"].as_array().is_none_or(|values| values.contains(found));
    let constant = schema.get("const").is_none_or(|value| value == found);
    if !fits || !allowed || !constant {
        wrong.push(format!("{at}: {found} is not what {schema} says"));
    }
    if let (Some(items), Some(elements)) = (schema.get("items"), found.as_array()) {
        let all =
            elements.iter().flat_map(|one| differences(whole, items, one, &format!("{at}[]")));
        wrong.extend(all);
    }
    let Some(fields) = found.as_object() else { return wrong };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, value) in fields {
        let place = format!("{at}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(known), _) | (None, Some(known)) => {
                wrong.extend(differences(whole, known, value, &place));
            }
            (None, None) if schema.get("properties").is_some() => {
                wrong.push(format!("{place}: the schema does not name it"));
            }
            (None, None) => {}
        }
    }
    wrong
}

fn printed(files: &Files, command: &str) -> Value {
    let place = Place::new(files);
    let policy = place.beside("policy", &World::honest().policy());
    let mut exhibit = Command::new(env!("CARGO_BIN_EXE_exhibit"));
    exhibit.arg(command).arg(place.path()).arg("--policy").arg(policy).arg("--json");
    serde_json::from_slice(&exhibit.output().unwrap().stdout).unwrap()
}

#[test]
fn real_reports_are_what_the_schema_says() {
    let (whole, honest) = (schema(), World::honest());
    let mut gap = World::honest();
    gap.evidence(&agent_key(), |run| run.capsule.seq = 9);
    let mut damaged = honest.files();
    damaged.remove(bundle::CHECKPOINT);
    let mut without = honest.files();
    without.retain(|path, _| !path.starts_with("tile/") && !path.starts_with("envelopes/"));
    let all = honest.files_of(|t| *t != EntryType::Activity);
    for (files, command) in [
        (&honest.files(), "verify"),
        (&all, "verify"),
        (&gap.files(), "verify"),
        (&damaged, "verify"),
        (&without, "verify"),
        (&honest.files(), "verify-log"),
    ] {
        let report = printed(files, command);
        let wrong = differences(&whole, &whole, &report, "report");
        assert!(wrong.is_empty(), "{command}: {wrong:#?}");
    }
}

#[test]
fn the_schema_notices_what_does_not_fit() {
    let (whole, report) = (schema(), printed(&World::honest().files(), "verify"));
    let notices = |change: &dyn Fn(&mut Value)| {
        let mut changed = report.clone();
        change(&mut changed);
        !differences(&whole, &whole, &changed, "report").is_empty()
    };
    assert!(notices(&|report| report["state"] = "fine".into()));
    assert!(notices(&|report| report["items"][0]["index"] = "1".into()));
    assert!(notices(&|report| report["more"] = 1.into()));
    assert!(notices(&|report| drop(report.as_object_mut().unwrap().remove("counts"))));
    assert!(notices(&|report| report["completeness"]["agents"][0]["coverage"] = "all".into()));
}
