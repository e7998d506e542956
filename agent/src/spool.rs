//! Keeps what is sealed until a receipt proves that the log has it: one SQLite file, every change one transaction,
//! bounded. It never drops a statement and never hands out a sequence number twice.

mod bases;
mod database;
mod epoch;
mod full;
mod settle;
mod view;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::statement::StatementError;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::seal::{Place, Sealed, SealedDocument};

pub use bases::Base;
pub use epoch::Epoch;
pub use view::{Quarantined, View};

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of documents and statements; documents are given up above it.
    pub max_bytes: u64,
    /// Bytes of the file, whatever it holds: SQLite stops there.
    pub file_bytes: u64,
}

impl Bounds {
    /// Twice the content leaves room for pages that are being rewritten.
    pub fn of(max_bytes: u64) -> Self {
        Self { max_bytes, file_bytes: max_bytes.saturating_mul(2).saturating_add(16 << 20) }
    }
}

/// Why the spool did not do it. Nothing is half done.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error(
        "the spool {path:?} is full ({reason}): free space on its disk or raise spool.max_bytes; nothing sealed is lost, new runs wait"
    )]
    Full { path: PathBuf, reason: String },
    #[error(
        "the spool {path:?} belongs to agent {found}, this is {ours}; move it away to start a new chain"
    )]
    Foreign { path: PathBuf, found: String, ours: String },
    #[error("the spool {path:?} cannot be used: {source}")]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("the spool {path:?} holds something it never wrote: {what}")]
    Damaged { path: PathBuf, what: String },
    #[error("a statement cannot be sealed: {0}")]
    Seal(#[from] StatementError),
}

/// The spool of one agent; after a rotation it holds statements of several epochs.
pub struct Spool {
    path: PathBuf,
    db: Connection,
    bounds: Bounds,
    /// Statements written since the file was last given space back.
    since_vacuum: Cell<u32>,
}

/// What is stored with a statement in the same transaction.
#[derive(Default)]
pub struct Batch<'a> {
    pub documents: &'a [SealedDocument],
    /// Kinds whose schedule this run served, and when.
    pub ran: &'a [(Kind, Timestamp)],
    /// Documents given up earlier which the statement now tells of.
    pub told: &'a [Digest],
    /// The UTC day that the statement begins.
    pub begins: Option<&'a str>,
}

/// A statement that waits for its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub link: Link,
    /// The key that signed it: the old one, if it waits since before a rotation.
    pub key: KeyId,
    pub digest: Digest,
    pub entry: EntryType,
    pub envelope: Vec<u8>,
}

/// A document that had to go before it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    pub digest: Digest,
    pub kind: Kind,
    pub target: Target,
    pub size: u64,
}

impl Spool {
    /// Opens or makes the spool of one agent.
    pub fn open(path: &Path, agent: &str, bounds: Bounds) -> Result<Self, SpoolError> {
        let failed = |source| database::failed(path, source);
        let db = database::open(path, bounds).map_err(failed)?;
        let spool = Self { path: path.to_owned(), db, bounds, since_vacuum: Cell::new(0) };
        match spool.meta("agent")? {
            None => spool.set_meta("agent", agent)?,
            Some(found) if found == agent => {}
            Some(found) => {
                let (path, ours) = (path.to_owned(), agent.to_owned());
                return Err(SpoolError::Foreign { path, found, ours });
            }
        }
        Ok(spool)
    }

    /// Where the next statement stands.
    pub fn place(&self) -> Result<Place, SpoolError> {
        let seq = self.meta_number("seq")?.unwrap_or(0);
        let prev = self.meta("prev")?.map_or(Ok(Digest::ZERO), |prev| prev.parse());
        let head = self.meta("head")?.map(|head| serde_json::from_str(&head)).transpose();
        Ok(Place {
            seq: u64::try_from(seq).unwrap_or(0) + 1,
            prev: prev.map_err(|error| self.damaged(error))?,
            clock_offset_ms: self.meta_number("clock_offset_ms")?,
            checkpoint: head.map_err(|error| self.damaged(error))?,
        })
    }

    /// Seals at the next place and stores the result with its documents.
    ///
    /// 1. the place is read, 2. sealed, 3. stored with the next place, 4. bounded, 5. committed. A crash before 5 leaves
    ///    the spool as it was, and nobody has seen the statement: its number is free. After 5 it is sent until received.
    pub fn append<F>(&self, batch: &Batch<'_>, seal: F) -> Result<Vec<Sealed>, SpoolError>
    where
        F: FnOnce(&Place) -> Result<Vec<Sealed>, StatementError>,
    {
        let transaction = self.begin()?;
        let sealed = seal(&self.place()?)?;
        for statement in &sealed {
            self.store(statement)?;
        }
        for document in batch.documents {
            self.store_document(document)?;
        }
        for (kind, at) in batch.ran {
            self.exec(
                "INSERT INTO run(kind, at) VALUES(?1, ?2) ON CONFLICT(kind) DO UPDATE SET at = ?2",
                params![kind.as_str(), at.as_millisecond()],
            )?;
        }
        for digest in batch.told {
            self.exec(
                "UPDATE given_up SET told = 1 WHERE digest = ?1",
                params![digest.as_bytes()],
            )?;
        }
        if let (Some(day), Some(first)) = (batch.begins, sealed.first()) {
            self.set_meta("day", &format!("{day} {} {}", first.link.epoch, first.link.seq))?;
        }
        self.bound()?;
        transaction.commit().map_err(|source| self.failed(source))?;
        self.give_back()?;
        Ok(sealed)
    }

    fn store(&self, statement: &Sealed) -> Result<(), SpoolError> {
        let Link { epoch, seq, prev } = statement.link;
        let (epoch, seq) = (self.number(epoch)?, self.number(seq)?);
        self.exec(
            "INSERT INTO item(epoch, seq, prev, digest, entry, envelope) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                epoch,
                seq,
                prev.as_bytes(),
                statement.digest.as_bytes(),
                statement.entry.as_str(),
                statement.envelope
            ],
        )?;
        for document in &statement.documents {
            self.exec(
                "INSERT OR IGNORE INTO item_document(epoch, seq, digest, kind, target) VALUES(?1, ?2, ?3, ?4, ?5)",
                params![
                    epoch,
                    seq,
                    document.digest.as_bytes(),
                    document.kind.as_str(),
                    document.target.as_str()
                ],
            )?;
        }
        self.set_meta("seq", &seq.to_string())?;
        self.set_meta("prev", &statement.digest.to_string())
    }

    /// Stores the bytes unless the collector is known to hold the very same document of this kind.
    fn store_document(&self, document: &SealedDocument) -> Result<(), SpoolError> {
        if self.unchanged(document)? {
            return Ok(());
        }
        let observed = &document.observed;
        self.exec(
            "INSERT OR IGNORE INTO document(digest, bytes, size, kind, target) VALUES(?1, ?2, ?3, ?4, ?5)",
            params![
                observed.digest.as_bytes(),
                document.bytes.as_bytes(),
                self.number(observed.size)?,
                observed.kind.as_str(),
                observed.target.as_str()
            ],
        )
    }

    /// Whether the last document of this kind and target that the collector acknowledged is this one.
    pub fn unchanged(&self, document: &SealedDocument) -> Result<bool, SpoolError> {
        let observed = &document.observed;
        self.db
            .query_row(
                "SELECT digest = ?3 FROM held WHERE kind = ?1 AND target = ?2",
                params![
                    observed.kind.as_str(),
                    observed.target.as_str(),
                    observed.digest.as_bytes()
                ],
                |row| row.get(0),
            )
            .optional()
            .map(Option::unwrap_or_default)
            .map_err(|source| self.failed(source))
    }

    /// The oldest statement that waits.
    pub fn next(&self) -> Result<Option<Item>, SpoolError> {
        let row = self
            .db
            .query_row(
                "SELECT epoch, seq, prev, digest, entry, envelope FROM item ORDER BY epoch, seq LIMIT 1",
                [],
                |row| {
                    let numbers: (i64, i64) = (row.get(0)?, row.get(1)?);
                    let digests: ([u8; 32], [u8; 32]) = (row.get(2)?, row.get(3)?);
                    Ok((numbers, digests, row.get::<_, String>(4)?, row.get(5)?))
                },
            )
            .optional()
            .map_err(|source| self.failed(source))?;
        let Some(((epoch, seq), (prev, digest), entry, envelope)) = row else { return Ok(None) };
        let bytes: Vec<u8> = envelope;
        let signed = Envelope::parse(&bytes).map_err(|error| self.damaged(error))?;
        let key = signed.key_hints().next().and_then(|key| key.parse().ok());
        let (epoch, seq, prev) =
            (epoch.unsigned_abs(), seq.unsigned_abs(), Digest::from_bytes(prev));
        Ok(Some(Item {
            link: Link { epoch, seq, prev },
            key: key.ok_or_else(|| self.damaged(format_args!("statement {seq} without a key")))?,
            digest: Digest::from_bytes(digest),
            entry: EntryType::from(entry),
            envelope: bytes,
        }))
    }

    /// The bytes of a document that still waits.
    pub fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SpoolError> {
        self.db
            .query_row("SELECT bytes FROM document WHERE digest = ?1", [digest.as_bytes()], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|source| self.failed(source))
    }

    /// Whether a statement names this document.
    pub fn names(&self, item: &Item, digest: &Digest) -> Result<bool, SpoolError> {
        let (epoch, seq) = (self.number(item.link.epoch)?, self.number(item.link.seq)?);
        self.db
            .query_row(
                "SELECT EXISTS(SELECT 1 FROM item_document WHERE epoch = ?1 AND seq = ?2 AND digest = ?3)",
                params![epoch, seq, digest.as_bytes()],
                |row| row.get(0),
            )
            .map_err(|source| self.failed(source))
    }

    /// How many statements wait.
    pub fn items(&self) -> Result<u64, SpoolError> {
        let count: Result<i64, _> =
            self.db.query_row("SELECT count(*) FROM item", [], |row| row.get(0));
        count.map(i64::unsigned_abs).map_err(|source| self.failed(source))
    }

    /// The day (UTC) that is open in this epoch, and the number of its first statement.
    pub fn day(&self, epoch: u64) -> Result<Option<(String, u64)>, SpoolError> {
        let Some(text) = self.meta("day")? else { return Ok(None) };
        let parts: Vec<&str> = text.split(' ').collect();
        let read = match parts.as_slice() {
            [day, of, first] => of.parse::<u64>().ok().zip(first.parse().ok()).map(|n| (*day, n)),
            _ => None,
        };
        let (day, (of, first)) = read.ok_or_else(|| self.damaged(format_args!("day {text:?}")))?;
        // A chain of an earlier epoch is not continued, so its day is not closed in this one.
        Ok((of == epoch).then(|| (day.to_owned(), first)))
    }

    /// When each kind was last collected.
    pub fn last_run(&self, kind: &Kind) -> Result<Option<Timestamp>, SpoolError> {
        let millis: Option<i64> = self
            .db
            .query_row("SELECT at FROM run WHERE kind = ?1", [kind.as_str()], |row| row.get(0))
            .optional()
            .map_err(|source| self.failed(source))?;
        Ok(millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
    }

    /// What a plugin last said of itself, for when it is gone.
    pub fn described(&self, plugin: &Path) -> Result<Option<String>, SpoolError> {
        self.meta(&format!("plugin {}", plugin.display()))
    }

    pub fn remember_described(&self, plugin: &Path, text: &str) -> Result<(), SpoolError> {
        let key = format!("plugin {}", plugin.display());
        if self.meta(&key)?.as_deref() == Some(text) { Ok(()) } else { self.set_meta(&key, text) }
    }
}

#[cfg(test)]
mod tests;
