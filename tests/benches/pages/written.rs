//! A year that nobody observed: ended intervals of documents, findings and statuses, written straight into the views' tables, since
//! ten thousand hosts that sign each day would take days and 90 GB. They are as many as a year of signed runs leaves, and stand where
//! those would; so do the entries that they name, heartbeats in the log, which are spread over the year. Of what holds now only since
//! when it does is another: what it says comes from the log.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Plan;

pub(super) const DAY: i64 = 24 * 3_600_000;

/// Ended intervals, in the order of the tables.
const CHANGES: &str = "CREATE TEMP TABLE changes (target TEXT, kind TEXT, n INTEGER, from_index INTEGER, to_index INTEGER,
    from_ms INTEGER, to_ms INTEGER, digest TEXT, PRIMARY KEY (target, kind, n)) WITHOUT ROWID";

const DOCUMENTS: &str = "INSERT INTO document_rows
    SELECT c.target, c.kind, c.from_index, c.to_index, c.digest, d.size, 0, d.agent, c.from_ms, c.to_index, c.to_ms,
      1 + (c.to_ms - c.from_ms) / 86400000, NULL, NULL, NULL
    FROM changes c JOIN document_rows d ON d.target = c.target AND d.kind = c.kind AND d.to_index IS NULL";

/// Where the findings about a document became others: from one entry to the next, and the one before. The last is what holds now.
const TURNS: &str = "CREATE TEMP TABLE turns AS SELECT target, kind, from_index, from_ms, digest,
    lead(from_index) OVER (PARTITION BY target, kind ORDER BY n) AS until,
    lag(from_index) OVER (PARTITION BY target, kind ORDER BY n) AS earlier FROM changes WHERE n % ?1 = 0";

/// What holds now was another at every tenth of these places.
const FINDINGS: &str = "INSERT INTO findings
    SELECT f.rule, f.target, c.from_index, c.until, f.kind, VERDICT(c.from_index), CASE WHEN c.earlier IS NULL THEN NULL ELSE VERDICT(c.earlier) END,
      f.message, f.items, f.item_count, c.digest, c.from_ms, c.from_ms, NULL, NULL
    FROM findings f JOIN temp.turns c ON c.target = f.target AND c.kind = f.kind
    WHERE f.to_index IS NULL AND c.until IS NOT NULL ORDER BY f.rule, f.target, c.from_index";
const HOLDING: &str = "UPDATE findings SET from_index = c.from_index, first_seen = c.from_ms, verdict_since = c.from_ms,
      was = CASE WHEN c.earlier IS NULL THEN NULL ELSE VERDICT(c.earlier) END
    FROM temp.holding c WHERE c.target = findings.target AND c.kind = findings.kind AND findings.to_index IS NULL";
const VERDICT: &str = "CASE WHEN ($ + length(f.rule)) % 10 = 0
    THEN CASE f.verdict WHEN 'pass' THEN 'fail' WHEN 'fail' THEN 'pass' ELSE f.verdict END ELSE f.verdict END";
/// What never became another holds from the first day on.
const ALWAYS: &str = "UPDATE findings SET from_index = ?1, first_seen = ?2, verdict_since = ?2 WHERE to_index IS NULL AND from_index >= ?3";

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
    let findings = turned(&transaction, plan, first)?;
    spread(&transaction, plan, first)?;
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

/// Findings of the year, and since when those of now hold.
fn turned(connection: &Connection, plan: &Plan, first: Timestamp) -> Result<usize> {
    let mut ask = connection.prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'findings' AND sql IS NOT NULL",
    )?;
    let indexes: Vec<(String, String)> =
        ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    // Each row of millions would be put into each of them by itself.
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    connection.execute(TURNS, [i64::try_from(plan.findings_every.max(1))?])?;
    connection.execute_batch(
        "CREATE INDEX temp.turns_of ON turns (target, kind);
         CREATE TEMP TABLE holding (target TEXT, kind TEXT, from_index INTEGER, from_ms INTEGER, earlier INTEGER, PRIMARY KEY (target, kind)) WITHOUT ROWID;
         INSERT INTO holding SELECT target, kind, from_index, from_ms, earlier FROM turns WHERE until IS NULL",
    )?;
    let findings = connection.execute(&with_verdicts(FINDINGS, "f."), [])?;
    connection.execute(&with_verdicts(HOLDING, "findings."), [])?;
    let hosts = i64::try_from(plan.targets.min(plan.signed_targets))?;
    connection.execute(ALWAYS, (hosts, begin(plan, first)?, 2 * hosts))?;
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    connection.execute_batch("DROP TABLE holding; DROP TABLE turns")?;
    Ok(findings)
}

/// The question with the verdict at an entry in the place of `VERDICT(…)`.
fn with_verdicts(sql: &str, row: &str) -> String {
    let verdict = VERDICT.replace("f.", row);
    ["c.from_index", "c.earlier"].iter().fold(sql.to_owned(), |sql, entry| {
        sql.replace(&format!("VERDICT({entry})"), &verdict.replace('$', entry))
    })
}

/// Spreads the heartbeats before the first run over the year: their entries are those of its days.
fn spread(connection: &Connection, plan: &Plan, first: Timestamp) -> Result<()> {
    let hosts = i64::try_from(plan.targets.min(plan.signed_targets))?;
    let days = i64::try_from(plan.written_days)? + 1;
    connection.execute(
        "UPDATE entries SET rx = max(?1 + (idx - ?2) * ?3 / ?2 + 1000, (SELECT max(rx) FROM entries WHERE idx < ?2))
         WHERE idx >= ?2 AND idx < 2 * ?2",
        (begin(plan, first)?, hosts, days * DAY),
    )?;
    Ok(())
}

pub(super) fn begin(plan: &Plan, first: Timestamp) -> Result<i64> {
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
