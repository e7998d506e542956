//! The start of a connection: clocks compared, wishes heard, a change of the log's key followed, heads shown where that is
//! called for. One call does; a collector that does not know it is asked one by one.

use exhibit_proto::rpc::{ConfigurationRequest, Greeted, Greeting, HeadsRequest, HeartbeatRequest};
use tonic::{Code, Status};

use super::{UploadError, Uploader, client};
use crate::identity::tls::Connection;

/// Difference of two clocks, in milliseconds, above which a person should look.
pub const CLOCK_TOLERANCE_MS: u64 = 30_000;
/// Heads that the collector takes at a time.
const HEADS: u32 = 16;

/// How envelopes may travel to this collector.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ways {
    /// With the payload beside them.
    pub(super) apart: bool,
    /// With the payload packed against an earlier one.
    pub(super) against: bool,
}

impl Uploader<'_> {
    pub(super) async fn greet(&self, connection: &Connection) -> Result<Ways, UploadError> {
        let (checkpoint, beat) = (self.spool.place()?.checkpoint, self.beat()?);
        let (log_keys, sent) = (self.asks_log_keys()?, beat.wall_millis);
        let root = checkpoint.map_or_else(Vec::new, |known| known.root.as_bytes().to_vec());
        let greeting = Greeting { heartbeat: Some(beat), log_keys, root: root.into() };
        let mut client = client(connection);
        let answer = optional(client.greet(greeting));
        let answer = self.within(answer, &connection.trouble).await?;
        let Some(greeted) = answer else { return self.ask_one_by_one(connection).await };
        let Greeted { wall_millis, max_document_bytes, heartbeat_seconds, changes, .. } = greeted;
        self.note_clock(sent, wall_millis)?;
        self.spool.note_wishes(heartbeat_seconds, max_document_bytes)?;
        self.follow(&changes)?;
        self.show_heads(connection, greeted.show_heads).await?;
        Ok(Ways { apart: greeted.payload_apart, against: greeted.payload_against })
    }

    async fn ask_one_by_one(&self, connection: &Connection) -> Result<Ways, UploadError> {
        let (beat, trouble) = (self.beat()?, &connection.trouble);
        let sent = beat.wall_millis;
        let mut client = client(connection);
        let answer = self.within(client.heartbeat(beat), trouble).await?;
        self.note_clock(sent, answer.into_inner().wall_millis)?;
        let request =
            ConfigurationRequest { digest: self.configuration.as_bytes().to_vec().into() };
        let wishes = self.within(client.configuration(request), trouble).await?.into_inner();
        self.spool.note_wishes(wishes.heartbeat_seconds, wishes.max_document_bytes)?;
        if let Some(request) = self.asks_log_keys()? {
            let answer = self.within(optional(client.log_keys(request)), trouble).await?;
            self.follow(&answer.unwrap_or_default().changes)?;
        }
        self.show_heads(connection, true).await?;
        Ok(Ways { apart: wishes.payload_apart, against: false })
    }

    fn beat(&self) -> Result<HeartbeatRequest, UploadError> {
        Ok(HeartbeatRequest {
            spool_items: self.spool.items()?,
            spool_bytes: self.spool.bytes()?,
            wall_millis: (self.clock)().as_millisecond(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// `sent` is when it was asked, by this host's clock.
    fn note_clock(&self, sent: i64, wall_millis: i64) -> Result<(), UploadError> {
        let received = (self.clock)().as_millisecond();
        // The collector's clock is taken to have been read half way.
        let offset = sent.midpoint(received).saturating_sub(wall_millis);
        self.spool.note_clock(offset)?;
        if offset.unsigned_abs() > CLOCK_TOLERANCE_MS {
            tracing::warn!(offset_ms = offset, "this host's clock differs from the collector's");
        }
        Ok(())
    }

    /// Shows the collector the heads that its log signed and that this agent holds, before anything is sent: if they are
    /// not its past, it can keep them as the proof, and say so to people. The newest alone is shown only where `asked`: a
    /// collector that knows the root of it needs no signature of its own.
    async fn show_heads(&self, connection: &Connection, asked: bool) -> Result<(), UploadError> {
        let heads = self.spool.signed_heads(HEADS)?;
        if heads.is_empty() || (heads.len() == 1 && !asked) {
            return Ok(());
        }
        let heads = heads.into_iter().map(|head| head.into_bytes().into()).collect();
        let mut client = client(connection);
        // An older collector learns the size that is known with each statement.
        let answer = optional(client.heads(HeadsRequest { heads }));
        let answer = self.within(answer, &connection.trouble).await?;
        let foreign = answer.map_or(0, |answer| answer.foreign.len());
        if foreign > 0 {
            tracing::error!(
                foreign,
                "heads that the log signed are not its past any more: it was rewritten, or an old backup was restored; everything is kept"
            );
        }
        Ok(())
    }
}

/// The answer to a call, or none from a collector that does not know it.
async fn optional<T>(
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<Option<T>, Status> {
    match call.await {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(status),
    }
}
