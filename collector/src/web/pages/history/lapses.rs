//! Intervals of a period without valid evidence: by target and kind, and what they mean for each control.

mod question;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::ControlId;
use jiff::Timestamp;

use super::super::{super::html, Ask, WebError, target_href};
use crate::views::{Among, Lapse, LapseCause, LapsesOf, Period, ViewsError};
use crate::web::Frame;
use crate::web::listed;
use crate::web::table::{
    Cell, Column, Table, TableView, choice, code, column, count, encode, moment, number, text, word,
};
use crate::web::words::{self, Word};
use question::{Part, PartView, Question};

/// Statements that are read for one page: then it stops, at a target, and says so.
const STATEMENTS: u64 = 20_000;
#[derive(Template)]
#[template(path = "lapses.html")]
struct LapsesPage {
    frame: Frame,
    from: String,
    to: String,
    target: String,
    targets: usize,
    /// The target that was looked at last, where there are more.
    stopped: Option<String>,
    part: Option<PartView>,
    controls: TableView,
    lapses: TableView,
}

/// Nothing can be lacking where nothing is expected, and that is no good news.
const NOBODY: &str = "There was no target in this period, so nothing was expected of anybody. Make a token with \
    `exhibit-collector token create` and enrol an agent.";

/// What was looked at.
struct Found {
    period: Period,
    target: String,
    targets: usize,
    lapses: Vec<Lapse>,
    stopped: Option<String>,
    part: Option<Part>,
}

/// One control over all of that.
#[derive(Default)]
struct OfControl<'a> {
    targets: BTreeSet<&'a str>,
    lapses: u64,
    seconds: u64,
    longest: u64,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let found = once(ask)?;
    let day = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut query = ask.query.clone();
    if let Some(part) = found.part {
        // The CSV of a list is what the page shows.
        query.insert("part".to_owned(), part.number.to_string());
    }
    html(&LapsesPage {
        frame: ask.frame("Without evidence", "history"),
        from: ask.query.get("from").cloned().unwrap_or_else(|| day(found.period.from)),
        to: ask.query.get("to").cloned().unwrap_or_else(|| day(found.period.to)),
        controls: controls(ask, &found).view(&ask.path, &query),
        lapses: table(ask, &found).view(&ask.path, &query),
        part: found.part.map(|part| part.view(ask)),
        target: found.target.clone(),
        targets: found.targets,
        stopped: found.stopped.clone(),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let question = Question::of(ask)?;
    if question.is_whole(ask) {
        let found = to_the_end(ask)?;
        return Ok(ask.csv("lapses", &table(ask, &found)));
    }
    listed::streamed(ask, "lapses", &columns(), move |ask, put| {
        let mut written = Ok(());
        ask.views.lapses::<ViewsError>(question.period, Among::All, |of, _| {
            written = of.lapses.iter().try_for_each(|lapse| put(row(ask, lapse)));
            Ok(written.is_ok())
        })?;
        written
    })
}

/// The same by control.
pub(in crate::web) fn controls_table(ask: &Ask) -> Result<Table, WebError> {
    let found = to_the_end(ask)?;
    Ok(controls(ask, &found))
}

/// All of them, or none: a list that stopped half way, or a part that nobody asked for, must not pass for a whole one.
pub(in crate::web) fn whole(ask: &Ask) -> Result<Vec<Lapse>, WebError> {
    let question = Question::of(ask)?;
    if !question.is_whole(ask) {
        let (targets, parts) = (question.targets, question.parts());
        let text = format!(
            "is needed: {targets} targets are too many for one answer; name a target, or ask for part 1 to {parts}"
        );
        return Err(WebError::NoMoment("part", text));
    }
    Ok(to_the_end(ask)?.lapses.clone())
}

/// What was found for this question; where nobody asks for a period or a target of their own, once for all.
fn once(ask: &Ask) -> Result<Arc<Found>, WebError> {
    match ["from", "to", "target", "part"].iter().any(|name| ask.query.contains_key(*name)) {
        true => Ok(Arc::new(found(ask)?)),
        false => ask.once("lapses", found),
    }
}

fn to_the_end(ask: &Ask) -> Result<Arc<Found>, WebError> {
    let found = once(ask)?;
    if found.stopped.is_some() {
        let text = "this is too much at once: name a target, choose a shorter period, or use `exhibit-collector history lapses`";
        return Err(WebError::NoMoment("from", text.to_owned()));
    }
    Ok(found)
}

fn found(ask: &Ask) -> Result<Found, WebError> {
    let question = Question::of(ask)?;
    // Assessed for everybody, it need not be for this.
    ask.views.assess(ask.now)?;
    let (mut targets, mut lapses, mut stopped) = (0, Vec::new(), None);
    ask.views.lapses::<ViewsError>(question.period, question.among(), |of, statements| {
        let LapsesOf { name, lapses: more, .. } = of;
        targets += 1;
        lapses.extend(more);
        let go_on = statements < STATEMENTS;
        stopped = Some(name).filter(|_| !go_on);
        Ok(go_on)
    })?;
    let Question { period, target, part, targets: all } = question;
    let part = part.map(|number| Part { number, all });
    Ok(Found { period, target, targets, lapses, stopped, part })
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

fn columns() -> Vec<Column> {
    vec![
        choice("target", "Target"),
        choice("kind", "Kind"),
        column("from", "From"),
        column("to", "To"),
        number("length", "Length"),
        choice("cause", "Cause"),
        column("last_seen", "Seen before"),
        number("window", "Window (h)"),
        column("controls", "Controls"),
    ]
}

fn row(ask: &Ask, lapse: &Lapse) -> Vec<Cell> {
    let length = seconds(lapse.from, lapse.to);
    let controls: Vec<String> =
        lapse.controls.iter().map(|(control, _)| control.to_string()).collect();
    let history = format!("{}/{}", target_href(&lapse.target), encode(&lapse.kind));
    let to = moment(Some(ask.moment(lapse.to)));
    vec![
        text(lapse.name.clone()).link(target_href(&lapse.target)).export(lapse.target.clone()),
        code(lapse.kind.clone()).link(history),
        moment(Some(ask.moment(lapse.from))),
        if lapse.open { to.note("and on") } else { to },
        text(words::length(length)).sort(format!("{length:012}")).export(length.to_string()),
        word(cause(&lapse.cause)).note(said(lapse)).export(lapse.cause.as_str()),
        lapse.last_seen.map_or_else(|| text("never"), |at| moment(Some(ask.moment(at)))),
        count(u64::from(lapse.window_hours)),
        text(controls.join(", ")),
    ]
}

fn table(ask: &Ask, found: &Found) -> Table {
    Table {
        // Its filters are not the page's own question for a target.
        id: "lapses",
        caption: "Intervals without valid evidence".into(),
        columns: columns(),
        rows: found.lapses.iter().map(|lapse| row(ask, lapse)).collect(),
        empty: match found.targets {
            0 => NOBODY,
            _ => {
                "Every expected kind was observed on every target within its freshness window, all the time."
            }
        },
        csv: Some("/history/lapses.csv".into()),
    }
}

fn said(lapse: &Lapse) -> String {
    [lapse.detail.as_str(), lapse.remedy.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn controls(ask: &Ask, found: &Found) -> Table {
    let mut all: BTreeMap<ControlId, OfControl<'_>> = BTreeMap::new();
    for lapse in &found.lapses {
        for (control, since) in &lapse.controls {
            let length = seconds(*since, lapse.to);
            let of = all.entry(*control).or_default();
            of.targets.insert(&lapse.target);
            (of.lapses, of.seconds) = (of.lapses + 1, of.seconds + length);
            of.longest = of.longest.max(length);
        }
    }
    let framework = ask.views.assessor().framework();
    let long = |seconds: u64| {
        text(words::length(seconds)).sort(format!("{seconds:012}")).export(seconds.to_string())
    };
    let rows = all.into_iter().map(|(control, of)| {
        let title = framework.control(control).map_or("", |control| control.title.as_str());
        vec![
            text(control.to_string()).link(format!("/history/{control}")),
            text(title),
            count(of.targets.len() as u64),
            count(of.lapses),
            long(of.longest),
            long(of.seconds),
        ]
    });
    Table {
        id: "controls",
        caption: "Controls that lacked evidence".into(),
        columns: vec![
            column("control", "Control"),
            column("title", "Title"),
            number("targets", "Targets"),
            number("lapses", "Intervals"),
            number("longest", "Longest"),
            number("together", "All together"),
        ],
        rows: rows.collect(),
        empty: match found.targets {
            0 => NOBODY,
            _ => "No control lacked evidence of any target at any time.",
        },
        csv: Some("/history/lapses/controls.csv".into()),
    }
}

fn cause(cause: &LapseCause) -> Word {
    let (label, meaning) = match cause {
        LapseCause::Outcome(outcome) => return words::outcome(outcome),
        LapseCause::NeverScheduled => {
            ("never scheduled", "No agent was ever asked to look at this kind here.")
        }
        LapseCause::NotScheduled => {
            ("not scheduled", "No agent was asked to look at this kind here at that time.")
        }
        LapseCause::Revoked => ("revoked", "Its agent may not speak any more."),
        LapseCause::SilentAgent => ("silent agent", "Its agent said nothing at all in that time."),
        LapseCause::NothingArrived => {
            ("nothing arrived", "It was on schedule and its agent spoke, without a word of it.")
        }
    };
    Word { class: "no_evidence", label, icon: words::UNKNOWN, meaning, order: 10 }
}
