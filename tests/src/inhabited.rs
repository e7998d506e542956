//! What people decide and an audit, by the collector's own commands: an installation that somebody lives in.

use anyhow::Result;

use crate::installation::Installation;
use crate::programs::run_json;

const BECAUSE: [&str; 5] = ["--by", "ada", "--reason", "yearly review", "--json"];
/// A population of the accounts on all targets.
pub const ACCOUNTS: [&str; 8] =
    ["--kind", "identity.accounts", "--rows", "/accounts", "--field", "name", "--field", "uid"];

/// Runs a command of the collector by which a person does something; answers the record's id.
fn does(at: &Installation, arguments: &[&str]) -> Result<String> {
    let done = run_json(at.collector().args(arguments).args(BECAUSE))?;
    Ok(done.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned())
}

/// A waiver, an excluded control, labels of a target, evidence that a person brings, an attestation, two frozen statements.
pub fn decide(at: &Installation, target: &str) -> Result<()> {
    let policy = at.folder.join("policy.txt");
    std::fs::write(&policy, "Information security policy")?;
    let policy = policy.to_string_lossy();
    let waiver = ["waiver", "add", "--control", "A.8.8", "--until", "2099-01-31"];
    let excluded =
        ["soa", "set", "A.5.23", "--exclude", "--justification", "no cloud", "--owner", "Ada"];
    let labels = ["label", "set", target, "environment=production", "owner=web"];
    let evidence = ["evidence", "add", &policy, "--control", "A.5.4"];
    let valid = ["--title", "Security policy", "--valid-until", "2099-12-31"];
    let attested = ["attest", "A.7.1", "--owner", "Ada", "--every-days", "90"];
    does(at, &waiver)?;
    does(at, &excluded)?;
    does(at, &labels)?;
    does(at, &[&evidence[..], &valid].concat())?;
    does(at, &[&attested[..], &["--first-due", "2099-01-01"]].concat())?;
    does(at, &["attest", "A.7.1", "--says", "all doors checked"])?;
    does(at, &["soa", "freeze"])?;
    does(at, &["soa", "set", "A.5.7", "--owner", "Bob"])?;
    does(at, &["soa", "freeze"])?;
    Ok(())
}

/// An audit with a request and its answer, a comment, a finding, and a sample of five out of `population`; answers its id.
pub fn audit(at: &Installation, population: &[&str]) -> Result<String> {
    let audit = ["audit", "new", "--title", "Certification", "--type", "stage_2"];
    let period =
        ["--from", "2020-01-01", "--until", "2099-12-31", "--lead", "Eve", "--team", "Mallory"];
    let audit = does(at, &[&audit[..], &period].concat())?;
    let ask = ["audit", "request", "add", &audit, "--control", "A.8.8"];
    let request = does(at, &[&ask[..], &["--text", "Patches of October"]].concat())?;
    does(at, &["audit", "request", "answer", &request, "--answer", "They are in the bundle"])?;
    does(at, &["audit", "comment", &audit, "--on", &request, "--text", "And the databases?"])?;
    let found = ["audit", "finding", "add", &audit, "--grade", "minor", "--control", "A.8.8"];
    does(at, &[&found[..], &["--text", "Two hosts were patched late"]].concat())?;
    let frozen = ["population", "freeze", "--title", "Population", "--items", "5"];
    let population = does(at, &[&frozen[..], population, &["--audit", &audit]].concat())?;
    does(at, &["population", "draw", &population, "--number", "6 3 5 5 1 2"])?;
    Ok(audit)
}
