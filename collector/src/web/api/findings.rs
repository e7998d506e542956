//! Findings: what each rule says about each target now.

use exhibit_assessment::{Item, Severity, Verdict};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list};
use super::words::{DigestText, SeverityWord, VerdictWord};
use super::{Ask, WebError};
use crate::views;

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

pub(super) fn operations() -> Vec<Operation> {
    vec![list(
        "/findings",
        "Findings",
        "What each rule says about each target now, failures first",
        rows,
    )]
}

/// Every finding that holds now, failures first.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<FindingRow>, WebError> {
    told(ask, ask.views.findings()?)
}

/// Findings as they are told, failures first.
pub(in crate::web) fn told(
    ask: &Ask,
    found: Vec<views::FindingRow>,
) -> Result<Vec<FindingRow>, WebError> {
    let (names, assessor) = (ask.target_names()?, ask.views.assessor());
    let rows = found.into_iter().map(|row| {
        let rule = assessor.rule(&row.rule);
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
    });
    let mut rows: Vec<FindingRow> = rows.collect();
    rows.sort_by_key(|row| crate::web::words::verdict(row.verdict).order);
    Ok(rows)
}
