//! Who is judged: scope, selections, the share of the population; and controls told together.

use std::collections::BTreeMap;

use exhibit_assessment::{
    Cause, Exclusion, Expectation, KnownTarget, Outcome, Scope, Status, Strength, Theme, Unseen,
    Verdict, outside, rollup, score,
};

use crate::facts::{Case, control, expected, found, gap, hours_ago, rule};

fn known(target: &str, environment: &str) -> KnownTarget {
    let labels = BTreeMap::from([("environment".to_owned(), environment.to_owned())]);
    KnownTarget { target: target.to_owned(), labels: labels.try_into().unwrap() }
}

#[test]
fn the_share_of_the_population_says_what_each_missing_part_lacks() {
    let silent = Expectation { silent_since: Some(hours_ago(9)), ..expected("host:3") };
    let case = Case {
        rules: vec![rule("a", Strength::Direct), rule("b", Strength::Supporting)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 1),
            found("a", "host:2", Verdict::Pass, 30),
            found("a", "host:7", Verdict::Error, 2),
            found("b", "host:1", Verdict::Pass, 3),
        ],
        gaps: vec![
            gap("host:4", Outcome::Denied),
            gap("host:5", Outcome::ToolMissing),
            gap("host:9", Outcome::NotApplicable),
        ],
        expected: vec![expected("host:1"), expected("host:2"), silent, expected("host:6")],
        targets: vec![known("host:8", "test"), known("aws:1", "test"), known("host:9", "test")],
        ..Case::default()
    };
    let status = case.status();
    let counts = status.counts;
    assert_eq!(status.status, Status::NoEvidence);
    assert_eq!((counts.targets, counts.targets_passing, counts.targets_stale), (8, 1, 1));
    assert_eq!((counts.targets_unseen, counts.targets_failing), (6, 0));
    let unseen: Vec<_> = status.unseen.iter().map(|row| (row.why.as_str(), row.targets)).collect();
    assert_eq!(
        unseen,
        [
            ("silent_agent", 1),
            ("denied", 1),
            ("tool_missing", 1),
            ("nothing_arrived", 1),
            ("not_scheduled", 1),
            ("rule_error", 1)
        ]
    );
    assert_eq!((counts.rules, counts.rules_heard), (2, 2));
    // 24 hours after the oldest pass that takes part.
    assert_eq!(status.fresh_until, Some(hours_ago(6)));
    let denied = status.reasons.iter().find(|reason| reason.outcome == Some(Outcome::Denied));
    assert_eq!(denied.unwrap().cause, Cause::NotCollected);
}

#[test]
fn a_host_on_which_nothing_is_scheduled_is_not_hidden_by_the_others() {
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![found("a", "host:1", Verdict::Pass, 1)],
        targets: vec![known("host:1", "production"), known("host:2", "test"), known("aws:1", "x")],
        ..Case::default()
    };
    let status = case.status();
    assert_eq!((status.status, status.counts.targets), (Status::NoEvidence, 2));
    assert_eq!(status.unseen[0].why, Unseen::NotScheduled);
    assert!(status.reasons[0].text.contains("is not scheduled here"));
    // A selection says that the rule, the control or the ISMS is not about that host.
    let production = || "environment = production".parse().unwrap();
    for scope in [
        Scope { isms: production(), ..Scope::default() },
        Scope {
            rules: BTreeMap::from([("patch.status.a".parse().unwrap(), production())]),
            ..Scope::default()
        },
        Scope { controls: BTreeMap::from([(control(), production())]), ..Scope::default() },
    ] {
        case.scope = scope;
        let status = case.status();
        assert_eq!(status.status, Status::Met);
        assert_eq!((status.counts.targets, status.counts.targets_outside), (1, 1));
        assert!(status.reasons.iter().any(|reason| reason.cause == Cause::OutsideScope));
    }
}

#[test]
fn targets_outside_of_the_scope_decide_nothing_and_are_listed() {
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 1),
            found("a", "host:2", Verdict::Fail, 1),
            found("a", "host:4", Verdict::Fail, 1),
        ],
        gaps: vec![gap("host:5", Outcome::Denied)],
        targets: vec![
            known("host:1", "production"),
            known("host:2", "test"),
            known("host:3", "test"),
        ],
        ..Case::default()
    };
    assert!(case.with(outside).is_empty());
    case.scope.isms = "environment = production".parse().unwrap();
    let listed: Vec<(String, u64)> =
        case.with(outside).into_iter().map(|row| (row.target, row.findings)).collect();
    let expected = [("host:2", 1), ("host:3", 0), ("host:4", 1), ("host:5", 0)]
        .map(|(name, n)| (name.to_owned(), n));
    assert_eq!(listed, expected);
    assert_eq!(case.status().status, Status::Met);
    case.scope.isms = "none".parse().unwrap();
    let nobody = case.status();
    assert_eq!((nobody.status, nobody.reasons[0].cause), (Status::NoEvidence, Cause::OutsideScope));
    let wire = r#"{"isms": "all", "rules": {"patch.status.a": "owner ="}}"#;
    assert!(
        serde_json::from_str::<Scope>(wire).unwrap_err().to_string().contains("expected a value")
    );
}

#[test]
fn a_part_is_as_bad_as_its_worst_control_and_the_score_rounds_down() {
    let framework = exhibit_assessment::Framework::builtin().unwrap();
    let mut case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![found("a", "host:1", Verdict::Pass, 1)],
        ..Case::default()
    };
    case.exclusions = framework
        .controls()
        .iter()
        .filter(|row| row.theme == Theme::Physical)
        .map(|row| Exclusion {
            control: row.id,
            justification: "j".to_owned(),
            since: hours_ago(1),
        })
        .collect();
    let statuses = case.all();
    let whole = rollup(&framework, &statuses);
    let worst: Vec<Status> = whole.themes.iter().map(|(_, part)| part.worst).collect();
    assert_eq!(worst, [Status::Manual, Status::Manual, Status::Excluded, Status::Manual]);
    assert_eq!((whole.whole.controls, whole.whole.judged, whole.whole.passing), (93, 1, 1));
    assert_eq!(whole.whole.counts[&Status::Met], 1);
    let number = score(&statuses, true).unwrap();
    assert_eq!((number.percent, number.met, number.of), (1, 1, 79));
    assert!(score(&statuses, false).is_none());
    // One failure among any number of passes shows in every part above it.
    case.findings.extend((2..40).map(|n| found("a", &format!("host:{n}"), Verdict::Pass, 1)));
    case.findings.push(found("a", "host:bad", Verdict::Fail, 1));
    let whole = rollup(&framework, &case.all());
    assert_eq!((whole.whole.worst, whole.themes[3].1.worst), (Status::NotMet, Status::NotMet));
    assert_eq!(whole.themes[0].1.worst, Status::Manual);
}
