//! Follows the changes of the log's key that a collector names, once a connection, and pins what can be believed.

use exhibit_proto::digest::Digest;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::{LogKeyChange, LogKeysRequest};

use super::{UploadError, Uploader};
use crate::identity::StoreError;
use crate::receipts::{KeysError, Pinned, ReceiptError, Step};

impl Uploader<'_> {
    /// The question after changes since the oldest pinned key.
    pub(super) fn asks_log_keys(&self) -> Result<Option<LogKeysRequest>, UploadError> {
        let pinned = self.log.borrow().clone();
        let Some(oldest) = pinned.oldest() else { return Ok(None) };
        let known = self.spool.place()?.checkpoint;
        Ok(Some(LogKeysRequest {
            key: oldest.key().id().as_bytes().to_vec().into(),
            known_size: known.map_or(0, |known| known.size),
        }))
    }

    /// Before anything is sent: a receipt may come under the new key only.
    pub(super) fn follow(&self, changes: &[LogKeyChange]) -> Result<(), UploadError> {
        let known = self.spool.place()?.checkpoint;
        for change in changes {
            let step = read(change)?;
            let pinned = self.log.borrow().clone();
            match pinned.follow(&step, known.as_ref()) {
                Ok(Some(next)) => self.pin(next)?,
                Ok(None) => {}
                Err(KeysError::Receipt(fork @ ReceiptError::Fork { .. })) => {
                    tracing::error!(%fork, "the log contradicts itself; both heads are kept as evidence");
                    self.spool.fork(&step.proof, &fork.to_string(), (self.clock)())?;
                    return Err(KeysError::Receipt(fork).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Durable first: a crash after finds the new keys pinned, one before asks again.
    fn pin(&self, next: Pinned) -> Result<(), UploadError> {
        let mut identity = self.store.identity()?.ok_or_else(|| StoreError::Damaged {
            path: self.store.path("identity.json"),
            reason: "it vanished".to_owned(),
        })?;
        let (Some(key), old) = next.keys() else { return Ok(()) };
        identity.log_key = key.vkey();
        identity.old_log_key = old.map(Verifier::vkey);
        self.store.save_identity(&identity)?;
        tracing::info!(log_key = identity.log_key, old = identity.old_log_key, "log key pinned");
        self.log.replace(next);
        Ok(())
    }
}

fn read(change: &LogKeyChange) -> Result<Step, UploadError> {
    let hashes = change.consistency.iter().map(|hash| Digest::try_from(&**hash));
    let consistency = hashes.collect::<Result<_, _>>();
    let consistency = consistency.map_err(|error| UploadError::Broken(error.to_string()))?;
    Ok(Step { envelope: change.envelope.to_vec(), proof: change.proof.to_vec(), consistency })
}
