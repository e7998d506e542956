//! A waiver that ends while nothing else happens, and a document of a form that is not known yet.

use exhibit_assessment::{Cause, RulePack, Standing, Status};
use exhibit_proto::statement::RulePackInForce;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::labels::put;
use super::*;
use crate::views::sample::SampleAgent;

const RULE: &str = "patch.status.restarted";
const CONTROL: &str = "A.8.8";

/// A pack with one rule: what waits for a restart fails.
fn pack() -> RulePack {
    let rule = "# METADATA\n# title: t\n# description: d\n# custom:\n#   id: patch.status.restarted\n#   kind: patch.status\n\
        #   controls:\n#   - id: A.8.8\n#     relation: direct\n#   severity: low\n#   freshness: 240\n\
        #   why: w\n#   fix: f\npackage exhibit.patch.status.restarted\n\ndefault verdict := \"error\"\n\n\
        verdict := \"pass\" if input.body.reboot_required == false\n\nverdict := \"fail\" if count(items) > 0\n\n\
        message := \"m\"\n\nitems contains {\"id\": \"x\", \"why\": \"y\"} if input.body.reboot_required == true\n";
    RulePack::from_sources(vec![("patch.status/restarted.rego".to_owned(), rule.to_owned())])
        .unwrap()
}

/// One host that passes, and one that fails.
fn site() -> (Sample, Views, SampleAgent) {
    let sample = Sample::new();
    let pack = pack();
    let said = RulePackInForce::shipped("1", pack.digest().parse().unwrap(), 1, "ada");
    sample.rule_pack_of(&pack, said);
    let (mut good, mut bad) = (sample.enrol("web-1"), sample.enrol("web-2"));
    sample.run(&mut good, &[(KIND, patches(false))], &[]);
    sample.run(&mut bad, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    (sample, views, bad)
}

#[test]
fn a_waiver_that_ends_between_two_runs_turns_the_status_at_its_end_and_history_shows_when() {
    let (sample, views, mut bad) = site();
    let until: Timestamp = "2026-11-20T12:30:00Z".parse().unwrap();
    let value = json!({"about": {"rule": RULE}, "until": until});
    let decided = put(&sample, "waiver", "W-1", None, Some(value));
    // Nothing but time passes: hours later the agent says that it lives, and observes nothing.
    sample.wait_minutes(6 * 60);
    let beat = sample.heartbeat(&mut bad, &[KIND]);
    views.catch_up().unwrap();
    let at = |time: &str| {
        let assessed = views.assess(time.parse().unwrap()).unwrap();
        let status = assessed.of(CONTROL.parse().unwrap()).unwrap().clone();
        (assessed.waivers[0].standing, status)
    };
    let (standing, before) = at("2026-11-20T12:29:59Z");
    assert_eq!(
        (standing, before.status, before.counts.waived),
        (Standing::InEffect, Status::Met, 1)
    );
    let (standing, after) = at("2026-11-20T12:30:00Z");
    assert_eq!(
        (standing, after.status, after.counts.waived),
        (Standing::Expired, Status::NotMet, 0)
    );
    assert!(after.reasons.iter().any(|reason| reason.cause == Cause::WaiverExpired));
    let row = views.records(Some("waiver")).unwrap().pop().unwrap();
    assert!(!row.expired("2026-11-20T12:29:59Z".parse().unwrap()) && row.expired(until));
    // Statuses are kept by the full hour.
    let history = views.status_history(CONTROL.parse().unwrap()).unwrap();
    let turned: Vec<_> =
        history.iter().map(|row| (row.from.to_string(), row.status, row.waived)).collect();
    assert!(
        turned.contains(&("2026-11-20T09:00:00Z".to_owned(), Status::Met, 1))
            && turned.contains(&("2026-11-20T13:00:00Z".to_owned(), Status::NotMet, 0)),
        "{turned:?}"
    );
    // To the minute, and with its reason, it is told of any moment.
    for (time, status) in
        [("2026-11-20T12:29:00Z", Status::Met), ("2026-11-20T12:31:00Z", Status::NotMet)]
    {
        let then = views.assess_as_of(beat, time.parse().unwrap()).unwrap();
        assert_eq!(then.of(CONTROL.parse().unwrap()).unwrap().status, status, "{time}");
    }
    // No finding turned by it.
    let found = views.findings_of_target(bad.target.as_str()).unwrap();
    assert!(found.iter().all(|one| one.from_index < decided), "{found:?}");
    assert_eq!(views.check().unwrap(), [""; 0]);
}

#[test]
fn a_document_of_a_later_form_is_kept_whole_and_is_an_error_until_a_collector_knows_it() {
    let (sample, views, mut bad) = site();
    let good = sample.run(&mut bad, &[(KIND, patches(false))], &[]);
    views.catch_up().unwrap();
    let status = || {
        let assessed = views.assess(sample.now()).unwrap();
        assessed.of(CONTROL.parse().unwrap()).unwrap().clone()
    };
    assert_eq!(status().status, Status::Met);
    let schema = "urn:exhibit:kind:patch.status:v2";
    let body: Value = json!({"restart": {"needed": false}});
    let later = sample.run_of_schema(&mut bad, (KIND, schema), body.clone());
    views.catch_up().unwrap();
    let found = views.findings_of_target(bad.target.as_str()).unwrap().pop().unwrap();
    assert_eq!((found.verdict, found.from_index), (Verdict::Error, later));
    assert!(found.message.contains(schema) && found.message.contains("upgrade the collector"));
    assert_eq!(status().status, Status::NoEvidence, "the pass of before does not go on");
    // Nothing is lost: neither what came, nor what was said of the one before.
    let held = views.documents(Some(bad.target.as_str())).unwrap();
    let row = held.iter().find(|row| row.from_index == later).unwrap();
    let bytes = sample.reader.document(&row.digest.parse().unwrap()).unwrap().unwrap();
    let kept: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&kept["schema"], &kept["body"]), (&json!(schema), &body));
    let before = views.as_of(good + 1, sample.now()).unwrap();
    let found = before.findings_of_target(bad.target.as_str()).unwrap().pop().unwrap();
    assert_eq!(found.verdict, Verdict::Pass);
    assert_eq!(views.check().unwrap(), [""; 0]);
}
