//! Deletions and holds: what went, and what must not go. Never what a rule would let go.

use std::collections::BTreeSet;

use exhibit_proto::statement::{HOLD, HOLD_LIFTED, Hold, HoldLifted, Statement, Tombstone};
use rusqlite::params;
use serde_json::Value;

use super::{At, Refused, Row, because, evidence, lines, millis};
use crate::views::kept::{self, OF_DIGEST};
use crate::views::signed;

/// Takes the words of findings whose documents went; verdicts, counts and intervals stay.
pub(super) fn tombstone(at: &At<'_>, row: &mut Row, stone: &Tombstone) -> Result<(), Refused> {
    let index = at.index();
    let count = stone.documents.len();
    at.tx.execute(
        "INSERT INTO tombstones VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![index, stone.rule, stone.approver, stone.reason, at.rx, signed(count as u64)],
    )?;
    let mut open = BTreeSet::new();
    for gone in &stone.documents {
        let digest = gone.digest.to_string();
        at.tx
            .prepare_cached("INSERT OR IGNORE INTO deleted VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                digest,
                index,
                gone.kind.as_str(),
                gone.target.as_str(),
                signed(gone.last)
            ])?;
        lines::forget(at, &digest)?;
        at.tx
            .prepare_cached(
                "UPDATE document_rows SET held = 0, deleted = ?2 WHERE digest = ?1 AND held = 1",
            )?
            .execute((&digest, index))?;
        at.tx
            .prepare_cached(&format!(
                "UPDATE findings SET message = ?3, items = '[]', erased = ?2,
                 until = coalesce(to_index, ?2) WHERE digest = ?1 AND {OF_DIGEST} AND erased IS NULL",
            ))?
            .execute((&digest, index, kept::words(index)))?;
        let mut held = at.tx.prepare_cached(&format!(
            "SELECT DISTINCT target, kind FROM findings
             WHERE digest = ?1 AND {OF_DIGEST} AND erased = ?2 AND to_index IS NULL",
        ))?;
        let mut rows = held.query((&digest, index))?;
        while let Some(row) = rows.next()? {
            open.insert((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        }
    }
    for (target, kind) in open {
        evidence::again(at, &target, &kind)?;
    }
    let noun = if count == 1 { "document" } else { "documents" };
    row.summary =
        format!("{count} {noun} deleted under the rule {:?}: {}", stone.rule, stone.reason);
    row.by = Some(stone.approver.clone());
    Ok(())
}

/// A hold, or the end of one.
pub(super) fn hold(at: &At<'_>, row: &mut Row) -> Result<(), Refused> {
    let statement: Statement<Value> = super::stated(at)?;
    match statement.predicate_type.as_str() {
        HOLD => made(at, row, super::predicate(&statement)?),
        HOLD_LIFTED => lifted(at, row, super::predicate(&statement)?),
        other => because(format!("it is a {other:?}, its leaf says \"hold\"")),
    }
}

fn made(at: &At<'_>, row: &mut Row, hold: Hold) -> Result<(), Refused> {
    let time = |text: &Option<String>| match text.as_deref().map(millis) {
        Some(None) => because("its period cannot be read"),
        Some(Some(time)) => Ok(Some(time)),
        None => Ok(None),
    };
    at.tx.execute(
        "INSERT INTO holds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, NULL, NULL, NULL)",
        params![
            at.index(),
            hold.target.as_ref().map(|target| target.as_str()),
            hold.kind.as_ref().map(|kind| kind.as_str()),
            time(&hold.from)?,
            time(&hold.to)?,
            hold.by,
            hold.reason,
            at.rx,
        ],
    )?;
    let what = hold.kind.map_or("every kind".to_owned(), |kind| kind.to_string());
    let whose = hold.target.map_or("every target".to_owned(), |target| target.to_string());
    row.summary = format!("legal hold on {what} of {whose}: {}", hold.reason);
    row.by = Some(hold.by);
    Ok(())
}

fn lifted(at: &At<'_>, row: &mut Row, lift: HoldLifted) -> Result<(), Refused> {
    let changed = at.tx.execute(
        "UPDATE holds SET lifted_index = ?2, lifted = ?3, lifted_by = ?4, lifted_reason = ?5
         WHERE idx = ?1 AND lifted_index IS NULL",
        params![signed(lift.hold), at.index(), at.rx, lift.by, lift.reason],
    )?;
    if changed == 0 {
        return because(format!("no hold {} is in force", lift.hold));
    }
    row.summary = format!("legal hold {} lifted: {}", lift.hold, lift.reason);
    row.by = Some(lift.by);
    Ok(())
}
