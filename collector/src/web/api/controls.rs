//! Controls of Annex A: as a list, and one with its reasons, rules, findings and history.

use std::collections::BTreeSet;

use exhibit_assessment::{
    Attributes, Control, ControlId, Crosswalk, Reason, Severity, Status, Strength, Theme, Verdict,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::findings::{self, FindingRow};
use super::frameworks::reached;
use super::operation::{Operation, list, long, one};
use super::words::{ControlText, SeverityWord, StatusWord, StrengthWord, ThemeWord};
use super::{Ask, WebError};
use crate::views::{Asked, Assessment, Part, Segment, Views};

/// A control of Annex A as rules and evidence show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Control")]
pub(in crate::web) struct ControlRow {
    #[schemars(with = "ControlText")]
    pub(in crate::web) control: ControlId,
    pub(in crate::web) title: String,
    #[schemars(with = "ThemeWord")]
    pub(in crate::web) theme: Theme,
    #[schemars(with = "StatusWord")]
    pub(in crate::web) status: Status,
    /// Who answers for it, as people decided.
    pub(in crate::web) owner: Option<String>,
    /// Rules that observe the control itself at work.
    pub(in crate::web) direct: u64,
    /// Rules that observe something which the control needs.
    pub(in crate::web) supporting: u64,
    /// Targets that it is judged on.
    pub(in crate::web) targets: u64,
    /// Targets that are seen, fresh and without a failure.
    pub(in crate::web) passing: u64,
    /// Findings of direct and supporting rules that fail and are not waived.
    pub(in crate::web) failing: u64,
    /// When the oldest evidence behind it was observed.
    pub(in crate::web) oldest: Option<Timestamp>,
    /// When the newest was.
    pub(in crate::web) newest: Option<Timestamp>,
    /// Until when all of it is fresh.
    pub(in crate::web) fresh_until: Option<Timestamp>,
    pub(in crate::web) control_types: Vec<String>,
    pub(in crate::web) security_properties: Vec<String>,
    pub(in crate::web) cybersecurity_concepts: Vec<String>,
    pub(in crate::web) operational_capabilities: Vec<String>,
    pub(in crate::web) security_domains: Vec<String>,
    /// Other frameworks that speak of it.
    pub(in crate::web) frameworks: Vec<String>,
}

/// One control with what its status rests on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ControlInFull")]
struct ControlInFull {
    control: ControlRow,
    /// What it asks for, in our own words.
    summary: String,
    /// Not in the 2013 edition under any number.
    new_in_2022: bool,
    /// Numbers of the 2013 edition that went into it.
    controls_2013: Vec<String>,
    /// Why it has its status, most telling first; at most 200.
    reasons: Vec<ReasonRow>,
    /// How many reasons there are.
    reason_count: u64,
    /// Rules that speak about it, by strength.
    rules: Vec<RuleLine>,
}

/// Why a control has its status.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reason")]
struct ReasonRow {
    /// What it is about: `fail`, `stale`, `not_collected`, `silent_agent`, `waived`, `pass`, …
    cause: String,
    rule: Option<String>,
    #[schemars(with = "Option<StrengthWord>")]
    strength: Option<Strength>,
    kind: Option<String>,
    target: Option<String>,
    /// What a plugin said that could not look: `denied`, `tool_missing`, …
    outcome: Option<String>,
    /// One sentence.
    text: String,
    since: Option<Timestamp>,
    /// When the evidence behind it was last observed.
    observed: Option<Timestamp>,
}

/// A rule that speaks about a control.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RuleOfControl")]
struct RuleLine {
    rule: String,
    title: String,
    #[schemars(with = "StrengthWord")]
    strength: Strength,
    #[schemars(with = "SeverityWord")]
    severity: Severity,
    kind: String,
    /// Targets that pass, and that fail.
    pass: u64,
    fail: u64,
}

/// A control's status for as long as it stayed the same.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatusInterval")]
struct IntervalRow {
    #[schemars(with = "StatusWord")]
    status: Status,
    /// A full hour.
    from: Timestamp,
    /// The full hour at which it was another; null: it still is.
    to: Option<Timestamp>,
    /// Entries of the log that the first judgement rested on.
    entries: u64,
    /// Targets in all, and how they were seen.
    targets: u64,
    passing: u64,
    failing: u64,
    unseen: u64,
    waived: u64,
    stale: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/controls", "Controls", "The 93 controls of Annex A with their statuses", rows),
        one("/controls/{control}", "Controls", "One control with reasons and rules", show),
        long(
            "/controls/{control}/findings",
            "Controls",
            "What rules found that speak about a control",
            found,
        ),
        list(
            "/controls/{control}/intervals",
            "Controls",
            "A control's statuses in time, newest first",
            intervals,
        ),
    ]
}

/// Every control, in the order of Annex A.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<ControlRow>, WebError> {
    let views = &ask.views;
    let assessment = views.shown(ask.now)?;
    let controls = views.assessor().framework().controls().iter();
    let crosswalks = &ask.site.frameworks.crosswalks;
    let speaks = |one: &Crosswalk| (one.id.clone(), reached(one));
    let others: Vec<_> = crosswalks.frameworks().iter().map(speaks).collect();
    Ok(controls.filter_map(|control| row(views, &assessment, control, &others)).collect())
}

fn row(
    views: &Views,
    assessment: &Assessment,
    control: &Control,
    others: &[(String, BTreeSet<ControlId>)],
) -> Option<ControlRow> {
    let status = assessment.of(control.id)?;
    let rules = views.assessor().pack().rules();
    let with = |strength: Strength| {
        rules.iter().filter(|rule| rule.strength(control.id) == Some(strength)).count() as u64
    };
    let decided = assessment.people.controls.get(&control.id);
    let Attributes {
        control_types,
        security_properties,
        cybersecurity_concepts,
        operational_capabilities,
        security_domains,
    } = control.attributes.clone();
    Some(ControlRow {
        control: control.id,
        title: control.title.clone(),
        theme: control.theme,
        status: status.status,
        owner: decided.and_then(|decided| decided.owner.clone()),
        direct: with(Strength::Direct),
        supporting: with(Strength::Supporting),
        targets: status.counts.targets,
        passing: status.counts.targets_passing,
        failing: status.counts.fail,
        oldest: status.oldest,
        newest: status.freshest,
        fresh_until: status.fresh_until,
        control_types,
        security_properties,
        cybersecurity_concepts,
        operational_capabilities,
        security_domains,
        frameworks: others
            .iter()
            .filter(|(_, reached)| reached.contains(&control.id))
            .map(|(name, _)| name.clone())
            .collect(),
    })
}

/// The control that an address names.
fn control(ask: &Ask) -> Result<&Control, WebError> {
    let missing = || WebError::NotFound(format!("control {:?}", ask.param(0)));
    let id: ControlId = ask.param(0).parse().map_err(|_not_an_id| missing())?;
    ask.views.assessor().framework().control(id).ok_or_else(missing)
}

fn show(ask: &Ask) -> Result<ControlInFull, WebError> {
    let (views, control) = (&ask.views, control(ask)?);
    let missing = || WebError::NotFound(format!("control {}", control.id));
    let (_, status) = views.shown_of(ask.now, control.id)?;
    let status = status.ok_or_else(missing)?;
    let mut rules = Vec::new();
    let found = views.finding_segments()?;
    for rule in views.assessor().pack().rules() {
        let Some(strength) = rule.strength(control.id) else { continue };
        let with = |verdict| Segment::count(&found, rule.id.as_str(), verdict);
        rules.push(RuleLine {
            rule: rule.id.to_string(),
            title: rule.title.clone(),
            strength,
            severity: rule.severity,
            kind: rule.kind.clone(),
            pass: with(Verdict::Pass),
            fail: with(Verdict::Fail),
        });
    }
    rules.sort_by(|one, other| (one.strength, &one.rule).cmp(&(other.strength, &other.rule)));
    Ok(ControlInFull {
        control: rows(ask)?
            .into_iter()
            .find(|row| row.control == control.id)
            .ok_or_else(missing)?,
        summary: control.summary.clone(),
        new_in_2022: control.new_in_2022,
        controls_2013: control.controls_2013.clone(),
        reasons: status.reasons.iter().map(reason).collect(),
        reason_count: status.reason_count,
        rules,
    })
}

fn reason(reason: &Reason) -> ReasonRow {
    ReasonRow {
        cause: reason.cause.as_str().to_owned(),
        rule: reason.rule.as_ref().map(ToString::to_string),
        strength: reason.strength,
        kind: reason.kind.clone(),
        target: reason.target.clone(),
        outcome: reason.outcome.map(|outcome| outcome.as_str().to_owned()),
        text: reason.text.clone(),
        since: reason.since,
        observed: reason.observed_at,
    }
}

fn found(ask: &Ask, asked: &Asked) -> Result<Part<FindingRow>, WebError> {
    findings::part(ask, &asked.clone().also("controls", &control(ask)?.id.to_string()))
}

fn intervals(ask: &Ask) -> Result<Vec<IntervalRow>, WebError> {
    let rows = ask.views.status_history(control(ask)?.id)?.into_iter();
    let rows = rows.map(|row| IntervalRow {
        status: row.status,
        from: row.from,
        to: row.to,
        entries: row.entries,
        targets: row.targets,
        passing: row.passing,
        failing: row.failing,
        unseen: row.unseen,
        waived: row.waived,
        stale: row.stale,
    });
    Ok(rows.collect())
}
