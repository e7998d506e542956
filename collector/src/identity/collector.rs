//! The collector as somebody who makes entries: it signs them with the log's key.

use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{Statement, Subject};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::IdentityError;
use crate::log::NewEntry;

/// The log's name and key. Clones share nothing that must stay one.
#[derive(Clone, Debug)]
pub struct Collector {
    key: SecretKey,
    verifier: Verifier,
}

impl Collector {
    pub fn new(origin: &str, key: SecretKey) -> Result<Self, IdentityError> {
        let verifier = Verifier::new(origin, key.public())?;
        Ok(Self { key, verifier })
    }

    /// The log's name with its public key.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub fn public(&self) -> PublicKey {
        *self.verifier.key()
    }

    /// A clone of the key, for the writer of the log.
    pub fn key(&self) -> SecretKey {
        self.key.clone()
    }

    /// Writes and signs a statement: the bytes of its envelope.
    pub fn seal<P: Serialize + DeserializeOwned>(
        &self,
        predicate_type: &str,
        subject: Vec<Subject>,
        predicate: P,
    ) -> Result<Vec<u8>, IdentityError> {
        Ok(Statement::new(predicate_type, subject, predicate).seal(&self.key)?)
    }

    /// [`Collector::seal`] as an entry for the log, without documents.
    pub fn entry<P: Serialize + DeserializeOwned>(
        &self,
        entry_type: EntryType,
        predicate_type: &str,
        subject: Vec<Subject>,
        predicate: P,
    ) -> Result<NewEntry, IdentityError> {
        let envelope = self.seal(predicate_type, subject, predicate)?;
        let key = self.key.public().id();
        Ok(NewEntry {
            entry_type,
            key,
            link: None,
            envelope,
            documents: Vec::new(),
            erases: Vec::new(),
        })
    }
}
