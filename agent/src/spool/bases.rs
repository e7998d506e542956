//! What the collector holds of this agent, to pack the next statement against: the last receipted statement of each class.
//! Losing it costs some bytes on the wire and nothing else.

use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use rusqlite::{OptionalExtension as _, params};

use super::{Item, Spool, SpoolError};

/// Classes that are kept: heartbeats, and runs of the kinds on each line of the schedule.
const CLASSES: u32 = 8;

/// A statement that the collector has receipted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Of its envelope.
    pub digest: Digest,
    pub payload: Vec<u8>,
}

impl Spool {
    /// What a statement is best packed against: the last one by its key about the same kinds, or else the longest.
    pub fn base(&self, item: &Item) -> Result<Option<Base>, SpoolError> {
        let class = self.class(item)?;
        let key = format!("{} %", item.key);
        self.db
            .query_row(
                "SELECT digest, payload FROM base WHERE class LIKE ?2 ORDER BY class = ?1 DESC, length(payload) DESC LIMIT 1",
                [class, key],
                |row| Ok(Base { digest: Digest::from_bytes(row.get(0)?), payload: row.get(1)? }),
            )
            .optional()
            .map_err(|source| self.failed(source))
    }

    /// Keeps a statement that is receipted.
    pub(super) fn keep_base(&self, class: &str, item: &Item) -> Result<(), SpoolError> {
        let envelope = Envelope::parse(&item.envelope).map_err(|error| self.damaged(error))?;
        let payload = envelope.unverified_payload().map_err(|error| self.damaged(error))?;
        self.exec(
            "INSERT OR REPLACE INTO base(class, digest, payload, at) VALUES(?1, ?2, ?3, ?4)",
            params![class, item.digest.as_bytes(), payload, self.number(item.link.seq)?],
        )?;
        let others = format!("{} %", item.key);
        self.exec(
            "DELETE FROM base WHERE class NOT LIKE ?1 OR class NOT IN (SELECT class FROM base ORDER BY at DESC LIMIT ?2)",
            params![others, CLASSES],
        )
    }

    /// Forgets all of it: the collector may have lost some.
    pub fn forget_bases(&self) -> Result<(), SpoolError> {
        self.exec("DELETE FROM base", [])
    }

    /// Key, type and kinds of a statement that waits.
    pub(super) fn class(&self, item: &Item) -> Result<String, SpoolError> {
        let (epoch, seq) = (self.number(item.link.epoch)?, self.number(item.link.seq)?);
        let read = || {
            let mut kinds = self.db.prepare_cached(
                "SELECT kind FROM item_document WHERE epoch = ?1 AND seq = ?2 ORDER BY kind",
            )?;
            let rows = kinds.query_map([epoch, seq], |row| row.get(0))?;
            rows.collect::<Result<Vec<String>, rusqlite::Error>>()
        };
        let kinds = read().map_err(|source| self.failed(source))?.join(" ");
        Ok(format!("{} {} {}", item.key, item.entry.as_str(), Digest::of(kinds.as_bytes())))
    }
}
