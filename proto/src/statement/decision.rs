//! What a person decided. A *record* is a place (a register and an id); its revisions are entries of the log, and each
//! says which one it replaces, so nobody overwrites what they have not seen.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Subject;

/// Largest value, in bytes as it is written: with names and reasons it fits an envelope.
pub const MAX_VALUE: usize = 40 << 10;
/// Longest register and id, in bytes.
const MAX_NAME: usize = 300;
/// Longest name of a person, and longest reason, in bytes.
const MAX_TEXT: usize = 2000;
/// What a subject is called that is a file of the decision: bytes beside the log, by digest.
pub const DECISION_FILE: &str = "urn:exhibit:decision:file";
/// What a subject is called that is a frozen statement of applicability: bytes beside the log, by digest.
pub const SOA_FILE: &str = "urn:exhibit:soa";

/// Predicate of [`DECISION`](super::DECISION).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What sort of record: `waiver`, `label`… Registers that a version does not know are kept and shown by name.
    pub register: String,
    /// Which record of the register: a control, a target, or a name of its own.
    pub id: String,
    /// Index of the newest revision that whoever decided had seen: the last `put` or `withdraw` here; absent for a new record.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_decimal")]
    pub after: Option<u64>,
    pub act: Act,
    /// What is decided; only a `put` has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    pub by: String,
    pub reason: String,
}

/// What a decision does to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The value stands from here on; where a second person must approve, it is proposed.
    Put,
    /// A proposal that stands is taken back; without one, what is in force ends.
    Withdraw,
    /// Another person agrees to the proposal `after`.
    Approve,
}

/// Why a decision cannot stand in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    #[error("{what} is empty: it stands in the log for good")]
    Empty { what: &'static str },
    #[error("{what} has {found} bytes: at most {limit}")]
    Long { what: &'static str, found: usize, limit: usize },
    #[error("{what} {text:?} has control characters; leave them out")]
    Control { what: &'static str, text: String },
    #[error("register {0:?} is not a word of a-z and _")]
    Register(String),
    #[error("a put has a value, an approval and a withdrawal have none")]
    Value,
}

impl Act {
    /// The wire word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Withdraw => "withdraw",
            Self::Approve => "approve",
        }
    }
}

impl Decision {
    /// The decision, if it is of a form that may stand in the log. What its value means is not looked at.
    pub fn checked(self) -> Result<Self, DecisionError> {
        let texts = [
            ("the register", &self.register, MAX_NAME),
            ("the id", &self.id, MAX_NAME),
            ("the name of who decides", &self.by, MAX_TEXT),
            ("the reason", &self.reason, MAX_TEXT),
        ];
        for (what, text, limit) in texts {
            if text.trim().is_empty() {
                return Err(DecisionError::Empty { what });
            }
            if text.len() > limit {
                return Err(DecisionError::Long { what, found: text.len(), limit });
            }
        }
        let lines = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let odd = [("the id", &self.id), ("the name of who decides", &self.by)]
            .into_iter()
            .find(|(_, text)| text.contains(char::is_control));
        let odd = odd.or_else(|| {
            Some(("the reason", &self.reason)).filter(|(_, text)| text.contains(lines))
        });
        if let Some((what, text)) = odd {
            return Err(DecisionError::Control { what, text: text.clone() });
        }
        if !self.register.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(DecisionError::Register(self.register));
        }
        if (self.act == Act::Put) != self.value.is_some() {
            return Err(DecisionError::Value);
        }
        let found = self.value.as_ref().map_or(0, |value| value.to_string().len());
        if found > MAX_VALUE {
            return Err(DecisionError::Long { what: "the value", found, limit: MAX_VALUE });
        }
        Ok(self)
    }
}

/// Whether a subject is a file beside the log, which a bundle brings under its digest.
pub fn is_file(subject: &Subject) -> bool {
    [DECISION_FILE, SOA_FILE].contains(&subject.name.as_str())
}

/// A file that a decision brings, as a subject of its statement; its name stands in the value.
pub fn decision_file(digest: crate::digest::Digest, media_type: &str) -> Subject {
    Subject::new(DECISION_FILE, digest, Some(media_type))
}

/// An index as a decimal string, or nothing.
mod maybe_decimal {
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
    pub(super) fn serialize<S: Serializer>(
        number: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => serializer.collect_str(number),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        number.map(Some).ok_or_else(|| {
            serde::de::Error::custom(format_args!("{text:?} is not a decimal number"))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waiver() -> Decision {
        Decision {
            register: "waiver".into(),
            id: "W-1".into(),
            after: Some(7),
            act: Act::Put,
            value: Some(json!({"n": 1})),
            by: "ada".into(),
            reason: "the vendor\nis late".into(),
        }
    }

    #[test]
    fn decisions_read_back_as_written_with_decimal_indexes() {
        let written = serde_json::to_value(waiver()).unwrap();
        assert_eq!(written["after"], json!("7"));
        assert_eq!(serde_json::from_value::<Decision>(written.clone()).unwrap(), waiver());
        let new = Decision { after: None, ..waiver() };
        let text = serde_json::to_string(&new).unwrap();
        assert!(!text.contains("after"), "{text}");
        assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), new);
        let mut odd = written;
        odd["after"] = json!("07");
        assert!(serde_json::from_value::<Decision>(odd).is_err());
    }

    #[test]
    fn what_may_not_stand_in_the_log_is_refused_with_the_reason() {
        let long = "x".repeat(MAX_VALUE);
        for (wrong, text) in [
            (Decision { id: " ".into(), ..waiver() }, "the id is empty"),
            (Decision { by: "a\u{7}".into(), ..waiver() }, "control characters"),
            (Decision { reason: "x".repeat(2001), ..waiver() }, "2001 bytes: at most 2000"),
            (Decision { reason: "a\u{1b}[2J".into(), ..waiver() }, "control characters"),
            (Decision { register: "Waiver".into(), ..waiver() }, "not a word"),
            (Decision { value: None, ..waiver() }, "a put has a value"),
            (Decision { act: Act::Approve, ..waiver() }, "have none"),
            (Decision { value: Some(json!(long)), ..waiver() }, "at most 40960"),
        ] {
            let error = wrong.checked().unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert!(waiver().checked().is_ok());
    }
}
