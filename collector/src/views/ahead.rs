//! Documents that came with the next entries, judged on all cores before the entries are applied one after another. It believes
//! no entry: what one is worth is said when it is applied, and what was judged in vain is thrown away.

use std::collections::HashMap;
use std::sync::Arc;

use exhibit_assessment::{Finding, Labels};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Observed, Run, Statement};
use serde_json::Value;

use super::apply::millis;
use super::{Assessor, ViewsError, judge, side_by_side};
use crate::log::{Entry, LogReader};

/// Fewer documents are not worth waking other threads for.
const WORTH: usize = 8;

/// Findings by entry, target and kind.
#[derive(Default)]
pub(super) struct Ahead(HashMap<(u64, String, String), (Asked, Vec<Finding>)>);

impl Ahead {
    /// What was found, if at least that was asked.
    pub(super) fn of(
        &self,
        (index, target, kind): (u64, &str, &str),
        asked: Asked,
    ) -> Option<&[Finding]> {
        if self.0.is_empty() {
            return None;
        }
        let (was, found) = self.0.get(&(index, target.to_owned(), kind.to_owned()))?;
        (*was == asked || *was == Asked::All).then_some(found.as_slice())
    }
}

/// Which rules of its kind a document is judged by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    All,
    /// It is as it was: those whose answer may be another one all the same.
    Moving,
}

/// A document to judge.
struct Due<'a> {
    index: u64,
    /// When the entry came, in milliseconds since 1970.
    rx: i64,
    observed: &'a Observed,
    asked: Asked,
}

/// Judges what these entries brought, and what they name again whose rules read more than the document.
pub(super) fn judge(
    log: &LogReader,
    assessor: &Assessor,
    entries: &[(Entry, Option<Arc<Run>>)],
) -> Result<Ahead, ViewsError> {
    if entries.len() < 2 {
        return Ok(Ahead::default());
    }
    let runs: Vec<(&Entry, Arc<Run>)> = entries
        .iter()
        .filter_map(|(entry, run)| Some((entry, opened(entry, run.as_ref())?)))
        .collect();
    let mut due = Vec::new();
    for (entry, run) in &runs {
        let (index, rx) = (entry.index, millis(&entry.leaf.rx).unwrap_or(0));
        for observed in &run.documents {
            let kind = observed.kind.as_str();
            if !assessor.knows(kind) {
                continue;
            }
            // What was here before is mostly what was judged before.
            let is_new = log.stored(&observed.digest)? == Some(index);
            let asked = if is_new { Asked::All } else { Asked::Moving };
            if is_new || assessor.reads_clock(kind) {
                due.push(Due { index, rx, observed, asked });
            }
        }
    }
    if due.len() < WORTH {
        return Ok(Ahead::default());
    }
    let judged = side_by_side::map(&due, |one| {
        // What reads labels is judged again with them; what the others say is remembered until then.
        findings(log, assessor, (one.observed, None), (one.index, one.rx), one.asked)
    })?;
    let found = due.iter().zip(judged).map(|(one, found)| {
        let (target, kind) = (one.observed.target.as_str(), one.observed.kind.as_str());
        ((one.index, target.to_owned(), kind.to_owned()), (one.asked, found))
    });
    Ok(Ahead(found.collect()))
}

fn opened(entry: &Entry, run: Option<&Arc<Run>>) -> Option<Arc<Run>> {
    if entry.leaf.t != EntryType::Evidence {
        return None;
    }
    if let Some(run) = run {
        return Some(Arc::clone(run));
    }
    let payload = Envelope::parse(entry.envelope.as_ref()?).ok()?.unverified_payload().ok()?;
    Statement::<Run>::from_payload(&payload).ok().map(|statement| Arc::new(statement.predicate))
}

/// What rules say of a document that is here, as entry `index` of that time observed it, on a target with these labels.
pub(super) fn findings(
    log: &LogReader,
    assessor: &Assessor,
    (observed, labels): (&Observed, Option<&Labels>),
    (index, rx): (u64, i64),
    asked: Asked,
) -> Result<Vec<Finding>, ViewsError> {
    let kind = observed.kind.as_str();
    let bytes = log.document_at(&observed.digest, index)?;
    let value = bytes.map_or(Value::Null, |bytes| readable(&bytes, observed));
    let capture = assessor.reads_capture(kind).then(|| judge::capture_of(observed));
    let evidence = (&value, seen(observed, rx), capture.as_ref(), labels);
    Ok(assessor.judge(kind, evidence, |rule| asked == Asked::All || judge::moves(rule)))
}

/// A clock that runs ahead must not make evidence look fresher than its arrival.
pub(super) fn seen(observed: &Observed, rx: i64) -> i64 {
    millis(&observed.started).unwrap_or(rx).min(rx)
}

/// The document for the rules; one that is not what its statement says reads as null, which every rule refuses.
fn readable(bytes: &[u8], stated: &Observed) -> Value {
    match Document::parse(bytes) {
        Ok(document)
            if Digest::of(bytes) == stated.digest
                && document.kind == stated.kind
                && document.target == stated.target =>
        {
            document.into_value()
        }
        Ok(_) | Err(_) => Value::Null,
    }
}
