//! Brings what waits in the spool to the collector, oldest first, and asks it for what must be known between runs.
//! It never deletes: the spool does, on a verified receipt.

mod answers;
mod greet;
mod log_keys;
mod submit;

use std::cell::RefCell;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use jiff::Timestamp;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use crate::identity::enrol::{EnrolError, renew};
use crate::identity::tls::{self, ConnectError, Connection, Trouble};
use crate::identity::{Address, Identity, Store, StoreError, Validity};
use crate::receipts::{KeysError, Pinned, ReceiptError};
use crate::spool::{Spool, SpoolError};

pub use answers::{Verdict, backoff, classify};
pub use greet::CLOCK_TOLERANCE_MS;

/// One collector, as this agent knows it.
pub struct Uploader<'a> {
    pub store: &'a Store,
    pub spool: &'a Spool,
    pub identity: &'a Identity,
    pub address: &'a Address,
    /// The pinned log keys.
    pub log: &'a RefCell<Pinned>,
    pub tls: &'a tls::Remembered,
    /// SHA-256 of the configuration in force.
    pub configuration: Digest,
    /// How long one answer may take.
    pub patience: Duration,
    pub clock: fn() -> Timestamp,
}

/// What one session did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub received: u64,
    pub quarantined: u64,
}

/// Why a session ended early. Everything that was not received still waits.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(
        "this agent's certificate ended {0}: ask for a new token and enrol again (move the state directory away first); what waits stays in its spool"
    )]
    Expired(Timestamp),
    #[error("certificate cannot be renewed: {0}")]
    Renewal(#[from] EnrolError),
    #[error("the collector did not answer within {} s", .0.as_secs_f32())]
    Silent(Duration),
    #[error("the collector broke off: {0}")]
    Broken(String),
    #[error("the collector is busy: {0}")]
    Later(String),
    #[error("the collector forbids it: {0}")]
    Forbidden(String),
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl UploadError {
    /// Whether only a person can mend it, so that asking often is of no use.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Expired(_) | Self::Forbidden(_) | Self::Receipt(_) | Self::Keys(_) => true,
            Self::Connect(_)
            | Self::Store(_)
            | Self::Spool(_)
            | Self::Renewal(_)
            | Self::Silent(_)
            | Self::Broken(_)
            | Self::Later(_) => false,
        }
    }
}

impl Uploader<'_> {
    /// One connection: clocks compared, wishes heard, a change of the log's key followed, certificate renewed if due, everything that waits submitted.
    /// Counts into `session` as it goes, so that what succeeded before an error is known.
    pub async fn run(&self, session: &mut Session) -> Result<(), UploadError> {
        let client = self.store.client()?;
        let validity = Validity::of(&client.certificate);
        let now = (self.clock)();
        if let Some(validity) = validity.filter(|validity| validity.until <= now) {
            return Err(UploadError::Expired(validity.until));
        }
        let config = self.tls.mutual(self.identity.ca_der()?, &client)?;
        let connection = tls::connect(self.address, config).await?;
        let ways = self.greet(&connection).await?;
        if validity.is_some_and(|validity| validity.renewal_due(now)) {
            let renewed = renew(self.store, &connection, now).await?;
            tracing::info!(until = %renewed.until, "client certificate renewed");
        }
        self.submit(&connection, ways, session).await
    }

    /// Waits for one answer, no longer than patience lasts; tells what TLS said where the RPC layer hides it.
    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, tonic::Status>>,
        trouble: &Trouble,
    ) -> Result<T, UploadError> {
        match tokio::time::timeout(self.patience, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(answers::broken(&status, trouble)),
            Err(_elapsed) => Err(UploadError::Silent(self.patience)),
        }
    }
}

/// Packed, a statement is a quarter as long. What comes back are proofs, whose hashes do not shrink.
fn client(connection: &Connection) -> EvidenceClient<Channel> {
    EvidenceClient::new(connection.channel.clone()).send_compressed(CompressionEncoding::Zstd)
}
