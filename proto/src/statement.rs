//! Statements: in-toto Statement v1, one for each run of an agent and one for each entry that a collector makes.
//!
//! Unknown fields are refused around the predicate and allowed inside it. Numbers that may pass 2^53 are decimal strings.

mod attested;
mod decision;
mod deletion;
mod keys;
mod noticed;
mod run;
mod veto;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::dsse::{DsseError, Envelope, IN_TOTO};
use crate::json;
use crate::keys::{PublicKey, SecretKey};

pub use attested::{Attested, Stamped};
pub use decision::{
    Act, DECISION_FILE, Decision, DecisionError, MAX_VALUE, SOA_FILE, decision_file, is_file,
};
pub use deletion::{Deleted, Hold, HoldLifted, Tombstone};
pub use keys::{Activity, ApprovedPack, Enrol, GivenPack, Revoke, RulePackInForce};
pub use noticed::{Conflict, Fork, Gap, Over};
pub use run::{Capsule, Closed, Heartbeat, Observed, Outcome, PluginUsed, Run, Scheduled};
pub use veto::Vetoes;

pub const TYPE: &str = "https://in-toto.io/Statement/v1";
/// Predicate types, each with the struct that describes it.
pub const EVIDENCE: &str = "urn:exhibit:evidence:v1"; // Run
pub const HEARTBEAT: &str = "urn:exhibit:heartbeat:v1"; // Heartbeat
pub const ENROL: &str = "urn:exhibit:enrol:v1"; // Enrol
pub const REVOKE: &str = "urn:exhibit:revoke:v1"; // Revoke
pub const ROTATE: &str = "urn:exhibit:rotate:v1"; // rotation::Rotate
pub const LOG_KEY: &str = "urn:exhibit:log-key:v1"; // log_key::LogKey
pub const RULE_PACK: &str = "urn:exhibit:rule-pack:v1"; // RulePackInForce
pub const RULE_PACK_PROPOSED: &str = "urn:exhibit:rule-pack-proposed:v1"; // RulePackInForce
pub const ACTIVITY: &str = "urn:exhibit:activity:v1"; // Activity
pub const GAP: &str = "urn:exhibit:gap:v1"; // Gap
pub const CONFLICT: &str = "urn:exhibit:conflict:v1"; // Conflict
pub const FORK: &str = "urn:exhibit:fork:v1"; // Fork
pub const TOMBSTONE: &str = "urn:exhibit:tombstone:v1"; // Tombstone
pub const HOLD: &str = "urn:exhibit:hold:v1"; // Hold
pub const HOLD_LIFTED: &str = "urn:exhibit:hold-lifted:v1"; // HoldLifted
pub const TIME: &str = "urn:exhibit:time:v1"; // Attested
pub const CONTINUES: &str = "urn:exhibit:continues:v1"; // continues::Continues
pub const DECISION: &str = "urn:exhibit:decision:v1"; // Decision
/// Largest envelope, in bytes.
pub const MAX_ENVELOPE: usize = 64 << 10;
pub const DOCUMENT_MEDIA_TYPE: &str = "application/vnd.exhibit.document+json";

/// A statement with its predicate read as `P`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    pub statement_type: String,
    pub subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    pub predicate: P,
}

/// A resource named by its digest (in-toto ResourceDescriptor).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub name: String,
    pub digest: Sha256,
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sha256 {
    pub sha256: Digest,
}

/// Why a statement is refused.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    #[error(transparent)]
    Dsse(#[from] DsseError),
    #[error(transparent)]
    Json(#[from] json::JsonError),
    #[error("not a statement of the expected form: {0}")]
    Form(#[source] serde_json::Error),
    #[error("statement type {0:?} is not in-toto Statement v1")]
    Type(String),
    #[error("envelope of {0} bytes is over the limit of 65536")]
    TooLarge(usize),
}

impl<P: Serialize + DeserializeOwned> Statement<P> {
    pub fn new(predicate_type: &str, subject: Vec<Subject>, predicate: P) -> Self {
        let (statement_type, predicate_type) = (TYPE.to_owned(), predicate_type.to_owned());
        Self { statement_type, subject, predicate_type, predicate }
    }

    /// Writes, signs and wraps: the bytes of the envelope as they will be stored.
    pub fn seal(&self, key: &SecretKey) -> Result<Vec<u8>, StatementError> {
        self.seal_with(key, None)
    }

    /// [`Statement::seal`] with a second signature over the same payload.
    pub fn seal_with(
        &self,
        key: &SecretKey,
        second: Option<&SecretKey>,
    ) -> Result<Vec<u8>, StatementError> {
        let value = serde_json::to_value(self).map_err(StatementError::Form)?;
        let mut envelope = Envelope::sign(IN_TOTO, json::write_sorted(&value).as_bytes(), key);
        if let Some(second) = second {
            envelope.sign_too(second)?;
        }
        let bytes = envelope.to_bytes();
        if bytes.len() > MAX_ENVELOPE {
            Err(StatementError::TooLarge(bytes.len()))
        } else {
            Ok(bytes)
        }
    }

    /// Opens stored envelope bytes: size, signature of `key`, payload type, form, in this order.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, StatementError> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(StatementError::TooLarge(bytes.len()));
        }
        Self::from_payload(&Envelope::parse(bytes)?.open(IN_TOTO, key)?)
    }

    /// Reads a payload whose signature the caller has checked, or does not believe.
    pub fn from_payload(payload: &[u8]) -> Result<Self, StatementError> {
        json::check(payload)?;
        let statement: Self = json::object(payload).map_err(StatementError::Form)?;
        if statement.statement_type == TYPE {
            Ok(statement)
        } else {
            Err(StatementError::Type(statement.statement_type))
        }
    }
}

/// The predicate type of a payload, to know as what to read it; nothing else is looked at.
pub fn predicate_type(payload: &[u8]) -> Result<String, StatementError> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let named: Named = json::object(payload).map_err(StatementError::Form)?;
    Ok(named.predicate_type)
}

impl Statement<Value> {
    /// The predicate as its own type, once [`Statement::predicate_type`] says which.
    pub fn predicate_as<P: Serialize + DeserializeOwned>(&self) -> Result<P, StatementError> {
        json::of_object(&self.predicate).map_err(StatementError::Form)
    }

    /// Where an agent's statement stands in its chain.
    pub fn capsule(&self) -> Result<Capsule, StatementError> {
        let capsule = self.predicate.get("capsule").unwrap_or(&Value::Null);
        json::of_object(capsule).map_err(StatementError::Form)
    }
}

impl Subject {
    pub fn new(name: impl Into<String>, digest: Digest, media_type: Option<&str>) -> Self {
        let media_type = media_type.map(str::to_owned);
        Self { name: name.into(), digest: Sha256 { sha256: digest }, media_type }
    }
}

/// u64 as a decimal string without sign or leading zeros.
pub mod decimal {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        number.ok_or_else(|| {
            serde::de::Error::custom(format_args!("{text:?} is not a decimal number"))
        })
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
