//! Two moments compared: controls whose status is another, with what came and went; and everything that happened in between.

mod flat;
mod turned;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::Verdict;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::super::control::{ReasonView, reason_view};
use super::super::{super::html, Ask, WebError};
use crate::views::{Comparison, ControlChange, Event, Happened, Moment, MomentError, Turn};
use crate::web::Frame;
use crate::web::table::{Table, TableView, choice, column, encode, moment, text};
use crate::web::words::{self, Word};

/// Happenings that are listed beside a control; the table below has all.
const SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    frame: Frame,
    /// As they are asked for.
    from: String,
    to: String,
    from_stamp: String,
    to_stamp: String,
    from_entries: u64,
    to_entries: u64,
    /// Versions, where the pack is another.
    packs: Option<(String, String)>,
    /// Sides that tell the hour before them, and when that was judged.
    judged: Vec<(String, String)>,
    controls: Vec<ControlView>,
    csv: String,
    turns: TableView,
    events: TableView,
}

struct ControlView {
    id: String,
    title: String,
    was: Word,
    is: Word,
    passing_was: String,
    passing_is: String,
    came: Vec<ReasonView>,
    more_came: u64,
    went: Vec<ReasonView>,
    more_went: u64,
    turns: Vec<TurnView>,
    more_turns: u64,
    events: Vec<(String, Option<u64>)>,
}

struct TurnView {
    was: Option<Word>,
    is: Word,
    title: String,
    rule: String,
    name: String,
    index: u64,
    stamp: String,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let (from, to, found) = compared(ask)?;
    let controls = found.controls.iter().map(|change| control(ask, &found, change));
    let controls: Result<Vec<ControlView>, WebError> = controls.collect();
    let packs = (found.from.pack != found.to.pack)
        .then(|| (found.from.pack_version.clone(), found.to.pack_version.clone()));
    let stamp = |at: Timestamp| at.strftime("%-d %B %Y %H:%M UTC").to_string();
    html(&ComparePage {
        frame: ask.frame("Two moments compared", "history"),
        csv: format!("/history/compare.csv?from={}&to={}", encode(&from), encode(&to)),
        from: typed(&from),
        to: typed(&to),
        from_stamp: stamp(found.from.at),
        to_stamp: stamp(found.to.at),
        from_entries: found.from.entries,
        to_entries: found.to.entries,
        packs,
        judged: judged(&found).map(|(side, at)| (judged_then(side), stamp(at))).collect(),
        controls: controls?,
        turns: turned::view(ask)?,
        events: events(ask, &found).view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let (_, _, found) = compared(ask)?;
    Ok(ask.csv("compared", &flat::table(&found)))
}

pub(in crate::web) use turned::{csv as turned_csv, part as turned_part};

pub(in crate::web) fn happened_table(ask: &Ask) -> Result<Table, WebError> {
    Ok(events(ask, &compared(ask)?.2))
}

/// The two moments as they are asked for, and what is between them. Without a question: since a midnight 30 days ago, as far as the
/// log goes back.
pub(in crate::web) fn compared(ask: &Ask) -> Result<(String, String, Comparison), WebError> {
    match ["from", "to"].iter().any(|name| ask.query.contains_key(*name)) {
        true => between(ask),
        false => Ok(ask.once("compare", between)?.as_ref().clone()),
    }
}

fn between(ask: &Ask) -> Result<(String, String, Comparison), WebError> {
    let (from, to) = moments(ask)?;
    let found = ask.views.compare_shown((&from, &to), ask.now)?;
    Ok((found.from.as_of.clone(), found.to.as_of.clone(), found))
}

/// The two moments that are asked for.
pub(in crate::web) fn moments(ask: &Ask) -> Result<(Moment, Moment), WebError> {
    let given = |name: &str| ask.query.get(name).filter(|text| !text.trim().is_empty()).cloned();
    let to = given("to").unwrap_or_else(|| ask.now.to_string());
    let to_moment = one(ask, "to", &to)?;
    let from = match given("from") {
        Some(from) => from,
        None => {
            let before = midnight_before(to_moment.at);
            let began = ask.views.received(0)?.unwrap_or(before);
            before.max(began.min(to_moment.at)).to_string()
        }
    };
    Ok((one(ask, "from", &from)?, to_moment))
}

/// The beginning of the day 30 days before, in UTC: what was judged at midnights is kept.
fn midnight_before(to: Timestamp) -> Timestamp {
    let to = to.to_zoned(TimeZone::UTC);
    let day = to.checked_sub(30.days()).and_then(|then| then.start_of_day());
    day.map_or(to.timestamp(), |day| day.timestamp())
}

/// Which sides tell what was judged at the full hour before them.
fn judged(found: &Comparison) -> impl Iterator<Item = (&'static str, Timestamp)> {
    let sides = [("first", &found.from), ("second", &found.to)];
    sides.into_iter().filter_map(|(name, side)| side.judged.map(|at| (name, at)))
}

fn judged_then(side: &str) -> String {
    format!(
        "The statuses of the {side} moment are those of the full hour before it; the moment itself is being judged."
    )
}

/// A moment as people would type it: no parts of a second.
fn typed(asked: &str) -> String {
    let at = asked.parse::<Timestamp>();
    at.map_or_else(
        |_not_a_time| asked.to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

/// The moment that a parameter of that name asks for.
pub(super) fn one(ask: &Ask, name: &'static str, text: &str) -> Result<Moment, WebError> {
    ask.views.moment(text, ask.now).map_err(|error| match error {
        MomentError::Views(error) => error.into(),
        MomentError::Unclear(_) | MomentError::Future { .. } | MomentError::NoEntry { .. } => {
            WebError::NoMoment(name, error.to_string())
        }
    })
}

fn control(ask: &Ask, found: &Comparison, change: &ControlChange) -> Result<ControlView, WebError> {
    let names = ask.target_names()?;
    let view = |reasons: &[exhibit_assessment::Reason]| -> Vec<ReasonView> {
        reasons.iter().map(|reason| reason_view(ask, reason, &names)).collect()
    };
    let share = |counts: &exhibit_assessment::Counts| match counts.targets {
        0 => "no target".to_owned(),
        targets => format!("{} of {targets} targets pass", counts.targets_passing),
    };
    let events = change.events.iter().filter_map(|place| found.events.get(*place));
    Ok(ControlView {
        id: change.control.to_string(),
        title: change.title.clone(),
        was: words::status(change.was),
        is: words::status(change.is),
        passing_was: share(&change.counts_was),
        passing_is: share(&change.counts_is),
        came: view(&change.came),
        more_came: change.more_came,
        went: view(&change.went),
        more_went: change.more_went,
        more_turns: change.turned.saturating_sub(change.turns.len() as u64),
        turns: change.turns.iter().rev().filter_map(turn).collect(),
        events: events.take(SHOWN).map(|event| (told(event), event.index)).collect(),
    })
}

fn turn(turn: &Turn) -> Option<TurnView> {
    Some(TurnView {
        was: turn.was.as_deref().and_then(verdict),
        is: verdict(&turn.is)?,
        title: turn.title.clone(),
        rule: format!("/rules/{}", encode(&turn.rule)),
        name: turn.name.clone(),
        index: turn.index,
        stamp: turn.at.strftime("%-d %b %Y %H:%M").to_string(),
    })
}

fn verdict(wire: &str) -> Option<Word> {
    [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == wire)
        .map(words::verdict)
}

fn told(event: &Event) -> String {
    match &event.by {
        Some(by) => format!("{} ({by})", event.text),
        None => event.text.clone(),
    }
}

fn events(ask: &Ask, found: &Comparison) -> Table {
    let rows = found.events.iter().map(|event| {
        let at = moment(Some(ask.moment(event.at)));
        let controls: Vec<String> = event.controls.iter().map(ToString::to_string).collect();
        vec![
            match event.index {
                Some(index) => at.link(format!("/entries/{index}")),
                None => at,
            },
            text(label(event.what)).export(event.what.as_str()),
            text(event.text.clone()),
            text(event.by.clone().unwrap_or_default()),
            text(controls.join(", ")),
        ]
    });
    Table {
        id: "happened",
        caption: "What happened in between".into(),
        columns: vec![
            column("at", "At"),
            choice("what", "What"),
            column("text", "In words"),
            choice("by", "By"),
            column("controls", "Controls"),
        ],
        rows: rows.collect(),
        empty: "Nobody decided anything, no rule pack came, no target or agent came or went.",
        csv: Some("/history/compare/happened.csv".into()),
    }
}

fn label(what: Happened) -> &'static str {
    match what {
        Happened::Decided => "decision",
        Happened::Pack => "rule pack",
        Happened::Enrolled => "enrolled",
        Happened::Revoked => "revoked",
        Happened::Retired => "retired",
        Happened::Silent => "fell silent",
        Happened::Speaks => "speaks again",
    }
}
