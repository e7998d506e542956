//! Targets that the scope of the ISMS leaves out, so that none is lost from sight.

use axum::response::Response;

use super::controls::ListPage;
use super::{super::html, Ask, WebError, target_href};
use crate::web::api;
use crate::web::table::{Table, code, column, count, number, text};

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Outside of the scope", "scope"),
        title: "Outside of the scope",
        intro: "Targets that the scope of the ISMS leaves out. They are observed and judged like all others, and decide nothing. The \
                scope is a selection by labels, which people decide under Decisions.",
        table: table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("outside_of_scope", &table(ask)?))
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let rows = api::scope::rows(ask)?.into_iter().map(|row| {
        let labels = row.labels.iter().filter(|(key, _)| *key != "name");
        let labels: Vec<String> = labels.map(|(key, text)| format!("{key} = {text}")).collect();
        let href = target_href(&row.target);
        vec![
            text(row.name).link(href),
            code(row.target),
            text(labels.join(", ")),
            count(row.findings),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Targets outside of the scope".into(),
        columns: vec![
            column("name", "Name"),
            column("target", "Target"),
            column("labels", "Labels"),
            number("findings", "Findings that decide nothing"),
        ],
        rows: rows.collect(),
        empty: "Every known target is inside of the scope.",
        csv: Some("/scope.csv".into()),
    })
}
