//! A year that nobody observed: ended intervals of documents, findings and statuses, written straight into the views' tables, since
//! ten thousand hosts that sign each day would take days and 90 GB. They are as many as a year of signed runs leaves, and stand where
//! those would. What holds now is not touched: that comes from the log.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Plan;

const DAY: i64 = 24 * 3_600_000;

/// Ended intervals, in the order of the tables.
const CHANGES: &str = "CREATE TEMP TABLE changes (target TEXT, kind TEXT, n INTEGER, from_index INTEGER, to_index INTEGER,
    from_ms INTEGER, to_ms INTEGER, digest TEXT, PRIMARY KEY (target, kind, n)) WITHOUT ROWID";

const DOCUMENTS: &str = "INSERT INTO document_rows
    SELECT c.target, c.kind, c.from_index, c.to_index, c.digest, d.size, 0, d.agent, c.from_ms, c.to_index, c.to_ms,
      1 + (c.to_ms - c.from_ms) / 86400000, NULL, NULL, NULL
    FROM changes c JOIN document_rows d ON d.target = c.target AND d.kind = c.kind AND d.to_index IS NULL";

const FINDINGS: &str = "INSERT INTO findings
    SELECT f.rule, f.target, c.from_index, c.until, f.kind, f.verdict, f.was, f.message, f.items, f.item_count, c.digest, c.from_ms,
      c.from_ms, NULL, NULL
    FROM findings f JOIN (SELECT target, kind, from_index, from_ms, digest,
        lead(from_index) OVER (PARTITION BY target, kind ORDER BY n) AS until FROM changes WHERE n % ?1 = 0) c
      ON c.target = f.target AND c.kind = f.kind
    WHERE f.to_index IS NULL AND c.until IS NOT NULL ORDER BY f.rule, f.target, c.from_index";

/// Statuses of controls with evidence, another number at each full hour; the others stand as they do.
const STATUSES: &str = "WITH RECURSIVE hours (h) AS (SELECT 0 UNION ALL SELECT h + 1 FROM hours WHERE h < ?1)
    INSERT INTO statuses SELECT s.control, ?2 + h * 3600000, ?2 + (h + 1) * 3600000, h, s.status, s.targets,
      max(s.passing - h % 7, 0), s.failing + h % 7, s.unseen, s.waived, s.stale
    FROM statuses s, hours WHERE s.to_time IS NULL AND s.targets > 0 ORDER BY s.control, h";

/// Writes what ended in the days before `first`.
pub(super) fn history(views: &Path, plan: &Plan, first: Timestamp) -> Result<Value> {
    if plan.written_days == 0 {
        return Ok(Value::Null);
    }
    let hosts = plan.targets.min(plan.signed_targets);
    ensure!(plan.written_days < hosts, "each written day needs an entry of its own");
    let mut connection = Connection::open(views)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(CHANGES)?;
    changes(&transaction, plan, first)?;
    let documents = transaction.execute(DOCUMENTS, [])?;
    let findings = transaction.execute(FINDINGS, [i64::try_from(plan.findings_every.max(1))?])?;
    let (hours, begin) = (i64::try_from(plan.written_days * 24)?, begin(plan, first)?);
    // What the waiting for the first run left.
    transaction.execute("DELETE FROM statuses WHERE to_time IS NOT NULL", [])?;
    transaction.execute("UPDATE statuses SET from_time = ?1", [begin + (hours + 1) * 3_600_000])?;
    let statuses = transaction.execute(STATUSES, [hours, begin])?;
    transaction.execute_batch("DROP TABLE changes")?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(
        json!({ "days": plan.written_days, "documents": documents, "findings": findings, "statuses": statuses }),
    )
}

fn begin(plan: &Plan, first: Timestamp) -> Result<i64> {
    let first = first.as_millisecond().div_euclid(DAY) * DAY;
    Ok(first - i64::try_from(plan.written_days)? * DAY)
}

/// When which document was another: the places that [`crate::assess::fleet::Fleet::day`] would take.
fn changes(connection: &Connection, plan: &Plan, first: Timestamp) -> Result<()> {
    let (begin, every) = (begin(plan, first)?, (1.0 / plan.change).round().max(1.0));
    let mut places = connection.prepare(
        "SELECT target, kind, from_index FROM document_rows WHERE to_index IS NULL ORDER BY target, kind",
    )?;
    let places: Vec<(String, String, i64)> = places
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut insert = connection.prepare(
        "INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, lower(hex(randomblob(32))))",
    )?;
    // Entries before the first run: enrolments and heartbeats, one of them for each day.
    let hosts = plan.targets.min(plan.signed_targets);
    let index = |day: usize| (hosts + day * hosts / (plan.written_days + 1)) as i64;
    for (place, (target, kind, now)) in places.iter().enumerate() {
        let turns = |day: &usize| (place * 7919 + day * 104_729) as f64 % every < 1.0;
        let days: Vec<usize> = (0..plan.written_days).filter(turns).collect();
        for (n, day) in days.iter().enumerate() {
            let next = days.get(n + 1);
            let until = next.map_or(*now, |day| index(*day));
            let end = next.copied().unwrap_or(plan.written_days);
            let at = |day: usize| i64::try_from(day).map(|day| begin + day * DAY);
            let (from, to) = (at(*day)?, at(end)? - 1);
            let n = i64::try_from(n).context("a change")?;
            insert.execute((target, kind, n, index(*day), until, from, to))?;
        }
    }
    Ok(())
}
