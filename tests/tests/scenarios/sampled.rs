//! A sample, from the frozen population to an auditor who draws it again, with real processes.

use std::fs;

use exhibit_tests::Programs;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::Value;

use crate::bundle::run_readme;
use crate::support::Scratch;

const BECAUSE: [&str; 5] = ["--by", "ada", "--reason", "stage 2", "--json"];

/// What a command of the collector about populations answers.
fn population(scratch: &Scratch, arguments: &[&str]) -> Value {
    let mut command = scratch.installation.collector();
    run_json(command.arg("population").args(arguments).args(BECAUSE)).unwrap()
}

#[test]
fn packages_are_frozen_drawn_and_drawn_again_from_the_bundle_by_us_and_by_its_readme() {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    scratch.installation.observe().unwrap();
    let kind =
        ["freeze", "--title", "Packages", "--kind", "software.inventory", "--rows", "/packages"];
    let plan = ["--field", "name", "--field", "version", "--items", "7"];
    let frozen = population(&scratch, &[&kind[..], &plan].concat());
    let (id, items) = (frozen["id"].as_str().unwrap(), frozen["population"]["items"].as_u64());
    assert!(items.unwrap() > 50, "{frozen}");
    let drawn = population(&scratch, &["draw", id, "--number", "6 3 5 5 1 2"]);
    assert_eq!(drawn["lines"].as_array().unwrap().len(), 7);
    assert!(drawn["entry"].as_u64() > frozen["entry"].as_u64());
    // Another number comes too late, and a list is frozen once.
    let mut again = scratch.installation.collector();
    again.args(["population", "draw", id, "--number", "1", "--by", "ada", "--reason", "nicer"]);
    let again = run(&mut again).unwrap();
    assert!(text(&again.stderr).contains("one population gives one sample"), "{again:?}");
    let hosts = ["freeze", "--title", "Hosts", "--percent", "10", "--each-target"];
    let hosts = population(&scratch, &hosts);
    population(&scratch, &["draw", hosts["id"].as_str().unwrap(), "--number", "42"]);
    serving.stop().unwrap();

    let (bundle, report) = scratch.verified_bundle("bundle");
    assert_eq!(report["samples"][0]["sample"]["state"], "verified", "{}", report["samples"]);
    let mut exhibit = Programs::beside_me().unwrap().command("exhibit");
    exhibit.arg("sample").arg(&bundle).arg("--policy").arg(scratch.installation.policy());
    let found = run_json(exhibit.args(["--population", id, "--json"])).unwrap();
    assert_eq!(found["samples"][0]["drawn"], drawn["lines"]);
    let output = run_readme(&bundle);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert_eq!(said.matches("is drawn again: ").count(), 2, "{said}");
    assert!(said.contains(&format!("is drawn again: 7 of {}", items.unwrap())), "{said}");

    // A list without the line that nobody should look at.
    let list = bundle.join("files").join(frozen["population"]["digest"].as_str().unwrap());
    let whole = fs::read_to_string(&list).unwrap();
    fs::write(&list, whole.split_once('\n').unwrap().1).unwrap();
    let output = run(&mut scratch.installation.verify_command(&bundle)).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!run_readme(&bundle).status.success());
}
