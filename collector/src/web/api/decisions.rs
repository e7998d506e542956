//! What people decided: the list, one record with its revisions, and deciding. Who was overtaken is told by whom, and nothing is
//! overwritten.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::operation::{Answer, Operation, Sent, file, list, one, write};
use super::problem::{ApiError, Problem, Wrong};
use super::{Ask, ROOT, Site, WebError};
use crate::decisions::{Attached, Deciding, Undecided, file_name, next_id};
use crate::people::Right;
use crate::views::RecordRow;
use crate::web::decide::fields;
use crate::web::guard::not_for;
use crate::web::pages;
use crate::web::rights::of_register;
use crate::web::table::encode;

/// One revision of a record.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Decision")]
pub(in crate::web) struct DecisionRow {
    /// `waiver`, `label`, `applicability`, …
    pub(in crate::web) register: String,
    /// Which record of the register.
    pub(in crate::web) record: String,
    pub(in crate::web) standing: Standing,
    pub(in crate::web) by: String,
    pub(in crate::web) why: String,
    /// What is decided; null of a withdrawal. Each register has its own shape.
    pub(in crate::web) value: Option<Value>,
    pub(in crate::web) at: Timestamp,
    /// Its entry: the `after` of whoever decides next.
    pub(in crate::web) entry: u64,
    /// The revision that it replaced, or ended.
    pub(in crate::web) after: Option<u64>,
    /// The second person, and that entry.
    pub(in crate::web) approved_by: Option<String>,
    pub(in crate::web) approved_entry: Option<u64>,
    /// In force from this entry on, and until that one.
    pub(in crate::web) from_entry: Option<u64>,
    pub(in crate::web) to_entry: Option<u64>,
}

/// Where a revision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "StandingOfDecision")]
pub(in crate::web) enum Standing {
    InForce,
    /// Nobody ended it, and its last day is over: it has no effect any more.
    Expired,
    /// Another person must approve it; it does not count yet.
    Proposed,
    /// Another revision took its place, or it was withdrawn.
    Ended,
    /// It ended what stood before.
    Withdrawal,
}

impl Standing {
    pub(in crate::web) fn of(row: &RecordRow, now: Timestamp) -> Self {
        match row {
            row if row.expired(now) => Self::Expired,
            row if row.in_force() => Self::InForce,
            row if row.waits() => Self::Proposed,
            row if row.value.is_some() => Self::Ended,
            _ => Self::Withdrawal,
        }
    }
}

/// One record with everything that was decided about it.
#[derive(Serialize, JsonSchema)]
struct Record {
    register: String,
    record: String,
    /// The newest revision: the `after` of whoever decides next.
    newest: u64,
    /// Newest first.
    revisions: Vec<DecisionRow>,
}

/// What somebody decides.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decide {
    /// `waiver`, `manual_evidence`, `attestation`, `attested`, `label`, `retired`, `scope`, `applicability`, `owner`, `note`, `audit`,
    /// `request`, `audit_finding` or `audit_comment`.
    register: String,
    /// The record. Waivers, manual evidence and what belongs to audits are given the next free name where there is none.
    record: Option<String>,
    act: ActWord,
    /// Entry of the newest revision that you have seen; null for a record that nobody decided about.
    after: Option<u64>,
    /// What is decided; only `put` has one.
    value: Option<Value>,
    /// Stands in the log for good.
    why: String,
    /// The file that manual evidence brings; the value need not name it.
    file: Option<File>,
}

/// What a decision does to its record.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Act")]
enum ActWord {
    /// The value stands from here on, or is proposed where a second person must approve.
    Put,
    /// A proposal is taken back, or what is in force ends.
    Withdraw,
    /// Another person agrees to the proposal `after`.
    Approve,
}

/// A file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// Its name, without a path.
    name: String,
    /// Its bytes in base64 (RFC 4648 §4); at most 8 MiB before.
    base64: String,
}

/// What came of a decision.
#[derive(Serialize, JsonSchema)]
struct Decided {
    register: String,
    record: String,
    /// Its entry: the `after` of whoever decides next.
    entry: u64,
    /// It waits for a second person.
    proposed: bool,
}

/// Revisions that are listed.
const MOST: u32 = 100_000;

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Decisions";
    vec![
        list("/decisions", tag, "What people decided, newest first", rows),
        one("/decisions/{register}/{id}", tag, "One record with its revisions", record),
        file(
            "/decisions/{register}/{id}/file/{index}",
            tag,
            "The file that a revision brought, as it was hashed",
            &["application/octet-stream"],
            brought,
        ),
        write::<Decide, Decided, _>(
            "/decisions",
            tag,
            "Decide: put a value, withdraw, or approve a proposal",
            decide,
        ),
    ]
}

fn brought(ask: &Ask) -> Result<Answer, ApiError> {
    let (_, _, bytes) = pages::decisions::brought(ask)?;
    Ok(Answer::bytes(bytes))
}

/// Every revision, newest first.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<DecisionRow>, WebError> {
    Ok(ask.views.all_records(None, MOST)?.into_iter().map(|one| row(one, ask.now)).collect())
}

fn row(row: RecordRow, now: Timestamp) -> DecisionRow {
    DecisionRow {
        standing: Standing::of(&row, now),
        register: row.register,
        record: row.id,
        by: row.by,
        why: row.reason,
        value: row.value,
        at: row.at,
        entry: row.index,
        after: row.after,
        approved_entry: row.approved.as_ref().map(|approved| approved.index),
        approved_by: row.approved.map(|approved| approved.by),
        from_entry: row.from_index,
        to_entry: row.to_index,
    }
}

fn record(ask: &Ask) -> Result<Record, WebError> {
    let (register, record) = (ask.param(0), ask.param(1));
    let history = ask.views.record_history(register, record)?;
    let missing = || WebError::NotFound(format!("record {record:?} of {register:?}"));
    let newest = history.first().ok_or_else(missing)?.index;
    let (register, record) = (register.to_owned(), record.to_owned());
    let revisions = history.into_iter().map(|one| row(one, ask.now)).collect();
    Ok(Record { register, record, newest, revisions })
}

async fn decide(sent: Sent<Decide>) -> Result<Response, ApiError> {
    let Sent { site, who, body } = sent;
    let right = match body.act {
        ActWord::Approve => Right::Approve,
        ActWord::Put | ActWord::Withdraw => of_register(&body.register),
    };
    if !who.may(right) {
        return Ok(not_for(&who, right));
    }
    let asked = Arc::clone(&site);
    let prepared = tokio::task::spawn_blocking(move || prepare(&asked, who.user, body));
    let deciding = prepared.await.map_err(|_ended| ApiError::Ended)??;
    let (register, record) = (deciding.decision.register.clone(), deciding.decision.id.clone());
    match (site.decide)(deciding).await {
        Ok(done) => {
            let place = format!("{ROOT}/decisions/{}/{}", encode(&register), encode(&record));
            let decided = Decided { register, record, entry: done.entry, proposed: done.proposed };
            Ok((StatusCode::CREATED, [(header::LOCATION, place)], axum::Json(decided))
                .into_response())
        }
        Err(Undecided::Stale(why)) => {
            let now = (site.clock)();
            let asked =
                tokio::task::spawn_blocking(move || site.views.record_history(&register, &record));
            let newest = asked.await.map_err(|_ended| ApiError::Ended)??.into_iter().next();
            let problem = Problem::new(StatusCode::CONFLICT, why);
            let (kind, title) = ("urn:exhibit:problem:stale", "Somebody else decided meanwhile");
            let (kind, title) = (kind.to_owned(), title.to_owned());
            let newest = newest.map(|newest| Box::new(row(newest, now)));
            Ok(Problem { kind, title, newest, ..problem }.into_response())
        }
        Err(Undecided::Refused(why)) => Err(ApiError::Invalid(vec![Wrong::new("", why)])),
        Err(Undecided::Unable(why)) => {
            tracing::error!(%why, "a decision could not be logged");
            let detail = "the log cannot take an entry at present; try again in a moment";
            Ok(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response())
        }
    }
}

fn prepare(site: &Site, by: String, asked: Decide) -> Result<Deciding, ApiError> {
    let Decide { register, record, act, after, mut value, why: reason, file } = asked;
    let wrong = |name: &str, why: String| ApiError::Invalid(vec![Wrong::new(name, why)]);
    let Some(form) = fields::form(&register) else {
        return Err(wrong("register", format!("people write nothing in a register {register:?}")));
    };
    let id = match record.filter(|record| !record.is_empty()) {
        Some(record) => record,
        None if form.id.is_none() => next_id(&site.views, &register, (site.clock)())?,
        None => return Err(wrong("record", "must be named".to_owned())),
    };
    let file = match file {
        None => None,
        Some(File { name, base64 }) => {
            let bytes = STANDARD.decode(base64);
            let bytes = bytes.map_err(|error| wrong("file.base64", error.to_string()))?;
            let name = file_name(&name).map_err(|error| wrong("file.name", error.to_string()))?;
            let file = Attached::new(bytes).map_err(|error| wrong("file", error.to_string()))?;
            let Some(value) = value.as_mut().filter(|value| value.is_object()) else {
                return Err(wrong("value", "must be an object where a file is brought".to_owned()));
            };
            fields::name_file(value, &name, &file);
            Some(file)
        }
    };
    let act = match act {
        ActWord::Put => Act::Put,
        ActWord::Withdraw => Act::Withdraw,
        ActWord::Approve => Act::Approve,
    };
    Ok(Deciding { decision: Decision { register, id, after, act, value, by, reason }, file })
}
