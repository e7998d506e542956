//! What the keys in a file are called, so that a person can compare them with what they got elsewhere.

use exhibit_proto::keys::{KeyError, KeyId, PublicKey};
use exhibit_proto::policy::{Policy, PolicyError};
use serde::Serialize;

/// A key and its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// `log` or `witness` of a policy, `key` of a PEM file.
    pub role: &'static str,
    /// Verifier key (C2SP signed-note); a PEM key has no name and so none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vkey: Option<String>,
    /// SHA-256 of the DER SubjectPublicKeyInfo: the key id of envelopes, and what `openssl … | sha256sum` prints.
    pub fingerprint: KeyId,
}

/// Why a file shows no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("not UTF-8 text: name a PEM public key or a policy file")]
    NotText,
    #[error(transparent)]
    Pem(#[from] KeyError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The keys of a PEM file or of a policy.
pub fn keys(bytes: &[u8]) -> Result<Vec<Named>, KeyFileError> {
    let text = str::from_utf8(bytes).map_err(|_not_utf8| KeyFileError::NotText)?;
    if text.contains("-----BEGIN ") {
        let fingerprint = PublicKey::from_pem(text)?.id();
        return Ok(vec![Named { role: "key", vkey: None, fingerprint }]);
    }
    let policy = Policy::parse(text)?;
    let logs = policy.logs.iter().map(|log| ("log", log.vkey(), log.key().id()));
    let witnesses = policy.witnesses.values().map(|w| ("witness", w.vkey(), w.key().id()));
    let named = logs.chain(witnesses);
    Ok(named
        .map(|(role, vkey, fingerprint)| Named { role, vkey: Some(vkey), fingerprint })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_proto::keys::SecretKey;
    use exhibit_proto::note::Verifier;

    #[test]
    fn pem_and_policy_show_the_same_fingerprint() {
        let key = SecretKey::from_seed(&[1; 32]).public();
        let log = Verifier::new("log.example/1", key).unwrap();
        let pem = keys(key.to_pem().as_bytes()).unwrap();
        let policy = keys(format!("log {}\nquorum none\n", log.vkey()).as_bytes()).unwrap();
        assert_eq!(pem[0].fingerprint, policy[0].fingerprint);
        assert_eq!(policy[0].vkey.as_deref(), Some(log.vkey().as_str()));
        assert!(keys(b"\xff").is_err() && keys(b"hello").is_err());
    }
}
