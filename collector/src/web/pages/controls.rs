//! The list of controls and the list of clauses.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{Attribute, ControlId};

use super::picture::{self, ThemeView, theme_title};
use super::rollup::ATTRIBUTES;
use super::{super::html, Ask, WebError};
use crate::web::table::{
    Table, TableView, choice, column, count, moment, number, text, wide, word,
};
use crate::web::words::{self, Word};
use crate::web::{Frame, api};

/// A page that is one list with an introduction.
#[derive(Template)]
#[template(path = "list.html")]
pub(super) struct ListPage {
    pub(super) frame: Frame,
    pub(super) title: &'static str,
    pub(super) intro: &'static str,
    pub(super) table: TableView,
}

/// The list of controls with filters by attribute.
#[derive(Template)]
#[template(path = "controls.html")]
struct ControlsPage {
    frame: Frame,
    attributes: Vec<AttributeView>,
    /// Parameters of the list that the filters keep.
    kept: Vec<(String, String)>,
    filtered: bool,
    counts: Vec<(Word, usize)>,
    themes: Vec<ThemeView>,
    table: TableView,
}

/// Parameter by which only controls are shown that a framework speaks of.
const FRAMEWORK: &str = "framework";

/// A filter: by an attribute, or by a framework.
struct AttributeView {
    /// Parameter in the address.
    key: &'static str,
    title: &'static str,
    /// Value, words for people, chosen.
    values: Vec<(String, String, bool)>,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let framework = views.assessor().framework();
    let attributes = ATTRIBUTES.map(|(attribute, key, title)| {
        let values = framework.values(attribute).into_iter();
        filter(ask, (key, title), values.map(|value| (value.to_owned(), value.replace('_', " "))))
    });
    let crosswalks = &ask.site.frameworks.crosswalks;
    let others = crosswalks.frameworks().iter().map(|one| (one.id.clone(), one.title.clone()));
    let mut filters = vec![filter(ask, (FRAMEWORK, "Spoken of in"), others)];
    filters.extend(attributes);
    let kept = ask.query.iter().filter(|(name, _)| {
        *name != "page" && filters.iter().all(|filter| filter.key != name.as_str())
    });
    let table = table(ask)?;
    let assessment = views.shown(ask.now)?;
    html(&ControlsPage {
        frame: ask.frame("Controls", "controls"),
        kept: kept.map(|(name, value)| (name.clone(), value.clone())).collect(),
        filtered: filters.iter().any(|filter| filter.values.iter().any(|(_, _, chosen)| *chosen)),
        attributes: filters,
        counts: picture::counts(&assessment),
        themes: picture::themes(framework, &assessment, &table.matching(&ask.query)),
        table: table.view(&ask.path, &ask.query),
    })
}

fn filter(
    ask: &Ask,
    (key, title): (&'static str, &'static str),
    values: impl Iterator<Item = (String, String)>,
) -> AttributeView {
    let chosen = ask.query.get(key);
    let values = values.map(|(value, words)| {
        let is_chosen = chosen == Some(&value);
        (value, words, is_chosen)
    });
    AttributeView { key, title, values: values.collect() }
}

/// The attributes that the address asks for.
fn wanted(ask: &Ask) -> Vec<(Attribute, String)> {
    let asked = ATTRIBUTES.iter().filter_map(|(attribute, key, _)| {
        let value = ask.query.get(*key).filter(|value| !value.is_empty())?;
        Some((*attribute, value.clone()))
    });
    asked.collect()
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("controls", &table(ask)?))
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let wanted = wanted(ask);
    let other = ask.query.get(FRAMEWORK).filter(|id| !id.is_empty());
    let framework = ask.views.assessor().framework();
    let chosen: BTreeSet<ControlId> =
        framework.with_attributes(&wanted).map(|control| control.id).collect();
    let all = api::controls::rows(ask)?.into_iter().enumerate();
    let fits = |row: &api::controls::ControlRow| {
        let spoken_of = other.is_none_or(|other| row.frameworks.contains(other));
        spoken_of && chosen.contains(&row.control)
    };
    let rows = all.filter(|(_, row)| fits(row)).map(|(place, row)| {
        let id = row.control.to_string();
        let href = format!("/controls/{id}");
        vec![
            text(id).link(href.clone()).sort(format!("{place:03}")),
            text(row.title).link(href),
            text(theme_title(row.theme)),
            word(words::status(row.status)),
            text(row.owner.unwrap_or_default()),
            count(row.direct),
            count(row.supporting),
            count(row.targets),
            count(row.failing),
            row.oldest.map_or_else(|| text("none"), |at| moment(Some(ask.moment(at)))),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Controls of Annex A".into(),
        columns: vec![
            column("control", "Control"),
            wide("title", "Title"),
            choice("theme", "Theme"),
            choice("status", "Status"),
            choice("owner", "Owner"),
            number("direct", "Direct rules"),
            number("supporting", "Supporting"),
            number("targets", "Targets"),
            number("failing", "Failing"),
            column("oldest", "Oldest evidence"),
        ],
        rows: rows.collect(),
        empty: "No control has these attributes together. `/controls` shows all.",
        csv: Some("/controls.csv".into()),
    })
}

pub(in crate::web) fn clauses(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Clauses", "clauses"),
        title: "Clauses",
        intro: "What the management system itself has to do. No rule decides a clause: people and their documents do.",
        table: clause_table(ask).view(&ask.path, &ask.query),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every page has this shape")]
pub(in crate::web) fn clauses_csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("clauses", &clause_table(ask)))
}

fn clause_table(ask: &Ask) -> Table {
    let rows = api::frameworks::clauses(ask).into_iter().enumerate().map(|(place, row)| {
        vec![
            text(row.clause).sort(format!("{place:03}")),
            text(row.title),
            text(row.summary),
            text(row.documents.join(", ")),
            text(if row.amended { "yes" } else { "no" }),
        ]
    });
    Table {
        id: "main",
        caption: "Clauses 4 to 10".into(),
        columns: vec![
            column("clause", "Clause"),
            column("title", "Title"),
            wide("summary", "In our words"),
            column("documents", "Mandatory documents"),
            choice("amended", "Amended 2024"),
        ],
        rows: rows.collect(),
        empty: "There are no clauses: the framework tables are missing from this program.",
        csv: Some("/clauses.csv".into()),
    }
}
