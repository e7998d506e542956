//! Rule packs as the log put them in force or proposed them: all of them, and what one changed against the one before it.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::PackDiff;

use super::{super::html, Ask, WebError};
use crate::packs::{LoggedPack, PacksError, Standing, history, standing};
use crate::people::Right;
use crate::views::Turning;
use crate::web::Frame;
use crate::web::table::{Table, TableView, choice, column, count, moment, number, text};
use crate::web::words::Moment;

#[derive(Template)]
#[template(path = "packs.html")]
struct PacksPage {
    frame: Frame,
    turning: Option<Turning>,
    waits: Option<u64>,
    table: TableView,
}

#[derive(Template)]
#[template(path = "pack.html")]
struct PackPage {
    frame: Frame,
    pack: LoggedPack,
    title: String,
    standing: Standing,
    origin: &'static str,
    at: Moment,
    /// The pack that was in force before: its entry and version.
    before: Option<(u64, String)>,
    changes: Option<Changes>,
    /// Why it cannot be compared.
    unread: Option<String>,
    turning: Option<Turning>,
    may_approve: bool,
    problem: String,
}

/// What a pack changes, for people.
pub(in crate::web) struct Changes {
    pub(in crate::web) added: Vec<String>,
    pub(in crate::web) removed: Vec<String>,
    pub(in crate::web) changed: Vec<(String, Vec<String>)>,
    pub(in crate::web) library: Vec<String>,
}

/// A pack, the one that was in force before it, and what it changes, or why that cannot be told.
pub(in crate::web) struct Told {
    pub(in crate::web) pack: LoggedPack,
    pub(in crate::web) standing: Standing,
    pub(in crate::web) before: Option<LoggedPack>,
    pub(in crate::web) changes: Result<Option<Changes>, String>,
}

/// The pack of the entry that the address names.
pub(in crate::web) fn told(ask: &Ask) -> Result<Told, WebError> {
    let index = ask.index(0)?;
    let all = packs(ask)?;
    let pack = all.iter().find(|pack| pack.index == index);
    let pack = pack.ok_or_else(|| WebError::NotFound(format!("rule pack of entry {index}")))?;
    let earlier = all.iter().filter(|other| other.index < index && !other.proposed);
    let before = earlier.max_by_key(|other| other.index);
    let changes = match before.map(|before| compared(ask, before, pack)).transpose() {
        Ok(changes) => Ok(changes),
        Err(PacksError::Log(error)) => return Err(error.into()),
        // What cannot be read is told with the reason, beside everything else that the entry says.
        Err(unusable) => Err(unusable.to_string()),
    };
    let standing = standing(&all, pack);
    Ok(Told { pack: pack.clone(), standing, before: before.cloned(), changes })
}

impl From<PackDiff> for Changes {
    fn from(diff: PackDiff) -> Self {
        let named = |rules: &[exhibit_assessment::RuleId]| {
            rules.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let changed = diff.changed.iter().map(|rule| {
            let changes = rule.changes.iter().map(ToString::to_string).collect();
            (rule.rule.to_string(), changes)
        });
        Self {
            added: named(&diff.added),
            removed: named(&diff.removed),
            changed: changed.collect(),
            library: diff.library.clone(),
        }
    }
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let all = packs(ask)?;
    let waits = all.iter().find(|pack| standing(&all, pack) == Standing::Proposed);
    html(&PacksPage {
        frame: ask.frame("Rule packs", "rules"),
        turning: turning(ask),
        waits: waits.map(|pack| pack.index),
        table: table(ask, &all).view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("rule-packs", &table(ask, &packs(ask)?)))
}

/// Those of the log, or of the moment that is asked for.
fn packs(ask: &Ask) -> Result<Vec<LoggedPack>, WebError> {
    let mut all = history(ask.site.log())?;
    if ask.then.is_some() {
        let entries = ask.views.applied()?;
        all.retain(|pack| pack.index < entries);
    }
    Ok(all)
}

/// What is coming into force now.
fn turning(ask: &Ask) -> Option<Turning> {
    ask.site.views.turning().filter(|_| ask.then.is_none())
}

fn table(ask: &Ask, all: &[LoggedPack]) -> Table {
    let rows = all.iter().rev().map(|pack| {
        let said = &pack.said;
        let who = match &said.approved {
            Some(approved) => format!("{}, approved by {}", said.by, approved.by),
            None => said.by.clone(),
        };
        vec![
            text(name(pack))
                .note(said.pack.to_string())
                .link(format!("/rules/packs/{}", pack.index))
                .sort(format!("{:020}", pack.index)),
            text(standing(all, pack).words()),
            moment(Some(ask.moment(pack.at))),
            count(pack.index).link(format!("/entries/{}", pack.index)),
            count(said.rules),
            text(origin(pack)),
            text(who).note(said.reason.clone().unwrap_or_default()),
        ]
    });
    Table {
        id: "main",
        caption: "Rule packs, newest first".into(),
        columns: vec![
            column("pack", "Pack"),
            choice("state", "State"),
            column("at", "Since"),
            number("entry", "Entry"),
            number("rules", "Rules"),
            choice("origin", "Made of"),
            column("by", "By"),
        ],
        rows: rows.collect(),
        empty: "No rule pack was ever put in force: start `exhibit-collector serve` once.",
        csv: Some("/rules/packs.csv".into()),
    }
}

fn name(pack: &LoggedPack) -> String {
    let name = pack.said.name.as_deref().unwrap_or("built-in rules");
    format!("{name} {}", pack.said.version)
}

fn origin(pack: &LoggedPack) -> &'static str {
    match &pack.said.given {
        None => "shipped rules",
        Some(given) if given.base.is_none() => "own rules",
        Some(_) => "own rules over the shipped ones",
    }
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    again(ask, "")
}

/// The page of a pack, with why nothing was done.
pub(in crate::web) fn again(ask: &Ask, problem: &str) -> Result<Response, WebError> {
    let Told { pack, standing, before, changes } = told(ask)?;
    let (changes, unread) = match changes {
        Ok(changes) => (changes, None),
        Err(why) => (None, Some(why)),
    };
    let title = name(&pack);
    let mine = exhibit_assessment::decisions::same_person(&pack.said.by, &ask.who.user);
    html(&PackPage {
        frame: ask.frame(title.clone(), "rules"),
        at: ask.moment(pack.at),
        origin: origin(&pack),
        before: before.map(|before| (before.index, name(&before))),
        turning: turning(ask).filter(|turning| turning.index == pack.index),
        may_approve: standing == Standing::Proposed
            && !mine
            && ask.then.is_none()
            && ask.who.may(Right::Approve),
        problem: problem.to_owned(),
        pack,
        title,
        standing,
        changes,
        unread,
    })
}

fn compared(ask: &Ask, before: &LoggedPack, pack: &LoggedPack) -> Result<Changes, PacksError> {
    let log = ask.site.log();
    Ok(before.pack(log)?.diff(&pack.pack(log)?).into())
}
