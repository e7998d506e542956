//! What a value of each register says, as it is written. Checked by [`super::registers`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::ControlId,
    selection::{Labels, Selection},
    status::Waived,
};

/// A waiver; id, reason and approver are those of its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaiverValue {
    pub(super) about: Waived,
    #[serde(default)]
    pub(super) targets: Selection,
    /// When it is in force if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Timestamp>,
    pub(super) until: Timestamp,
}

/// What somebody brought for a control: a file beside the log, with the period for which it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brought {
    pub control: ControlId,
    pub title: String,
    /// SHA-256 of its bytes, hex; a subject of the entry.
    pub digest: String,
    /// The name it had where it came from. Text, never a path.
    pub file: String,
    pub media_type: String,
    pub size: u64,
    /// When it is in force if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Timestamp>,
}

/// A version of the statement of applicability: its document, a file beside the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenValue {
    pub(super) digest: String,
    pub(super) file: String,
    pub(super) media_type: String,
    pub(super) size: u64,
}

/// A duty to attest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutyValue {
    pub(super) control: ControlId,
    pub(super) owner: String,
    pub(super) every_days: u32,
    pub(super) first_due: Timestamp,
}

/// One act of attesting; its id is that of the duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttestedValue {
    pub(super) says: String,
}

/// Labels that the configuration gives to a selection of targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRule {
    /// Over the labels that a target has of itself (`name` and `sort`) and from its agent.
    pub targets: Selection,
    pub set: Labels,
}

/// All of them, in order: a later one stands above an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelRulesValue {
    pub(super) rules: Vec<LabelRule>,
    /// Names of labels that are taken from agents; absent: whatever they give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from_agents: Option<BTreeSet<String>>,
}

/// How far a control is implemented, by a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Implementation {
    Implemented,
    Partly,
    Planned,
    NotImplemented,
}

impl Implementation {
    pub const ALL: [Self; 4] =
        [Self::Implemented, Self::Partly, Self::Planned, Self::NotImplemented];

    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Partly => "partly",
            Self::Planned => "planned",
            Self::NotImplemented => "not_implemented",
        }
    }
}

/// A row of the statement of applicability; its id is the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicability {
    pub applicable: bool,
    /// Why it is included or excluded; an exclusion must have one.
    #[serde(default)]
    pub justification: String,
    /// How it is implemented, in the organisation's words.
    #[serde(default)]
    pub implementation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Implementation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerValue {
    pub(super) owner: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteValue {
    pub(super) text: String,
}

/// A target that is gone for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetiredValue {}

/// Registers that ask for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondPersonValue {
    pub(super) registers: Vec<String>,
}
