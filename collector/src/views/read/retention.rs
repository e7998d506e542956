//! What retention asks for: documents that are held, holds, and what went.

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row};

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// A document that is held, over all that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub digest: Digest,
    pub kind: String,
    pub target: String,
    pub size: u64,
    /// When it was observed first.
    pub first: Timestamp,
    /// When the last statement that names it was received, and its index.
    pub last: Timestamp,
    pub last_index: u64,
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Index of its entry.
    pub id: u64,
    pub target: Option<String>,
    pub kind: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub by: String,
    pub reason: String,
    pub made: Timestamp,
    /// Entry, time, person, reason.
    pub lifted: Option<(u64, Timestamp, String, String)>,
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TombstoneRow {
    pub index: u64,
    pub rule: String,
    pub approver: String,
    pub reason: String,
    pub at: Timestamp,
    pub documents: u64,
}

/// What is held of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindHeld {
    pub kind: String,
    pub documents: u64,
    pub bytes: u64,
    /// When the one that was not named for the longest time was named last.
    pub oldest: Timestamp,
}

const CANDIDATE: &str = "SELECT d.digest, d.kind, d.target, max(d.size), min(d.first_seen), max(e.rx), max(d.last_index)
    FROM documents d JOIN entries e ON e.idx = d.last_index WHERE d.held = 1";

impl Views {
    /// Calls `each` with every document that is held, by digest, and all places that name it. Keeps none of them.
    pub fn each_held(
        &self,
        mut each: impl FnMut(Digest, Vec<Candidate>),
    ) -> Result<(), ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{CANDIDATE} GROUP BY d.digest, d.kind, d.target ORDER BY d.digest, d.kind, d.target"
            ))?;
            let mut places: Vec<Candidate> = Vec::new();
            for row in ask.query_map([], candidate)? {
                let place = row??;
                if let Some(before) = places.first().map(|place| place.digest)
                    && before != place.digest
                {
                    each(before, std::mem::take(&mut places));
                }
                places.push(place);
            }
            if let Some(last) = places.first().map(|place| place.digest) {
                each(last, places);
            }
            Ok(())
        })
    }

    /// Every place that names a document that is held.
    pub fn candidate(&self, digest: &Digest) -> Result<Vec<Candidate>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{CANDIDATE} AND d.digest = ?1 GROUP BY d.digest, d.kind, d.target"
            ))?;
            let rows = ask.query_map([digest.to_string()], candidate)?;
            rows.map(|row| row?).collect()
        })
    }

    /// What is held, kind by kind.
    pub fn held_by_kind(&self) -> Result<Vec<KindHeld>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT kind, count(*), sum(size), min(last) FROM (
                     SELECT d.kind, max(d.size) AS size, max(e.rx) AS last
                     FROM documents d JOIN entries e ON e.idx = d.last_index WHERE d.held = 1 GROUP BY d.kind, d.digest)
                 GROUP BY kind ORDER BY kind",
            )?;
            let rows = ask.query_map([], |row| {
                let (documents, bytes) = (unsigned(row.get(1)?), unsigned(row.get(2)?));
                Ok(KindHeld { kind: row.get(0)?, documents, bytes, oldest: time(row.get(3)?) })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All holds, newest first, the lifted ones among them.
    pub fn holds(&self) -> Result<Vec<HoldRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT idx, target, kind, from_time, to_time, by_whom, reason, made, lifted_index, lifted, lifted_by,
                 lifted_reason FROM holds ORDER BY idx DESC",
            )?;
            Ok(ask.query_map([], hold)?.collect::<Result<_, _>>()?)
        })
    }

    /// The newest deletions.
    pub fn tombstones(&self, limit: u32) -> Result<Vec<TombstoneRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT idx, rule, approver, reason, at, documents FROM tombstones ORDER BY idx DESC LIMIT ?1",
            )?;
            Ok(ask.query_map([limit], tombstone)?.collect::<Result<_, _>>()?)
        })
    }

    /// The deletion that took the document that statement `index` names.
    pub fn tombstone_of(
        &self,
        digest: &Digest,
        index: u64,
    ) -> Result<Option<TombstoneRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT t.idx, rule, approver, reason, at, documents FROM tombstones t JOIN deleted d ON d.idx = t.idx
                 WHERE d.digest = ?1 AND t.idx > ?2 ORDER BY t.idx LIMIT 1",
            )?;
            let index = super::super::signed(index);
            Ok(ask.query_row((digest.to_string(), index), tombstone).optional()?)
        })
    }
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Result<Candidate, ViewsError>> {
    let text: String = row.get(0)?;
    let (kind, target) = (row.get(1)?, row.get(2)?);
    let (size, first, last) = (unsigned(row.get(3)?), time(row.get(4)?), time(row.get(5)?));
    let last_index = unsigned(row.get(6)?);
    Ok(text
        .parse()
        .map(|digest| Candidate { digest, kind, target, size, first, last, last_index })
        .map_err(|_not_hex| ViewsError::Row { expected: "a digest", found: text }))
}

fn hold(row: &Row<'_>) -> rusqlite::Result<HoldRow> {
    let some = |at: usize| -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = row.get(at)?;
        Ok(millis.map(|millis| Timestamp::from_millisecond(millis).unwrap_or_default()))
    };
    let lifted = match row.get::<_, Option<i64>>(8)? {
        Some(index) => Some((unsigned(index), time(row.get(9)?), row.get(10)?, row.get(11)?)),
        None => None,
    };
    Ok(HoldRow {
        id: unsigned(row.get(0)?),
        target: row.get(1)?,
        kind: row.get(2)?,
        from: some(3)?,
        to: some(4)?,
        by: row.get(5)?,
        reason: row.get(6)?,
        made: time(row.get(7)?),
        lifted,
    })
}

fn tombstone(row: &Row<'_>) -> rusqlite::Result<TombstoneRow> {
    Ok(TombstoneRow {
        index: unsigned(row.get(0)?),
        rule: row.get(1)?,
        approver: row.get(2)?,
        reason: row.get(3)?,
        at: time(row.get(4)?),
        documents: unsigned(row.get(5)?),
    })
}
