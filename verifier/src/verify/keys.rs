//! Whose key may speak at which index: enrolments and revocations that the log's key signed, and rotations that the old and
//! the new key signed, in the log's order. Key files of the bundle are held against them, never believed.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_proto::document::Target;
use exhibit_proto::keys::{KeyId, PublicKey};
use exhibit_proto::rotation::{self, Rotation};
use exhibit_proto::statement::{Enrol, Revoke};

/// An agent's key and since when.
#[derive(Clone)]
pub(super) struct Enrolled {
    pub(super) index: u64,
    pub(super) key: PublicKey,
    pub(super) agent: String,
    pub(super) epoch: u64,
    pub(super) targets: BTreeSet<Target>,
    revoked: Option<u64>,
    /// The entry that put another key in its place.
    replaced: Option<u64>,
}

#[derive(Default)]
pub(super) struct Keys(BTreeMap<KeyId, Enrolled>);

/// Why a key must not be believed for an entry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("key {0} was not enrolled, or rotated to, by an earlier entry of the log")]
    Unknown(KeyId),
    #[error("key {key} was revoked by entry {index}, before this one")]
    Revoked { key: KeyId, index: u64 },
    #[error("key {key} was replaced by another in entry {index}, before this one")]
    Replaced { key: KeyId, index: u64 },
}

impl Keys {
    /// Takes an enrolment whose signature by the log's key held; answers the key's id.
    pub(super) fn enrol(&mut self, index: u64, enrol: &Enrol) -> Result<KeyId, String> {
        let key = PublicKey::from_pem(&enrol.evidence_key).map_err(|error| error.to_string())?;
        let (id, agent) = (key.id(), enrol.agent.clone());
        let targets = enrol.targets.iter().cloned().collect();
        let known = self.0.get(&id);
        if let Some(other) = known.filter(|known| known.agent != agent) {
            return Err(format!(
                "enrols key {id} for {agent}, which entry {} enrolled for {}",
                other.index, other.agent
            ));
        }
        // A revocation or rotation outlives a later enrolment of the same key.
        let revoked = known.and_then(|known| known.revoked);
        let replaced = known.and_then(|known| known.replaced);
        let index = known.map_or(index, |known| known.index);
        let epoch = enrol.epoch;
        self.0.insert(id, Enrolled { index, key, agent, epoch, targets, revoked, replaced });
        Ok(id)
    }

    /// Takes a rotation away from key `old`, which may speak at `index`: both signatures are checked here. Answers the new
    /// key's id.
    pub(super) fn rotate(
        &mut self,
        index: u64,
        old: &KeyId,
        envelope: &[u8],
    ) -> Result<KeyId, String> {
        let known = self.at(index, old).map_err(|refused| refused.to_string())?.clone();
        let Rotation { statement, key } =
            rotation::open(envelope, &known.key).map_err(|error| error.to_string())?;
        let id = key.id();
        if let Some(used) = self.0.get(&id) {
            return Err(format!("rotates to key {id}, which entry {} brought before", used.index));
        }
        let epoch = statement.predicate.new_epoch;
        self.0.entry(*old).and_modify(|old| old.replaced = Some(index));
        self.0.insert(id, Enrolled { index, key, epoch, revoked: None, replaced: None, ..known });
        Ok(id)
    }

    /// Takes a revocation whose signature by the log's key held.
    pub(super) fn revoke(&mut self, index: u64, revoke: &Revoke) -> Result<(), String> {
        let known = self.0.get_mut(&revoke.key);
        let known = known.ok_or_else(|| {
            format!("revokes key {}, which no earlier entry enrolled", revoke.key)
        })?;
        known.revoked.get_or_insert(index);
        Ok(())
    }

    /// The key of this id, whether or not it may speak.
    pub(super) fn of(&self, id: &KeyId) -> Option<&PublicKey> {
        self.0.get(id).map(|known| &known.key)
    }

    /// The key and whose it is, whether or not it may speak.
    pub(super) fn owner(&self, id: &KeyId) -> Option<&Enrolled> {
        self.0.get(id)
    }

    /// Every key with its agent.
    pub(super) fn agents(&self) -> impl Iterator<Item = (&KeyId, &str)> {
        self.0.iter().map(|(key, known)| (key, known.agent.as_str()))
    }

    /// The key that signed entry `index`, if an entry before brought it and none before ended it.
    pub(super) fn at(&self, index: u64, id: &KeyId) -> Result<&Enrolled, Refused> {
        let known =
            self.0.get(id).filter(|known| known.index < index).ok_or(Refused::Unknown(*id))?;
        match known.revoked {
            Some(revoked) if revoked < index => Err(Refused::Revoked { key: *id, index: revoked }),
            Some(_) | None => match known.replaced {
                Some(by) if by < index => Err(Refused::Replaced { key: *id, index: by }),
                Some(_) | None => Ok(known),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_proto::digest::Digest;
    use exhibit_proto::keys::SecretKey;

    fn enrol(agent: &str) -> Enrol {
        Enrol {
            agent: agent.into(),
            epoch: 1,
            evidence_key: SecretKey::from_seed(&[1; 32]).public().to_pem(),
            targets: vec!["host:a".parse().unwrap()],
            host_name: "a".into(),
            certificate: Digest::ZERO,
            approved_by: "admin".into(),
        }
    }

    #[test]
    fn key_speaks_between_enrolment_and_revocation_only() {
        let mut keys = Keys::default();
        let id = keys.enrol(3, &enrol("a")).unwrap();
        assert!(keys.at(3, &id).is_err());
        assert!(keys.at(4, &id).is_ok());
        let revoke = Revoke { agent: "a".into(), key: id, by: "b".into(), reason: "lost".into() };
        keys.revoke(6, &revoke).unwrap();
        assert!(keys.at(5, &id).is_ok());
        assert_eq!(keys.at(7, &id).err(), Some(Refused::Revoked { key: id, index: 6 }));
        keys.enrol(8, &enrol("a")).unwrap();
        assert!(keys.at(9, &id).is_err());
        assert!(keys.enrol(10, &enrol("b")).is_err());
        assert!(keys.revoke(11, &Revoke { key: Digest::ZERO, ..revoke }).is_err());
    }
}
