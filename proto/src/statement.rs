//! Statements: in-toto Statement v1, one for each run of an agent and one for each entry that a collector makes.
//!
//! Unknown fields are refused around the predicate and allowed inside it. Numbers that may pass 2^53 are decimal strings.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::document::{Kind, Target};
use crate::dsse::{DsseError, Envelope, IN_TOTO};
use crate::json;
use crate::keys::{PublicKey, SecretKey};

pub const TYPE: &str = "https://in-toto.io/Statement/v1";
/// Predicate types, each with the struct that describes it.
pub const EVIDENCE: &str = "urn:exhibit:evidence:v1"; // Run
pub const HEARTBEAT: &str = "urn:exhibit:heartbeat:v1"; // Heartbeat
pub const ENROL: &str = "urn:exhibit:enrol:v1"; // Enrol
pub const REVOKE: &str = "urn:exhibit:revoke:v1"; // Revoke
pub const ROTATE: &str = "urn:exhibit:rotate:v1"; // rotation::Rotate
pub const RULE_PACK: &str = "urn:exhibit:rule-pack:v1"; // RulePackInForce
pub const ACTIVITY: &str = "urn:exhibit:activity:v1"; // Activity
pub const GAP: &str = "urn:exhibit:gap:v1"; // Gap
pub const CONFLICT: &str = "urn:exhibit:conflict:v1"; // Conflict
pub const FORK: &str = "urn:exhibit:fork:v1"; // Fork
pub const TOMBSTONE: &str = "urn:exhibit:tombstone:v1"; // Tombstone
pub const HOLD: &str = "urn:exhibit:hold:v1"; // Hold
pub const HOLD_LIFTED: &str = "urn:exhibit:hold-lifted:v1"; // HoldLifted
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

/// Where and when an agent made a statement: what heartbeats and runs share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capsule {
    pub agent: String,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// Counts from 1 in each epoch.
    #[serde(with = "decimal")]
    pub seq: u64,
    /// SHA-256 of the previous envelope; zeros before the first.
    pub prev: Digest,
    pub boot_id: String,
    /// Milliseconds since boot, suspended time included.
    #[serde(with = "decimal")]
    pub monotonic_ms: u64,
    /// The agent's wall clock when it sealed: RFC 3339, UTC.
    pub sealed_at: String,
    /// Agent's clock minus collector's, last seen; absent before the first exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// Newest checkpoint the agent has verified: the statement is not older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    pub agent_version: String,
    /// SHA-256 of the agent's executable.
    pub agent_binary: Digest,
    /// SHA-256 of the configuration in force.
    pub configuration: Digest,
}

/// Predicate of [`EVIDENCE`]: one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub capsule: Capsule,
    /// When the run began and ended: RFC 3339, UTC.
    pub started: String,
    pub finished: String,
    pub plugins: Vec<PluginUsed>,
    pub documents: Vec<Observed>,
    pub outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginUsed {
    pub name: String,
    pub version: String,
    /// SHA-256 of the plugin's executable.
    pub binary: Digest,
}

/// How one document was obtained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub kind: Kind,
    pub target: Target,
    pub digest: Digest,
    #[serde(with = "decimal")]
    pub size: u64,
    /// Exact commands, files or API calls with parameters.
    pub method: Vec<String>,
    /// Identity and rights in effect when it was read.
    pub privileges: String,
    pub rows: Option<u64>,
    /// True if rows are missing because a limit cut them.
    pub truncated: bool,
    /// How many rows there should be, where that is known.
    pub expected: Option<u64>,
    /// Names of the redaction rules that changed something.
    pub redactions: Vec<String>,
    pub started: String,
    pub duration_ms: u64,
}

/// What could not be observed, or only in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub kind: Kind,
    pub target: Target,
    /// `denied`, `tool_missing`, `not_applicable`, `timed_out`, `limit_exceeded`, `failed`, `not_configured`, `dropped`.
    pub outcome: String,
    /// What happened, to which value.
    pub detail: String,
    /// Which right, tool or setting would change it.
    pub remedy: String,
}

/// Predicate of [`HEARTBEAT`]: alive, and what is scheduled, so that absence is visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub capsule: Capsule,
    pub host_name: String,
    pub schedule: Vec<Scheduled>,
    /// Longest time until the next statement of any kind, in seconds.
    pub interval_seconds: u64,
    pub spool_items: u64,
    /// Documents given up because the spool was full, since enrolment.
    pub dropped: u64,
    /// In the first heartbeat after a day's end: what was sealed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closed>,
}

/// A day that ended: the agent sealed the statements `first` to `last` of its epoch, from the heartbeat that began the day
/// (UTC) until this one. Whoever cuts off a tail later must cut off this word too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// `2026-11-22`, by the agent's clock.
    pub day: String,
    #[serde(with = "decimal")]
    pub first: u64,
    #[serde(with = "decimal")]
    pub last: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    pub kind: Kind,
    pub target: Target,
    /// The cron line, UTC.
    pub cron: String,
}

/// Predicate of [`ENROL`]: from this entry on, `evidence_key` speaks for `targets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    pub agent: String,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// PEM SubjectPublicKeyInfo.
    pub evidence_key: String,
    pub targets: Vec<Target>,
    pub host_name: String,
    /// SHA-256 of the client certificate.
    pub certificate: Digest,
    /// Who made the token.
    pub approved_by: String,
}

/// Predicate of [`REVOKE`]: entries after this one that the key signed are not valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoke {
    pub agent: String,
    pub key: Digest,
    pub by: String,
    pub reason: String,
}

/// Predicate of [`RULE_PACK`]: verdicts after this entry come from this pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePackInForce {
    pub version: String,
    pub pack: Digest,
    pub rules: u64,
    pub by: String,
}

/// Predicate of [`ACTIVITY`]: what a person did (sign-in, export, token made…).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub by: String,
    pub action: String,
    /// What it was done to, or what came of it.
    pub detail: Value,
}

/// Predicate of [`GAP`]: a statement came whose number is not the next one. The entry stands just before that statement;
/// numbers that come later close the gap, visibly, since their indexes are higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub agent: String,
    pub key: Digest,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// First and last number that never came.
    #[serde(with = "decimal")]
    pub from: u64,
    #[serde(with = "decimal")]
    pub to: u64,
    /// The envelope with the highest number that the log holds; zeros if it holds none.
    pub after: Digest,
    /// The envelope that came, with the number after `to`, and the predecessor that it names.
    pub came: Digest,
    pub prev: Digest,
    /// Other things noticed of this agent that were not logged, because there were too many in an hour.
    #[serde(with = "decimal")]
    pub suppressed: u64,
}

/// Predicate of [`CONFLICT`]: the key signed two envelopes that exclude each other. The log holds the first in its place;
/// the second was refused and is kept beside the log, as proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub agent: String,
    pub key: Digest,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// Number of the refused envelope.
    #[serde(with = "decimal")]
    pub seq: u64,
    pub over: Over,
    /// The envelope that the log holds under number `seq`, or under the one before.
    pub held: Digest,
    pub refused: Digest,
    /// See [`Gap::suppressed`].
    #[serde(with = "decimal")]
    pub suppressed: u64,
}

/// What two envelopes of one key disagree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Both have the same epoch and number.
    Number,
    /// The refused one names another predecessor than the held one.
    Predecessor,
}

/// Predicate of [`FORK`]: an agent holds a head that is not this log's past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    pub agent: String,
    #[serde(with = "decimal")]
    pub size: u64,
    /// The root that the agent holds for `size`.
    pub root: Digest,
    /// This log's root at `size`.
    pub ours: Digest,
    /// The head as the log's key signed it, verbatim: two histories are proven. Absent where a statement of the agent
    /// carries the root and nothing else shows it: the agent's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// See [`Gap::suppressed`].
    #[serde(with = "decimal")]
    pub suppressed: u64,
}

/// Predicate of [`TOMBSTONE`]: the bytes of these documents were deleted with this entry. What names them stays, and is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Which rule let them go, in words.
    pub rule: String,
    pub approver: String,
    pub reason: String,
    pub documents: Vec<Deleted>,
}

/// A document that is held no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub digest: Digest,
    pub kind: Kind,
    pub target: Target,
    /// The entry that brought its bytes: what was brought later is another matter.
    #[serde(with = "decimal")]
    pub stored: u64,
    /// The last entry that named it.
    #[serde(with = "decimal")]
    pub last: u64,
}

/// Predicate of [`HOLD`]: what fits must not be deleted until the hold, known by its entry's index, is lifted. An absent
/// field fits everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// First and last moment of the observations that are held: RFC 3339, UTC, both inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    pub by: String,
    pub reason: String,
}

/// Predicate of [`HOLD_LIFTED`], in an entry of the type `hold` as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLifted {
    /// Index of the entry that made it.
    #[serde(with = "decimal")]
    pub hold: u64,
    pub by: String,
    pub reason: String,
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
