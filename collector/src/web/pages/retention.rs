//! What may be deleted, what a hold keeps, and what is gone. Changes nothing: that is for the command line.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;

use super::{super::html, Ask, WebError};
use crate::retention::Pass;
use crate::web::Frame;
use crate::web::table::{
    Cell, Table, TableView, choice, code, column, count, moment, number, text,
};
use crate::web::words::{self, Moment};

/// Deletions that are listed; each names up to 64 documents.
const STONES: u32 = 500;
const EXPORT: u32 = 100_000;

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    frame: Frame,
    /// Whether any rule stands.
    rules: bool,
    approved_by: String,
    per_second: u32,
    /// The last look of this process.
    last: Option<(Pass, Moment)>,
    /// Holds in force.
    holding: usize,
    kinds: TableView,
    holds: TableView,
    stones: TableView,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let (rules, last) = (&ask.site.retention.rules, &ask.site.retention.last);
    let holds = ask.views.holds()?;
    html(&RetentionPage {
        frame: ask.frame("Retention", "retention"),
        rules: !rules.is_empty(),
        approved_by: rules.approved_by.clone().unwrap_or_default(),
        per_second: rules.documents_per_second.get(),
        last: last.get().map(|pass| {
            let at = ask.moment(pass.at);
            (pass, at)
        }),
        holding: holds.iter().filter(|hold| hold.lifted.is_none()).count(),
        kinds: kinds(ask)?.view(&ask.path, &ask.query),
        holds: self::holds(ask)?.view(&ask.path, &ask.query),
        stones: stones(ask, STONES)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("deletions", &stones(ask, EXPORT)?))
}

/// Kinds with a rule or a document, with what goes next.
pub(in crate::web) fn kinds(ask: &Ask) -> Result<Table, WebError> {
    let rules = &ask.site.retention.rules;
    let views = &ask.views;
    let newest = views.tombstones(1)?.first().map(|stone| stone.index);
    let counted = ask.site.retention.counts.get(ask.now, newest, || views.held_by_kind())?;
    let held = &counted.kinds;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for kind in rules.days.keys().map(|kind| kind.as_str()) {
        if held.iter().all(|held| held.kind != kind) {
            rows.push(vec![
                code(kind),
                kept(rules.of(kind)),
                count(0),
                text("none"),
                text("none held"),
            ]);
        }
    }
    for held in held.iter() {
        let days = rules.of(&held.kind);
        let length = days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let next = match length.and_then(|length| held.oldest.checked_add(length).ok()) {
            Some(next) if next <= ask.now => text("due now, unless a hold keeps it"),
            Some(next) => moment(Some(ask.moment(next))),
            None => text("never"),
        };
        let size = text(words::bytes(held.bytes)).sort(format!("{:020}", held.bytes));
        rows.push(vec![code(held.kind.clone()), kept(days), count(held.documents), size, next]);
    }
    rows.sort_by(|one, other| one.first().map(|c| &c.text).cmp(&other.first().map(|c| &c.text)));
    Ok(Table {
        id: "kinds",
        caption: format!(
            "Rules by kind, and what they reach, counted {}",
            ask.moment(counted.at).stamp
        ),
        columns: vec![
            column("kind", "Kind"),
            choice("kept", "Kept"),
            number("documents", "Documents held"),
            number("size", "Size"),
            column("next", "The next may go"),
        ],
        rows,
        empty: "No document is held yet.",
        csv: Some("/retention/kinds.csv".into()),
    })
}

fn kept(days: Option<u32>) -> Cell {
    match days {
        Some(days) => text(format!("{days} days")).sort(format!("{days:010}")),
        None => text("always").sort("9999999999"),
    }
}

pub(in crate::web) fn holds(ask: &Ask) -> Result<Table, WebError> {
    let names = ask.target_names()?;
    let rows = ask.views.holds()?.into_iter().map(|hold| {
        let target = match hold.target {
            Some(target) => super::target_cell(names.get(&target).unwrap_or(&target), &target),
            None => text("every target"),
        };
        let period = match (hold.from.map(words::minute), hold.to.map(words::minute)) {
            (None, None) => "all, and what comes".to_owned(),
            (Some(from), None) => format!("from {from}"),
            (None, Some(to)) => format!("until {to}"),
            (Some(from), Some(to)) => format!("{from} to {to}"),
        };
        let state = match hold.lifted {
            Some((index, at, by, reason)) => text("lifted")
                .note(format!("{} by {by}: {reason}", ask.moment(at).stamp))
                .link(format!("/entries/{index}")),
            None => text("in force"),
        };
        vec![
            text(hold.id.to_string())
                .sort(format!("{:020}", hold.id))
                .link(format!("/entries/{}", hold.id)),
            state,
            target,
            text(hold.kind.unwrap_or_else(|| "every kind".into())),
            text(period),
            text(hold.reason).note(format!("by {}", hold.by)),
            moment(Some(ask.moment(hold.made))),
        ]
    });
    Ok(Table {
        id: "holds",
        caption: "Legal holds, newest first".into(),
        columns: vec![
            number("hold", "Hold"),
            choice("state", "State"),
            column("target", "Target"),
            column("kind", "Kind"),
            column("period", "Observed"),
            column("why", "Why"),
            column("made", "Made"),
        ],
        rows: rows.collect(),
        empty: "None. Nothing is kept from its rule.",
        csv: Some("/retention/holds.csv".into()),
    })
}

fn stones(ask: &Ask, most: u32) -> Result<Table, WebError> {
    let rows = ask.views.tombstones(most)?.into_iter().map(|stone| {
        vec![
            text(stone.index.to_string())
                .sort(format!("{:020}", stone.index))
                .link(format!("/entries/{}", stone.index)),
            count(stone.documents),
            text(stone.rule),
            text(stone.approver),
            text(stone.reason),
            moment(Some(ask.moment(stone.at))),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Deletions, newest first".into(),
        columns: vec![
            number("entry", "Entry"),
            number("documents", "Documents"),
            choice("rule", "Rule"),
            choice("by", "Approved by"),
            column("why", "Why"),
            column("at", "When"),
        ],
        rows: rows.collect(),
        empty: "None. Every document that came is held.",
        csv: Some("/retention.csv".into()),
    })
}
