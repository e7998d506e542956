//! Control statuses through the public door.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod facts;
mod gaps;
mod people;
mod population;
mod properties;

use exhibit_assessment::{
    Cause, ControlStatus, Exclusion, Expectation, MAX_REASONS, Outcome, Status, Strength, Verdict,
};

use crate::facts::{Case, control, expected, found, gap, hours_ago, rule};

fn causes(status: &ControlStatus) -> Vec<Cause> {
    status.reasons.iter().map(|reason| reason.cause).collect()
}

#[test]
fn fresh_passes_on_every_target_are_met() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct), rule("b", Strength::Supporting)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 2),
            found("b", "host:1", Verdict::Pass, 3),
            found("a", "host:2", Verdict::Pass, 1),
        ],
        expected: vec![expected("host:1"), expected("host:2")],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!(status.status, Status::Met);
    assert_eq!((status.counts.targets, status.counts.targets_passing), (2, 2));
    assert_eq!((status.freshest, status.oldest), (Some(hours_ago(1)), Some(hours_ago(3))));
    assert_eq!(case.all().len(), 93);
}

#[test]
fn one_failure_is_not_met_however_old_and_however_many_pass() {
    for age in [1, 10_000] {
        let mut case = Case { rules: vec![rule("a", Strength::Supporting)], ..Case::default() };
        case.findings =
            (0..50).map(|n| found("a", &format!("host:{n}"), Verdict::Pass, 1)).collect();
        case.findings.push(found("a", "host:bad", Verdict::Fail, age));
        let status = case.status();
        assert_eq!(status.status, Status::NotMet);
        assert_eq!(status.reasons[0].cause, Cause::Fail);
        assert_eq!(status.reasons[0].target.as_deref(), Some("host:bad"));
        assert_eq!((status.counts.targets, status.counts.targets_passing), (51, 50));
        assert_eq!(status.reasons[0].text.contains("past its freshness"), age > 24);
    }
}

#[test]
fn a_context_rule_alone_decides_nothing() {
    for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Error] {
        let mut case = Case {
            rules: vec![rule("c", Strength::Context)],
            findings: vec![found("c", "host:1", verdict, 1)],
            ..Case::default()
        };
        let status = case.status();
        assert_eq!(status.status, Status::Manual);
        assert_eq!(status.counts, exhibit_assessment::Counts::default());
        case.rules.push(rule("a", Strength::Direct));
        case.findings.push(found("a", "host:1", Verdict::Pass, 1));
        assert_eq!(case.status().status, Status::Met);
    }
}

#[test]
fn old_passes_are_stale_and_a_newer_one_renews_them() {
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 25),
            found("a", "host:2", Verdict::Pass, 1),
        ],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!((status.status, status.counts.stale), (Status::Stale, 1));
    assert_eq!(status.reasons[0].cause, Cause::Stale);
    case.findings.push(found("a", "host:1", Verdict::Pass, 24));
    assert_eq!(case.status().status, Status::Met);
}

#[test]
fn each_way_of_having_no_evidence_is_named() {
    let silent = Expectation { silent_since: Some(hours_ago(9)), ..expected("host:1") };
    for (gaps, expected, cause, says) in [
        (vec![], vec![], Cause::NotScheduled, "no agent is asked"),
        (vec![], vec![expected("host:1")], Cause::NothingArrived, "nothing has arrived"),
        (vec![], vec![silent], Cause::SilentAgent, "agent web1 has been silent"),
        (
            vec![gap("host:1", Outcome::Denied)],
            vec![expected("host:1")],
            Cause::NotCollected,
            "CAP_DAC_READ_SEARCH",
        ),
        (vec![gap("host:1", Outcome::ToolMissing)], vec![], Cause::NotCollected, "tool_missing"),
        (
            vec![gap("host:1", Outcome::NotApplicable)],
            vec![],
            Cause::NotApplicable,
            "not_applicable",
        ),
    ] {
        let case =
            Case { rules: vec![rule("a", Strength::Direct)], gaps, expected, ..Case::default() };
        let status = case.status();
        assert_eq!(status.status, Status::NoEvidence, "{cause:?}");
        assert_eq!(causes(&status), [cause]);
        assert!(status.reasons[0].text.contains(says), "{}", status.reasons[0].text);
    }
}

#[test]
fn evidence_that_several_rules_miss_is_told_once() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct), rule("b", Strength::Supporting)],
        gaps: vec![gap("host:1", Outcome::Denied)],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!((causes(&status), status.reason_count), (vec![Cause::NotCollected], 1));
    assert_eq!(status.counts.missing, 2);
}

#[test]
fn an_unseen_target_is_not_hidden_by_those_that_pass() {
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct), rule("b", Strength::Supporting)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 1),
            found("b", "host:1", Verdict::Pass, 1),
            found("b", "host:2", Verdict::Pass, 1),
        ],
        expected: vec![expected("host:1"), expected("host:2")],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!((status.status, status.counts.missing), (Status::NoEvidence, 1));
    assert_eq!((status.counts.targets, status.counts.targets_passing), (2, 1));
    // A missing supporting rule leaves the target seen, as long as another rule speaks about it.
    case.findings = vec![
        found("a", "host:1", Verdict::Pass, 1),
        found("a", "host:2", Verdict::Pass, 1),
        found("b", "host:2", Verdict::Pass, 1),
    ];
    assert_eq!(case.status().status, Status::Met);
    // Evidence that cannot exist on a target is not missing.
    case.findings = vec![found("a", "host:1", Verdict::Pass, 1)];
    case.gaps = vec![gap("host:2", Outcome::NotApplicable)];
    assert_eq!(case.status().status, Status::Met);
}

#[test]
fn an_error_is_no_verdict() {
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![
            found("a", "host:1", Verdict::Error, 1),
            found("a", "host:2", Verdict::Pass, 1),
        ],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!((status.status, causes(&status)[0]), (Status::NoEvidence, Cause::RuleError));
    case.findings.push(found("a", "host:3", Verdict::Fail, 1));
    assert_eq!(case.status().status, Status::NotMet);
}

#[test]
fn rules_that_apply_nowhere_show_nothing() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![found("a", "host:1", Verdict::NotApplicable, 1)],
        ..Case::default()
    };
    assert_eq!(case.status().status, Status::NoEvidence);
}

#[test]
fn partial_sight_is_told_beside_a_pass() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![found("a", "host:1", Verdict::Pass, 1)],
        gaps: vec![gap("host:1", Outcome::Denied)],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!(
        (status.status, causes(&status)),
        (Status::Met, vec![Cause::NotCollected, Cause::Pass])
    );
}

#[test]
fn an_exclusion_stands_above_all_and_gives_its_reason() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![found("a", "host:1", Verdict::Fail, 1)],
        exclusions: vec![Exclusion {
            control: control(),
            justification: "we run no software".to_owned(),
            since: hours_ago(100),
        }],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!(
        (status.status, causes(&status)),
        (Status::Excluded, vec![Cause::Excluded, Cause::Fail])
    );
    assert_eq!(status.reasons[0].text, "we run no software");
}

#[test]
fn reasons_are_capped_and_counted_and_statuses_survive_the_wire() {
    let mut case = Case { rules: vec![rule("a", Strength::Direct)], ..Case::default() };
    case.findings = (0..500).map(|n| found("a", &format!("host:{n}"), Verdict::Fail, 1)).collect();
    let status = case.status();
    assert_eq!((status.reasons.len(), status.reason_count), (MAX_REASONS, 500));
    let text = serde_json::to_string(&status).unwrap();
    assert_eq!(serde_json::from_str::<ControlStatus>(&text).unwrap(), status);
}
