//! Populations of an audit: the form that freezes one, one with what was drawn from it, its lists as files.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use exhibit_proto::sample::MEDIA_TYPE;
use serde_json::Value;

use super::super::{super::html, Ask, WebError};
use super::href;
use super::room::{Room, broken, room};
use crate::people::Right;
use crate::population::{self as populations, Shown};
use crate::web::decide::fields::Typed;
use crate::web::table::{Table, TableView, choice, column, number, text};
use crate::web::words::Moment;
use crate::web::{Frame, download};

/// Lines that are listed; the file has all of them.
const MOST: usize = 5_000;

#[derive(Template)]
#[template(path = "audit_freeze.html")]
struct FreezePage {
    frame: Frame,
    audit: String,
    audit_href: String,
    action: String,
    kinds: Vec<(String, String)>,
    typed: Typed,
    problem: String,
}

#[derive(Template)]
#[template(path = "audit_population.html")]
struct PopulationPage {
    frame: Frame,
    audit: String,
    audit_href: String,
    shown: Shown,
    at: Moment,
    drawn_at: Option<Moment>,
    source: String,
    plan: String,
    list: String,
    drawn: String,
    action: String,
    may_change: bool,
    problem: String,
    /// What was typed into the form.
    number: String,
    table: TableView,
    cut: bool,
}

impl FreezePage {
    fn given(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }
}

pub(in crate::web) fn form(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let typed = Typed::from([
        ("targets".to_owned(), room.audit.targets.as_str().to_owned()),
        ("size".to_owned(), "25".to_owned()),
    ]);
    form_again(ask, &room.id, typed, String::new())
}

/// The form with what was typed.
pub(in crate::web) fn form_again(
    ask: &Ask,
    audit: &str,
    typed: Typed,
    problem: String,
) -> Result<Response, WebError> {
    let room = room(ask, audit)?;
    let kinds = exhibit_assessment::evidence_kinds()?;
    html(&FreezePage {
        frame: ask.frame("Freeze a population", "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        action: href(&room.id, &["populations"]),
        kinds: kinds.into_iter().map(|kind| (kind.kind, kind.holds)).collect(),
        typed,
        problem,
    })
}

/// The population of that name in this audit.
fn found(ask: &Ask, room: &Room, id: &str) -> Result<Shown, WebError> {
    let all = populations::shown(&ask.views).map_err(broken)?;
    let of = |one: &Shown| one.id == id && one.population.audit.as_deref() == Some(&room.id);
    let missing = || WebError::NotFound(format!("population {id:?} of this audit"));
    all.into_iter().find(of).ok_or_else(missing)
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    show_again(ask, (ask.param(0), ask.param(1)), (String::new(), String::new()))
}

/// The page with what was typed and what is wrong with it.
pub(in crate::web) fn show_again(
    ask: &Ask,
    (audit, id): (&str, &str),
    (number, problem): (String, String),
) -> Result<Response, WebError> {
    let room = room(ask, audit)?;
    let shown = found(ask, &room, id)?;
    let (table, cut) = table(ask, &room, &shown, MOST)?;
    let source = &shown.population.source;
    let what = match (&source.kind, &source.rows) {
        (None, _) => "targets".to_owned(),
        (Some(kind), None) => format!("documents of {kind}"),
        (Some(kind), Some(rows)) => format!("rows at {rows} of the documents of {kind}"),
    };
    let of = |which: &str| href(&room.id, &["populations", id, which]);
    html(&PopulationPage {
        frame: ask.frame(format!("{id} · {}", shown.population.title), "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        at: ask.moment(shown.at),
        drawn_at: shown.sample.as_ref().map(|sample| ask.moment(sample.at)),
        source: format!("{what}, as the log was with {} entries", source.entries),
        plan: shown.population.draw.to_string(),
        list: of("list.jsonl"),
        drawn: of("drawn.jsonl"),
        action: href(&room.id, &["populations", id]),
        may_change: ask.who.may(Right::Audit),
        problem,
        number,
        table: table.view(&ask.path, &ask.query),
        cut,
        shown,
    })
}

/// Every item, whatever the page has room for.
pub(in crate::web) fn items_table(ask: &Ask) -> Result<Table, WebError> {
    let room = room(ask, ask.param(0))?;
    let shown = found(ask, &room, ask.param(1))?;
    Ok(table(ask, &room, &shown, usize::MAX)?.0)
}

/// The lines of a population, those that were drawn first, and whether each was.
pub(in crate::web) fn lines(
    ask: &Ask,
    room: &Room,
    id: &str,
) -> Result<Vec<(bool, Value)>, WebError> {
    lines_of(ask, &found(ask, room, id)?)
}

fn lines_of(ask: &Ask, shown: &Shown) -> Result<Vec<(bool, Value)>, WebError> {
    let log = ask.site.log();
    let lines = |digest| -> Result<Vec<String>, WebError> {
        let bytes = log.document(digest)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    };
    let drawn = match &shown.sample {
        Some(sample) => lines(&sample.drawn.digest)?,
        None => Vec::new(),
    };
    let own: BTreeSet<&str> = drawn.iter().map(String::as_str).collect();
    let rest = lines(&shown.population.digest)?;
    let rest = rest.iter().map(String::as_str).filter(|line| !own.contains(line));
    let drawn = drawn.iter().map(|line| (true, line.as_str()));
    let read = |(is_drawn, line)| (is_drawn, serde_json::from_str(line).unwrap_or_default());
    Ok(drawn.chain(rest.map(|line| (false, line))).map(read).collect())
}

/// Drawn lines first; at most so many, and whether there are more.
fn table(ask: &Ask, room: &Room, shown: &Shown, most: usize) -> Result<(Table, bool), WebError> {
    let (names, all) = (ask.target_names()?, lines_of(ask, shown)?);
    let kind = shown.population.source.kind.as_ref().map(ToString::to_string);
    let cut = all.len() > most;
    let mut rows = Vec::new();
    for (is_drawn, line) in all.into_iter().take(most) {
        let part = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let (target, digest) = (part("target"), part("document"));
        let mut what = text(line.get("item").map(told).unwrap_or_default());
        // Only what was drawn leads to its document: the room shows no other.
        if let (true, Some(kind), Ok(digest)) = (is_drawn, &kind, digest.parse())
            && let Some(entry) = ask.views.brought_by(kind, target, &digest)?
        {
            what = what.link(href(&room.id, &["evidence", &entry.to_string(), kind, target]));
        }
        let name = names.get(target).cloned().unwrap_or_else(|| target.to_owned());
        let row = line.get("row").map(ToString::to_string).unwrap_or_default();
        rows.push(vec![
            text(if is_drawn { "drawn" } else { "not drawn" }),
            what,
            text(name).export(target),
            text(row.clone()).sort(format!("{row:0>12}")),
        ]);
    }
    let table = Table {
        id: "main",
        caption: if cut { "The first items".into() } else { "Items".into() },
        columns: vec![
            choice("drawn", "Drawn"),
            column("item", "Item"),
            choice("target", "Target"),
            number("row", "Row"),
        ],
        rows,
        empty: "The list is not held any more; its digest is.",
        csv: Some(href(&room.id, &["populations", &shown.id, "items.csv"])),
    };
    Ok((table, cut))
}

/// An item in a line.
fn told(item: &Value) -> String {
    match item {
        Value::Object(map) if map.len() == 1 => map.values().map(told).collect(),
        Value::Object(map) => {
            let part = |(name, value): (&String, &Value)| format!("{name}: {}", told(value));
            map.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(" "),
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Bool(_) | Value::Number(_) => item.to_string(),
    }
}

/// A list exactly as it is stored.
pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let (id, which) = (ask.param(1), ask.param(2));
    let shown = found(ask, &room, id)?;
    let missing = || WebError::NotFound(format!("list {which:?} of population {id}"));
    let digest = match which {
        "list.jsonl" => shown.population.digest,
        "drawn.jsonl" => shown.sample.ok_or_else(missing)?.drawn.digest,
        _ => return Err(missing()),
    };
    let bytes = ask.site.log().document(&digest)?.ok_or_else(missing)?;
    Ok(download(MEDIA_TYPE, &format!("exhibit-{id}-{which}"), bytes))
}
