//! How many findings of each rule had turned by an hour that is kept, from the beginning on: what turned between two moments is the
//! difference, and nobody counts a million findings of a year.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Hour, json, packed, parse};
use crate::views::{ViewsError, signed, unsigned};

/// What turned, of findings: a first verdict is news only when it is no pass. As the index of it has it.
pub(in crate::views) const TURNS: &str =
    "was IS NOT verdict AND (was IS NOT NULL OR verdict IN ('fail', 'error'))";

/// Rules with their numbers at a full hour, to be kept.
pub(super) fn at(
    connection: &Connection,
    Hour { at, entries }: Hour,
) -> Result<Vec<u8>, ViewsError> {
    Ok(json(&until(connection, entries, at)?))
}

/// How many had turned of each rule where the log had so many entries.
pub(in crate::views) fn turned(
    connection: &Connection,
    entries: u64,
    at: Timestamp,
) -> Result<BTreeMap<String, u64>, ViewsError> {
    // A day's last millisecond is its midnight.
    until(connection, entries, at.as_millisecond() + 2)
}

/// The same by the newest hour before a time, and what turned since.
fn until(
    connection: &Connection,
    entries: u64,
    before: i64,
) -> Result<BTreeMap<String, u64>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT at, entries FROM main.judgements WHERE at < ?1 AND entries <= ?2 ORDER BY at DESC LIMIT 1",
    )?;
    let hour: Option<(i64, i64)> = ask
        .query_row((before, signed(entries)), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (mut turned, since) = match hour {
        Some((at, since)) => match packed::turned(connection, at)? {
            Some(raw) => (parse::<BTreeMap<String, u64>>(&raw)?, unsigned(since)),
            None => (BTreeMap::new(), 0),
        },
        None => (BTreeMap::new(), 0),
    };
    let mut ask = connection.prepare_cached(&format!(
        "SELECT rule FROM main.findings INDEXED BY findings_by_index WHERE from_index >= ?1 AND from_index < ?2 AND {TURNS}"
    ))?;
    let mut rows = ask.query((signed(since), signed(entries)))?;
    while let Some(row) = rows.next()? {
        let rule = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        match turned.get_mut(rule) {
            Some(count) => *count += 1,
            None => {
                turned.insert(rule.to_owned(), 1);
            }
        }
    }
    Ok(turned)
}
