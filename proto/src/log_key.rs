//! A change of the log's own key: one entry begins it and one ends it, and the old and the new key sign both. In between
//! each head carries both signature lines, so that nobody who knows either key loses the log.
//!
//! It never decides which key to trust first: whoever believes a chain of changes holds one of its keys already.

mod shown;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::dsse::{DsseError, Envelope, IN_TOTO};
use crate::keys::{KeyError, KeyId, PublicKey, SecretKey};
use crate::note::{Note, NoteError, Verifier};
use crate::statement::{LOG_KEY, MAX_ENVELOPE, Statement, StatementError, Subject};

pub use shown::{MAX_BYTES, SCHEMA, Shown, ShownChange, ShownError};

/// Predicate of [`LOG_KEY`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKey {
    pub phase: Phase,
    /// PEM SubjectPublicKeyInfo, as [`PublicKey::to_pem`] writes it.
    pub old_key: String,
    pub new_key: String,
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// After this entry the new key signs the log's own entries, and both sign its heads: that over this entry too.
    Begin,
    /// The head over this entry is the last that the old key signs.
    End,
}

/// A change whose two signatures held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub phase: Phase,
    pub old: PublicKey,
    pub new: PublicKey,
}

/// Why an envelope changes no key, or not this log's.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error(transparent)]
    Name(#[from] NoteError),
    #[error("it states {0:?}, not a change of the log's key")]
    Type(String),
    #[error("a key that it names: {0}")]
    Key(#[from] KeyError),
    #[error("a key that it names is not written as PEM in the one way that keys are")]
    Spelling,
    #[error("the new key is the old one")]
    Same,
    #[error(
        "the signatures of both keys, first that of the key in force, and no other are wanted: {0}"
    )]
    Signatures(DsseError),
    #[error("it is about the log {found:?}, not {expected:?}")]
    Origin { expected: String, found: String },
    #[error("entry {index} {what}")]
    Order { index: u64, what: &'static str },
    #[error("no change of the log's key leads to key {0}")]
    Foreign(KeyId),
}

/// Writes and signs a change for the log `origin`: the bytes of the envelope as they will be stored.
pub fn seal(
    origin: &str,
    phase: Phase,
    (old, new): (&SecretKey, &SecretKey),
    (by, reason): (&str, &str),
) -> Result<Vec<u8>, StatementError> {
    let subject = vec![Subject::new(origin.to_owned(), new.public().id(), None)];
    let change = LogKey {
        phase,
        old_key: old.public().to_pem(),
        new_key: new.public().to_pem(),
        by: by.to_owned(),
        reason: reason.to_owned(),
    };
    let (first, second) = match phase {
        Phase::Begin => (old, new),
        Phase::End => (new, old),
    };
    Statement::new(LOG_KEY, subject, change).seal_with(first, Some(second))
}

/// Opens a change of the log `origin`: both signatures, by the keys that it names itself.
pub fn open(bytes: &[u8], origin: &str) -> Result<Change, LogKeyError> {
    if bytes.len() > MAX_ENVELOPE {
        return Err(StatementError::TooLarge(bytes.len()).into());
    }
    let envelope = Envelope::parse(bytes).map_err(StatementError::Dsse)?;
    // Which keys to ask for; nothing of it is believed before both have signed.
    let payload = envelope.unverified_payload().map_err(StatementError::Dsse)?;
    let statement = Statement::<serde_json::Value>::from_payload(&payload)?;
    if statement.predicate_type != LOG_KEY {
        return Err(LogKeyError::Type(statement.predicate_type));
    }
    let statement = Statement::<LogKey>::from_payload(&payload)?;
    let LogKey { phase, old_key, new_key, .. } = &statement.predicate;
    let (old, new) = (PublicKey::from_pem(old_key)?, PublicKey::from_pem(new_key)?);
    if old.to_pem() != *old_key || new.to_pem() != *new_key {
        return Err(LogKeyError::Spelling);
    }
    if old == new {
        return Err(LogKeyError::Same);
    }
    let signers = match phase {
        Phase::Begin => [old, new],
        Phase::End => [new, old],
    };
    let [first, _] = &signers;
    envelope.open(IN_TOTO, first).map_err(LogKeyError::Signatures)?;
    envelope.signed_by(&signers).map_err(LogKeyError::Signatures)?;
    let found = statement.subject.first().map(|subject| subject.name.clone()).unwrap_or_default();
    if found != origin {
        return Err(LogKeyError::Origin { expected: origin.to_owned(), found });
    }
    Ok(Change { phase: *phase, old, new })
}

/// Every key that a log has had, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeys {
    name: String,
    /// In the order in which they came.
    past: Vec<Held>,
    newest: Held,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    verifier: Verifier,
    /// The entry that brought it; absent for the first.
    began: Option<u64>,
    /// The entry that brought the next one.
    followed: Option<u64>,
    /// The entry that ended it.
    ended: Option<u64>,
}

impl Held {
    fn new(verifier: Verifier, began: Option<u64>) -> Self {
        Self { verifier, began, followed: None, ended: None }
    }

    fn signs_entry(&self, index: u64) -> bool {
        self.began.is_none_or(|began| began < index)
            && self.followed.is_none_or(|followed| index <= followed)
    }

    fn signs_head(&self, size: u64) -> bool {
        self.began.is_none_or(|began| began < size)
            && self.ended.is_none_or(|ended| size <= ended.saturating_add(1))
    }
}

impl From<Verifier> for LogKeys {
    fn from(verifier: Verifier) -> Self {
        Self::of(verifier)
    }
}

impl From<&Verifier> for LogKeys {
    fn from(verifier: &Verifier) -> Self {
        Self::of(verifier.clone())
    }
}

impl LogKeys {
    /// A log whose key never changed.
    pub fn of(verifier: Verifier) -> Self {
        let name = verifier.name().to_owned();
        Self { name, past: Vec::new(), newest: Held::new(verifier, None) }
    }

    /// Follows all changes of a log, by ascending index, forwards and backwards from `known`: each names its old and its
    /// new key and both signed it, so that whoever trusts one of them can trust what it says of the other.
    pub fn follow(
        known: &Verifier,
        changes: impl IntoIterator<Item = (u64, Vec<u8>)>,
    ) -> Result<Self, LogKeyError> {
        let (name, mut keys) = (known.name(), None::<Self>);
        for (index, bytes) in changes {
            let change = open(&bytes, name)?;
            let first = || Verifier::new(name, change.old).map(Self::of);
            let mut so_far = match keys.take() {
                Some(so_far) => so_far,
                None => first()?,
            };
            so_far.apply(index, &change)?;
            keys = Some(so_far);
        }
        let keys = keys.unwrap_or_else(|| Self::of(known.clone()));
        if keys.all().any(|key| key == known) {
            Ok(keys)
        } else {
            Err(LogKeyError::Foreign(known.key().id()))
        }
    }

    /// Takes the change that stands at `index`, after all that were taken before.
    pub fn apply(&mut self, index: u64, change: &Change) -> Result<(), LogKeyError> {
        let order = |what| Err(LogKeyError::Order { index, what });
        let overlap = self.overlap().map(|(old, new)| (*old.key(), *new.key()));
        match (change.phase, overlap) {
            (Phase::Begin, Some(_)) => order("begins a change while another goes on"),
            (Phase::Begin, None) if *self.newest().key() != change.old => {
                order("changes from a key that is not the one in force")
            }
            (Phase::Begin, None) if self.all().any(|key| *key.key() == change.new) => {
                order("changes to a key that the log has had before")
            }
            (Phase::Begin, None) => {
                let next = Held::new(Verifier::new(&self.name, change.new)?, Some(index));
                self.newest.followed = Some(index);
                self.past.push(std::mem::replace(&mut self.newest, next));
                Ok(())
            }
            (Phase::End, Some(pair)) if pair == (change.old, change.new) => {
                if let Some(leaving) = self.past.last_mut() {
                    leaving.ended = Some(index);
                }
                Ok(())
            }
            (Phase::End, _) => order("ends a change that did not begin"),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Verifier> {
        self.held().map(|held| &held.verifier)
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.past.iter().chain([&self.newest])
    }

    /// The key that signs the log's own entries now.
    pub fn newest(&self) -> &Verifier {
        &self.newest.verifier
    }

    /// Old and new key of the change that goes on.
    pub fn overlap(&self) -> Option<(&Verifier, &Verifier)> {
        let old = self.past.last().filter(|old| old.ended.is_none())?;
        Some((&old.verifier, &self.newest.verifier))
    }

    /// Keys that sign heads now, the newest first: an auditor's policy names each.
    pub fn in_force(&self) -> Vec<&Verifier> {
        match self.overlap() {
            Some((old, new)) => vec![new, old],
            None => vec![self.newest()],
        }
    }

    /// The key that signs the log's own entry at `index`.
    pub fn of_entry(&self, index: u64) -> &Verifier {
        let held = self.held().find(|held| held.signs_entry(index));
        held.map_or_else(|| self.newest(), |held| &held.verifier)
    }

    /// The keys that sign a head of `size`, oldest first.
    pub fn of_head(&self, size: u64) -> Vec<&Verifier> {
        self.held().filter(|held| held.signs_head(size)).map(|held| &held.verifier).collect()
    }

    /// The largest head that this key signs: `None` for one that still does, or that is not the log's.
    pub fn last_head(&self, key: &KeyId) -> Option<u64> {
        let held = self.held().find(|held| held.verifier.key().id() == *key)?;
        held.ended.map(|ended| ended.saturating_add(1))
    }

    /// Reads a head that every key signed which was in force at its size.
    pub fn open_head(&self, bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        // Believed only to choose among our own keys.
        let claimed = Checkpoint::from_text(Note::parse(bytes)?.text())?;
        let keys = self.of_head(claimed.size);
        for key in keys.iter().skip(1) {
            Checkpoint::open(bytes, *key)?;
        }
        Checkpoint::open(bytes, keys.first().copied().unwrap_or_else(|| self.newest()))
    }

    /// Reads a head that any key signed which this log ever had, whatever its size: the proof of a second history may
    /// well carry a key that was stolen after it was retired.
    pub fn open_any(&self, bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let all: Vec<Verifier> = self.all().cloned().collect();
        Checkpoint::open(bytes, &all)
    }
}

#[cfg(test)]
#[path = "log_key_tests.rs"]
mod tests;
