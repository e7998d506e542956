//! Control statuses through the public door.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_assessment::{
    AssessmentInput, Cause, ControlId, ControlStatus, Exclusion, Expectation, Framework, Gap,
    MAX_REASONS, Observed, Outcome, Rule, Severity, Status, Strength, Verdict, assess,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const KIND: &str = "patch.status";

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

fn control() -> ControlId {
    "A.8.8".parse().unwrap()
}

/// A rule about A.8.8 that is fresh for 24 hours.
fn rule(name: &str, strength: Strength) -> Rule {
    Rule {
        id: format!("{KIND}.{name}").parse().unwrap(),
        title: name.to_owned(),
        description: "d".to_owned(),
        kind: KIND.to_owned(),
        controls: vec![(control(), strength)],
        severity: Severity::Medium,
        freshness: 24,
        why: "w".to_owned(),
        fix: "f".to_owned(),
        clock: false,
        parameters: std::collections::BTreeMap::new(),
        path: format!("{KIND}/{name}.rego"),
        package: format!("exhibit.{KIND}.{name}"),
    }
}

fn found(name: &str, target: &str, verdict: Verdict, age: i64) -> Observed {
    Observed {
        rule: format!("{KIND}.{name}").parse().unwrap(),
        target: target.to_owned(),
        verdict,
        message: "m".to_owned(),
        item_count: u64::from(verdict == Verdict::Fail),
        since: hours_ago(age + 1),
        observed_at: hours_ago(age),
    }
}

fn expected(target: &str) -> Expectation {
    Expectation {
        target: target.to_owned(),
        kind: KIND.to_owned(),
        agent: "web1".to_owned(),
        silent_since: None,
    }
}

fn gap(target: &str, outcome: Outcome) -> Gap {
    Gap {
        target: target.to_owned(),
        kind: KIND.to_owned(),
        outcome,
        detail: "/etc/shadow is not readable".to_owned(),
        remedy: "grant CAP_DAC_READ_SEARCH".to_owned(),
        since: hours_ago(5),
        observed_at: hours_ago(1),
    }
}

#[derive(Default, Debug, Clone)]
struct Case {
    rules: Vec<Rule>,
    findings: Vec<Observed>,
    gaps: Vec<Gap>,
    expected: Vec<Expectation>,
    exclusions: Vec<Exclusion>,
}

impl Case {
    fn all(&self) -> Vec<ControlStatus> {
        let framework = Framework::builtin().unwrap();
        let input = AssessmentInput {
            framework: &framework,
            rules: &self.rules,
            findings: &self.findings,
            gaps: &self.gaps,
            expected: &self.expected,
            exclusions: &self.exclusions,
        };
        assess(&input, now())
    }

    fn status(&self) -> ControlStatus {
        self.all().into_iter().find(|status| status.control == control()).unwrap()
    }
}

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

fn any_case() -> impl Strategy<Value = Case> {
    let strength =
        prop_oneof![Just(Strength::Direct), Just(Strength::Supporting), Just(Strength::Context)];
    let verdict = prop_oneof![
        4 => Just(Verdict::Pass),
        1 => Just(Verdict::Fail),
        1 => Just(Verdict::NotApplicable),
        1 => Just(Verdict::Error)
    ];
    let outcome =
        prop_oneof![Just(Outcome::Denied), Just(Outcome::NotApplicable), Just(Outcome::TimedOut)];
    let rules = proptest::collection::vec(strength, 1..4).prop_map(|strengths| {
        strengths
            .into_iter()
            .enumerate()
            .map(|(n, strength)| rule(&format!("r{n}"), strength))
            .collect::<Vec<_>>()
    });
    let findings =
        proptest::collection::vec((0..4, 0..3, verdict, 0..60_i64), 0..12).prop_map(|rows| {
            rows.into_iter()
                .map(|(r, t, verdict, age)| {
                    found(&format!("r{r}"), &format!("host:{t}"), verdict, age)
                })
                .collect::<Vec<_>>()
        });
    let gaps = proptest::collection::vec((0..3, outcome), 0..3).prop_map(|rows| {
        rows.into_iter().map(|(t, outcome)| gap(&format!("host:{t}"), outcome)).collect::<Vec<_>>()
    });
    let expected = proptest::collection::vec(0..3, 0..3).prop_map(|rows| {
        rows.into_iter().map(|t| expected(&format!("host:{t}"))).collect::<Vec<_>>()
    });
    (rules, findings, gaps, expected).prop_map(|(rules, findings, gaps, expected)| Case {
        rules,
        findings,
        gaps,
        expected,
        exclusions: vec![],
    })
}

proptest! {
    #[test]
    fn the_order_of_the_facts_changes_nothing(case in any_case()) {
        let mut turned = case.clone();
        turned.findings.reverse();
        turned.gaps.reverse();
        turned.expected.reverse();
        turned.rules.reverse();
        prop_assert_eq!(case.all(), case.all());
        prop_assert_eq!(case.status(), turned.status());
    }

    #[test]
    fn met_is_never_said_over_a_failure_an_error_or_an_unseen_target(case in any_case()) {
        let status = case.status();
        // The latest finding of each deciding rule on each target, worked out anew.
        let latest = |rule: &Rule, target: &str| {
            let of = |found: &&Observed| found.rule == rule.id && found.target == target;
            let newest = case.findings.iter().filter(of).map(|found| found.observed_at).max()?;
            let verdicts: Vec<Verdict> =
                case.findings.iter().filter(of).filter(|found| found.observed_at == newest).map(|f| f.verdict).collect();
            Some((newest, verdicts))
        };
        for rule in case.rules.iter().filter(|rule| rule.strength(control()).is_some_and(Strength::decides)) {
            for target in ["host:0", "host:1", "host:2"] {
                match latest(rule, target) {
                    Some((_, verdicts)) if verdicts.contains(&Verdict::Fail) => {
                        prop_assert_eq!(status.status, Status::NotMet);
                    }
                    Some((_, verdicts)) if verdicts.contains(&Verdict::Error) => {
                        let direct = rule.strength(control()) == Some(Strength::Direct);
                        prop_assert!(!direct || status.status != Status::Met);
                    }
                    Some((newest, verdicts)) if verdicts.contains(&Verdict::Pass) && newest < hours_ago(24) => {
                        prop_assert!(status.status != Status::Met);
                    }
                    Some(_) | None => {}
                }
            }
        }
        if status.status == Status::Met {
            prop_assert_eq!(status.counts.targets, status.counts.targets_passing);
            prop_assert!(status.counts.pass > 0);
        }
    }
}
