//! Waivers: a person's decision to live with a failure for a while. A waived failure is shown as waived, never as a pass;
//! after its end a waiver has no effect and is reported.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Around, AssessmentInput, Board, scope};
use crate::{
    ids::{ControlId, RuleId},
    rule::Rule,
    selection::{Labels, Selection},
};

/// Why a waiver was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaiverError {
    #[error("waiver {id:?} has no {what}; a waiver names its id, its reason and who approved it")]
    Missing { id: String, what: &'static str },
    #[error("waiver {id:?} ends at {until}, not after its begin at {from}; give a later end")]
    Period { id: String, from: Timestamp, until: Timestamp },
}

/// What a waiver covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waived {
    /// Failures of one rule, on every control that it speaks about.
    Rule(RuleId),
    /// Failures of any rule, on one control.
    Control(ControlId),
}

/// A waiver. Only failures can be waived: what is not seen stays not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draft", deny_unknown_fields)]
pub struct Waiver {
    /// A name of its own, e.g. `W-2026-014`.
    pub id: String,
    pub about: Waived,
    /// On which targets.
    pub targets: Selection,
    pub reason: String,
    pub approver: String,
    /// In effect from here …
    pub from: Timestamp,
    /// … until before here. A waiver without an end does not exist.
    pub until: Timestamp,
}

/// A waiver before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    id: String,
    about: Waived,
    targets: Selection,
    reason: String,
    approver: String,
    from: Timestamp,
    until: Timestamp,
}

impl TryFrom<Draft> for Waiver {
    type Error = WaiverError;

    fn try_from(draft: Draft) -> Result<Self, WaiverError> {
        let Draft { id, about, targets, reason, approver, from, until } = draft;
        Self { id, about, targets, reason, approver, from, until }.checked()
    }
}

impl Waiver {
    /// The waiver, if it says who, why and until when.
    pub fn checked(self) -> Result<Self, WaiverError> {
        let texts = [("id", &self.id), ("reason", &self.reason), ("approver", &self.approver)];
        for (what, text) in texts {
            if text.trim().is_empty() {
                return Err(WaiverError::Missing { id: self.id.clone(), what });
            }
        }
        if self.until <= self.from {
            return Err(WaiverError::Period { id: self.id, from: self.from, until: self.until });
        }
        Ok(self)
    }

    /// Where the waiver stands at a moment.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if now < self.from {
            Standing::NotYet
        } else if now < self.until {
            Standing::InEffect
        } else {
            Standing::Expired
        }
    }

    /// Of the controls that a failure of the rule breaks on a target, those for which it covers the failure.
    #[must_use]
    pub fn covers(&self, rule: &Rule, target: &str, labels: &Labels) -> Vec<ControlId> {
        if !self.targets.selects(target, labels) {
            return Vec::new();
        }
        let controls = rule.controls.iter().map(|(control, _)| *control);
        controls.filter(|control| self.is_about(&rule.id, *control)).collect()
    }

    /// Whether it is about the rule as far as the control is concerned, on whatever targets.
    pub(super) fn is_about(&self, rule: &RuleId, control: ControlId) -> bool {
        match &self.about {
            Waived::Rule(waived) => waived == rule,
            Waived::Control(waived) => *waived == control,
        }
    }
}

/// Where a waiver stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    NotYet,
    InEffect,
    Expired,
}

/// What a waiver does at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverState {
    pub id: String,
    pub standing: Standing,
    /// Failures, one for each rule and target, that it covers or, unless it is in effect, would cover.
    pub failures: u64,
    /// It names a rule that the pack does not have.
    pub unknown_rule: bool,
}

/// Each waiver with what it does at `now`, in the order of the input.
#[must_use]
pub fn waiver_states(input: &AssessmentInput<'_>, now: Timestamp) -> Vec<WaiverState> {
    Board::of(input).waiver_states(&input.around(), now)
}

impl Board {
    /// [`waiver_states`], of the failures on the board.
    #[must_use]
    pub fn waiver_states(&self, around: &Around<'_>, now: Timestamp) -> Vec<WaiverState> {
        let labels = scope::labels(around.targets);
        let nothing = Labels::default();
        let covers = |waiver: &Waiver, rule: &Rule, target: &str| {
            let about = |(control, _): &(ControlId, _)| waiver.is_about(&rule.id, *control);
            rule.controls.iter().any(about) && {
                let labels = labels.get(target).copied().unwrap_or(&nothing);
                waiver.targets.selects(target, labels) && around.scope.isms.selects(target, labels)
            }
        };
        let state = |waiver: &Waiver| {
            let covered = self.failures().filter(|(rule, target)| covers(waiver, rule, target));
            WaiverState {
                id: waiver.id.clone(),
                standing: waiver.standing(now),
                failures: super::length(covered.count()),
                unknown_rule: match &waiver.about {
                    Waived::Rule(id) => !self.rules.iter().any(|rule| rule.id == *id),
                    Waived::Control(_) => false,
                },
            }
        };
        around.waivers.iter().map(state).collect()
    }
}
