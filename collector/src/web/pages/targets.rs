//! Targets: the list, one target with all its kinds, and the history of one kind.

pub(in crate::web) mod kinds;

use askama::Template;
use axum::response::Response;

use super::control::{FindingView, finding_view};
use super::controls::ListPage;
use super::decided::{Marks, marks};
use super::{super::html, Ask, WebError, evidence_href, target_href};
use crate::views::{AgentRow, EntryFilter, TargetRow};
use crate::web::charts::{self, Interval, Span};
use crate::web::listed::Listed;
use crate::web::table::{
    Cell, Table, TableView, code, column, count, encode, moment, number, text, word,
};
use crate::web::words::{self, Moment, Word};
use crate::web::{Frame, api};

/// Irregular entries shown on a target's page.
const IRREGULAR: u32 = 20;

#[derive(Template)]
#[template(path = "target.html")]
struct TargetPage {
    frame: Frame,
    target: TargetRow,
    agent_href: String,
    agent_name: String,
    first_seen: Moment,
    marks: Marks,
    kinds: TableView,
    unseen: Vec<UnseenView>,
    findings: Vec<FindingView>,
    irregular: Vec<(u64, String, Moment)>,
    vetoes: Vec<(&'static str, String)>,
}

struct UnseenView {
    kind: String,
    word: Word,
    detail: String,
    remedy: String,
    since: Moment,
    partial: bool,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Targets", "targets"),
        title: "Targets",
        intro: "What is observed: hosts, accounts, organisations.",
        table: listed().page(ask, Vec::new())?,
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    listed().csv(ask, "targets", api::targets::each)
}

fn listed() -> Listed<api::targets::TargetRow> {
    let table = Table {
        id: "main",
        caption: "Targets".into(),
        columns: vec![
            column("name", "Name"),
            column("target", "Target"),
            number("kinds", "Kinds seen"),
            number("gaps", "Not or partly seen"),
            number("failing", "Failing rules"),
            number("passing", "Passing rules"),
            column("seen", "Last seen"),
        ],
        rows: Vec::new(),
        empty: "No target yet. Make a token with `exhibit-collector token create`, then run \
                `exhibit-agent enrol` on the host to observe.",
        csv: Some("/targets.csv".into()),
    };
    Listed { table, names: &[], few: &[], part: api::targets::part, cells }
}

fn cells(ask: &Ask, target: api::targets::TargetRow) -> Vec<Cell> {
    vec![
        text(target.name).link(target_href(&target.target)),
        code(target.target),
        count(target.kinds),
        count(target.gaps),
        count(target.failing),
        count(target.passing),
        moment(target.seen.map(|at| ask.moment(at))),
    ]
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let id = ask.param(0);
    let missing = || WebError::NotFound(format!("target {id:?}"));
    let target = views.target(id)?.ok_or_else(missing)?;
    let findings = views.findings_of_target(id)?;
    let outcomes = views.outcomes(Some(id))?;
    let documents = views.documents(Some(id))?;
    let kinds = kinds::of(ask, id, (&findings, &outcomes, &documents))?;
    let unseen = outcomes.iter().flat_map(|row| {
        row.gaps.iter().map(|gap| UnseenView {
            kind: row.kind.clone(),
            word: words::outcome(&gap.outcome),
            detail: gap.detail.clone(),
            remedy: gap.remedy.clone(),
            since: ask.moment(row.first_seen),
            partial: row.collected,
        })
    });
    let unseen = unseen.collect();
    let filter = EntryFilter {
        agent: Some(target.agent.clone()),
        irregular: true,
        ..EntryFilter::default()
    };
    let irregular = views.entries(&filter, IRREGULAR)?.into_iter().map(|entry| {
        let what = match entry.problem {
            Some(problem) => format!("counts for nothing: {problem}"),
            None => format!("{} statements are missing before it", entry.missing),
        };
        (entry.index, what, ask.moment(entry.received))
    });
    let mut findings: Vec<FindingView> = findings
        .into_iter()
        .map(|row| {
            let rule = views.assessor().rule(&row.rule);
            finding_view(ask, row, Some(target.name.clone()), rule, None)
        })
        .collect();
    findings.sort_by_key(|finding| (finding.word.order, finding.rule.clone()));
    let agent = views.agent(&target.agent)?;
    html(&TargetPage {
        marks: marks(ask, id)?,
        frame: ask.frame(target.name.clone(), "targets"),
        agent_href: format!("/agents/{}", encode(&target.agent)),
        vetoes: vetoed(agent.as_ref()),
        agent_name: agent.map_or(String::new(), |agent| agent.host_name),
        first_seen: ask.moment(target.first_seen),
        target,
        kinds: kinds.view(&ask.path, &ask.query),
        unseen,
        findings,
        irregular: irregular.collect(),
    })
}

/// What the operator of the host keeps back, each with what it is.
pub(in crate::web) fn vetoed(agent: Option<&AgentRow>) -> Vec<(&'static str, String)> {
    let Some(AgentRow { vetoes, .. }) = agent else { return Vec::new() };
    let kinds = vetoes.kinds.iter().map(|kind| ("kind", kind.to_string()));
    let paths = vetoes.paths.iter().map(|path| ("path", path.clone()));
    let fields = vetoes.fields.iter().flat_map(|(kind, fields)| {
        fields.iter().map(move |field| ("field", format!("{field} of {kind}")))
    });
    kinds.chain(paths).chain(fields).collect()
}

#[derive(Template)]
#[template(path = "kind.html")]
struct KindPage {
    frame: Frame,
    target: String,
    target_href: String,
    kind: String,
    /// When which document held.
    interval: Option<Interval>,
    table: TableView,
}

pub(in crate::web) fn kind(ask: &Ask) -> Result<Response, WebError> {
    let (id, kind) = (ask.param(0), ask.param(1));
    let target = ask.views.target(id)?;
    let target = target.ok_or_else(|| WebError::NotFound(format!("target {id:?}")))?;
    html(&KindPage {
        frame: ask.frame(format!("{kind} of {}", target.name), "targets"),
        target_href: target_href(id),
        target: target.name,
        kind: kind.to_owned(),
        interval: held(ask, id, kind)?,
        table: history(ask, id, kind)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn kind_csv(ask: &Ask) -> Result<Response, WebError> {
    let (id, kind) = (ask.param(0), ask.param(1));
    Ok(ask.csv(&format!("{kind}-{id}"), &history(ask, id, kind)?))
}

fn history(ask: &Ask, id: &str, kind: &str) -> Result<Table, WebError> {
    let rows = ask.views.document_history(id, kind)?.into_iter().map(|row| {
        let held = if row.held { "held" } else { "digest only" };
        vec![
            moment(Some(ask.moment(row.first_seen))).link(evidence_href(row.from_index, kind, id)),
            moment(Some(ask.moment(row.last_seen))).link(evidence_href(row.last_index, kind, id)),
            row.seen.map_or_else(|| text("not known"), count),
            code(words::short(&row.digest)).export(row.digest),
            text(words::bytes(row.size)).sort(format!("{:020}", row.size)),
            text(held),
            text(span(row.from_index, row.last_index)).link(format!("/entries/{}", row.from_index)),
        ]
    });
    Ok(Table {
        id: "main",
        caption: format!("Documents of {kind}, newest first"),
        columns: vec![
            column("first", "First seen"),
            column("last", "Last seen"),
            number("seen", "Times seen"),
            column("digest", "Digest"),
            number("size", "Size"),
            column("held", "Document"),
            column("entries", "Entries"),
        ],
        rows: rows.collect(),
        empty: "No document of this kind has arrived from this target. Its page says what could not be seen, and why.",
        csv: Some(format!("{}/{}/history.csv", target_href(id), encode(kind))),
    })
}

/// Documents one after the other, in two colours by turns.
fn held(ask: &Ask, id: &str, kind: &str) -> Result<Option<Interval>, WebError> {
    let rows = ask.views.document_history(id, kind)?;
    let Some(first) = rows.iter().map(|row| row.first_seen).min() else { return Ok(None) };
    let spans = rows.iter().rev().enumerate().map(|(place, row)| Span {
        class: if place % 2 == 0 { "f-plain" } else { "f-next" },
        label: if place % 2 == 0 { "a document" } else { "the next document" }.to_owned(),
        from: row.first_seen,
        to: row.last_seen,
    });
    let spans: Vec<Span> = spans.collect();
    Ok(charts::interval(
        (first, ask.now),
        &spans,
        "Which document held when; the list says the same",
    ))
}

fn span(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// How a run ended, for lists.
pub(super) fn outcome_cell(outcome: &str) -> crate::web::table::Cell {
    word(words::outcome(outcome))
}
