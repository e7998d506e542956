//! Completeness as a person reads it: one line an agent, worst first.

use jiff::Timestamp;

use super::{Agent, Completeness, Coverage, Scheduled};

/// Agents that are named before the rest is only counted.
const SHOWN: usize = 40;

/// The heading's words, and the lines under it.
pub(crate) fn lines(found: &Completeness) -> (String, Vec<String>) {
    let from = found.from.map_or("the first entry".to_owned(), day_and_time);
    let heading = format!("Completeness, {from} to {}", day_and_time(found.to));
    let mut lines = Vec::new();
    let counts = found.counts();
    let counted = counts.iter().map(|(coverage, count)| format!("{count} {}", words(*coverage)));
    let counted: Vec<String> = counted.collect();
    if counted.is_empty() {
        lines.push("no agent was enrolled that could have spoken".to_owned());
    } else {
        lines.push(format!("agents: {}", counted.join(", ")));
    }
    lines.extend(found.limits.iter().cloned());
    lines.extend(found.agents.iter().take(SHOWN).map(line));
    if found.agents.len() > SHOWN {
        lines.push(format!("… and {} more agents: see --json", found.agents.len() - SHOWN));
    }
    (heading, lines)
}

fn words(coverage: Coverage) -> &'static str {
    match coverage {
        Coverage::Covered => "covered",
        Coverage::NotJudged => "not judged",
        Coverage::KindMissing => "with a kind missing",
        Coverage::Silence => "with silences",
        Coverage::Missing => "with statements missing",
        Coverage::SilentSince => "silent",
    }
}

fn line(agent: &Agent) -> String {
    let mut parts = Vec::new();
    if let Some(since) = agent.silent_since {
        parts.push(format!("silent since {}", day_and_time(since)));
    }
    if let Some(first) = agent.missing.first() {
        let more = agent.missing.len() - 1;
        let numbers = if first.gap.from == first.gap.to {
            format!("number {}", first.gap.from)
        } else {
            format!("numbers {} to {}", first.gap.from, first.gap.to)
        };
        let more = if more > 0 { format!(" and {more} more gaps") } else { String::new() };
        parts.push(format!(
            "{} statements missing: {numbers} before {}{more}",
            agent.missing_statements,
            day_and_time(first.noticed)
        ));
    }
    if let Some(longest) = agent.silent.iter().max_by_key(|s| s.from.duration_until(s.to)) {
        let meanwhile = match longest.sealed_meanwhile {
            0 => String::new(),
            sealed => format!(", {sealed} sealed meanwhile came later"),
        };
        let which = if agent.silences > 1 { "the longest " } else { "" };
        parts.push(format!(
            "{} silent for longer than promised, {which}{} to {}{meanwhile}",
            times(agent.silences),
            day_and_time(longest.from),
            day_and_time(longest.to)
        ));
    }
    let lacking: Vec<&Scheduled> = agent.scheduled.iter().filter(|line| line.missing()).collect();
    if let Some(first) = lacking.first() {
        let more = if lacking.len() > 1 {
            format!(" and {} more", lacking.len() - 1)
        } else {
            String::new()
        };
        parts.push(format!("scheduled and never answered for: {}{more}", first.kind));
    }
    parts.push(spoke(agent));
    let short = agent.days.iter().filter(|day| day.held != day.sealed.len()).count();
    if short > 0 {
        parts.push(format!("{short} closed days lack statements"));
    }
    if let Some(newest) = agent.vetoes.last() {
        let since = day_and_time(newest.since);
        parts.push(match newest.vetoes.is_empty() {
            true => format!("its operator forbids nothing any more since {since}"),
            false => format!("its operator forbids since {since}: {}", newest.vetoes),
        });
        if agent.vetoes.len() > 1 {
            parts.push(format!("{} other vetoes before: see --json", agent.vetoes.len() - 1));
        }
    }
    format!("{} ({}): {}", agent.host_name, agent.agent, parts.join("; "))
}

fn spoke(agent: &Agent) -> String {
    let statements = agent.statements;
    let (Some(first), Some(last)) = (agent.first, agent.last) else {
        return "0 statements".to_owned();
    };
    let promise = match agent.promised_seconds {
        Some(seconds) if agent.coverage == Coverage::Covered => {
            format!(", at least every {} as promised", span(seconds))
        }
        Some(seconds) => format!(", promised every {}", span(seconds)),
        None => ", promise not in the bundle".to_owned(),
    };
    format!("{statements} statements {} to {}{promise}", day_and_time(first), day_and_time(last))
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn span(seconds: u64) -> String {
    if seconds >= 60 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

fn day_and_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}
