//! Kinds of evidence: what each holds, who emits it, and how far it is seen; and the newest documents.

use std::collections::BTreeMap;

use exhibit_assessment::{emitters, evidence_kinds};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list, long};
use super::words::{DigestText, StateWord};
use super::{Ask, WebError};
use crate::views::{Asked, CoverageRow, Gap, Part};
use crate::web::pages::kinds as page;

/// A kind of evidence, whatever plugin emits it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Kind")]
pub(in crate::web) struct KindRow {
    pub(in crate::web) kind: String,
    /// What such a document holds.
    pub(in crate::web) holds: String,
    /// Plugins that emit it.
    pub(in crate::web) plugins: Vec<String>,
    /// Controls that it speaks to.
    pub(in crate::web) controls: Vec<String>,
    /// Rules of the pack in force that read it.
    pub(in crate::web) rules: u64,
    /// Targets with a document of it now.
    pub(in crate::web) targets: u64,
    /// Targets where it was not, or not wholly, seen last time.
    pub(in crate::web) gaps: u64,
    /// The newest observation anywhere.
    pub(in crate::web) seen: Option<Timestamp>,
}

/// The newest document of a kind on a target.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EvidenceItem")]
pub(in crate::web) struct EvidenceRow {
    pub(in crate::web) target: String,
    /// The target's name for people.
    pub(in crate::web) name: String,
    pub(in crate::web) kind: String,
    #[schemars(with = "DigestText")]
    pub(in crate::web) digest: String,
    /// Bytes.
    pub(in crate::web) size: u64,
    /// Whether the bytes are here, and not only their digest.
    pub(in crate::web) held: bool,
    pub(in crate::web) agent: String,
    /// First and last run that observed it, and their entries.
    pub(in crate::web) first: Timestamp,
    pub(in crate::web) first_index: u64,
    pub(in crate::web) last: Timestamp,
    pub(in crate::web) last_index: u64,
    /// Runs that observed it; null where `as_of` asks for a time at which that is not known any more.
    pub(in crate::web) seen: Option<u64>,
}

/// On how many targets the last run saw a kind how well.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CoverageOfKind")]
struct CoverageLine {
    kind: String,
    /// Targets on which it saw all of it, a part, or nothing.
    whole: u64,
    partly: u64,
    unseen: u64,
    /// Targets on which it is on schedule and no run has answered for it.
    waiting: u64,
    /// Targets on which it cannot exist.
    not_applicable: u64,
}

/// A target with what is known of one kind there.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KindOnTarget")]
struct OnTargetRow {
    target: String,
    /// The target's name for people.
    name: String,
    #[schemars(with = "StateWord")]
    state: String,
    /// What the last run could not see, and why.
    gaps: Vec<OutcomeLine>,
    /// The newest observation, and the first of the same bytes; null: there is no document.
    seen: Option<Timestamp>,
    unchanged: Option<Timestamp>,
    #[schemars(with = "Option<DigestText>")]
    digest: Option<String>,
    /// Where the document is.
    document: Option<Place>,
}

/// What a plugin said that could not look.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OutcomeOfKind")]
struct OutcomeLine {
    outcome: String,
    detail: String,
    remedy: String,
}

/// The entry that holds the last observation of a document, and whether its bytes are here.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlaceOfDocument")]
struct Place {
    index: u64,
    held: bool,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/kinds", "Evidence", "Kinds of evidence, and how far each is seen", rows),
        list("/coverage", "Evidence", "On how many targets each kind is seen how well", coverage),
        long(
            "/kinds/{kind}/targets",
            "Evidence",
            "Every target with what is known of a kind there",
            on_targets,
        ),
        long(
            "/evidence",
            "Evidence",
            "The newest document of each kind on each target; `q` finds digests by how they begin; more than 10,000 are sorted by target alone",
            evidence,
        )
        .steady(),
    ]
}

/// Every kind that is known, or that came.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<KindRow>, WebError> {
    let views = &ask.views;
    let mut plugins = emitters()?;
    let mut kinds: BTreeMap<String, KindRow> = BTreeMap::new();
    let mut known = |kind: &str| {
        kinds.entry(kind.to_owned()).or_insert_with(|| KindRow {
            kind: kind.to_owned(),
            holds: String::new(),
            plugins: plugins.remove(kind).unwrap_or_default(),
            controls: Vec::new(),
            rules: 0,
            targets: 0,
            gaps: 0,
            seen: None,
        });
    };
    let shipped = evidence_kinds()?;
    let seen = ask.kinds_seen()?;
    shipped.iter().for_each(|one| known(&one.kind));
    seen.iter().for_each(|one| known(&one.kind));
    for one in shipped {
        if let Some(row) = kinds.get_mut(&one.kind) {
            row.holds = one.holds;
            row.controls = one.controls.iter().map(ToString::to_string).collect();
        }
    }
    for one in seen {
        if let Some(row) = kinds.get_mut(&one.kind) {
            (row.targets, row.gaps, row.seen) = (one.targets, one.gaps, one.seen);
        }
    }
    for rule in views.assessor().pack().rules() {
        if let Some(row) = kinds.get_mut(&rule.kind) {
            row.rules += 1;
        }
    }
    Ok(kinds.into_values().collect())
}

/// The newest document of each kind on each target, as far as they are asked for.
fn evidence(ask: &Ask, asked: &Asked) -> Result<Part<EvidenceRow>, WebError> {
    if let Some((field, _)) = &asked.order {
        let fitting = ask.views.documents_fitting(asked)?;
        if !ask.views.sorts_documents(field, fitting) {
            return Err(WebError::TooMany(field.clone(), fitting, "documents"));
        }
    }
    let Part { rows, fitting, all } = ask.views.documents_asked(asked)?;
    let rows = rows.into_iter().map(|(row, name)| EvidenceRow {
        name,
        target: row.target,
        kind: row.kind,
        digest: row.digest,
        size: row.size,
        held: row.held,
        agent: row.agent,
        first: row.first_seen,
        first_index: row.from_index,
        last: row.last_seen,
        last_index: row.last_index,
        seen: row.seen,
    });
    Ok(Part { rows: rows.collect(), fitting, all })
}

fn coverage(ask: &Ask) -> Result<Vec<CoverageLine>, WebError> {
    let rows = ask.coverage()?.into_iter().map(|row: CoverageRow| CoverageLine {
        kind: row.kind,
        whole: row.whole,
        partly: row.partly,
        unseen: row.unseen,
        waiting: row.waiting,
        not_applicable: row.not_applicable,
    });
    Ok(rows.collect())
}

fn on_targets(ask: &Ask, asked: &Asked) -> Result<Part<OnTargetRow>, WebError> {
    page::known(ask)?;
    let Part { rows, fitting, all } = ask.views.kind_asked(ask.param(0), asked)?;
    let rows = rows.into_iter().map(|row| {
        let newest = row.newest.as_ref();
        let gap = |gap: &Gap| {
            let Gap { outcome, detail, remedy } = gap.clone();
            OutcomeLine { outcome, detail, remedy }
        };
        OnTargetRow {
            gaps: row.gaps.iter().map(gap).collect(),
            seen: newest.map(|newest| newest.last_seen),
            unchanged: newest.map(|newest| newest.first_seen),
            document: newest.map(|newest| Place { index: newest.last_index, held: newest.held }),
            digest: newest.map(|newest| newest.digest.clone()),
            target: row.target,
            name: row.name,
            state: row.state,
        }
    });
    Ok(Part { rows: rows.collect(), fitting, all })
}
