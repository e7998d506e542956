//! When to ask, and the loop that does. The log never waits for it: an authority that is away is asked again, with growing pauses.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Authority, Name, StampError, Timestamps};
use crate::log::LogReader;

/// How often it is looked whether a stamp is due.
const LOOK: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const PATIENCE: Duration = Duration::from_secs(600);
/// A frozen checkpoint that has waited for so long makes room for a newer one.
const STALE: Duration = Duration::from_secs(3600);
/// Clocks may differ by so much before it is worth saying.
const CLOCK_TOLERANCE_MS: i64 = 300_000;

/// What one authority said when it was asked at once.
#[derive(Debug, Serialize)]
pub struct Stamped {
    pub authority: String,
    /// Entries that the newest token covers.
    pub size: Option<u64>,
    /// Why there is no new token.
    pub problem: Option<String>,
}

/// Whether a stamp is due: something is new, and the last one is old enough.
pub(super) fn due(
    size: u64,
    newest: Option<(u64, Timestamp)>,
    every: Duration,
    now: Timestamp,
) -> bool {
    match newest {
        _ if size == 0 => false,
        None => true,
        // A clock that went backwards must not put it off for ever.
        Some((stamped, at)) => {
            let since = now.duration_since(at);
            size > stamped && (since.is_negative() || since.unsigned_abs() >= every)
        }
    }
}

/// How long to wait after so many failures in a row.
pub(super) fn pause(failures: u32) -> Duration {
    PATIENCE.min(FIRST_PAUSE * 2_u32.saturating_pow(failures.saturating_sub(1).min(16)))
}

impl Timestamps {
    /// Has heads stamped on schedule until `stop`.
    pub async fn follow(self, reader: LogReader, stop: CancellationToken) {
        let mut loops = JoinSet::new();
        for place in 0..self.authorities.len() {
            let (us, reader, stop) = (self.clone(), reader.clone(), stop.clone());
            loops.spawn(async move {
                let Some(authority) = us.authorities.get(place) else { return };
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = us.accompany(authority, &reader) => {}
                }
            });
        }
        while let Some(ended) = loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a time-stamping authority is not asked any more");
            }
        }
    }

    /// One authority; a slow one holds up nobody else.
    async fn accompany(&self, authority: &Authority, reader: &LogReader) {
        let mut failures = 0_u32;
        loop {
            failures = match self.look(authority, reader).await {
                Ok(()) => 0,
                Err(_told) => failures.saturating_add(1),
            };
            let rest = if failures == 0 { LOOK.min(self.every) } else { pause(failures) };
            tokio::time::sleep(rest).await;
        }
    }

    /// Has the log stamped if that is due.
    async fn look(&self, authority: &Authority, reader: &LogReader) -> Result<(), StampError> {
        let (us, log, name) = (self.clone(), reader.clone(), authority.name().to_owned());
        let read = move || {
            let size = log.head()?.checkpoint.size;
            Ok::<_, StampError>(due(size, us.stamps.newest(&name)?, us.every, Timestamp::now()))
        };
        match tokio::task::spawn_blocking(read).await.map_err(StampError::Task).flatten() {
            Ok(true) => self.stamp(authority, reader, false).await.map(drop),
            Ok(false) => Ok(()),
            Err(error) => {
                tracing::error!(authority = authority.name(), %error, "a time-stamp could not be prepared");
                Err(error)
            }
        }
    }

    /// Has the newest head stamped by every authority now, unless it is stamped already.
    pub async fn stamp_now(&self, reader: &LogReader) -> Result<Vec<Stamped>, StampError> {
        let mut all = Vec::new();
        for authority in self.authorities.iter() {
            let problem = self.stamp(authority, reader, true).await.err();
            let (us, name) = (self.clone(), authority.name().to_owned());
            let newest = tokio::task::spawn_blocking(move || us.stamps.newest(&name)).await??;
            all.push(Stamped {
                authority: authority.name().to_owned(),
                size: newest.map(|(size, _)| size),
                problem: problem.map(|problem| problem.to_string()),
            });
        }
        Ok(all)
    }

    /// One exchange, and its outcome on disk and in the program's log. A frozen checkpoint that waits is taken, unless it has
    /// waited for long or the `newest` is asked for.
    async fn stamp(
        &self,
        authority: &Authority,
        reader: &LogReader,
        newest: bool,
    ) -> Result<(), StampError> {
        let (us, log, name) = (self.clone(), reader.clone(), authority.name().to_owned());
        let freeze = move || us.frozen(&log, &name, newest);
        let outcome = match tokio::task::spawn_blocking(freeze).await? {
            Ok(None) => return Ok(()),
            Ok(Some((size, data))) => self.exchange(authority, size, &data).await,
            Err(error) => Err(error),
        };
        let problem = outcome.as_ref().map_or_else(|error| Some(error.to_string()), Clone::clone);
        let (us, name, said) = (self.clone(), authority.name().to_owned(), problem.clone());
        let note = move || us.stamps.note(&name, Timestamp::now(), said);
        let news = tokio::task::spawn_blocking(note).await??;
        match &problem {
            Some(problem) if news => {
                tracing::warn!(authority = authority.name(), problem, "a time-stamp has a problem");
            }
            None => tracing::info!(authority = authority.name(), "the log was time-stamped"),
            Some(_) => {}
        }
        outcome.map(drop)
    }

    /// What is to be stamped: the size and the frozen bytes; nothing if the newest head is stamped. Blocking.
    fn frozen(
        &self,
        log: &LogReader,
        authority: &str,
        newest: bool,
    ) -> Result<Option<(u64, Vec<u8>)>, StampError> {
        let now = Timestamp::now();
        let fresh = |at: Timestamp| now.duration_since(at).unsigned_abs() < STALE;
        let waiting = self.stamps.waiting(authority)?;
        let waiting = waiting.filter(|(_, since)| !newest && fresh(*since));
        let size = match waiting {
            Some((size, _)) => size,
            None => {
                let head = log.head()?;
                let stamped = self.stamps.newest(authority)?.map(|(size, _)| size);
                if head.checkpoint.size == 0 || stamped == Some(head.checkpoint.size) {
                    return Ok(None);
                }
                self.stamps.freeze(&head)?;
                head.checkpoint.size
            }
        };
        let bytes = self.stamps.read(&Name::Checkpoint { size })?;
        Ok(bytes.map(|bytes| (size, bytes)))
    }

    /// Answers with what is odd about a token that was kept all the same.
    async fn exchange(
        &self,
        authority: &Authority,
        size: u64,
        data: &[u8],
    ) -> Result<Option<String>, StampError> {
        let answer = authority.ask(data).await?;
        let time = answer.verified.info.time_ms;
        let apart = time.saturating_sub(Timestamp::now().as_millisecond());
        let (us, name, data) = (self.clone(), authority.name().to_owned(), data.to_owned());
        let keep = move || {
            let mut chain = answer.certificates;
            chain.push(answer.verified.root);
            us.stamps.keep((size, &data), &name, &answer.bytes, &chain)
        };
        tokio::task::spawn_blocking(keep).await??;
        Ok((apart.abs() > CLOCK_TOLERANCE_MS).then(|| {
            format!("its clock and ours differ by {} s: one of the two is wrong", apart / 1000)
        }))
    }
}
