//! Gap analysis over the facts of statuses.

use std::collections::BTreeMap;

use exhibit_assessment::{
    AssessmentInput, ControlGap, Have, Missing, Outcome, Status, Strength, Unseen, Verdict, assess,
    evidence_kinds, gap_analysis,
};

use crate::facts::{Case, expected, found, gap, now, rule};

fn gaps(case: &Case) -> Vec<ControlGap> {
    let kinds = evidence_kinds().unwrap();
    let plugins = BTreeMap::from([("patch.status".to_owned(), vec!["linux".to_owned()])]);
    let ask =
        |input: &AssessmentInput<'_>| gap_analysis(input, &assess(input, now()), &kinds, &plugins);
    case.with(ask)
}

fn of(case: &Case, id: &str) -> ControlGap {
    let id = id.parse().unwrap();
    gaps(case).into_iter().find(|gap| gap.control == id).unwrap()
}

#[test]
fn a_gap_names_what_would_close_it_and_the_source() {
    let mut case = Case { rules: vec![rule("a", Strength::Direct)], ..Case::default() };
    let nothing = of(&case, "A.8.8");
    assert_eq!((nothing.status, nothing.have.len()), (Status::NoEvidence, 0));
    assert!(nothing.missing.iter().any(|missing| matches!(missing,
        Missing::Collection { kind, plugins, close, .. }
            if kind == "patch.status" && plugins == &["linux"] && close.contains("plugin linux"))));
    case.findings = vec![
        found("a", "host:1", Verdict::Pass, 1),
        found("a", "host:2", Verdict::Fail, 1),
        found("a", "host:3", Verdict::Pass, 99),
    ];
    case.gaps = vec![gap("host:4", Outcome::Denied)];
    case.expected = vec![expected("host:5")];
    let some = of(&case, "A.8.8");
    assert_eq!(
        some.have,
        [Have::Rule {
            rule: "patch.status.a".parse().unwrap(),
            kind: "patch.status".to_owned(),
            strength: Strength::Direct,
            targets: 3
        }]
    );
    let has = |test: &dyn Fn(&Missing) -> bool| some.missing.iter().any(test);
    assert!(has(&|missing| matches!(missing, Missing::Fix { targets: 1, fix, .. } if fix == "f")));
    assert!(has(&|missing| matches!(
        missing,
        Missing::Targets { why: Unseen::NotCollected(Outcome::Denied), targets: 1, .. }
    )));
    assert!(has(&|missing| matches!(
        missing,
        Missing::Targets { why: Unseen::NothingArrived, targets: 1, .. }
    )));
    assert!(has(&|missing| matches!(missing, Missing::Fresh { targets: 1, .. })));
    assert!(!has(&|missing| matches!(missing, Missing::Collection { .. })));
    // Evidence that the survey knows for the control and that no rule judges.
    assert!(has(
        &|missing| matches!(missing, Missing::Rule { kind, .. } if kind == "vulnerability.findings")
    ));
}

#[test]
fn what_only_people_can_show_says_so() {
    let all = gaps(&Case::default());
    assert_eq!(all.len(), 93);
    for id in exhibit_assessment::DOCUMENTS_ONLY {
        let control = all.iter().find(|gap| gap.control.to_string() == id).unwrap();
        assert!(
            control.missing.iter().any(|missing| matches!(missing,
            Missing::Manual { close } if close.contains("only documents and people"))),
            "{id}"
        );
    }
    // No control is without a gap while there is nothing at all.
    assert!(all.iter().all(|gap| !gap.missing.is_empty() && gap.have.is_empty()));
}
