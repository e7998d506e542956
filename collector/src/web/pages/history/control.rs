//! One control in time: the intervals in which it stayed the same, and its reasons as of the moment that is asked for.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{ControlId, ControlStatus};

use super::super::control::{ReasonView, reason_view};
use super::super::{super::html, Ask, WebError};
use super::share;
use crate::views::Assessment;
use crate::web::Frame;
use crate::web::charts::{self, Interval};
use crate::web::table::{Table, TableView, column, count, moment, number, text, word};
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "control_history.html")]
struct ControlHistory {
    frame: Frame,
    id: String,
    title: String,
    then: Option<Then>,
    interval: Option<Interval>,
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
    let views = &ask.views;
    let missing = || WebError::NotFound(format!("control {:?}", ask.param(0)));
    let id: ControlId = ask.param(0).parse().map_err(|_not_an_id| missing())?;
    let control = views.assessor().framework().control(id).ok_or_else(missing)?;
    let then = if ask.is_past() {
        let (assessed, status) = views.shown_of(ask.now, id)?;
        Some(then(ask, &status.ok_or_else(missing)?, &assessed)?)
    } else {
        None
    };
    html(&ControlHistory {
        frame: ask.frame(format!("{id} in time"), "history"),
        id: id.to_string(),
        title: control.title.clone(),
        then,
        interval: charts::of_statuses(&views.status_history(id)?, ask.now),
        intervals: intervals(ask, id)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let missing = || WebError::NotFound(format!("control {:?}", ask.param(0)));
    let id: ControlId = ask.param(0).parse().map_err(|_not_an_id| missing())?;
    ask.views.assessor().framework().control(id).ok_or_else(missing)?;
    Ok(ask.csv(&format!("{id}-in-time"), &intervals(ask, id)?))
}

fn then(ask: &Ask, status: &ControlStatus, assessed: &Assessment) -> Result<Then, WebError> {
    let named = status.reasons.iter().filter_map(|reason| reason.target.as_deref());
    let names = ask.views.names_of(named)?;
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
    let rows = ask.views.status_history(id)?.into_iter().map(|row| {
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
        csv: Some(format!("/history/{id}/intervals.csv")),
    })
}
