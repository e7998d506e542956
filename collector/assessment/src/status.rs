//! Turns findings into control statuses with their reasons. It never sees a document and never forgives a failure.
//!
//! Who is judged: targets that the ISMS scope selects ([`Scope`]), and of these, for a rule or control with a selection of its
//! own, those that it selects. A rule is expected to see each target that is scheduled for its kind and each known
//! target of a sort (the part before the colon: `host`, `aws`) on which the kind is collected anywhere.
//!
//! One control, in this order; the first that holds decides:
//!
//! 1. `excluded`: a person excluded the control (statement of applicability).
//! 2. No rule speaks about it directly or in support (`context` rules decide nothing), or its rules expect no target and
//!    there is manual evidence: what people brought decides ([`ManualEvidence`], [`Attestation`]): `no_evidence`
//!    where an attestation was due and never came, `stale` where what there is has ended, else `manual`.
//! 3. `not_met`: the latest finding of a direct or supporting rule is a fail on any target, however old it is, unless a
//!    waiver covers it; or waivers cover failures and nothing else passes.
//! 4. `no_evidence`: no pass arrived at all, or some expected target is unseen. A target is unseen when a direct rule
//!    has no verdict for it, or when none of its rules has. An `error` is no verdict. Evidence that a plugin declared
//!    not applicable, and rules that do not apply, leave the target out.
//! 5. `stale`: a pass that takes part is older than its rule's freshness window.
//! 6. `met`. A control with waived failures is met only beside them: they are counted and told, and their targets do
//!    not count as passing.

mod assess;
mod board;
mod ground;
mod heard;
mod input;
mod manual;
mod reasons;
mod rollup;
mod scope;
mod sight;
mod silent;
mod tally;
mod waiver;
mod words;

pub use assess::assess;
pub use board::Board;
pub use heard::Heard;
pub use input::{Around, AssessmentInput, Exclusion, Expectation, Gap, Observed, Outcome};
pub use manual::{Attestation, DOCUMENTS_ONLY, ManualEvidence, PeriodError};
pub use rollup::{Part, Rollup, SCORE_DEFINITION, Score, rollup, score};
pub use scope::{KnownTarget, OutsideTarget, Scope, outside};
pub use silent::is_silent;
pub use waiver::{Standing, Waived, Waiver, WaiverError, WaiverState, waiver_states};

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    finding::Verdict,
    ids::{ControlId, RuleId},
    rule::{Strength, UnknownWord},
};

/// Most reasons a status carries; `reason_count` tells the true number.
pub const MAX_REASONS: usize = 200;

/// What rules and evidence say about a control. Never a judgement of conformity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Met,
    NotMet,
    Stale,
    NoEvidence,
    Manual,
    Excluded,
}

impl Status {
    /// All statuses, in the order pages list them.
    pub const ALL: [Self; 6] =
        [Self::Met, Self::NotMet, Self::Stale, Self::NoEvidence, Self::Manual, Self::Excluded];

    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::Stale => "stale",
            Self::NoEvidence => "no_evidence",
            Self::Manual => "manual",
            Self::Excluded => "excluded",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| UnknownWord {
            value: text.to_owned(),
            allowed: "met, not_met, stale, no_evidence, manual, excluded",
        })
    }
}

/// What a reason is about; reasons are listed in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person excluded the control.
    Excluded,
    /// A rule found offending items.
    Fail,
    /// A waiver covered this failure and has ended; the failure counts.
    WaiverExpired,
    /// A rule gave no usable verdict.
    RuleError,
    /// Evidence could not be collected; the text carries outcome, detail and remedy.
    NotCollected,
    /// The agent that should observe the target has fallen silent.
    SilentAgent,
    /// Evidence is scheduled and nothing has arrived yet.
    NothingArrived,
    /// No agent is asked to collect the kind anywhere.
    NotScheduled,
    /// Evidence is older than the rule's freshness window.
    Stale,
    /// Manual evidence has ended or its review is due, or an attestation is due.
    ManualStale,
    /// A rule found offending items and a waiver in effect covers them. Never a pass.
    Waived,
    /// Evidence that a person brought.
    Manual,
    /// Targets stand outside of the scope and decide nothing; the text says how many.
    OutsideScope,
    /// A rule does not apply to the target.
    NotApplicable,
    /// A rule passes; the text sums up all its targets.
    Pass,
    /// No rule can decide the control.
    NoRule,
}

impl Cause {
    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::Fail => "fail",
            Self::WaiverExpired => "waiver_expired",
            Self::RuleError => "rule_error",
            Self::NotCollected => "not_collected",
            Self::SilentAgent => "silent_agent",
            Self::NothingArrived => "nothing_arrived",
            Self::NotScheduled => "not_scheduled",
            Self::Stale => "stale",
            Self::ManualStale => "manual_stale",
            Self::Waived => "waived",
            Self::Manual => "manual",
            Self::OutsideScope => "outside_scope",
            Self::NotApplicable => "not_applicable",
            Self::Pass => "pass",
            Self::NoRule => "no_rule",
        }
    }
}

/// Why a control has its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub cause: Cause,
    /// Unset where the reason is about the evidence of a kind, whichever rules need it.
    pub rule: Option<RuleId>,
    pub strength: Option<Strength>,
    pub kind: Option<String>,
    pub target: Option<String>,
    /// What the plugin said where [`Cause::NotCollected`] is the cause.
    pub outcome: Option<Outcome>,
    /// One sentence for a person.
    pub text: String,
    /// Since when it is so, where known.
    pub since: Option<Timestamp>,
    /// When the evidence behind it was last observed.
    pub observed_at: Option<Timestamp>,
}

/// Why nothing is known about a target, most telling first. A target with several reasons is counted under the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    SilentAgent,
    /// The plugin said why it could not look.
    NotCollected(Outcome),
    /// Scheduled, and nothing has arrived yet.
    NothingArrived,
    /// No agent is asked to look there.
    NotScheduled,
    /// A rule gave no usable verdict.
    RuleError,
}

impl Unseen {
    /// The word for it: `silent_agent`, an outcome (`denied`, `tool_missing`, …), `nothing_arrived`, …
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SilentAgent => Cause::SilentAgent.as_str(),
            Self::NotCollected(outcome) => outcome.as_str(),
            Self::NothingArrived => Cause::NothingArrived.as_str(),
            Self::NotScheduled => Cause::NotScheduled.as_str(),
            Self::RuleError => Cause::RuleError.as_str(),
        }
    }
}

/// How many targets are unseen for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnseenCount {
    pub why: Unseen,
    pub targets: u64,
}

/// Numbers behind a status. Findings of `context` rules are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub pass: u64,
    pub fail: u64,
    /// Failures that a waiver covers; not in `fail`.
    pub waived: u64,
    pub not_applicable: u64,
    pub error: u64,
    /// Passes older than their rule's freshness window.
    pub stale: u64,
    /// Expected (rule, target) pairs without any finding.
    pub missing: u64,
    /// Targets that the control is judged on: each stands in exactly one of the next five numbers.
    pub targets: u64,
    /// Targets that are seen, fresh and without a failure.
    pub targets_passing: u64,
    /// Targets with a failure that no waiver covers.
    pub targets_failing: u64,
    /// Of the rest, targets that are unseen.
    pub targets_unseen: u64,
    /// Of the rest, targets with a waived failure.
    pub targets_waived: u64,
    /// Of the rest, targets with a pass past its freshness window.
    pub targets_stale: u64,
    /// Targets with findings or expectations that the scope leaves out.
    pub targets_outside: u64,
    /// Rules that may decide the control.
    pub rules: u64,
    /// Of these, rules with a verdict on at least one target.
    pub rules_heard: u64,
}

impl Reason {
    /// Whether the text begins with the message of its rule's finding about its target.
    #[must_use]
    pub fn quotes_finding(&self) -> bool {
        let says = match self.cause {
            Cause::Fail | Cause::RuleError | Cause::Waived | Cause::NotApplicable => true,
            Cause::Excluded
            | Cause::WaiverExpired
            | Cause::NotCollected
            | Cause::SilentAgent
            | Cause::NothingArrived
            | Cause::NotScheduled
            | Cause::Stale
            | Cause::ManualStale
            | Cause::Manual
            | Cause::OutsideScope
            | Cause::Pass
            | Cause::NoRule => false,
        };
        says && self.rule.is_some() && self.target.is_some()
    }
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::Error => self.error += 1,
        }
    }
}

/// The status of one control with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlStatus {
    pub control: ControlId,
    pub status: Status,
    /// Sorted by cause, strength, rule and target; at most [`MAX_REASONS`].
    pub reasons: Vec<Reason>,
    pub reason_count: u64,
    pub counts: Counts,
    /// The unseen targets of [`Counts::targets_unseen`] by reason.
    pub unseen: Vec<UnseenCount>,
    /// Newest and oldest observation behind the findings that take part.
    pub freshest: Option<Timestamp>,
    pub oldest: Option<Timestamp>,
    /// When the first pass that takes part leaves its freshness window, if nothing newer comes; past for a stale one.
    pub fresh_until: Option<Timestamp>,
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
