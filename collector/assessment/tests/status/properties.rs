//! What must hold for any set of facts.

use exhibit_assessment::{Board, Framework, Observed, Outcome, Rule, Status, Strength, Verdict};
use proptest::prelude::*;

use crate::facts::{Case, control, expected, found, gap, hours_ago, now, rule};

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
    fn a_board_that_followed_every_change_judges_as_one_made_anew(
        before in any_case(), after in any_case(), assessed_between in any::<bool>()
    ) {
        let framework = Framework::builtin().unwrap();
        let mut board = Board::new(&after.rules);
        let place = |at: usize| ("patch.status", ["host:0", "host:1", "host:2"][at]);
        before.findings.iter().for_each(|found| board.set(found));
        before.gaps.iter().for_each(|gap| board.set_gap(gap));
        board.schedule(("a", "web1"), (0..3).map(place));
        board.silent(("a", "web1"), Some(hours_ago(30)));
        if assessed_between {
            before.with(|input| board.assess(&framework, &input.around(), now()));
        }
        for found in &before.findings {
            board.remove(&found.rule, &found.target);
        }
        before.gaps.iter().for_each(|gap| board.remove_gap(&gap.kind, &gap.target));
        // Each finding as it was when it came, and then as it was seen last.
        for found in after.findings.iter().rev() {
            board.offer(&Observed { observed_at: hours_ago(90), ..found.clone() });
        }
        for found in &after.findings {
            board.set(&Observed { observed_at: hours_ago(80), ..found.clone() });
        }
        let mut seen = after.clone();
        for target in (0..3).map(|at| place(at).1) {
            board.seen("patch.status", target, hours_ago(5));
        }
        after.gaps.iter().for_each(|gap| board.set_gap(gap));
        let scheduled: Vec<&str> = after.expected.iter().map(|pair| pair.target.as_str()).collect();
        board.schedule(("a", "web1"), scheduled.into_iter().map(|target| ("patch.status", target)));
        board.silent(("a", "web1"), None);
        // Anew: only the last of each place.
        for (at, found) in seen.findings.iter_mut().enumerate() {
            let ago = 70 - i64::try_from(at).unwrap();
            found.observed_at = hours_ago(ago);
        }
        seen.gaps.iter_mut().enumerate().for_each(|(at, gap)| {
            gap.observed_at = hours_ago(50 - i64::try_from(at).unwrap());
        });
        let mut newest: Vec<Observed> = Vec::new();
        for found in seen.findings.drain(..) {
            newest.retain(|held| (&held.rule, &held.target) != (&found.rule, &found.target));
            newest.push(Observed { observed_at: hours_ago(5), ..found });
        }
        seen.findings = newest;
        let anew = seen.all();
        let followed = after.with(|input| board.assess(&framework, &input.around(), now()));
        for (followed, anew) in followed.into_iter().zip(anew) {
            prop_assert_eq!(followed.status, anew.status);
            prop_assert_eq!(followed.counts, anew.counts);
            prop_assert_eq!(followed.unseen, anew.unseen);
            prop_assert_eq!(followed.reason_count, anew.reason_count);
        }
    }

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
