//! Whose key speaks from which entry on, which rules judge, and what people did.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decimal;
use crate::digest::Digest;
use crate::document::Target;

/// Predicate of [`ENROL`](super::ENROL): from this entry on, `evidence_key` speaks for `targets`.
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

/// Predicate of [`REVOKE`](super::REVOKE): entries after this one that the key signed are not valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoke {
    pub agent: String,
    pub key: Digest,
    pub by: String,
    pub reason: String,
}

/// Predicate of [`RULE_PACK`](super::RULE_PACK): verdicts after this entry come from this pack.
///
/// Predicate of [`RULE_PACK_PROPOSED`](super::RULE_PACK_PROPOSED) too, in an entry of the same type: nothing judges by that one until
/// an entry in force names it under `approved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePackInForce {
    pub version: String,
    pub pack: Digest,
    pub rules: u64,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Absent: the pack that ships with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<GivenPack>,
    /// Who else agreed, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedPack>,
}

impl RulePackInForce {
    /// The pack that ships with a program.
    pub fn shipped(version: &str, pack: Digest, rules: u64, by: &str) -> Self {
        let (version, by) = (version.to_owned(), by.to_owned());
        Self { version, pack, rules, by, name: None, reason: None, given: None, approved: None }
    }
}

/// What people gave, of which the pack came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenPack {
    /// Digest of its files; that of the pack itself unless it extends the shipped one.
    pub pack: Digest,
    /// The shipped pack that it extends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Digest>,
    /// C2SP signed note over its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Keys of the configuration whose signatures hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<String>,
}

/// The second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedPack {
    /// Entry that proposed the pack.
    #[serde(with = "decimal")]
    pub proposed: u64,
    pub by: String,
    pub reason: String,
}

/// Predicate of [`ACTIVITY`](super::ACTIVITY): what a person did (sign-in, export, token made…).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub by: String,
    pub action: String,
    /// What it was done to, or what came of it.
    pub detail: Value,
}
