//! Findings that turned between two entries of the log. Reads the tables as they are now: what lies between does not change.

use std::collections::BTreeMap;

use exhibit_assessment::ControlId;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::Turn;
use crate::views::hours::{self, TURNS};
use crate::views::read::time;
use crate::views::{Asked, Assessor, Moment, Part, Views, ViewsError, signed, unsigned};

/// Of a control so many of the newest are told.
const NEWEST: usize = 8;
const TURN: &str = "SELECT f.from_index, f.first_seen, f.rule, f.target, t.name, f.kind, f.was, f.verdict, f.message
    FROM findings f LEFT JOIN targets t ON t.id = f.target WHERE f.rule = ?1 AND f.target = ?2 AND f.from_index = ?3";

/// How many findings turned of each rule.
pub(super) type TurnedRules = BTreeMap<String, u64>;

/// Of what turned, that whose rule decides about a control.
pub(super) fn deciding<'a>(
    turned: &'a TurnedRules,
    control: ControlId,
    assessor: &Assessor,
) -> impl Iterator<Item = (&'a str, u64)> {
    turned.iter().map(|(rule, count)| (rule.as_str(), *count)).filter(move |(rule, _)| {
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
        let all = self.turned_by_rule((from, to))?.values().sum();
        self.turns_asked(&between(from, to), (asked, all), |row| turn(row, &assessor))
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

    /// How many turned between two moments, of each rule: numbers that are kept at full hours, and what turned since those.
    pub(super) fn turned_by_rule(
        &self,
        (one, other): (&Moment, &Moment),
    ) -> Result<TurnedRules, ViewsError> {
        self.at_once(|connection| {
            let counted = |moment: &Moment| hours::turned(connection, moment.entries, moment.at);
            let (from, to) = if one.entries <= other.entries { (one, other) } else { (other, one) };
            let (before, mut turned) = (counted(from)?, counted(to)?);
            for (rule, count) in before {
                if let Some(of) = turned.get_mut(&rule) {
                    *of = of.saturating_sub(count);
                }
            }
            turned.retain(|_, count| *count > 0);
            Ok(turned)
        })
    }

    /// The newest turns, before the second and not before the first entry, of the rules that decide about a control, in the order of
    /// their entries.
    pub(super) fn newest_turns(
        &self,
        turned: &TurnedRules,
        (control, range): (ControlId, (u64, u64)),
        assessor: &Assessor,
    ) -> Result<Vec<Turn>, ViewsError> {
        self.read(|connection| {
            let mut all = Vec::new();
            for (rule, _) in deciding(turned, control, assessor) {
                newest(connection, rule, range, &mut all)?;
            }
            all.sort_unstable();
            let newest = all.split_off(all.len().saturating_sub(NEWEST));
            let mut ask = connection.prepare_cached(TURN)?;
            let turns = newest.into_iter().map(|(index, rule, target)| {
                Ok(ask.query_row((rule, target, index), |row| turn(row, assessor))?)
            });
            turns.collect()
        })
    }
}

/// Adds the newest of a rule: entry, rule, target.
fn newest(
    connection: &Connection,
    rule: &str,
    (from, to): (u64, u64),
    all: &mut Vec<(i64, String, String)>,
) -> Result<(), ViewsError> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT from_index, target FROM main.findings INDEXED BY findings_turned
         WHERE rule = ?1 AND from_index >= ?2 AND from_index < ?3 AND {TURNS} ORDER BY from_index DESC, target DESC LIMIT {NEWEST}"
    ))?;
    let mut rows = ask.query((rule, signed(from), signed(to)))?;
    while let Some(row) = rows.next()? {
        all.push((row.get(0)?, rule.to_owned(), row.get(1)?));
    }
    Ok(())
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
