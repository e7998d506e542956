//! The file: schema, settings, small helpers.

use std::fmt;
use std::path::Path;

use rusqlite::TransactionBehavior;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Params, Transaction};

use super::{Bounds, Spool, SpoolError};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS item(
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, prev BLOB NOT NULL, digest BLOB NOT NULL, entry TEXT NOT NULL,
  envelope BLOB NOT NULL, PRIMARY KEY(epoch, seq)) STRICT;
CREATE TABLE IF NOT EXISTS item_document(
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
  PRIMARY KEY(epoch, seq, digest)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_document_digest ON item_document(digest);
CREATE TABLE IF NOT EXISTS document(
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL, size INTEGER NOT NULL,
  kind TEXT NOT NULL, target TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS held(
  kind TEXT NOT NULL, target TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY(kind, target)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run(kind TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS given_up(
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, size INTEGER NOT NULL,
  told INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS quarantine(
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL, envelope BLOB NOT NULL, reason TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY(epoch, seq)) STRICT;
CREATE TABLE IF NOT EXISTS fork(
  id INTEGER PRIMARY KEY, known TEXT NOT NULL, proof BLOB NOT NULL UNIQUE, reason TEXT NOT NULL,
  at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS base(
  class TEXT PRIMARY KEY, digest BLOB NOT NULL, payload BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

const PAGE: u64 = 4096;
/// <https://sqlite.org/rescode.html#ioerr_shmsize>
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

pub(super) fn open(path: &Path, bounds: Bounds) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    // auto_vacuum counts only before the first table.
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -512)?;
    db.pragma_update(None, "journal_size_limit", 1 << 20)?;
    let pages = i64::try_from(bounds.file_bytes / PAGE).unwrap_or(i64::MAX);
    db.pragma_update(None, "max_page_count", pages)?;
    db.execute_batch(SCHEMA)?;
    Ok(db)
}

pub(super) fn open_to_read(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(db)
}

/// Parts a disk that is full, which time mends, from a file that is broken.
pub(super) fn failed(path: &Path, source: rusqlite::Error) -> SpoolError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            SpoolError::Full { path, reason: "no room for another page".to_owned() }
        }
        // The index of the write-ahead log stands in a file of its own, which SQLite cannot make without room.
        Some(ErrorCode::SystemIoFailure)
            if source.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_IOERR_SHMSIZE) =>
        {
            SpoolError::Full { path, reason: "no room for its index".to_owned() }
        }
        Some(_) | None => SpoolError::Database { path, source },
    }
}

impl Spool {
    pub(super) fn failed(&self, source: rusqlite::Error) -> SpoolError {
        failed(&self.path, source)
    }

    pub(super) fn damaged(&self, what: impl fmt::Display) -> SpoolError {
        SpoolError::Damaged { path: self.path.clone(), what: what.to_string() }
    }

    /// SQLite holds 63 bits.
    pub(super) fn number(&self, number: u64) -> Result<i64, SpoolError> {
        i64::try_from(number).map_err(|_too_large| self.damaged(format_args!("number {number}")))
    }

    /// Writers are few and never nested: a statement, a receipt.
    pub(super) fn begin(&self) -> Result<Transaction<'_>, SpoolError> {
        Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)
            .map_err(|source| self.failed(source))
    }

    pub(super) fn exec(&self, sql: &str, values: impl Params) -> Result<(), SpoolError> {
        let done = self.db.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        done.map(|_rows| ()).map_err(|source| self.failed(source))
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<String>, SpoolError> {
        self.db
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
            .optional()
            .map_err(|source| self.failed(source))
    }

    pub(super) fn meta_number(&self, key: &str) -> Result<Option<i64>, SpoolError> {
        self.meta(key)?
            .map(|text| text.parse().map_err(|error| self.damaged(format_args!("{key}: {error}"))))
            .transpose()
    }

    pub(super) fn set_meta(&self, key: &str, value: &str) -> Result<(), SpoolError> {
        self.exec(
            "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2",
            [key, value],
        )
    }

    /// Gives memory back at once, for the agent now waits, and freed pages back to the disk now and then, not at each change.
    pub(super) fn give_back(&self) -> Result<(), SpoolError> {
        let shrunk = self.db.execute_batch("PRAGMA shrink_memory");
        shrunk.map_err(|source| self.failed(source))?;
        self.since_vacuum.set(self.since_vacuum.get() + 1);
        if self.since_vacuum.get() < 16 {
            return Ok(());
        }
        self.since_vacuum.set(0);
        let freed = || {
            // Each step frees one page.
            let mut vacuum = self.db.prepare("PRAGMA incremental_vacuum(4096)")?;
            let mut pages = vacuum.query([])?;
            while pages.next()?.is_some() {}
            Ok(())
        };
        freed().map_err(|source| self.failed(source))
    }
}
