//! Failures in groups, by rule, target or control: where one cause makes many of them. Those that somebody chooses are waived
//! together; the form is here, what it does is `decide`.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use exhibit_assessment::Verdict;

use super::{super::html, Ask, WebError, evidence_href, target_href};
use crate::views::{FindingRow, Narrow, Segment};
use crate::web::Frame;
use crate::web::api::findings::GroupRow;
use crate::web::decide::chosen::{self, Outcome};
use crate::web::table::{Table, column, count, encode, number, text};
use crate::web::words::{self, Moment, Word};

/// Groups on the page, and failures of each; the rest is counted.
const GROUPS: usize = 50;
const EACH: usize = 10;

#[derive(Template)]
#[template(path = "grouped.html")]
struct GroupedPage {
    frame: Frame,
    by: &'static str,
    groups: Vec<GroupView>,
    more: usize,
    failures: usize,
    most: usize,
    csv: String,
    /// Something was judged at all.
    judged: bool,
}

struct GroupView {
    title: String,
    href: String,
    /// All of its failures as a list.
    list: String,
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
    let (by, groups, failures) = groups(ask)?;
    let more = groups.len().saturating_sub(GROUPS);
    let shown = groups.into_iter().take(GROUPS).map(|group| view(ask, by, &group));
    html(&GroupedPage {
        frame: ask.frame("Failures in groups", "findings"),
        by,
        groups: shown.collect::<Result<_, WebError>>()?,
        more,
        failures: usize::try_from(failures).unwrap_or(usize::MAX),
        most: chosen::MOST,
        csv: format!("/findings/groups.csv?by={by}"),
        judged: !ask.views.finding_segments()?.is_empty(),
    })
}

/// Every group with the number of its failures, the largest first.
pub(in crate::web) fn rows(ask: &Ask) -> Result<(&'static str, Vec<GroupRow>), WebError> {
    let (by, groups, _) = groups(ask)?;
    let names = match by {
        "target" => ask.views.names_of(groups.iter().map(|group| group.key.as_str()))?,
        _ => BTreeMap::new(),
    };
    let rows = groups.into_iter().map(|group| GroupRow {
        title: title(ask, by, &group.key, &names).0,
        group: group.key,
        failures: group.number,
    });
    Ok((by, rows.collect()))
}

/// The same as a list.
pub(in crate::web) fn table(ask: &Ask) -> Result<Table, WebError> {
    let (by, rows) = rows(ask)?;
    let rows =
        rows.into_iter().map(|row| vec![text(row.group), text(row.title), count(row.failures)]);
    Ok(Table {
        id: "main",
        caption: format!("Failures by {by}"),
        columns: vec![
            column("group", "Group"),
            column("title", "Title"),
            number("failures", "Failures"),
        ],
        rows: rows.collect(),
        empty: "No rule fails.",
        csv: None,
    })
}

/// What failures are grouped by, the groups, the largest first, and how many failures there are.
fn groups(ask: &Ask) -> Result<(&'static str, Vec<Group>, u64), WebError> {
    let by = match ask.query.get("by").map(String::as_str) {
        Some("target") => "target",
        Some("control") => "control",
        _ => "rule",
    };
    let segments = ask.views.finding_segments()?;
    let failing: Vec<Segment> =
        segments.into_iter().filter(|one| one.verdict == Verdict::Fail).collect();
    let failures: u64 = failing.iter().map(|one| one.findings).sum();
    let mut groups = match by {
        "target" => by_target(ask)?,
        "control" => by_control(ask, &failing),
        _ => failing.into_iter().map(|one| Group::of(one.rule.clone(), vec![one])).collect(),
    };
    groups.sort_by_key(|group| std::cmp::Reverse(group.number));
    Ok((by, groups, failures))
}

/// Failures that have something in common.
struct Group {
    key: String,
    /// The rules whose failures they are; none: all of the target that is the key.
    segments: Vec<Segment>,
    number: u64,
}

impl Group {
    fn of(key: String, segments: Vec<Segment>) -> Self {
        let number = segments.iter().map(|one| one.findings).sum();
        Self { key, segments, number }
    }
}

fn by_target(ask: &Ask) -> Result<Vec<Group>, WebError> {
    let targets = ask.failing_targets()?.into_iter();
    Ok(targets.map(|(key, number)| Group { key, segments: Vec::new(), number }).collect())
}

/// A failure is in the group of each control that its rule speaks about.
fn by_control(ask: &Ask, failing: &[Segment]) -> Vec<Group> {
    let mut controls: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
    for segment in failing {
        let rule = ask.views.assessor().rule(&segment.rule);
        let ids: BTreeSet<String> = rule
            .into_iter()
            .flat_map(|rule| &rule.controls)
            .map(|(control, _)| control.to_string())
            .collect();
        for id in ids {
            controls.entry(id).or_default().push(segment.clone());
        }
    }
    controls.into_iter().map(|(key, segments)| Group::of(key, segments)).collect()
}

fn view(ask: &Ask, by: &str, group: &Group) -> Result<GroupView, WebError> {
    let (mut rows, each) = (Vec::new(), u32::try_from(EACH).unwrap_or(u32::MAX));
    if group.segments.is_empty() {
        rows = ask.views.failures_of_target(&group.key, each)?;
    } else {
        let range = (0, Some(u64::from(each)));
        ask.views.each_finding_of(&group.segments, &Narrow::default(), range, |row| {
            rows.push(row);
            Ok::<_, WebError>(())
        })?;
    }
    let targets = rows.iter().map(|row: &FindingRow| row.target.as_str());
    let names = ask.views.names_of(targets.chain(std::iter::once(group.key.as_str())))?;
    let (title, href) = title(ask, by, &group.key, &names);
    let number = usize::try_from(group.number).unwrap_or(usize::MAX);
    Ok(GroupView {
        title,
        href,
        list: format!("/findings?{by}={}&verdict=fail", encode(&group.key)),
        number,
        more: number.saturating_sub(rows.len()),
        lines: rows.iter().map(|row| line(ask, row, &names)).collect(),
    })
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
