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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePackInForce {
    pub version: String,
    pub pack: Digest,
    pub rules: u64,
    pub by: String,
}

/// Predicate of [`ACTIVITY`](super::ACTIVITY): what a person did (sign-in, export, token made…).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub by: String,
    pub action: String,
    /// What it was done to, or what came of it.
    pub detail: Value,
}
