//! Findings: what each rule says about each target now.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use exhibit_assessment::{Item, Severity, Verdict};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::list::counted;
use super::operation::{Operation, Taken, list, long};
use super::words::{DigestText, SeverityWord, VerdictWord};
use super::{Ask, WebError};
use crate::views::{self, Asked, Narrow, Part, Segment, ViewsError};
use crate::web::listed::Each;
use crate::web::pages::grouped;

/// What a rule says about a target, with the observation it rests on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(in crate::web) struct FindingRow {
    #[schemars(with = "VerdictWord")]
    pub(in crate::web) verdict: Verdict,
    pub(in crate::web) rule: String,
    /// The rule's title; its id where the pack in force has no such rule any more.
    pub(in crate::web) title: String,
    #[schemars(with = "Option<SeverityWord>")]
    pub(in crate::web) severity: Option<Severity>,
    /// Controls that the rule speaks about.
    pub(in crate::web) controls: Vec<String>,
    pub(in crate::web) target: String,
    /// The target's name for people.
    pub(in crate::web) name: String,
    pub(in crate::web) kind: String,
    /// One sentence.
    pub(in crate::web) message: String,
    /// Offending items: how many, and what they are (a part where there are many).
    pub(in crate::web) items: u64,
    pub(in crate::web) offending: Vec<ItemRow>,
    /// Last observation of the document behind it.
    pub(in crate::web) observed: Timestamp,
    /// First observation that gave this verdict without a change since.
    pub(in crate::web) since: Timestamp,
    /// Entry of the log that holds the last observation.
    pub(in crate::web) index: u64,
    /// SHA-256 of the document.
    #[schemars(with = "DigestText")]
    pub(in crate::web) digest: String,
}

/// Something that breaks a rule.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Item")]
pub(in crate::web) struct ItemRow {
    pub(in crate::web) id: String,
    pub(in crate::web) why: String,
}

/// Failures that have a rule, a target or a control in common.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FailureGroup")]
pub(in crate::web) struct GroupRow {
    /// The rule, the target or the control.
    pub(in crate::web) group: String,
    pub(in crate::web) title: String,
    pub(in crate::web) failures: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    let by = ["rule", "target", "control"].map(|word| json!(word));
    let by = Taken::choice("by", "What the failures of a group have in common.", &by);
    vec![
        long(
            "/findings",
            "Findings",
            "What each rule says about each target now, failures first; more than 10,000 are sorted by what follows from the rule, and by since",
            part,
        )
        .steady(),
        list("/findings/groups", "Findings", "Failures in groups, the largest first", groups)
            .only_now()
            .taking(vec![by]),
    ]
}

fn groups(ask: &Ask) -> Result<Vec<GroupRow>, WebError> {
    Ok(grouped::rows(ask)?.1)
}

/// The findings that are asked for, failures first where nothing else is asked.
pub(in crate::web) fn part(ask: &Ask, asked: &Asked) -> Result<Part<FindingRow>, WebError> {
    let wanted = Wanted::of(ask, asked)?;
    let fitting = sum(&wanted.segments);
    if let Some((field, _)) = &asked.order
        && !OF_RULES.contains(&field.as_str())
        && !ask.views.sorts_findings(field, &wanted.narrow, fitting)
    {
        return Err(WebError::TooMany(field.clone(), fitting, "findings"));
    }
    let mut found = Vec::new();
    wanted.each(ask, asked, |row| {
        found.push(row);
        Ok::<_, WebError>(())
    })?;
    let names = ask.views.names_of(found.iter().map(|row| row.target.as_str()))?;
    let rows = found.into_iter().map(|row| tell(ask, row, &names)).collect();
    Ok(Part { rows, fitting, all: wanted.all })
}

/// The same, one after the other.
pub(in crate::web) fn each(
    ask: &Ask,
    asked: &Asked,
    to: Each<'_, FindingRow>,
) -> Result<(), WebError> {
    let (wanted, names) = (Wanted::of(ask, asked)?, ask.target_names()?);
    wanted.each(ask, asked, |row| to(tell(ask, row, &names)))
}

fn tell(ask: &Ask, row: views::FindingRow, names: &BTreeMap<String, String>) -> FindingRow {
    let rule = ask.views.assessor().rule(&row.rule);
    let controls = rule.into_iter().flat_map(|rule| &rule.controls);
    FindingRow {
        verdict: row.verdict,
        title: rule.map_or_else(|| row.rule.clone(), |rule| rule.title.clone()),
        severity: rule.map(|rule| rule.severity),
        controls: controls.map(|(control, _)| control.to_string()).collect(),
        rule: row.rule,
        name: names.get(&row.target).unwrap_or(&row.target).clone(),
        target: row.target,
        kind: row.kind,
        message: row.message,
        offending: row.items.into_iter().map(|Item { id, why }| ItemRow { id, why }).collect(),
        items: row.item_count,
        observed: row.observed_at,
        since: row.verdict_since,
        index: row.observed_index,
        digest: row.digest,
    }
}

/// What is asked of findings: which of whose verdicts in which order, and what else has to hold.
struct Wanted {
    segments: Vec<Segment>,
    narrow: Narrow,
    all: u64,
}

impl Wanted {
    fn of(ask: &Ask, asked: &Asked) -> Result<Self, WebError> {
        let mut segments = ask.views.finding_segments()?;
        let all = sum(&segments);
        let mut narrow = Narrow::default();
        for (field, value) in &asked.fits {
            let value = || Some(value.clone());
            match field.as_str() {
                "target" => narrow.target = value(),
                "name" => narrow.name = value(),
                "message" => narrow.message = value(),
                "digest" => narrow.digest = value(),
                _ => {}
            }
        }
        segments.retain(|segment| {
            let fits = |(field, value): &(String, String)| {
                beside(field) || words(ask, segment, field).contains(value)
            };
            asked.fits.iter().all(fits)
        });
        if !asked.text.is_empty() {
            let text = asked.text.to_lowercase();
            for segment in &mut segments {
                let told = |field: &str| {
                    let words = words(ask, segment, field);
                    words.iter().any(|word| word.to_lowercase().contains(&text))
                };
                segment.told = OF_RULES.iter().any(|field| told(field));
            }
            narrow.text = Some(text);
        }
        segments.sort_by_key(|segment| {
            (crate::web::words::verdict(segment.verdict).order, segment.rule.clone())
        });
        if let Some((field, turned)) = &asked.order {
            let key = |segment: &Segment| key(ask, segment, field);
            match turned {
                true => segments.sort_by_cached_key(|segment| Reverse(key(segment))),
                false => segments.sort_by_cached_key(key),
            }
        }
        let segments = ask.views.narrowed(segments, &narrow)?;
        Ok(Self { segments, narrow, all })
    }

    fn each<E: From<ViewsError>>(
        &self,
        ask: &Ask,
        asked: &Asked,
        to: impl FnMut(views::FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let (segments, narrow) = (self.segments.as_slice(), &self.narrow);
        let range = (asked.offset, asked.limit);
        match asked.order.as_ref().filter(|(field, _)| !OF_RULES.contains(&field.as_str())) {
            Some((field, turned)) => {
                ask.views.each_finding_by((field, *turned), segments, narrow, range, to)
            }
            None => ask.views.each_finding_of(segments, narrow, range, to),
        }
    }
}

/// Fields that follow from the rule and the verdict alone.
const OF_RULES: [&str; 6] = ["verdict", "rule", "title", "severity", "controls", "kind"];

/// Fields that do not.
fn beside(field: &str) -> bool {
    ["target", "name", "message", "digest"].contains(&field)
}

fn sum(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| segment.findings).sum()
}

/// What a field of all findings of a segment says.
fn words(ask: &Ask, segment: &Segment, field: &str) -> Vec<String> {
    let rule = ask.views.assessor().rule(&segment.rule);
    let one = |text: Option<&str>| text.map(str::to_owned).into_iter().collect();
    match field {
        "verdict" => vec![segment.verdict.as_str().to_owned()],
        "rule" => vec![segment.rule.clone()],
        "title" => one(Some(rule.map_or(segment.rule.as_str(), |rule| &rule.title))),
        "severity" => one(rule.map(|rule| rule.severity.as_str())),
        "kind" => one(rule.map(|rule| rule.kind.as_str())),
        "controls" => {
            let controls = rule.into_iter().flat_map(|rule| &rule.controls);
            controls.map(|(control, _)| control.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

/// What a segment is sorted by.
fn key(ask: &Ask, segment: &Segment, field: &str) -> (u8, String) {
    let rule = ask.views.assessor().rule(&segment.rule);
    match field {
        "verdict" => (crate::web::words::verdict(segment.verdict).order, String::new()),
        // The worst first.
        "severity" => (rule.map_or(0, |rule| 9 - rule.severity as u8), String::new()),
        _ => {
            let words = words(ask, segment, field);
            (0, words.first().map(|word| counted(word)).unwrap_or_default())
        }
    }
}
