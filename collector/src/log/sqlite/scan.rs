//! Reading stretches of the tables as they stand, for the scrub: nothing is parsed and nothing is left out.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _};

use super::int;
use crate::log::LogError;

/// A row of the leaf table with its envelope, as stored.
pub(in crate::log) struct LeafRow {
    pub(in crate::log) index: i64,
    pub(in crate::log) bytes: Vec<u8>,
    pub(in crate::log) env: Vec<u8>,
    pub(in crate::log) entry_type: String,
    pub(in crate::log) envelope: Option<Vec<u8>>,
}

/// The largest size that a head stands for, and the highest row of the documents.
pub(in crate::log) fn extents(conn: &Connection) -> Result<(Option<i64>, i64), LogError> {
    let size = conn.query_row("SELECT max(size) FROM head", [], |row| row.get(0))?;
    let documents =
        conn.query_row("SELECT coalesce(max(rowid), 0) FROM document", [], |row| row.get(0))?;
    Ok((size, documents))
}

/// Leaves of `range` in order; what is missing is left out.
pub(in crate::log) fn leaves(
    conn: &Connection,
    range: Range<u64>,
) -> Result<Vec<LeafRow>, LogError> {
    let sql = "SELECT leaf.idx, leaf.bytes, leaf.env, leaf.type, envelope.bytes
        FROM leaf LEFT JOIN envelope ON envelope.digest = leaf.env
        WHERE leaf.idx >= ?1 AND leaf.idx < ?2 ORDER BY leaf.idx";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([int(range.start)?, int(range.end)?], |row| {
        Ok(LeafRow {
            index: row.get(0)?,
            bytes: row.get(1)?,
            env: row.get(2)?,
            entry_type: row.get(3)?,
            envelope: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Documents of a range of rows, one at a time: digest and bytes.
pub(in crate::log) fn documents(
    conn: &Connection,
    rows: Range<u64>,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), LogError> {
    let sql = "SELECT digest, bytes FROM document WHERE rowid >= ?1 AND rowid < ?2 AND idx >= 0
        ORDER BY rowid";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([int(rows.start)?, int(rows.end)?])?;
    while let Some(row) = rows.next()? {
        let digest = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
        each(digest, row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
    }
    Ok(())
}

/// Heads of a range of sizes: the size under which each is kept, and its text.
pub(in crate::log) fn heads(
    conn: &Connection,
    sizes: Range<u64>,
) -> Result<Vec<(i64, String)>, LogError> {
    let sql = "SELECT size, signed FROM head WHERE size >= ?1 AND size < ?2 ORDER BY size";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement
        .query_map([int(sizes.start)?, int(sizes.end)?], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The head kept under a size.
pub(in crate::log) fn head_of(conn: &Connection, size: u64) -> Result<Option<String>, LogError> {
    let mut statement = conn.prepare_cached("SELECT signed FROM head WHERE size = ?1")?;
    Ok(statement.query_row([int(size)?], |row| row.get(0)).optional()?)
}

/// What SQLite itself finds wrong with the file: pages, rows out of order, indexes that lack rows.
pub(in crate::log) fn integrity(conn: &Connection) -> Result<Vec<String>, LogError> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get(0))?;
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
