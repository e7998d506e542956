//! Two moments compared: what turned and why, and nothing that was before or after.

use exhibit_assessment::{Cause, Status};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision};
use serde_json::json;

use super::super::sample::{Sample, patches};
use super::super::{Asked, Happened};
use super::KIND;

const RULE: &str = "patch.status.reboot_not_pending";

fn waive(sample: &Sample, until: &str) -> u64 {
    let decision = Decision {
        register: "waiver".into(),
        id: "W-1".into(),
        after: None,
        act: Act::Put,
        value: Some(json!({"about": {"rule": RULE}, "until": until})),
        by: "ada".into(),
        reason: "window in January".into(),
    };
    sample.own(EntryType::Decision, DECISION, decision)
}

#[test]
fn what_turned_between_two_moments_stands_with_its_reasons_under_its_controls() {
    let sample = Sample::new();
    let mut one = sample.enrol("web-1");
    sample.heartbeat(&mut one, &[KIND]);
    let good = sample.run(&mut one, &[(KIND, patches(false))], &[]);
    let bad = sample.run(&mut one, &[(KIND, patches(true))], &[]);
    let enrolled = sample.enrol("web-2");
    let waived = waive(&sample, "2027-01-31T00:00:00Z");
    let pack = sample.rule_pack();
    sample.wait_minutes(3 * 24 * 60);
    let last = sample.activity("ada", "sign_in", json!({}));
    let views = sample.views();
    let now = sample.now();
    let at = |index: u64| views.moment(&index.to_string(), now).unwrap();
    let found = views.compare(&at(good), &at(bad)).unwrap();
    let control = found.controls.iter().find(|change| change.control.to_string() == "A.8.8");
    let control = control.unwrap();
    assert_eq!(control.is, Status::NotMet);
    let came = control.came.iter().find(|reason| reason.cause == Cause::Fail).unwrap();
    assert_eq!(came.rule.as_ref().unwrap().as_str(), RULE);
    assert_eq!(control.turned, control.turns.len() as u64);
    let turn = control.turns.iter().find(|turn| turn.rule == RULE).unwrap();
    assert_eq!((turn.index, turn.was.as_deref(), turn.is.as_str()), (bad, Some("pass"), "fail"));
    assert_eq!((turn.target.as_str(), turn.name.as_str()), (one.target.as_str(), "web-1"));
    assert!(found.events.is_empty());
    // The list has the same, a part at a time, and narrowed.
    let all = views.turned((&at(good), &at(bad)), &Asked::default()).unwrap();
    assert_eq!((all.all, all.rows.len() as u64), (found.turned, found.turned));
    assert!(all.rows.contains(turn) && all.rows.is_sorted_by_key(|turn| turn.index));
    let narrow =
        Asked { limit: Some(1), ..Asked::default() }.also("rule", RULE).also("was", "pass");
    let part = views.turned((&at(bad), &at(good)), &narrow).unwrap();
    assert_eq!((part.rows, part.fitting, part.all), (vec![turn.clone()], 1, found.turned));
    // Given the other way round, the earlier one still comes first.
    let turned = views.compare(&at(bad), &at(good)).unwrap();
    assert_eq!((turned.from.entries, turned.turned), (good + 1, found.turned));
    let after = views.compare(&at(bad), &at(last)).unwrap();
    assert_eq!(after.turned, 0);
    let told: Vec<_> = after.events.iter().map(|event| (event.what, event.index)).collect();
    let web_2 = after.events.iter().find(|event| event.what == Happened::Enrolled).unwrap();
    assert_eq!(web_2.target.as_ref(), Some(&enrolled.id));
    for there in [
        (Happened::Decided, Some(waived)),
        (Happened::Pack, Some(pack)),
        (Happened::Enrolled, Some(pack - 2)),
        (Happened::Silent, None),
    ] {
        assert!(told.contains(&there), "{there:?} in {told:?}");
    }
    let decided = after.events.iter().find(|event| event.what == Happened::Decided).unwrap();
    assert!(decided.controls.contains(&"A.8.8".parse().unwrap()), "by its rule");
    assert_eq!(decided.by.as_deref(), Some("ada"));
    // Over both, the decision stands under the control whose status is another.
    let whole = views.compare(&at(good), &at(last)).unwrap();
    let control = whole.controls.iter().find(|change| change.control.to_string() == "A.8.8");
    let events: Vec<_> =
        control.unwrap().events.iter().map(|place| whole.events[*place].what).collect();
    assert_eq!(events, [Happened::Decided]);
    let same = views.compare(&at(last), &at(last)).unwrap();
    assert!(same.controls.is_empty() && same.turned == 0 && same.events.is_empty());
}

#[test]
fn what_turned_over_many_days_is_counted_by_midnights_as_it_is_listed() {
    let sample = Sample::new();
    let mut one = sample.enrol("web-1");
    sample.heartbeat(&mut one, &[KIND]);
    let mut runs = Vec::new();
    for day in 0..6 {
        runs.push(sample.run(&mut one, &[(KIND, patches(day % 2 == 1))], &[]));
        sample.wait_minutes(17 * 60);
    }
    let views = sample.views();
    let now = sample.now();
    let at = |index: u64| views.moment(&index.to_string(), now).unwrap();
    for from in 0..runs.len() {
        for to in from..runs.len() {
            let both = (&at(runs[from]), &at(runs[to]));
            let compared = views.compare(both.0, both.1).unwrap();
            let listed = views.turned(both, &Asked::default()).unwrap();
            assert_eq!(compared.turned, listed.rows.len() as u64, "{from} {to}");
            assert!(compared.turned >= (to - from) as u64, "{from} {to}");
        }
    }
}

#[test]
fn a_side_that_tells_the_midnight_before_it_says_so_and_no_more_once_it_was_judged() {
    let sample = Sample::new();
    let mut one = sample.enrol("web-1");
    sample.heartbeat(&mut one, &[KIND]);
    sample.run(&mut one, &[(KIND, patches(true))], &[]);
    sample.wait_minutes(30 * 60);
    let mended = sample.run(&mut one, &[(KIND, patches(false))], &[]);
    sample.wait_minutes(3 * 24 * 60);
    sample.activity("ada", "sign_in", json!({}));
    let views = sample.views();
    let now = sample.now();
    let (from, to) =
        (views.moment("1", now).unwrap(), views.moment(&now.to_string(), now).unwrap());
    let between = views.moment(&mended.to_string(), now).unwrap();
    let found = views.compare_beyond((&between, &to), now, 0).unwrap();
    let judged = found.from.judged.expect("there is no judgement of that very moment");
    assert!(judged < between.at && judged.as_second() % (24 * 3600) == 0, "{judged}");
    assert_eq!(found.to.judged, None, "what is now is not of a midnight");
    // Before the first midnight nothing is kept: it is judged.
    assert_eq!(views.compare_beyond((&from, &to), now, 0).unwrap().from.judged, None);
    let midnight = views.moment(&judged.to_string(), now).unwrap();
    let kept = views.compare_beyond((&midnight, &to), now, 0).unwrap();
    assert_eq!(kept.from.judged, None);
    let exact = views.compare(&midnight, &to).unwrap();
    let told = |of: &crate::views::Comparison| format!("{:?} {:?}", of.controls, of.turned);
    assert_eq!(told(&kept), told(&exact), "what is kept is what was judged");
    assert!(exact.controls.iter().any(|change| !change.went.is_empty()), "{exact:?}");
}
