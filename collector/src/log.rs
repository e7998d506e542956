//! The log: one writer that commits entries in groups, and readers that answer from what is committed.
//!
//! It never knows what an envelope says: it orders, hashes, signs heads and proves.

mod commit;
mod lock;
mod proofs;
mod reader;
pub mod scrub;
mod sqlite;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use exhibit_proto::checkpoint::{Checkpoint, CheckpointError};
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Leaf, LeafError, Link};
use exhibit_proto::note::NoteError;
use exhibit_proto::tiles::TileError;
use exhibit_proto::tlog_proof::TlogProof;

pub use lock::Lock;
pub use reader::LogReader;
pub use writer::{Clock, LogWriter, Settings, WriterTask, create};

/// What to do where a log has lost its end, or its clock: said wherever a start is refused for that.
pub const RECOVERY: &str = "If what was signed after it is lost, this log has ended: keep its directory for its proofs, and let \
     another log go on from its last known head, with a new `origin` and a new `data`: `exhibit-collector init --continues \
     CHECKPOINT --old-policy POLICY` (ARCHITECTURE.md, Recovery)";

/// A signed head of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub checkpoint: Checkpoint,
    /// The signed note, verbatim.
    pub signed: String,
}

/// One entry as it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub index: u64,
    pub leaf: Leaf,
    /// The bytes that were hashed.
    pub leaf_bytes: Vec<u8>,
    /// Absent when it was deleted under a retention rule.
    pub envelope: Option<Vec<u8>>,
}

/// What is to be appended. The caller has verified the envelope and its documents.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub entry_type: EntryType,
    /// Key that signed the envelope.
    pub key: KeyId,
    /// Where an agent's statement stands in its chain; `None` for the collector's own entries, which are never deduplicated.
    pub link: Option<Link>,
    /// DSSE envelope, stored as given.
    pub envelope: Vec<u8>,
    /// Documents the log does not hold yet, stored as given; one that it holds already is left as it is.
    pub documents: Vec<Vec<u8>>,
    /// Documents whose bytes go in the same transaction: the envelope is their tombstone.
    pub erases: Vec<Digest>,
    /// Documents that the envelope names and that do not come with it.
    pub unbrought: Unbrought,
}

/// What an envelope names and does not bring. The log keeps which of it never came, so that what is lost later is known.
#[derive(Clone, Debug, Default)]
pub struct Unbrought {
    /// Its agent has given them up.
    pub gone: Vec<Digest>,
    /// The log held them when it had `size` entries: only a deletion since then can have taken one.
    pub held: Vec<Digest>,
    pub size: u64,
}

/// Why a document that an entry names is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Its agent gave it up; it did not come with a later entry either.
    NeverCame,
    /// A tombstone says so.
    Deleted,
    /// It came, or was held already, and no tombstone took it.
    Lost,
    /// It is one of these; the entry is older than the record of what never came.
    Unrecorded,
}

/// An entry that is on disk and published.
#[derive(Clone, Debug)]
pub struct Committed {
    pub index: u64,
    pub head: Head,
    /// Inclusion under `head`; `extra` carries the leaf.
    pub proof: TlogProof,
    /// From the head that the sender knew to `head`; empty where it knew none, or claims more than there is.
    pub consistency: Vec<Digest>,
}

/// The newest envelope of an agent's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    pub seq: u64,
    pub envelope: Digest,
    pub index: u64,
}

/// Why an entry is not in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another envelope holds this key, epoch and sequence number.
    #[error("sequence number is taken by envelope {held}")]
    Conflict { held: Digest },
    /// Nothing was answered for; the same entry may be offered again.
    #[error("the log cannot take entries at present; try again")]
    Busy,
    #[error("the log has stopped")]
    Stopped,
    #[error("leaf of {bytes} bytes is over 1024")]
    TooLong { bytes: usize },
}

/// Why the log cannot be read or opened.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("log database holds no head: run `exhibit-collector init` first")]
    NotInitialised,
    #[error("log database exists already at {0}")]
    Exists(String),
    #[error("log database has layout {found}, this version reads {expected}")]
    Layout { found: i64, expected: i64 },
    #[error("index {index} is outside the log of size {size}")]
    OutOfRange { index: u64, size: u64 },
    #[error(
        "log database is damaged: {0}; stop, keep the files, restore the newest backup beside them"
    )]
    Damaged(String),
    #[error("stored head is not this log's own: {0}; origin and key must be those of `init`")]
    Foreign(#[from] CheckpointError),
    #[error("head cannot be signed: {0}")]
    Sign(#[from] NoteError),
    #[error("stored leaf: {0}")]
    Leaf(#[from] LeafError),
    #[error("stored tile: {0}")]
    Tile(#[from] TileError),
    #[error("commit of size {size} failed, and nobody knows what reached the disk: {source}")]
    Commit { size: u64, source: Box<LogError> },
    #[error("log head moved from size {expected} to {found} by another writer")]
    Moved { expected: u64, found: u64 },
    #[error(
        "the clock says {now}, and the last head was signed at {last}: set the clock right. If it was wrong when that head was \
         signed, wait until it is past, or: {RECOVERY}"
    )]
    ClockBehind { now: String, last: String },
    #[error("writer thread: {0}")]
    Thread(#[source] std::io::Error),
    #[error("{} is held by another process: this data directory has a collector already. Stop that one first; never run a copy of a data directory, both would sign", .0.display())]
    Locked(PathBuf),
    #[error("cannot lock {}: {source}", path.display())]
    Lock { path: PathBuf, source: std::io::Error },
}

/// Stores lost documents again, each as brought by the entry of its index. The caller holds the lock on the data directory,
/// and has seen that they are lost.
pub fn put_back(path: &Path, documents: &[(u64, Vec<u8>)]) -> Result<(), LogError> {
    let conn = sqlite::open(path)?;
    let all = conn.unchecked_transaction()?;
    for (index, bytes) in documents {
        sqlite::put_document(&conn, *index, &Digest::of(bytes), bytes)?;
    }
    Ok(all.commit()?)
}

impl LogError {
    /// Whether a commit that failed so has surely left nothing behind.
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Sqlite(error) if sqlite::is_retryable(error))
    }

    /// Whether serving must end: the disk failed or the log is not what was written.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Sqlite(error) => sqlite::is_disk_failure(error),
            Self::Damaged(_)
            | Self::NotInitialised
            | Self::Exists(_)
            | Self::Layout { .. }
            | Self::Foreign(_)
            | Self::Leaf(_)
            | Self::Tile(_)
            | Self::Moved { .. }
            | Self::Commit { .. }
            | Self::Thread(_)
            | Self::ClockBehind { .. }
            | Self::Locked(_)
            | Self::Lock { .. } => true,
            Self::OutOfRange { .. } | Self::Sign(_) => false,
        }
    }
}
