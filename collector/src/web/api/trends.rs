//! The numbers under the pictures: statuses over time, where failures are, how old things are.

use std::collections::BTreeMap;

use exhibit_assessment::{Status, Theme};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::operation::{Operation, Taken, list};
use super::words::{ControlText, ThemeWord};
use super::{Ask, WebError};
use crate::web::pages::trends::{self, AgesView, PERIOD, PERIODS};

/// How many controls of a theme had each status at a moment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatusesOfTheme")]
pub(in crate::web) struct ThemeRow {
    #[schemars(with = "ThemeWord")]
    pub(in crate::web) theme: Theme,
    pub(in crate::web) at: Timestamp,
    pub(in crate::web) not_met: u64,
    pub(in crate::web) no_evidence: u64,
    pub(in crate::web) stale: u64,
    pub(in crate::web) met: u64,
    pub(in crate::web) manual: u64,
    pub(in crate::web) excluded: u64,
}

/// Failures of rules that decide a control, on a group of targets.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FailuresOfGroup")]
pub(in crate::web) struct HeatRow {
    #[schemars(with = "ControlText")]
    pub(in crate::web) control: String,
    pub(in crate::web) title: String,
    /// The label by which targets are grouped, and what it says of these.
    pub(in crate::web) label: String,
    pub(in crate::web) group: String,
    pub(in crate::web) targets: u64,
    /// Targets with a failure, waived ones among them.
    pub(in crate::web) failing: u64,
}

/// How many targets are in a range of ages.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgeOfTargets")]
pub(in crate::web) struct AgeRow {
    /// The kind of evidence that tells it.
    pub(in crate::web) kind: String,
    /// What is counted, in words.
    pub(in crate::web) of: String,
    /// A range of days, or `unknown`.
    pub(in crate::web) age: String,
    /// Targets in all, and those where something is amiss beside the age; null where the age is not known.
    pub(in crate::web) targets: u64,
    pub(in crate::web) amiss: Option<u64>,
    /// What is amiss there, in words.
    pub(in crate::web) means: String,
}

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Trends";
    let mut periods = PERIODS.to_vec();
    // The one that is taken where nobody says stands first.
    periods.sort_by_key(|days| *days != PERIOD);
    let periods: Vec<_> = periods.into_iter().map(|days| json!(days)).collect();
    let days = Taken::choice("days", "The period that ends now, in days.", &periods);
    let by =
        "The label that groups targets; `environment` where a target has it, otherwise `sort`.";
    let by = Taken::new("by", by, json!({"type": "string"}));
    vec![
        list("/trends/statuses", tag, "Controls by status over time, for each theme", statuses)
            .taking(vec![days]),
        list(
            "/trends/failures",
            tag,
            "Where failures are: controls against groups of targets",
            failures,
        )
        .taking(vec![by]),
        list("/trends/ages", tag, "How old updates and backups are", ages),
    ]
}

/// Theme by theme, the newest first; moments before the first judgement are left out.
pub(in crate::web) fn statuses(ask: &Ask) -> Result<Vec<ThemeRow>, WebError> {
    let mut themes: BTreeMap<Theme, Vec<ThemeRow>> = BTreeMap::new();
    for then in trends::over_time(ask)?.into_iter().rev().filter(|then| !then.statuses.is_empty()) {
        let with = |status| then.statuses.iter().filter(|is| **is == status).count() as u64;
        themes.entry(then.theme).or_default().push(ThemeRow {
            theme: then.theme,
            at: then.at,
            not_met: with(Status::NotMet),
            no_evidence: with(Status::NoEvidence),
            stale: with(Status::Stale),
            met: with(Status::Met),
            manual: with(Status::Manual),
            excluded: with(Status::Excluded),
        });
    }
    Ok(Theme::ALL.iter().filter_map(|theme| themes.remove(theme)).flatten().collect())
}

/// Every cell of the picture that counts a target.
pub(in crate::web) fn failures(ask: &Ask) -> Result<Vec<HeatRow>, WebError> {
    let heat = trends::heat(ask)?;
    if let Some(by) = ask.query.get("by").filter(|by| **by != heat.by && !by.is_empty()) {
        let known = heat.keys.join(", ");
        let why = format!("{by:?} is no label of any target; there are: {known}");
        return Err(WebError::Wrong("by", why));
    }
    let cells = heat.rows.iter().flat_map(|row| {
        let cells = heat.groups.iter().zip(&row.cells);
        cells.map(|((group, size), (_, failing))| HeatRow {
            control: row.control.clone(),
            title: row.title.clone(),
            label: heat.by.clone(),
            group: group.clone(),
            targets: *size as u64,
            failing: *failing as u64,
        })
    });
    Ok(cells.collect())
}

/// Every range of every distribution.
pub(in crate::web) fn ages(ask: &Ask) -> Result<Vec<AgeRow>, WebError> {
    let all = trends::ages(ask)?;
    Ok(all.iter().flat_map(ranges).collect())
}

fn ranges(one: &AgesView) -> Vec<AgeRow> {
    let row = |age: &str, targets, amiss| AgeRow {
        kind: one.kind.to_owned(),
        of: one.title.to_owned(),
        age: age.to_owned(),
        targets,
        amiss,
        means: one.amiss.to_owned(),
    };
    let known = one.rows.iter().map(|(age, fine, amiss)| row(age, fine + amiss, Some(*amiss)));
    known.chain([row("unknown", one.unknown, None)]).collect()
}
