//! Names that other rooms pass around: controls, clauses and rules. They never exist unchecked.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("control {0:?} is not of the form A.5.1 … A.8.34; take the id from the Annex A table")]
    Control(String),
    #[error("clause {0:?} is not of the form 4.1 or 6.1.2; take the id from the clauses table")]
    Clause(String),
    #[error(
        "rule id {0:?} must be <kind>.<name> in a-z, 0-9, _ and dots, at most 96 characters, e.g. patch.status.reboot"
    )]
    Rule(String),
}

/// An Annex A control of ISO/IEC 27001:2022, ordered as people count: A.5.2 before A.5.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ControlId {
    section: u8,
    number: u8,
}

impl ControlId {
    /// The group of the control: 5 organizational, 6 people, 7 physical, 8 technological.
    #[must_use]
    pub fn section(self) -> u8 {
        self.section
    }
}

impl FromStr for ControlId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::Control(text.to_owned());
        let (section, number) =
            text.strip_prefix("A.").and_then(|rest| rest.split_once('.')).ok_or_else(refuse)?;
        let section = plain_number(section).ok_or_else(refuse)?;
        let number = plain_number(number).ok_or_else(refuse)?;
        let last = match section {
            5 => 37,
            6 => 8,
            7 => 14,
            8 => 34,
            _ => return Err(refuse()),
        };
        if number == 0 || number > last {
            return Err(refuse());
        }
        Ok(Self { section, number })
    }
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A.{}.{}", self.section, self.number)
    }
}

/// A clause of ISO/IEC 27001:2022, ordered as people count: 9.2 before 10.1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClauseId(Vec<u8>);

impl FromStr for ClauseId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let parts: Option<Vec<u8>> = text.split('.').map(plain_number).collect();
        match parts {
            Some(parts) if parts.len() <= 3 && (4..=10).contains(&parts[0]) => Ok(Self(parts)),
            Some(_) | None => Err(IdError::Clause(text.to_owned())),
        }
    }
}

impl fmt::Display for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

/// A rule: `<kind>.<name>`, e.g. `patch.status.reboot_not_pending`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(String);

impl RuleId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let word = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if text.len() <= 96 && text.contains('.') && text.split('.').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Rule(text.to_owned()))
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! as_text {
    ($($id:ty),*) => {$(
        impl TryFrom<String> for $id {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$id> for String {
            fn from(id: $id) -> Self {
                id.to_string()
            }
        }
    )*};
}
as_text!(ControlId, ClauseId, RuleId);

/// Reads 1 to 3 digits without sign or leading zero, so that one thing has one spelling.
fn plain_number(text: &str) -> Option<u8> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_sort_as_people_count() {
        let mut ids: Vec<ControlId> =
            ["A.8.1", "A.5.10", "A.5.2"].map(|id| id.parse().unwrap()).into();
        ids.sort();
        let text: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["A.5.2", "A.5.10", "A.8.1"]);
    }

    #[test]
    fn names_outside_the_standard_are_refused_with_the_value() {
        for bad in
            ["A.5.38", "A.9.1", "A.5.0", "A.5.01", "5.1", "A.5", "A.5.+1", "", "A.5.1.1", "A.5.300"]
        {
            let error = bad.parse::<ControlId>().unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
        for bad in ["3", "11", "4.", "6.1.2.1", "a"] {
            assert!(bad.parse::<ClauseId>().is_err(), "{bad}");
        }
        for bad in ["reboot", "Patch.reboot", "patch..x", "patch.1x", "patch/x"] {
            assert!(bad.parse::<RuleId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_control_is_a_plain_string_on_the_wire() {
        let id: ControlId = serde_json::from_str("\"A.8.13\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"A.8.13\"");
        assert!(serde_json::from_str::<ControlId>("\"A.8.99\"").is_err());
    }
}
