//! Findings that turned between two entries of the log. Reads the tables as they are now: what lies between does not change.

use std::collections::{HashMap, VecDeque};

use exhibit_assessment::ControlId;
use rusqlite::Row;
use rusqlite::types::Value;

use super::Turn;
use crate::views::read::time;
use crate::views::{Asked, Assessor, Moment, Part, Views, ViewsError, signed, unsigned};

/// Of a rule, or of a control, so many of the newest are told.
const NEWEST: usize = 8;
/// A first verdict is news only when it is no pass. The index of what came with an entry tells all of this.
const TURNED: &str =
    "SELECT from_index, rule, target FROM findings WHERE from_index >= ?1 AND from_index < ?2
    AND was IS NOT verdict AND (was IS NOT NULL OR verdict IN ('fail', 'error')) ORDER BY from_index";
const TURN: &str = "SELECT f.from_index, f.first_seen, f.rule, f.target, t.name, f.kind, f.was, f.verdict, f.message
    FROM findings f LEFT JOIN targets t ON t.id = f.target WHERE f.rule = ?1 AND f.target = ?2 AND f.from_index = ?3";

/// What turned of each rule.
pub(super) type TurnedRules = HashMap<String, TurnedRule>;

/// Findings of one rule that turned.
#[derive(Default)]
pub(super) struct TurnedRule {
    pub(super) count: u64,
    /// Entry and target of the newest.
    newest: VecDeque<(u64, String)>,
}

/// Of what turned, that whose rule decides about a control.
pub(super) fn deciding<'a>(
    turned: &'a TurnedRules,
    control: ControlId,
    assessor: &Assessor,
) -> impl Iterator<Item = (&'a str, &'a TurnedRule)> {
    turned.iter().map(|(rule, of)| (rule.as_str(), of)).filter(move |(rule, _)| {
        let known = assessor.rule(rule);
        let controls = known.map_or([].as_slice(), |known| known.controls.as_ref());
        controls.iter().any(|(of, strength)| *of == control && strength.decides())
    })
}

impl Views {
    /// Findings that turned between two moments, in the order of their entries. Fields: `rule`, `target`, `was` (empty where
    /// it is the first), `is`, `at`.
    pub fn turned(
        &self,
        (from, to): (&Moment, &Moment),
        asked: &Asked,
    ) -> Result<Part<Turn>, ViewsError> {
        let assessor = self.in_force(from.entries.max(to.entries))?;
        self.turns_asked(&between(from, to), asked, |row| turn(row, &assessor))
    }

    /// All of them that are asked for.
    pub fn each_turned<E: From<ViewsError>>(
        &self,
        (from, to): (&Moment, &Moment),
        asked: &Asked,
        each: impl FnMut(Turn) -> Result<(), E>,
    ) -> Result<(), E> {
        let assessor = self.in_force(from.entries.max(to.entries))?;
        let read = |row: &Row<'_>| turn(row, &assessor);
        self.each_turn_asked(&between(from, to), asked, read, each)
    }

    /// The rules that were in force before an entry.
    fn in_force(&self, entries: u64) -> Result<Assessor, ViewsError> {
        let now = self.assessor();
        self.read(|connection| self.judging_at(connection, entries, Some(now)))
    }

    pub(super) fn turned_by_rule(&self, (from, to): (u64, u64)) -> Result<TurnedRules, ViewsError> {
        self.read(|connection| {
            let mut turned = TurnedRules::new();
            let mut ask = connection.prepare_cached(TURNED)?;
            let mut rows = ask.query((signed(from), signed(to)))?;
            while let Some(row) = rows.next()? {
                let rule = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                if !turned.contains_key(rule) {
                    turned.insert(rule.to_owned(), TurnedRule::default());
                }
                if let Some(of) = turned.get_mut(rule) {
                    of.count += 1;
                    if of.newest.len() == NEWEST {
                        of.newest.pop_front();
                    }
                    of.newest.push_back((unsigned(row.get(0)?), row.get(2)?));
                }
            }
            Ok(turned)
        })
    }

    /// The newest turns of the rules that decide about a control, in the order of their entries.
    pub(super) fn newest_turns(
        &self,
        turned: &TurnedRules,
        control: ControlId,
        assessor: &Assessor,
    ) -> Result<Vec<Turn>, ViewsError> {
        let all = deciding(turned, control, assessor).flat_map(|(rule, of)| {
            of.newest.iter().map(move |(index, target)| (*index, rule, target.as_str()))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        let newest = all.split_off(all.len().saturating_sub(NEWEST));
        self.read(|connection| {
            let mut ask = connection.prepare_cached(TURN)?;
            let turns = newest.into_iter().map(|(index, rule, target)| {
                Ok(ask.query_row((rule, target, signed(index)), |row| turn(row, assessor))?)
            });
            turns.collect()
        })
    }
}

/// From which entry on and before which one, the earlier moment first.
fn between(one: &Moment, other: &Moment) -> Value {
    let (from, to) = (one.entries.min(other.entries), one.entries.max(other.entries));
    Value::Text(format!("[{from},{to}]"))
}

fn turn(row: &Row<'_>, assessor: &Assessor) -> rusqlite::Result<Turn> {
    let (rule, target): (String, String) = (row.get(2)?, row.get(3)?);
    let known = assessor.rule(&rule);
    Ok(Turn {
        index: unsigned(row.get(0)?),
        at: time(row.get(1)?),
        title: known.map_or_else(|| rule.clone(), |known| known.title.clone()),
        controls: known
            .map(|known| known.controls.iter().map(|(c, s)| (*c, *s)).collect())
            .unwrap_or_default(),
        rule,
        name: row.get::<_, Option<String>>(4)?.unwrap_or_else(|| target.clone()),
        target,
        kind: row.get(5)?,
        was: row.get(6)?,
        is: row.get(7)?,
        message: row.get(8)?,
    })
}
