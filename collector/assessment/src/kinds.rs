//! The kinds of evidence that are known: what each holds, where it can come from, and which controls it speaks to. Facts for the
//! gap analysis and for the check of rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    framework::{FrameworkError, rows},
    ids::ControlId,
};

const KINDS: (&str, &str) =
    ("evidence_kinds.csv", include_str!("../frameworks/evidence_kinds.csv"));
const PLUGINS: (&str, &str) = ("plugins.csv", include_str!("../frameworks/plugins.csv"));
/// Kinds that came after the survey, with what they hold.
const LATER: [(&str, &str); 1] =
    [("config.scheduled_jobs", "jobs that run by the clock, what they run, and how they ended")];

/// A kind of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKind {
    pub kind: String,
    /// What such a document holds.
    pub holds: String,
    /// Where a host has it; empty if it has none.
    pub host: String,
    /// Which interfaces have it; empty if none does.
    pub api: String,
    /// Controls it speaks to.
    pub controls: Vec<ControlId>,
}

/// The plugins that emit each kind, by the kind's name. A test holds the table equal to what plugins say of themselves.
pub fn emitters() -> Result<BTreeMap<String, Vec<String>>, FrameworkError> {
    let mut emitters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows::<EmitterRow>(PLUGINS)? {
        emitters.entry(row.kind).or_default().push(row.plugin);
    }
    Ok(emitters)
}

#[derive(Deserialize)]
struct EmitterRow {
    kind: String,
    plugin: String,
}

#[derive(Deserialize)]
struct Row {
    kind: String,
    holds: String,
    linux_host: String,
    api: String,
    controls: String,
}

/// Every known kind, sorted.
pub fn evidence_kinds() -> Result<Vec<EvidenceKind>, FrameworkError> {
    let mut kinds = Vec::new();
    for row in rows::<Row>(KINDS)? {
        let ids = row.controls.split(';').filter(|id| id.starts_with("A."));
        kinds.push(EvidenceKind {
            controls: ids
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|source| FrameworkError::Id { file: KINDS.0, source })?,
            kind: row.kind,
            holds: row.holds,
            host: row.linux_host,
            api: row.api,
        });
    }
    kinds.extend(LATER.map(|(kind, holds)| EvidenceKind {
        kind: kind.to_owned(),
        holds: holds.to_owned(),
        host: String::new(),
        api: String::new(),
        controls: Vec::new(),
    }));
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(kinds)
}
