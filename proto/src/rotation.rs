//! The last statement of an epoch: the key that goes names the key that comes, and both sign it in one envelope.
//! From its entry on the new key speaks for the agent in the next epoch, and the old one for nobody.

use serde::{Deserialize, Serialize};

use crate::dsse::{DsseError, Envelope, IN_TOTO};
use crate::keys::{KeyError, PublicKey, SecretKey};
use crate::statement::{
    Capsule, MAX_ENVELOPE, ROTATE, Statement, StatementError, Subject, decimal,
};

/// Predicate of [`ROTATE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotate {
    /// The place in the chain of the epoch that ends.
    pub capsule: Capsule,
    /// PEM SubjectPublicKeyInfo, as [`PublicKey::to_pem`] writes it.
    pub new_key: String,
    /// One more than the capsule's. Its first statement has the number 1 and this envelope as its predecessor.
    #[serde(with = "decimal")]
    pub new_epoch: u64,
}

/// A rotation whose two signatures held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub statement: Statement<Rotate>,
    /// The key that comes.
    pub key: PublicKey,
}

/// Why an envelope rotates no key.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error("it states {0:?}, not a rotation")]
    Type(String),
    #[error("the new key: {0}")]
    Key(#[from] KeyError),
    #[error("the new key is not written as PEM in the one way that keys are")]
    Spelling,
    #[error("the new key is the old one")]
    Same,
    #[error(
        "signatures of the old and of the new key, in this order and no other, are wanted: {0}"
    )]
    Signatures(DsseError),
    #[error("it leads from epoch {0} to {1}: epochs follow each other")]
    Epoch(u64, u64),
}

/// Writes and signs the rotation from `old` to `new`: the bytes of the envelope as they will be stored.
pub fn seal(capsule: Capsule, old: &SecretKey, new: &SecretKey) -> Result<Vec<u8>, StatementError> {
    let (name, key) = (format!("urn:exhibit:agent:{}", capsule.agent), new.public());
    let new_epoch = capsule.epoch.saturating_add(1);
    let rotate = Rotate { capsule, new_key: key.to_pem(), new_epoch };
    let subject = vec![Subject::new(name, key.id(), None)];
    Statement::new(ROTATE, subject, rotate).seal_with(old, Some(new))
}

/// Opens a rotation: the signature of `old`, the form, the new key, the signature of that key.
pub fn open(bytes: &[u8], old: &PublicKey) -> Result<Rotation, RotationError> {
    if bytes.len() > MAX_ENVELOPE {
        return Err(StatementError::TooLarge(bytes.len()).into());
    }
    let envelope = Envelope::parse(bytes).map_err(StatementError::Dsse)?;
    let payload = envelope.open(IN_TOTO, old).map_err(StatementError::Dsse)?;
    let statement = Statement::<serde_json::Value>::from_payload(&payload)?;
    if statement.predicate_type != ROTATE {
        return Err(RotationError::Type(statement.predicate_type));
    }
    let statement = Statement::<Rotate>::from_payload(&payload)?;
    let Rotate { capsule, new_key, new_epoch } = &statement.predicate;
    let key = PublicKey::from_pem(new_key)?;
    if key.to_pem() != *new_key {
        return Err(RotationError::Spelling);
    }
    if key == *old {
        return Err(RotationError::Same);
    }
    envelope.signed_by(&[*old, key]).map_err(RotationError::Signatures)?;
    if capsule.epoch.checked_add(1) != Some(*new_epoch) {
        return Err(RotationError::Epoch(capsule.epoch, *new_epoch));
    }
    Ok(Rotation { statement, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn capsule(epoch: u64) -> Capsule {
        Capsule {
            agent: "a".into(),
            epoch,
            seq: 7,
            prev: Digest::of(b"before"),
            boot_id: "b".into(),
            monotonic_ms: 1,
            sealed_at: "2026-11-22T10:00:00.000Z".into(),
            clock_offset_ms: None,
            checkpoint: None,
            agent_version: "1".into(),
            agent_binary: Digest::ZERO,
            configuration: Digest::ZERO,
            vetoes: crate::statement::Vetoes::default(),
        }
    }

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    #[test]
    fn a_rotation_opens_for_the_old_key_and_names_the_new_one() {
        let bytes = seal(capsule(3), &key(1), &key(2)).unwrap();
        let rotation = open(&bytes, &key(1).public()).unwrap();
        assert_eq!(rotation.key, key(2).public());
        assert_eq!(rotation.statement.predicate.new_epoch, 4);
        assert!(open(&bytes, &key(2).public()).is_err());
        assert!(open(&bytes, &key(3).public()).is_err());
    }

    #[test]
    fn one_signature_two_of_one_key_and_the_wrong_order_are_refused() {
        let old = key(1).public();
        let rotate = open(&seal(capsule(1), &key(1), &key(2)).unwrap(), &old).unwrap().statement;
        let alone = rotate.seal(&key(1)).unwrap();
        assert!(matches!(open(&alone, &old), Err(RotationError::Signatures(_))));
        let stranger = rotate.seal_with(&key(1), Some(&key(3))).unwrap();
        assert!(matches!(open(&stranger, &old), Err(RotationError::Signatures(_))));
        let doubled = rotate.seal_with(&key(1), Some(&key(1))).unwrap();
        assert!(matches!(open(&doubled, &old), Err(RotationError::Signatures(_))));
        let reversed = rotate.seal_with(&key(2), Some(&key(1))).unwrap();
        assert!(matches!(open(&reversed, &old), Err(RotationError::Signatures(_))));
    }

    #[test]
    fn weak_same_and_skipping_keys_are_refused() {
        let old = key(1).public();
        let sealed = |change: &dyn Fn(&mut Rotate)| {
            let mut rotate =
                open(&seal(capsule(1), &key(1), &key(2)).unwrap(), &old).unwrap().statement;
            change(&mut rotate.predicate);
            open(&rotate.seal_with(&key(1), Some(&key(2))).unwrap(), &old).unwrap_err()
        };
        // The point of order 1 as RFC 8410 PEM.
        let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
        assert!(matches!(
            sealed(&|rotate| rotate.new_key = weak.into()),
            RotationError::Key(KeyError::Weak)
        ));
        assert!(matches!(sealed(&|rotate| rotate.new_key = old.to_pem()), RotationError::Same));
        assert!(matches!(
            sealed(&|rotate| rotate.new_key = rotate.new_key.replace('\n', "\r\n")),
            RotationError::Spelling
        ));
        assert!(matches!(sealed(&|rotate| rotate.new_epoch = 9), RotationError::Epoch(1, 9)));
    }
}
