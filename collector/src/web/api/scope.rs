//! What the scope of the ISMS leaves out: it is observed and judged all the same, and decides nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list};
use super::{Ask, WebError};

/// A target that the scope leaves out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OutsideTarget")]
pub(in crate::web) struct OutsideRow {
    pub(in crate::web) target: String,
    pub(in crate::web) name: String,
    /// What the scope selects by.
    pub(in crate::web) labels: BTreeMap<String, String>,
    /// Findings that are held about it.
    pub(in crate::web) findings: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![list("/scope/outside", "Targets", "Targets that the scope of the ISMS leaves out", rows)]
}

/// Every one of them, by target.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<OutsideRow>, WebError> {
    let assessed = ask.views.shown(ask.now)?;
    let rows = assessed.outside.iter().map(|outside| OutsideRow {
        target: outside.target.clone(),
        name: outside.labels.get("name").unwrap_or(&outside.target).to_owned(),
        labels: outside
            .labels
            .iter()
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect(),
        findings: outside.findings,
    });
    Ok(rows.collect())
}
