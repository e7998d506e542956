//! Asks, once a connection, whether the log's key changed, and pins what can be believed.

use exhibit_proto::digest::Digest;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::{LogKeyChange, LogKeysRequest};
use tonic::Code;

use super::{UploadError, Uploader, client};
use crate::identity::StoreError;
use crate::identity::tls::Connection;
use crate::receipts::{KeysError, Pinned, ReceiptError, Step};

impl Uploader<'_> {
    /// Before anything is sent: a receipt may come under the new key only.
    pub(super) async fn follow_log_keys(&self, connection: &Connection) -> Result<(), UploadError> {
        let pinned = self.log.borrow().clone();
        let Some(oldest) = pinned.oldest() else { return Ok(()) };
        let known = self.spool.place()?.checkpoint;
        let request = LogKeysRequest {
            key: oldest.key().id().as_bytes().to_vec().into(),
            known_size: known.as_ref().map_or(0, |known| known.size),
        };
        let mut client = client(connection);
        let call = async {
            match client.log_keys(request).await {
                Ok(answer) => Ok(answer.into_inner().changes),
                // An older collector, whose key cannot change.
                Err(status) if status.code() == Code::Unimplemented => Ok(Vec::new()),
                Err(status) => Err(status),
            }
        };
        for change in self.within(call, &connection.trouble).await? {
            let step = read(&change)?;
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
