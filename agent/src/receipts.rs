//! Decides whether a receipt proves that our statement is in the pinned log, and whether that log still continues the
//! one we saw before. Pure; it never deletes and never asks anybody.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Leaf, LeafError, Link};
use exhibit_proto::merkle::{ProofError, verify_consistency};
use exhibit_proto::tlog_proof::{TlogProof, TlogProofError};

mod pinned;

pub use pinned::{KeysError, Pinned, Step};

/// What the leaf of our statement must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256 of the envelope.
    pub envelope: Digest,
    pub key: KeyId,
    pub link: Link,
    pub entry: EntryType,
}

/// A receipt that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub index: u64,
    pub checkpoint: Checkpoint,
    /// The signed checkpoint, verbatim.
    pub signed: String,
    /// When the collector says it received the statement: RFC 3339.
    pub received: String,
}

/// Why a receipt is not believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptError {
    #[error("receipt cannot be read: {0}")]
    Malformed(String),
    #[error("receipt is for another statement: its leaf has {field} {found}, ours {ours}")]
    Leaf { field: &'static str, found: String, ours: String },
    #[error("receipt does not hold under the pinned log key: {0}")]
    Proof(#[from] TlogProofError),
    /// The head is signed by the log and does not continue the head that we verified before: the log was rewritten,
    /// or shows us another tree than others. Both heads are evidence.
    #[error(
        "the log's head of size {size} does not continue the verified head of size {known}: {reason}"
    )]
    Fork { known: u64, size: u64, reason: ProofError },
}

/// Checks one receipt; `known` is the newest head that was verified before.
pub fn verify(
    proof: &[u8],
    consistency: &[Digest],
    expected: &Expected,
    log: &Pinned,
    known: Option<&Checkpoint>,
) -> Result<Verified, ReceiptError> {
    let malformed = |text: String| ReceiptError::Malformed(text);
    let proof = TlogProof::parse(proof).map_err(|error| malformed(error.to_string()))?;
    let bytes = proof.extra.clone().ok_or_else(|| malformed("it carries no leaf".to_owned()))?;
    let leaf = Leaf::parse(&bytes).map_err(|error: LeafError| malformed(error.to_string()))?;
    same(&leaf, expected)?;
    let checkpoint = proof.verify(&bytes, log)?;
    follows(&checkpoint, consistency, known)?;
    Ok(Verified { index: proof.index, checkpoint, signed: proof.checkpoint, received: leaf.rx })
}

fn same(leaf: &Leaf, expected: &Expected) -> Result<(), ReceiptError> {
    let number = |link: Option<Link>, of: fn(Link) -> String| link.map_or("none".to_owned(), of);
    let epoch = |link: Link| link.epoch.to_string();
    let seq = |link: Link| link.seq.to_string();
    let prev = |link: Link| link.prev.to_string();
    let ours = Some(expected.link);
    for (field, found, ours) in [
        ("env", leaf.env.to_string(), expected.envelope.to_string()),
        ("key", leaf.key.to_string(), expected.key.to_string()),
        ("epoch", number(leaf.link, epoch), number(ours, epoch)),
        ("seq", number(leaf.link, seq), number(ours, seq)),
        ("prev", number(leaf.link, prev), number(ours, prev)),
        ("t", leaf.t.as_str().to_owned(), expected.entry.as_str().to_owned()),
    ] {
        if found != ours {
            return Err(ReceiptError::Leaf { field, found, ours });
        }
    }
    Ok(())
}

fn follows(
    head: &Checkpoint,
    consistency: &[Digest],
    known: Option<&Checkpoint>,
) -> Result<(), ReceiptError> {
    let Some(known) = known else {
        return Ok(());
    };
    verify_consistency((known.size, &known.root), (head.size, &head.root), consistency)
        .map_err(|reason| ReceiptError::Fork { known: known.size, size: head.size, reason })
}

#[cfg(test)]
mod tests;
