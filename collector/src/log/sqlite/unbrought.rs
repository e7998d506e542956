//! Which documents the log names and never had: what is missing beside it is lost.
//!
//! A store of an older version kept no such record; `unbrought_since` is the first index from which it is kept.

use exhibit_proto::digest::Digest;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{int, uint};
use crate::log::{Absence, LogError};

/// A document that entry `idx` names, that was not held then, and that nobody has brought since.
pub(super) const UNBROUGHT: &str = "
CREATE TABLE IF NOT EXISTS unbrought(digest BLOB PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unbrought_since(one INTEGER PRIMARY KEY CHECK(one = 1), idx INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO unbrought_since(one, idx) SELECT 1, coalesce(max(size), 0) FROM head;";

/// Makes what an older version's store lacks; from now on the record is kept.
pub(super) fn migrate(conn: &Connection) -> Result<(), LogError> {
    if since(conn)? == u64::MAX {
        conn.execute_batch(&format!("BEGIN IMMEDIATE; {} {UNBROUGHT} COMMIT;", super::ERASED))?;
    }
    Ok(())
}

/// The document is named by entry `index` and held by nobody; the earliest such entry stays.
pub(in crate::log) fn put(conn: &Connection, digest: &Digest, index: u64) -> Result<(), LogError> {
    let sql = "INSERT INTO unbrought(digest, idx) SELECT ?1, ?2
        WHERE NOT EXISTS (SELECT 1 FROM document WHERE digest = ?1) ON CONFLICT DO NOTHING";
    conn.prepare_cached(sql)?.execute(params![digest.as_bytes(), int(index)?])?;
    Ok(())
}

/// The document has come after all.
pub(super) fn came(conn: &Connection, digest: &Digest) -> Result<(), LogError> {
    conn.prepare_cached("DELETE FROM unbrought WHERE digest = ?1")?.execute([digest.as_bytes()])?;
    Ok(())
}

/// The index after the newest tombstone.
pub(in crate::log) fn erased_to(conn: &Connection) -> Result<u64, LogError> {
    let sql = "SELECT coalesce(max(idx) + 1, 0) FROM leaf
        WHERE type = 'tombstone' AND type NOT IN ('evidence', 'heartbeat')";
    uint(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The first index from which the record is kept.
pub(in crate::log) fn since(conn: &Connection) -> Result<u64, LogError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'unbrought_since'";
    let there: i64 = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    if there == 0 {
        // No writer of this version has opened the store yet.
        return Ok(u64::MAX);
    }
    let sql = "SELECT idx FROM unbrought_since";
    let since: Option<i64> =
        conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    since.map_or(Ok(u64::MAX), uint)
}

/// Why a document that entry `index` names is not held; `None`: it is. `since` as [`since`] tells it.
pub(in crate::log) fn absence(
    conn: &Connection,
    digest: &Digest,
    index: u64,
    since: u64,
) -> Result<Option<Absence>, LogError> {
    if super::has_document(conn, digest)? {
        return Ok(None);
    }
    if since == u64::MAX {
        return Ok(Some(Absence::Unrecorded));
    }
    let sql = "SELECT idx FROM unbrought WHERE digest = ?1";
    let from: Option<i64> =
        conn.prepare_cached(sql)?.query_row([digest.as_bytes()], |row| row.get(0)).optional()?;
    if from.map(uint).transpose()?.is_some_and(|from| from <= index) {
        return Ok(Some(Absence::NeverCame));
    }
    // Any tombstone after the entry, whichever entry had brought the bytes.
    let sql = "SELECT max(idx) FROM erased WHERE digest = ?1";
    let erased: Option<i64> =
        conn.prepare_cached(sql)?.query_row([digest.as_bytes()], |row| row.get(0))?;
    if erased.map(uint).transpose()?.is_some_and(|erased| erased > index) {
        return Ok(Some(Absence::Deleted));
    }
    Ok(Some(if index < since { Absence::Unrecorded } else { Absence::Lost }))
}
