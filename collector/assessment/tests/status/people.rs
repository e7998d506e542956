//! What people bring and decide: waivers, manual evidence, attestations.

use exhibit_assessment::{
    Attestation, Cause, DOCUMENTS_ONLY, ManualEvidence, Standing, Status, Strength, Verdict,
    Waived, Waiver, waiver_states,
};
use jiff::Timestamp;

use crate::facts::{Case, control, expected, found, hours_ago, now, rule};

fn hours_ahead(hours: i64) -> Timestamp {
    hours_ago(-hours)
}

fn waiver(about: Waived, targets: &str, until: Timestamp) -> Waiver {
    Waiver {
        id: "W-1".to_owned(),
        about,
        targets: targets.parse().unwrap(),
        reason: "replaced in March".to_owned(),
        approver: "Ada".to_owned(),
        from: hours_ago(1000),
        until,
    }
    .checked()
    .unwrap()
}

fn of_rule(targets: &str, until: Timestamp) -> Waiver {
    waiver(Waived::Rule("patch.status.a".parse().unwrap()), targets, until)
}

fn one_of_two_fails() -> Case {
    Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 1),
            found("a", "host:2", Verdict::Fail, 1),
        ],
        ..Case::default()
    }
}

#[test]
fn a_waived_failure_is_shown_as_waived_and_never_as_a_pass() {
    let mut case = one_of_two_fails();
    assert_eq!(case.status().status, Status::NotMet);
    for about in [Waived::Rule("patch.status.a".parse().unwrap()), Waived::Control(control())] {
        case.waivers = vec![waiver(about, "target = \"host:2\"", hours_ahead(1))];
        let status = case.status();
        assert_eq!(status.status, Status::Met);
        let counts = status.counts;
        assert_eq!((counts.pass, counts.fail, counts.waived), (1, 0, 1));
        assert_eq!((counts.targets, counts.targets_passing, counts.targets_waived), (2, 1, 1));
        let told = status.reasons.iter().find(|reason| reason.cause == Cause::Waived).unwrap();
        for part in ["waived by Ada", "W-1", "replaced in March"] {
            assert!(told.text.contains(part), "{}", told.text);
        }
    }
    // Where nothing passes, waivers make nothing met.
    case.findings.remove(0);
    assert_eq!(case.status().status, Status::NotMet);
    assert_eq!(case.status().counts.targets_passing, 0);
}

#[test]
fn a_waiver_covers_its_rule_its_targets_and_its_time_only() {
    for other in [
        of_rule("target = \"host:3\"", hours_ahead(1)),
        waiver(Waived::Rule("patch.status.b".parse().unwrap()), "all", hours_ahead(1)),
        waiver(Waived::Control("A.8.9".parse().unwrap()), "all", hours_ahead(1)),
        Waiver { from: hours_ahead(1), ..of_rule("all", hours_ahead(2)) },
    ] {
        let case = Case { waivers: vec![other], ..one_of_two_fails() };
        assert_eq!(case.status().status, Status::NotMet);
        assert_eq!(case.status().reasons.len(), 2);
    }
}

#[test]
fn an_expired_waiver_has_no_effect_and_is_reported() {
    let mut case = Case { waivers: vec![of_rule("all", now())], ..one_of_two_fails() };
    let status = case.status();
    assert_eq!((status.status, status.counts.fail), (Status::NotMet, 1));
    assert_eq!(
        status.reasons.iter().map(|reason| reason.cause).collect::<Vec<_>>(),
        [Cause::Fail, Cause::WaiverExpired, Cause::Pass]
    );
    case.waivers.push(waiver(
        Waived::Rule("patch.status.gone".parse().unwrap()),
        "all",
        hours_ahead(1),
    ));
    case.waivers.push(Waiver { from: hours_ahead(1), ..of_rule("all", hours_ahead(2)) });
    let states = case.with(|input| waiver_states(input, now()));
    let told: Vec<_> =
        states.iter().map(|state| (state.standing, state.failures, state.unknown_rule)).collect();
    assert_eq!(
        told,
        [
            (Standing::Expired, 1, false),
            (Standing::InEffect, 0, true),
            (Standing::NotYet, 1, false)
        ]
    );
}

#[test]
fn what_is_not_seen_cannot_be_waived() {
    let case = Case {
        rules: vec![rule("a", Strength::Direct)],
        findings: vec![
            found("a", "host:1", Verdict::Pass, 1),
            found("a", "host:3", Verdict::Error, 1),
        ],
        expected: vec![expected("host:1"), expected("host:2")],
        waivers: vec![of_rule("all", hours_ahead(1))],
        ..Case::default()
    };
    assert_eq!((case.status().status, case.status().counts.waived), (Status::NoEvidence, 0));
}

#[test]
fn a_waiver_without_an_approver_a_reason_or_an_end_does_not_exist() {
    let sound = of_rule("all", hours_ahead(1));
    let wire = serde_json::to_value(&sound).unwrap();
    assert_eq!(serde_json::from_value::<Waiver>(wire.clone()).unwrap(), sound);
    for (key, value, says) in [
        ("approver", " ".into(), "no approver"),
        ("reason", "".into(), "no reason"),
        ("until", hours_ago(2000).to_string().into(), "give a later end"),
        ("targets", "owner =".into(), "expected a value"),
        ("about", serde_json::json!({"control": "A.9.9"}), "A.5.1 … A.8.34"),
    ] {
        let mut broken = wire.clone();
        broken[key] = value;
        let error = serde_json::from_value::<Waiver>(broken).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut endless = wire;
    endless.as_object_mut().unwrap().remove("until");
    assert!(serde_json::from_value::<Waiver>(endless).is_err());
}

fn paper(until: Timestamp, review: Option<Timestamp>) -> ManualEvidence {
    ManualEvidence {
        id: "41".to_owned(),
        control: "A.6.4".parse().unwrap(),
        title: "Disciplinary policy".to_owned(),
        by: "Ada".to_owned(),
        digest: "00".repeat(32),
        from: hours_ago(100),
        until,
        review,
    }
    .checked()
    .unwrap()
}

#[test]
fn manual_evidence_counts_as_manual_and_is_stale_after_its_validity_or_its_review() {
    for (papers, status, says) in [
        (vec![], Status::Manual, "nobody brought evidence"),
        (vec![paper(hours_ahead(1), None)], Status::Manual, "counts until"),
        (vec![paper(now(), None)], Status::Stale, "its validity ended"),
        (vec![paper(hours_ahead(9), Some(now()))], Status::Stale, "its review was due by"),
        (
            vec![paper(hours_ago(1), None), paper(hours_ahead(1), None)],
            Status::Manual,
            "its validity ended",
        ),
        (
            vec![ManualEvidence { from: hours_ahead(1), ..paper(hours_ahead(9), None) }],
            Status::Manual,
            "nobody",
        ),
    ] {
        let found = Case { manual: papers, ..Case::default() }.of("A.6.4");
        assert_eq!(found.status, status, "{says}");
        assert!(found.reasons[0].text.contains(says), "{}", found.reasons[0].text);
    }
    let reversed = ManualEvidence { until: hours_ago(200), ..paper(now(), None) };
    assert!(reversed.checked().unwrap_err().to_string().contains("later end"));
}

#[test]
fn manual_evidence_is_never_machine_evidence() {
    let machine =
        |manual| Case { rules: vec![rule("a", Strength::Direct)], manual, ..Case::default() };
    let paper = ManualEvidence { control: control(), ..paper(hours_ahead(1), None) };
    assert_eq!(machine(vec![]).status().status, Status::NoEvidence);
    // Nothing is expected of any machine: the paper counts, as manual.
    let mut case = machine(vec![paper]);
    assert_eq!(case.status().status, Status::Manual);
    // A machine that should be seen and is not, or fails, is not outweighed by a paper.
    case.expected = vec![expected("host:1")];
    assert_eq!(case.status().status, Status::NoEvidence);
    case.findings = vec![found("a", "host:1", Verdict::Fail, 1)];
    assert_eq!(case.status().status, Status::NotMet);
    assert_eq!(case.status().counts.pass, 0);
}

#[test]
fn an_attestation_that_is_due_shows() {
    let duty = |first_due, last: Option<Timestamp>| Attestation {
        control: "A.6.4".parse().unwrap(),
        owner: "HR".to_owned(),
        every_days: 30,
        first_due,
        last: last.map(|at| (at, "Ada".to_owned())),
    };
    for (duty, status, says) in [
        (duty(hours_ahead(1), None), Status::Manual, "HR is to attest by"),
        (duty(now(), None), Status::NoEvidence, "never attested"),
        (duty(hours_ago(900), Some(hours_ago(24 * 30 - 1))), Status::Manual, "Ada attested on"),
        (duty(hours_ago(900), Some(hours_ago(24 * 30))), Status::Stale, "due again on"),
    ] {
        let mut case = Case { attestations: vec![duty.checked().unwrap()], ..Case::default() };
        let found = case.of("A.6.4");
        assert_eq!(found.status, status, "{says}");
        assert!(found.reasons[0].text.contains(says), "{}", found.reasons[0].text);
        // A paper does not make a late attestation good.
        case.manual = vec![paper(hours_ahead(1), None)];
        assert_eq!(case.of("A.6.4").status, status);
    }
    let endless = Attestation { every_days: 0, ..duty(now(), None) };
    assert!(endless.checked().is_err());
    for id in DOCUMENTS_ONLY {
        assert_eq!(Case::default().of(id).status, Status::Manual);
    }
}
