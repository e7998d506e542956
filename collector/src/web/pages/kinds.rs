//! Kinds: what is observed, on how many targets and how well; one kind with its rules and every target.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;

use super::controls::ListPage;
use super::{super::html, Ask, WebError, evidence_href, target_cell};
use crate::views::{CoverageRow, OutcomeRow};
use crate::web::Frame;
use crate::web::charts::{Bar, Part, share};
use crate::web::table::{
    Table, TableView, choice, code, column, count, encode, moment, number, text, word,
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
    let rows = views.coverage()?.into_iter().map(|row| {
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
    let mut of_kind = views.coverage()?.into_iter().filter(|row| row.kind == kind);
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
    let row = match of_kind.next() {
        Some(row) => row,
        None if rules.is_empty() => return Err(WebError::NotFound(format!("kind {kind:?}"))),
        None => CoverageRow { kind: kind.to_owned(), ..CoverageRow::default() },
    };
    html(&KindPage {
        frame: ask.frame(kind, "kinds"),
        kind: kind.to_owned(),
        legend: parts(&row).into_iter().filter(|(_, _, number)| *number > 0).collect(),
        picture: picture(&row),
        population: views.target_ids()?.len(),
        rules,
        table: targets(ask, kind)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn targets_csv(ask: &Ask) -> Result<Response, WebError> {
    let kind = ask.param(0);
    Ok(ask.csv(kind, &targets(ask, kind)?))
}

/// Every target that there is, with what is known of the kind on it.
fn targets(ask: &Ask, kind: &str) -> Result<Table, WebError> {
    let views = &ask.views;
    let names: BTreeMap<String, String> = views.target_ids()?.into_iter().collect();
    let documents = views.documents_of_kind(kind)?;
    let documents: BTreeMap<&str, _> =
        documents.iter().map(|row| (row.target.as_str(), row)).collect();
    let outcomes = views.outcomes_of_kind(kind)?;
    let outcomes: BTreeMap<&str, &OutcomeRow> =
        outcomes.iter().map(|row| (row.target.as_str(), row)).collect();
    let rows = names.iter().map(|(target, name)| {
        let document = documents.get(target.as_str());
        let outcome = outcomes.get(target.as_str());
        let why: Vec<&str> = outcome
            .into_iter()
            .flat_map(|row| row.gaps.iter().map(|gap| gap.detail.as_str()))
            .collect();
        let seen = document.map(|row| ask.moment(row.last_seen));
        let seen = match document {
            Some(row) => moment(seen).link(evidence_href(row.last_index, kind, target)),
            None => moment(None),
        };
        vec![
            target_cell(name, target),
            word(state(outcome.copied())),
            text(why.join("; ")),
            seen,
            moment(document.map(|row| ask.moment(row.first_seen))),
            document.map_or_else(
                || text(""),
                |row| code(words::short(&row.digest)).export(row.digest.clone()),
            ),
        ]
    });
    Ok(Table {
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
        rows: rows.collect(),
        empty: "No target yet. Make a token with `exhibit-collector token create` and enrol an agent.",
        csv: Some(format!("/kinds/{}/targets.csv", encode(kind))),
    })
}

/// How the last run ended, in a word.
fn state(outcome: Option<&OutcomeRow>) -> Word {
    const PARTLY: &str = "A document came, and something of it could not be seen.";
    const NEVER: &str = "No run has said anything of the kind on this target.";
    let collected = words::outcome("collected");
    match outcome {
        None => Word {
            class: "manual",
            label: "never",
            icon: words::UNKNOWN,
            meaning: NEVER,
            order: 20,
        },
        Some(row) if row.collected && row.gaps.is_empty() => Word { order: 15, ..collected },
        Some(row) if row.collected => {
            Word { class: "stale", label: "partly", icon: words::WAITS, meaning: PARTLY, order: 10 }
        }
        Some(row) => row.gaps.first().map_or(collected, |gap| words::outcome(&gap.outcome)),
    }
}
