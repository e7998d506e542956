//! The bundle of an audit: what the audit saw and nothing else, checked by whoever gets it.

use std::fs;

use exhibit_tests::Programs;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::Value;

use crate::support::{Scratch, files_under};

const BECAUSE: [&str; 5] = ["--by", "ada", "--reason", "stage 2", "--json"];
const SECRET: &str = "what-only-the-other-audit-asks";

fn said(scratch: &Scratch, arguments: &[&str]) -> Value {
    let mut command = scratch.installation.collector();
    run_json(command.args(arguments).args(BECAUSE)).unwrap()
}

/// An audit of one control; answers its id.
fn audit(scratch: &Scratch, title: &str, control: &str) -> String {
    let about = ["audit", "new", "--title", title, "--type", "stage_2", "--control", control];
    let period = ["--from", "2020-01-01", "--until", "2099-12-31", "--lead", "eve"];
    let made = said(scratch, &[&about[..], &period].concat());
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_bundle_of_an_audit_holds_what_it_saw_and_a_changed_one_is_refused() {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    scratch.installation.observe().unwrap();
    let (own, other) = (audit(&scratch, "Patches", "A.8.8"), audit(&scratch, "Clocks", "A.8.17"));
    said(&scratch, &["audit", "request", "add", &own, "--text", "Show the patches"]);
    said(&scratch, &["audit", "request", "add", &other, "--text", SECRET]);
    let freeze = ["population", "freeze", "--title", "Packages", "--kind", "software.inventory"];
    let plan = ["--rows", "/packages", "--field", "name", "--items", "5", "--audit", &own];
    let frozen = said(&scratch, &[&freeze[..], &plan].concat());
    let id = frozen["id"].as_str().unwrap().to_owned();
    let drawn = said(&scratch, &["population", "draw", &id, "--number", "3 1 4 1 5"]);
    serving.stop().unwrap();

    let bundle = scratch.path("audit");
    let mut export = scratch.installation.collector();
    export.args(["audit", "export", &own, "--out"]).arg(&bundle).args(["--by", "ada", "--json"]);
    run_json(&mut export).unwrap();
    let manifest: Value =
        serde_json::from_slice(&fs::read(bundle.join("manifest.json")).unwrap()).unwrap();
    assert!(manifest.to_string().contains(&own), "the manifest names the audit");
    let output = run(scratch.installation.verify_command(&bundle).arg("--json")).unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples"][0]["sample"]["state"], "verified", "{}", report["samples"]);

    // Of what it did not see there is nothing.
    let everything: Vec<(String, Vec<u8>)> = files_under(&bundle)
        .into_iter()
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    let holds = |needle: &str| -> Vec<&String> {
        let within =
            |bytes: &[u8]| bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
        everything.iter().filter(|(_, bytes)| within(bytes)).map(|(path, _)| path).collect()
    };
    assert!(holds(SECRET).is_empty(), "another audit's request is in {:?}", holds(SECRET));
    assert!(!holds("\"kind\":\"patch.status\"").is_empty(), "its own kind is there");
    let accounts = holds("\"body\":{\"accounts\"");
    assert!(accounts.is_empty(), "no control of it reads accounts: {accounts:?}");

    // The sample as it was drawn, out of the bundle alone.
    let mut again = Programs::beside_me().unwrap().command("exhibit");
    again.arg("sample").arg(&bundle).arg("--policy").arg(scratch.installation.policy());
    let again = run_json(again.args(["--population", &id, "--json"])).unwrap();
    assert_eq!(again["samples"][0]["drawn"], drawn["lines"]);

    // One letter of one document, of the list, of a record.
    let (list, _) = everything
        .iter()
        .find(|(path, _)| path.ends_with(frozen["population"]["digest"].as_str().unwrap()))
        .unwrap();
    let (document, _) =
        everything.iter().find(|(_, bytes)| bytes.starts_with(b"{\"body\":")).unwrap();
    for path in [list, document] {
        let whole = fs::read(path).unwrap();
        let mut changed = whole.clone();
        let last = changed.len() - 3;
        changed[last] ^= 1;
        fs::write(path, &changed).unwrap();
        let output = run(&mut scratch.installation.verify_command(&bundle)).unwrap();
        assert_eq!(output.status.code(), Some(1), "{path} was changed: {}", text(&output.stdout));
        fs::write(path, &whole).unwrap();
    }
    let output = run(&mut scratch.installation.verify_command(&bundle)).unwrap();
    assert!(output.status.success(), "put back, it holds again");
}
