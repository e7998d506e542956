//! Intervals of a period without valid evidence: by target and kind, and what they mean for each control.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use exhibit_assessment::ControlId;
use jiff::{Timestamp, ToSpan as _};

use super::super::{super::html, Ask, WebError, target_href};
use super::compare::one;
use crate::views::{Lapse, LapseCause, LapsesOf, Period, ViewsError};
use crate::web::Frame;
use crate::web::table::{
    Table, TableView, choice, code, column, count, encode, moment, number, text, word,
};
use crate::web::words::{self, Word};

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
    controls: TableView,
    lapses: TableView,
}

/// What was looked at.
struct Found {
    period: Period,
    target: String,
    targets: usize,
    lapses: Vec<Lapse>,
    stopped: Option<String>,
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
    let found = found(ask)?;
    let day = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    html(&LapsesPage {
        frame: ask.frame("Without evidence", "history"),
        from: ask.query.get("from").cloned().unwrap_or_else(|| day(found.period.from)),
        to: ask.query.get("to").cloned().unwrap_or_else(|| day(found.period.to)),
        controls: controls(ask, &found).view(&ask.path, &ask.query),
        lapses: table(ask, &found).view(&ask.path, &ask.query),
        target: found.target,
        targets: found.targets,
        stopped: found.stopped,
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("lapses", &table(ask, &to_the_end(ask)?)))
}

/// All of them, or none: a list that stopped half way must not pass for a whole one.
pub(in crate::web) fn whole(ask: &Ask) -> Result<Vec<Lapse>, WebError> {
    Ok(to_the_end(ask)?.lapses)
}

fn to_the_end(ask: &Ask) -> Result<Found, WebError> {
    let found = found(ask)?;
    if found.stopped.is_some() {
        let text = "this is too much at once: name a target, choose a shorter period, or use `exhibit-collector history lapses`";
        return Err(WebError::NoMoment(text.to_owned()));
    }
    Ok(found)
}

/// Without a question: the last 30 days.
fn found(ask: &Ask) -> Result<Found, WebError> {
    let given = |name: &str| ask.query.get(name).filter(|text| !text.trim().is_empty()).cloned();
    let moment = |name: &str| given(name).map(|text| one(ask, &text)).transpose();
    let to = moment("to")?.map_or(ask.now, |to| to.at);
    let before = || to.checked_sub((30 * 24).hours()).unwrap_or(to);
    let from = moment("from")?.map_or_else(before, |from| from.at);
    let period = Period { from: from.min(to), to: to.max(from) };
    let target = given("target").unwrap_or_default();
    let only = Some(target.as_str()).filter(|target| !target.is_empty());
    if let Some(id) = only
        && ask.views.target(id)?.is_none()
    {
        return Err(WebError::NotFound(format!("target {id:?}")));
    }
    let (mut targets, mut lapses, mut stopped) = (0, Vec::new(), None);
    ask.views.lapses::<ViewsError>(period, only, |of, statements| {
        let LapsesOf { name, lapses: more, .. } = of;
        targets += 1;
        lapses.extend(more);
        let go_on = statements < STATEMENTS;
        stopped = Some(name).filter(|_| !go_on);
        Ok(go_on)
    })?;
    Ok(Found { period, target, targets, lapses, stopped })
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

fn table(ask: &Ask, found: &Found) -> Table {
    let rows = found.lapses.iter().map(|lapse| {
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
    });
    let query = ["from", "to", "target"].map(|name| {
        let value = ask.query.get(name).map_or("", String::as_str);
        format!("{name}={}", encode(value))
    });
    Table {
        // Its filters are not the page's own question for a target.
        id: "lapses",
        caption: "Intervals without valid evidence".into(),
        columns: vec![
            choice("target", "Target"),
            choice("kind", "Kind"),
            column("from", "From"),
            column("to", "To"),
            number("length", "Length"),
            choice("cause", "Cause"),
            column("last_seen", "Seen before"),
            number("window", "Window (h)"),
            column("controls", "Controls"),
        ],
        rows: rows.collect(),
        empty: "Every expected kind was observed on every target within its freshness window, all the time.",
        csv: Some(format!("/history/lapses.csv?{}", query.join("&"))),
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
        empty: "No control lacked evidence of any target at any time.",
        csv: None,
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
