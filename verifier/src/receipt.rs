//! One receipt: a tlog-proof that carries its leaf.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{Leaf, LeafError};
use exhibit_proto::log_key::{LogKeys, ShownError};
use exhibit_proto::merkle::{leaf_hash, verify_inclusion};
use exhibit_proto::note::Verifier;
use exhibit_proto::tlog_proof::{TlogProof, TlogProofError};
use serde::Serialize;

use crate::trust::Trust;

const MAX_BYTES: u64 = 64 << 10;

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub origin: String,
    /// Position in the log, from 0.
    pub index: u64,
    /// Entries and root of the checkpoint that covers it.
    pub size: u64,
    pub root: Digest,
    /// Fingerprint of the key that signed that checkpoint; the newer one where two did.
    pub log_key: Digest,
    /// The entry that retired it, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<u64>,
    #[serde(rename = "type")]
    pub entry_type: String,
    pub envelope: Digest,
    pub logged: String,
}

/// Why a receipt is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("receipt {path}: {source}")]
    Unreadable { path: String, source: io::Error },
    #[error("receipt of more than {MAX_BYTES} bytes: this is not a receipt")]
    TooLarge,
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    #[error("receipt carries no leaf (`extra` line), so there is nothing that it proves")]
    NoLeaf,
    #[error(transparent)]
    Leaf(#[from] LeafError),
    #[error("log-keys.json does not lead from the policy's key: {0}")]
    LogKeys(#[from] ShownError),
    #[error("receipt is of the log {origin:?}; policy {policy} trusts {trusted}")]
    OtherLog { origin: String, policy: String, trusted: String },
}

/// Reads a receipt from `path`.
pub fn read(path: &Path) -> Result<Vec<u8>, ReceiptError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let shown = path.display().to_string();
    read.map_err(|source| ReceiptError::Unreadable { path: shown, source })?;
    if bytes.len() as u64 > MAX_BYTES { Err(ReceiptError::TooLarge) } else { Ok(bytes) }
}

/// Accepts a receipt under the keys of the policy, and those to which the changes of the log's key lead from there.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Receipt, ReceiptError> {
    let proof = TlogProof::parse(bytes)?;
    let bytes = proof.extra.as_deref().ok_or(ReceiptError::NoLeaf)?;
    // The origin is read before it is believed only to choose among the policy's keys.
    let origin = proof.checkpoint.lines().next().unwrap_or_default();
    let mut verdict = None;
    for log in trust.policy.logs.iter().filter(|log| log.name() == origin) {
        match under(&proof, bytes, log, trust) {
            Ok((covered, keys)) => return told(&proof, bytes, covered, &keys),
            Err(error) => verdict = Some(error),
        }
    }
    let names = || trust.policy.logs.iter().map(Verifier::name).collect::<Vec<_>>().join(", ");
    Err(verdict.unwrap_or_else(|| ReceiptError::OtherLog {
        origin: origin.chars().take(200).collect(),
        policy: trust.source.clone(),
        trusted: names(),
    }))
}

/// The head that covers the leaf, under `log` or another key of that log.
fn under(
    proof: &TlogProof,
    leaf: &[u8],
    log: &Verifier,
    trust: &Trust,
) -> Result<(Checkpoint, LogKeys), ReceiptError> {
    let keys = match &trust.log_keys {
        Some(shown) => shown.follow(log)?,
        None => return Ok((proof.verify(leaf, log)?, LogKeys::from(log))),
    };
    let covered = keys.open_head(proof.checkpoint.as_bytes()).map_err(TlogProofError::from)?;
    let hash = leaf_hash(leaf);
    let held = verify_inclusion(proof.index, covered.size, &hash, &proof.path, &covered.root);
    held.map_err(TlogProofError::from)?;
    Ok((covered, keys))
}

fn told(
    proof: &TlogProof,
    bytes: &[u8],
    covered: Checkpoint,
    keys: &LogKeys,
) -> Result<Receipt, ReceiptError> {
    let leaf = Leaf::parse(bytes)?;
    let signer = keys.of_head(covered.size).pop().unwrap_or(keys.newest()).key().id();
    Ok(Receipt {
        origin: covered.origin,
        index: proof.index,
        size: covered.size,
        root: covered.root,
        log_key: signer,
        retired: keys.last_head(&signer).map(|size| size.saturating_sub(1)),
        entry_type: leaf.t.as_str().to_owned(),
        envelope: leaf.env,
        logged: leaf.rx,
    })
}
