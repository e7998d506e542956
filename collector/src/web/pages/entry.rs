//! One entry of the log: its statement in words, its signature, its leaf, its proof, and its parts as files.

use askama::Template;
use axum::response::Response;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Run, Tombstone};
use serde_json::Value;

use super::help;
use super::noticed::{self, Words};
use super::proven::{self, Proven};
use super::{super::html, Ask, WebError, evidence_href};
use crate::views::EntryRow;
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};
use crate::web::{Frame, download, facts};

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    frame: Frame,
    proven: Proven,
    /// Absent while the views have not reached the entry.
    row: Option<EntryRow>,
    summary: String,
    entry_type: String,
    /// Where the help page explains the type.
    help: &'static str,
    notice: Option<Words>,
    /// What a tombstone is about: kind, the document's page, its target, its digest.
    deleted: Vec<(String, String, String, String)>,
    received: String,
    sealed: Option<Moment>,
    agent: Option<(String, String)>,
    documents: Vec<(String, String, String, u64)>,
    gaps: Vec<(String, Word, String, String)>,
    predicate: String,
    raw: String,
    previous: Option<u64>,
    next: Option<u64>,
    document_href: Option<String>,
    document_digest: Option<String>,
    export_target: Option<String>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let index = ask.index(0)?;
    let (entry, proven) = proven::load(ask, index)?;
    let views = &ask.views;
    let row = views.entry_row(index)?;
    let agent = row.as_ref().and_then(|row| row.agent.clone());
    let notice = match &agent {
        Some(id) => noticed::of_entry(ask, id, index)?,
        None => None,
    };
    let agent = match agent {
        Some(id) => {
            let name = views.agent(&id)?.map_or_else(|| id.clone(), |agent| agent.host_name);
            Some((name, format!("/agents/{}", encode(&id))))
        }
        None => None,
    };
    let run: Option<Run> =
        proven.statement.as_ref().and_then(|statement| statement.predicate_as().ok());
    let (mut documents, mut gaps) = (Vec::new(), Vec::new());
    for document in run.iter().flat_map(|run| &run.documents) {
        let (kind, target) = (document.kind.to_string(), document.target.to_string());
        let href = evidence_href(index, &kind, &target);
        documents.push((kind, href, words::bytes(document.size), document.rows.unwrap_or(0)));
    }
    for gap in run.iter().flat_map(|run| &run.outcomes) {
        let word = words::outcome(&gap.outcome);
        gaps.push((gap.kind.to_string(), word, gap.detail.clone(), gap.remedy.clone()));
    }
    let deleted = deleted(ask, &entry.leaf.t, &proven)?;
    let raw = proven.statement.as_ref().and_then(|s| serde_json::to_string_pretty(s).ok());
    html(&EntryPage {
        frame: ask.frame(format!("Entry {index}"), "log"),
        summary: row.as_ref().map_or_else(String::new, |row| summary(&entry.leaf.t, row)),
        entry_type: entry.leaf.t.as_str().replace('_', " "),
        help: help::anchor(&entry.leaf.t),
        notice,
        deleted,
        received: entry.leaf.rx,
        sealed: row.as_ref().and_then(|row| row.sealed).map(|at| ask.moment(at)),
        row,
        agent,
        documents,
        gaps,
        predicate: facts::html(&predicate(&proven)),
        raw: raw.unwrap_or_default(),
        previous: index.checked_sub(1),
        next: index.checked_add(1).filter(|next| *next < ask.entries(proven.size)),
        document_href: None,
        document_digest: None,
        export_target: None,
        proven,
    })
}

/// As a sentence begins, unless it begins with the name of an authority.
fn summary(entry_type: &EntryType, row: &EntryRow) -> String {
    if *entry_type == EntryType::Time && !row.summary.starts_with("witnesses ") {
        return row.summary.clone();
    }
    noticed::capital(&row.summary)
}

fn deleted(
    ask: &Ask,
    entry_type: &EntryType,
    proven: &Proven,
) -> Result<Vec<(String, String, String, String)>, WebError> {
    let stone = proven.statement.as_ref().filter(|_| *entry_type == EntryType::Tombstone);
    let stone: Option<Tombstone> = stone.and_then(|statement| statement.predicate_as().ok());
    let names = ask.target_names()?;
    let rows = stone.into_iter().flat_map(|stone| stone.documents).map(|gone| {
        let (kind, target) = (gone.kind.to_string(), gone.target.to_string());
        let href = evidence_href(gone.last, &kind, &target);
        let name = names.get(&target).cloned().unwrap_or(target);
        (kind, href, name, gone.digest.to_string())
    });
    Ok(rows.collect())
}

/// What the statement says, without the lists that the page shows in its own tables.
fn predicate(proven: &Proven) -> Value {
    let mut predicate =
        proven.statement.as_ref().map_or(Value::Null, |statement| statement.predicate.clone());
    if let Some(map) = predicate.as_object_mut() {
        map.remove("documents");
        map.remove("outcomes");
    }
    predicate
}

/// Envelope, leaf, proof or key as a file.
pub(in crate::web) fn part(ask: &Ask) -> Result<Response, WebError> {
    let index = ask.index(0)?;
    let missing = |what: &str| WebError::NotFound(format!("{what} of entry {index}"));
    let (entry, proven) = proven::load(ask, index)?;
    match ask.param(1) {
        "envelope" => {
            let bytes = entry.envelope.ok_or_else(|| missing("envelope"))?;
            let name = format!("{}.envelope.json", proven.envelope_digest);
            Ok(download("application/json", &name, bytes))
        }
        "leaf" => Ok(download("application/json", &format!("{index}.leaf.json"), entry.leaf_bytes)),
        "proof" => {
            let name = format!("{index}.tlog-proof");
            Ok(download("text/plain; charset=utf-8", &name, proven.proof.into_bytes()))
        }
        "key" if !proven.pem.is_empty() => {
            let name = format!("{}.pem", proven.key);
            Ok(download("application/x-pem-file", &name, proven.pem.into_bytes()))
        }
        other => Err(missing(&format!("{other:?}"))),
    }
}
