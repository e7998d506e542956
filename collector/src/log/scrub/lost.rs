//! Documents that entries name and that are not there without a reason.

use std::collections::HashSet;

use exhibit_proto::digest::Digest;
use rusqlite::Connection;

use super::{Damage, Part};
use crate::log::sqlite::{scan, unbrought};
use crate::log::{Absence, LogError};

/// What to do about a lost document, wherever one is told.
const REMEDY: &str = "it comes back by itself if its agent observes the very same again; otherwise its bytes are in a backup of \
     log.db, or in a bundle that was exported with it: `exhibit-collector put-back FILE`";

/// A document that an envelope names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub digest: Digest,
    /// For people: whose it is and what it is about.
    pub what: String,
}

/// Which documents an entry of a type names, by the bytes of its envelope.
pub type Names = fn(&str, &[u8]) -> Vec<Named>;

/// A document that is lost, with the first entry that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub index: u64,
    pub named: Named,
}

/// The entries of one slice; what many of them name is looked for once.
pub(super) struct Looked<'a> {
    conn: &'a Connection,
    names: Names,
    since: u64,
    settled: HashSet<Digest>,
}

impl<'a> Looked<'a> {
    pub(super) fn new(conn: &'a Connection, names: Names) -> Result<Self, LogError> {
        let since = unbrought::since(conn)?;
        Ok(Self { conn, names, since, settled: HashSet::new() })
    }

    pub(super) fn at(&mut self, index: u64, row: &scan::LeafRow) -> Result<Vec<Lost>, LogError> {
        let Some(envelope) = &row.envelope else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for named in (self.names)(&row.entry_type, envelope) {
            let digest = named.digest;
            if self.settled.contains(&digest) {
                continue;
            }
            match unbrought::absence(self.conn, &digest, index, self.since)? {
                None => {}
                // Of a later entry the same may have come, and be lost.
                Some(Absence::NeverCame | Absence::Deleted | Absence::Unrecorded) => continue,
                Some(Absence::Lost) => found.push(Lost { index, named }),
            }
            self.settled.insert(digest);
        }
        Ok(found)
    }
}

impl Lost {
    pub(super) fn damage(&self) -> Damage {
        let Self { index, named: Named { digest, what } } = self;
        let detail = format!(
            "entry {index} names it ({what}), it was held then, and no tombstone says that it was deleted: {REMEDY}"
        );
        Damage::new(Part::LostDocument, digest.to_string(), detail)
    }
}
