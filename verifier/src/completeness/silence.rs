//! One agent's time: silences against promises, numbers, days, kinds.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use exhibit_proto::bundle::Selection;
use jiff::{SignedDuration, Timestamp};

use super::told::{Arrival, Arrivals, Facts, Seen};
use super::{Agent, Coverage, Day, Missing, NAMED, Scheduled, Silence, Vetoed, Window};

/// An agent looks at its clock once a minute, and a statement is on its way for a while.
const SLACK: SignedDuration = SignedDuration::from_mins(2);
/// A kind that came due this shortly before the end may still be under way.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn agent(
    name: &str,
    facts: &Facts,
    chains: &[&Arrivals],
    window: Window,
    selection: &Selection,
) -> Agent {
    let from = window.from.map_or(facts.enrolled, |from| from.max(facts.enrolled));
    let to = facts.revoked.map_or(window.to, |revoked| revoked.min(window.to)).max(from);
    let mut seen: Vec<Arrival> = chains.iter().flat_map(|chain| &chain.seen).copied().collect();
    seen.sort_unstable_by_key(|arrival| arrival.index);
    let within = |arrival: &&Arrival| from <= arrival.at && arrival.at <= to;
    let (first, last) = (seen.iter().find(within), seen.iter().rev().find(within));
    let mut agent = Agent {
        agent: name.to_owned(),
        host_name: facts.host_name.clone(),
        coverage: Coverage::Covered,
        from,
        to,
        statements: seen.iter().filter(within).count() as u64,
        first: first.map(|arrival| arrival.at),
        last: last.map(|arrival| arrival.at),
        promised_seconds: promised(facts, to),
        longest_silence_seconds: 0,
        missing_statements: 0,
        missing: Vec::new(),
        silences: 0,
        silent: Vec::new(),
        silent_since: None,
        scheduled: scheduled(facts, from, to, selection),
        days: days(facts, chains),
        vetoes: vetoes(facts, from, to),
    };
    missing(&mut agent, chains);
    silences(&mut agent, facts, &seen);
    agent.coverage = coverage(&agent);
    agent
}

fn coverage(agent: &Agent) -> Coverage {
    let missing = agent.missing_statements > 0;
    let kind = agent.scheduled.iter().any(Scheduled::missing);
    match agent {
        Agent { silent_since: Some(_), .. } => Coverage::SilentSince,
        Agent { .. } if missing => Coverage::Missing,
        Agent { silences: 1.., .. } => Coverage::Silence,
        Agent { .. } if kind => Coverage::KindMissing,
        Agent { promised_seconds: None, .. } => Coverage::NotJudged,
        Agent { .. } => Coverage::Covered,
    }
}

/// The one in force when the period began, and each that followed.
fn vetoes(facts: &Facts, from: Timestamp, to: Timestamp) -> Vec<Vetoed> {
    let known = &facts.vetoes;
    let first = known.iter().rposition(|(since, _)| *since <= from).unwrap_or(0);
    let within = known.iter().skip(first).filter(|(since, _)| *since <= to).take(NAMED);
    let mut told: Vec<Vetoed> =
        within.map(|(since, vetoes)| Vetoed { since: *since, vetoes: vetoes.clone() }).collect();
    if told.iter().all(|one| one.vetoes.is_empty()) {
        told.clear();
    }
    told
}

/// The interval in force at `at`.
fn promised(facts: &Facts, at: Timestamp) -> Option<u64> {
    let before = facts.promises.iter().rev().find(|(since, _)| *since <= at);
    before.map(|(_, seconds)| *seconds)
}

/// Holds the time between each two statements against what was promised by then.
fn silences(agent: &mut Agent, facts: &Facts, seen: &[Arrival]) {
    let (from, to, mut edge) = (agent.from, agent.to, None);
    for arrival in seen.iter().take_while(|arrival| arrival.at <= to) {
        if arrival.at >= from {
            // The first statement of all has nothing before it that promised anything.
            if let Some(before) = edge {
                silence(agent, facts, before, arrival.at, true);
            }
        }
        edge = Some(arrival.at);
    }
    match edge {
        Some(last) => silence(agent, facts, last, to, false),
        // It was enrolled and never spoke; there was no promise to break.
        None if from.duration_until(to) > UNDER_WAY => agent.silent_since = Some(from),
        None => {}
    }
}

fn silence(agent: &mut Agent, facts: &Facts, from: Timestamp, to: Timestamp, ended: bool) {
    let lasted = from.duration_until(to);
    // What lies before the period is not of it, though the silence began there.
    let (began, shown) = (from.max(agent.from), from.max(agent.from).duration_until(to));
    agent.longest_silence_seconds =
        agent.longest_silence_seconds.max(shown.as_secs().unsigned_abs());
    let Some(seconds) = promised(facts, from) else { return };
    let most = i64::try_from(seconds).map_or(SignedDuration::MAX, SignedDuration::from_secs);
    if lasted <= most.saturating_add(SLACK) {
        return;
    }
    if !ended {
        agent.silent_since = Some(from);
        return;
    }
    agent.silences += 1;
    if agent.silent.len() < NAMED {
        let meanwhile = facts.late.iter().filter(|sealed| began < **sealed && **sealed < to);
        let sealed_meanwhile = meanwhile.count() as u64;
        agent.silent.push(Silence { from: began, to, promised_seconds: seconds, sealed_meanwhile });
    }
}

/// A gap belongs to the time in which the statement after it was logged.
fn missing(agent: &mut Agent, chains: &[&Arrivals]) {
    for chain in chains {
        for gap in &chain.gaps {
            let after = chain.seen.iter().find(|arrival| arrival.seq > gap.to);
            let noticed = after.map(|arrival| arrival.at);
            let Some(noticed) = noticed.filter(|at| agent.from <= *at && *at <= agent.to) else {
                continue;
            };
            agent.missing_statements = agent.missing_statements.saturating_add(gap.len());
            if agent.missing.len() < NAMED {
                let (key, epoch, gap) = (chain.key, chain.epoch, gap.clone());
                agent.missing.push(Missing { key, epoch, gap, noticed });
            }
        }
    }
}

fn days(facts: &Facts, chains: &[&Arrivals]) -> Vec<Day> {
    let day = |(key, epoch, closed): &(_, u64, exhibit_proto::statement::Closed)| {
        let sealed = crate::report::Gap { from: closed.first, to: closed.last };
        if sealed.is_empty() {
            return None;
        }
        let chain = chains.iter().find(|chain| chain.key == *key && chain.epoch == *epoch);
        let held = chain.map_or(0, |chain| {
            let within = |arrival: &&Arrival| (sealed.from..=sealed.to).contains(&arrival.seq);
            chain.seen.iter().filter(within).count() as u64
        });
        Some(Day { day: closed.day.clone(), epoch: *epoch, sealed, held })
    };
    let newest = facts.closed.len().saturating_sub(NAMED);
    facts.closed.iter().skip(newest).filter_map(day).collect()
}

fn scheduled(
    facts: &Facts,
    from: Timestamp,
    to: Timestamp,
    selection: &Selection,
) -> Vec<Scheduled> {
    let asked = |kind, target| {
        (selection.kinds.is_empty() || selection.kinds.contains(kind))
            && (selection.targets.is_empty() || selection.targets.contains(target))
    };
    let lines = facts.scheduled.iter().filter(|((kind, target), _)| asked(kind, target));
    lines
        .map(|((kind, target), cron)| {
            let known = facts.seen.get(&(kind.clone(), target.clone()));
            let Seen { observed, otherwise, last } = known.cloned().unwrap_or_default();
            Scheduled {
                kind: kind.clone(),
                target: target.clone(),
                cron: cron.clone(),
                due: due(cron, from, to),
                observed,
                answered_otherwise: otherwise,
                last,
            }
        })
        .collect()
}

/// Whether a cron line (five fields, UTC) came due long enough before the end; a line that cannot be read is not due.
fn due(line: &str, from: Timestamp, to: Timestamp) -> bool {
    let line = if line.starts_with('@') { line.to_owned() } else { format!("0 {line}") };
    let Ok(schedule) = cron::Schedule::from_str(&line) else { return false };
    let Some(after) = DateTime::<Utc>::from_timestamp(from.as_second(), 0) else { return false };
    let next = schedule.after(&after).next().map(|next| Timestamp::from_second(next.timestamp()));
    let Some(Ok(next)) = next else { return false };
    next.checked_add(UNDER_WAY).is_ok_and(|done| done <= to)
}
