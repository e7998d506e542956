//! What populations are made from: targets and documents as of an earlier entry.

use exhibit_assessment::KnownTarget;
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use crate::views::{Views, ViewsError, labels, signed, unsigned};

use super::time;

/// The newest document of one kind on a target, as of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDocument {
    pub target: String,
    pub digest: String,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub index: u64,
    pub at: Timestamp,
    pub by: String,
    pub what: String,
}

impl Views {
    /// Targets that counted once the log had `entries` entries, by id, with their labels of then.
    pub fn targets_at(&self, entries: u64) -> Result<Vec<KnownTarget>, ViewsError> {
        let people = self.people_at(entries)?;
        let known = self.read(|connection| labels::told_at(connection, entries))?;
        Ok(people.targets(known))
    }

    /// The newest document of `kind` on each target once the log had `entries` entries, by target.
    pub fn documents_at(
        &self,
        kind: &str,
        entries: u64,
    ) -> Result<Vec<PlacedDocument>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT target, digest FROM document_rows WHERE kind = ?1 AND from_index < ?2
                 AND (to_index IS NULL OR to_index >= ?2) ORDER BY target",
            )?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(PlacedDocument { target: row.get(0)?, digest: row.get(1)? })
            };
            Ok(ask.query_map((kind, signed(entries)), row)?.collect::<Result<_, _>>()?)
        })
    }

    /// The entry that brought a document of a kind on a target.
    pub fn brought_by(
        &self,
        kind: &str,
        target: &str,
        digest: &Digest,
    ) -> Result<Option<u64>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT min(from_index) FROM document_rows WHERE digest = ?1 AND kind = ?2 AND target = ?3",
            )?;
            let row: Option<i64> =
                ask.query_row((digest.to_string(), kind, target), |row| row.get(0))?;
            Ok(row.map(unsigned))
        })
    }

    /// When the document was seen last that an entry brought of a kind on a target.
    pub fn last_seen(
        &self,
        index: u64,
        kind: &str,
        target: &str,
    ) -> Result<Option<Timestamp>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT last_seen FROM documents WHERE from_index = ?1 AND kind = ?2 AND target = ?3",
            )?;
            let row = ask.query_row((signed(index), kind, target), |row| row.get(0)).optional()?;
            Ok(row.map(time))
        })
    }

    /// What these people did at the pages, newest first.
    pub fn done_by(&self, names: &[String], limit: usize) -> Result<Vec<Done>, ViewsError> {
        let mut all = Vec::new();
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT idx, rx, by_whom, summary FROM entries WHERE type = 'activity' AND by_whom = ?1
                 ORDER BY idx DESC LIMIT ?2",
            )?;
            for name in names {
                let rows = ask.query_map((name, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
                    let (index, at) = (unsigned(row.get(0)?), time(row.get(1)?));
                    Ok(Done { index, at, by: row.get(2)?, what: row.get(3)? })
                })?;
                all.extend(rows.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(())
        })?;
        all.sort_by_key(|done| std::cmp::Reverse(done.index));
        all.truncate(limit);
        Ok(all)
    }
}
