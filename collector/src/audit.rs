//! The audit room on its way to the log: evidence that is named, lists of requests that auditors bring. Logs nothing itself.

mod csv;
mod scope;

use exhibit_assessment::decisions::{AUDIT_FINDING, REQUEST, Shown};
use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::{Act, Decision, Run, Statement};
use serde_json::{Value, json};

use crate::decisions::{Attached, media_type};
use crate::views::{Views, ViewsError};

pub use self::csv::{BadRow, Imported, MAX_ROWS, requests, written};
pub use self::scope::Scope;

/// Why something of the audit room is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Population(#[from] crate::population::PopulationError),
    #[error("there is no audit {0:?}")]
    Unknown(String),
    #[error(
        "entry {entry} names no document of kind {kind} on {target}; copy the address of its evidence page"
    )]
    NoEvidence { entry: u64, kind: String, target: String },
}

/// Refuses evidence that the log does not hold. Anything else passes.
pub(crate) fn admit(views: &Views, decision: &Decision) -> Result<(), AuditError> {
    let Decision { register, act: Act::Put, value: Some(value), .. } = decision else {
        return Ok(());
    };
    if register != REQUEST && register != AUDIT_FINDING {
        return Ok(());
    }
    let shown = value.get("evidence").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
    // Of another form: the register says so.
    let Ok(shown) = serde_json::from_value::<Vec<Shown>>(shown) else { return Ok(()) };
    for Shown { entry, kind, target } in shown {
        let held = views.log().entry(entry).map_err(ViewsError::from)?;
        let run = held.and_then(|held| {
            let payload = Envelope::parse(&held.envelope?).ok()?.unverified_payload().ok()?;
            Some(Statement::<Run>::from_payload(&payload).ok()?.predicate)
        });
        let named = run.is_some_and(|run| {
            let mut documents = run.documents.iter();
            documents.any(|one| one.kind.as_str() == kind && one.target.as_str() == target)
        });
        if !named {
            return Err(AuditError::NoEvidence { entry, kind, target });
        }
    }
    Ok(())
}

/// Evidence as people type it: the address of an evidence page, or entry, kind and target.
pub fn evidence_lines(text: &str) -> Result<Vec<Shown>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(evidence_line).collect()
}

fn evidence_line(line: &str) -> Result<Shown, String> {
    let wrong = || {
        format!(
            "{line:?} names no evidence; copy the address of its page, or write entry, kind and target"
        )
    };
    let decoded;
    let parts: Vec<&str> = match line.split_once("/evidence/") {
        Some((_, path)) => {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            decoded = path.split('/').map(decode).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
            decoded.iter().map(String::as_str).collect()
        }
        None => line.split_whitespace().collect(),
    };
    let [entry, kind, target] = parts.as_slice() else { return Err(wrong()) };
    let entry = entry.parse().map_err(|_not_a_number| wrong())?;
    Ok(Shown { entry, kind: (*kind).to_owned(), target: (*target).to_owned() })
}

/// A file as the value of a request names it.
pub fn file_value(name: &str, file: &Attached) -> Value {
    json!({
        "digest": file.digest(), "file": name, "media_type": media_type(name),
        "size": file.bytes().len(),
    })
}

/// A part of an address, without `%`.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.extend(hex::decode(digits).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
