//! The collector as somebody who makes entries: it signs them with the log's key.

use std::sync::Arc;

use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{Statement, Subject};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::IdentityError;
use crate::log::{NewEntry, Unbrought};

/// The log's name and keys. Clones share nothing that must stay one.
#[derive(Clone, Debug)]
pub struct Collector {
    key: SecretKey,
    /// Signs heads beside `key` while one takes the other's place.
    leaving: Option<SecretKey>,
    keys: Arc<LogKeys>,
}

impl Collector {
    /// Of a log whose key never changed.
    pub fn new(origin: &str, key: SecretKey) -> Result<Self, IdentityError> {
        let keys = LogKeys::of(Verifier::new(origin, key.public())?);
        Ok(Self { key, leaving: None, keys: Arc::new(keys) })
    }

    /// Of a log with this history; the caller has seen that `key` is its newest one.
    pub(crate) fn of(keys: LogKeys, key: SecretKey, leaving: Option<SecretKey>) -> Self {
        Self { key, leaving, keys: Arc::new(keys) }
    }

    /// The log's name with the public key that signs entries now.
    pub fn verifier(&self) -> &Verifier {
        self.keys.newest()
    }

    /// Every key that the log has had.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    pub fn public(&self) -> PublicKey {
        *self.verifier().key()
    }

    /// A clone of the key, for the writer of the log.
    pub fn key(&self) -> SecretKey {
        self.key.clone()
    }

    /// A clone of the key that is about to be retired, for the writer of the log.
    pub(crate) fn leaving(&self) -> Option<SecretKey> {
        self.leaving.clone()
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
            unbrought: Unbrought::default(),
        })
    }
}
