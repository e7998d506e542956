//! What one rule says about one document. A finding never says whether a control is met.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ids::RuleId, rule::UnknownWord};

/// The answer of a rule. There is no default: a missing answer is an [`Verdict::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// The rule cannot hold or be broken on this target, e.g. a kernel setting inside a container.
    NotApplicable,
    /// The rule gave no usable answer; never counts as a pass.
    Error,
}

impl Verdict {
    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not_applicable",
            Self::Error => "error",
        }
    }
}

impl FromStr for Verdict {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Pass, Self::Fail, Self::NotApplicable, Self::Error]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
            .ok_or_else(|| UnknownWord {
                value: text.to_owned(),
                allowed: "pass, fail, not_applicable, error",
            })
    }
}

/// One offending thing, e.g. an account or a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What offends, in the document's own words (≤ 200 characters).
    pub id: String,
    /// Why it offends (≤ 500 characters).
    pub why: String,
}

/// What one rule says about one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub rule: RuleId,
    pub verdict: Verdict,
    /// One sentence for a person (≤ 500 characters).
    pub message: String,
    /// Offending things, sorted, at most [`crate::MAX_ITEMS`]; empty unless the verdict is fail.
    pub items: Vec<Item>,
    /// How many things offend in truth.
    pub item_count: u64,
}
