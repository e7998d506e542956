//! A bundle: the folder that an export writes and an auditor verifies. Names of its files, and its manifest.
//!
//! Nothing here is trusted by a verifier: the manifest says what the bundle claims to hold.

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::document::{Kind, Target};
use crate::keys::KeyId;
use crate::leaf::EntryType;

/// What the manifest's `schema` says.
pub const SCHEMA: &str = "urn:exhibit:bundle:v1";

pub const README: &str = "README.md";
/// Verifies the bundle in a browser, without a network.
pub const PAGE: &str = "verify.html";
/// `<sha256>  <path>` of every file but itself, as `sha256sum` writes it, sorted by path.
pub const SUMS: &str = "SHA256SUMS";
pub const MANIFEST: &str = "manifest.json";
/// The policy (C2SP tlog-policy) that the collector would give; to be compared with one from outside.
pub const POLICY: &str = "policy";
/// The log's key as PEM, for `openssl`; to be compared with a fingerprint from outside.
pub const LOG_KEY: &str = "log.pem";
/// The signed head of the log that everything leads to.
pub const CHECKPOINT: &str = "checkpoint";

/// The leaf of entry `index`, byte for byte as the log holds it.
pub fn leaf(index: u64) -> String {
    format!("leaves/{index}.json")
}

/// The inclusion proof of entry `index` under [`CHECKPOINT`].
pub fn proof(index: u64) -> String {
    format!("proofs/{index}.tlog-proof")
}

pub fn envelope(digest: &Digest) -> String {
    format!("envelopes/{digest}.json")
}

pub fn document(digest: &Digest) -> String {
    format!("documents/{digest}.json")
}

/// An agent's evidence key as PEM, for `openssl`; its enrolment entry says the same.
pub fn key(id: &KeyId) -> String {
    format!("keys/{id}.pem")
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA`]
    pub schema: String,
    /// RFC 3339, UTC.
    pub generated_at: String,
    /// What [`CHECKPOINT`] says, for reading.
    pub checkpoint: Checkpoint,
    pub selection: Selection,
    /// By ascending index.
    pub items: Vec<Item>,
}

/// What was asked for; an empty list and an absent time mean all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    pub targets: Vec<Target>,
    pub kinds: Vec<Kind>,
    /// Controls that led to `kinds`, such as `A.8.13`.
    pub controls: Vec<String>,
    /// First and last time of logging: RFC 3339, UTC, both inclusive.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// One entry of the log that the bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Position in the log, from 0.
    pub index: u64,
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// When the collector received it: the leaf's `rx`.
    pub logged: String,
    pub envelope: Digest,
    /// The documents that its statement names, in its order.
    pub documents: Vec<Listed>,
}

/// A document that a statement names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub digest: Digest,
    pub kind: Kind,
    pub target: Target,
    /// Why the bundle does not hold it; absent when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Absence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Another kind or target than asked for.
    NotSelected,
    /// The collector has not got it: the agent gave it up when its spool was full, or it was deleted.
    NotHeld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_reads_back_and_refuses_unknown_fields() {
        let digest = Digest::of(b"d");
        let (kind, target) = ("patch.status".parse().unwrap(), "host:a".parse().unwrap());
        let listed = Listed { digest, kind, target, absent: Some(Absence::NotSelected) };
        let logged = "2026-11-22T10:00:00.000Z".to_owned();
        let entry_type = EntryType::Evidence;
        let documents = vec![listed];
        let manifest = Manifest {
            schema: SCHEMA.into(),
            generated_at: logged.clone(),
            checkpoint: Checkpoint { origin: "log.example/1".into(), size: 4, root: digest },
            selection: Selection::default(),
            items: vec![Item { index: 3, entry_type, logged, envelope: digest, documents }],
        };
        let text = serde_json::to_string(&manifest).unwrap();
        assert!(
            text.contains(r#""type":"evidence""#) && text.contains(r#""absent":"not_selected""#)
        );
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
        let more = text.replacen(r#""index""#, r#""x":1,"index""#, 1);
        assert!(serde_json::from_str::<Manifest>(&more).is_err());
    }
}
