//! Statuses as they were: over a time as a picture, between two days as a list.

pub(in crate::web) mod compare;
mod control;
pub(in crate::web) mod lapses;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::Status;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{super::html, Ask, WebError};
use crate::views::StatusRow;
use crate::web::Frame;
use crate::web::table::{Cell, Table, TableView, column, count, moment, number, text, word};
use crate::web::words::{self, Word};

pub(in crate::web) use control::{control, csv as control_csv};

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
    let views = &ask.views;
    let (before, after) = (views.statuses_at(from)?, views.statuses_at(to)?);
    let (mut bars, mut rows) = (Vec::new(), Vec::new());
    for (at, counted) in columns(ask, from, to)? {
        rows.push(counts(ask, at, &counted));
        bars.push(bar(at, &counted));
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
        differing: differing_of(ask, &differing(&before, &after)).view(&ask.path, &ask.query),
        numbers: numbers(rows).view(&ask.path, &ask.query),
    })
}

/// A moment, and how many controls had each status.
pub(in crate::web) type Column = (Timestamp, Vec<(Status, u64)>);

/// Controls by status at moments of a period, the last one first.
fn columns(ask: &Ask, from: Timestamp, to: Timestamp) -> Result<Vec<Column>, WebError> {
    let mut columns = Vec::new();
    let step = SignedDuration::from_secs((to.duration_since(from).as_secs() / COLUMNS).max(3600));
    let mut at = to;
    while at > from {
        let counted = counted(&ask.views.statuses_at(at)?);
        if !counted.is_empty() {
            columns.push((at, counted));
        }
        at = at.checked_sub(step).unwrap_or(from);
    }
    Ok(columns)
}

fn counts(ask: &Ask, at: Timestamp, counted: &[(Status, u64)]) -> Vec<Cell> {
    let mut cells = vec![moment(Some(ask.moment(at)))];
    cells.extend(Status::ALL.iter().map(|status| count(of(counted, *status))));
    cells
}

/// How many controls had each status at moments of the days that are asked for, the last one first.
pub(in crate::web) fn statuses(ask: &Ask) -> Result<Vec<Column>, WebError> {
    let (from, to) = asked_for(ask)?;
    columns(ask, from, to)
}

pub(in crate::web) fn numbers_table(ask: &Ask) -> Result<Table, WebError> {
    let rows = statuses(ask)?;
    Ok(numbers(rows.into_iter().map(|(at, counted)| counts(ask, at, &counted)).collect()))
}

/// Controls whose status is another at the end of the days that are asked for: as it was, and as it is.
pub(in crate::web) fn turned(ask: &Ask) -> Result<Vec<(StatusRow, StatusRow)>, WebError> {
    let (from, to) = asked_for(ask)?;
    Ok(differing(&ask.views.statuses_at(from)?, &ask.views.statuses_at(to)?))
}

pub(in crate::web) fn differing_table(ask: &Ask) -> Result<Table, WebError> {
    Ok(differing_of(ask, &turned(ask)?))
}

/// The days, or why there is no list of them: a page says so beside what it shows, a list cannot.
fn asked_for(ask: &Ask) -> Result<(Timestamp, Timestamp), WebError> {
    match period(ask) {
        (from, to, None) => Ok((from, to)),
        (_, _, Some(problem)) => Err(WebError::NoMoment("from", problem)),
    }
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

pub(in crate::web) fn of(counted: &[(Status, u64)], status: Status) -> u64 {
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

fn numbers(rows: Vec<Vec<Cell>>) -> Table {
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
        csv: Some("/history/numbers.csv".into()),
    }
}

/// Controls whose status is another on the second day: as it was, and as it is.
fn differing(before: &[StatusRow], after: &[StatusRow]) -> Vec<(StatusRow, StatusRow)> {
    let both = after.iter().filter_map(|is| {
        let was = before.iter().find(|was| was.control == is.control)?;
        (was.status != is.status).then(|| (was.clone(), is.clone()))
    });
    both.collect()
}

fn differing_of(ask: &Ask, differing: &[(StatusRow, StatusRow)]) -> Table {
    let framework = ask.views.assessor().framework();
    let rows = differing.iter().filter_map(|(was, is)| {
        let control = framework.control(is.control)?;
        let href = format!("/history/{}", is.control);
        Some(vec![
            text(is.control.to_string()).link(href.clone()),
            text(control.title.clone()).link(href),
            word(words::status(was.status)),
            word(words::status(is.status)),
            moment(Some(ask.moment(is.from))),
            text(share(was)),
            text(share(is)),
        ])
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
        csv: Some("/history/differing.csv".into()),
    }
}

fn share(row: &StatusRow) -> String {
    if row.targets == 0 {
        "no target".to_owned()
    } else {
        format!("{} of {}", row.passing, row.targets)
    }
}
