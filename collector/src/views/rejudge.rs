//! Another pack comes into force: whatever is current is judged by it. In slices, each document on a thread of its own, and
//! outside of the transaction: readers see the findings of before until all new ones are there, and then those, at once.
//!
//! What was found until then stays as it was given. A document that is not held any more cannot be judged again: what was
//! found of it stands, under its own index, unless the new pack lacks the rule.

use std::collections::BTreeSet;

use exhibit_assessment::{Finding, Labels, RuleId};
use exhibit_proto::digest::Digest;
use rusqlite::{Connection, Transaction, params};

use super::judge::{self, Assessor, Observation};
use super::{ViewsError, counts, kept, labels, side_by_side, signed, unsigned};
use crate::log::LogReader;

/// Documents that are judged between two looks at the tables.
const SLICE: usize = 2048;

/// Findings that differ, until they are put in the place of the others. Beside the tables: a crash leaves nothing of them.
const STAGE: &str = "CREATE TEMP TABLE IF NOT EXISTS rejudged (rule TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL,
    digest TEXT NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL, message TEXT NOT NULL, items TEXT NOT NULL,
    item_count INTEGER NOT NULL) STRICT;
    DELETE FROM temp.rejudged;";

/// Findings that wait in the connection's own table, and what could not be judged.
#[derive(Default)]
pub(super) struct Staged {
    /// Digest, target and tombstone of documents that were deleted since.
    erased: Vec<(String, String, u64)>,
}

/// A document that is current.
pub(super) struct Current {
    target: String,
    kind: String,
    digest: String,
    /// The entry that named it last.
    last_index: u64,
    /// Milliseconds since 1970.
    seen: i64,
    /// If its rules read them.
    labels: Option<Labels>,
}

enum Judged {
    Found(Vec<Finding>),
    /// The tombstone.
    Erased(u64),
    Absent,
}

/// Judges every current document by what `assessor` says otherwise than the one `before`, as of entry `index`; `tell` hears how
/// many are done, of how many.
pub(super) fn stage(
    connection: &Connection,
    log: &LogReader,
    (before, assessor, index): (&Assessor, &Assessor, u64),
    tell: impl Fn(u64, u64),
) -> Result<Staged, ViewsError> {
    connection.execute_batch(STAGE)?;
    let all: i64 = connection.query_row(
        "SELECT count(*) FROM document_rows WHERE to_index IS NULL AND held = 1",
        [],
        |row| row.get(0),
    )?;
    let other = assessor.pack().rules().iter().filter(|rule| !before.agrees(assessor, rule));
    let other: BTreeSet<(&str, &RuleId)> =
        other.map(|rule| (rule.kind.as_str(), &rule.id)).collect();
    let (mut staged, mut done, mut after) = (Staged::default(), 0, (String::new(), String::new()));
    loop {
        tell(done, unsigned(all));
        let slice = slice(connection, assessor, &after)?;
        let Some(last) = slice.last() else { return Ok(staged) };
        after = (last.target.clone(), last.kind.clone());
        done += slice.len() as u64;
        let judged = side_by_side::map(&slice, |document| {
            judge_one(log, (assessor, &other), index, document)
        })?;
        // It writes into the connection's own table alone, so nobody waits for it.
        let tx = connection.unchecked_transaction()?;
        for (document, judged) in slice.iter().zip(judged) {
            match judged {
                Judged::Found(findings) => put(&tx, document, index, &findings)?,
                Judged::Erased(tombstone) => {
                    let (digest, target) = (document.digest.clone(), document.target.clone());
                    staged.erased.push((digest, target, tombstone));
                }
                Judged::Absent => {}
            }
        }
        tx.commit()?;
    }
}

fn slice(
    connection: &Connection,
    assessor: &Assessor,
    (target, kind): &(String, String),
) -> Result<Vec<Current>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT target, kind, digest, last_index, last_seen FROM documents
         WHERE to_index IS NULL AND held = 1 AND (target, kind) > (?1, ?2) ORDER BY target, kind LIMIT ?3",
    )?;
    let rows = ask.query_map((target, kind, signed(SLICE as u64)), |row| {
        Ok(Current {
            target: row.get(0)?,
            kind: row.get(1)?,
            digest: row.get(2)?,
            last_index: unsigned(row.get(3)?),
            seen: row.get(4)?,
            labels: None,
        })
    })?;
    let mut current = rows.collect::<Result<Vec<Current>, _>>()?;
    for document in &mut current {
        let place = (document.target.as_str(), document.kind.as_str());
        document.labels = labels::for_rules(connection, assessor, place)?;
    }
    Ok(current)
}

fn judge_one(
    log: &LogReader,
    (assessor, other): (&Assessor, &BTreeSet<(&str, &RuleId)>),
    index: u64,
    document: &Current,
) -> Result<Judged, ViewsError> {
    let (target, kind) = (document.target.as_str(), document.kind.as_str());
    // What the same rule said of the same content it would say again.
    if !other.iter().any(|(of, _)| *of == kind) {
        return Ok(Judged::Found(Vec::new()));
    }
    let Ok(digest) = document.digest.parse::<Digest>() else { return Ok(Judged::Absent) };
    let Some(bytes) = log.document_at(&digest, index)? else {
        let tombstone = log.erased_after(&digest, index)?;
        return Ok(tombstone.map_or(Judged::Absent, Judged::Erased));
    };
    let capture = if assessor.reads_capture(kind) {
        judge::capture_at(log, document.last_index, (target, kind))?
    } else {
        None
    };
    let value = judge::own_words(&bytes, kind, target);
    let evidence = (&value, document.seen, capture.as_ref(), document.labels.as_ref());
    Ok(Judged::Found(assessor.judge(kind, evidence, |rule| other.contains(&(kind, &rule.id)))))
}

/// Keeps what differs from the findings that hold.
fn put(
    tx: &Transaction<'_>,
    document: &Current,
    index: u64,
    findings: &[Finding],
) -> Result<(), ViewsError> {
    for finding in findings {
        let rule = finding.rule.as_str();
        let items = serde_json::to_string(&finding.items).unwrap_or_default();
        let held = judge::current(tx, (rule, &document.kind, &document.target))?;
        if held.is_some_and(|held| held.says(finding, &items, signed(index))) {
            continue;
        }
        tx.prepare_cached("INSERT INTO temp.rejudged VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute(params![
                rule,
                document.target,
                document.kind,
                document.digest,
                document.seen,
                finding.verdict.as_str(),
                finding.message,
                items,
                signed(finding.item_count),
            ])?;
    }
    Ok(())
}

/// Puts what was staged in the place of the findings that hold, and ends those of rules that the pack lacks.
pub(super) fn turn(
    tx: &Transaction<'_>,
    log: &LogReader,
    (assessor, index): (&Assessor, u64),
    staged: Staged,
) -> Result<(), ViewsError> {
    let rules: Vec<&str> = assessor.pack().rules().iter().map(|rule| rule.id.as_str()).collect();
    let rules = serde_json::to_string(&rules).unwrap_or_default();
    tx.execute(
        "UPDATE findings SET to_index = ?1 WHERE to_index IS NULL
         AND rule NOT IN (SELECT value FROM json_each(?2))",
        (signed(index), rules),
    )?;
    let mut ask = tx.prepare(
        "SELECT rule, target, kind, digest, at, verdict, message, items, item_count FROM temp.rejudged
         ORDER BY rule, target",
    )?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        let (rule, target, kind): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let (digest, at): (String, i64) = (row.get(3)?, row.get(4)?);
        let (verdict, message): (String, String) = (row.get(5)?, row.get(6)?);
        let (items, count): (String, i64) = (row.get(7)?, row.get(8)?);
        let seen = Observation { target: &target, kind: &kind, digest: &digest, index, at };
        let held = judge::current(tx, (&rule, &kind, &target))?;
        judge::open(tx, &seen, held, (&rule, &verdict, count), (&message, &items, None))?;
    }
    drop(rows);
    drop(ask);
    for (digest, target, tombstone) in staged.erased {
        kept::replay(tx, log, assessor, tombstone, (&digest, &target, index))?;
    }
    // Another pack may read the time of what the one before did not.
    tx.execute("UPDATE told SET digests = x''", [])?;
    tx.execute("DELETE FROM temp.rejudged", [])?;
    counts::all(tx)
}
