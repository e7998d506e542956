//! A log that takes over from another, which has ended: its first entry holds the last known head of that one.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{NoteError, Verifier};
use crate::statement::decimal;

/// Predicate of [`crate::statement::CONTINUES`]. Whatever the other log shows beyond `size` was not known to whoever began
/// this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    pub origin: String,
    #[serde(with = "decimal")]
    pub size: u64,
    /// The other log's verifier key, as a policy of that log named it.
    pub log_key: String,
    /// The head as that key signed it, verbatim, with what cosignatures it carried.
    pub signed: String,
    pub by: String,
}

/// Why a head is not one to go on from.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ContinuesError {
    #[error("log key: {0}")]
    Key(#[from] NoteError),
    #[error("last known head: {0}")]
    Head(#[from] CheckpointError),
    #[error("the head is of {0:?} and over {1} entries, which is not what is said of it")]
    Other(String, u64),
}

impl Continues {
    /// Takes a head that `log` signed.
    pub fn of(log: &Verifier, signed: &str, by: String) -> Result<Self, ContinuesError> {
        let Checkpoint { origin, size, .. } = Checkpoint::open(signed.as_bytes(), log)?;
        Ok(Self { origin, size, log_key: log.vkey(), signed: signed.to_owned(), by })
    }

    /// The other log's key, and its head that this key signed. Whether it is the key of that log is for a policy to say.
    pub fn head(&self) -> Result<(Verifier, Checkpoint), ContinuesError> {
        let log = Verifier::from_vkey(&self.log_key)?;
        let head = Checkpoint::open(self.signed.as_bytes(), &log)?;
        if (&head.origin, head.size) == (&self.origin, self.size) {
            Ok((log, head))
        } else {
            Err(ContinuesError::Other(head.origin, head.size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::keys::SecretKey;

    fn log(seed: u8) -> (SecretKey, Verifier) {
        let key = SecretKey::from_seed(&[seed; 32]);
        let verifier = Verifier::new("old.example/1", key.public()).unwrap();
        (key, verifier)
    }

    #[test]
    fn the_head_is_the_one_that_the_named_key_signed() {
        let (key, verifier) = log(1);
        let head = Checkpoint { origin: "old.example/1".into(), size: 9, root: Digest::of(b"r") };
        let signed = head.sign(&key).unwrap();
        let continues = Continues::of(&verifier, &signed, "ada".into()).unwrap();
        assert_eq!(continues.head().unwrap(), (verifier, head));
        let json = serde_json::to_string(&continues).unwrap();
        assert!(json.contains(r#""size":"9""#), "{json}");
        assert_eq!(serde_json::from_str::<Continues>(&json).unwrap(), continues);

        assert!(Continues::of(&log(2).1, &signed, "ada".into()).is_err());
        let other = Continues { log_key: log(2).1.vkey(), ..continues.clone() };
        assert!(matches!(other.head(), Err(ContinuesError::Head(_))));
        let larger = Continues { size: 10, ..continues.clone() };
        assert!(matches!(larger.head(), Err(ContinuesError::Other(_, 9))));
        let changed = Continues { signed: signed.replace("\n9\n", "\n8\n"), ..continues };
        assert!(matches!(changed.head(), Err(ContinuesError::Head(_))));
    }
}
