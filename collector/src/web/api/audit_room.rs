//! What an audit sees and what its auditors did. The rows are those of the audit room's pages, under the same rule of who may see them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::operation::{Answer, Operation, file, list, long};
use super::problem::ApiError;
use super::{Ask, WebError};
use crate::views::{Asked, Part};
use crate::web::pages::audits::evidence::{Covered, covered, document};
use crate::web::pages::audits::population::lines;
use crate::web::pages::audits::{done, item, room};

/// The newest document of a kind on a target that an audit covers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEvidence")]
struct EvidenceRow {
    kind: String,
    target: String,
    name: String,
    /// The entry that brought it.
    index: u64,
    first: Timestamp,
    last: Timestamp,
}

/// An item of a frozen list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PopulationItem")]
struct ItemRow {
    /// It was drawn.
    drawn: bool,
    /// The item as the list has it.
    item: Value,
    target: String,
    /// Digest of the document that it comes from.
    document: Option<String>,
    /// Its place in that document.
    row: Option<u64>,
}

/// What an auditor did who is bound to an audit.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditorsAct")]
struct DoneRow {
    index: u64,
    at: Timestamp,
    by: String,
    what: String,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        long(
            "/audits/{audit}/evidence",
            "Audits",
            "The newest document of each kind on each target that scope and period cover",
            evidence,
        ),
        file(
            "/audits/{audit}/evidence/{index}/{kind}/{target}/document",
            "Audits",
            "A document that the audit sees, as it was hashed",
            &["application/json"],
            bytes,
        ),
        file(
            "/audits/{audit}/files/{digest}",
            "Audits",
            "A file that is attached to a request, as it was hashed",
            &["application/octet-stream"],
            attached,
        ),
        list(
            "/audits/{audit}/populations/{population}/items",
            "Audits",
            "The items of a frozen list, those that were drawn first",
            items,
        ),
        list(
            "/audits/{audit}/activity",
            "Audits",
            "What the auditors did who are bound to the audit, newest first",
            activity,
        ),
    ]
}

fn evidence(ask: &Ask, asked: &Asked) -> Result<Part<EvidenceRow>, WebError> {
    let Part { rows, fitting, all } = covered(ask, asked)?;
    let rows = rows.into_iter().map(|one| {
        let Covered { kind, target, name, index, first, last } = one;
        EvidenceRow { kind, target, name, index, first, last }
    });
    Ok(Part { rows: rows.collect(), fitting, all })
}

fn bytes(ask: &Ask) -> Result<Answer, ApiError> {
    Ok(Answer { media_type: "application/json", bytes: document(ask)?.1 })
}

fn attached(ask: &Ask) -> Result<Answer, ApiError> {
    Ok(Answer::bytes(item::attached(ask)?.2))
}

fn items(ask: &Ask) -> Result<Vec<ItemRow>, WebError> {
    let room = room(ask, ask.param(0))?;
    let rows = lines(ask, &room, ask.param(1))?.into_iter().map(|(drawn, line)| {
        let part = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
        ItemRow {
            drawn,
            target: part("target").unwrap_or_default(),
            document: part("document"),
            row: line.get("row").and_then(Value::as_u64),
            item: line.get("item").cloned().unwrap_or_default(),
        }
    });
    Ok(rows.collect())
}

fn activity(ask: &Ask) -> Result<Vec<DoneRow>, WebError> {
    let room = room(ask, ask.param(0))?;
    let rows = done(ask, &room.id)?.into_iter();
    Ok(rows
        .map(|one| DoneRow { index: one.index, at: one.at, by: one.by, what: one.what })
        .collect())
}
