//! What a rule declares about itself. Declarations come from its metadata block and are checked at load.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::{ControlId, RuleId};

/// How much a rule says about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// The rule observes the control itself at work.
    Direct,
    /// The rule observes something that the control needs.
    Supporting,
    /// Worth knowing beside the control; never decides its status.
    Context,
}

impl Strength {
    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Supporting => "supporting",
            Self::Context => "context",
        }
    }

    /// Whether findings of this strength take part in a control's status.
    #[must_use]
    pub fn decides(self) -> bool {
        match self {
            Self::Direct | Self::Supporting => true,
            Self::Context => false,
        }
    }
}

/// How bad a failure is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A word that is not one of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not one of {allowed}")]
pub struct UnknownWord {
    pub(crate) value: String,
    pub(crate) allowed: &'static str,
}

impl FromStr for Strength {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Direct, Self::Supporting, Self::Context]
            .into_iter()
            .find(|strength| strength.as_str() == text)
            .ok_or_else(|| UnknownWord {
                value: text.to_owned(),
                allowed: "direct, supporting, context",
            })
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| UnknownWord {
                value: text.to_owned(),
                allowed: "low, medium, high, critical",
            })
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule about one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub id: RuleId,
    pub title: String,
    /// One or two sentences: what exactly is checked.
    pub description: String,
    pub kind: String,
    /// The controls the rule speaks about, sorted by control.
    pub controls: Vec<(ControlId, Strength)>,
    pub severity: Severity,
    /// Hours after which a finding counts as stale.
    pub freshness: u32,
    pub why: String,
    pub fix: String,
    /// The rule reads `input.now`, so it must be judged again at each observation of an unchanged document.
    pub clock: bool,
    /// The rule reads `input.capture`, which differs at each run: judged again at each observation, too.
    pub capture: bool,
    /// The rule reads `input.labels`, so it must be judged again when the target's labels change.
    pub labels: bool,
    /// Values in force (defaults, unless the pack overrides them).
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// Least and greatest value that a pack may give a parameter that is a number.
    #[serde(default)]
    pub limits: BTreeMap<String, (f64, f64)>,
    /// File of the rule inside the pack.
    pub path: String,
    /// Rego package, without `data.`.
    pub package: String,
}

impl Rule {
    /// How the rule relates to a control, if at all.
    #[must_use]
    pub fn strength(&self, control: ControlId) -> Option<Strength> {
        self.controls.iter().find(|(id, _)| *id == control).map(|(_, strength)| *strength)
    }
}
