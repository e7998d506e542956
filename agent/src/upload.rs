//! Brings what waits in the spool to the collector, oldest first, and asks it for what must be known between runs.
//! It never deletes: the spool does, on a verified receipt.

mod answers;
mod log_keys;
mod submit;

use std::cell::RefCell;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use exhibit_proto::rpc::{ConfigurationRequest, HeadsRequest, HeartbeatRequest};
use jiff::Timestamp;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use crate::identity::enrol::{EnrolError, renew};
use crate::identity::tls::{self, ConnectError, Connection, Trouble};
use crate::identity::{Address, Identity, Store, StoreError, Validity};
use crate::receipts::{KeysError, Pinned, ReceiptError};
use crate::spool::{Spool, SpoolError};

pub use answers::{Verdict, backoff, classify};

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

/// Difference of two clocks, in milliseconds, above which a person should look.
pub const CLOCK_TOLERANCE_MS: u64 = 30_000;
/// Heads that the collector takes at a time.
const HEADS: u32 = 16;

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
        self.compare_clocks(&connection).await?;
        let payload_apart = self.hear_wishes(&connection).await?;
        self.follow_log_keys(&connection).await?;
        self.show_heads(&connection).await?;
        if validity.is_some_and(|validity| validity.renewal_due(now)) {
            let renewed = renew(self.store, &connection, now).await?;
            tracing::info!(until = %renewed.until, "client certificate renewed");
        }
        self.submit(&connection, payload_apart, session).await
    }

    async fn compare_clocks(&self, connection: &Connection) -> Result<(), UploadError> {
        let view = (self.spool.items()?, self.spool.bytes()?);
        let sent = (self.clock)().as_millisecond();
        let request = HeartbeatRequest {
            spool_items: view.0,
            spool_bytes: view.1,
            wall_millis: sent,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut client = client(connection);
        let answer = self.within(client.heartbeat(request), &connection.trouble).await?;
        let received = (self.clock)().as_millisecond();
        // The collector's clock is taken to have been read half way.
        let offset = sent.midpoint(received).saturating_sub(answer.into_inner().wall_millis);
        self.spool.note_clock(offset)?;
        if offset.unsigned_abs() > CLOCK_TOLERANCE_MS {
            tracing::warn!(offset_ms = offset, "this host's clock differs from the collector's");
        }
        Ok(())
    }

    /// Answers whether the collector takes payloads apart from their envelopes.
    async fn hear_wishes(&self, connection: &Connection) -> Result<bool, UploadError> {
        let request =
            ConfigurationRequest { digest: self.configuration.as_bytes().to_vec().into() };
        let mut client = client(connection);
        let wishes = self.within(client.configuration(request), &connection.trouble).await?;
        let wishes = wishes.into_inner();
        self.spool.note_wishes(wishes.heartbeat_seconds, wishes.max_document_bytes)?;
        Ok(wishes.payload_apart)
    }

    /// Shows the collector the heads that its log signed and that this agent holds, before anything is sent: if they are
    /// not its past, it can keep them as the proof, and say so to people.
    async fn show_heads(&self, connection: &Connection) -> Result<(), UploadError> {
        let heads = self.spool.signed_heads(HEADS)?;
        if heads.is_empty() {
            return Ok(());
        }
        let heads = heads.into_iter().map(|head| head.into_bytes().into()).collect();
        let mut client = client(connection);
        let call = async {
            match client.heads(HeadsRequest { heads }).await {
                Ok(answer) => Ok(answer.into_inner().foreign.len()),
                // An older collector: it learns the size that is known with each statement.
                Err(status) if status.code() == Code::Unimplemented => Ok(0),
                Err(status) => Err(status),
            }
        };
        let foreign = self.within(call, &connection.trouble).await?;
        if foreign > 0 {
            tracing::error!(
                foreign,
                "heads that the log signed are not its past any more: it was rewritten, or an old backup was restored; everything is kept"
            );
        }
        Ok(())
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
