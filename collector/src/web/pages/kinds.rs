//! Kinds: what is observed, on how many targets and how well; one kind with its rules and every target.

use askama::Template;
use axum::response::Response;

use super::controls::ListPage;
use super::{super::html, Ask, WebError, evidence_href, target_cell};
use crate::views::{Asked, CoverageRow, KindOnTarget};
use crate::web::Frame;
use crate::web::charts::{Bar, Part, share};
use crate::web::listed::{Each, Listed};
use crate::web::table::{
    Cell, Table, TableView, choice, code, column, count, encode, moment, number, text, word,
};
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "kind_page.html")]
struct KindPage {
    frame: Frame,
    kind: String,
    legend: Vec<(&'static str, &'static str, u64)>,
    picture: String,
    population: usize,
    /// Title, address, what it says in numbers.
    rules: Vec<RuleLine>,
    table: TableView,
}

struct RuleLine {
    title: String,
    href: String,
    severity: &'static str,
    freshness: String,
    controls: String,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Kinds", "kinds"),
        title: "Kinds",
        intro: "What is observed. One kind has one schema, whatever observes it. The bar shows on how many targets the last run \
                saw all of it, a part, or nothing; a kind's own page names them and says why.",
        table: table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("kinds", &table(ask)?))
}

/// How many targets are seen how: class of the colour, words, number.
fn parts(row: &CoverageRow) -> [(&'static str, &'static str, u64); 5] {
    [
        ("f-met", "wholly seen", row.whole),
        ("f-stale", "partly seen", row.partly),
        ("f-no_evidence", "not seen", row.unseen),
        ("f-not_met", "never answered", row.waiting),
        ("f-manual", "not applicable", row.not_applicable),
    ]
}

fn picture(row: &CoverageRow) -> String {
    let parts = parts(row).map(|(class, label, number)| Part { class, label, number });
    share(
        &Bar { label: row.kind.clone(), parts: parts.into() },
        &format!("Targets of {}", row.kind),
    )
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let views = &ask.views;
    let rules = views.assessor().pack().rules();
    let rows = ask.coverage()?.into_iter().map(|row| {
        let of_kind = rules.iter().filter(|rule| rule.kind == row.kind).count();
        vec![
            code(row.kind.clone()).link(format!("/kinds/{}", encode(&row.kind))),
            text(share_word(&row)).picture(picture(&row)),
            count(row.whole),
            count(row.partly),
            count(row.unseen),
            count(row.waiting),
            count(row.not_applicable),
            count(of_kind as u64),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Kinds, by name".into(),
        columns: vec![
            column("kind", "Kind"),
            column("seen", "Seen"),
            number("whole", "Wholly"),
            number("partly", "Partly"),
            number("unseen", "Not seen"),
            number("waiting", "Never answered"),
            number("not_applicable", "Not applicable"),
            number("rules", "Rules"),
        ],
        rows: rows.collect(),
        empty: "Nothing is observed yet. Make a token with `exhibit-collector token create` and enrol an agent.",
        csv: Some("/kinds.csv".into()),
    })
}

fn share_word(row: &CoverageRow) -> String {
    let all = row.whole + row.partly + row.unseen + row.waiting;
    if all == 0 { "nowhere".to_owned() } else { format!("{} of {all}", row.whole + row.partly) }
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let kind = ask.param(0);
    let views = &ask.views;
    let row = known(ask)?;
    let rules = views.assessor().pack().rules().iter().filter(|rule| rule.kind == kind);
    let rules = rules.map(|rule| {
        let controls: Vec<String> = rule.controls.iter().map(|(id, _)| id.to_string()).collect();
        RuleLine {
            title: rule.title.clone(),
            href: format!("/rules/{}", encode(rule.id.as_str())),
            severity: words::severity(rule.severity),
            freshness: words::length(u64::from(rule.freshness) * 3600),
            controls: controls.join(", "),
        }
    });
    let rules: Vec<RuleLine> = rules.collect();
    html(&KindPage {
        frame: ask.frame(kind, "kinds"),
        kind: kind.to_owned(),
        legend: parts(&row).into_iter().filter(|(_, _, number)| *number > 0).collect(),
        picture: picture(&row),
        population: views.population()?.0,
        rules,
        table: listed(kind).page(ask, choices())?,
    })
}

/// How the kind that the address names is seen; there is one that was seen, is on schedule, or that a rule reads.
pub(in crate::web) fn known(ask: &Ask) -> Result<CoverageRow, WebError> {
    let kind = ask.param(0);
    if let Some(row) = ask.coverage()?.into_iter().find(|row| row.kind == kind) {
        return Ok(row);
    }
    let read = ask.views.assessor().pack().rules().iter().any(|rule| rule.kind == kind);
    let missing = || WebError::NotFound(format!("kind {kind:?}"));
    let unseen = CoverageRow { kind: kind.to_owned(), ..CoverageRow::default() };
    read.then_some(unseen).ok_or_else(missing)
}

pub(in crate::web) fn targets_csv(ask: &Ask) -> Result<Response, WebError> {
    let kind = ask.param(0);
    listed(kind).csv(ask, kind, each)
}

/// Every target that there is, with what is known of the kind on it.
fn listed(kind: &str) -> Listed<KindOnTarget> {
    let table = Table {
        id: "main",
        caption: format!("Targets and what is known of {kind} there"),
        columns: vec![
            column("target", "Target"),
            choice("state", "Last run"),
            crate::web::table::wide("why", "What could not be seen"),
            column("seen", "Newest evidence"),
            column("unchanged", "Unchanged since"),
            column("digest", "Digest"),
        ],
        rows: Vec::new(),
        empty: "No target yet. Make a token with `exhibit-collector token create` and enrol an agent.",
        csv: Some(format!("/kinds/{}/targets.csv", encode(kind))),
    };
    Listed { table, names: &[("target", "name")], few: &[], part, cells }
}

fn part(ask: &Ask, asked: &Asked) -> Result<crate::views::Part<KindOnTarget>, WebError> {
    Ok(ask.views.kind_asked(ask.param(0), &by_state(asked))?)
}

fn each(ask: &Ask, asked: &Asked, to: Each<'_, KindOnTarget>) -> Result<(), WebError> {
    ask.views.each_kind_asked(ask.param(0), &by_state(asked), to)
}

/// States are asked for by their words, and known by their names.
fn by_state(asked: &Asked) -> Asked {
    let mut asked = asked.clone();
    for (_, value) in asked.fits.iter_mut().filter(|(field, _)| field == "state") {
        if let Some(name) = STATES.iter().find(|name| state(name).label == value.as_str()) {
            *value = (*name).to_owned();
        }
    }
    asked
}

/// How the last run may have ended, worst first: partly, or nowhere ever, among them.
pub(in crate::web) const STATES: [&str; 10] = [
    "partly",
    "failed",
    "limit_exceeded",
    "timed_out",
    "denied",
    "tool_missing",
    "not_configured",
    "not_applicable",
    "collected",
    "never",
];

fn choices() -> Vec<(&'static str, Vec<String>)> {
    vec![("state", STATES.iter().map(|name| state(name).label.to_owned()).collect())]
}

fn cells(ask: &Ask, row: KindOnTarget) -> Vec<Cell> {
    let why: Vec<&str> = row.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    let seen = match &row.newest {
        Some(newest) => moment(Some(ask.moment(newest.last_seen))).link(evidence_href(
            newest.last_index,
            ask.param(0),
            &row.target,
        )),
        None => moment(None),
    };
    vec![
        target_cell(&row.name, &row.target),
        word(state(&row.state)),
        text(why.join("; ")),
        seen,
        moment(row.newest.as_ref().map(|newest| ask.moment(newest.first_seen))),
        row.newest.map_or_else(
            || text(""),
            |newest| code(words::short(&newest.digest)).export(newest.digest),
        ),
    ]
}

/// How the last run ended, in a word.
fn state(name: &str) -> Word {
    const PARTLY: &str = "A document came, and something of it could not be seen.";
    const NEVER: &str = "No run has said anything of the kind on this target.";
    match name {
        "never" => Word {
            class: "manual",
            label: "never",
            icon: words::UNKNOWN,
            meaning: NEVER,
            order: 20,
        },
        "partly" => {
            Word { class: "stale", label: "partly", icon: words::WAITS, meaning: PARTLY, order: 10 }
        }
        "collected" => Word { order: 15, ..words::outcome(name) },
        other => words::outcome(other),
    }
}
