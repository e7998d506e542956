//! The log keys that this agent believes, and how it comes to believe the next one: an entry that the pinned key signed, and
//! the next key too, inside a log whose head the pinned key signed. Pure; it never asks anybody.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::log_key::{self, Change, LogKeyError, Phase};
use exhibit_proto::note::Verifier;
use exhibit_proto::tlog_proof::TlogProof;

use super::{ReceiptError, follows};

/// One key, or two while the log signs its heads with both: either is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned(Vec<Verifier>);

/// A change as the collector shows it.
#[derive(Clone, Debug)]
pub struct Step {
    pub envelope: Vec<u8>,
    /// tlog-proof of its entry.
    pub proof: Vec<u8>,
    /// Between the known head and the proof's, from the smaller to the larger.
    pub consistency: Vec<Digest>,
}

/// Why a new log key is not believed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("the log's new key is not believed: {0}")]
    Change(#[from] LogKeyError),
    #[error("the log's new key is not believed: {0}")]
    Receipt(#[from] ReceiptError),
    #[error("the log's new key is not believed: its entry changes other keys than the pinned ones")]
    Unpinned,
}

impl AsRef<[Verifier]> for Pinned {
    fn as_ref(&self) -> &[Verifier] {
        &self.0
    }
}

impl From<Verifier> for Pinned {
    fn from(key: Verifier) -> Self {
        Self(vec![key])
    }
}

impl Pinned {
    pub fn new(key: Verifier, old: Option<Verifier>) -> Self {
        Self([key].into_iter().chain(old).collect())
    }

    /// The newest, and the one that it replaces.
    pub fn keys(&self) -> (Option<&Verifier>, Option<&Verifier>) {
        (self.0.first(), self.0.get(1))
    }

    /// The key from which the collector shall lead on.
    pub fn oldest(&self) -> Option<&Verifier> {
        self.0.last()
    }

    /// Takes one change; `known` is the newest head that was verified. Ok(None): nothing that is not pinned already.
    pub fn follow(
        &self,
        step: &Step,
        known: Option<&Checkpoint>,
    ) -> Result<Option<Self>, KeysError> {
        let (Some(key), before) = self.keys() else { return Err(KeysError::Unpinned) };
        let change = log_key::open(&step.envelope, key.name())?;
        let Change { phase, old, new } = change;
        let is = |verifier: Option<&Verifier>, wanted| verifier.map(Verifier::key) == Some(wanted);
        // The old key signs the head in both cases: who believes it needs nobody else's word.
        let (signer, next) = match phase {
            Phase::Begin if is(before, &old) && is(Some(key), &new) => return Ok(None),
            Phase::Begin if before.is_none() && is(Some(key), &old) => {
                let next = Verifier::new(key.name(), new).map_err(LogKeyError::Name)?;
                (key, Self::new(next, Some(key.clone())))
            }
            Phase::End if is(before, &old) && is(Some(key), &new) => {
                (before.unwrap_or(key), Self::from(key.clone()))
            }
            Phase::Begin | Phase::End => return Err(KeysError::Unpinned),
        };
        let by = match phase {
            Phase::Begin => old.id(),
            Phase::End => new.id(),
        };
        let head = included(step, by, signer)?;
        between(&head, &step.consistency, known)?;
        Ok(Some(next))
    }
}

/// The head under which the entry stands, signed by `signer`.
fn included(step: &Step, by: Digest, signer: &Verifier) -> Result<Checkpoint, ReceiptError> {
    let malformed = |text: String| ReceiptError::Malformed(text);
    let proof = TlogProof::parse(&step.proof).map_err(|error| malformed(error.to_string()))?;
    let bytes = proof.extra.clone().ok_or_else(|| malformed("it carries no leaf".to_owned()))?;
    let leaf = Leaf::parse(&bytes).map_err(|error| malformed(error.to_string()))?;
    let ours = Digest::of(&step.envelope);
    for (field, found, ours) in [
        ("env", leaf.env.to_string(), ours.to_string()),
        ("key", leaf.key.to_string(), by.to_string()),
        ("t", leaf.t.as_str().to_owned(), EntryType::LogKey.as_str().to_owned()),
    ] {
        if found != ours {
            return Err(ReceiptError::Leaf { field, found, ours });
        }
    }
    Ok(proof.verify(&bytes, signer)?)
}

/// The head is a past of the known one, or a future of it: the old key may have signed its last one long ago.
fn between(
    head: &Checkpoint,
    consistency: &[Digest],
    known: Option<&Checkpoint>,
) -> Result<(), ReceiptError> {
    match known {
        Some(known) if known.size > head.size => follows(known, consistency, Some(head)),
        Some(_) | None => follows(head, consistency, known),
    }
}
