//! One receipt: a tlog-proof that carries its leaf.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{Leaf, LeafError};
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

/// Accepts a receipt under the keys of the policy only.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Receipt, ReceiptError> {
    let proof = TlogProof::parse(bytes)?;
    let bytes = proof.extra.as_deref().ok_or(ReceiptError::NoLeaf)?;
    // The origin is read before it is believed only to choose among the policy's keys.
    let origin = proof.checkpoint.lines().next().unwrap_or_default();
    let mut logs = trust.policy.logs.iter().filter(|log| log.name() == origin);
    let mut verdict = None;
    let covered = loop {
        let Some(log) = logs.next() else { break None };
        match proof.verify(bytes, log) {
            Ok(covered) => break Some(covered),
            Err(error) => verdict = Some(error),
        }
    };
    let Some(covered) = covered else {
        return Err(verdict.map_or_else(
            || ReceiptError::OtherLog {
                origin: origin.chars().take(200).collect(),
                policy: trust.source.clone(),
                trusted: trust
                    .policy
                    .logs
                    .iter()
                    .map(Verifier::name)
                    .collect::<Vec<_>>()
                    .join(", "),
            },
            ReceiptError::Proof,
        ));
    };
    let leaf = Leaf::parse(bytes)?;
    Ok(Receipt {
        origin: covered.origin,
        index: proof.index,
        size: covered.size,
        root: covered.root,
        entry_type: leaf.t.as_str().to_owned(),
        envelope: leaf.env,
        logged: leaf.rx,
    })
}
