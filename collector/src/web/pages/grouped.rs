//! Failures in groups, by rule, target or control: where one cause makes many of them. Those that somebody chooses are waived
//! together; the form is here, what it does is `decide`.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use exhibit_assessment::Verdict;

use super::{super::html, Ask, WebError, evidence_href, target_href};
use crate::views::FindingRow;
use crate::web::Frame;
use crate::web::decide::chosen::{self, Outcome};
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};

/// Groups on the page, and failures of each; the rest is counted.
const GROUPS: usize = 50;
const EACH: usize = 50;

#[derive(Template)]
#[template(path = "grouped.html")]
struct GroupedPage {
    frame: Frame,
    by: &'static str,
    groups: Vec<GroupView>,
    more: usize,
    failures: usize,
    most: usize,
}

struct GroupView {
    title: String,
    href: String,
    number: usize,
    lines: Vec<Line>,
    more: usize,
}

#[derive(Clone)]
struct Line {
    pick: String,
    rule: String,
    rule_href: String,
    target: String,
    target_href: String,
    message: String,
    severity: &'static str,
    evidence: String,
    since: Moment,
}

#[derive(Template)]
#[template(path = "waived.html")]
struct WaivedPage {
    frame: Frame,
    outcomes: Vec<OutcomeView>,
    problem: Option<String>,
    done: usize,
}

struct OutcomeView {
    word: Word,
    rule: String,
    target: String,
    record: Option<(String, String)>,
    why: String,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let names: BTreeMap<String, String> = views.target_ids()?.into_iter().collect();
    let failing: Vec<FindingRow> =
        views.findings()?.into_iter().filter(|row| row.verdict == Verdict::Fail).collect();
    let by = match ask.query.get("by").map(String::as_str) {
        Some("target") => "target",
        Some("control") => "control",
        _ => "rule",
    };
    let mut groups: BTreeMap<String, Vec<&FindingRow>> = BTreeMap::new();
    for row in &failing {
        for key in keys(ask, by, row) {
            groups.entry(key).or_default().push(row);
        }
    }
    let mut groups: Vec<(String, Vec<&FindingRow>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    let more = groups.len().saturating_sub(GROUPS);
    let shown = groups.into_iter().take(GROUPS).map(|(key, rows)| {
        let (title, href) = title(ask, by, &key, &names);
        let lines = rows.iter().take(EACH).map(|row| line(ask, row, &names)).collect();
        GroupView { title, href, number: rows.len(), more: rows.len().saturating_sub(EACH), lines }
    });
    html(&GroupedPage {
        frame: ask.frame("Failures in groups", "findings"),
        by,
        groups: shown.collect(),
        more,
        failures: failing.len(),
        most: chosen::MOST,
    })
}

/// The groups that a failure is in.
fn keys(ask: &Ask, by: &str, row: &FindingRow) -> BTreeSet<String> {
    match by {
        "target" => BTreeSet::from([row.target.clone()]),
        "control" => {
            let rule = ask.views.assessor().rule(&row.rule);
            let controls = rule.map_or(&[][..], |rule| rule.controls.as_slice());
            controls.iter().map(|(id, _)| id.to_string()).collect()
        }
        _ => BTreeSet::from([row.rule.clone()]),
    }
}

fn title(ask: &Ask, by: &str, key: &str, names: &BTreeMap<String, String>) -> (String, String) {
    let assessor = ask.views.assessor();
    match by {
        "target" => (names.get(key).cloned().unwrap_or_else(|| key.to_owned()), target_href(key)),
        "control" => {
            let known = key.parse().ok().and_then(|id| assessor.framework().control(id));
            let title = known.map_or("", |control| control.title.as_str());
            (format!("{key} {title}"), format!("/controls/{}", encode(key)))
        }
        _ => {
            let title =
                assessor.rule(key).map_or_else(|| key.to_owned(), |rule| rule.title.clone());
            (title, format!("/rules/{}", encode(key)))
        }
    }
}

fn line(ask: &Ask, row: &FindingRow, names: &BTreeMap<String, String>) -> Line {
    let rule = ask.views.assessor().rule(&row.rule);
    Line {
        pick: chosen::pick(&row.rule, &row.target),
        rule: rule.map_or_else(|| row.rule.clone(), |rule| rule.title.clone()),
        rule_href: format!("/rules/{}", encode(&row.rule)),
        target: names.get(&row.target).cloned().unwrap_or_else(|| row.target.clone()),
        target_href: target_href(&row.target),
        message: row.message.clone(),
        severity: rule.map_or("", |rule| words::severity(rule.severity)),
        evidence: evidence_href(row.observed_index, &row.kind, &row.target),
        since: ask.moment(row.verdict_since),
    }
}

/// What came of the failures that were chosen.
pub(in crate::web) fn waived(
    ask: &Ask,
    outcomes: Vec<Outcome>,
    problem: Option<String>,
) -> Result<Response, WebError> {
    let names: BTreeMap<String, String> = ask.views.target_ids()?.into_iter().collect();
    let done = outcomes.iter().filter(|one| one.done.is_ok()).count();
    let views = outcomes.into_iter().map(|one| {
        let (rule, target) = (one.rule, one.target);
        let (class, label, icon) = match one.done {
            Ok(_) => ("met", "decided", words::GOOD),
            Err(_) => ("not_met", "refused", words::BAD),
        };
        let known = ask.views.assessor().rule(&rule).map(|rule| rule.title.clone());
        OutcomeView {
            word: Word { class, label, icon, meaning: "What the desk said.", order: 0 },
            rule: known.unwrap_or(rule),
            target: names.get(&target).cloned().unwrap_or(target),
            why: one.done.as_ref().err().cloned().unwrap_or_default(),
            record: one.done.ok().map(|id| (super::decisions::href("waiver", &id), id)),
        }
    });
    html(&WaivedPage {
        frame: ask.frame("Failures waived", "findings"),
        outcomes: views.collect(),
        problem,
        done,
    })
}
