//! Hosts that no agent speaks for: rows of those that are in the log, once more under other names, since judging ten thousand hosts
//! takes an hour where other work goes on. Every table that pages read has as many rows as if all had signed, and the
//! numbers beside them are kept; only entries and documents of a copy are those of the host that it was made from.

use std::path::Path;

use anyhow::Result;
use rusqlite::Connection;

use super::Plan;
use crate::assess::fleet::target_of;

/// Which host a copy is made from.
const COPIES: &str = "CREATE TEMP TABLE copies (source TEXT, target TEXT, from_agent TEXT, agent TEXT, number INTEGER,
    PRIMARY KEY (source, target)) WITHOUT ROWID";

const ROWS: [&str; 9] = [
    "INSERT INTO agents SELECT c.agent, 'host-' || c.number || '.example', a.key || c.number, epoch, '[\"' || c.target || '\"]',
       certificate, approved_by, enrolled_index, enrolled, revoked_index, revoked, revoked_by, revoked_reason, last_index, last_seen,
       last_seq, last_env, missing, version, binary_digest, configuration, vetoes, boot, clock_offset_ms, interval_s, spool_items,
       dropped, heartbeat_index FROM copies c JOIN agents a ON a.id = c.from_agent",
    "INSERT INTO targets SELECT c.target, 'host-' || c.number || '.example', c.agent, first_index, first_seen
       FROM copies c JOIN targets t ON t.id = c.source",
    "INSERT INTO target_counts SELECT c.target, seen, documents, gaps, failing, passing
       FROM copies c JOIN target_counts t ON t.target = c.source",
    "INSERT INTO schedules SELECT c.agent, c.target, kind, cron, from_index, to_index
       FROM copies c JOIN schedules s ON s.agent = c.from_agent AND s.target = c.source",
    "INSERT INTO lines SELECT l.id + 1000000 * c.number, c.agent, l.number, replace(names, c.source, c.target)
       FROM copies c JOIN lines l ON l.agent = c.from_agent",
    "INSERT INTO marks SELECT m.line + 1000000 * c.number, numbers
       FROM copies c JOIN lines l ON l.agent = c.from_agent JOIN marks m ON m.line = l.id",
    "INSERT INTO document_rows SELECT c.target, kind, from_index, to_index, digest, size, held, c.agent, first_seen, last_index,
       last_seen, seen, deleted, line + 1000000 * c.number, slot
       FROM copies c JOIN document_rows d ON d.target = c.source ORDER BY c.target, kind",
    "INSERT INTO outcome_rows SELECT c.target, kind, from_index, to_index, collected, gaps, c.agent, first_seen, last_index,
       last_seen, line + 1000000 * c.number, slot
       FROM copies c JOIN outcome_rows o ON o.target = c.source ORDER BY c.target, kind",
    "INSERT INTO findings SELECT rule, c.target, from_index, to_index, kind, verdict, was, message, items, item_count, digest,
       first_seen, verdict_since, erased, until
       FROM findings f JOIN copies c ON c.source = f.target ORDER BY rule, c.target",
];

/// Makes the hosts that the plan has beyond those in the log; answers how many.
pub(super) fn hosts(views: &Path, plan: &Plan) -> Result<usize> {
    let signed = plan.targets.min(plan.signed_targets);
    let mut connection = Connection::open(views)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(COPIES)?;
    for number in signed..plan.targets {
        let from = number % signed;
        let (source, target) = (target_of(from)?.to_string(), target_of(number)?.to_string());
        let (old, new) = (format!("agent-{from}"), format!("agent-{number}"));
        let number = i64::try_from(number)?;
        transaction
            .prepare_cached("INSERT INTO copies VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((source, target, old, new, number))?;
    }
    for rows in ROWS {
        transaction.execute(rows, [])?;
    }
    transaction.execute_batch(
        "DROP TABLE copies; DELETE FROM finding_counts;
         INSERT INTO finding_counts SELECT rule, verdict, count(*) FROM findings WHERE to_index IS NULL GROUP BY rule, verdict;
         DELETE FROM bad_words;
         INSERT INTO bad_words SELECT rule, verdict, message, count(*) FROM findings
           WHERE to_index IS NULL AND verdict IN ('fail', 'error') GROUP BY rule, verdict, message",
    )?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(plan.targets - signed)
}
