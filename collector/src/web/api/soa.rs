//! The statement of applicability, its frozen versions, the gap analysis, and controls told together.

use exhibit_assessment::{ControlId, Part, SCORE_DEFINITION, Status, Theme, rollup, score};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::frameworks::StatusCount;
use super::operation::{Answer, Operation, file, list, one};
use super::problem::ApiError;
use super::words::{ControlText, DigestText, StatusWord, ThemeWord};
use super::{Ask, WebError};
use crate::report::{self, GapRow, ReportError, SoaRow};

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
        list(
            "/gap",
            "Controls",
            "What each control has, what it lacks, and what would close it",
            gap,
        ),
        one("/rollup", "Controls", "Controls told together, by theme", together),
    ]
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
    let document = report::document(&ask.views, ask.index(0)?);
    let missing = |error: ReportError| {
        let (ReportError::NotFrozen(_) | ReportError::NotHeld(_)) = error else {
            return WebError::from(error);
        };
        WebError::NotFound(format!("such version: {error}"))
    };
    let (_, bytes) = document.map_err(missing)?;
    Ok(Answer { media_type: "application/json", bytes })
}

fn gap(ask: &Ask) -> Result<Vec<GapLine>, WebError> {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let rows = report::gaps(&ask.views, ask.now)?.into_iter().map(|row: GapRow| GapLine {
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
    let assessment = ask.views.assess(ask.now)?;
    let all = rollup(ask.views.assessor().framework(), &assessment.statuses);
    let themes = all.themes.into_iter().map(|(theme, one)| ThemePart { theme, part: part(one) });
    let told = score(&assessment.statuses, ask.site.score);
    Ok(Rollup {
        whole: part(all.whole),
        themes: themes.collect(),
        score: told.map(|told| told.percent),
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
