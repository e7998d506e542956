//! What values of the audit room's registers say, as they are written. Checked by [`super`].

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{ids::ControlId, selection::Selection};

/// A word of a fixed set, as it is written and as people read it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $wire:literal $label:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $(#[serde(rename = $wire)] $variant,)+
        }

        impl $name {
            /// The wire word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// For people.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }
    };
}

words! {
    /// What sort of audit.
    AuditType {
        Internal "internal" "internal audit",
        Stage1 "stage_1" "certification, stage 1",
        Stage2 "stage_2" "certification, stage 2",
        Surveillance "surveillance" "surveillance audit",
        Customer "customer" "customer's audit",
    }
}

words! {
    /// How far an audit is.
    AuditStatus {
        Planned "planned" "planned",
        Open "open" "open",
        Closed "closed" "closed",
    }
}

words! {
    /// How far a request is.
    RequestStatus {
        Open "open" "open",
        Answered "answered" "answered",
        Returned "returned" "returned",
        Accepted "accepted" "accepted",
    }
}

words! {
    /// How grave what an audit found is.
    Grade {
        Major "major" "major nonconformity",
        Minor "minor" "minor nonconformity",
        Observation "observation" "observation",
        Opportunity "opportunity" "opportunity for improvement",
    }
}

words! {
    /// How far what an audit found is dealt with.
    RaisedStatus {
        Open "open" "open",
        Answered "answered" "answered",
        Closed "closed" "closed",
    }
}

/// An audit; its id is its name everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    pub title: String,
    #[serde(rename = "type")]
    pub sort: AuditType,
    /// Controls that it is about; all if empty.
    #[serde(default)]
    pub controls: Vec<ControlId>,
    /// Targets that it is about.
    #[serde(default)]
    pub targets: Selection,
    /// The period whose evidence it looks at.
    pub from: Timestamp,
    pub until: Timestamp,
    /// Who leads it.
    pub lead: String,
    #[serde(default)]
    pub team: Vec<String>,
    pub status: AuditStatus,
}

/// What auditors want to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub audit: String,
    /// The number that it has in the auditors' own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub text: String,
    #[serde(default)]
    pub controls: Vec<ControlId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    #[serde(default)]
    pub owner: String,
    pub status: RequestStatus,
    #[serde(default)]
    pub answer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Shown>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ShownFile>,
}

/// A piece of evidence: one document of one entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Index of the entry.
    #[serde(serialize_with = "write_index", deserialize_with = "read_index")]
    pub entry: u64,
    pub kind: String,
    pub target: String,
}

/// A file beside the log, a subject of the entry that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownFile {
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// The name it had where it came from. Text, never a path.
    pub file: String,
    pub media_type: String,
    pub size: u64,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raised {
    pub audit: String,
    pub grade: Grade,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Shown>,
    /// What the organisation says to it.
    #[serde(default)]
    pub response: String,
    pub status: RaisedStatus,
}

/// What somebody said on a request or on what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    pub audit: String,
    /// The request, or what was found, by its id.
    pub on: String,
    pub text: String,
}

fn write_index<S: serde::Serializer>(index: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(index)
}

fn read_index<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| serde::de::Error::custom(format_args!("{text:?} is not a decimal number")))
}
