//! The log as people read it: its head, its entries, and what people did.

use askama::Template;
use axum::response::Response;

use super::controls::ListPage;
use super::noticed::{self, Alarms};
use super::scrubbed::ScrubView;
use super::timestamped::TimestampedView;
use super::witnessed::WitnessedView;
use super::{super::html, Ask, WebError};
use crate::views::{EntryFilter, EntryRow, PackRow};
use crate::web::Frame;
use crate::web::listed::Listed;
use crate::web::table::{Cell, Table, TableView, choice, column, encode, moment, number, text};
use crate::web::words::Moment;

/// Entries on one page of the log.
const PAGE: u32 = 200;
/// Entries in one CSV.
const EXPORT: u32 = 100_000;
/// Newest acts whose words are offered to choose by.
const LATELY: u32 = 1_000;
/// Types of entries that people, or the collector for them, made.
pub(in crate::web) const ACTIVITY: [&str; 13] = [
    "activity",
    "continues",
    "decision",
    "enrol",
    "revoke",
    "rotate",
    "rule_pack",
    "log_key",
    "gap",
    "conflict",
    "fork",
    "hold",
    "tombstone",
];

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    size: u64,
    applied: u64,
    root: String,
    checkpoint: String,
    witnessed: WitnessedView,
    timestamped: TimestampedView,
    vkey: String,
    /// While the log's key changes: the old one, which signs heads too.
    leaving: Option<String>,
    scrub: ScrubView,
    /// Whether documents may be deleted, in a few words.
    retention: &'static str,
    packs: Vec<(PackRow, Moment)>,
    alarms: Alarms,
    noticed: TableView,
    table: TableView,
    older: Option<String>,
    newest: bool,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let head = ask.site.log().head()?;
    let filter = filter(ask);
    let entries = ask.views.entries(&filter, PAGE)?;
    let oldest = entries.last().map_or(0, |entry| entry.index);
    let type_part = filter.entry_type.as_ref().map(|t| format!("&type={}", encode(t)));
    let older = (oldest > 0 && entries.len() as u64 == u64::from(PAGE))
        .then(|| format!("/log?before={oldest}{}", type_part.unwrap_or_default()));
    let packs = ask.views.packs()?.into_iter().filter(|pack| !pack.proposed).map(|pack| {
        let at = ask.moment(pack.at);
        (pack, at)
    });
    html(&LogPage {
        frame: ask.frame("Log", "log"),
        size: head.checkpoint.size,
        applied: ask.views.applied()?,
        root: head.checkpoint.root.to_string(),
        checkpoint: head.signed,
        witnessed: WitnessedView::of(ask)?,
        timestamped: TimestampedView::of(ask)?,
        vkey: ask.site.keys.newest().vkey(),
        leaving: ask.site.keys.overlap().map(|(old, _)| old.vkey()),
        scrub: ScrubView::of(ask)?,
        retention: if ask.site.retention.rules.is_empty() {
            "every document is kept"
        } else {
            "documents are deleted under rules, their proofs stay"
        },
        packs: packs.collect(),
        alarms: noticed::alarms(ask, None)?,
        noticed: noticed::table(ask, None)?.view(&ask.path, &ask.query),
        table: table(ask, &entries).view(&ask.path, &ask.query),
        older,
        newest: filter.before.is_none(),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let entries = ask.views.entries(&filter(ask), EXPORT)?;
    Ok(ask.csv("log", &table(ask, &entries)))
}

pub(in crate::web) fn noticed_table(ask: &Ask) -> Result<Table, WebError> {
    noticed::table(ask, None)
}

fn filter(ask: &Ask) -> EntryFilter {
    let wanted = ask.query.get("type").filter(|wanted| !wanted.is_empty());
    EntryFilter {
        entry_type: wanted.map(|wanted| wanted.replace(' ', "_")),
        before: ask.query.get("before").and_then(|before| before.parse().ok()),
        ..EntryFilter::default()
    }
}

fn table(ask: &Ask, entries: &[EntryRow]) -> Table {
    let rows = entries.iter().map(|entry| {
        let name = entry.host.as_ref().or(entry.agent.as_ref());
        row(ask, entry, name.map(String::as_str))
    });
    entries_table("main", "Entries, newest first", rows.collect(), "/log.csv".to_owned())
}

pub(super) fn row(ask: &Ask, entry: &EntryRow, agent: Option<&str>) -> Vec<Cell> {
    let note = match (&entry.problem, entry.missing) {
        (Some(problem), _) => problem.clone(),
        (None, 0) => String::new(),
        (None, missing) => format!("{missing} statements are missing before it"),
    };
    let who = match (agent, &entry.agent, &entry.by) {
        (Some(name), Some(id), _) => text(name).link(format!("/agents/{}", encode(id))),
        (_, _, Some(by)) => text(by.clone()),
        (_, _, None) => text("collector"),
    };
    vec![
        text(entry.index.to_string())
            .sort(format!("{:020}", entry.index))
            .link(format!("/entries/{}", entry.index)),
        text(entry.entry_type.replace('_', " ")),
        who,
        text(entry.summary.clone()).note(note),
        moment(Some(ask.moment(entry.received))),
    ]
}

pub(super) fn entries_table(
    id: &'static str,
    caption: &str,
    rows: Vec<Vec<Cell>>,
    csv: String,
) -> Table {
    Table {
        id,
        caption: caption.to_owned(),
        columns: vec![
            number("index", "Index"),
            choice("type", "Type"),
            choice("who", "Who"),
            column("what", "What"),
            column("received", "Received"),
        ],
        rows,
        empty: "The log is empty. `exhibit-collector init` writes the first entry.",
        csv: Some(csv),
    }
}

pub(in crate::web) fn activity(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Activity", "activity"),
        title: "Activity",
        intro: "What people did here, and what the collector noticed. Each line is an entry of the log, signed by the collector.",
        table: listed().page(ask, choices(ask)?)?,
    })
}

pub(in crate::web) fn activity_csv(ask: &Ask) -> Result<Response, WebError> {
    listed().csv(ask, "activity", |ask, asked, to| ask.views.each_done_asked(asked, to))
}

fn listed() -> Listed<EntryRow> {
    let table = Table {
        id: "main",
        caption: "Activity, newest first".into(),
        columns: vec![
            column("at", "When"),
            choice("who", "Who"),
            choice("act", "Act"),
            column("what", "What"),
            number("entry", "Entry"),
        ],
        rows: Vec::new(),
        empty: "Nobody has done anything yet.",
        csv: Some("/activity.csv".into()),
    };
    Listed {
        table,
        names: &[],
        few: &[],
        part: |ask, asked| Ok(ask.views.done_asked(asked)?),
        cells: done,
    }
}

fn choices(ask: &Ask) -> Result<Vec<(&'static str, Vec<String>)>, WebError> {
    let filter = EntryFilter { entry_type: Some("activity".into()), ..EntryFilter::default() };
    let lately = ask.views.entries(&filter, LATELY)?;
    let mut acts: Vec<String> = lately.iter().map(act).collect();
    acts.extend(ACTIVITY.iter().skip(1).map(|one| one.replace('_', " ")));
    acts.sort();
    acts.dedup();
    let mut who = ask.views.doers()?;
    who.push("collector".into());
    Ok(vec![("who", who), ("act", acts)])
}

fn done(ask: &Ask, entry: EntryRow) -> Vec<Cell> {
    let act = act(&entry);
    let about = entry.host.or(entry.agent).map(|name| format!("agent on {name}"));
    vec![
        moment(Some(ask.moment(entry.received))),
        text(entry.by.unwrap_or_else(|| "collector".into())),
        text(act),
        text(entry.summary).note(entry.problem.or(about).unwrap_or_default()),
        text(entry.index.to_string())
            .sort(format!("{:020}", entry.index))
            .link(format!("/entries/{}", entry.index)),
    ]
}

/// What was done, in the word of its entry: lists are narrowed by it.
fn act(entry: &EntryRow) -> String {
    if entry.entry_type != "activity" {
        return entry.entry_type.replace('_', " ");
    }
    let words = entry.summary.split_once(" (").map_or(entry.summary.as_str(), |(words, _)| words);
    words.to_owned()
}
