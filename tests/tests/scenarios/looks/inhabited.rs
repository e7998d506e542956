//! A collector with this machine's evidence, with what people decide, and with an audit.

use std::fs;

use exhibit_tests::installation::Serving;
use exhibit_tests::programs::run_json;

use crate::support::Scratch;

const BECAUSE: [&str; 5] = ["--by", "ada", "--reason", "yearly review", "--json"];

/// Runs a command of the collector by which a person does something; answers the record's id.
fn does(scratch: &Scratch, arguments: &[&str]) -> String {
    let done = run_json(scratch.installation.collector().args(arguments).args(BECAUSE)).unwrap();
    done["id"].as_str().unwrap_or_default().to_owned()
}

/// The collector is still serving.
pub(super) fn make(scratch: &Scratch) -> Serving {
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    decided(scratch);
    audited(scratch);
    serving
}

fn decided(scratch: &Scratch) {
    let target = format!("host:{}", fs::read_to_string("/etc/machine-id").unwrap().trim());
    let policy = scratch.path("policy.txt");
    fs::write(&policy, "Information security policy").unwrap();
    let waiver = ["waiver", "add", "--control", "A.8.8", "--until", "2099-01-31"];
    let excluded =
        ["soa", "set", "A.5.23", "--exclude", "--justification", "no cloud", "--owner", "Ada"];
    let labels = ["label", "set", &target, "environment=production", "owner=web"];
    let evidence = ["evidence", "add", policy.to_str().unwrap(), "--control", "A.5.4"];
    let valid = ["--title", "Security policy", "--valid-until", "2099-12-31"];
    let attested = ["attest", "A.7.1", "--owner", "Ada", "--every-days", "90"];
    does(scratch, &waiver);
    does(scratch, &excluded);
    does(scratch, &labels);
    does(scratch, &[&evidence[..], &valid].concat());
    does(scratch, &[&attested[..], &["--first-due", "2099-01-01"]].concat());
    does(scratch, &["attest", "A.7.1", "--says", "all doors checked"]);
    does(scratch, &["soa", "freeze"]);
    does(scratch, &["soa", "set", "A.5.7", "--owner", "Bob"]);
    does(scratch, &["soa", "freeze"]);
}

fn audited(scratch: &Scratch) {
    let audit = ["audit", "new", "--title", "Certification", "--type", "stage_2"];
    let period =
        ["--from", "2020-01-01", "--until", "2099-12-31", "--lead", "Eve", "--team", "Mallory"];
    let audit = does(scratch, &[&audit[..], &period].concat());
    let ask = ["audit", "request", "add", &audit, "--control", "A.8.8"];
    let request = does(scratch, &[&ask[..], &["--text", "Patches of October"]].concat());
    does(scratch, &["audit", "request", "answer", &request, "--answer", "They are in the bundle"]);
    does(scratch, &["audit", "comment", &audit, "--on", &request, "--text", "And the databases?"]);
    let found = ["audit", "finding", "add", &audit, "--grade", "minor", "--control", "A.8.8"];
    does(scratch, &[&found[..], &["--text", "Two hosts were patched late"]].concat());
    let frozen =
        ["population", "freeze", "--title", "Accounts", "--kind", "identity.accounts", "--rows"];
    let plan =
        ["/accounts", "--field", "name", "--field", "uid", "--items", "5", "--audit", &audit];
    let population = does(scratch, &[&frozen[..], &plan].concat());
    does(scratch, &["population", "draw", &population, "--number", "6 3 5 5 1 2"]);
}
