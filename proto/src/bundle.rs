//! A bundle: the folder that an export writes and an auditor verifies. Names of its files, and its manifest.
//!
//! Nothing here is trusted by a verifier: the manifest says what the bundle claims to hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, decimal};
use crate::digest::Digest;
use crate::document::{Kind, Target};
use crate::keys::KeyId;
use crate::leaf::EntryType;

/// What the manifest's `schema` says.
pub const SCHEMA: &str = "urn:exhibit:bundle:v1";

pub const README: &str = "README.md";
/// Verifies the bundle in a browser, without a network.
pub const PAGE: &str = "verify.html";
/// `<sha256>  <path>` of every file but itself, as `sha256sum` writes it, in the order of writing.
pub const SUMS: &str = "SHA256SUMS";
pub const MANIFEST: &str = "manifest.json";
/// The policy (C2SP tlog-policy) that the collector would give; to be compared with one from outside.
pub const POLICY: &str = "policy";
/// The log's key as PEM, for `openssl`; to be compared with a fingerprint from outside.
pub const LOG_KEY: &str = "log.pem";
/// The changes of the log's key (`log_key::Shown`), where there were any; beside the tiles where a log is served, too.
pub const LOG_KEYS: &str = "log-keys.json";
/// The findings and the statuses that the collector shows, to be judged again from the documents (`exhibit verify --replay`).
pub const FINDINGS: &str = "findings.json";
pub const STATUSES: &str = "statuses.json";
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

/// A file that a person brought, as it came.
pub fn file(digest: &Digest) -> String {
    format!("files/{digest}")
}

pub fn document(digest: &Digest) -> String {
    format!("documents/{digest}.json")
}

/// The archive of a rule pack: its files, by their paths.
pub fn pack(digest: &Digest) -> String {
    format!("packs/{digest}.json")
}

/// An agent's evidence key as PEM, for `openssl`; its enrolment entry says the same.
pub fn key(id: &KeyId) -> String {
    format!("keys/{id}.pem")
}

/// The folder of time-stamps, with `/`.
pub const TIMESTAMPS: &str = "timestamps/";
/// Certificates that the tokens led through, for `openssl ts`; none is believed because it is there.
pub const TIMESTAMP_CHAIN: &str = "chain.pem";

/// The name of a file in [`TIMESTAMPS`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timestamp {
    /// `checkpoint-<size>`: a head with the log's signature alone.
    Checkpoint { size: u64 },
    /// `checkpoint-<size>.<authority>.tsr`: TimeStampResp over that file.
    Token { size: u64, authority: String },
    /// [`TIMESTAMP_CHAIN`]
    Chain,
}

/// Another name than those in [`TIMESTAMPS`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the name of a time-stamp file")]
pub struct NoTimestamp;

impl Timestamp {
    /// Its size, if it is a checkpoint.
    pub fn checkpoint(&self) -> Option<u64> {
        match self {
            Self::Checkpoint { size } => Some(*size),
            Self::Token { .. } | Self::Chain => None,
        }
    }

    /// Its size and authority, if it is a token.
    pub fn token(&self) -> Option<(u64, &str)> {
        match self {
            Self::Token { size, authority } => Some((*size, authority)),
            Self::Checkpoint { .. } | Self::Chain => None,
        }
    }

    /// Whether its parts can be read back from its text.
    pub fn is_sound(&self) -> bool {
        self.to_string().parse().as_ref() == Ok(self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint { size } => write!(f, "checkpoint-{size}"),
            Self::Token { size, authority } => write!(f, "checkpoint-{size}.{authority}.tsr"),
            Self::Chain => f.write_str(TIMESTAMP_CHAIN),
        }
    }
}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(name: &str) -> Result<Self, NoTimestamp> {
        if name == TIMESTAMP_CHAIN {
            return Ok(Self::Chain);
        }
        let rest = name.strip_prefix("checkpoint-").ok_or(NoTimestamp)?;
        let (size, rest) = rest.split_once('.').map_or((rest, None), |(s, rest)| (s, Some(rest)));
        let size = decimal(size).filter(|size| *size > 0).ok_or(NoTimestamp)?;
        let Some(rest) = rest else { return Ok(Self::Checkpoint { size }) };
        let authority = rest.strip_suffix(".tsr").ok_or(NoTimestamp)?;
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let sound = authority.len() <= 60
            && authority.chars().all(fine)
            && authority.starts_with(edge)
            && authority.ends_with(edge);
        if sound {
            Ok(Self::Token { size, authority: authority.to_owned() })
        } else {
            Err(NoTimestamp)
        }
    }
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
    /// The audit whose bundle it is: what is attached to it and was drawn for it comes along, whatever the rest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    /// First and last time of logging: RFC 3339, UTC, both inclusive. Evidence from before the first is not of the period: it is the
    /// last that was said until then, so that what held as the period began can be judged again; and what an audit refers to.
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
    fn names_of_time_stamp_files_have_one_spelling() {
        let token = Timestamp::Token { size: 7, authority: "tsa.example".into() };
        for name in [Timestamp::Checkpoint { size: 700 }, token, Timestamp::Chain] {
            assert!(name.is_sound(), "{name}");
        }
        for wrong in [
            "",
            "checkpoint",
            "checkpoint-",
            "checkpoint-0",
            "checkpoint-07",
            "checkpoint-7.tsr",
            "checkpoint-7..tsr",
            "checkpoint-7./../x.tsr",
            "checkpoint-7.A.tsr",
            "checkpoint-7.a/b.tsr",
            "../chain.pem",
            "checkpoint-7.a.tsr.x",
        ] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(NoTimestamp), "{wrong}");
        }
    }

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
