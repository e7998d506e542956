//! The board in memory and the history of statuses: what follows the tables step by step must say what is made anew.

use std::cell::RefCell;
use std::sync::Arc;

use exhibit_assessment::{ControlStatus, Status};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision};
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::super::sample::{Sample, document, patches};
use super::super::{Assessor, Views};
use super::KIND;

const OTHER: &str = "time.sync";

#[test]
fn the_board_that_followed_every_step_says_what_one_made_anew_says() {
    let sample = Sample::new();
    let views = sample.views();
    let path = sample.dir.path().join("views.db");
    let past = RefCell::new(Vec::new());
    let same = || {
        views.catch_up().unwrap();
        past.borrow_mut().push(views.assess(sample.now()).unwrap());
        let anew =
            Views::attach(&path, sample.reader.clone(), Assessor::builtin().unwrap()).unwrap();
        for hours in [0, 2, 40] {
            let now = sample.now().checked_add(hours.hours()).unwrap();
            let (followed, anew) = (views.assess(now).unwrap(), anew.assess(now).unwrap());
            assert_eq!(followed.statuses, anew.statuses);
            assert_eq!(followed.silent, anew.silent);
        }
    };
    same();
    let mut one = sample.enrol("web-1");
    same();
    sample.heartbeat(&mut one, &[KIND, OTHER]);
    same();
    let both = [(KIND, patches(true)), (OTHER, json!({}))];
    sample.run(&mut one, &both, &[]);
    same();
    sample.run(&mut one, &both, &[]);
    sample.run(&mut one, &both, &[]);
    same();
    sample.run(&mut one, &[(KIND, patches(false))], &[(OTHER, "denied")]);
    same();
    let mut two = sample.enrol("web-2");
    sample.run(
        &mut two,
        &[(KIND, patches(true))],
        &[(KIND, "limit_exceeded"), (OTHER, "unheard_of")],
    );
    same();
    sample.wait_minutes(60 * 30);
    sample.run(&mut one, &[(KIND, patches(false))], &[(OTHER, "denied")]);
    same();
    sample.heartbeat(&mut one, &[KIND]);
    let mut heir = sample.enrol_for("web-2", two.target.clone());
    sample.run(&mut heir, &[(KIND, patches(true))], &[]);
    same();
    sample.run(&mut two, &[(KIND, patches(true))], &[]);
    sample.revoke(&one, "stolen");
    same();
    let gone = document(KIND, &two.target, patches(true));
    sample.delete(&two, KIND, &[Digest::of(gone.as_bytes())]);
    same();
    sample.run_losing(&mut two, &[(KIND, patches(false))]);
    same();
    assert!(views.check().unwrap().is_empty());
    // As of each step, whatever came later.
    for then in past.into_inner() {
        let as_of = views.assess_as_of(then.applied, then.now).unwrap();
        assert_eq!((as_of.applied, &as_of.silent), (then.applied, &then.silent));
        for (as_of, then) in as_of.statuses.iter().zip(&then.statuses) {
            assert_eq!((as_of.status, as_of.counts), (then.status, then.counts));
            assert_eq!((as_of.freshest, as_of.oldest), (then.freshest, then.oldest));
            let words = |status: &ControlStatus| -> Vec<_> {
                let told = status.reasons.iter();
                told.map(|reason| (reason.cause, reason.target.clone(), reason.observed_at))
                    .collect()
            };
            assert_eq!(words(as_of), words(then));
        }
        assert!(Arc::ptr_eq(&as_of, &views.assess_as_of(then.applied, then.now).unwrap()));
    }
    assert_eq!(views.entries_at(sample.now()).unwrap(), views.applied().unwrap());
    assert_eq!(views.entries_at(Timestamp::UNIX_EPOCH).unwrap(), 0);
    let third = views.received(2).unwrap().unwrap();
    assert_eq!(views.entries_at(third).unwrap(), 3);
}

#[test]
fn statuses_become_history_at_each_full_hour_and_as_of_a_date_they_are_what_they_were() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.heartbeat(&mut agent, &[KIND]);
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let broken = sample.now();
    let due = "2026-11-25T12:00:00Z";
    let duty = Decision {
        register: "attestation".into(),
        id: "A.7.1".into(),
        after: None,
        act: Act::Put,
        value: Some(
            json!({"control": "A.7.1", "owner": "ada", "every_days": 30, "first_due": due}),
        ),
        by: "ada".into(),
        reason: "doors".into(),
    };
    sample.own(EntryType::Decision, DECISION, duty);
    sample.wait_minutes(3 * 60);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let mended = sample.now();
    // Nobody speaks for ten days: what was fresh becomes stale by waiting alone.
    sample.wait_minutes(10 * 24 * 60);
    sample.heartbeat(&mut agent, &[KIND]);
    let views = sample.views();
    let control = "A.8.8".parse().unwrap();
    let as_of = |at: Timestamp| {
        let rows = views.statuses_at(at).unwrap();
        rows.into_iter().find(|row| row.control == control).map(|row| row.status)
    };
    assert_eq!(as_of(broken), None, "before the first full hour nothing was judged");
    assert_eq!(as_of(mended), Some(Status::NotMet), "the hour was not over yet");
    assert_ne!(as_of(mended.checked_add(1.hours()).unwrap()), Some(Status::NotMet));
    let history = views.status_history(control).unwrap();
    assert!(history.windows(2).all(|two| two[1].to == Some(two[0].from)));
    assert!(history.first().unwrap().to.is_none() && history.len() == 2);
    assert_eq!(views.statuses_at(sample.now()).unwrap().len(), 93);
    // The duty was due in the silence, at a full hour.
    let duty = views.status_history("A.7.1".parse().unwrap()).unwrap();
    let told: Vec<_> = duty.iter().map(|row| (row.status, row.from)).collect();
    assert_eq!(told[0], (Status::NoEvidence, due.parse().unwrap()), "{told:?}");
    assert!(views.judged_until().unwrap().unwrap() <= sample.now());
    let again = sample.views_at("again.db");
    assert_eq!(again.status_history(control).unwrap(), history);
    assert_eq!(again.dump().unwrap(), views.dump().unwrap());
}
