//! Targets: as a list, and one with its kinds, its findings and the documents of a kind.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::findings::{self, FindingRow};
use super::operation::{Operation, list, long, one};
use super::words::DigestText;
use super::{Ask, WebError};
use crate::views::{self, Asked, DocumentRow, Part};
use crate::web::listed::Each;

/// What is observed: a host, an account, an organisation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub(in crate::web) struct TargetRow {
    pub(in crate::web) target: String,
    /// Name for people.
    pub(in crate::web) name: String,
    /// The agent that observes it.
    pub(in crate::web) agent: String,
    /// Kinds with a document.
    pub(in crate::web) kinds: u64,
    /// Kinds that were not, or not wholly, observed last time.
    pub(in crate::web) gaps: u64,
    /// Rules that fail on it, and that pass.
    pub(in crate::web) failing: u64,
    pub(in crate::web) passing: u64,
    pub(in crate::web) first_seen: Timestamp,
    /// Newest observation of any kind.
    pub(in crate::web) seen: Option<Timestamp>,
}

/// One target with everything that is known of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TargetInFull")]
struct TargetInFull {
    target: TargetRow,
    /// Labels in force, whoever gives them.
    labels: BTreeMap<String, String>,
    /// A person said that it is gone for good: since when.
    retired: Option<Timestamp>,
    /// The scope leaves it out: its findings decide nothing.
    outside_scope: bool,
    /// Every kind that was seen, missed or is scheduled.
    kinds: Vec<KindLine>,
}

/// What is known of one kind on one target.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KindOfTarget")]
struct KindLine {
    kind: String,
    /// When it is observed (cron, UTC), if that is scheduled.
    cron: Option<String>,
    /// The newest document.
    newest: Option<DocumentLine>,
    /// What could not, or not wholly, be seen last time.
    gaps: Vec<GapLine>,
}

/// The time during which a document did not change.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Document")]
pub(super) struct DocumentLine {
    #[schemars(with = "DigestText")]
    digest: String,
    /// Bytes.
    size: u64,
    /// Whether the bytes are here, and not only their digest.
    held: bool,
    /// The first run that observed it, and its entry.
    first: Timestamp,
    first_index: u64,
    /// The last one.
    last: Timestamp,
    last_index: u64,
    /// Runs that observed it; null where `as_of` asks for a time at which that is not known any more.
    seen: Option<u64>,
    /// The agent that observed it.
    agent: String,
}

/// What could not be seen.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
pub(super) struct GapLine {
    /// `denied`, `tool_missing`, `timed_out`, …
    pub(super) outcome: String,
    /// What happened.
    pub(super) detail: String,
    /// What would change it.
    pub(super) remedy: String,
    /// A document came all the same.
    pub(super) partial: bool,
    pub(super) since: Timestamp,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        long("/targets", "Targets", "What is observed: hosts, accounts, organisations", part)
            .steady(),
        one("/targets/{target}", "Targets", "One target with its kinds", show),
        long(
            "/targets/{target}/findings",
            "Targets",
            "What rules say about one target, failures first",
            found,
        ),
        list(
            "/targets/{target}/kinds/{kind}",
            "Targets",
            "Documents of one kind from one target, newest first",
            history,
        ),
    ]
}

/// The targets that are asked for, by name where nothing else is asked.
pub(in crate::web) fn part(ask: &Ask, asked: &Asked) -> Result<Part<TargetRow>, WebError> {
    let Part { rows, fitting, all } = ask.views.targets_asked(asked)?;
    Ok(Part { rows: rows.into_iter().map(row).collect(), fitting, all })
}

/// The same, one after the other.
pub(in crate::web) fn each(
    ask: &Ask,
    asked: &Asked,
    to: Each<'_, TargetRow>,
) -> Result<(), WebError> {
    ask.views.each_target_asked(asked, |target| to(row(target)))
}

fn row(row: views::TargetRow) -> TargetRow {
    TargetRow {
        target: row.id,
        name: row.name,
        agent: row.agent,
        kinds: row.kinds,
        gaps: row.gaps,
        failing: row.failing,
        passing: row.passing,
        first_seen: row.first_seen,
        seen: row.last_seen,
    }
}

fn target(ask: &Ask) -> Result<views::TargetRow, WebError> {
    let missing = || WebError::NotFound(format!("target {:?}", ask.param(0)));
    ask.views.target(ask.param(0))?.ok_or_else(missing)
}

fn show(ask: &Ask) -> Result<TargetInFull, WebError> {
    let (views, target) = (&ask.views, target(ask)?);
    let (documents, outcomes) =
        (views.documents(Some(&target.id))?, views.outcomes(Some(&target.id))?);
    let schedules = views.schedules_of_target(&target.id)?.into_iter();
    let crons: BTreeMap<String, String> = schedules.map(|item| (item.kind, item.cron)).collect();
    let kinds: BTreeSet<&String> = documents
        .iter()
        .map(|row| &row.kind)
        .chain(outcomes.iter().map(|row| &row.kind))
        .chain(crons.keys())
        .collect();
    let kinds = kinds.into_iter().map(|kind| {
        let gaps = outcomes.iter().filter(|row| row.kind == *kind).flat_map(|row| {
            row.gaps.iter().map(|gap| gap_line(gap, row.collected, row.first_seen))
        });
        let newest = documents.iter().find(|row| row.kind == *kind).cloned().map(line);
        let cron = crons.get(kind).cloned();
        KindLine { kind: kind.clone(), cron, newest, gaps: gaps.collect() }
    });
    let kinds = kinds.collect();
    let assessed = views.shown(ask.now)?;
    let known = assessed.targets.iter().find(|known| known.target == target.id);
    let labels = known.into_iter().flat_map(|known| known.labels.iter());
    Ok(TargetInFull {
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        retired: assessed.people.retired.get(&target.id).copied(),
        outside_scope: assessed.outside.iter().any(|outside| outside.target == target.id),
        target: row(target),
        kinds,
    })
}

pub(super) fn gap_line(gap: &views::Gap, partial: bool, since: Timestamp) -> GapLine {
    let views::Gap { outcome, detail, remedy } = gap.clone();
    GapLine { outcome, detail, remedy, partial, since }
}

fn line(row: DocumentRow) -> DocumentLine {
    DocumentLine {
        digest: row.digest,
        size: row.size,
        held: row.held,
        first: row.first_seen,
        first_index: row.from_index,
        last: row.last_seen,
        last_index: row.last_index,
        seen: row.seen,
        agent: row.agent,
    }
}

fn found(ask: &Ask, asked: &Asked) -> Result<Part<FindingRow>, WebError> {
    findings::part(ask, &asked.clone().also("target", &target(ask)?.id))
}

fn history(ask: &Ask) -> Result<Vec<DocumentLine>, WebError> {
    let rows = ask.views.document_history(&target(ask)?.id, ask.param(1))?;
    Ok(rows.into_iter().map(line).collect())
}
