//! Intervals without valid evidence, against a reading of every statement one by one.

use std::collections::BTreeMap;

use exhibit_assessment::{Framework, RulePack};
use exhibit_proto::statement::Run;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::super::said::said_at;
use super::super::sample::{Sample, SampleAgent, patches};
use super::super::{Among, Assessor, Lapse, LapseCause, Period, Views, ViewsError};
use super::KIND;

const OTHER: &str = "time.sync";
const HOUR: i64 = 3_600_000;

fn lapses(views: &Views, period: Period, target: Option<&str>) -> Vec<Lapse> {
    let mut all = Vec::new();
    let each = |of: super::super::LapsesOf, _| {
        all.extend(of.lapses);
        Ok::<_, ViewsError>(true)
    };
    views.lapses(period, Among::named(target), each).unwrap();
    all
}

/// The shortest window of the rules that decide by a kind, in milliseconds.
fn window(kind: &str) -> i64 {
    let assessor = Assessor::new(Framework::builtin().unwrap(), RulePack::builtin().unwrap());
    let assessor = assessor.unwrap();
    let rules = assessor.pack().rules().iter().filter(|rule| rule.kind == kind);
    let decides = rules.filter(|rule| rule.controls.iter().any(|(_, how)| how.decides()));
    i64::from(decides.map(|rule| rule.freshness).min().unwrap()) * HOUR
}

/// Every run that counts, by its entry.
fn runs(sample: &Sample, views: &Views) -> Vec<(u64, Run)> {
    let rows = (0..views.applied().unwrap()).map(|index| views.entry_row(index).unwrap().unwrap());
    let counts = rows.filter(|row| row.entry_type == "evidence" && row.problem.is_none());
    counts.map(|row| (row.index, said_at(&sample.reader, row.index).unwrap().unwrap())).collect()
}

/// Every two observations in a row are held against the window.
fn by_force(
    runs: &[(u64, Run)],
    views: &Views,
    (target, kind): (&str, &str),
    period: Period,
) -> Vec<(Timestamp, Timestamp)> {
    let enrolled = views.target(target).unwrap().unwrap().first_seen.as_millisecond();
    let (from, to) = (period.from.as_millisecond(), period.to.as_millisecond());
    let window = window(kind);
    let mut seen: Vec<i64> = Vec::new();
    let held = views.document_history(target, kind).unwrap();
    let entries = views.applied().unwrap();
    for (index, run) in runs.iter().filter(|(index, _)| *index < entries) {
        let here = run.documents.iter().filter(|document| {
            document.target.as_str() == target && document.kind.as_str() == kind
        });
        seen.extend(here.filter_map(|document| {
            let inside = held
                .iter()
                .find(|row| (row.from_index..=row.last_index).contains(index) && row.held);
            inside?;
            Some(document.started.parse::<Timestamp>().unwrap().as_millisecond())
        }));
    }
    seen.sort_unstable();
    let begin = (from - window).max(enrolled);
    let mut at = begin;
    let mut gaps = Vec::new();
    for seen in seen.into_iter().filter(|seen| *seen >= begin && *seen < to).chain([to]) {
        if seen - at > window {
            gaps.push((at + window, seen));
        }
        at = seen;
    }
    let time = |millis| Timestamp::from_millisecond(millis).unwrap();
    gaps.into_iter().map(|(from, to)| (time(from), time(to))).collect()
}

#[test]
fn pauses_inside_of_unchanged_evidence_are_found_as_by_reading_every_statement() {
    for seed in 1_u64..4 {
        let sample = Sample::new();
        let mut agents = [sample.enrol("web-1"), sample.enrol("web-2")];
        for agent in &mut agents {
            sample.heartbeat(agent, &[KIND, OTHER]);
        }
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..60 {
            // xorshift64: enough disorder, and the same one in each run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let agent: &mut SampleAgent = &mut agents[(state % 2) as usize];
            let patched = [(KIND, patches(state & 1024 == 0))];
            let both = [(KIND, patches(false)), (OTHER, json!({}))];
            match (state >> 8) % 10 {
                0..=3 => drop(sample.run(agent, &patched, &[])),
                4 | 5 => drop(sample.run(agent, &both, &[])),
                6 => drop(sample.run(agent, &[(OTHER, json!({}))], &[(KIND, "denied")])),
                7 => drop(sample.run(agent, &[], &[(OTHER, "tool_missing")])),
                8 => drop(sample.run_losing(agent, &[(KIND, patches(state & 2048 == 0))])),
                _ => drop(sample.heartbeat(agent, &[KIND, OTHER])),
            }
            sample.wait_minutes(i64::try_from((state >> 16) % (30 * 60)).unwrap());
            if (state >> 24).is_multiple_of(12) {
                sample.wait_minutes(60 * 24 * 5);
            }
        }
        sample.activity("ada", "sign_in", json!({}));
        let views = sample.views();
        let runs = runs(&sample, &views);
        let now = sample.now();
        let ends = [(60 * 24, 0), (20 * 24, 5 * 24), (9 * 24, 0), (30 * 24, 29 * 24)];
        for (back, until) in ends {
            let from = now.checked_sub(i64::from(back).hours()).unwrap();
            let period = Period { from, to: now.checked_sub(i64::from(until).hours()).unwrap() };
            let end = views.as_of(views.entries_at(period.to).unwrap(), period.to).unwrap();
            let mut found: BTreeMap<(String, String), Vec<(Timestamp, Timestamp)>> =
                BTreeMap::new();
            for lapse in lapses(&views, period, None) {
                let place = (lapse.target.clone(), lapse.kind.clone());
                found.entry(place).or_default().push((lapse.from, lapse.to));
            }
            for agent in &agents {
                let target = agent.target.as_str();
                for kind in [KIND, OTHER] {
                    let place = (target.to_owned(), kind.to_owned());
                    let ours = found.get(&place).cloned().unwrap_or_default();
                    let theirs = if end.target(target).unwrap().is_some() {
                        by_force(&runs, &end, (target, kind), period)
                    } else {
                        Vec::new()
                    };
                    assert_eq!(ours, theirs, "{kind} of {target}, seed {seed}, {period:?}");
                }
            }
            assert!(back != 60 * 24 || found.values().any(|gaps| gaps.len() > 1), "seed {seed}");
        }
    }
}

#[test]
fn each_lapse_says_why_and_which_controls_lacked_it() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let other = sample.enrol("web-2");
    sample.heartbeat(&mut agent, &[KIND, OTHER]);
    sample.run(&mut agent, &[(KIND, patches(false)), (OTHER, json!({}))], &[]);
    // A kind is denied, then everybody is silent, then one kind is not scheduled any more.
    sample.wait_minutes(60);
    sample.run(&mut agent, &[(OTHER, json!({}))], &[(KIND, "denied")]);
    sample.wait_minutes(9 * 24 * 60);
    sample.run(&mut agent, &[(KIND, patches(false)), (OTHER, json!({}))], &[]);
    sample.heartbeat(&mut agent, &[KIND]);
    sample.wait_minutes(12 * 24 * 60);
    sample.heartbeat(&mut agent, &[KIND]);
    sample.wait_minutes(60);
    let views = sample.views();
    let period = Period { from: "2026-11-20T00:00:00Z".parse().unwrap(), to: sample.now() };
    let all = lapses(&views, period, None);
    let told = |target: &SampleAgent, kind: &str| -> Vec<(LapseCause, bool)> {
        let here = all.iter().filter(|one| one.target == target.target.as_str());
        let here = here.filter(|one| one.kind == kind);
        here.map(|one| (one.cause.clone(), one.open)).collect()
    };
    let denied = LapseCause::Outcome("denied".into());
    assert_eq!(told(&agent, KIND), [(denied, false), (LapseCause::NothingArrived, true)]);
    assert_eq!(
        told(&agent, OTHER),
        [(LapseCause::SilentAgent, false), (LapseCause::NotScheduled, true)]
    );
    assert_eq!(told(&other, KIND), [(LapseCause::NeverScheduled, true)]);
    let first = all.iter().find(|one| one.target == agent.target.as_str() && one.kind == KIND);
    let first = first.unwrap();
    assert_eq!(
        (first.detail.as_str(), first.remedy.as_str()),
        ("/etc/shadow: permission denied", "run the plugin as root")
    );
    assert!(
        first.last_seen.unwrap() < first.from
            && i64::from(first.window_hours) * HOUR == window(KIND)
    );
    assert!(!first.controls.is_empty());
    assert!(first.controls.iter().all(|(_, since)| *since >= first.from && *since < first.to));
    let one = lapses(&views, period, Some(other.target.as_str()));
    assert!(!one.is_empty() && one.iter().all(|lapse| lapse.target == other.target.as_str()));
}
