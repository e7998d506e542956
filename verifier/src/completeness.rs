//! Who spoke when, by what the log holds against what agents signed that they would do. Pure: facts in, answer out. It never
//! says why an agent was silent, and never judges what it cannot know from the bundle.

mod lines;
mod silence;
mod told;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use exhibit_proto::bundle::Selection;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::{Vetoes, decimal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report::Gap;

pub(crate) use self::lines::lines;
pub use self::told::{Arrival, Arrivals, Told};

/// Silences, gaps and days of one agent that a report names; the rest is counted.
const NAMED: usize = 100;

/// The time that is judged: entries logged from `from` (or the first) to `to`, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Timestamp>,
    pub to: Timestamp,
}

/// Who spoke when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Absent: from the first entry on.
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    /// What cannot be concluded, because the bundle holds a selection.
    pub limits: Vec<String>,
    /// Worst first, then by name.
    pub agents: Vec<Agent>,
}

/// The worst that can be said of an agent in the period; a later one outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Every number is there, no silence was longer than promised, every scheduled kind was answered for.
    Covered,
    /// No heartbeat in the bundle says what was promised, so silence cannot be told from rest.
    NotJudged,
    /// Something scheduled was not answered for at all.
    KindMissing,
    /// It was silent for longer than it had promised, and came back.
    Silence,
    /// Statements are missing from the log.
    Missing,
    /// It fell silent and had not come back at the end of the period, or never spoke.
    SilentSince,
}

/// One enrolled agent in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub agent: String,
    pub host_name: String,
    pub coverage: Coverage,
    /// From its enrolment or the period's beginning to the period's end or its revocation.
    pub from: Timestamp,
    pub to: Timestamp,
    pub statements: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Longest time between two statements that its newest heartbeat promises.
    pub promised_seconds: Option<u64>,
    /// The longest time between two statements that was seen.
    pub longest_silence_seconds: u64,
    /// Statements missing from the log before the last one that it holds.
    pub missing_statements: u64,
    pub missing: Vec<Missing>,
    /// Silences longer than promised, after which it spoke again.
    pub silences: u64,
    pub silent: Vec<Silence>,
    /// Silent from here to the end, for longer than promised.
    pub silent_since: Option<Timestamp>,
    pub scheduled: Vec<Scheduled>,
    /// Days that the agent closed, each with how many of its statements the log holds.
    pub days: Vec<Day>,
    /// What the operator of its host forbade, by its own statements, as it changed; the last one held at the period's end.
    /// Empty if nothing was forbidden.
    #[serde(default)]
    pub vetoes: Vec<Vetoed>,
}

/// What the operator of a host kept back from a time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vetoed {
    /// When the first statement that says so was logged.
    pub since: Timestamp,
    #[serde(flatten)]
    pub vetoes: Vetoes,
}

/// Numbers of one chain that the log does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub key: KeyId,
    #[serde(with = "decimal")]
    pub epoch: u64,
    #[serde(flatten)]
    pub gap: Gap,
    /// When the statement after them was logged.
    pub noticed: Timestamp,
}

/// A time without a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub from: Timestamp,
    pub to: Timestamp,
    /// What had been promised by then.
    pub promised_seconds: u64,
    /// Statements of the bundle that claim to have been sealed in between: it worked, and could not send.
    pub sealed_meanwhile: u64,
}

/// A kind that a heartbeat says will be observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    pub kind: Kind,
    pub target: Target,
    pub cron: String,
    /// Whether it came due within the period.
    pub due: bool,
    /// Statements that brought a document, and that said why there is none.
    pub observed: u64,
    pub answered_otherwise: u64,
    pub last: Option<Timestamp>,
}

/// A day as the agent closed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub day: String,
    #[serde(with = "decimal")]
    pub epoch: u64,
    #[serde(flatten)]
    pub sealed: Gap,
    /// How many of them the log holds.
    pub held: u64,
}

impl Scheduled {
    /// Due, and not answered for at all.
    pub fn missing(&self) -> bool {
        self.due && self.observed == 0 && self.answered_otherwise == 0
    }
}

impl Completeness {
    /// Agents of which something is missing.
    pub fn lacking(&self) -> usize {
        self.agents.iter().filter(|agent| agent.coverage > Coverage::NotJudged).count()
    }

    /// How many agents are of each sort, worst first.
    pub fn counts(&self) -> Vec<(Coverage, usize)> {
        let mut counts = BTreeMap::new();
        for agent in &self.agents {
            *counts.entry(agent.coverage).or_insert(0) += 1;
        }
        counts.into_iter().rev().collect()
    }
}

/// Judges every agent that was enrolled before the window's end.
pub fn judge(
    window: Window,
    selection: &Selection,
    told: &Told,
    arrivals: &[Arrivals],
) -> Completeness {
    let asked = |targets: &[Target]| {
        selection.targets.is_empty() || targets.iter().any(|t| selection.targets.contains(t))
    };
    let enrolled = told.agents.iter().filter(|(_, agent)| {
        agent.enrolled <= window.to
            && agent.revoked.is_none_or(|revoked| window.from.is_none_or(|from| from <= revoked))
            && asked(&agent.targets)
    });
    let mut agents: Vec<Agent> = enrolled
        .map(|(name, facts)| {
            let own = arrivals.iter().filter(|own| facts.keys.contains(&own.key));
            silence::agent(name, facts, &own.collect::<Vec<_>>(), window, selection)
        })
        .collect();
    agents.sort_by(|one, two| {
        two.coverage.cmp(&one.coverage).then_with(|| one.agent.cmp(&two.agent))
    });
    let mut limits = Vec::new();
    if !selection.targets.is_empty() {
        limits.push("only agents that may speak for the selected targets are judged".to_owned());
    }
    if !selection.kinds.is_empty() {
        limits.push(
            "only the selected kinds are held against the schedule; numbers and silences are of all statements"
                .to_owned(),
        );
    }
    Completeness { from: window.from, to: window.to, limits, agents }
}
