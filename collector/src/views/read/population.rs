//! What populations are made from: targets and documents as of an earlier entry.

use exhibit_assessment::KnownTarget;

use crate::views::status::of_itself;
use crate::views::{Views, ViewsError, signed};

/// The newest document of one kind on a target, as of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDocument {
    pub target: String,
    pub digest: String,
}

impl Views {
    /// Targets that counted once the log had `entries` entries, by id, with their labels of then.
    pub fn targets_at(&self, entries: u64) -> Result<Vec<KnownTarget>, ViewsError> {
        let people = self.people_at(entries)?;
        let known = self.read(|connection| {
            let sql = "SELECT id, name FROM targets WHERE first_index < ?1 ORDER BY id";
            let mut ask = connection.prepare_cached(sql)?;
            let rows = ask.query_map([signed(entries)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        Ok(people.targets(known.into_iter().map(of_itself)))
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
}
