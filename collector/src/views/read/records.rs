//! What people decided: revisions of records, and what is in force.

use exhibit_assessment::Framework;
use exhibit_assessment::decisions::{Approval, People, Revision};
use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde_json::Value;

use super::time;
use crate::views::{Views, ViewsError, signed, unsigned};

/// Registers whose values name the day on which they end by themselves.
const ENDING: [&str; 2] = ["waiver", "manual_evidence"];

/// One revision of a record, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRow {
    pub register: String,
    pub id: String,
    /// Its entry.
    pub index: u64,
    /// A withdrawal has no value.
    pub value: Option<Value>,
    /// The revision that it replaced, or ended.
    pub after: Option<u64>,
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
    /// A second person had to approve it.
    pub proposed: bool,
    pub approved: Option<Approval>,
    /// In force from this entry on; `None` of a proposal that nobody approved, and of a withdrawal.
    pub from_index: Option<u64>,
    /// The entry that ended it.
    pub to_index: Option<u64>,
}

impl RecordRow {
    pub fn in_force(&self) -> bool {
        self.from_index.is_some() && self.to_index.is_none()
    }

    /// Nobody ended it, and its own end is over: it has no effect any more.
    pub fn expired(&self, now: Timestamp) -> bool {
        let until =
            self.value.as_ref().and_then(|value| value.get("until")?.as_str()?.parse().ok());
        let ends = ENDING.contains(&self.register.as_str());
        self.in_force() && ends && until.is_some_and(|until: Timestamp| until <= now)
    }

    /// Waits for a second person.
    pub fn waits(&self) -> bool {
        self.value.is_some() && self.from_index.is_none() && self.to_index.is_none()
    }

    /// As the pure fold has it; a withdrawal is none.
    pub fn revision(self) -> Option<Revision> {
        let Self { register, id, index, value, by, reason, at, approved, .. } = self;
        Some(Revision { register, id, index, at, value: value?, by, reason, approved })
    }
}

const RECORD: &str = "SELECT register, id, idx, value, after_index, by_whom, reason, at, proposed, approved_index, approved,
    approved_by, approved_reason, from_index, to_index FROM records";

impl Views {
    /// What stands now, in force or proposed, of one register or of all, by register and id.
    pub fn records(&self, register: Option<&str>) -> Result<Vec<RecordRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{RECORD} WHERE to_index IS NULL AND (?1 IS NULL OR register = ?1) ORDER BY register, id, idx"
            ))?;
            Ok(ask.query_map([register], record)?.collect::<Result<_, _>>()?)
        })
    }

    /// What waits for a second person, oldest first.
    pub fn waiting(&self) -> Result<Vec<RecordRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{RECORD} WHERE to_index IS NULL AND from_index IS NULL AND value IS NOT NULL ORDER BY idx"
            ))?;
            Ok(ask.query_map([], record)?.collect::<Result<_, _>>()?)
        })
    }

    /// Every revision of one record, newest first.
    pub fn record_history(&self, register: &str, id: &str) -> Result<Vec<RecordRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{RECORD} WHERE register = ?1 AND id = ?2 ORDER BY idx DESC"
            ))?;
            Ok(ask.query_map([register, id], record)?.collect::<Result<_, _>>()?)
        })
    }

    /// Every revision that ever was, newest first; of one register, or of all.
    pub fn all_records(
        &self,
        register: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RecordRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{RECORD} WHERE ?1 IS NULL OR register = ?1 ORDER BY idx DESC LIMIT ?2"
            ))?;
            Ok(ask.query_map((register, limit), record)?.collect::<Result<_, _>>()?)
        })
    }

    /// Ids of all records of a register that ever were.
    pub fn record_ids(&self, register: &str) -> Result<Vec<String>, ViewsError> {
        self.read(|connection| {
            let sql = "SELECT DISTINCT id FROM records WHERE register = ?1 ORDER BY id";
            let mut ask = connection.prepare_cached(sql)?;
            Ok(ask.query_map([register], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// What people decided as it was in force once the log had `size` entries, typed.
    pub fn people_at(&self, size: u64) -> Result<People, ViewsError> {
        self.read(|connection| people_at(connection, self.assessor().framework(), size))
    }

    /// What is in force now.
    pub fn people(&self) -> Result<People, ViewsError> {
        self.people_at(u64::MAX)
    }
}

pub(in crate::views) fn people_at(
    connection: &Connection,
    framework: &Framework,
    size: u64,
) -> Result<People, ViewsError> {
    let mut ask = connection.prepare_cached(&format!(
        "{RECORD} WHERE from_index < ?1 AND (to_index IS NULL OR to_index >= ?1) ORDER BY register, id"
    ))?;
    let rows = ask.query_map([signed(size)], record)?.collect::<Result<Vec<_>, _>>()?;
    let revisions: Vec<Revision> = rows.into_iter().filter_map(RecordRow::revision).collect();
    Ok(People::read(framework, &revisions))
}

/// What is in force at these places, register and id, typed.
pub(in crate::views) fn people_of(
    connection: &Connection,
    framework: &Framework,
    places: &[(&str, &str)],
) -> Result<People, ViewsError> {
    let mut ask = connection.prepare_cached(&format!(
        "{RECORD} WHERE register = ?1 AND id = ?2 AND from_index IS NOT NULL AND to_index IS NULL"
    ))?;
    let mut revisions: Vec<Revision> = Vec::new();
    for place in places {
        let rows = ask.query_map(*place, record)?.collect::<Result<Vec<_>, _>>()?;
        revisions.extend(rows.into_iter().filter_map(RecordRow::revision));
    }
    Ok(People::read(framework, &revisions))
}

fn record(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    let index = |at: usize| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(at)?.map(unsigned))
    };
    let approved = match index(9)? {
        Some(index) => {
            let (at, by, reason) = (time(row.get(10)?), row.get(11)?, row.get(12)?);
            Some(Approval { index, at, by, reason })
        }
        None => None,
    };
    let value: Option<String> = row.get(3)?;
    Ok(RecordRow {
        register: row.get(0)?,
        id: row.get(1)?,
        index: unsigned(row.get(2)?),
        value: value.map(|text| serde_json::from_str(&text).unwrap_or_default()),
        after: index(4)?,
        by: row.get(5)?,
        reason: row.get(6)?,
        at: time(row.get(7)?),
        proposed: row.get(8)?,
        approved,
        from_index: index(13)?,
        to_index: index(14)?,
    })
}
