//! What is noticed about an agent beyond one envelope: numbers that never came, envelopes that exclude each other, heads of
//! another history. It makes entries of them, so many an hour; it never decides what is admitted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{CONFLICT, Conflict, FORK, Fork, GAP, Gap, Subject};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::Status;

use super::admission::{Admitted, Against};
use super::service::{Shared, blocking};
use crate::log::NewEntry;

/// Entries about one agent in an hour: a hostile one must not fill the log. What is more is counted, and the next entry
/// says how many there were.
const HOURLY: u32 = 20;

/// How much was logged of each agent in its present hour.
#[derive(Default)]
pub(super) struct Noticed(Mutex<HashMap<String, Hour>>);

struct Hour {
    since: Timestamp,
    logged: u32,
    suppressed: u64,
}

impl Noticed {
    /// Whether one more may be logged now: how many were not, since the last one that was. `None`: counted instead.
    fn leave(&self, agent: &str, now: Timestamp) -> Option<u64> {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Hour { since: now, logged: 0, suppressed: 0 };
        let hour = hours.entry(agent.to_owned()).or_insert_with(fresh);
        if now.duration_since(hour.since) >= SignedDuration::from_hours(1) {
            (hour.since, hour.logged) = (now, 0);
        }
        if hour.logged < HOURLY {
            return Some(hour.suppressed);
        }
        hour.suppressed = hour.suppressed.saturating_add(1);
        None
    }

    /// The entry stands in the log, with the count that it was given.
    fn logged(&self, agent: &str) {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hour) = hours.get_mut(agent) {
            (hour.logged, hour.suppressed) = (hour.logged.saturating_add(1), 0);
        }
    }
}

/// An observation as it will be an entry.
struct Seen<P> {
    entry_type: EntryType,
    predicate_type: &'static str,
    subjects: Vec<Subject>,
    predicate: P,
    /// Kept beside the log: what proves it and stands nowhere else.
    proof: Option<Vec<u8>>,
}

impl Shared {
    /// Before a statement enters whose number is not the next: the numbers between have never come. It stands before that
    /// statement, so a crash between the two leaves a gap whose statement the agent sends again, never the reverse. The
    /// caller holds the agent's turn.
    pub(super) async fn gap(&self, agent: &str, admitted: &Admitted) -> Result<(), Status> {
        let (key, link) = (admitted.key, admitted.link);
        if link.seq == 1 {
            return Ok(());
        }
        let reader = self.ingest.reader.clone();
        let tip = blocking(move || reader.tip(&key, link.epoch)).await?;
        let (last, after) = tip.map_or((0, Digest::ZERO), |tip| (tip.seq, tip.envelope));
        let Some(to) = link.seq.checked_sub(1).filter(|to| *to > last) else { return Ok(()) };
        let came = admitted.digest;
        let about = |suppressed| Gap {
            agent: agent.to_owned(),
            key,
            epoch: link.epoch,
            from: last + 1,
            to,
            after,
            came,
            prev: link.prev,
            suppressed,
        };
        self.say(agent, |suppressed| Seen {
            entry_type: EntryType::Gap,
            predicate_type: GAP,
            subjects: vec![Subject::new("envelope after the gap", came, None)],
            predicate: about(suppressed),
            proof: None,
        })
        .await
    }

    /// An envelope was refused that excludes a held one, and the agent's key signed both.
    pub(super) async fn conflict(
        &self,
        agent: &str,
        against: Against,
        refused: &[u8],
    ) -> Result<(), Status> {
        let turn = self.ingest.registry.turn(agent);
        let _turn = turn.lock().await;
        let digest = Digest::of(refused);
        if self.is_kept(digest).await? {
            return Ok(());
        }
        let Against { key, link, over, held } = against;
        self.say(agent, |suppressed| Seen {
            entry_type: EntryType::Conflict,
            predicate_type: CONFLICT,
            subjects: vec![
                Subject::new("held envelope", held, None),
                Subject::new("refused envelope", digest, None),
            ],
            predicate: Conflict {
                agent: agent.to_owned(),
                key,
                epoch: link.epoch,
                seq: link.seq,
                over,
                held,
                refused: digest,
                suppressed,
            },
            proof: Some(refused.to_vec()),
        })
        .await
    }

    /// An agent holds a head that is not this log's past: by its statement only, or as the log's key `signed` it. The caller
    /// holds the agent's turn.
    pub(super) async fn fork(
        &self,
        agent: &str,
        seen: &Checkpoint,
        ours: Digest,
        signed: Option<&str>,
    ) -> Result<(), Status> {
        if let Some(note) = signed
            && self.is_kept(Digest::of(note.as_bytes())).await?
        {
            return Ok(());
        }
        self.say(agent, |suppressed| Seen {
            entry_type: EntryType::Fork,
            predicate_type: FORK,
            subjects: vec![Subject::new("root that the agent holds", seen.root, None)],
            predicate: Fork {
                agent: agent.to_owned(),
                size: seen.size,
                root: seen.root,
                ours,
                signed: signed.map(str::to_owned),
                suppressed,
            },
            proof: signed.map(|note| note.as_bytes().to_vec()),
        })
        .await
    }

    async fn is_kept(&self, digest: Digest) -> Result<bool, Status> {
        let reader = self.ingest.reader.clone();
        Ok(blocking(move || reader.lacking(&[digest])).await?.is_empty())
    }

    /// Logs it once: the same observation gives the same envelope, because no clock is in it.
    async fn say<P: Serialize + DeserializeOwned>(
        &self,
        agent: &str,
        seen: impl Fn(u64) -> Seen<P>,
    ) -> Result<(), Status> {
        let plain = self.entry(seen(0))?;
        let (reader, digest) = (self.ingest.reader.clone(), Digest::of(&plain.envelope));
        if blocking(move || reader.index_of(&digest)).await?.is_some() {
            return Ok(());
        }
        let Some(suppressed) = self.noticed.leave(agent, Timestamp::now()) else {
            tracing::warn!(agent, "noticed more about this agent than is logged in an hour");
            return Ok(());
        };
        let entry = if suppressed == 0 { plain } else { self.entry(seen(suppressed))? };
        let entry_type = entry.entry_type.as_str().to_owned();
        let committed = self.ingest.writer.append(entry).await;
        let index = committed.map_err(|error| Status::unavailable(error.to_string()))?.index;
        self.noticed.logged(agent);
        tracing::error!(agent, index, kind = entry_type, "noticed about an agent, and logged");
        Ok(())
    }

    fn entry<P: Serialize + DeserializeOwned>(&self, seen: Seen<P>) -> Result<NewEntry, Status> {
        let Seen { entry_type, predicate_type, subjects, predicate, proof } = seen;
        let entry = self.ingest.collector.entry(entry_type, predicate_type, subjects, predicate);
        let entry = entry.map_err(|error| Status::internal(error.to_string()))?;
        Ok(NewEntry { documents: proof.into_iter().collect(), ..entry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_room_for_so_many_and_the_next_hour_says_what_was_left_out() {
        let (noticed, start) = (Noticed::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..HOURLY {
            assert_eq!(noticed.leave("a", start), Some(0));
            noticed.logged("a");
        }
        for _ in 0..3 {
            assert_eq!(noticed.leave("a", start), None);
        }
        assert_eq!(noticed.leave("b", start), Some(0));
        let later = start + SignedDuration::from_hours(1);
        assert_eq!(noticed.leave("a", later), Some(3));
        // What could not be appended leaves the count where it was.
        assert_eq!(noticed.leave("a", later), Some(3));
        noticed.logged("a");
        assert_eq!(noticed.leave("a", later), Some(0));
    }
}
