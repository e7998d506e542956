//! Labels in bundles of some of the evidence: what a rule said by them is judged again from the entries that give them.

use std::fs;
use std::io::Write as _;

use exhibit_tests::programs::{run, run_json, text};
use serde_json::{Value, json};

use super::{Site, read};
use crate::support::Scratch;

const RULE: &str = "# METADATA
# title: The clock has a source
# description: d
# custom:
#   id: time.sync.graded
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   labels: true
#   why: w
#   fix: f
package exhibit.time.sync.graded

default verdict := \"error\"

verdict := \"pass\" if input.labels.criticality == \"low\"

verdict := \"fail\" if count(items) > 0

message := sprintf(\"%v in %v\", [input.labels.criticality, input.labels.environment])

items contains {\"id\": \"x\", \"why\": \"y\"} if input.labels.criticality == \"high\"
";

/// The agent's own configuration gives one label, a person another; the rule reads both.
fn site() -> Site {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let configuration = installation.folder.join("agent.toml");
    let mut file = fs::OpenOptions::new().append(true).open(configuration).unwrap();
    file.write_all(b"\n[labels]\ncriticality = \"high\"\n").unwrap();
    let pack = scratch.path("graded");
    fs::create_dir_all(pack.join("time.sync")).unwrap();
    fs::write(pack.join("time.sync/graded.rego"), RULE).unwrap();
    fs::write(pack.join("pack.json"), r#"{"name": "graded", "version": "1"}"#).unwrap();
    let because = ["--by", "ada", "--reason", "inventory", "--json"];
    let mut activate = installation.collector();
    run_json(activate.args(["rules", "activate"]).arg(&pack).args(because)).unwrap();
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let middle = jiff::Timestamp::now().to_string();
    let targets = read(&scratch.verified_bundle("early").0, "statuses.json");
    let target = targets["people"]["targets"][0]["target"].as_str().unwrap();
    let mut label = installation.collector();
    let label = label.args(["label", "set", target, "environment=production"]);
    run_json(label.args(because)).unwrap();
    serving.stop().unwrap();
    let bundle = scratch.verified_bundle("bundle").0;
    Site { scratch, bundle, middle }
}

#[test]
fn a_part_of_the_evidence_brings_the_labels_that_its_verdicts_rest_on() {
    let mut site = site();
    let target = read(&site.bundle, "findings.json")["findings"][0]["target"].clone();
    let (target, middle) = (target.as_str().unwrap().to_owned(), site.middle.clone());
    for (name, selection) in [
        ("kind", vec!["--kind", "time.sync"]),
        ("target", vec!["--target", &target]),
        ("later", vec!["--kind", "time.sync", "--from", &middle]),
    ] {
        let part = site.scratch.path(name);
        let mut export = site.scratch.installation.collector();
        export.arg("export").args(&selection).args(["--by", "ada", "--out"]).arg(&part);
        let output = run(&mut export).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let (code, said) = site.replay(&part);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(said.contains(" 0 differences, 0 claims not shown"), "{name}: {said}");
        let claims = read(&part, "findings.json");
        let claims = claims["findings"].as_array().unwrap();
        let graded = |one: &&Value| one["rule"] == "time.sync.graded" && one["to"].is_null();
        let now = claims.iter().find(graded).unwrap();
        assert_eq!(
            (&now["verdict"], &now["message"]),
            (&json!("fail"), &json!("high in production"))
        );
        site.bundle = part;
        // Another label than the entries give, and what would follow from it.
        site.found(
            "findings.json",
            &["time.sync.graded", "pass is claimed, fail was found"],
            |value| {
                let all = value["findings"].as_array_mut().unwrap();
                let open = all.iter_mut().find(|one| graded(&&**one)).unwrap();
                (open["verdict"], open["message"]) = (json!("pass"), json!("low in production"));
                (open["items"], open["item_count"]) = (json!([]), json!(0));
            },
        );
        site.found("statuses.json", &[&target, "criticality", "was decided"], |value| {
            value["people"]["targets"][0]["labels"]["criticality"] = json!("low");
        });
    }
}
