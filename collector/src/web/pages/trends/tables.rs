//! The numbers of the pictures as lists, to be taken away.

use axum::response::Response;
use exhibit_assessment::Status;

use super::super::picture::theme_title;
use super::super::{Ask, WebError};
use crate::web::api::trends as rows;
use crate::web::table::{Cell, Column, Table, code, column, count, moment, number, text};
use crate::web::words;

pub(in crate::web) fn statuses(ask: &Ask) -> Result<Response, WebError> {
    let mut columns = vec![column("theme", "Theme"), column("at", "At")];
    let keys = ["not_met", "no_evidence", "stale", "met", "manual", "excluded"];
    let known = |key: &str| Status::ALL.into_iter().find(|status| status.as_str() == key);
    let labels = keys.into_iter().filter_map(|key| Some((key, words::status(known(key)?).label)));
    columns.extend(labels.map(|(key, label)| number(key, label)));
    let rows = rows::statuses(ask)?.into_iter().map(|row| {
        let mut cells = vec![text(theme_title(row.theme)), moment(Some(ask.moment(row.at)))];
        let counts = [row.not_met, row.no_evidence, row.stale, row.met, row.manual, row.excluded];
        cells.extend(counts.map(count));
        cells
    });
    Ok(taken(ask, ("statuses-over-time", "Controls by status over time"), columns, rows.collect()))
}

pub(in crate::web) fn failures(ask: &Ask) -> Result<Response, WebError> {
    let columns = vec![
        column("control", "Control"),
        column("title", "Title"),
        column("label", "Label"),
        column("group", "Group"),
        number("targets", "Targets"),
        number("failing", "With a failure"),
    ];
    let rows = rows::failures(ask)?.into_iter().map(|row| {
        vec![
            text(row.control),
            text(row.title),
            text(row.label),
            text(row.group),
            count(row.targets),
            count(row.failing),
        ]
    });
    Ok(taken(ask, ("failures-by-group", "Targets with a failure"), columns, rows.collect()))
}

pub(in crate::web) fn ages(ask: &Ask) -> Result<Response, WebError> {
    let columns = vec![
        column("of", "Of"),
        column("kind", "Kind"),
        column("age", "Age"),
        number("targets", "Targets"),
        number("amiss", "Of them amiss"),
        column("means", "What is amiss"),
    ];
    let rows = rows::ages(ask)?.into_iter().map(|row| {
        vec![
            text(row.of),
            code(row.kind),
            text(row.age),
            count(row.targets),
            row.amiss.map_or_else(|| text(""), count),
            text(row.means),
        ]
    });
    Ok(taken(ask, ("ages", "How old things are"), columns, rows.collect()))
}

fn taken(
    ask: &Ask,
    (name, caption): (&str, &str),
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
) -> Response {
    let caption = caption.to_owned();
    ask.csv(name, &Table { id: "main", caption, columns, rows, empty: "", csv: None })
}
