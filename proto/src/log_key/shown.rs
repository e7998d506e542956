//! `log-keys.json`: every change of a log's key with the proof that it is an entry of the log, all under one head. It leads
//! whoever knows one key of the log to all others, forwards and backwards.
//!
//! It never says which key to trust first, and nothing in it is believed because it is there.

use serde::{Deserialize, Serialize};

use super::{LogKeyError, LogKeys, Phase, open};
use crate::checkpoint::CheckpointError;
use crate::digest::Digest;
use crate::json::{self, JsonError};
use crate::leaf::{EntryType, Leaf, LeafError};
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::note::Verifier;
use crate::tlog_proof::{TlogProof, TlogProofError};

/// What `schema` says.
pub const SCHEMA: &str = "urn:exhibit:log-keys:v1";
/// Longest document that is read.
pub const MAX_BYTES: u64 = 4 << 20;

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub schema: String,
    /// By ascending index; empty while the log has its first key.
    pub changes: Vec<ShownChange>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownChange {
    /// The DSSE envelope, as the log holds it.
    pub envelope: String,
    /// tlog-proof whose `extra` line carries the leaf.
    pub proof: String,
}

/// Why the document leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    #[error("{0}")]
    Json(#[from] JsonError),
    #[error("its schema is {0:?}, which this version does not read")]
    Schema(String),
    #[error("change {at}: {what}")]
    Change { at: usize, what: String },
    #[error(transparent)]
    Keys(#[from] LogKeyError),
    #[error("its head: {0}")]
    Head(#[from] CheckpointError),
}

/// One change with what its proof says of it, not held against a head yet.
struct Read {
    proof: TlogProof,
    leaf: Vec<u8>,
}

impl Shown {
    pub fn new(changes: Vec<ShownChange>) -> Self {
        Self { schema: SCHEMA.to_owned(), changes }
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, ShownError> {
        let shown: Self = json::read_object(bytes)?;
        if shown.schema == SCHEMA { Ok(shown) } else { Err(ShownError::Schema(shown.schema)) }
    }

    /// The envelope with this digest.
    pub fn envelope(&self, digest: &Digest) -> Option<&[u8]> {
        let mut all = self.changes.iter().map(|change| change.envelope.as_bytes());
        all.find(|envelope| Digest::of(envelope) == *digest)
    }

    /// The envelopes with the indices at which their proofs say that they stand.
    pub fn entries(&self) -> Result<Vec<(u64, Vec<u8>)>, ShownError> {
        let all = self.changes.iter().enumerate().map(|(at, change)| {
            let wrong = |what: String| ShownError::Change { at, what };
            let proof = TlogProof::parse(change.proof.as_bytes());
            let proof = proof.map_err(|error| wrong(error.to_string()))?;
            Ok((proof.index, change.envelope.clone().into_bytes()))
        });
        all.collect()
    }

    /// All keys of the log that `known` is one of: each change signed by both keys, and an entry of one log, whose head the
    /// keys signed to which the changes lead.
    pub fn follow(&self, known: &Verifier) -> Result<LogKeys, ShownError> {
        let mut reads = Vec::<Read>::new();
        for (at, change) in self.changes.iter().enumerate() {
            let wrong = |what: String| ShownError::Change { at, what };
            let read = read(change, known.name()).map_err(|error| wrong(error.to_string()))?;
            if let Some(before) = reads.last() {
                if before.proof.index >= read.proof.index {
                    return Err(wrong("stands before the one in front of it".to_owned()));
                }
                if before.proof.checkpoint != read.proof.checkpoint {
                    return Err(wrong("is proven under another head".to_owned()));
                }
            }
            reads.push(read);
        }
        let keys = LogKeys::follow(known, self.entries()?)?;
        if let Some(first) = reads.first() {
            let head = keys.open_head(first.proof.checkpoint.as_bytes())?;
            for (at, read) in reads.iter().enumerate() {
                let TlogProof { index, path, .. } = &read.proof;
                let hash = leaf_hash(&read.leaf);
                let held = verify_inclusion(*index, head.size, &hash, path, &head.root);
                held.map_err(|error| ShownError::Change { at, what: error.to_string() })?;
            }
        }
        Ok(keys)
    }
}

/// Why a change is none; only its words are used.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    #[error(transparent)]
    Leaf(#[from] LeafError),
    #[error(transparent)]
    Key(#[from] LogKeyError),
    #[error("its proof carries no leaf")]
    NoLeaf,
    #[error("its leaf says another {0}")]
    Other(&'static str),
}

fn read(change: &ShownChange, origin: &str) -> Result<Read, ReadError> {
    let proof = TlogProof::parse(change.proof.as_bytes())?;
    let bytes = proof.extra.clone().ok_or(ReadError::NoLeaf)?;
    let leaf = Leaf::parse(&bytes)?;
    let envelope = change.envelope.as_bytes();
    let made = open(envelope, origin)?;
    let signer = match made.phase {
        Phase::Begin => made.old,
        Phase::End => made.new,
    };
    for (what, fits) in [
        ("type", leaf.t == EntryType::LogKey),
        ("envelope", leaf.env == Digest::of(envelope)),
        ("key", leaf.key == signer.id()),
    ] {
        if !fits {
            return Err(ReadError::Other(what));
        }
    }
    Ok(Read { proof, leaf: bytes })
}
