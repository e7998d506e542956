//! C2SP tlog-cosignature: a witness's word that a checkpoint is the largest consistent head it has seen, and when.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::keys::{PublicKey, SecretKey};
use crate::note::{Note, NoteError, Verifier, key_id, read_vkey, write_vkey};

/// Type byte of an Ed25519 key that makes timestamped cosignatures.
const TIMESTAMPED: u8 = 0x04;

/// A witness's name and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key: PublicKey,
}

impl Witness {
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        // A witness is named like any other signer.
        Verifier::new(name, key)?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// Reads `<name>+<hex key id>+<base64(04 || key)>`.
    pub fn from_vkey(vkey: &str) -> Result<Self, NoteError> {
        let (name, key) = read_vkey(vkey, TIMESTAMPED)?;
        Self::new(&name, key)
    }

    pub fn vkey(&self) -> String {
        write_vkey(&self.name, TIMESTAMPED, &self.key)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// First four bytes of `SHA-256(name || "\n" || 04 || key)`.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, TIMESTAMPED, &self.key)
    }

    /// When this witness cosigned the note (Unix seconds): its newest valid cosignature. A line that claims to be theirs
    /// and fails rejects the note.
    pub fn cosigned(&self, note: &Note) -> Result<u64, NoteError> {
        let id = self.id();
        let theirs = note.signatures().iter().filter(|s| s.name == self.name && s.id == id);
        let mut newest = None;
        for signature in theirs {
            let wrong = || NoteError::WrongSignature(self.name.clone());
            let (time, bytes) = signature.bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
            let time = u64::from_be_bytes(*time);
            if !self.key.verifies(&message(time, note.text()), bytes) {
                return Err(wrong());
            }
            newest = newest.max(Some(time));
        }
        newest.ok_or_else(|| NoteError::Unsigned(self.name.clone()))
    }
}

/// The signature line of a witness over the text of a checkpoint, at `time` (Unix seconds, not 0), with its line end.
pub fn cosign(text: &str, name: &str, key: &SecretKey, time: u64) -> Result<String, NoteError> {
    let witness = Witness::new(name, key.public())?;
    let signature = key.sign(&message(time, text));
    let bytes = [&witness.id()[..], &time.to_be_bytes(), &signature].concat();
    Ok(format!("\u{2014} {name} {}\n", STANDARD.encode(bytes)))
}

fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::sign;

    fn signed() -> (SecretKey, String) {
        let log = SecretKey::from_seed(&[1; 32]);
        (
            SecretKey::from_seed(&[2; 32]),
            sign("log.example/1\n1\nroot\n", "log.example/1", &log).unwrap(),
        )
    }

    #[test]
    fn cosignature_tells_when_and_binds_the_text() {
        let (key, note) = signed();
        let witness = Witness::new("witness.example", key.public()).unwrap();
        assert_eq!(Witness::from_vkey(&witness.vkey()).unwrap(), witness);
        let text = Note::parse(note.as_bytes()).unwrap().text().to_owned();
        let line = cosign(&text, "witness.example", &key, 1_800_000_000).unwrap();
        let cosigned = format!("{note}{line}");
        let parsed = Note::parse(cosigned.as_bytes()).unwrap();
        assert_eq!(witness.cosigned(&parsed), Ok(1_800_000_000));
        let changed = Note::parse(cosigned.replace("\n1\n", "\n2\n").as_bytes()).unwrap();
        assert!(matches!(witness.cosigned(&changed), Err(NoteError::WrongSignature(_))));
        let bare = Note::parse(note.as_bytes()).unwrap();
        assert!(matches!(witness.cosigned(&bare), Err(NoteError::Unsigned(_))));
    }

    #[test]
    fn plain_keys_are_no_witnesses() {
        let (key, _) = signed();
        let plain = Verifier::new("witness.example", key.public()).unwrap().vkey();
        assert!(Witness::from_vkey(&plain).is_err());
    }
}
