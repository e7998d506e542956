//! C2SP signed-note: a text, a blank line, and signature lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::Digest;
use crate::keys::{KeyError, PublicKey, SecretKey};

/// Type byte of a plain Ed25519 key.
const ED25519: u8 = 0x01;
/// Signature lines a note may have; the specification asks for at least 16.
const MAX_SIGNATURES: usize = 64;

/// Why a note, a key or a name is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    #[error("{0:?} is not a key name: it must be non-empty, without spaces and without '+'")]
    Name(String),
    #[error("{0:?} is not a verifier key (name+id+key)")]
    Vkey(String),
    #[error("verifier key of {name:?} cannot be used: {source}")]
    Key { name: String, source: KeyError },
    #[error("signature of {0:?} does not fit the text")]
    WrongSignature(String),
    #[error("note carries no signature of {0:?}")]
    Unsigned(String),
}

/// A name and an Ed25519 key: whose signature is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: PublicKey,
}

impl Verifier {
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// Reads `<name>+<hex key id>+<base64(type || key)>`.
    pub fn from_vkey(vkey: &str) -> Result<Self, NoteError> {
        let (name, key) = read_vkey(vkey, ED25519)?;
        Self::new(&name, key)
    }

    pub fn vkey(&self) -> String {
        write_vkey(&self.name, ED25519, &self.key)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// First four bytes of `SHA-256(name || "\n" || type || key)`.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, ED25519, &self.key)
    }
}

/// One key where any of several would do.
impl AsRef<[Verifier]> for Verifier {
    fn as_ref(&self) -> &[Verifier] {
        std::slice::from_ref(self)
    }
}

/// One signature line, known or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub id: [u8; 4],
    pub bytes: Vec<u8>,
}

/// A parsed note; its signatures are not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Splits at the last blank line; accepts signature lines of unknown keys and types.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = str::from_utf8(bytes).map_err(|_not_utf8| NoteError::Malformed("not UTF-8"))?;
        if whole.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(NoteError::Malformed("control character (CRLF line ends?)"));
        }
        let (text, lines) =
            whole.rsplit_once("\n\n").ok_or(NoteError::Malformed("no blank line"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("last line has no end"))?;
        let signatures = lines.split('\n').map(signature_line).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(NoteError::Malformed("bad signature line"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("over 64 signature lines"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The signed text, with its final line end.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Accepts the note if `verifier` signed it; a line that claims to be theirs and fails rejects the note.
    pub fn verify(&self, verifier: &Verifier) -> Result<(), NoteError> {
        let id = verifier.id();
        let theirs = self.signatures.iter().filter(|s| s.name == verifier.name && s.id == id);
        let mut signed = false;
        for signature in theirs {
            if !verifier.key.verifies(self.text.as_bytes(), &signature.bytes) {
                return Err(NoteError::WrongSignature(verifier.name.clone()));
            }
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteError::Unsigned(verifier.name.clone())) }
    }

    /// Accepts the note if any of `verifiers` signed it; a line that claims to be one's and fails rejects it. Answers
    /// the first that signed.
    pub fn verify_any<'a>(&self, verifiers: &'a [Verifier]) -> Result<&'a Verifier, NoteError> {
        let (mut signer, mut unsigned) = (None, NoteError::Unsigned("nobody known".to_owned()));
        for verifier in verifiers {
            match self.verify(verifier) {
                Ok(()) => signer = signer.or(Some(verifier)),
                Err(error @ NoteError::Unsigned(_)) => unsigned = error,
                Err(error) => return Err(error),
            }
        }
        signer.ok_or(unsigned)
    }
}

/// Signs `text` (which ends with a line end) as `name`.
pub fn sign(text: &str, name: &str, key: &SecretKey) -> Result<String, NoteError> {
    sign_with(text, name, &[key])
}

/// [`sign`] with a line for each of `keys`, all of the same name.
pub fn sign_with(text: &str, name: &str, keys: &[&SecretKey]) -> Result<String, NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("text has no final line end"));
    }
    let mut note = format!("{text}\n");
    for key in keys {
        let verifier = Verifier::new(name, key.public())?;
        let signature = [&verifier.id()[..], &key.sign(text.as_bytes())].concat();
        note.push_str(&format!("\u{2014} {name} {}\n", STANDARD.encode(signature)));
    }
    Ok(note)
}

/// First four bytes of `SHA-256(name || "\n" || type || key)`.
pub(crate) fn key_id(name: &str, key_type: u8, key: &PublicKey) -> [u8; 4] {
    let parts: [&[u8]; 4] = [name.as_bytes(), b"\n", &[key_type], key.as_bytes()];
    let [a, b, c, d, ..] = *Digest::of_parts(&parts).as_bytes();
    [a, b, c, d]
}

pub(crate) fn write_vkey(name: &str, key_type: u8, key: &PublicKey) -> String {
    let encoded = STANDARD.encode([&[key_type], &key.as_bytes()[..]].concat());
    format!("{name}+{}+{encoded}", hex::encode(key_id(name, key_type, key)))
}

/// Reads `<name>+<hex key id>+<base64(type || key)>` of the type asked for; base64 may hold a `+`, so only the first two
/// part it.
pub(crate) fn read_vkey(vkey: &str, key_type: u8) -> Result<(String, PublicKey), NoteError> {
    let refused = || NoteError::Vkey(vkey.chars().take(200).collect());
    let mut parts = vkey.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(refused());
    };
    let bytes = STANDARD.decode(key).map_err(|_not_base64| refused())?;
    let raw = bytes.split_first().filter(|(first, _)| **first == key_type).map(|(_, raw)| raw);
    let raw = raw.and_then(|raw| <&[u8; 32]>::try_from(raw).ok()).ok_or_else(refused)?;
    let key = PublicKey::from_bytes(raw)
        .map_err(|source| NoteError::Key { name: name.to_owned(), source })?;
    let fits = hex::encode(key_id(name, key_type, &key)) == id;
    if fits { Ok((name.to_owned(), key)) } else { Err(refused()) }
}

/// Non-empty, without Unicode spaces and without plus signs (C2SP signed-note).
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

fn signature_line(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    let usable = is_name(name) && !bytes.is_empty();
    usable.then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verifier key and the note of the C2SP signed-note specification.
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    fn ours() -> (SecretKey, Verifier) {
        let key = SecretKey::from_seed(&[9; 32]);
        let verifier = Verifier::new("log.example/1", key.public()).unwrap();
        (key, verifier)
    }

    #[test]
    fn published_vkey_reads_and_prints() {
        assert_eq!(Verifier::from_vkey(VKEY).unwrap().vkey(), VKEY);
        assert!(Verifier::from_vkey(&VKEY.replace("530d903a", "530d903b")).is_err());
    }

    #[test]
    fn note_of_the_go_reference_verifies() {
        // The example of the Go reference implementation of signed notes (module documentation).
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
            \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let note = Note::parse(note.as_bytes()).unwrap();
        assert_eq!(note.verify(&Verifier::from_vkey(vkey).unwrap()), Ok(()));
    }

    #[test]
    fn unknown_signatures_are_ignored_and_failing_known_ones_reject() {
        let (key, verifier) = ours();
        let note = sign("a\n\nb\n", "log.example/1", &key).unwrap();
        let with_stranger = format!("{note}\u{2014} stranger AAAAAAAAAAAA\n");
        assert_eq!(Note::parse(with_stranger.as_bytes()).unwrap().verify(&verifier), Ok(()));
        assert_eq!(Note::parse(note.as_bytes()).unwrap().text(), "a\n\nb\n");
        let changed = note.replace("a\n", "c\n");
        let changed = Note::parse(changed.as_bytes()).unwrap();
        assert!(matches!(changed.verify(&verifier), Err(NoteError::WrongSignature(_))));
        let other = Verifier::new("log.example/2", key.public()).unwrap();
        let note = Note::parse(note.as_bytes()).unwrap();
        assert!(matches!(note.verify(&other), Err(NoteError::Unsigned(_))));
    }

    #[test]
    fn malformed_notes_are_refused() {
        for bad in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n\u{2014} x\n",
            "text\r\n\n\u{2014} x AAAAAAAA\n",
            "text\n\n- x AAAAAAAA\n",
            "text\n\n\u{2014} x AAAAAAAA",
            "text\n\n\u{2014} x AAAAAAA\n",
            "text\n\n\u{2014} x\u{a0}y AAAAAAAA\n",
            "text\n\n\u{2014} x\u{85} AAAAAAAA\n",
        ] {
            assert!(Note::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Verifier::new("a b", ours().0.public()).is_err());
        assert!(Verifier::new("a+b", ours().0.public()).is_err());
        assert!(sign("no end", "x", &ours().0).is_err());
    }
}
