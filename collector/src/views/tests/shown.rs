//! What was judged at a full hour is kept: an earlier day tells what was told then, word for word, without judging anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use exhibit_assessment::{ControlGap, ControlStatus};
use exhibit_proto::digest::Digest;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::super::hours::{self, Hour};
use super::super::sample::document;
use super::labels::put;
use super::packs::{OTHER, force, pack};
use super::*;
use crate::views::{Asked, Assessment};

/// What was told at a midnight, of everything that came before it.
struct Told {
    at: Timestamp,
    assessment: Arc<Assessment>,
    gaps: Vec<ControlGap>,
    /// Numbers of findings and targets.
    counts: String,
}

fn gaps(views: &Views, assessment: &Assessment) -> Vec<ControlGap> {
    let kinds = exhibit_assessment::evidence_kinds().unwrap();
    let emitters = BTreeMap::from([(KIND.to_owned(), vec!["linux".to_owned()])]);
    views.gap_analysis(assessment, &kinds, &emitters).unwrap()
}

fn told(views: &Views, at: Timestamp) -> Told {
    let assessment = views.assess(at).unwrap();
    let (gaps, counts) = (gaps(views, &assessment), counts(views));
    Told { at, assessment, gaps, counts }
}

fn counts(views: &Views) -> String {
    let failing = Asked { order: Some(("failing".to_owned(), true)), ..Asked::default() };
    let targets = views.targets_asked(&failing).unwrap();
    format!("{:#?} {:#?}", views.finding_segments().unwrap(), targets)
}

/// The views at the end of the day before a midnight, and when that is.
fn day_before(views: &Views, midnight: Timestamp, now: Timestamp) -> (Views, Timestamp) {
    let last = midnight.checked_sub(1.millisecond()).unwrap();
    let day = last.strftime("%Y-%m-%d").to_string();
    let moment = views.moment(&day, now).unwrap();
    assert_eq!(moment.at, last);
    (views.standing_at(&moment).unwrap(), last)
}

/// Everything that is not reasons, in words.
fn beside_reasons(assessment: &Assessment) -> String {
    let Assessment { applied, now, pack, silent, people, targets, waivers, outside, .. } =
        assessment;
    format!("{applied} {now} {pack} {silent:#?} {people:#?} {targets:#?} {waivers:#?} {outside:#?}")
}

/// Six days in which most happens that statuses rest on, and what was told at the end of each.
fn history(sample: &Sample, views: &Views) -> Vec<Told> {
    sample.rule_pack();
    let mut one = sample.enrol("web-1");
    let mut two = sample.enrol("web-2");
    let mut all = Vec::new();
    for day in 0..6 {
        match day {
            0 => {
                sample.heartbeat(&mut one, &[KIND, "time.sync"]);
                sample.run(&mut one, &[(KIND, patches(true))], &[("time.sync", "denied")]);
                sample.beat(&mut two, &[KIND], &[("service", "shop")]);
                sample.run(&mut two, &[(KIND, patches(true))], &[]);
            }
            1 => {
                let about = json!({"about": {"rule": RULE}, "until": "2026-11-23T12:00:00Z"});
                put(sample, "waiver", "W-1", None, Some(about));
                sample.run(&mut one, &[(KIND, patches(false))], &[("time.sync", "tool_missing")]);
            }
            // From here on nobody hears of the second one.
            2 => drop(sample.run(&mut one, &[(KIND, patches(false))], &[])),
            3 => drop(force(sample, &pack("restart", "offset", ""))),
            4 => {
                let target = two.target.to_string();
                put(sample, "retired", &target, None, Some(json!({})));
                sample.run(&mut one, &[(KIND, patches(true)), (OTHER, json!({"off": 1}))], &[]);
            }
            _ => {
                put(sample, "scope", "isms", None, Some(json!({"isms": "service = shop"})));
                sample.revoke(&one, "stolen");
            }
        }
        let day = 24 * 60 * 60 * 1000;
        let midnight = (sample.now().as_millisecond() / day + 1) * day;
        sample.wait_minutes((midnight - sample.now().as_millisecond()) / 60_000);
        views.catch_up().unwrap();
        all.push(told(views, Timestamp::from_millisecond(midnight).unwrap()));
    }
    sample.activity("ada", "signed_in", json!({}));
    views.catch_up().unwrap();
    all
}

#[test]
fn a_day_tells_what_was_told_at_its_end_with_every_reason_and_gap() {
    let sample = Sample::new();
    let views = sample.views();
    let days = history(&sample, &views);
    assert_eq!(days.len(), 6);
    for Told { at, assessment: was, gaps: lacked, counts: counted } in &days {
        let (standing, last) = day_before(&views, *at, sample.now());
        let shown = standing.shown_beyond(last, 0).unwrap();
        assert_eq!(beside_reasons(&shown), beside_reasons(was), "{at}");
        assert!(shown.apart && shown.statuses.iter().all(|status| status.reasons.is_empty()));
        assert_eq!(standing.shown_from(last).unwrap(), None, "it is the moment itself");
        for status in &was.statuses {
            let (_, found) = standing.shown_of(last, status.control).unwrap();
            assert_eq!(found.as_ref(), Some(status), "{at}");
        }
        assert_eq!(counts(&standing), *counted, "{at}");
        assert_eq!(gaps(&standing, &shown), *lacked, "{at}, of reasons that stand apart");
        let whole = standing.assess(last).unwrap();
        assert!(!whole.apart);
        assert_eq!(whole.statuses, was.statuses, "{at}");
        assert_eq!(gaps(&standing, &whole), *lacked, "{at}");
    }
    let statuses = |told: &Told| {
        let named = told.assessment.statuses.iter().map(|one| (one.status, one.reason_count));
        named.collect::<Vec<_>>()
    };
    let differ = days.windows(2).filter(|two| statuses(&two[0]) != statuses(&two[1])).count();
    assert!(differ >= 4, "the days are different ones: {differ}");
    assert_eq!(views.check().unwrap(), [""; 0]);
}

#[test]
fn between_full_hours_the_hour_before_is_told_as_such_until_the_moment_is_judged() {
    let sample = Sample::new();
    let views = sample.views();
    let days = history(&sample, &views);
    let noon = days[0].at.checked_add(12.hours()).unwrap();
    let standing = views.as_of(views.entries_at(noon).unwrap(), noon).unwrap();
    let shown = standing.shown_beyond(noon, 0).unwrap();
    assert_eq!(beside_reasons(&shown), beside_reasons(&days[0].assessment));
    // The thread beside answers whoever comes later; nobody is told that it has not.
    let exact = loop {
        let shown = standing.shown_beyond(noon, 0).unwrap();
        if shown.now == noon {
            break shown;
        }
        std::thread::yield_now();
    };
    assert!(!exact.apart);
    // Few findings are judged at once, as those were.
    let fresh = sample.views_at("other.db");
    let standing = fresh.as_of(fresh.entries_at(noon).unwrap(), noon).unwrap();
    assert_eq!(standing.shown_from(noon).unwrap(), None);
    let judged = standing.shown(noon).unwrap();
    assert_eq!((judged.now, &judged.statuses), (noon, &exact.statuses));
}

#[test]
fn words_that_were_deleted_since_are_not_in_what_is_kept() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    sample.wait_minutes(24 * 60);
    let next = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    views.catch_up().unwrap();
    let control = "A.8.8".parse().unwrap();
    let failed = |views: &Views| -> Vec<String> {
        let midnight = "2026-11-21T00:00:00Z".parse().unwrap();
        let (standing, last) = day_before(views, midnight, sample.now());
        let (shown, status) = standing.shown_of(last, control).unwrap();
        assert_eq!(shown.applied, next, "it is kept");
        let status: ControlStatus = status.unwrap();
        let quoted = status.reasons.iter().filter(|reason| reason.quotes_finding());
        quoted.map(|reason| reason.text.clone()).collect()
    };
    let before = failed(&views);
    assert!(!before.is_empty() && before.iter().all(|text| !text.contains("deleted")));
    let gone = document(KIND, &agent.target, patches(true));
    sample.delete(&agent, KIND, &[Digest::of(gone.as_bytes())]);
    views.catch_up().unwrap();
    let after = failed(&views);
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|text| text.starts_with("details were deleted")), "{after:?}");
    // Tables that are made anew after the deletion keep the same.
    assert_eq!(views.check().unwrap(), [""; 0]);
    assert_eq!(failed(&sample.views_at("anew.db")), after);
}

#[test]
fn an_hour_is_kept_against_its_midnight_and_read_alone() {
    let sample = Sample::new();
    let views = sample.views();
    let days = history(&sample, &views);
    let midnight = days[1].at.as_millisecond();
    let raw = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let length = |at: i64| -> i64 {
        let sql = "SELECT (SELECT length(said) FROM judgements WHERE at = ?1)
          + (SELECT sum(length(reasons)) FROM judged_reasons WHERE at = ?1)";
        raw.query_row(sql, [at], |row| row.get(0)).unwrap()
    };
    for (hour, told) in [(1, &days[1]), (2, &days[4])] {
        let hour = Hour { at: midnight + hour * 3_600_000, entries: told.assessment.applied };
        let heard = exhibit_assessment::Heard::default();
        hours::keep(&raw, hour, (told.assessment.as_ref().clone(), heard)).unwrap();
        let found = hours::assessment(&raw, hour, views.assessor()).unwrap().unwrap();
        assert_eq!(found.silent, told.assessment.silent);
        for status in &told.assessment.statuses {
            let reasons = hours::reasons(&raw, hour, status.control, true).unwrap();
            assert_eq!(reasons.len(), status.reasons.len());
        }
    }
    // The first midnight of the month stands alone.
    let (alone, same) = (length(days[0].at.as_millisecond()), length(midnight + 3_600_000));
    assert!(same * 2 < alone, "{same} bytes that say again what {alone} say");
}
