//! Evidence as an audit sees it: what its scope and period cover, what is attached to it, what was drawn. All else is not there.

use askama::Template;
use axum::response::Response;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::statement::Observed;

use super::super::evidence::observed;
use super::super::{super::html, Ask, WebError, proven};
use super::href;
use super::room::{Room, blind, room};
use crate::audit::Scope;
use crate::web::table::{Table, TableView, choice, column, moment, number, text};
use crate::web::words::{self, Moment};
use crate::web::{Frame, download, facts};

/// Documents that are listed.
const MOST: usize = 20_000;

#[derive(Template)]
#[template(path = "audit_list.html")]
struct ListPage {
    frame: Frame,
    audit: String,
    audit_href: String,
    title: &'static str,
    intro: &'static str,
    table: TableView,
}

#[derive(Template)]
#[template(path = "audit_evidence.html")]
struct EvidencePage {
    frame: Frame,
    audit: String,
    audit_href: String,
    list_href: String,
    index: u64,
    kind: String,
    target: String,
    observed: Observed,
    started: Option<Moment>,
    size: String,
    digest_holds: bool,
    signature_holds: bool,
    inclusion_holds: bool,
    body: String,
    document_href: Option<String>,
}

/// The newest document of each kind and target in scope that the period covers.
pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let scope = Scope::of(&ask.views, &room.id, &room.held).map_err(blind)?;
    let names = ask.target_names()?;
    let mut rows = Vec::new();
    ask.views.each_document::<WebError>(|row| {
        if rows.len() < MOST && scope.covers(&row.kind, &row.target, row.first_seen, row.last_seen)
        {
            let index = row.from_index.to_string();
            let link = href(&room.id, &["evidence", &index, &row.kind, &row.target]);
            rows.push(vec![
                text(row.kind.clone()).link(link),
                text(names.get(&row.target).cloned().unwrap_or_else(|| row.target.clone()))
                    .export(row.target.clone()),
                moment(Some(ask.moment(row.first_seen))),
                moment(Some(ask.moment(row.last_seen))),
                text(index).sort(format!("{:020}", row.from_index)),
            ]);
        }
        Ok(())
    })?;
    let table = Table {
        id: "main",
        caption: "Evidence in scope".into(),
        columns: vec![
            choice("kind", "Kind"),
            choice("target", "Target"),
            column("first", "So since"),
            column("last", "Last seen"),
            number("entry", "Entry"),
        ],
        rows,
        empty: "No document of the kinds and targets in scope was observed in the period.",
        csv: None,
    };
    html(&ListPage {
        frame: ask.frame(format!("Evidence · {}", room.audit.title), "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        title: "Evidence in scope",
        intro: "The newest document of each kind on each target that scope and period cover. That an auditor opens one becomes an entry of the log.",
        table: table.view(&ask.path, &ask.query),
    })
}

/// The document named by the address, if the audit sees it.
fn found(ask: &Ask) -> Result<(Room, proven::Proven, Observed), WebError> {
    let room = room(ask, ask.param(0))?;
    let (index, kind, target) = (ask.index(1)?, ask.param(2), ask.param(3));
    let missing = || {
        WebError::NotFound(format!(
            "document of {kind} for {target} in entry {index} for this audit"
        ))
    };
    let views = &ask.views;
    let received = views.received(index)?.ok_or_else(missing)?;
    let scope = Scope::of(views, &room.id, &room.held).map_err(blind)?;
    let last = views.last_seen(index, kind, target)?.unwrap_or(received);
    if !scope.names(index, kind, target) && !scope.covers(kind, target, received, last) {
        return Err(missing());
    }
    let (_, proven) = proven::load(ask, index)?;
    let (_, observed) = observed(&proven, kind, target)?;
    Ok((room, proven, observed))
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let (room, proven, observed) = found(ask)?;
    let (index, kind, target) = (proven.index, ask.param(2), ask.param(3));
    let bytes = ask.site.log().document(&observed.digest)?;
    let digest_holds = bytes.as_ref().is_some_and(|bytes| Digest::of(bytes) == observed.digest);
    let document = bytes.as_deref().and_then(|bytes| Document::parse(bytes).ok());
    let name = ask
        .views
        .names_of(std::iter::once(target))?
        .remove(target)
        .unwrap_or_else(|| target.to_owned());
    let entry = index.to_string();
    html(&EvidencePage {
        frame: ask.frame(format!("{kind} of {name}"), "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        list_href: href(&room.id, &["evidence"]),
        index,
        kind: kind.to_owned(),
        target: name,
        started: observed.started.parse().ok().map(|at| ask.moment(at)),
        size: words::bytes(observed.size),
        digest_holds,
        signature_holds: proven.signature_holds == Some(true),
        inclusion_holds: proven.inclusion_holds,
        body: document.map(|document| facts::html(&document.body)).unwrap_or_default(),
        document_href: bytes
            .is_some()
            .then(|| href(&room.id, &["evidence", &entry, kind, target, "document"])),
        observed,
    })
}

/// The document exactly as stored and hashed.
pub(in crate::web) fn document(ask: &Ask) -> Result<Response, WebError> {
    let (_, _, observed) = found(ask)?;
    let bytes = ask.site.log().document(&observed.digest)?;
    let missing = || WebError::NotFound(format!("document {}", observed.digest));
    let name = format!("{}.json", observed.digest);
    Ok(download("application/json", &name, bytes.ok_or_else(missing)?))
}
