//! Evidence as an audit sees it: what its scope and period cover, what is attached to it, what was drawn. All else is not there.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::statement::Observed;
use jiff::Timestamp;

use super::super::evidence::observed;
use super::super::{super::html, Ask, WebError, proven};
use super::href;
use super::room::{Room, room, scope};
use crate::views::{Asked, Part};
use crate::web::listed::Listed;
use crate::web::table::{Cell, Table, TableView, choice, column, moment, number, text};
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
    intro: String,
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

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let held = held(ask, &room)?;
    let kinds: BTreeSet<&String> = held.rows.iter().map(|row| &row.kind).collect();
    let choices = vec![("kind", kinds.into_iter().cloned().collect())];
    let cut = if held.cut { CUT } else { "" };
    html(&ListPage {
        frame: ask.frame(format!("Evidence · {}", room.audit.title), "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        title: "Evidence in scope",
        intro: format!("{INTRO}{cut}"),
        table: listed(ask).page(ask, choices)?,
    })
}

const INTRO: &str = "The newest document of each kind on each target that scope and period cover. That an auditor opens one becomes an entry of the log.";
const CUT: &str = " The list ends after 20,000 documents, by target and kind: scope and period cover more, each of which can be opened from its target, and the audit's bundle holds them all.";

/// The list as CSV.
pub(in crate::web) fn table(ask: &Ask) -> Result<Table, WebError> {
    let all = covered(ask, &Asked::default())?;
    let rows = all.rows.into_iter().map(|one| cells(ask, one)).collect();
    Ok(Table { rows, ..listed(ask).table })
}

/// A document that an audit covers.
#[derive(Clone)]
pub(in crate::web) struct Covered {
    pub(in crate::web) kind: String,
    pub(in crate::web) target: String,
    pub(in crate::web) name: String,
    /// The entry that brought it.
    pub(in crate::web) index: u64,
    pub(in crate::web) first: Timestamp,
    pub(in crate::web) last: Timestamp,
}

/// What is listed of the documents that an audit covers.
struct Held {
    rows: Vec<Covered>,
    /// There are more.
    cut: bool,
}

enum Ended {
    Full,
    Blind(WebError),
}

impl From<crate::views::ViewsError> for Ended {
    fn from(error: crate::views::ViewsError) -> Self {
        Self::Blind(error.into())
    }
}

/// The newest document of each kind and target in scope that the period covers. What scope and period are is asked each time; what
/// they cover is read once for all who see the same.
fn held(ask: &Ask, room: &Room) -> Result<Arc<Held>, WebError> {
    let scope = scope(ask, room)?;
    let name = format!("covered {}", Digest::of(format!("{scope:?}").as_bytes()));
    ask.once(&name, move |ask| {
        let names = ask.target_names()?;
        let mut rows = Vec::new();
        let ended = ask.views.each_document::<Ended>(|row| {
            let (first, last) = (row.first_seen, row.last_seen);
            if !scope.covers(&row.kind, &row.target, first, last) {
                return Ok(());
            }
            if rows.len() == MOST {
                return Err(Ended::Full);
            }
            let name = names.get(&row.target).unwrap_or(&row.target).clone();
            let (kind, target, index) = (row.kind, row.target, row.from_index);
            rows.push(Covered { kind, target, name, index, first, last });
            Ok(())
        });
        match ended {
            Ok(()) => Ok(Held { rows, cut: false }),
            Err(Ended::Full) => Ok(Held { rows, cut: true }),
            Err(Ended::Blind(error)) => Err(error),
        }
    })
}

/// Those that are asked for, by the fields of the API.
pub(in crate::web) fn covered(ask: &Ask, asked: &Asked) -> Result<Part<Covered>, WebError> {
    let held = held(ask, &room(ask, ask.param(0))?)?;
    let text = asked.text.to_lowercase();
    let fits = |row: &&Covered| {
        let known = |field: &str| match field {
            "kind" => Some(row.kind.as_str()),
            "target" => Some(row.target.as_str()),
            "name" => Some(row.name.as_str()),
            _ => None,
        };
        let holds = |text: &str| {
            ["kind", "target", "name"]
                .iter()
                .any(|field| known(field).is_some_and(|value| value.to_lowercase().contains(text)))
        };
        asked.fits.iter().all(|(field, value)| known(field) == Some(value))
            && (text.is_empty() || holds(&text))
    };
    let mut rows: Vec<&Covered> = held.rows.iter().filter(fits).collect();
    let fitting = rows.len() as u64;
    if let Some((field, turned)) = &asked.order {
        rows.sort_by(|one, other| {
            let order = match field.as_str() {
                "kind" => one.kind.cmp(&other.kind),
                "name" => one.name.cmp(&other.name),
                "index" => one.index.cmp(&other.index),
                "first" => one.first.cmp(&other.first),
                "last" => one.last.cmp(&other.last),
                _ => one.target.cmp(&other.target),
            };
            if *turned { order.reverse() } else { order }
        });
    }
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let part = rows.into_iter().skip(place(asked.offset));
    let rows = part.take(asked.limit.map_or(usize::MAX, place)).cloned().collect();
    Ok(Part { rows, fitting, all: held.rows.len() as u64 })
}

fn listed(ask: &Ask) -> Listed<Covered> {
    let table = Table {
        id: "main",
        caption: "Evidence in scope".into(),
        columns: vec![
            choice("kind", "Kind"),
            column("target", "Target"),
            column("first", "So since"),
            column("last", "Last seen"),
            number("entry", "Entry"),
        ],
        rows: Vec::new(),
        empty: "No document of the kinds and targets in scope was observed in the period.",
        csv: Some(href(ask.param(0), &["evidence.csv"])),
    };
    Listed {
        table,
        names: &[("target", "name"), ("entry", "index")],
        few: &[],
        part: covered,
        cells,
    }
}

fn cells(ask: &Ask, one: Covered) -> Vec<Cell> {
    let index = one.index.to_string();
    let link = href(ask.param(0), &["evidence", &index, &one.kind, &one.target]);
    vec![
        text(one.kind).link(link),
        text(one.name).export(one.target),
        moment(Some(ask.moment(one.first))),
        moment(Some(ask.moment(one.last))),
        text(index).sort(format!("{:020}", one.index)),
    ]
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
    let scope = scope(ask, &room)?;
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

pub(in crate::web) fn save(ask: &Ask) -> Result<Response, WebError> {
    let (digest, bytes) = document(ask)?;
    Ok(download("application/json", &format!("{digest}.json"), bytes))
}

/// The document exactly as stored and hashed.
pub(in crate::web) fn document(ask: &Ask) -> Result<(Digest, Vec<u8>), WebError> {
    let (_, _, observed) = found(ask)?;
    let bytes = ask.site.log().document(&observed.digest)?;
    let missing = || WebError::NotFound(format!("document {}", observed.digest));
    Ok((observed.digest, bytes.ok_or_else(missing)?))
}
