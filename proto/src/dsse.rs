//! DSSE v1.0.2: a payload, its type, and signatures over both.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::json;
use crate::keys::{KeyId, PublicKey, SecretKey};

/// The payload type of every statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An envelope as stored: `payload` and `sig` in base64. Fields that we do not know are ignored, as the protocol asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    /// A hint; never decides anything.
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// Why an envelope is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DsseError {
    #[error("not a DSSE envelope: {0}")]
    Malformed(String),
    #[error("envelope carries no signature that key {0} made")]
    Unsigned(KeyId),
    #[error("envelope carries {found} signatures where {wanted} belong")]
    Count { found: usize, wanted: usize },
    #[error("payload type {0:?} is not one we read")]
    PayloadType(String),
}

/// The bytes that are signed: `DSSEv1 LEN(type) type LEN(body) body`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Signs `payload` with one key; the caller writes the envelope once, with [`Envelope::to_bytes`].
    pub fn sign(payload_type: &str, payload: &[u8], key: &SecretKey) -> Self {
        let sig = STANDARD.encode(key.sign(&pae(payload_type, payload)));
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signature { keyid: key.public().id().to_string(), sig }],
        }
    }

    /// Adds a signature of another key over the same payload.
    pub(crate) fn sign_too(&mut self, key: &SecretKey) -> Result<(), DsseError> {
        let sig = key.sign(&pae(&self.payload_type, &self.unverified_payload()?));
        let keyid = key.public().id().to_string();
        self.signatures.push(Signature { keyid, sig: STANDARD.encode(sig) });
        Ok(())
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, DsseError> {
        json::read_object(bytes).map_err(|error| DsseError::Malformed(error.to_string()))
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings only: this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Key ids the envelope claims, as hints to find keys by.
    pub fn key_hints(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.keyid.as_str())
    }

    /// The payload, only after a signature of `key` over it held and its type is `expected`.
    pub fn open(&self, expected: &str, key: &PublicKey) -> Result<Vec<u8>, DsseError> {
        let payload = self.unverified_payload()?;
        let message = pae(&self.payload_type, &payload);
        let signed = self.signatures.iter().any(|signature| {
            decode(&signature.sig).is_some_and(|bytes| key.verifies(&message, &bytes))
        });
        if !signed {
            return Err(DsseError::Unsigned(key.id()));
        }
        if self.payload_type != expected {
            return Err(DsseError::PayloadType(self.payload_type.clone()));
        }
        Ok(payload)
    }

    /// Whether exactly these keys signed, in this order, each under its own key id.
    pub(crate) fn signed_by(&self, keys: &[PublicKey]) -> Result<(), DsseError> {
        let (found, wanted) = (self.signatures.len(), keys.len());
        if found != wanted {
            return Err(DsseError::Count { found, wanted });
        }
        let message = pae(&self.payload_type, &self.unverified_payload()?);
        for (signature, key) in self.signatures.iter().zip(keys) {
            let signed = decode(&signature.sig).is_some_and(|sig| key.verifies(&message, &sig));
            if !signed || signature.keyid != key.id().to_string() {
                return Err(DsseError::Unsigned(key.id()));
            }
        }
        Ok(())
    }

    /// The payload before any check: to find out which key to ask for, never to believe.
    pub fn unverified_payload(&self) -> Result<Vec<u8>, DsseError> {
        decode(&self.payload).ok_or_else(|| DsseError::Malformed("payload is not base64".into()))
    }
}

/// An envelope without its payload, and the payload: together they pack better than base64 does. None where [`together`] would
/// not give the very same bytes.
pub fn apart(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut envelope = Envelope::parse(bytes).ok()?;
    let payload = envelope.unverified_payload().ok()?;
    envelope.payload.clear();
    let head = envelope.to_bytes();
    let same = together(&head, &payload).is_ok_and(|whole| whole == bytes);
    (same && !payload.is_empty()).then_some((head, payload))
}

/// The bytes of the envelope that [`apart`] took apart.
pub fn together(head: &[u8], payload: &[u8]) -> Result<Vec<u8>, DsseError> {
    let mut envelope = Envelope::parse(head)?;
    if !envelope.payload.is_empty() {
        return Err(DsseError::Malformed("it has a payload beside the one apart".to_owned()));
    }
    envelope.payload = STANDARD.encode(payload);
    Ok(envelope.to_bytes())
}

/// Both alphabets are to be accepted (DSSE protocol).
fn decode(text: &str) -> Option<Vec<u8>> {
    let engines = [&STANDARD, &URL_SAFE, &URL_SAFE_NO_PAD];
    engines.into_iter().find_map(|engine| engine.decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pae_is_that_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("\u{e9}", b""), "DSSEv1 2 \u{e9} 0 ".as_bytes());
    }

    #[test]
    fn envelope_opens_for_its_key_type_and_payload_only() {
        let key = SecretKey::from_seed(&[5; 32]);
        let envelope = Envelope::sign(IN_TOTO, b"{}", &key);
        let again = Envelope::parse(&envelope.to_bytes()).unwrap();
        assert_eq!(again.open(IN_TOTO, &key.public()).unwrap(), b"{}");
        let stranger = SecretKey::from_seed(&[6; 32]).public();
        assert_eq!(again.open(IN_TOTO, &stranger), Err(DsseError::Unsigned(stranger.id())));
        assert!(matches!(again.open("text/plain", &key.public()), Err(DsseError::PayloadType(_))));
        let changed = Envelope { payload: STANDARD.encode(b"[]"), ..again };
        assert!(changed.open(IN_TOTO, &key.public()).is_err());
    }

    #[test]
    fn an_envelope_comes_together_as_the_bytes_it_was() {
        let mut envelope = Envelope::sign(IN_TOTO, b"{\"x\":1}", &SecretKey::from_seed(&[5; 32]));
        envelope.sign_too(&SecretKey::from_seed(&[6; 32])).unwrap();
        let bytes = envelope.to_bytes();
        let (head, payload) = apart(&bytes).unwrap();
        assert_eq!(payload, b"{\"x\":1}");
        assert_eq!(together(&head, &payload).unwrap(), bytes);
        assert!(together(&bytes, &payload).is_err(), "two payloads");
        assert!(together(b"{", &payload).is_err());
        // What we would write differently stays whole.
        let text = String::from_utf8(bytes).unwrap();
        for other in [text.replace("{\"payload\"", "{ \"payload\""), text.replace('}', ",\"x\":1}")]
        {
            assert_eq!(apart(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn url_safe_base64_unknown_fields_and_missing_keyid_are_accepted() {
        let key = SecretKey::from_seed(&[5; 32]);
        let body = b"\xfb\xff?>";
        let sig = URL_SAFE_NO_PAD.encode(key.sign(&pae(IN_TOTO, body)));
        let payload = URL_SAFE.encode(body);
        let text = format!(
            r#"{{"x":1,"payload":"{payload}","payloadType":"{IN_TOTO}","signatures":[{{"sig":"{sig}"}}]}}"#
        );
        let envelope = Envelope::parse(text.as_bytes()).unwrap();
        assert_eq!(envelope.open(IN_TOTO, &key.public()).unwrap(), body);
        assert!(Envelope::parse(br#"{"payload":"","signatures":[]}"#).is_err());
        let list = format!(r#"["{payload}","{IN_TOTO}",[{{"sig":"{sig}"}}]]"#);
        assert!(Envelope::parse(list.as_bytes()).is_err());
        assert!(Envelope::parse(text.replace("\"x\":1", "\"payload\":\"\"").as_bytes()).is_err());
    }
}
