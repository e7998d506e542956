//! Numbers of rules and targets as they were at an hour that is kept. An earlier moment begins with them: counting two million findings
//! of then takes seconds. What is not known exactly is left to be counted.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{Hour, packed, parse};
use crate::views::{ViewsError, signed};

/// Between an hour and a moment after it so many entries' findings are looked through, no more: beyond that counting is as quick.
const SINCE: u64 = 100_000;

/// Both in the order of their keys.
#[derive(Serialize, Deserialize)]
pub(super) struct Counts {
    /// Rule, verdict, findings.
    findings: Vec<(String, String, i64)>,
    targets: Vec<OfTarget>,
}

/// Id, newest observation, documents, gaps, failing, passing.
type OfTarget = (String, Option<i64>, i64, i64, i64, i64);

/// As the tables stand.
pub(super) fn now(connection: &Connection) -> Result<Counts, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT rule, verdict, findings FROM main.finding_counts ORDER BY rule, verdict",
    )?;
    let findings = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let findings = findings.collect::<Result<_, _>>()?;
    let mut ask = connection.prepare_cached(
        "SELECT target, seen, documents, gaps, failing, passing FROM main.target_counts ORDER BY target",
    )?;
    let targets = ask.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    let targets = targets.collect::<Result<_, _>>()?;
    Ok(Counts { findings, targets })
}

/// Puts tables with the numbers of a moment, where the log had so many entries, in place of the views that count.
pub(super) fn front(connection: &Connection, hour: Hour, entries: u64) -> Result<(), ViewsError> {
    let Some(raw) = packed::counts(connection, hour.at)? else { return Ok(()) };
    let counts: Counts = parse(&raw)?;
    let (from, until) = (signed(hour.entries), signed(entries));
    // Another pack ends findings without a word of it in those that begin.
    let turned: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM main.rule_packs WHERE idx >= ?1 AND idx < ?2)",
        (from, until),
        |row| row.get(0),
    )?;
    if !turned && entries.saturating_sub(hour.entries) <= SINCE {
        findings(connection, &counts.findings, (from, until))?;
    }
    if from == until {
        targets(connection, &counts.targets)?;
    }
    Ok(())
}

fn findings(
    connection: &Connection,
    kept: &[(String, String, i64)],
    (from, until): (i64, i64),
) -> Result<(), ViewsError> {
    connection.execute_batch(
        "DROP VIEW temp.finding_counts;
         CREATE TEMP TABLE finding_counts (rule TEXT NOT NULL, verdict TEXT NOT NULL, findings INTEGER NOT NULL,
           PRIMARY KEY (rule, verdict)) WITHOUT ROWID",
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO temp.finding_counts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET findings = findings + ?3",
    )?;
    for (rule, verdict, findings) in kept {
        insert.execute((rule, verdict, findings))?;
    }
    // One that begins ends the one before it, whose verdict it names.
    let mut ask = connection.prepare(
        "SELECT rule, verdict, was FROM main.findings INDEXED BY findings_by_index WHERE from_index >= ?1 AND from_index < ?2",
    )?;
    let mut rows = ask.query((from, until))?;
    while let Some(row) = rows.next()? {
        let (rule, verdict, was): (String, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        insert.execute((&rule, verdict, 1))?;
        if let Some(was) = was {
            insert.execute((&rule, was, -1))?;
        }
    }
    connection.execute("DELETE FROM temp.finding_counts WHERE findings = 0", [])?;
    Ok(())
}

fn targets(connection: &Connection, kept: &[OfTarget]) -> Result<(), ViewsError> {
    connection.execute_batch(
        "DROP VIEW temp.target_counts;
         CREATE TEMP TABLE target_counts (target TEXT PRIMARY KEY, seen INTEGER, documents INTEGER NOT NULL,
           gaps INTEGER NOT NULL, failing INTEGER NOT NULL, passing INTEGER NOT NULL) WITHOUT ROWID",
    )?;
    let mut insert =
        connection.prepare("INSERT INTO temp.target_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (target, seen, documents, gaps, failing, passing) in kept {
        insert.execute(params![target, seen, documents, gaps, failing, passing])?;
    }
    Ok(())
}
