//! Targets, and the intervals of documents and outcomes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Row, params_from_iter};
use serde::Deserialize;

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// One target with what is known of it now.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    pub id: String,
    /// Name for people.
    pub name: String,
    pub agent: String,
    pub first_seen: Timestamp,
    /// Newest observation of any kind.
    pub last_seen: Option<Timestamp>,
    /// Kinds with a document.
    pub kinds: u64,
    /// Kinds that were not, or not wholly, observed last time.
    pub gaps: u64,
    pub failing: u64,
    pub passing: u64,
}

/// The time during which a document did not change.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRow {
    pub target: String,
    pub kind: String,
    pub from_index: u64,
    /// Entry that brought the next document; `None` while this one is the newest.
    pub to_index: Option<u64>,
    pub digest: String,
    pub size: u64,
    /// False when only the digest is here.
    pub held: bool,
    pub agent: String,
    pub first_seen: Timestamp,
    pub last_index: u64,
    pub last_seen: Timestamp,
    /// Runs that observed it; not known as of an earlier moment, of what was observed again since.
    pub seen: Option<u64>,
}

/// How runs ended for one kind on one target, as long as they ended alike.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRow {
    pub target: String,
    pub kind: String,
    pub from_index: u64,
    pub to_index: Option<u64>,
    /// A document came.
    pub collected: bool,
    pub gaps: Vec<Gap>,
    pub agent: String,
    pub first_seen: Timestamp,
    pub last_index: u64,
    pub last_seen: Timestamp,
}

/// What could not be seen, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Gap {
    pub outcome: String,
    pub detail: String,
    pub remedy: String,
}

const TARGET: &str =
    "SELECT t.id, t.name, t.agent, t.first_seen, c.seen, c.documents, c.gaps, c.failing, c.passing
    FROM targets t LEFT JOIN target_counts c ON c.target = t.id";
pub(super) const DOCUMENT: &str = "SELECT target, kind, from_index, to_index, digest, size, held, agent, first_seen, last_index, \
     last_seen, seen FROM documents";
pub(super) const OUTCOME: &str = "SELECT target, kind, from_index, to_index, collected, gaps, agent, first_seen, last_index, \
     last_seen FROM outcomes";

impl Views {
    /// All targets by name.
    pub fn targets(&self) -> Result<Vec<TargetRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{TARGET} ORDER BY t.name, t.id"))?;
            Ok(ask.query_map([], target)?.collect::<Result<_, _>>()?)
        })
    }

    /// Ids of all targets, with their names for people.
    pub fn target_ids(&self) -> Result<Vec<(String, String)>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT id, name FROM targets ORDER BY id")?;
            let rows = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Names for people of these targets, by id.
    pub fn names_of<'a>(
        &self,
        targets: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, ViewsError> {
        let targets: BTreeSet<&str> = targets.collect();
        let listed = serde_json::to_string(&targets).unwrap_or_default();
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT t.id, t.name FROM json_each(?1) j CROSS JOIN targets t ON t.id = j.value",
            )?;
            let rows = ask.query_map([listed], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub fn target(&self, id: &str) -> Result<Option<TargetRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{TARGET} WHERE t.id = ?1"))?;
            Ok(ask.query_map([id], target)?.next().transpose()?)
        })
    }

    /// The newest document of each kind; of one target, or of all.
    pub fn documents(&self, target: Option<&str>) -> Result<Vec<DocumentRow>, ViewsError> {
        self.read(|connection| {
            let sql =
                format!("{DOCUMENT} WHERE to_index IS NULL{} ORDER BY target, kind", of(target));
            let mut ask = connection.prepare_cached(&sql)?;
            Ok(ask.query_map(params_from_iter(target), document)?.collect::<Result<_, _>>()?)
        })
    }

    /// Hands over the newest document of each kind on each target, one after the other; ends early where `each` fails.
    pub fn each_document<E: From<ViewsError>>(
        &self,
        mut each: impl FnMut(DocumentRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("{DOCUMENT} WHERE to_index IS NULL ORDER BY target, kind");
        self.each(&sql, |row| Ok(document(row)?), &mut each)
    }

    /// Every document of one kind on one target, newest first.
    pub fn document_history(
        &self,
        target: &str,
        kind: &str,
    ) -> Result<Vec<DocumentRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{DOCUMENT} WHERE target = ?1 AND kind = ?2 ORDER BY from_index DESC"
            ))?;
            Ok(ask.query_map([target, kind], document)?.collect::<Result<_, _>>()?)
        })
    }

    /// What an agent could not, or not wholly, see last time, by target and kind.
    pub fn gaps_of_agent(&self, agent: &str) -> Result<Vec<OutcomeRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{OUTCOME} WHERE to_index IS NULL AND gaps <> '[]' AND agent = ?1 ORDER BY target, kind"
            ))?;
            Ok(ask.query_map([agent], outcome)?.collect::<Result<_, _>>()?)
        })
    }

    /// How the last run of each kind ended; on one target, or on all.
    pub fn outcomes(&self, target: Option<&str>) -> Result<Vec<OutcomeRow>, ViewsError> {
        self.read(|connection| {
            let sql =
                format!("{OUTCOME} WHERE to_index IS NULL{} ORDER BY target, kind", of(target));
            let mut ask = connection.prepare_cached(&sql)?;
            Ok(ask.query_map(params_from_iter(target), outcome)?.collect::<Result<_, _>>()?)
        })
    }
}

/// Of one target, or of all. Not as one question: where a target may be missing from it, SQLite reads those of all.
fn of(target: Option<&str>) -> &'static str {
    if target.is_some() { " AND target = ?1" } else { "" }
}

pub(super) fn target(row: &Row<'_>) -> rusqlite::Result<TargetRow> {
    Ok(TargetRow {
        id: row.get(0)?,
        name: row.get(1)?,
        agent: row.get(2)?,
        first_seen: time(row.get(3)?),
        last_seen: row.get::<_, Option<i64>>(4)?.map(time),
        kinds: unsigned(row.get(5)?),
        gaps: unsigned(row.get(6)?),
        failing: unsigned(row.get(7)?),
        passing: unsigned(row.get(8)?),
    })
}

pub(super) fn document(row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    document_at(row, 0)
}

/// A document whose columns begin there.
pub(super) fn document_at(row: &Row<'_>, first: usize) -> rusqlite::Result<DocumentRow> {
    Ok(DocumentRow {
        target: row.get(first)?,
        kind: row.get(first + 1)?,
        from_index: unsigned(row.get(first + 2)?),
        to_index: row.get::<_, Option<i64>>(first + 3)?.map(unsigned),
        digest: row.get(first + 4)?,
        size: unsigned(row.get(first + 5)?),
        held: row.get(first + 6)?,
        agent: row.get(first + 7)?,
        first_seen: time(row.get(first + 8)?),
        last_index: unsigned(row.get(first + 9)?),
        last_seen: time(row.get(first + 10)?),
        seen: row.get::<_, Option<i64>>(first + 11)?.map(unsigned),
    })
}

pub(super) fn outcome(row: &Row<'_>) -> rusqlite::Result<OutcomeRow> {
    let gaps: String = row.get(5)?;
    Ok(OutcomeRow {
        target: row.get(0)?,
        kind: row.get(1)?,
        from_index: unsigned(row.get(2)?),
        to_index: row.get::<_, Option<i64>>(3)?.map(unsigned),
        collected: row.get(4)?,
        gaps: serde_json::from_str(&gaps).unwrap_or_default(),
        agent: row.get(6)?,
        first_seen: time(row.get(7)?),
        last_index: unsigned(row.get(8)?),
        last_seen: time(row.get(9)?),
    })
}
