//! What must hold for any set of facts.

use exhibit_assessment::{Observed, Outcome, Rule, Status, Strength, Verdict};
use proptest::prelude::*;

use crate::facts::{Case, control, expected, found, gap, hours_ago, rule};

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
        ..Case::default()
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
