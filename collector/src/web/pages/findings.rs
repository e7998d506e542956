//! Every finding of every rule on every target.

use axum::response::Response;

use super::controls::ListPage;
use super::{super::html, Ask, WebError, evidence_href, target_cell};
use crate::web::table::{
    Table, choice, code, column, count, encode, moment, number, text, wide, word,
};
use crate::web::{api, words};

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Findings", "findings"),
        title: "Findings",
        intro: "What each rule says about each target, from the newest document of its kind.",
        table: table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("findings", &table(ask)?))
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let rows = api::findings::rows(ask)?.into_iter().map(|finding| {
        let order = finding.severity.map_or(0, |severity| 9 - severity as u8);
        let evidence = evidence_href(finding.index, &finding.kind, &finding.target);
        vec![
            word(words::verdict(finding.verdict)),
            text(finding.title)
                .note(finding.message)
                .link(format!("/rules/{}", encode(&finding.rule))),
            target_cell(&finding.name, &finding.target),
            text(finding.severity.map_or("", words::severity)).sort(order.to_string()),
            code(finding.kind),
            count(finding.items),
            moment(Some(ask.moment(finding.observed))).link(evidence),
            moment(Some(ask.moment(finding.since))),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Findings, failures first".into(),
        columns: vec![
            choice("verdict", "Verdict"),
            wide("rule", "Rule"),
            choice("target", "Target"),
            choice("severity", "Severity"),
            choice("kind", "Kind"),
            number("items", "Items"),
            column("observed", "Evidence"),
            column("since", "So since"),
        ],
        rows: rows.collect(),
        empty: "Nothing has been judged yet. Findings appear with the first evidence of an enrolled agent.",
        csv: Some("/findings.csv".into()),
    })
}
