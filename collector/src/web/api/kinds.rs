//! Kinds of evidence: what each holds, who emits it, and how far it is seen; and the newest documents.

use std::collections::BTreeMap;

use exhibit_assessment::{emitters, evidence_kinds};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list, long};
use super::words::DigestText;
use super::{Ask, WebError};
use crate::views::{Asked, Part};

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

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/kinds", "Evidence", "Kinds of evidence, and how far each is seen", rows),
        long("/evidence", "Evidence", "The newest document of each kind on each target", evidence),
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
