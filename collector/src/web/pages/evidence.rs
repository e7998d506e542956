//! One evidence item: the document for people and raw, how it was obtained, and everything that proves it.

use askama::Template;
use axum::response::Response;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::statement::{Observed, Run};

use super::absent::{self, Absent};
use super::changed::{self, ChangedView};
use super::control::{FindingView, finding_view};
use super::proven::{self, Proven};
use super::{super::html, Ask, WebError, target_href};
use crate::web::table::encode;
use crate::web::words::{self, Moment};
use crate::web::{Frame, download, facts};

/// Raw text shown on the page; the download has all of it.
const RAW_BYTES: usize = 64 << 10;

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage {
    frame: Frame,
    proven: Proven,
    kind: String,
    target_name: String,
    target_href: String,
    history: String,
    observed: Observed,
    size: String,
    started: Option<Moment>,
    plugins: String,
    /// Why the document is not here.
    absent: Option<Absent>,
    /// Why the document cannot be read; empty when it can.
    lacking: &'static str,
    digest_holds: bool,
    schema: String,
    body: String,
    raw: String,
    raw_cut: bool,
    findings: Vec<FindingView>,
    /// Against the document before.
    changed: Option<ChangedView>,
    newest: Option<u64>,
    document_href: Option<String>,
    /// The entries that brought the key of this one: its enrolment, then rotations.
    introductions: Vec<u64>,
    document_digest: Option<String>,
    export_target: Option<String>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let (index, kind, target) = (ask.index(0)?, ask.param(1), ask.param(2));
    let (_, proven) = proven::load(ask, index)?;
    let (run, observed) = observed(&proven, kind, target)?;
    let views = &ask.views;
    let bytes = ask.site.log().document(&observed.digest)?;
    let digest_holds = bytes.as_ref().is_some_and(|bytes| Digest::of(bytes) == observed.digest);
    let document = bytes.as_deref().map(Document::parse);
    let (lacking, schema, body) = match &document {
        None => ("", String::new(), String::new()),
        Some(Err(_)) => (
            "The stored bytes are not a document of a form that this version reads. They are below as they are.",
            String::new(),
            String::new(),
        ),
        Some(Ok(document)) => ("", document.schema.clone(), facts::html(&document.body)),
    };
    let changed = match &document {
        Some(Ok(document)) => changed::view(ask, (kind, target, index), &document.body)?,
        Some(Err(_)) | None => None,
    };
    let absent = match bytes {
        Some(_) => None,
        None => Some(absent::of(ask, &observed, index)?),
    };
    let newest = views.documents(Some(target))?.into_iter().find(|row| row.kind == kind);
    let is_newest = newest.as_ref().is_some_and(|row| row.last_index == index);
    let newest_same = newest.as_ref().is_some_and(|row| row.digest == observed.digest.to_string());
    let target_name = views.target(target)?.map_or_else(|| target.to_owned(), |row| row.name);
    let mut findings = Vec::new();
    if newest_same {
        for row in views.findings_of_target(target)?.into_iter().filter(|row| row.kind == kind) {
            let rule = views.assessor().rule(&row.rule);
            findings.push(finding_view(ask, row, Some(target_name.clone()), rule, None));
        }
    }
    findings.sort_by_key(|finding| (finding.word.order, finding.rule.clone()));
    let (raw, raw_cut) = raw(bytes.as_deref().unwrap_or_default());
    let plugins: Vec<String> =
        run.plugins.iter().map(|plugin| format!("{} {}", plugin.name, plugin.version)).collect();
    html(&EvidencePage {
        frame: ask.frame(format!("{kind} of {target_name}"), "targets"),
        kind: kind.to_owned(),
        target_name,
        target_href: target_href(target),
        history: format!("{}/{}", target_href(target), encode(kind)),
        size: words::bytes(observed.size),
        started: observed.started.parse().ok().map(|at| ask.moment(at)),
        document_digest: Some(observed.digest.to_string()),
        observed,
        plugins: plugins.join(", "),
        lacking,
        digest_holds,
        schema,
        body,
        raw,
        raw_cut,
        findings,
        changed,
        newest: newest.filter(|_| !is_newest).map(|row| row.last_index),
        introductions: views.introductions(&proven.key)?,
        document_href: bytes
            .is_some()
            .then(|| format!("{}/document", super::evidence_href(index, kind, target))),
        absent,
        export_target: Some(target.to_owned()),
        proven,
    })
}

/// The document exactly as stored and hashed.
pub(in crate::web) fn document(ask: &Ask) -> Result<Response, WebError> {
    let (_, proven) = proven::load(ask, ask.index(0)?)?;
    let (_, observed) = observed(&proven, ask.param(1), ask.param(2))?;
    let bytes = ask.site.log().document(&observed.digest)?;
    let missing = || WebError::NotFound(format!("document {}", observed.digest));
    let name = format!("{}.json", observed.digest);
    Ok(download("application/json", &name, bytes.ok_or_else(missing)?))
}

pub(in crate::web) fn observed(
    proven: &Proven,
    kind: &str,
    target: &str,
) -> Result<(Run, Observed), WebError> {
    let missing =
        || WebError::NotFound(format!("document of {kind} for {target} in entry {}", proven.index));
    let run: Run = proven
        .statement
        .as_ref()
        .and_then(|statement| statement.predicate_as().ok())
        .ok_or_else(missing)?;
    let observed = run
        .documents
        .iter()
        .find(|document| document.kind.as_str() == kind && document.target.as_str() == target)
        .cloned()
        .ok_or_else(missing)?;
    Ok((run, observed))
}

fn raw(bytes: &[u8]) -> (String, bool) {
    let shown = bytes.get(..RAW_BYTES).unwrap_or(bytes);
    (String::from_utf8_lossy(shown).into_owned(), bytes.len() > RAW_BYTES)
}
