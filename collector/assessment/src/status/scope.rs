//! Which targets are judged. What stands outside is listed by [`outside`], never lost.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::AssessmentInput;
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
    let labels = labels(input.targets);
    let mut names: BTreeSet<&str> = labels.keys().copied().collect();
    names.extend(input.gaps.iter().map(|gap| gap.target.as_str()));
    names.extend(input.expected.iter().map(|pair| pair.target.as_str()));
    let mut findings: BTreeMap<&str, u64> = BTreeMap::new();
    for found in input.findings {
        names.insert(&found.target);
        *findings.entry(&found.target).or_default() += 1;
    }
    let nothing = Labels::default();
    names
        .into_iter()
        .map(|target| (target, labels.get(target).copied().unwrap_or(&nothing)))
        .filter(|(target, labels)| !input.scope.isms.selects(target, labels))
        .map(|(target, labels)| OutsideTarget {
            target: target.to_owned(),
            labels: labels.clone(),
            findings: findings.get(target).copied().unwrap_or(0),
        })
        .collect()
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
