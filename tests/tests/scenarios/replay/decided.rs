//! What statuses rest on besides findings, made wrong in every register: the decisions and heartbeats of the bundle say otherwise.

use std::fs;
use std::io::Write as _;

use exhibit_tests::programs::{run, text};
use serde_json::{Value, json};

use super::{Site, read};
use crate::support::{Scratch, files_under};

const STATUSES: &str = "statuses.json";

/// A run, and decisions in every register; waivers need a second person, and one of the two has none.
fn site() -> Site {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let configuration = installation.folder.join("collector.toml");
    let mut file = fs::OpenOptions::new().append(true).open(configuration).unwrap();
    file.write_all(b"\n[approval]\nsecond_person = [\"waiver\"]\n").unwrap();
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    serving.stop().unwrap();
    let decide = |words: &[&str], by: &str| {
        let mut command = installation.collector();
        command.args(words).args(["--by", by, "--reason", "as the board decided"]);
        let output = run(&mut command).unwrap();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    };
    let waive = ["waiver", "add", "--control", "A.8.8", "--until", "2031-01-31", "--id"];
    decide(&[&waive[..], &["W-1"]].concat(), "ada");
    decide(&["waiver", "approve", "W-1"], "bob");
    decide(&[&waive[..], &["W-2"]].concat(), "ada");
    let why = ["--justification", "no cloud services"];
    decide(&[&["soa", "set", "A.5.23", "--exclude"], &why[..]].concat(), "ada");
    let target = read_target(&scratch);
    decide(&["label", "set", &target, "environment=production"], "ada");
    let scope = scratch.path("scope.json");
    fs::write(&scope, r#"{"isms": "environment = production"}"#).unwrap();
    decide(&["scope", "set", scope.to_str().unwrap()], "ada");
    let policy = scratch.path("policy.txt");
    fs::write(&policy, "the policy of the house").unwrap();
    let titled = ["--control", "A.5.4", "--title", "Policy", "--valid-until", "2031-01-31"];
    decide(&[&["evidence", "add", policy.to_str().unwrap()], &titled[..]].concat(), "ada");
    let duty = ["--every-days", "90", "--owner", "facility", "--first-due", "2031-01-31"];
    decide(&[&["attest", "A.7.1"], &duty[..]].concat(), "ada");
    decide(&["attest", "A.7.1", "--says", "all doors checked"], "bob");
    decide(&["soa", "freeze"], "ada");
    let bundle = scratch.verified_bundle("bundle").0;
    Site { scratch, bundle, middle: String::new() }
}

fn read_target(scratch: &Scratch) -> String {
    let early = scratch.verified_bundle("early").0;
    let people = read(&early, STATUSES)["people"].take();
    people["targets"][0]["target"].as_str().unwrap().to_owned()
}

fn list<'a>(value: &'a mut Value, register: &str) -> &'a mut Vec<Value> {
    value["people"][register].as_array_mut().unwrap()
}

#[test]
fn what_people_decided_follows_from_their_entries_and_a_forgery_in_any_register_is_named() {
    let site = site();
    let (code, said) = site.replay(&site.bundle);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 0 differences"), "{said}");
    let found = |expected: &[&str], change: &dyn Fn(&mut Value)| {
        site.found(STATUSES, expected, change);
    };
    // Waivers: longer than decided, left out, invented, and one that nobody approved.
    found(&["waiver W-1 (entry ", "until: \"2099-01-01T00:00:00Z\" is claimed"], &|value| {
        list(value, "waivers")[0]["until"] = json!("2099-01-01T00:00:00Z");
    });
    found(&["waiver W-1 is in force since entry ", "decided by bob"], &|value| {
        list(value, "waivers").clear();
    });
    let another = |value: &mut Value, id: &str| {
        let mut waiver = list(value, "waivers")[0].clone();
        waiver["id"] = json!(id);
        list(value, "waivers").push(waiver);
    };
    found(&["waiver W-9 is claimed, and no entry decides it"], &|value| another(value, "W-9"));
    found(&["waiver W-2 is claimed, and what entry ", "proposes nobody approved"], &|value| {
        another(value, "W-2");
    });
    // The statement of applicability.
    found(&["exclusion A.5.23 is in force since entry "], &|value| {
        list(value, "exclusions").clear();
    });
    found(&["exclusion A.8.8 is claimed, and no entry decides it"], &|value| {
        let mut exclusion = list(value, "exclusions")[0].clone();
        exclusion["control"] = json!("A.8.8");
        list(value, "exclusions").push(exclusion);
    });
    // Scope, and the labels that it selects by.
    found(&["scope isms (entry ", "environment = staging"], &|value| {
        value["people"]["scope"]["isms"] = json!("environment = staging");
    });
    found(&["target host:", "environment\":\"staging\"", "was decided"], &|value| {
        list(value, "targets")[0]["labels"]["environment"] = json!("staging");
    });
    found(&["retired target host:", "no entry decides it"], &|value| {
        let target = list(value, "targets")[0]["target"].clone();
        list(value, "retired").push(target);
    });
    // What people brought and said.
    found(&["manual evidence E-", "until: \"2099-01-01T00:00:00Z\" is claimed"], &|value| {
        list(value, "manual")[0]["until"] = json!("2099-01-01T00:00:00Z");
    });
    found(&["attestation A.7.1 (entry ", "eve", "is claimed"], &|value| {
        list(value, "attestations")[0]["last"][1] = json!("eve");
    });
    found(&["attestation A.7.1 is in force since entry "], &|value| {
        list(value, "attestations").clear();
    });
}

#[test]
fn what_people_brought_and_froze_comes_along_and_is_held_against_its_entry() {
    let site = site();
    let files = files_under(&site.bundle.join("files"));
    assert_eq!(files.len(), 2, "the policy and the statement of applicability");
    let is_soa = |bytes: &[u8]| {
        serde_json::from_slice::<Value>(bytes).is_ok_and(|document| document["report"] == "soa")
    };
    for path in files {
        let original = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = site.resummed(&format!("files/{name}"), &[&original[..], b" "].concat());
        assert!(found.contains("is not the file that its entry names"), "{found}");
        assert_eq!(original == b"the policy of the house", !is_soa(&original));
    }
}

#[test]
fn schedules_silence_and_the_moment_follow_from_heartbeats_and_leaves() {
    let site = site();
    let found = |expected: &[&str], change: &dyn Fn(&mut Value)| {
        site.found(STATUSES, expected, change);
    };
    let expected = |value: &mut Value| value["expected"].as_array_mut().unwrap().clone();
    found(&["schedule: ", "is what its last heartbeat says, and is not claimed"], &|value| {
        let kept = expected(value).split_off(1);
        value["expected"] = json!(kept);
    });
    found(&["schedule: cloud.trail of host:", "no heartbeat in force says so"], &|value| {
        let mut all = expected(value);
        let mut invented = all[0].clone();
        invented["kind"] = json!("cloud.trail");
        all.push(invented);
        value["expected"] = json!(all);
    });
    found(&["silent since \"2026-01-01T00:00:00Z\" is claimed, null follows"], &|value| {
        value["expected"][0]["silent_since"] = json!("2026-01-01T00:00:00Z");
    });
    found(&["were assessed as of 2026-01-01T00:00:00Z, and the last entry was"], &|value| {
        value["now"] = json!("2026-01-01T00:00:00Z");
    });
    found(&["rest on 3 entries, and the bundle's log has "], &|value| value["size"] = json!(3));
}
