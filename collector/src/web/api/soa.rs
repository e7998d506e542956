//! The statement of applicability, its frozen versions, the gap analysis, and controls told together.

use exhibit_assessment::{ControlId, Part, SCORE_DEFINITION, Status, Theme, score};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::frameworks::StatusCount;
use super::operation::{Answer, Operation, Taken, file, list, one};
use super::problem::ApiError;
use super::words::{ControlText, DigestText, StatusWord, ThemeWord};
use super::{Ask, WebError};
use crate::report::{self, GapRow, SoaRow};
use crate::web::pages;
use crate::web::pages::rollup::{Told, told};

/// A control with what people decided about it and what rules and evidence say today.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Applicability")]
struct SoaLine {
    #[schemars(with = "ControlText")]
    control: ControlId,
    title: String,
    #[schemars(with = "ThemeWord")]
    theme: Theme,
    /// `yes`, `no`, or `undecided` until a person decides.
    applicable: String,
    justification: String,
    /// How it is implemented, and how far: `implemented`, `partly`, `planned`, `not_implemented`, or nothing.
    implementation: String,
    implementation_status: String,
    owner: String,
    #[schemars(with = "StatusWord")]
    status: Status,
    targets: u64,
    passing: u64,
    failing: u64,
    /// Rules by strength, and the kinds of evidence that they read.
    direct: Vec<String>,
    supporting: Vec<String>,
    kinds: Vec<String>,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
}

/// A frozen version of the statement of applicability.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SoaVersion")]
struct VersionLine {
    /// Its entry, which is also its name.
    entry: u64,
    at: Timestamp,
    by: String,
    reason: String,
    /// SHA-256 of the document.
    #[schemars(with = "DigestText")]
    sha256: String,
    /// It waits: it is frozen once another person approves.
    proposed: bool,
    /// Who approved it, and the entry of that.
    approved_by: Option<String>,
    approved_entry: Option<u64>,
    /// The entry by which it was taken back.
    withdrawn: Option<u64>,
}

/// Something that two versions say differently of a control.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SoaDifference")]
struct DifferenceLine {
    control: String,
    title: String,
    /// `applicable`, `justification`, `implementation`, `owner`, `status`, …
    field: String,
    was: String,
    is: String,
}

/// Something that a control has or lacks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GapOfControl")]
struct GapLine {
    #[schemars(with = "ControlText")]
    control: ControlId,
    title: String,
    #[schemars(with = "StatusWord")]
    status: Status,
    missing: bool,
    /// `rule`, `manual`, `fix`, `targets`, `collection`, `fresh` or `nothing`.
    about: String,
    text: String,
    rule: Option<String>,
    kind: Option<String>,
    targets: Option<u64>,
    /// What would close it.
    close: Option<String>,
    /// Plugins that emit the kind.
    sources: Vec<String>,
}

/// Controls told together, never averaged: a part is as bad as the worst control in it.
#[derive(Serialize, JsonSchema)]
struct Rollup {
    whole: PartLine,
    themes: Vec<ThemePart>,
    attributes: Vec<AttributePart>,
    /// The single score in whole percent; null: switched off, or nothing to tell.
    score: Option<u64>,
    /// What it says, and what it does not.
    score_definition: String,
}

#[derive(Serialize, JsonSchema)]
struct ThemePart {
    #[schemars(with = "ThemeWord")]
    theme: Theme,
    part: PartLine,
}

/// Controls with an attribute.
#[derive(Serialize, JsonSchema)]
struct AttributePart {
    /// `control_types`, `security_properties`, `cybersecurity_concepts`, `operational_capabilities` or `security_domains`.
    attribute: String,
    value: String,
    part: PartLine,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Part")]
struct PartLine {
    #[schemars(with = "StatusWord")]
    worst: Status,
    controls: u64,
    statuses: Vec<StatusCount>,
    /// Pairs of control and target that are judged, and those that pass.
    judged: u64,
    passing: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Statement of applicability";
    vec![
        list("/soa", tag, "The statement of applicability as it is now", soa),
        list("/soa/versions", tag, "Frozen versions, newest first", versions),
        file(
            "/soa/versions/{index}",
            tag,
            "The document of a frozen version, as stored",
            &["application/json"],
            version,
        ),
        list("/soa/compare", tag, "What two versions say differently", differences)
            .taking(versions_of()),
        list(
            "/gap",
            "Controls",
            "What each control has, what it lacks, and what would close it",
            gap,
        ),
        one("/rollup", "Controls", "Controls told together: all, by theme, by attribute", together),
    ]
}

fn versions_of() -> Vec<Taken> {
    let taken = |name: &str| {
        let about = "Entry of a frozen version, or `now`, which it is where nobody says.";
        Taken::new(name, about, json!({"type": "string", "pattern": "^(now|[0-9]+)$"}))
    };
    vec![taken("older"), taken("newer")]
}

fn differences(ask: &Ask) -> Result<Vec<DifferenceLine>, WebError> {
    let rows = pages::soa::differences(ask)?.into_iter().map(|one| DifferenceLine {
        control: one.control,
        title: one.title,
        field: one.field.to_owned(),
        was: one.was,
        is: one.is,
    });
    Ok(rows.collect())
}

fn soa(ask: &Ask) -> Result<Vec<SoaLine>, WebError> {
    let rows = report::soa(&ask.views, ask.now)?.into_iter().map(|row: SoaRow| SoaLine {
        control: row.id,
        title: row.title,
        theme: row.theme,
        applicable: row.applicable.to_owned(),
        justification: row.justification,
        implementation: row.implementation,
        implementation_status: row.implementation_status,
        owner: row.owner,
        status: row.status,
        targets: row.counts.targets,
        passing: row.counts.targets_passing,
        failing: row.counts.targets_failing,
        direct: row.direct,
        supporting: row.supporting,
        kinds: row.kinds,
        oldest: row.oldest,
        newest: row.newest,
    });
    Ok(rows.collect())
}

fn versions(ask: &Ask) -> Result<Vec<VersionLine>, WebError> {
    let rows = report::versions(&ask.views)?.into_iter().map(|one| VersionLine {
        entry: one.entry,
        at: one.at,
        by: one.by,
        reason: one.reason,
        sha256: one.sha256.to_string(),
        proposed: one.proposed,
        approved_entry: one.approved.as_ref().map(|said| said.entry),
        approved_by: one.approved.map(|said| said.by),
        withdrawn: one.withdrawn,
    });
    Ok(rows.collect())
}

fn version(ask: &Ask) -> Result<Answer, ApiError> {
    let bytes = pages::soa::frozen(ask, ask.index(0)?)?;
    Ok(Answer { media_type: "application/json", bytes })
}

fn gap(ask: &Ask) -> Result<Vec<GapLine>, WebError> {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let rows = ask.gaps()?.as_ref().clone().into_iter().map(|row: GapRow| GapLine {
        control: row.control,
        title: row.title,
        status: row.status,
        missing: row.missing,
        about: row.about.to_owned(),
        text: row.text,
        rule: some(row.rule),
        kind: some(row.kind),
        targets: row.targets,
        close: some(row.close),
        sources: row.sources,
    });
    Ok(rows.collect())
}

fn together(ask: &Ask) -> Result<Rollup, WebError> {
    let assessment = ask.views.shown(ask.now)?;
    let score = score(&assessment.statuses, ask.site.score);
    let (mut whole, mut themes, mut attributes) = (None, Vec::new(), Vec::new());
    for Told { key, value, part: one, .. } in told(ask, &assessment) {
        match (key, Theme::ALL.into_iter().find(|theme| theme.as_str() == value)) {
            ("all", _) => whole = Some(part(one)),
            ("theme", Some(theme)) => themes.push(ThemePart { theme, part: part(one) }),
            (key, _) => {
                attributes.push(AttributePart {
                    attribute: key.to_owned(),
                    value,
                    part: part(one),
                });
            }
        }
    }
    let missing = || WebError::NotFound("control to be told of".to_owned());
    Ok(Rollup {
        whole: whole.ok_or_else(missing)?,
        themes,
        attributes,
        score: score.map(|score| score.percent),
        score_definition: SCORE_DEFINITION.to_owned(),
    })
}

fn part(one: Part) -> PartLine {
    let counts = one.counts.into_iter();
    PartLine {
        worst: one.worst,
        controls: one.controls,
        statuses: counts.map(|(status, controls)| StatusCount { status, controls }).collect(),
        judged: one.judged,
        passing: one.passing,
    }
}
