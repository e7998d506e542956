//! Rows about one run: documents and outcomes as intervals. A repeated digest stretches its interval; another one opens
//! the next.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Observed, Outcome, Run};
use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};

use super::lines::{Lines, Of, Place, Repeated};
use super::{Agent, At, Refused, Row, because, millis, sorts};
use crate::views::ahead::Asked;
use crate::views::judge::{self, Observation, observe};
use crate::views::{ViewsError, ahead, counts, kept, labels, live, signed, unsigned};

/// What a run says of each kind on each target, by target and kind.
type Sights<'a> = BTreeMap<(&'a str, &'a str), Sight<'a>>;

/// What a run says of one kind on one target.
#[derive(Default)]
pub(super) struct Sight<'a> {
    document: Option<&'a Observed>,
    gaps: Vec<&'a Outcome>,
}

/// What a run says, if its agent may say it. Writes nothing.
pub(super) fn sights<'a>(agent: &Agent, run: &'a Run) -> Result<Sights<'a>, Refused> {
    let mut sights = Sights::new();
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
    Ok(sights)
}

pub(super) fn run(
    at: &At<'_>,
    row: &mut Row,
    agent: &Agent,
    run: &Run,
    sights: &Sights<'_>,
) -> Result<(), ViewsError> {
    let finished = millis(&run.finished).unwrap_or(at.rx).min(at.rx);
    let mut lines = Lines::of(at, &agent.id)?;
    let (mut newest, mut changed) = (BTreeMap::new(), BTreeSet::new());
    for ((target, kind), sight) in sights {
        let place = lines.place(at, (target, kind))?;
        row.documents += i64::from(sight.document.is_some());
        row.gaps += i64::from(!sight.gaps.is_empty());
        let said = sight.digest();
        if let Some(document) = sight.document {
            let newest = newest.entry(*target).or_insert(i64::MIN);
            *newest = ahead::seen(document, at.rx).max(*newest);
        }
        if lines.says(place, said) {
            if let Some(document) = sight.document {
                lines.repeat(place, Of::Document, at.index(), ahead::seen(document, at.rx));
            }
            lines.repeat(place, Of::Outcome, at.index(), finished);
            continue;
        }
        changed.insert(*target);
        let is_settled = match sight.document {
            Some(document) => observed(at, agent, document, (&mut lines, place))?,
            None => true,
        };
        ended(at, agent, (target, kind), sight, finished, (&mut lines, place))?;
        lines.tell(place, if is_settled { said } else { Digest::ZERO });
    }
    lines.write(at)?;
    for (target, seen) in newest {
        counts::seen(at.tx, target, seen)?;
    }
    for target in changed {
        counts::again(at.tx, target)?;
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

impl Sight<'_> {
    /// The gaps as they are kept.
    fn gaps(&self) -> String {
        let gaps = self
            .gaps
            .iter()
            .map(|gap| json!({"outcome": gap.outcome, "detail": gap.detail, "remedy": gap.remedy}));
        Value::Array(gaps.collect()).to_string()
    }

    /// Of all that the rows of a place depend on.
    fn digest(&self) -> Digest {
        let document = self.document.map_or(Digest::ZERO, |document| document.digest);
        let gaps = if self.gaps.is_empty() { String::new() } else { self.gaps() };
        Digest::of_parts(&[document.as_bytes(), gaps.as_bytes()])
    }
}

/// Stretches the interval of an unchanged document or opens a new one, then judges. Answers whether the same digest needs no
/// second look: its bytes are here, and no rule about its kind reads the time.
fn observed(
    at: &At<'_>,
    agent: &Agent,
    document: &Observed,
    (lines, place): (&mut Lines, Place),
) -> Result<bool, ViewsError> {
    let (target, kind) = (document.target.as_str(), document.kind.as_str());
    let (digest, seen) = (document.digest.to_string(), ahead::seen(document, at.rx));
    let open: Option<(i64, String, bool, Option<Place>)> = at
        .tx
        .prepare_cached(
            "SELECT from_index, digest, held, line, slot FROM document_rows
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, Place::read(row, 3)?))
        })
        .optional()?;
    // The bytes themselves are read only if they are judged: most documents are those of the last run.
    let there = at.log.stored(&document.digest)?.is_some_and(|brought| brought <= at.entry.index);
    // Deleted since: it was held when this entry came, and what was found then is kept with the tombstone.
    let erased =
        if there { None } else { at.log.erased_after(&document.digest, at.entry.index)? };
    let held = there || erased.is_some();
    let is_new =
        open.as_ref().is_none_or(|(_, open, was_held, _)| *open != digest || *was_held != held);
    match open {
        Some((_, _, _, own)) if !is_new && own == Some(place) => {
            lines.repeat(place, Of::Document, at.index(), seen);
        }
        open => {
            let first = open.is_none();
            let before = lines.take(at, open.and_then(|(_, _, _, place)| place), Of::Document)?;
            let new = (document, digest.as_str(), held, seen);
            if is_new {
                live::touch(at.tx, (target, kind))?;
                let before = if first { None } else { Some(before) };
                turn(at, agent, new, (before, place))?;
            } else {
                adopt(at, new, (before, place))?;
            }
        }
    }
    if let Some(tombstone) = erased {
        let document = (digest.as_str(), target, at.entry.index);
        kept::replay(at.tx, at.log, at.assessor, tombstone, document)?;
        return Ok(false);
    }
    if !there {
        return Ok(false);
    }
    if is_new || at.assessor.reads_clock(kind) {
        let index = at.entry.index;
        let observation = Observation { target, kind, digest: &digest, index, at: seen };
        let asked = if is_new { Asked::All } else { Asked::Moving };
        // What was judged ahead saw no labels.
        let labels = labels::for_rules(at.tx, at.assessor, (target, kind))?;
        let ahead = at.ahead.filter(|_| labels.is_none());
        match ahead.and_then(|ahead| ahead.of((index, target, kind), asked)) {
            Some(findings) => observe(at.tx, &observation, findings)?,
            None => {
                let (when, labels) = ((index, at.rx), labels.as_ref());
                let findings =
                    ahead::findings(at.log, at.assessor, (document, labels), when, asked)?;
                observe(at.tx, &observation, &findings)?;
            }
        }
    }
    Ok(!at.assessor.reads_clock(kind))
}

/// Closes the open interval, if there is one, and opens the next.
fn turn(
    at: &At<'_>,
    agent: &Agent,
    (document, digest, held, seen): (&Observed, &str, bool, i64),
    (before, place): (Option<Repeated>, Place),
) -> Result<(), ViewsError> {
    let (target, kind) = (document.target.as_str(), document.kind.as_str());
    if let Some(before) = before {
        at.tx
            .prepare_cached(
                "UPDATE document_rows SET to_index = ?3, last_index = max(last_index, ?4),
                     last_seen = max(last_seen, coalesce(?5, last_seen)), seen = seen + ?6, line = NULL, slot = NULL
                 WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
            )?
            .execute((target, kind, at.index(), before.index, before.time(), before.runs))?;
    }
    let (line, slot) = place.columns();
    at.tx
        .prepare_cached(
            "INSERT INTO document_rows VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8, ?3, ?8, 1, NULL, ?9, ?10)",
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
            line,
            slot,
        ])?;
    sorts::note(at, target, kind)
}

/// Stretches an interval that another agent's line held so far.
fn adopt(
    at: &At<'_>,
    (document, _, _, seen): (&Observed, &str, bool, i64),
    (before, place): (Repeated, Place),
) -> Result<(), ViewsError> {
    let (line, slot) = place.columns();
    let seen = before.time().map_or(seen, |before| before.max(seen));
    at.tx
        .prepare_cached(
            "UPDATE document_rows SET last_index = ?3, last_seen = max(last_seen, ?4), seen = seen + 1 + ?5, line = ?6,
                 slot = ?7
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .execute(params![
            document.target.as_str(),
            document.kind.as_str(),
            at.index(),
            seen,
            before.runs,
            line,
            slot,
        ])?;
    Ok(())
}

/// Judges the newest document of a kind again, as of its last observation: the labels of its target are others, or findings of
/// an older one, which it shared, were erased with that.
pub(super) fn again(at: &At<'_>, target: &str, kind: &str) -> Result<(), ViewsError> {
    let open: Option<(String, bool, i64, i64)> = at
        .tx
        .prepare_cached(
            "SELECT digest, held, last_seen, last_index FROM documents
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((digest, true, seen, last)) = open else { return Ok(()) };
    let Ok(parsed) = digest.parse::<Digest>() else { return Ok(()) };
    let index = at.entry.index;
    let Some(bytes) = at.log.document_at(&parsed, index)? else {
        return match at.log.erased_after(&parsed, index)? {
            Some(tombstone) => {
                let document = (digest.as_str(), target, index);
                kept::replay(at.tx, at.log, at.assessor, tombstone, document)?;
                counts::again(at.tx, target)
            }
            None => Ok(()),
        };
    };
    let observation = Observation { target, kind, digest: &digest, index, at: seen };
    let value = judge::own_words(&bytes, kind, target);
    let capture = if at.assessor.reads_capture(kind) {
        judge::capture_at(at.log, unsigned(last), (target, kind))?
    } else {
        None
    };
    let labels = labels::for_rules(at.tx, at.assessor, (target, kind))?;
    let evidence = (&value, seen, capture.as_ref(), labels.as_ref());
    observe(at.tx, &observation, &at.assessor.judge(kind, evidence, |_| true))?;
    counts::again(at.tx, target)
}

/// Stretches the interval of equal ends or opens a new one.
fn ended(
    at: &At<'_>,
    agent: &Agent,
    (target, kind): (&str, &str),
    sight: &Sight<'_>,
    seen: i64,
    (lines, place): (&mut Lines, Place),
) -> Result<(), ViewsError> {
    let (gaps, collected) = (sight.gaps(), sight.document.is_some());
    let open: Option<(bool, String, Option<Place>)> = at
        .tx
        .prepare_cached(
            "SELECT collected, gaps, line, slot FROM outcome_rows
             WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
        )?
        .query_row((target, kind), |row| Ok((row.get(0)?, row.get(1)?, Place::read(row, 2)?)))
        .optional()?;
    let same = open
        .as_ref()
        .is_some_and(|(was_collected, was, _)| *was_collected == collected && *was == gaps);
    let first = open.is_none();
    let held = open.and_then(|(_, _, held)| held);
    if same && held == Some(place) {
        lines.repeat(place, Of::Outcome, at.index(), seen);
        return Ok(());
    }
    let before = lines.take(at, held, Of::Outcome)?;
    let (line, slot) = place.columns();
    if same {
        let seen = before.time().map_or(seen, |before| before.max(seen));
        at.tx
            .prepare_cached(
                "UPDATE outcome_rows SET last_index = ?3, last_seen = max(last_seen, ?4), line = ?5, slot = ?6
                 WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
            )?
            .execute((target, kind, at.index(), seen, line, slot))?;
        return Ok(());
    }
    live::touch(at.tx, (target, kind))?;
    if !first {
        at.tx
            .prepare_cached(
                "UPDATE outcome_rows SET to_index = ?3, last_index = max(last_index, ?4),
                     last_seen = max(last_seen, coalesce(?5, last_seen)), line = NULL, slot = NULL
                 WHERE target = ?1 AND kind = ?2 AND to_index IS NULL",
            )?
            .execute((target, kind, at.index(), before.index, before.time()))?;
    }
    at.tx
        .prepare_cached(
            "INSERT INTO outcome_rows VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?3, ?7, ?8, ?9)",
        )?
        .execute(params![target, kind, at.index(), collected, gaps, agent.id, seen, line, slot])?;
    Ok(())
}
