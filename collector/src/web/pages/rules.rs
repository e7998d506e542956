//! The rule pack: the list of rules, and one rule with its findings.

use askama::Template;
use axum::response::Response;

use super::control::{FIRST, FindingView, RuleView, rule_view, told_view};
use super::controls::ListPage;
use super::frameworks::{self, SaidView};
use super::{super::html, Ask, WebError};
use crate::views::Asked;
use crate::web::table::{Table, choice, code, column, count, number, text};
use crate::web::words::{self, Word};
use crate::web::{Frame, api};

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage {
    frame: Frame,
    rule: RuleView,
    controls: Vec<(String, String, Word)>,
    findings: Vec<FindingView>,
    /// Findings that are not on the page.
    more: u64,
    /// What each of them says in other frameworks.
    said: Vec<SaidView>,
    source: String,
    path: String,
    pack: String,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Rules", "rules"),
        title: "Rules",
        intro: "The rule pack in force. A rule reads one kind of document and says what it found; how much that says \
                about a control is its relation strength.",
        table: table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("rules", &table(ask)?))
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let rows = api::rules::rows(ask)?.into_iter().map(|rule| {
        let controls: Vec<String> = rule
            .controls
            .iter()
            .map(|relation| format!("{} ({})", relation.control, relation.strength))
            .collect();
        vec![
            text(rule.title).note(rule.rule.as_str()).link(format!("/rules/{}", rule.rule)),
            code(rule.kind),
            text(words::severity(rule.severity)).sort((9 - rule.severity as u8).to_string()),
            text(controls.join(", ")),
            count(rule.pass),
            count(rule.fail),
            text(words::length(u64::from(rule.freshness) * 3600))
                .sort(format!("{:08}", rule.freshness)),
        ]
    });
    Ok(Table {
        id: "main",
        caption: format!("Rules of pack {}", ask.views.assessor().pack().version()),
        columns: vec![
            column("rule", "Rule"),
            choice("kind", "Kind"),
            choice("severity", "Severity"),
            column("controls", "Controls"),
            number("pass", "Pass"),
            number("fail", "Fail"),
            column("freshness", "Fresh for"),
        ],
        rows: rows.collect(),
        empty: "The rule pack is empty.",
        csv: Some("/rules.csv".into()),
    })
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let assessor = views.assessor();
    let missing = || WebError::NotFound(format!("rule {:?} in the pack in force", ask.param(0)));
    let rule = assessor.rule(ask.param(0)).ok_or_else(missing)?;
    let segments = views.finding_segments()?;
    let first = Asked { limit: Some(FIRST), ..Asked::default() };
    let found = api::findings::part(ask, &first.also("rule", rule.id.as_str()))?;
    let controls = rule.controls.iter().map(|(control, strength)| {
        let title = assessor.framework().control(*control).map_or("", |control| &control.title);
        (control.to_string(), title.to_owned(), words::strength(*strength))
    });
    let strongest = rule.controls.iter().map(|(_, strength)| *strength).min();
    let strength = strongest.unwrap_or(exhibit_assessment::Strength::Context);
    let view = rule_view(rule, strength, &segments);
    let more = found.fitting.saturating_sub(found.rows.len() as u64);
    let findings = found.rows.into_iter().map(|row| told_view(ask, row, None)).collect();
    let sources = assessor.pack().sources();
    let source = sources.iter().find(|(path, _)| *path == rule.path).map(|(_, text)| text.clone());
    html(&RulePage {
        frame: ask.frame(rule.title.clone(), "rules"),
        rule: view,
        controls: controls.collect(),
        findings,
        more,
        said: frameworks::said_of_rule(ask, rule)?,
        source: source.unwrap_or_default(),
        path: rule.path.clone(),
        pack: assessor.pack().version().to_owned(),
    })
}
