//! Every finding of every rule on every target.

use axum::response::Response;
use exhibit_assessment::{Severity, Verdict};

use super::controls::ListPage;
use super::{super::html, Ask, WebError, evidence_href, target_cell};
use crate::views::{Asked, Part};
use crate::web::api::findings::{self, FindingRow};
use crate::web::listed::{Each, Listed};
use crate::web::table::{
    Cell, Table, choice, code, column, count, encode, moment, number, text, wide, word,
};
use crate::web::words;

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Findings", "findings"),
        title: "Findings",
        intro: "What each rule says about each target, from the newest document of its kind.",
        table: listed().page(ask, choices(ask)?)?,
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    listed().csv(ask, "findings", each)
}

fn listed() -> Listed<FindingRow> {
    let table = Table {
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
        rows: Vec::new(),
        empty: "Nothing has been judged yet. Findings appear with the first evidence of an enrolled agent.",
        csv: Some("/findings.csv".into()),
    };
    // People know targets by name; a target of that id is meant, too.
    let names = &[("rule", "title"), ("target", "name")];
    Listed { table, names, few: &["target", "items", "observed"], part, cells }
}

fn part(ask: &Ask, asked: &Asked) -> Result<Part<FindingRow>, WebError> {
    findings::part(ask, &by_id(ask, asked)?)
}

fn each(ask: &Ask, asked: &Asked, to: Each<'_, FindingRow>) -> Result<(), WebError> {
    findings::each(ask, &by_id(ask, asked)?, to)
}

/// What the page's words mean to the list: verdicts as programs say them, a target by its id where it is one.
///
/// `control` and `rule` in the address, by id: pages about these lead here.
fn by_id(ask: &Ask, asked: &Asked) -> Result<Asked, WebError> {
    let mut asked = asked.clone();
    for (name, field) in [("control", "controls"), ("rule", "rule")] {
        if let Some(id) = ask.query.get(name).filter(|id| !id.is_empty()) {
            asked = asked.also(field, id);
        }
    }
    for (field, value) in &mut asked.fits {
        match field.as_str() {
            "verdict" => {
                let of = VERDICTS.iter().find(|one| words::verdict(**one).label == value.as_str());
                *value = of.map_or_else(|| value.clone(), |one| one.as_str().to_owned());
            }
            "name" if !ask.views.names_of(std::iter::once(value.as_str()))?.is_empty() => {
                *field = "target".to_owned();
            }
            _ => {}
        }
    }
    Ok(asked)
}

const VERDICTS: [Verdict; 4] =
    [Verdict::Fail, Verdict::Error, Verdict::Pass, Verdict::NotApplicable];
const SEVERITIES: [Severity; 4] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// Of targets there are too many to choose from: a text finds them.
fn choices(ask: &Ask) -> Result<Vec<(&'static str, Vec<String>)>, WebError> {
    let segments = ask.views.finding_segments()?;
    let assessor = ask.views.assessor();
    let rules = || segments.iter().filter_map(|one| assessor.rule(&one.rule));
    let verdicts = VERDICTS.iter().filter(|one| segments.iter().any(|s| s.verdict == **one));
    let severities = SEVERITIES.iter().filter(|one| rules().any(|rule| rule.severity == **one));
    let mut kinds: Vec<String> = rules().map(|rule| rule.kind.clone()).collect();
    kinds.sort();
    kinds.dedup();
    Ok(vec![
        ("verdict", verdicts.map(|one| words::verdict(*one).label.to_owned()).collect()),
        ("severity", severities.map(|one| words::severity(*one).to_owned()).collect()),
        ("kind", kinds),
    ])
}

fn cells(ask: &Ask, finding: FindingRow) -> Vec<Cell> {
    let order = finding.severity.map_or(0, |severity| 9 - severity as u8);
    let evidence = evidence_href(finding.index, &finding.kind, &finding.target);
    vec![
        word(words::verdict(finding.verdict)),
        text(finding.title).note(finding.message).link(format!("/rules/{}", encode(&finding.rule))),
        target_cell(&finding.name, &finding.target),
        text(finding.severity.map_or("", words::severity)).sort(order.to_string()),
        code(finding.kind),
        count(finding.items),
        moment(Some(ask.moment(finding.observed))).link(evidence),
        moment(Some(ask.moment(finding.since))),
    ]
}
