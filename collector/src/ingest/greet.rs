//! What an agent says and asks when it connects, answered in one call. It says nothing that the single calls do not.

use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::{Greeted, Greeting, HeartbeatRequest, LogKeysResponse};
use jiff::Timestamp;
use tonic::Status;

use super::service::{Seen, Shared, blocking};
use crate::identity::Agent;

impl Shared {
    pub(super) async fn greet(&self, agent: Agent, said: Greeting) -> Result<Greeted, Status> {
        let now = Timestamp::now();
        self.seen(&agent, &said.heartbeat.unwrap_or_default(), now);
        let known_size = said.log_keys.as_ref().map_or(0, |asked| asked.known_size);
        let show_heads = self.unclear(&agent, known_size, &said.root).await?;
        let LogKeysResponse { changes } = match said.log_keys {
            Some(asked) => self.log_keys(asked).await?,
            None => LogKeysResponse::default(),
        };
        let limits = self.ingest.limits;
        Ok(Greeted {
            wall_millis: now.as_millisecond(),
            max_document_bytes: limits.document_bytes,
            heartbeat_seconds: limits.heartbeat.as_secs(),
            payload_apart: true,
            payload_against: true,
            changes,
            show_heads,
        })
    }

    pub(super) fn seen(&self, agent: &Agent, beat: &HeartbeatRequest, now: Timestamp) {
        let seen = Seen {
            at: now,
            version: beat.version.chars().filter(|c| !c.is_control()).take(40).collect(),
            spool_items: beat.spool_items,
            spool_bytes: beat.spool_bytes,
            clock_offset_ms: beat.wall_millis.saturating_sub(now.as_millisecond()),
        };
        self.ingest.presence.note(agent.id.clone(), seen);
    }

    /// Whether the agent's heads must be seen with their signatures: the root that it knows is not ours at that size, or
    /// something that it said before is still to be taken back, which only a signed head of ours does.
    async fn unclear(&self, agent: &Agent, size: u64, root: &[u8]) -> Result<bool, Status> {
        if self.ingest.ahead.names(&agent.id) {
            return Ok(true);
        }
        if size == 0 {
            return Ok(false);
        }
        let Ok(root) = Digest::try_from(root) else { return Ok(true) };
        let reader = self.ingest.reader.clone();
        blocking(move || Ok(size > reader.head()?.checkpoint.size || reader.root_at(size)? != root))
            .await
    }
}
