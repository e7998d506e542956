//! Entries of the log, newest first: as a list, one with its statement and proof, its parts as bytes, and what people did.

use exhibit_proto::statement::{Observed, Run};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::operation::{Answer, Indexed, Operation, Place, Taken, file, newest, one};
use super::problem::ApiError;
use super::words::DigestText;
use super::{Ask, WebError};
use crate::views::{EntryFilter, EntryRow as Row};
use crate::web::pages::evidence::observed;
use crate::web::pages::log::ACTIVITY;
use crate::web::pages::proven;

/// An entry of the log in words.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Entry")]
pub(in crate::web) struct EntryRow {
    pub(in crate::web) index: u64,
    /// `evidence`, `heartbeat`, `enrol`, `decision`, …
    #[serde(rename = "type")]
    pub(in crate::web) entry_type: String,
    /// Whom it is about or who did it: the agent's host, a person, or `collector`.
    pub(in crate::web) who: String,
    pub(in crate::web) agent: Option<String>,
    /// One line.
    pub(in crate::web) what: String,
    /// Why it counts for nothing.
    pub(in crate::web) problem: Option<String>,
    /// Statements of the agent's chain that are missing before it.
    pub(in crate::web) missing: u64,
    /// By the collector's clock.
    pub(in crate::web) received: Timestamp,
    /// By the agent's own clock.
    pub(in crate::web) sealed: Option<Timestamp>,
    /// Number in the agent's chain.
    pub(in crate::web) seq: Option<u64>,
    /// Documents that it names, and kinds that could not, or not wholly, be seen.
    pub(in crate::web) documents: u64,
    pub(in crate::web) gaps: u64,
    /// SHA-256 of its envelope.
    #[schemars(with = "DigestText")]
    pub(in crate::web) envelope: String,
}

impl Indexed for EntryRow {
    fn index(&self) -> u64 {
        self.index
    }
}

/// One entry with what proves it, checked while this was written. Check it yourself: the parts are beside it as bytes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EntryInFull")]
struct EntryInFull {
    index: u64,
    /// The leaf as it is hashed into the tree.
    leaf: String,
    /// SHA-256 of its envelope.
    #[schemars(with = "DigestText")]
    envelope: String,
    /// The statement inside of the envelope (in-toto); null where the envelope is not held.
    statement: Option<Value>,
    proof: Proof,
}

/// What proves that an entry stands in the log, and who signed it.
#[derive(Serialize, JsonSchema)]
struct Proof {
    /// Key id of who signed: SHA-256 of the DER SPKI; the key in PEM, and whose it is.
    key: String,
    pem: String,
    holder: String,
    /// Null: there is no envelope or no key to check.
    signature_holds: Option<bool>,
    /// C2SP tlog-proof of the leaf under the newest head.
    text: String,
    inclusion_holds: bool,
    /// Size and root of that head.
    size: u64,
    root: String,
}

/// One document of an entry: how it was obtained, where its bytes are, and what proves it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EvidenceInFull")]
struct EvidenceInFull {
    index: u64,
    target: String,
    kind: String,
    #[schemars(with = "DigestText")]
    digest: String,
    /// Bytes.
    size: u64,
    /// Whether the bytes are here: `…/document` has them as they were hashed.
    held: bool,
    /// Exact commands, files or API calls, and the rights in effect.
    method: Vec<String>,
    privileges: String,
    rows: Option<u64>,
    /// Rows that there should be, where that is known.
    expected: Option<u64>,
    /// Rows are missing because a limit cut them.
    truncated: bool,
    /// Redaction rules that changed something.
    redactions: Vec<String>,
    /// By the agent's clock (RFC 3339), and milliseconds.
    started: String,
    duration_ms: u64,
    /// Plugins of the run, with versions.
    plugins: Vec<String>,
    /// The newest entry that names a document of this kind on this target.
    newest_index: Option<u64>,
    proof: Proof,
}

pub(super) fn operations() -> Vec<Operation> {
    let log = "Log";
    let filters = || {
        let text = serde_json::json!({"type": "string"});
        let taken = |name: &str, about: &str| Taken::new(name, about, text.clone());
        vec![
            taken("type", "Only entries of this type."),
            taken("agent", "Only entries of this agent."),
        ]
    };
    let parts = &["application/json", "text/plain", "application/x-pem-file"];
    vec![
        newest("/entries", log, "Entries of the log, newest first", filters(), entries),
        newest(
            "/activity",
            log,
            "What people did and what the collector noticed, newest first",
            Vec::new(),
            activity,
        ),
        one("/entries/{index}", log, "One entry with its statement and what proves it", show),
        file(
            "/entries/{index}/{part}",
            log,
            "A part of an entry as bytes: envelope, leaf, proof or key",
            parts,
            bytes,
        ),
        one(
            "/evidence/{index}/{kind}/{target}",
            "Evidence",
            "One document of an entry: how it was obtained, and what proves it",
            item,
        ),
        file(
            "/evidence/{index}/{kind}/{target}/document",
            "Evidence",
            "The document as it was hashed",
            &["application/json"],
            document,
        ),
    ]
}

fn entries(ask: &Ask, place: &Place) -> Result<(Vec<EntryRow>, u64), ApiError> {
    let given = |name: &str| ask.query.get(name).filter(|text| !text.is_empty()).cloned();
    let filter = EntryFilter {
        entry_type: given("type"),
        agent: given("agent"),
        before: place.before,
        ..EntryFilter::default()
    };
    let rows = ask.views.entries(&filter, place.limit)?;
    Ok((told(rows), ask.views.entry_count(&filter)?))
}

fn activity(ask: &Ask, place: &Place) -> Result<(Vec<EntryRow>, u64), ApiError> {
    let (mut rows, mut total) = (Vec::new(), 0);
    for entry_type in ACTIVITY {
        let (entry_type, before) = (Some(entry_type.to_owned()), place.before);
        let filter = EntryFilter { entry_type, before, ..EntryFilter::default() };
        rows.extend(ask.views.entries(&filter, place.limit)?);
        total += ask.views.entry_count(&filter)?;
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.index));
    rows.truncate(usize::try_from(place.limit).unwrap_or(usize::MAX));
    Ok((told(rows), total))
}

/// Entries as they are told.
fn told(rows: Vec<Row>) -> Vec<EntryRow> {
    let rows = rows.into_iter().map(|row| {
        let host = row.host.or_else(|| row.agent.clone());
        EntryRow {
            index: row.index,
            entry_type: row.entry_type,
            who: host.or(row.by).unwrap_or_else(|| "collector".to_owned()),
            agent: row.agent,
            what: row.summary,
            problem: row.problem,
            missing: row.missing,
            received: row.received,
            sealed: row.sealed,
            seq: row.seq,
            documents: row.documents,
            gaps: row.gaps,
            envelope: row.envelope,
        }
    });
    rows.collect()
}

fn show(ask: &Ask) -> Result<EntryInFull, WebError> {
    let (entry, proven) = proven::load(ask, ask.index(0)?)?;
    let statement = proven.statement.as_ref().and_then(|said| serde_json::to_value(said).ok());
    Ok(EntryInFull {
        index: proven.index,
        leaf: proven.leaf.clone(),
        envelope: entry.leaf.env.to_string(),
        statement,
        proof: proof(proven),
    })
}

fn proof(proven: proven::Proven) -> Proof {
    Proof {
        key: proven.key,
        pem: proven.pem,
        holder: proven.holder,
        signature_holds: proven.signature_holds,
        text: proven.proof,
        inclusion_holds: proven.inclusion_holds,
        size: proven.size,
        root: proven.root,
    }
}

fn bytes(ask: &Ask) -> Result<Answer, ApiError> {
    let index = ask.index(0)?;
    let (entry, proven) = proven::load(ask, index)?;
    let found = match ask.param(1) {
        "envelope" => entry.envelope.map(|bytes| ("application/json", bytes)),
        "leaf" => Some(("application/json", entry.leaf_bytes)),
        "proof" => Some(("text/plain; charset=utf-8", proven.proof.into_bytes())),
        "key" if !proven.pem.is_empty() => {
            Some(("application/x-pem-file", proven.pem.into_bytes()))
        }
        _ => None,
    };
    let missing = || WebError::NotFound(format!("part {:?} of entry {index}", ask.param(1)));
    let (media_type, bytes) = found.ok_or_else(missing)?;
    Ok(Answer { media_type, bytes })
}

fn item(ask: &Ask) -> Result<EvidenceInFull, WebError> {
    let (index, kind, target) = (ask.index(0)?, ask.param(1), ask.param(2));
    let (_, proven) = proven::load(ask, index)?;
    let (run, observed): (Run, Observed) = observed(&proven, kind, target)?;
    let newest = ask.views.documents(Some(target))?.into_iter().find(|row| row.kind == kind);
    let held = ask.site.log().document(&observed.digest)?.is_some();
    let plugins = run.plugins.iter().map(|plugin| format!("{} {}", plugin.name, plugin.version));
    Ok(EvidenceInFull {
        index,
        target: target.to_owned(),
        kind: kind.to_owned(),
        digest: observed.digest.to_string(),
        size: observed.size,
        held,
        method: observed.method,
        privileges: observed.privileges,
        rows: observed.rows,
        expected: observed.expected,
        truncated: observed.truncated,
        redactions: observed.redactions,
        started: observed.started,
        duration_ms: observed.duration_ms,
        plugins: plugins.collect(),
        newest_index: newest.map(|row| row.last_index),
        proof: proof(proven),
    })
}

fn document(ask: &Ask) -> Result<Answer, ApiError> {
    let (_, proven) = proven::load(ask, ask.index(0)?)?;
    let (_, observed) = observed(&proven, ask.param(1), ask.param(2))?;
    let bytes = ask.site.log().document(&observed.digest).map_err(WebError::from)?;
    let missing = || WebError::NotFound(format!("document {}", observed.digest));
    Ok(Answer { media_type: "application/json", bytes: bytes.ok_or_else(missing)? })
}
