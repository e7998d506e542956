//! Ed25519 keys (RFC 8032) as agents, the log and auditors exchange them.
//!
//! Small-order keys are refused wherever a key enters: with such a key one signature fits every message.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::digest::Digest;

/// DER of an Ed25519 SubjectPublicKeyInfo up to the key (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// DER of an Ed25519 PKCS #8 private key up to the seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A key that must not be used, and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("not an Ed25519 public key in SubjectPublicKeyInfo form (RFC 8410): make a new key")]
    NotSpki,
    #[error("not a point of the curve: make a new key")]
    NotAPoint,
    #[error("small-order key: one signature would fit every message; make a new key")]
    Weak,
    #[error("not an Ed25519 private key in PKCS #8 PEM form (RFC 8410)")]
    NotPkcs8,
}

/// Hex SHA-256 of the DER SubjectPublicKeyInfo.
pub type KeyId = Digest;

/// A public key that is a point of full order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 raw bytes (RFC 8032 §5.1.2).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_not_a_point| KeyError::NotAPoint)?;
        // A non-canonical encoding decodes to another string than it came from.
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(KeyError::NotAPoint);
        }
        Ok(Self(key))
    }

    /// Takes a DER SubjectPublicKeyInfo.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let raw = der.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::NotSpki)?;
        Self::from_bytes(raw.try_into().map_err(|_wrong_length| KeyError::NotSpki)?)
    }

    /// Takes a PEM SubjectPublicKeyInfo.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::from_spki(&from_pem("PUBLIC KEY", pem).ok_or(KeyError::NotSpki)?)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub fn to_spki(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], self.as_bytes()].concat()
    }

    pub fn to_pem(&self) -> String {
        to_pem("PUBLIC KEY", &self.to_spki())
    }

    pub fn id(&self) -> KeyId {
        Digest::of(&self.to_spki())
    }

    /// Whether `signature` (64 bytes) is this key's over `message`; strict, so torsion and malleability are refused.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A private key. Shows nothing of itself; wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Makes the key from 32 random bytes; the caller has the randomness.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads PKCS #8 PEM as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = Zeroizing::new(from_pem("PRIVATE KEY", pem).ok_or(KeyError::NotPkcs8)?);
        let seed = der.strip_prefix(&PKCS8_PREFIX).ok_or(KeyError::NotPkcs8)?;
        let seed = <&[u8; 32]>::try_from(seed).map_err(|_wrong_length| KeyError::NotPkcs8)?;
        Ok(Self::from_seed(seed))
    }

    pub fn to_pem(&self) -> Zeroizing<String> {
        let der = Zeroizing::new([&PKCS8_PREFIX[..], self.0.as_bytes()].concat());
        Zeroizing::new(to_pem("PRIVATE KEY", &der))
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs (RFC 8032, deterministic): 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public().id())
    }
}

/// PEM (RFC 7468) with one section; Ed25519 fits one line of base64.
fn to_pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn from_pem(label: &str, pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_pem() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let again = SecretKey::from_pem(&secret.to_pem()).unwrap();
        assert_eq!(again.public(), secret.public());
        assert_eq!(PublicKey::from_pem(&secret.public().to_pem()).unwrap(), secret.public());
        assert_eq!(PublicKey::from_spki(&secret.public().to_spki()).unwrap(), secret.public());
    }

    #[test]
    fn small_order_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
        // The identity with y = p + 1, which is not its canonical encoding.
        let mut high = [0xff; 32];
        high[0] = 0xee;
        high[31] = 0x7f;
        assert!(PublicKey::from_bytes(&high).is_err());
    }

    #[test]
    fn signature_of_another_message_is_refused() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let signature = secret.sign(b"one");
        assert!(secret.public().verifies(b"one", &signature));
        assert!(!secret.public().verifies(b"two", &signature));
        assert!(!secret.public().verifies(b"one", &signature[..63]));
    }

    #[test]
    fn rfc_8032_test_1() {
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let secret = SecretKey::from_seed(seed.unwrap().as_slice().try_into().unwrap());
        assert_eq!(
            hex::encode(secret.public().as_bytes()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert!(hex::encode(secret.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a"));
    }
}
