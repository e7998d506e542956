//! Rows about one run: documents and outcomes as intervals. A repeated digest stretches its interval; another one opens
//! the next.

use std::collections::BTreeMap;

use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::statement::{Observed, Outcome, Run};
use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};

use super::{Agent, At, Refused, Row, because, millis};
use crate::views::judge::{Observation, observe};
use crate::views::{ViewsError, kept, signed};

/// What a run says of one kind on one target.
#[derive(Default)]
struct Sight<'a> {
    document: Option<&'a Observed>,
    gaps: Vec<&'a Outcome>,
}

pub(super) fn run(at: &At<'_>, row: &mut Row, agent: &Agent, run: &Run) -> Result<(), Refused> {
    let mut sights: BTreeMap<(&str, &str), Sight<'_>> = BTreeMap::new();
    for document in &run.documents {
        let place = (document.target.as_str(), document.kind.as_str());
        let sight = sights.entry(place).or_default();
        if sight.document.replace(document).is_some() {
            return because(format!("it names two documents of {} for {}", place.1, place.0));
        }
    }
    for outcome in run.outcomes.iter().filter(|outcome| outcome.outcome != "collected") {
        let place = (outcome.target.as_str(), outcome.kind.as_str());
        sights.entry(place).or_default().gaps.push(outcome);
    }
    let granted = |target: &str| agent.targets.iter().any(|granted| granted == target);
    if let Some(((target, _), _)) = sights.iter().find(|((target, _), _)| !granted(target)) {
        return because(format!("it speaks for {target}, which was not granted to its agent"));
    }
    let finished = millis(&run.finished).unwrap_or(at.rx);
    for ((target, kind), sight) in &sights {
        if let Some(document) = sight.document {
            row.documents += 1;
            // A clock that runs ahead must not make evidence look fresher than its arrival.
            let seen = millis(&document.started).unwrap_or(at.rx).min(at.rx);
            observed(at, agent, document, seen)?;
        }
        row.gaps += i64::from(!sight.gaps.is_empty());
        ended(at, agent, (target, kind), sight, finished.min(at.rx))?;
    }
    row.summary = match (row.documents, row.gaps) {
        (0, 0) => "a run that observed nothing".to_owned(),
        (documents, 0) => format!("{} observed", counted(documents, "document")),
        (documents, gaps) => {
            let gaps = counted(gaps, "kind");
            format!("{} observed, {gaps} not or not wholly", counted(documents, "document"))
        }
    };
    Ok(())
}

fn counted(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Stretches the interval of an unchanged document or opens a new one, then judges.
fn observed(at: &At<'_>, agent: &Agent, document: &Observed, seen: i64) -> Result<(), ViewsError> {
    let (target, kind) = (document.target.as_str(), document.kind.as_str());
    let digest = document.digest.to_string();
    let open: Option<(i64, String, bool)> = at
        .tx
        .prepare_cached(
            "SELECT from_index, digest, held FROM documents
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    // The bytes themselves are read only if they are judged: most documents are those of the last run.
    let there = at.log.stored(&document.digest)?.is_some_and(|brought| brought <= at.entry.index);
    // Deleted since: it was held when this entry came, and what was found then is kept with the tombstone.
    let erased =
        if there { None } else { at.log.erased_after(&document.digest, at.entry.index)? };
    let held = there || erased.is_some();
    let same = open.filter(|(_, open, was_held)| *open == digest && *was_held == held);
    let is_new = same.is_none();
    if let Some((from, _, _)) = same {
        at.tx
            .prepare_cached(
                "UPDATE documents SET last_index = ?4, last_seen = max(last_seen, ?5), seen = seen + 1
                 WHERE target = ?1 AND kind = ?2 AND from_index = ?3",
            )?
            .execute((target, kind, from, at.index(), seen))?;
    } else {
        at.tx
            .prepare_cached(
                "UPDATE documents SET to_index = ?3 WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
            )?
            .execute((target, kind, at.index()))?;
        at.tx
            .prepare_cached(
                "INSERT INTO documents VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8, ?3, ?8, 1, NULL)",
            )?
            .execute(params![
                target,
                kind,
                at.index(),
                digest,
                signed(document.size),
                held,
                agent.id,
                seen,
            ])?;
    }
    if let Some(tombstone) = erased {
        let document = (digest.as_str(), target, at.entry.index);
        return kept::replay(at.tx, at.log, at.assessor, tombstone, document);
    }
    if !there {
        return Ok(());
    }
    let observation =
        Observation { target, kind, digest: &digest, index: at.entry.index, at: seen, is_new };
    observe(at.tx, at.assessor, &observation, || {
        let bytes = at.log.document_at(&document.digest, at.entry.index)?;
        Ok(bytes.map_or(Value::Null, |bytes| readable(&bytes, document)))
    })
}

/// Judges the newest document of a kind again, as of its last observation: findings of an older one, which it shared, were
/// erased with that.
pub(super) fn again(at: &At<'_>, target: &str, kind: &str) -> Result<(), ViewsError> {
    let open: Option<(String, bool, i64)> = at
        .tx
        .prepare_cached(
            "SELECT digest, held, last_seen FROM documents
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((digest, true, seen)) = open else { return Ok(()) };
    let Ok(parsed) = digest.parse::<Digest>() else { return Ok(()) };
    let index = at.entry.index;
    let Some(bytes) = at.log.document_at(&parsed, index)? else {
        return match at.log.erased_after(&parsed, index)? {
            Some(tombstone) => {
                kept::replay(at.tx, at.log, at.assessor, tombstone, (&digest, target, index))
            }
            None => Ok(()),
        };
    };
    let observation = Observation { target, kind, digest: &digest, index, at: seen, is_new: true };
    observe(at.tx, at.assessor, &observation, || Ok(own_words(&bytes, kind, target)))
}

fn own_words(bytes: &[u8], kind: &str, target: &str) -> Value {
    match Document::parse(bytes) {
        Ok(document) if document.kind.as_str() == kind && document.target.as_str() == target => {
            serde_json::to_value(document).unwrap_or(Value::Null)
        }
        Ok(_) | Err(_) => Value::Null,
    }
}

/// The document for the rules; one that is not what its statement says reads as null, which every rule refuses.
fn readable(bytes: &[u8], stated: &Observed) -> Value {
    match Document::parse(bytes) {
        Ok(document)
            if Digest::of(bytes) == stated.digest
                && document.kind == stated.kind
                && document.target == stated.target =>
        {
            serde_json::to_value(document).unwrap_or(Value::Null)
        }
        Ok(_) | Err(_) => Value::Null,
    }
}

/// Stretches the interval of equal ends or opens a new one.
fn ended(
    at: &At<'_>,
    agent: &Agent,
    (target, kind): (&str, &str),
    sight: &Sight<'_>,
    seen: i64,
) -> Result<(), ViewsError> {
    let gaps: Vec<Value> = sight
        .gaps
        .iter()
        .map(|gap| json!({"outcome": gap.outcome, "detail": gap.detail, "remedy": gap.remedy}))
        .collect();
    let gaps = Value::Array(gaps).to_string();
    let collected = sight.document.is_some();
    let open: Option<(i64, bool, String)> = at
        .tx
        .prepare_cached(
            "SELECT from_index, collected, gaps FROM outcomes
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((from, _, _)) =
        open.filter(|(_, was_collected, was)| *was_collected == collected && *was == gaps)
    {
        at.tx
            .prepare_cached(
                "UPDATE outcomes SET last_index = ?4, last_seen = max(last_seen, ?5)
                 WHERE target = ?1 AND kind = ?2 AND from_index = ?3",
            )?
            .execute((target, kind, from, at.index(), seen))?;
        return Ok(());
    }
    at.tx
        .prepare_cached(
            "UPDATE outcomes SET to_index = ?3 WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .execute((target, kind, at.index()))?;
    at.tx
        .prepare_cached("INSERT INTO outcomes VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?3, ?7)")?
        .execute(params![target, kind, at.index(), collected, gaps, agent.id, seen])?;
    Ok(())
}
