//! A candidate pack beside the one in force: what differs, and what it would have said.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use exhibit_assessment::{
    AssessmentInput, Change, Evidence, Framework, MAX_CHANGES, RulePack, Sample, Scope, Status,
    Strength, Verdict, back_test,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const RULE: &str = "# METADATA
# title: Clocks agree
# description: d
# custom:
#   id: time.sync.agree
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: direct
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
#   parameters:
#     max: 5
package exhibit.time.sync.agree

import data.exhibit.lib.small

default verdict := \"error\"

verdict := \"pass\" if small.enough(input.body.off, input.parameters.max)

verdict := \"fail\" if count(items) > 0

message := \"m\"

items contains {\"id\": \"clock\", \"why\": \"off\"} if not small.enough(input.body.off, input.parameters.max)
";
const LIBRARY: &str = "package exhibit.lib.small\n\nenough(value, most) if value <= most\n";

fn pack(rule: &str, library: &str) -> RulePack {
    let files = [("time.sync/agree.rego", rule), ("lib/small.rego", library)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    RulePack::from_sources(files.into()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

#[test]
fn a_diff_names_rules_parameters_controls_and_logic() {
    let older = pack(RULE, LIBRARY);
    assert!(older.diff(&older).is_empty());
    assert!(older.diff(&pack(&format!("{RULE}# a comment\n"), LIBRARY)).is_empty());
    let newer = RULE
        .replace("max: 5", "max: 4")
        .replace(
            "relation: direct",
            "relation: supporting\n#   - id: A.8.15\n#     relation: context",
        )
        .replace("severity: low", "severity: high")
        .replace("count(items) > 0", "count(items) != 0");
    let diff = older.diff(&pack(&newer, &LIBRARY.replace("<=", "<")));
    assert_eq!((diff.added.len(), diff.removed.len()), (0, 0));
    assert_eq!(diff.library, ["lib/small.rego"]);
    assert_eq!(
        diff.changed[0].changes,
        [
            Change::Declared {
                key: "severity".to_owned(),
                before: "low".to_owned(),
                after: "high".to_owned()
            },
            Change::Parameter {
                name: "max".to_owned(),
                before: Some(json!(5)),
                after: Some(json!(4))
            },
            Change::Control {
                control: "A.8.15".parse().unwrap(),
                before: None,
                after: Some(Strength::Context)
            },
            Change::Control {
                control: "A.8.17".parse().unwrap(),
                before: Some(Strength::Direct),
                after: Some(Strength::Supporting)
            },
            Change::Logic,
        ]
    );
    let other = RULE.replace("sync.agree", "sync.other");
    let files = [("time.sync/other.rego", other.as_str()), ("lib/small.rego", LIBRARY)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let diff = older.diff(&RulePack::from_sources(files.into()).unwrap());
    assert_eq!(
        (diff.added[0].as_str(), diff.removed[0].as_str()),
        ("time.sync.other", "time.sync.agree")
    );
}

#[test]
fn a_pack_travels_as_an_archive_and_is_vouched_for_by_its_digest() {
    let sent = pack(RULE, LIBRARY);
    let got = RulePack::from_archive(&sent.to_archive()).unwrap();
    assert_eq!((got.digest(), got.statement()), (sent.digest(), sent.statement()));
    assert_eq!(
        sent.statement(),
        format!("exhibit-rule-pack/v1\nunnamed\nunversioned\nsha256:{}\n", sent.digest())
    );
    for broken in ["", "[]", "{\"a\": 1}"] {
        let error = RulePack::from_archive(broken.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("the archive cannot be read"), "{error}");
    }
}

fn try_on(newer: &RulePack, hosts: usize) -> exhibit_assessment::BackTest {
    let documents: Vec<(String, Value)> = (0..hosts)
        .map(|n| (format!("host:{n}"), json!({"body": {"off": n % 10}, "kind": "time.sync"})))
        .collect();
    let samples: Vec<Sample<'_>> = documents
        .iter()
        .map(|(target, document)| Sample {
            kind: "time.sync",
            target,
            evidence: Evidence { document, observed_at: now(), capture: None, labels: None },
        })
        .collect();
    let framework = Framework::builtin().unwrap();
    let around = AssessmentInput {
        framework: &framework,
        rules: &[],
        findings: &[],
        gaps: &[],
        expected: &[],
        targets: &[],
        scope: &Scope::default(),
        exclusions: &[],
        waivers: &[],
        manual: &[],
        attestations: &[],
    };
    back_test((&pack(RULE, LIBRARY), newer), &samples, &around, now()).unwrap()
}

#[test]
fn a_back_test_says_which_findings_and_statuses_would_differ() {
    assert_eq!(try_on(&pack(RULE, LIBRARY), 6).finding_count, 0);
    // Among hosts that are off by 0 to 5, the candidate allows 4: one finding more fails, and the control with it.
    let told = try_on(&pack(&RULE.replace("max: 5", "max: 4"), LIBRARY), 6);
    assert_eq!((told.samples, told.finding_count), (6, 1));
    let change = &told.findings[0];
    assert_eq!(change.target, "host:5");
    assert_eq!(change.before.as_ref().unwrap().verdict, Verdict::Pass);
    assert_eq!(change.after.as_ref().unwrap().verdict, Verdict::Fail);
    assert_eq!(told.verdicts, BTreeMap::from([("pass to fail".to_owned(), 1)]));
    let status = told.statuses[0];
    assert_eq!((status.control.to_string(), told.statuses.len()), ("A.8.17".to_owned(), 1));
    assert_eq!((status.before, status.after), (Status::Met, Status::NotMet));
}

#[test]
fn a_rule_that_goes_takes_its_status_along_and_large_answers_are_capped_and_counted() {
    let other = RULE.replace("sync.agree", "sync.other").replace("A.8.17", "A.8.16");
    let files = [("time.sync/other.rego", other.as_str()), ("lib/small.rego", LIBRARY)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let told = try_on(&RulePack::from_sources(files.into()).unwrap(), 1200);
    assert_eq!((told.finding_count, told.findings.len()), (2400, MAX_CHANGES));
    assert!(told.findings.is_sorted_by(|a, b| (&a.rule, &a.target) < (&b.rule, &b.target)));
    assert_eq!(told.verdicts.values().sum::<u64>(), 2400);
    let statuses: Vec<_> =
        told.statuses.iter().map(|row| (row.control.to_string(), row.before, row.after)).collect();
    assert_eq!(
        statuses,
        [
            ("A.8.16".to_owned(), Status::Manual, Status::NotMet),
            ("A.8.17".to_owned(), Status::NotMet, Status::Manual)
        ]
    );
}
