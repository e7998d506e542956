//! C2SP tlog-checkpoint: the text that a log signs as its head.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::keys::SecretKey;
use crate::note::{Note, NoteError, Verifier, sign_with};

/// The head of a log: how many leaves, and their root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Name of the log, equal to its key's name.
    pub origin: String,
    #[serde(with = "crate::statement::decimal")]
    pub size: u64,
    pub root: Digest,
}

/// Why a checkpoint is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    #[error("checkpoint of {found:?} where {expected:?} belongs")]
    Origin { expected: String, found: String },
}

impl Checkpoint {
    /// Origin, size and root, a line each.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Signs as the log itself.
    pub fn sign(&self, key: &SecretKey) -> Result<String, NoteError> {
        self.sign_with(&[key])
    }

    /// Signs as the log itself while its key changes: a line for each key.
    pub fn sign_with(&self, keys: &[&SecretKey]) -> Result<String, NoteError> {
        sign_with(&self.text(), &self.origin, keys)
    }

    /// Reads the text of a note; extension lines are allowed and not interpreted.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let text = text.strip_suffix('\n').ok_or(malformed("no final line end"))?;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(malformed("no origin"))?;
        let size =
            lines.next().and_then(decimal).ok_or(malformed("size is not a decimal number"))?;
        let root = lines.next().and_then(|line| STANDARD.decode(line).ok());
        let root = root.and_then(|bytes| Digest::try_from(bytes.as_slice()).ok());
        let root = root.ok_or(malformed("root is not the base64 of 32 bytes"))?;
        if lines.any(str::is_empty) {
            return Err(malformed("empty extension line"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Reads a signed checkpoint and accepts it only with the signature of `log`, or of one of its keys where there are
    /// several, under the log's own name.
    pub fn open<L: AsRef<[Verifier]> + ?Sized>(
        bytes: &[u8],
        log: &L,
    ) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let log = note.verify_any(log.as_ref())?;
        let checkpoint = Self::from_text(note.text())?;
        if checkpoint.origin != log.name() {
            let expected = log.name().to_owned();
            return Err(CheckpointError::Origin { expected, found: checkpoint.origin });
        }
        Ok(checkpoint)
    }
}

/// A decimal number without sign or leading zeros, at most 2^63 - 1 so that every implementation can hold it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number = text.parse::<i64>().ok()?;
    (number.to_string() == text).then(|| u64::try_from(number).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "log.example/1".into(), size: 42, root: Digest::of(b"r") }
    }

    #[test]
    fn signed_checkpoint_opens_only_under_its_own_name() {
        let key = SecretKey::from_seed(&[1; 32]);
        let log = Verifier::new("log.example/1", key.public()).unwrap();
        let signed = checkpoint().sign(&key).unwrap();
        assert_eq!(Checkpoint::open(signed.as_bytes(), &log), Ok(checkpoint()));
        let renamed = Checkpoint { origin: "log.example/2".into(), ..checkpoint() };
        let signed = sign_with(&renamed.text(), "log.example/1", &[&key]).unwrap();
        let opened = Checkpoint::open(signed.as_bytes(), &log);
        assert!(matches!(opened, Err(CheckpointError::Origin { .. })));
    }

    #[test]
    fn sizes_have_one_spelling() {
        let text = checkpoint().text();
        for size in ["042", "+42", "-1", "", "9223372036854775808", "4 2"] {
            let changed = text.replace("\n42\n", &format!("\n{size}\n"));
            assert!(Checkpoint::from_text(&changed).is_err(), "{size}");
        }
        let largest = text.replace("\n42\n", "\n9223372036854775807\n");
        assert!(Checkpoint::from_text(&largest).is_ok());
        assert!(Checkpoint::from_text(&format!("{text}extension\n")).is_ok());
        assert!(Checkpoint::from_text(&format!("{text}\n")).is_err());
    }

    #[test]
    fn specification_example_reads() {
        // The body of the example in C2SP tlog-checkpoint.
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::from_text(text).unwrap();
        assert_eq!((checkpoint.size, checkpoint.text().as_str()), (20_852_163, text));
    }
}
