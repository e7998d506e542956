//! What the statuses are computed from: facts out of a log prefix and a rule pack, nothing else.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attestation, KnownTarget, ManualEvidence, Scope, Waiver};
use crate::{
    finding::Verdict,
    framework::Framework,
    ids::{ControlId, RuleId},
    rule::{Rule, UnknownWord},
};

/// Why a kind was not, or not wholly, collected in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Denied,
    ToolMissing,
    /// The kind cannot exist on this target; the target is left out of controls that need it.
    NotApplicable,
    TimedOut,
    LimitExceeded,
    Failed,
    NotConfigured,
    /// The agent gave the document up because its spool was full.
    Dropped,
}

impl Outcome {
    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::ToolMissing => "tool_missing",
            Self::NotApplicable => "not_applicable",
            Self::TimedOut => "timed_out",
            Self::LimitExceeded => "limit_exceeded",
            Self::Failed => "failed",
            Self::NotConfigured => "not_configured",
            Self::Dropped => "dropped",
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        const ALL: [Outcome; 8] = [
            Outcome::Denied,
            Outcome::ToolMissing,
            Outcome::NotApplicable,
            Outcome::TimedOut,
            Outcome::LimitExceeded,
            Outcome::Failed,
            Outcome::NotConfigured,
            Outcome::Dropped,
        ];
        ALL.into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| UnknownWord {
                value: text.to_owned(),
                allowed: "denied, tool_missing, not_applicable, timed_out, limit_exceeded, failed, not_configured, dropped",
            })
    }
}

/// The latest finding of a rule on a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub rule: RuleId,
    pub target: String,
    pub verdict: Verdict,
    pub message: String,
    pub item_count: u64,
    /// First observation that gave this verdict without a change since.
    pub since: Timestamp,
    /// Last observation of the document behind the finding.
    pub observed_at: Timestamp,
}

/// The latest outcome of a kind on a target, when it is not `collected`. May stand beside findings (partial sight).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub target: String,
    pub kind: String,
    pub outcome: Outcome,
    pub detail: String,
    pub remedy: String,
    /// First run with this outcome in a row.
    pub since: Timestamp,
    /// Last run with it.
    pub observed_at: Timestamp,
}

/// An agent's schedule says that this kind is collected from this target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    pub target: String,
    pub kind: String,
    /// Name of the agent for people.
    pub agent: String,
    /// Set when the agent should have spoken and has not: when it was last heard.
    pub silent_since: Option<Timestamp>,
}

/// A person's decision that a control does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub control: ControlId,
    pub justification: String,
    pub since: Timestamp,
}

/// Everything the statuses depend on, besides the time. The order of the lists does not matter; of several findings
/// of a rule on a target the last observed one counts.
#[derive(Debug, Clone, Copy)]
pub struct AssessmentInput<'a> {
    pub framework: &'a Framework,
    pub rules: &'a [Rule],
    pub findings: &'a [Observed],
    pub gaps: &'a [Gap],
    pub expected: &'a [Expectation],
    /// The population, with labels. Targets that stand only in findings, gaps or expectations have no labels.
    pub targets: &'a [KnownTarget],
    pub scope: &'a Scope,
    pub exclusions: &'a [Exclusion],
    pub waivers: &'a [Waiver],
    pub manual: &'a [ManualEvidence],
    pub attestations: &'a [Attestation],
}

impl<'a> AssessmentInput<'a> {
    /// What people decided.
    #[must_use]
    pub fn around(&self) -> Around<'a> {
        let Self { targets, scope, exclusions, waivers, manual, attestations, .. } = *self;
        Around { targets, scope, exclusions, waivers, manual, attestations }
    }
}

/// What people decided and brought: with a [`Board`](super::Board) it is everything that the statuses depend on, besides the time.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The population, with labels.
    pub targets: &'a [KnownTarget],
    pub scope: &'a Scope,
    pub exclusions: &'a [Exclusion],
    pub waivers: &'a [Waiver],
    pub manual: &'a [ManualEvidence],
    pub attestations: &'a [Attestation],
}
