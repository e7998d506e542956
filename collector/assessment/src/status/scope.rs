//! Which targets are judged. What stands outside is listed by [`outside`], never lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Around, AssessmentInput, Board};
use crate::{
    ids::{ControlId, RuleId},
    selection::{Labels, Selection},
};

/// A target of the population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownTarget {
    pub target: String,
    #[serde(default)]
    pub labels: Labels,
}

/// Which targets the ISMS, a rule and a control are about. All of them where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// The scope of the ISMS: targets outside of it decide no status.
    pub isms: Selection,
    pub rules: BTreeMap<RuleId, Selection>,
    pub controls: BTreeMap<ControlId, Selection>,
}

/// A target that the ISMS scope leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideTarget {
    pub target: String,
    pub labels: Labels,
    /// Findings held about it that decide nothing.
    pub findings: u64,
}

/// Every target that is known, observed or scheduled and stands outside of the ISMS scope, sorted.
#[must_use]
pub fn outside(input: &AssessmentInput<'_>) -> Vec<OutsideTarget> {
    Board::of(input).outside(&input.around())
}

impl Board {
    /// [`outside`], of what stands on the board and of known targets.
    #[must_use]
    pub fn outside(&self, around: &Around<'_>) -> Vec<OutsideTarget> {
        let isms = &around.scope.isms;
        if isms.is_all() {
            return Vec::new();
        }
        let labels = labels(around.targets);
        let nothing = Labels::default();
        let mut findings: BTreeMap<&str, u64> = labels.keys().map(|target| (*target, 0)).collect();
        for (target, name) in self.targets() {
            let found = self.columns.iter().filter(|column| column.get(target).is_some()).count();
            findings.insert(name, super::length(found));
        }
        let told = findings.into_iter().map(|(target, findings)| OutsideTarget {
            target: target.to_owned(),
            labels: (*labels.get(target).unwrap_or(&&nothing)).clone(),
            findings,
        });
        told.filter(|row| !isms.selects(&row.target, &row.labels)).collect()
    }
}

/// The labels of each known target. A target that stands twice keeps the row that sorts first, whatever their order.
pub(super) fn labels(targets: &[KnownTarget]) -> BTreeMap<&str, &Labels> {
    let mut labels = BTreeMap::new();
    for known in targets {
        let slot = labels.entry(known.target.as_str()).or_insert(&known.labels);
        *slot = (*slot).min(&known.labels);
    }
    labels
}
