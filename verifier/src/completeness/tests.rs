use std::collections::BTreeMap;

use exhibit_proto::bundle::Selection;
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Capsule, Closed, Enrol, Heartbeat, Run};
use exhibit_proto::statement::{Observed, Scheduled as Line};
use jiff::{SignedDuration, Timestamp};

use super::*;

const KEY: Digest = Digest::ZERO;

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    start.checked_add(SignedDuration::from_mins(minute)).unwrap()
}

fn text(minute: i64) -> String {
    at(minute).to_string()
}

fn capsule(seq: u64, sealed: i64) -> Capsule {
    Capsule {
        agent: "agent-1".into(),
        epoch: 1,
        seq,
        prev: Digest::ZERO,
        boot_id: "b".into(),
        monotonic_ms: 1,
        sealed_at: text(sealed),
        clock_offset_ms: None,
        checkpoint: None,
        agent_version: "0.1.0".into(),
        agent_binary: Digest::ZERO,
        configuration: Digest::ZERO,
        vetoes: exhibit_proto::statement::Vetoes::default(),
    }
}

fn beat(minutes: u64, closes: Option<Closed>) -> Heartbeat {
    let line = Line {
        kind: "patch.status".parse().unwrap(),
        target: "host:a".parse().unwrap(),
        cron: "0 * * * *".into(),
    };
    Heartbeat {
        capsule: capsule(1, 0),
        host_name: "web-1".into(),
        schedule: vec![line],
        interval_seconds: minutes * 60,
        spool_items: 0,
        dropped: 0,
        labels: BTreeMap::new(),
        closes,
    }
}

fn run(sealed: i64) -> Run {
    let observed = Observed {
        kind: "patch.status".parse().unwrap(),
        target: "host:a".parse().unwrap(),
        digest: Digest::ZERO,
        size: 1,
        method: Vec::new(),
        privileges: String::new(),
        rows: None,
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: text(sealed),
        duration_ms: 1,
    };
    let (plugins, outcomes, documents) = (Vec::new(), Vec::new(), vec![observed]);
    let (started, finished) = (text(sealed), text(sealed));
    Run { capsule: capsule(2, sealed), started, finished, plugins, documents, outcomes }
}

/// An agent enrolled at minute 0 that promises a statement each quarter of an hour.
fn told(window: Window) -> Told {
    let mut told = Told::new(window);
    let enrol = Enrol {
        agent: "agent-1".into(),
        epoch: 1,
        evidence_key: String::new(),
        targets: vec!["host:a".parse().unwrap()],
        host_name: "a".into(),
        certificate: Digest::ZERO,
        approved_by: "admin".into(),
    };
    told.enrolled(&text(0), &enrol);
    told.speaks("agent-1", KEY);
    told.heartbeat(&text(0), KEY, &beat(15, None));
    told.run(&text(1), &run(1));
    told
}

fn arrivals(minutes: impl IntoIterator<Item = i64>) -> Arrivals {
    let seen = (1..).zip(minutes).map(|(seq, minute)| Arrival { index: seq, seq, at: at(minute) });
    Arrivals { key: KEY, epoch: 1, seen: seen.collect(), gaps: Vec::new() }
}

fn window(from: i64, to: i64) -> Window {
    Window { from: Some(at(from)), to: at(to) }
}

fn one(window: Window, told: &Told, arrivals: &Arrivals) -> Agent {
    judge(window, &Selection::default(), told, std::slice::from_ref(arrivals)).agents.remove(0)
}

#[test]
fn an_agent_that_kept_its_promise_is_covered() {
    let window = window(0, 180);
    let agent = one(window, &told(window), &arrivals((0..=180).step_by(15)));
    assert_eq!((agent.coverage, agent.statements), (Coverage::Covered, 13));
    assert_eq!(agent.longest_silence_seconds, 900);
    assert!(agent.scheduled[0].due && agent.scheduled[0].observed == 1);
}

#[test]
fn a_silence_longer_than_promised_is_named_with_what_came_later() {
    let window = window(0, 180);
    let mut told = told(window);
    told.run(&text(90), &run(60));
    let agent = one(window, &told, &arrivals([0, 15, 30, 90, 105, 120, 135, 150, 165, 180]));
    assert_eq!((agent.coverage, agent.silences), (Coverage::Silence, 1));
    let silence = &agent.silent[0];
    assert_eq!((silence.from, silence.to, silence.sealed_meanwhile), (at(30), at(90), 1));
    // Two minutes are for the way.
    let agent = one(window, &told, &arrivals((0..=180).step_by(17)));
    assert_eq!(agent.silences, 0);
}

#[test]
fn silence_to_the_end_and_from_the_beginning_is_told() {
    let window = window(60, 180);
    let told = told(window);
    let agent = one(window, &told, &arrivals((0..=90).step_by(15)));
    assert_eq!((agent.coverage, agent.silent_since), (Coverage::SilentSince, Some(at(90))));
    // It began before the period: only what lies within is counted.
    let agent = one(window, &told, &arrivals([0, 15, 100, 115, 130, 145, 160, 175]));
    assert_eq!((agent.silent[0].from, agent.silent[0].to), (at(60), at(100)));
    // Nothing at all.
    let never = one(window, &told, &arrivals([]));
    assert_eq!((never.coverage, never.statements), (Coverage::SilentSince, 0));
}

#[test]
fn what_follows_a_revocation_is_not_missed() {
    let window = window(0, 600);
    let mut told = told(window);
    told.revoked(&text(60), "agent-1");
    let agent = one(window, &told, &arrivals((0..=60).step_by(15)));
    assert_eq!((agent.coverage, agent.to), (Coverage::Covered, at(60)));
}

#[test]
fn missing_numbers_belong_to_the_period_in_which_they_were_noticed() {
    let mut own = arrivals((0..=180).step_by(15));
    own.seen.retain(|arrival| !(4..=5).contains(&arrival.seq));
    own.gaps = vec![Gap { from: 4, to: 5 }];
    let whole = window(0, 180);
    let agent = one(whole, &told(whole), &own);
    assert_eq!((agent.coverage, agent.missing_statements), (Coverage::Missing, 2));
    let later = window(120, 180);
    assert_eq!(one(later, &told(later), &own).missing_statements, 0);
}

#[test]
fn a_kind_that_was_due_and_never_answered_for_is_missing() {
    let window = window(120, 300);
    let agent = one(window, &told(window), &arrivals((0..=300).step_by(15)));
    assert_eq!(agent.coverage, Coverage::KindMissing);
    assert!(agent.scheduled[0].missing());
    // In half an hour it need not have come.
    let short = Window { from: Some(at(121)), to: at(150) };
    assert!(!one(short, &told(short), &arrivals((0..=150).step_by(15))).scheduled[0].due);
}

#[test]
fn a_closed_day_counts_what_the_log_holds_of_it() {
    let window = window(0, 1500);
    let mut told = told(window);
    let closes = Closed { day: "2026-10-01".into(), first: 1, last: 97 };
    told.heartbeat(&text(1455), KEY, &beat(15, Some(closes)));
    let mut own = arrivals((0..=1500).step_by(15));
    own.seen.retain(|arrival| arrival.seq != 40);
    let agent = one(window, &told, &own);
    assert_eq!((agent.days[0].day.as_str(), agent.days[0].held), ("2026-10-01", 96));
}

#[test]
fn without_a_promise_nothing_is_judged_and_a_selection_says_its_limits() {
    let window = window(0, 180);
    let mut untold = told(window);
    untold.agents.get_mut("agent-1").unwrap().promises.clear();
    let agent = one(window, &untold, &arrivals([0, 170]));
    assert_eq!(agent.coverage, Coverage::NotJudged);
    let other = Selection { targets: vec!["host:b".parse().unwrap()], ..Selection::default() };
    let found = judge(window, &other, &told(window), &[arrivals([0, 170])]);
    assert!(found.agents.is_empty() && found.limits.len() == 1);
}

#[test]
fn lines_are_bounded_and_worst_first() {
    let window = window(0, 180);
    let mut many = told(window);
    let facts = many.agents["agent-1"].clone();
    for number in 0..100 {
        many.agents.insert(format!("b-{number:03}"), facts.clone());
    }
    many.agents.get_mut("b-077").unwrap().keys.clear();
    let found = judge(window, &Selection::default(), &many, &[arrivals((0..=180).step_by(15))]);
    assert_eq!((found.agents[0].agent.as_str(), found.lacking()), ("b-077", 1));
    let (heading, lines) = lines(&found);
    assert!(heading.contains("2026-10-01 00:00Z to 2026-10-01 03:00Z"), "{heading}");
    assert_eq!(lines[0], "agents: 1 silent, 100 covered");
    assert!(lines.len() < 50 && lines.last().unwrap().contains("61 more agents"), "{lines:?}");
}

#[test]
fn what_the_operator_of_a_host_forbids_is_told_from_when_on() {
    let window = window(10, 180);
    let beat = |paths: &[&str]| {
        let mut beat = beat(15, None);
        beat.capsule.vetoes.paths = paths.iter().map(|path| (*path).to_owned()).collect();
        beat
    };
    let arrivals = arrivals((0..=180).step_by(15));
    let lines = |told: &Told| {
        let found = judge(window, &Selection::default(), told, std::slice::from_ref(&arrivals));
        lines(&found).1.join("\n")
    };
    let mut told = told(window);
    assert_eq!(one(window, &told, &arrivals).vetoes, []);
    assert!(!lines(&told).contains("operator"));
    // In force before the period began, repeated, changed, lifted after its end.
    told.heartbeat(&text(5), KEY, &beat(&["/etc/ssl/private/**"]));
    told.heartbeat(&text(20), KEY, &beat(&["/etc/ssl/private/**"]));
    told.heartbeat(&text(30), KEY, &beat(&["/etc/ssl/private/**", "/root"]));
    told.heartbeat(&text(200), KEY, &beat(&[]));
    let vetoes = one(window, &told, &arrivals).vetoes;
    let since: Vec<Timestamp> = vetoes.iter().map(|vetoed| vetoed.since).collect();
    assert_eq!(since, [at(5), at(30)]);
    assert_eq!(vetoes[1].vetoes.to_string(), "paths /etc/ssl/private/**, /root");
    let said = "its operator forbids since 2026-10-01 00:30Z: paths /etc/ssl/private/**, /root; 1 other vetoes before";
    assert!(lines(&told).contains(said), "{}", lines(&told));
    told.heartbeat(&text(170), KEY, &beat(&[]));
    assert!(lines(&told).contains("forbids nothing any more since 2026-10-01 02:50Z"));
}
