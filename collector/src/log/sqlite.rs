//! The embedded store: every SQL statement of the log stands here and in the parts. It stores and finds; it decides nothing.
//!
//! Durability: WAL with `synchronous=FULL`, so a commit that returned is on disk. Numbers that may pass 2^63 are
//! big-endian bytes, which order as numbers do.

pub(super) mod scan;
pub(super) mod unbrought;

use std::path::Path;
use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};

use super::{Entry, Head, LogError, Tip};

const LAYOUT: i64 = 1;
/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS: usize = 64;

const SCHEMA: &str = "
CREATE TABLE leaf(idx INTEGER PRIMARY KEY, bytes BLOB NOT NULL, env BLOB NOT NULL, type TEXT NOT NULL) STRICT;
CREATE INDEX leaf_env ON leaf(env);
CREATE INDEX leaf_type ON leaf(type, idx) WHERE type NOT IN ('evidence', 'heartbeat');
CREATE TABLE link(key BLOB NOT NULL, epoch BLOB NOT NULL, seq BLOB NOT NULL, idx INTEGER NOT NULL, env BLOB NOT NULL,
    PRIMARY KEY(key, epoch, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE envelope(digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE document(digest BLOB PRIMARY KEY, idx INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE tile(level INTEGER NOT NULL, idx INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(level, idx)) STRICT;
CREATE TABLE head(size INTEGER PRIMARY KEY, rx TEXT NOT NULL, signed TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
";

/// What tombstones took: the document, the tombstone's index, the entry that had brought the bytes.
const ERASED: &str = "
CREATE TABLE IF NOT EXISTS erased(digest BLOB NOT NULL, idx INTEGER NOT NULL, stored INTEGER NOT NULL,
    PRIMARY KEY(digest, idx)) STRICT, WITHOUT ROWID;";

/// Makes an empty database; the file must not exist.
pub(super) fn create(path: &Path) -> Result<Connection, LogError> {
    if path.exists() {
        return Err(LogError::Exists(path.display().to_string()));
    }
    let conn = Connection::open(path)?;
    configure(&conn)?;
    conn.execute_batch(&format!("BEGIN; {SCHEMA} {ERASED} {} COMMIT;", unbrought::UNBROUGHT))?;
    Ok(conn)
}

/// Opens an existing database for writing.
pub(super) fn open(path: &Path) -> Result<Connection, LogError> {
    let conn = Connection::open_with_flags(path, flags())?;
    configure(&conn)?;
    check_layout(&conn)?;
    unbrought::migrate(&conn)?;
    Ok(conn)
}

/// Opens an existing database for reading. Write access to the file is used for nothing but the WAL's index.
pub(super) fn open_reader(path: &Path) -> Result<Connection, LogError> {
    let conn = Connection::open_with_flags(path, flags())?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    check_layout(&conn)?;
    Ok(conn)
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn configure(conn: &Connection) -> Result<(), LogError> {
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // Pages that are split or emptied keep no copies of what stood in them: erasing a document must reach every one.
    conn.pragma_update(None, "secure_delete", "fast")?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn check_layout(conn: &Connection) -> Result<(), LogError> {
    let found = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        LAYOUT => Ok(()),
        0 => Err(LogError::NotInitialised),
        found => Err(LogError::Layout { found, expected: LAYOUT }),
    }
}

/// Whether the disk, not the request, is at fault.
pub(super) fn is_disk_failure(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Whether a commit that failed has surely left nothing behind and may be tried again.
pub(super) fn is_retryable(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

// --- heads

/// The newest head with the time it was signed for.
pub(super) fn head(conn: &Connection) -> Result<(Head, String), LogError> {
    let sql = "SELECT signed, rx FROM head ORDER BY size DESC LIMIT 1";
    let row: Option<(String, String)> =
        conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (signed, rx) = row.ok_or(LogError::NotInitialised)?;
    let (text, _) = signed
        .rsplit_once("\n\n")
        .ok_or_else(|| LogError::Damaged("head without signature".into()))?;
    let checkpoint = Checkpoint::from_text(&format!("{text}\n"))?;
    Ok((Head { checkpoint, signed }, rx))
}

/// The primary key is the size: the database itself refuses a second head for one size.
pub(super) fn put_head(conn: &Connection, head: &Head, rx: &str) -> Result<(), LogError> {
    let sql = "INSERT INTO head(size, rx, signed) VALUES(?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![int(head.checkpoint.size)?, rx, head.signed])?;
    Ok(())
}

/// The newest signed head that covers at most `size` leaves.
pub(super) fn head_at(conn: &Connection, size: u64) -> Result<Option<String>, LogError> {
    let sql = "SELECT signed FROM head WHERE size <= ?1 ORDER BY size DESC LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([int(size)?], |row| row.get(0)).optional()?)
}

// --- entries

/// One leaf with its envelope and documents.
pub(super) fn put_entry(
    conn: &Connection,
    index: u64,
    leaf: &Leaf,
    leaf_bytes: &[u8],
    envelope: &[u8],
) -> Result<(), LogError> {
    let index = int(index)?;
    let env = leaf.env.as_bytes();
    let sql = "INSERT INTO leaf(idx, bytes, env, type) VALUES(?1, ?2, ?3, ?4)";
    conn.prepare_cached(sql)?.execute(params![index, leaf_bytes, env, leaf.t.as_str()])?;
    if let Some(link) = leaf.link {
        let sql = "INSERT INTO link(key, epoch, seq, idx, env) VALUES(?1, ?2, ?3, ?4, ?5)";
        let (epoch, seq) = (link.epoch.to_be_bytes(), link.seq.to_be_bytes());
        conn.prepare_cached(sql)?.execute(params![leaf.key.as_bytes(), epoch, seq, index, env])?;
    }
    let sql = "INSERT INTO envelope(digest, bytes) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
    conn.prepare_cached(sql)?.execute(params![env, envelope])?;
    Ok(())
}

/// Stores a document with the index of the entry that brought it first: views made anew must not see it earlier.
pub(super) fn put_document(
    conn: &Connection,
    index: u64,
    digest: &Digest,
    bytes: &[u8],
) -> Result<(), LogError> {
    let sql = "INSERT INTO document(digest, idx, bytes) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING";
    conn.prepare_cached(sql)?.execute(params![digest.as_bytes(), int(index)?, bytes])?;
    unbrought::came(conn, digest)
}

/// Leaf bytes in order; fails when one of them is missing.
pub(super) fn leaves(
    conn: &Connection,
    range: std::ops::Range<u64>,
) -> Result<Vec<Vec<u8>>, LogError> {
    let sql = "SELECT bytes FROM leaf WHERE idx >= ?1 AND idx < ?2 ORDER BY idx";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([int(range.start)?, int(range.end)?], |row| row.get(0))?;
    let leaves = rows.collect::<Result<Vec<Vec<u8>>, _>>()?;
    let wanted = range.end.saturating_sub(range.start);
    if leaves.len() as u64 != wanted {
        let text = format!("{} of {wanted} leaves from {}", leaves.len(), range.start);
        return Err(LogError::Damaged(text));
    }
    Ok(leaves)
}

/// How many leaf rows there are and the highest index, to compare with the head.
pub(super) fn leaf_count(conn: &Connection) -> Result<u64, LogError> {
    let sql = "SELECT coalesce(max(idx) + 1, 0) FROM leaf";
    let next: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    uint(next)
}

pub(super) fn entry(conn: &Connection, index: u64) -> Result<Option<Entry>, LogError> {
    let sql = "SELECT leaf.idx, leaf.bytes, envelope.bytes FROM leaf LEFT JOIN envelope ON envelope.digest = leaf.env
        WHERE leaf.idx = ?1";
    let row = conn.prepare_cached(sql)?.query_row([int(index)?], entry_row).optional()?;
    row.map(to_entry).transpose()
}

/// At most `limit` entries of one of the collector's own types from `from` on, in order.
pub(super) fn entries_of(
    conn: &Connection,
    entry_type: &EntryType,
    from: u64,
    limit: u32,
) -> Result<Vec<Entry>, LogError> {
    let sql = "SELECT leaf.idx, leaf.bytes, envelope.bytes FROM leaf LEFT JOIN envelope ON envelope.digest = leaf.env
        WHERE leaf.type = ?1 AND leaf.idx >= ?2 AND leaf.type NOT IN ('evidence', 'heartbeat')
        ORDER BY leaf.idx LIMIT ?3";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![entry_type.as_str(), int(from)?, limit], entry_row)?;
    rows.map(|row| to_entry(row?)).collect()
}

/// The newest entry of one of the collector's own types.
pub(super) fn last_of(
    conn: &Connection,
    entry_type: &EntryType,
) -> Result<Option<Entry>, LogError> {
    let sql = "SELECT max(idx) FROM leaf WHERE type = ?1 AND type NOT IN ('evidence', 'heartbeat')";
    let index: Option<i64> =
        conn.prepare_cached(sql)?.query_row([entry_type.as_str()], |row| row.get(0))?;
    match index {
        Some(index) => entry(conn, uint(index)?),
        None => Ok(None),
    }
}

type EntryRow = (i64, Vec<u8>, Option<Vec<u8>>);

fn entry_row(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn to_entry((index, leaf_bytes, envelope): EntryRow) -> Result<Entry, LogError> {
    Ok(Entry { index: uint(index)?, leaf: Leaf::parse(&leaf_bytes)?, leaf_bytes, envelope })
}

pub(super) fn index_of(conn: &Connection, envelope: &Digest) -> Result<Option<u64>, LogError> {
    let sql = "SELECT min(idx) FROM leaf WHERE env = ?1";
    let index: Option<i64> =
        conn.prepare_cached(sql)?.query_row([envelope.as_bytes()], |row| row.get(0))?;
    index.map(uint).transpose()
}

/// Index and envelope that hold a place in a chain.
pub(super) fn linked(
    conn: &Connection,
    key: &KeyId,
    link: &Link,
) -> Result<Option<(u64, Digest)>, LogError> {
    let sql = "SELECT idx, env FROM link WHERE key = ?1 AND epoch = ?2 AND seq = ?3";
    let mut statement = conn.prepare_cached(sql)?;
    let place = params![key.as_bytes(), link.epoch.to_be_bytes(), link.seq.to_be_bytes()];
    let row: Option<(i64, [u8; 32])> =
        statement.query_row(place, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(index, env)| Ok((uint(index)?, Digest::from_bytes(env)))).transpose()
}

/// The highest sequence number of a chain.
pub(super) fn tip(conn: &Connection, key: &KeyId, epoch: u64) -> Result<Option<Tip>, LogError> {
    let sql =
        "SELECT seq, env, idx FROM link WHERE key = ?1 AND epoch = ?2 ORDER BY seq DESC LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    let row: Option<([u8; 8], [u8; 32], i64)> = statement
        .query_row(params![key.as_bytes(), epoch.to_be_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    row.map(|(seq, env, index)| {
        let (seq, envelope) = (u64::from_be_bytes(seq), Digest::from_bytes(env));
        Ok(Tip { seq, envelope, index: uint(index)? })
    })
    .transpose()
}

// --- blobs

pub(super) fn envelope(conn: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>, LogError> {
    let mut statement = conn.prepare_cached("SELECT bytes FROM envelope WHERE digest = ?1")?;
    Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
}

pub(super) fn document(conn: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>, LogError> {
    let mut statement = conn.prepare_cached("SELECT bytes FROM document WHERE digest = ?1")?;
    Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
}

/// The document, if an entry up to `index` brought it.
pub(super) fn document_at(
    conn: &Connection,
    digest: &Digest,
    index: u64,
) -> Result<Option<Vec<u8>>, LogError> {
    let sql = "SELECT bytes FROM document WHERE digest = ?1 AND idx <= ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let found = params![digest.as_bytes(), int(index)?];
    Ok(statement.query_row(found, |row| row.get(0)).optional()?)
}

pub(super) fn has_document(conn: &Connection, digest: &Digest) -> Result<bool, LogError> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM document WHERE digest = ?1")?;
    Ok(statement.exists([digest.as_bytes()])?)
}

/// Deletes documents under the tombstone `index`, and keeps which entry had brought each: views made anew must know that it
/// was held until then. What is not held is passed over.
pub(super) fn erase(conn: &Connection, index: u64, digests: &[Digest]) -> Result<(), LogError> {
    let keep = "INSERT INTO erased(digest, idx, stored) SELECT digest, ?2, idx FROM document WHERE digest = ?1";
    let mut keep = conn.prepare_cached(keep)?;
    // A row that is deleted makes SQLite join pages and leave copies of their other rows behind, which nobody would overwrite
    // when those are deleted in turn. So the bytes are zeroed where they stand, and an empty row that nothing finds stays.
    let zero = "UPDATE document SET bytes = zeroblob(length(bytes)) WHERE digest = ?1";
    let mut zero = conn.prepare_cached(zero)?;
    let empty =
        "UPDATE document SET bytes = x'', idx = -1, digest = CAST('erased ' || rowid AS BLOB)
        WHERE digest = ?1";
    let mut empty = conn.prepare_cached(empty)?;
    for digest in digests {
        if keep.execute(params![digest.as_bytes(), int(index)?])? > 0 {
            zero.execute([digest.as_bytes()])?;
            empty.execute([digest.as_bytes()])?;
        }
    }
    Ok(())
}

/// The tombstone under which a document went that was held when entry `index` was committed.
pub(super) fn erased_after(
    conn: &Connection,
    digest: &Digest,
    index: u64,
) -> Result<Option<u64>, LogError> {
    let sql = "SELECT min(idx) FROM erased WHERE digest = ?1 AND idx > ?2 AND stored <= ?2";
    let found: Option<i64> = conn
        .prepare_cached(sql)?
        .query_row(params![digest.as_bytes(), int(index)?], |row| row.get(0))?;
    found.map(uint).transpose()
}

/// The entry that brought a document.
pub(super) fn stored(conn: &Connection, digest: &Digest) -> Result<Option<u64>, LogError> {
    let mut statement = conn.prepare_cached("SELECT idx FROM document WHERE digest = ?1")?;
    let found: Option<i64> =
        statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?;
    found.map(uint).transpose()
}

/// Takes the WAL over into the file and empties it; false: a reader holds it, try again.
pub(super) fn empty_wal(conn: &Connection) -> Result<bool, LogError> {
    conn.busy_timeout(Duration::ZERO)?;
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

// --- tiles

/// One row a tile, growing until it is full: every narrower partial tile is a prefix of it.
pub(super) fn put_tile(
    conn: &Connection,
    level: u8,
    index: u64,
    bytes: &[u8],
) -> Result<(), LogError> {
    let sql = "INSERT INTO tile(level, idx, bytes) VALUES(?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET bytes = excluded.bytes WHERE length(excluded.bytes) >= length(tile.bytes)";
    conn.prepare_cached(sql)?.execute(params![level, int(index)?, bytes])?;
    Ok(())
}

/// All stored hashes of a tile; the row may be wider than a head that the caller looks at.
pub(super) fn tile(conn: &Connection, level: u8, index: u64) -> Result<Option<Vec<u8>>, LogError> {
    let mut statement =
        conn.prepare_cached("SELECT bytes FROM tile WHERE level = ?1 AND idx = ?2")?;
    Ok(statement.query_row(params![level, int(index)?], |row| row.get(0)).optional()?)
}

fn int(number: u64) -> Result<i64, LogError> {
    i64::try_from(number)
        .map_err(|_over| LogError::OutOfRange { index: number, size: i64::MAX.unsigned_abs() })
}

pub(super) fn uint(number: i64) -> Result<u64, LogError> {
    u64::try_from(number).map_err(|_negative| LogError::Damaged(format!("number {number}")))
}
