//! Statuses as they were: over a time as a picture, between two days as a list, of one control as intervals, and as of a day or
//! entry with its reasons.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{ControlId, Status};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::control::{ReasonView, reason_view};
use super::{super::html, Ask, WebError};
use crate::views::{Assessment, StatusRow, Views};
use crate::web::Frame;
use crate::web::table::{Table, TableView, column, count, moment, number, text, word};
use crate::web::words::{self, Word};

/// Columns of the picture at most.
const COLUMNS: i64 = 60;
/// What is compared where nobody says otherwise.
const DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    from: String,
    to: String,
    /// What could not be read of the question.
    problem: Option<String>,
    legend: Vec<Word>,
    bars: Vec<Bar>,
    differing: TableView,
    numbers: TableView,
}

/// One moment in the picture.
struct Bar {
    at: String,
    x: usize,
    /// Class, first control from above and number of controls of each status.
    parts: Vec<(Word, u64, u64)>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let (from, to, problem) = period(ask);
    let views = &ask.site.views;
    let (before, after) = (views.statuses_at(from)?, views.statuses_at(to)?);
    let mut bars: Vec<Bar> = Vec::new();
    let mut rows = Vec::new();
    let step = SignedDuration::from_secs((to.duration_since(from).as_secs() / COLUMNS).max(3600));
    let mut at = to;
    while at > from {
        let counted = counted(&views.statuses_at(at)?);
        if !counted.is_empty() {
            let mut cells = vec![moment(Some(ask.moment(at)))];
            cells.extend(Status::ALL.iter().map(|status| count(of(&counted, *status))));
            rows.push(cells);
            bars.push(bar(at, &counted));
        }
        at = at.checked_sub(step).unwrap_or(from);
    }
    bars.reverse();
    bars.iter_mut().enumerate().for_each(|(place, bar)| bar.x = place * 10);
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().to_string();
    html(&HistoryPage {
        frame: ask.frame("History", "history"),
        from: day(from),
        to: day(to),
        problem,
        legend: Status::ALL.into_iter().map(words::status).collect(),
        bars,
        differing: differing(ask, &before, &after).view(&ask.path, &ask.query),
        numbers: numbers(rows).view(&ask.path, &ask.query),
    })
}

/// The days that are asked for: the end of the first and of the last one, never later than now.
fn period(ask: &Ask) -> (Timestamp, Timestamp, Option<String>) {
    let mut problem = None;
    let mut day = |name: &str, default: Timestamp| match ask.query.get(name) {
        None => default,
        Some(text) if text.is_empty() => default,
        Some(text) => end_of(text, ask.now).unwrap_or_else(|| {
            problem = Some(format!("{text:?} is no day; write it as 2026-11-30"));
            default
        }),
    };
    let to = day("to", ask.now);
    let from = day("from", to.checked_sub((DAYS * 24).hours()).unwrap_or(to));
    if from < to { (from, to, problem) } else { (to, from, problem) }
}

/// The end of a day (UTC), or now if that is earlier.
fn end_of(day: &str, now: Timestamp) -> Option<Timestamp> {
    let next = day.parse::<Date>().ok()?.tomorrow().ok()?;
    let midnight = next.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(midnight.checked_sub(1.millisecond()).ok()?.min(now))
}

fn counted(rows: &[StatusRow]) -> Vec<(Status, u64)> {
    let number = |status| rows.iter().filter(|row| row.status == status).count() as u64;
    let all = Status::ALL.into_iter().map(|status| (status, number(status)));
    all.filter(|(_, number)| *number > 0).collect()
}

fn of(counted: &[(Status, u64)], status: Status) -> u64 {
    counted.iter().find(|(of, _)| *of == status).map_or(0, |(_, number)| *number)
}

fn bar(at: Timestamp, counted: &[(Status, u64)]) -> Bar {
    let mut parts: Vec<(Word, u64)> =
        counted.iter().map(|(status, number)| (words::status(*status), *number)).collect();
    parts.sort_by_key(|(word, _)| word.order);
    let mut first = 0;
    let placed = parts.into_iter().map(|(word, number)| {
        let place = (word, first, number);
        first += number;
        place
    });
    Bar { parts: placed.collect(), x: 0, at: at.strftime("%Y-%m-%d %H:%M").to_string() }
}

fn numbers(rows: Vec<Vec<crate::web::table::Cell>>) -> Table {
    Table {
        id: "numbers",
        caption: "How many controls had each status".into(),
        columns: vec![
            column("at", "At"),
            number("met", "Met"),
            number("not_met", "Not met"),
            number("stale", "Stale"),
            number("no_evidence", "No evidence"),
            number("manual", "Manual"),
            number("excluded", "Excluded"),
        ],
        rows,
        empty: "Nothing was judged in these days: history begins with the first full hour of the log.",
        csv: None,
    }
}

/// Controls whose status is another on the second day.
fn differing(ask: &Ask, before: &[StatusRow], after: &[StatusRow]) -> Table {
    let framework = ask.site.views.assessor().framework();
    let rows = after.iter().filter_map(|is| {
        let was = before.iter().find(|was| was.control == is.control)?;
        let control = framework.control(is.control)?;
        (was.status != is.status).then(|| {
            let href = format!("/history/{}", is.control);
            vec![
                text(is.control.to_string()).link(href.clone()),
                text(control.title.clone()).link(href),
                word(words::status(was.status)),
                word(words::status(is.status)),
                moment(Some(ask.moment(is.from))),
                text(share(was)),
                text(share(is)),
            ]
        })
    });
    Table {
        id: "main",
        caption: "Controls whose status is another".into(),
        columns: vec![
            column("control", "Control"),
            column("title", "Title"),
            column("was", "Was"),
            column("is", "Is"),
            column("since", "Since"),
            column("passing_was", "Passing then"),
            column("passing_is", "Passing after"),
        ],
        rows: rows.collect(),
        empty: "No control has another status on the second day than on the first.",
        csv: None,
    }
}

fn share(row: &StatusRow) -> String {
    if row.targets == 0 {
        "no target".to_owned()
    } else {
        format!("{} of {}", row.passing, row.targets)
    }
}

#[derive(Template)]
#[template(path = "control_history.html")]
struct ControlHistory {
    frame: Frame,
    id: String,
    title: String,
    as_of: String,
    problem: Option<String>,
    then: Option<Then>,
    intervals: TableView,
}

/// The control as of an earlier moment.
struct Then {
    word: Word,
    at: words::Moment,
    entries: u64,
    pack: String,
    pack_version: String,
    share: String,
    reasons: Vec<ReasonView>,
    hidden_reasons: u64,
}

pub(in crate::web) fn control(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.site.views;
    let missing = || WebError::NotFound(format!("control {:?}", ask.param(0)));
    let id: ControlId = ask.param(0).parse().map_err(|_not_an_id| missing())?;
    let control = views.assessor().framework().control(id).ok_or_else(missing)?;
    let as_of = ask.query.get("as_of").cloned().unwrap_or_default();
    let (then, problem) = match assess_as_of(views, &as_of, ask.now)? {
        AsOf::Now => (None, None),
        AsOf::Unclear => {
            let what = "is neither a day (2026-11-30), nor a time (2026-11-30T14:00:00Z), nor the number of an entry of this log";
            (None, Some(format!("{as_of:?} {what}")))
        }
        AsOf::Then(assessed) => (Some(then(ask, id, &assessed)?), None),
    };
    html(&ControlHistory {
        frame: ask.frame(format!("{id} in time"), "history"),
        id: id.to_string(),
        title: control.title.clone(),
        as_of,
        problem,
        then,
        intervals: intervals(ask, id)?.view(&ask.path, &ask.query),
    })
}

/// What somebody means by *as of*.
enum AsOf {
    Now,
    Unclear,
    Then(Arc<Assessment>),
}

fn assess_as_of(views: &Views, text: &str, now: Timestamp) -> Result<AsOf, WebError> {
    if text.is_empty() {
        return Ok(AsOf::Now);
    }
    let (entries, at) = if let Ok(index) = text.parse::<u64>() {
        let Some(received) = views.received(index)? else { return Ok(AsOf::Unclear) };
        (index + 1, received)
    } else {
        let Some(at) = text.parse().ok().or_else(|| end_of(text, now)) else {
            return Ok(AsOf::Unclear);
        };
        let at = now.min(at);
        (views.entries_at(at)?, at)
    };
    Ok(AsOf::Then(views.assess_as_of(entries, at)?))
}

fn then(ask: &Ask, id: ControlId, assessed: &Assessment) -> Result<Then, WebError> {
    let missing = || WebError::NotFound(format!("control {id}"));
    let status = assessed.of(id).ok_or_else(missing)?;
    let names = ask.target_names()?;
    let counts = &status.counts;
    Ok(Then {
        word: words::status(status.status),
        at: ask.moment(assessed.now),
        entries: assessed.applied,
        pack: words::shortened(&assessed.pack),
        pack_version: assessed.pack_version.clone(),
        share: format!("{} of {}", counts.targets_passing, counts.targets),
        reasons: status.reasons.iter().map(|reason| reason_view(ask, reason, &names)).collect(),
        hidden_reasons: status.reason_count.saturating_sub(status.reasons.len() as u64),
    })
}

fn intervals(ask: &Ask, id: ControlId) -> Result<Table, WebError> {
    let rows = ask.site.views.status_history(id)?.into_iter().map(|row| {
        let href = format!("/history/{id}?as_of={}", row.from);
        vec![
            word(words::status(row.status)),
            moment(Some(ask.moment(row.from))).link(href),
            row.to.map_or_else(|| text("now"), |at| moment(Some(ask.moment(at)))),
            text(share(&row)),
            count(row.failing),
            count(row.unseen),
            count(row.stale),
            count(row.waived),
        ]
    });
    Ok(Table {
        id: "main",
        caption: format!("{id} in time, as it was judged at full hours"),
        columns: vec![
            column("status", "Status"),
            column("from", "From"),
            column("to", "To"),
            column("passing", "Passing targets"),
            number("failing", "Failing"),
            number("unseen", "Unseen"),
            number("stale", "Stale"),
            number("waived", "Waived"),
        ],
        rows: rows.collect(),
        empty: "Nothing was judged yet: history begins with the first full hour of the log.",
        csv: None,
    })
}
