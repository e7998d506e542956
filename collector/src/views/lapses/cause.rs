//! Why there was no evidence, as the log tells it: what plugins said, who was silent, what was not scheduled.

use std::collections::HashMap;
use std::fmt;

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Serialize, Serializer};

use super::chain::first_entry;
use super::expected::Speaker;
use super::{Expected, Received};
use crate::views::read::Gap;
use crate::views::{ViewsError, signed};

/// Why there was no evidence; of several reasons that which held last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LapseCause {
    /// How the run ended that looked: `denied`, `tool_missing`, …
    Outcome(String),
    /// No agent was ever asked to look.
    NeverScheduled,
    /// No agent was asked to look at that time.
    NotScheduled,
    /// Its agent may not speak any more.
    Revoked,
    /// Its agent said nothing at all.
    SilentAgent,
    /// It was scheduled and its agent spoke, without a word of it.
    NothingArrived,
}

/// The cause with what was said about it.
pub(super) struct Why {
    pub(super) cause: LapseCause,
    pub(super) detail: String,
    pub(super) remedy: String,
}

/// What the log says of one target.
pub(super) struct Causes<'a> {
    connection: &'a Connection,
    /// Of each kind: first and last time, and the gap.
    outcomes: HashMap<String, Vec<(i64, i64, Gap)>>,
    /// Of each kind: from and to which entry.
    schedules: HashMap<String, Vec<(i64, Option<i64>)>>,
    /// Agents, and since when each is revoked.
    agents: Vec<Speaker>,
    received: Received,
}

impl LapseCause {
    /// The wire word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Outcome(word) => word,
            Self::NeverScheduled => "never_scheduled",
            Self::NotScheduled => "not_scheduled",
            Self::Revoked => "revoked",
            Self::SilentAgent => "silent_agent",
            Self::NothingArrived => "nothing_arrived",
        }
    }
}

impl fmt::Display for LapseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LapseCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'a> Causes<'a> {
    pub(super) fn of(
        connection: &'a Connection,
        target: &Expected,
        agents: &[Speaker],
    ) -> Result<Self, ViewsError> {
        let mut outcomes: HashMap<String, Vec<(i64, i64, Gap)>> = HashMap::new();
        let mut ask = connection.prepare_cached(
            "SELECT kind, first_seen, last_seen, gaps FROM outcomes
             WHERE target = ?1 AND collected = 0 AND gaps <> '[]' ORDER BY kind, from_index",
        )?;
        let mut rows = ask.query([&target.id])?;
        while let Some(row) = rows.next()? {
            let gaps: String = row.get(3)?;
            let gaps: Vec<Gap> = serde_json::from_str(&gaps).unwrap_or_default();
            if let Some(gap) = gaps.into_iter().next() {
                outcomes.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?, gap));
            }
        }
        let mut schedules: HashMap<String, Vec<(i64, Option<i64>)>> = HashMap::new();
        let mut ask = connection.prepare_cached(
            "SELECT kind, from_index, to_index FROM schedules WHERE agent = ?1 AND target = ?2",
        )?;
        for (agent, _) in agents {
            let mut rows = ask.query((agent, &target.id))?;
            while let Some(row) = rows.next()? {
                schedules.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
            }
        }
        let agents = agents.to_vec();
        Ok(Self { connection, outcomes, schedules, agents, received: Received::new() })
    }

    /// Why nothing was observed after `last`, so that from one time to another there was no valid evidence.
    pub(super) fn why(
        &mut self,
        kind: &str,
        (last, from, to): (i64, i64, i64),
    ) -> Result<Why, ViewsError> {
        let mut outcomes = self.outcomes.get(kind).into_iter().flatten();
        let held = outcomes.rfind(|(first, ended, _)| *first < to && *ended > last);
        if let Some((_, _, gap)) = held {
            let cause = LapseCause::Outcome(gap.outcome.clone());
            return Ok(Why { cause, detail: gap.detail.clone(), remedy: gap.remedy.clone() });
        }
        let cause = self.silence(kind, (from, to))?;
        Ok(Why { cause, detail: String::new(), remedy: String::new() })
    }

    fn silence(&mut self, kind: &str, (from, to): (i64, i64)) -> Result<LapseCause, ViewsError> {
        if self.agents.iter().all(|(_, revoked)| revoked.is_some_and(|at| at < to)) {
            return Ok(LapseCause::Revoked);
        }
        let Some(schedules) = self.schedules.get(kind).cloned() else {
            return Ok(LapseCause::NeverScheduled);
        };
        let mut scheduled = false;
        for (begun, ended) in schedules {
            let begun = self.received(begun)?;
            let ended = ended.map(|index| self.received(index)).transpose()?;
            scheduled |= begun < to && ended.is_none_or(|ended| ended > from);
        }
        if !scheduled {
            return Ok(LapseCause::NotScheduled);
        }
        let range = (first_entry(self.connection, from)?, first_entry(self.connection, to)?);
        let mut ask = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entries WHERE agent = ?1 AND idx >= ?2 AND idx < ?3 AND seq IS NOT NULL
             AND problem IS NULL)",
        )?;
        for (agent, _) in &self.agents {
            if ask.query_row((agent, signed(range.0), signed(range.1)), |row| row.get(0))? {
                return Ok(LapseCause::NothingArrived);
            }
        }
        Ok(LapseCause::SilentAgent)
    }

    fn received(&mut self, index: i64) -> Result<i64, ViewsError> {
        if let Some(known) = self.received.get(&index) {
            return Ok(*known);
        }
        let mut ask = self.connection.prepare_cached("SELECT rx FROM entries WHERE idx = ?1")?;
        let at: i64 = ask.query_row([index], |row| row.get(0)).optional()?.unwrap_or(0);
        self.received.insert(index, at);
        Ok(at)
    }
}
