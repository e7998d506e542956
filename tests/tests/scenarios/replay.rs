//! What the collector shows is judged again offline, from the documents and the rule packs of a bundle.

mod decided;
mod labelled;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_proto::digest::Digest;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::{Value, json};

use crate::support::Scratch;

const RULE: &str = "# METADATA
# title: The clock has a source
# description: d
# custom:
#   id: time.sync.own
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
package exhibit.time.sync.own

default verdict := \"error\"

verdict := \"fail\" if input.kind == \"time.sync\"

message := \"a rule of one's own\"

items contains {\"id\": \"x\", \"why\": \"y\"} if input.kind == \"time.sync\"
";

struct Site {
    scratch: Scratch,
    bundle: PathBuf,
    /// Between the first run and the pack.
    middle: String,
}

/// A run, the organisation's own rules, and another run.
fn site() -> Site {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let middle = jiff::Timestamp::now().to_string();
    let pack = scratch.path("own");
    fs::create_dir_all(pack.join("time.sync")).unwrap();
    fs::write(pack.join("time.sync/own.rego"), RULE).unwrap();
    fs::write(pack.join("pack.json"), r#"{"name": "own", "version": "1", "extends": "builtin"}"#)
        .unwrap();
    let activated = run_json(
        installation
            .collector()
            .args(["rules", "activate", "--by", "ada", "--reason", "ours"])
            .arg("--json")
            .arg(&pack),
    )
    .unwrap();
    assert_eq!(activated["proposed"], false, "{activated}");
    installation.observe().unwrap();
    let status = run_json(installation.collector().args(["status", "--json"])).unwrap();
    serving.stop().unwrap();
    let bundle = scratch.verified_bundle("bundle").0;
    let statuses = read(&bundle, "statuses.json");
    assert_eq!(counted(&statuses), status["controls"], "as the pages show them");
    Site { scratch, bundle, middle }
}

/// How many controls have each status.
fn counted(statuses: &Value) -> Value {
    let mut counts =
        json!({"met": 0, "not_met": 0, "stale": 0, "no_evidence": 0, "manual": 0, "excluded": 0});
    for control in statuses["statuses"].as_array().unwrap() {
        let count = &mut counts[control["status"].as_str().unwrap()];
        *count = json!(count.as_u64().unwrap() + 1);
    }
    counts
}

fn read(bundle: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(bundle.join(file)).unwrap()).unwrap()
}

impl Site {
    fn replay(&self, bundle: &Path) -> (Option<i32>, String) {
        let output = run(self.scratch.installation.verify_command(bundle).arg("--replay")).unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    /// A copy in which a file is another one and the list of digests says so: nothing but a replay can notice.
    fn forged(&self, file: &str, change: impl FnOnce(&mut Value)) -> (Option<i32>, String) {
        let copy = self.copy();
        let mut value = read(&copy, file);
        let before = value.clone();
        change(&mut value);
        assert_ne!(value, before, "nothing was changed");
        let bytes = serde_json::to_vec(&value).unwrap();
        rewrite(&copy, file, &bytes);
        let plain = run(&mut self.scratch.installation.verify_command(&copy)).unwrap();
        assert!(plain.status.success(), "{}", text(&plain.stdout));
        self.replay(&copy)
    }

    /// What `verify` says of a copy in which a file has these bytes, and the list of digests says so.
    fn resummed(&self, file: &str, bytes: &[u8]) -> String {
        let copy = self.copy();
        rewrite(&copy, file, bytes);
        let output = run(&mut self.scratch.installation.verify_command(&copy)).unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stdout)
    }

    fn copy(&self) -> PathBuf {
        let copy = self.scratch.path("forged");
        if copy.exists() {
            fs::remove_dir_all(&copy).unwrap();
        }
        let copied = run(Command::new("cp").arg("-r").arg(&self.bundle).arg(&copy)).unwrap();
        assert!(copied.status.success());
        copy
    }

    fn found(&self, file: &str, expected: &[&str], change: impl FnOnce(&mut Value)) {
        let (code, said) = self.forged(file, change);
        assert_eq!(code, Some(1), "{said}");
        assert!(expected.iter().all(|word| said.contains(word)), "no {expected:?} in {said}");
    }
}

/// Puts bytes in the place of a file, and its digest into the list.
fn rewrite(bundle: &Path, file: &str, bytes: &[u8]) {
    fs::write(bundle.join(file), bytes).unwrap();
    let sums = fs::read_to_string(bundle.join("SHA256SUMS")).unwrap();
    let sums = sums.lines().map(|line| match line.split_once("  ") {
        Some((_, path)) if path == file => format!("{}  {path}\n", Digest::of(bytes)),
        _ => format!("{line}\n"),
    });
    fs::write(bundle.join("SHA256SUMS"), sums.collect::<String>()).unwrap();
}

fn finding<'a>(value: &'a mut Value, rule: &str, open: bool) -> &'a mut Value {
    let all = value["findings"].as_array_mut().unwrap();
    all.iter_mut().find(|one| one["rule"] == rule && one["to"].is_null() == open).unwrap()
}

#[test]
fn a_bundle_is_judged_again_by_the_packs_that_were_in_force_and_what_was_softened_is_named() {
    let site = site();
    let (code, said) = site.replay(&site.bundle);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 0 differences, 0 claims not shown"), "{said}");
    assert!(said.contains("93 statuses assessed again"), "{said}");

    let (findings, statuses) = ("findings.json", "statuses.json");
    let target = read(&site.bundle, findings)["findings"][0]["target"].as_str().unwrap().to_owned();
    let own = "time.sync.own";
    site.found(findings, &[own, &target, "pass is claimed, fail was found"], |value| {
        let finding = finding(value, own, true);
        (finding["verdict"], finding["items"], finding["item_count"]) =
            (json!("pass"), json!([]), json!(0));
    });
    site.found(findings, &[own, "nothing is claimed"], |value| {
        value["findings"].as_array_mut().unwrap().retain(|finding| finding["rule"] != own);
    });
    site.found(
        findings,
        &[own, "fail is claimed, and the pack in force has no such rule"],
        |value| {
            finding(value, own, true)["from"] = json!(0);
        },
    );
    site.found(findings, &[own, "other words are claimed"], |value| {
        finding(value, own, true)["message"] = json!("all is well");
    });
    site.found(statuses, &["A.8.17: met is claimed, not_met follows"], |value| {
        let all = value["statuses"].as_array_mut().unwrap();
        let control = all.iter_mut().find(|control| control["control"] == "A.8.17").unwrap();
        control["status"] = json!("met");
    });
    site.found(statuses, &["names the rule pack"], |value| {
        value["pack"] = json!("00".repeat(32));
    });
    let packs = fs::read_dir(site.bundle.join("packs")).unwrap();
    let packs: Vec<_> =
        packs.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(packs.len(), 2, "{packs:?}");
    for pack in packs {
        site.found(&format!("packs/{pack}"), &["another than was in force"], |value| {
            let rule = "backup.jobs/last_success_recent.rego";
            let text = value[rule].as_str().unwrap().replace("max_hours", "max_years");
            value[rule] = json!(text);
        });
    }
    let (code, said) = site.forged(findings, |value| value["findings"] = json!("none"));
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_bundle_of_some_kinds_is_judged_for_that_selection_and_says_so() {
    let site = site();
    let part = site.scratch.path("part");
    let installation = &site.scratch.installation;
    let mut export = installation.collector();
    export.args(["export", "--kind", "time.sync", "--by", "ada", "--out"]).arg(&part);
    let output = run(&mut export).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let claims = read(&part, "findings.json");
    let claims = claims["findings"].as_array().unwrap();
    assert!(!claims.is_empty() && claims.iter().all(|claim| claim["kind"] == "time.sync"));
    let (code, said) = site.replay(&part);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("statuses are those of what was selected"), "{said}");
    assert!(said.contains(" 0 differences"), "{said}");
    assert!(!said.contains("are claims that nothing here shows"), "{said}");
}

#[test]
fn what_held_as_a_period_began_is_judged_again_from_the_runs_that_said_it_last() {
    let mut site = site();
    let documents = |bundle: &Path| fs::read_dir(bundle.join("documents")).unwrap().count();
    let whole = documents(&site.bundle);
    let now = jiff::Timestamp::now().to_string();
    // Once with the pack and a run in the period, once with nothing at all in it.
    for (name, from) in [("later", site.middle.clone()), ("latest", now)] {
        let path = site.scratch.path(name);
        let mut export = site.scratch.installation.collector();
        export.args(["export", "--json", "--from", &from, "--by", "ada", "--out"]).arg(&path);
        let summary = run_json(&mut export).unwrap();
        assert!(summary["statements_before"].as_u64().unwrap() > 0, "{summary}");
        let (code, said) = site.replay(&path);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(" 0 differences, 0 claims not shown"), "{said}");
        assert!(said.contains("93 statuses assessed again"), "{said}");
        assert!(!said.contains("are claims that nothing here shows"), "{said}");
        assert!(documents(&path) <= whole, "each stands once");
        site.bundle = path;
        // Softened before the period, and claimed in it.
        let rule = "software.inventory.packages_not_held";
        site.found("findings.json", &[rule, "is claimed, "], |value| {
            let finding = finding(value, rule, true);
            let other = if finding["verdict"] == "pass" { "not_applicable" } else { "pass" };
            finding["verdict"] = json!(other);
        });
        // In the second nothing else speaks of anything.
        if name == "latest" {
            left_out(&site, &from, summary["statements_before"].as_u64().unwrap());
        }
    }
}

/// Whoever leaves out what was said before the period has it believed, and that is said.
fn left_out(site: &Site, from: &str, statements: u64) {
    let copy = site.copy();
    let mut manifest = read(&copy, "manifest.json");
    let before =
        |item: &Value| item["type"] == "evidence" && item["logged"].as_str().unwrap() < from;
    let items = manifest["items"].as_array_mut().unwrap();
    let gone: Vec<Value> = items.extract_if(.., |item| before(item)).collect();
    assert_eq!(gone.len() as u64, statements);
    rewrite(&copy, "manifest.json", &serde_json::to_vec(&manifest).unwrap());
    let (_, said) = site.replay(&copy);
    assert!(said.contains("are claims that nothing here shows"), "{said}");
}
