//! The meeting with the witnesses at start, and the loop that asks them for each new head. The log never waits for it.

use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::keys::SecretKey;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ask::{Asker, Outcome};
use super::{Member, WitnessError, Witnesses};
use crate::log::{Head, LogReader};

/// A witness is asked at most this often.
const PACE: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const PATIENCE: Duration = Duration::from_secs(60);

impl Witnesses {
    /// Whether the log still is what witnesses know of it: what they said before, and what they say now. A witness that
    /// cannot be reached is a warning; one that knows more, or another history, is an error.
    pub async fn meet(&self, reader: &LogReader, asker: &Asker) -> Result<(), WitnessError> {
        let (us, log) = (self.clone(), reader.clone());
        let head = tokio::task::spawn_blocking(move || us.remember(&log)).await??;
        let mut meetings = JoinSet::new();
        for member in self.circle().members() {
            let member = member.clone();
            let (us, log, asker, head) =
                (self.clone(), reader.clone(), asker.clone(), head.clone());
            meetings.spawn(async move {
                let outcome = us.ask(&member, &log, &asker, &head).await?;
                match outcome {
                    Outcome::Ahead { theirs } => {
                        let (name, ours) = (member.name, head.checkpoint.size);
                        Err(WitnessError::Ahead { name, theirs, ours })
                    }
                    Outcome::Forked { size } => {
                        Err(WitnessError::Forked { name: member.name, size })
                    }
                    Outcome::Cosigned { .. } | Outcome::Refused(_) | Outcome::Unreachable(_) => {
                        Ok(())
                    }
                }
            });
        }
        while let Some(met) = meetings.join_next().await {
            met??;
        }
        Ok(())
    }

    /// Whether every witness that answers would cosign a head that `key` alone signed. Nothing of it is kept.
    pub(crate) async fn know(
        &self,
        reader: &LogReader,
        asker: &Asker,
        key: &SecretKey,
    ) -> Result<(), WitnessError> {
        let (us, log) = (self.clone(), reader.clone());
        let checkpoint = tokio::task::spawn_blocking(move || us.remember(&log)).await??.checkpoint;
        let head = Head { signed: checkpoint.sign(key)?, checkpoint };
        for member in self.circle().members() {
            let (us, theirs) = (self.clone(), member.clone());
            let newest = tokio::task::spawn_blocking(move || us.store.newest(&theirs)).await??;
            let believed = newest.map_or(0, |seen| seen.size);
            match asker.exchange(member, reader, &head, believed).await? {
                Outcome::Refused(why) => {
                    return Err(WitnessError::Strange { name: member.name.clone(), why });
                }
                Outcome::Unreachable(why) => {
                    tracing::warn!(
                        witness = member.name,
                        why,
                        "it is not known whether this witness knows the log's new key"
                    );
                }
                // Whether it follows was met before.
                Outcome::Cosigned { .. } | Outcome::Ahead { .. } | Outcome::Forked { .. } => {}
            }
        }
        Ok(())
    }

    /// Compares the log with the cosignatures that are held; answers its head.
    fn remember(&self, reader: &LogReader) -> Result<Head, WitnessError> {
        let head = reader.head()?;
        for member in self.circle().members() {
            let Some(seen) = self.store.newest(member)? else { continue };
            let (name, ours) = (member.name.clone(), head.checkpoint.size);
            if seen.size > ours {
                return Err(WitnessError::Ahead { name, theirs: seen.size, ours });
            }
            let then = reader.head_at(seen.size)?.unwrap_or_default();
            let text = then.rsplit_once("\n\n").map_or("", |(text, _)| text);
            let then = Checkpoint::from_text(&format!("{text}\n"));
            if !then.is_ok_and(|then| (then.size, then.root) == (seen.size, seen.root)) {
                return Err(WitnessError::Forked { name, size: seen.size });
            }
        }
        Ok(head)
    }

    /// Asks every witness for every new head until `stop`.
    pub async fn follow(
        self,
        reader: LogReader,
        asker: Asker,
        sizes: watch::Receiver<u64>,
        stop: CancellationToken,
    ) {
        let mut loops = JoinSet::new();
        for member in self.circle().members() {
            let member = member.clone();
            let (us, reader, asker) = (self.clone(), reader.clone(), asker.clone());
            let (sizes, stop) = (sizes.clone(), stop.clone());
            loops.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = us.accompany(&member, reader, asker, sizes) => {}
                }
            });
        }
        drop(sizes);
        while let Some(ended) = loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a witness is not asked any more");
            }
        }
    }

    /// One witness; a slow one holds up nobody else.
    async fn accompany(
        &self,
        member: &Member,
        reader: LogReader,
        asker: Asker,
        mut sizes: watch::Receiver<u64>,
    ) {
        let mut failures = 0_u32;
        loop {
            sizes.borrow_and_update();
            let asked = self.newest_asked(member, &reader, &asker).await;
            failures = match asked {
                Ok(true) => 0,
                Ok(false) => failures.saturating_add(1),
                Err(error) => {
                    tracing::error!(witness = member.name, %error, "a witness could not be asked");
                    failures.saturating_add(1)
                }
            };
            tokio::time::sleep(pause(failures)).await;
            if failures == 0 && sizes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Asks for the newest head, unless the witness has cosigned it; answers whether it has now.
    async fn newest_asked(
        &self,
        member: &Member,
        reader: &LogReader,
        asker: &Asker,
    ) -> Result<bool, WitnessError> {
        let (us, log, theirs) = (self.clone(), reader.clone(), member.clone());
        let read = move || Ok::<_, WitnessError>((log.head()?, us.store.newest(&theirs)?));
        let (head, newest) = tokio::task::spawn_blocking(read).await??;
        if newest.is_some_and(|seen| seen.size == head.checkpoint.size) {
            return Ok(true);
        }
        Ok(matches!(self.ask(member, reader, asker, &head).await?, Outcome::Cosigned { .. }))
    }

    /// One exchange, and its outcome on disk and in the program's log.
    async fn ask(
        &self,
        member: &Member,
        reader: &LogReader,
        asker: &Asker,
        head: &Head,
    ) -> Result<Outcome, WitnessError> {
        let (us, theirs) = (self.clone(), member.clone());
        let newest = tokio::task::spawn_blocking(move || us.store.newest(&theirs)).await??;
        let believed = newest.map_or(0, |seen| seen.size);
        let outcome = asker.exchange(member, reader, head, believed).await?;
        let (us, theirs) = (self.clone(), member.clone());
        let (head, kept) = (head.clone(), outcome.clone());
        let write = move || us.keep(&theirs, &head, &kept, Timestamp::now());
        tokio::task::spawn_blocking(write).await??;
        Ok(outcome)
    }

    fn keep(
        &self,
        member: &Member,
        head: &Head,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), WitnessError> {
        let size = head.checkpoint.size;
        let problem = match outcome {
            Outcome::Cosigned { line, time } => {
                self.store.record(self.circle(), member, head, (line, *time))?;
                None
            }
            Outcome::Ahead { theirs } => Some(format!(
                "it has cosigned a head of {theirs} entries, we hold {size}: this log was restored from a backup, or copied"
            )),
            Outcome::Forked { size } => Some(format!(
                "it has cosigned another history, which parts from ours at or before entry {size}"
            )),
            Outcome::Refused(why) | Outcome::Unreachable(why) => Some(why.clone()),
        };
        let at = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let news = self.store.asked(member, &at, problem.as_deref())?;
        let witness = &member.name;
        match (outcome, problem) {
            _ if !news => {}
            (Outcome::Ahead { .. } | Outcome::Forked { .. }, Some(problem)) => {
                tracing::error!(witness, problem, "a witness knows another history of this log");
            }
            (_, Some(problem)) => tracing::warn!(witness, problem, "a witness did not cosign"),
            (_, None) => tracing::info!(witness, size, "a witness cosigns"),
        }
        Ok(())
    }
}

/// How long to wait after so many failures in a row.
pub(super) fn pause(failures: u32) -> Duration {
    PATIENCE.min(PACE * 2_u32.saturating_pow(failures.saturating_sub(1)))
}
