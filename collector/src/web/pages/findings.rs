//! Every finding of every rule on every target.

use axum::response::Response;

use super::controls::ListPage;
use super::{super::html, Ask, WebError, evidence_href, target_cell};
use crate::web::table::{
    Table, choice, code, column, count, encode, moment, number, text, wide, word,
};
use crate::web::words;

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
    let views = &ask.views;
    let names = ask.target_names()?;
    let mut findings = views.findings()?;
    findings.sort_by_key(|finding| words::verdict(finding.verdict).order);
    let rows = findings.into_iter().map(|finding| {
        let rule = views.assessor().rule(&finding.rule);
        let title = rule.map_or_else(|| finding.rule.clone(), |rule| rule.title.clone());
        let severity = rule.map_or("", |rule| words::severity(rule.severity));
        let order = rule.map_or(0, |rule| 9 - rule.severity as u8);
        vec![
            word(words::verdict(finding.verdict)),
            text(title).note(finding.message).link(format!("/rules/{}", encode(&finding.rule))),
            target_cell(&names, &finding.target),
            text(severity).sort(order.to_string()),
            code(finding.kind.clone()),
            count(finding.item_count),
            moment(Some(ask.moment(finding.observed_at))).link(evidence_href(
                finding.observed_index,
                &finding.kind,
                &finding.target,
            )),
            moment(Some(ask.moment(finding.verdict_since))),
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
