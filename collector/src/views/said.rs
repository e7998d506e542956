//! What an agent's statement says, as far as it is needed: which places a run named and when it observed them. Reads envelopes, and
//! checks nothing: that was done when the entry was applied.

use std::collections::BTreeMap;

use exhibit_proto::dsse::Envelope;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::apply::millis;
use super::{ViewsError, signed, unsigned};
use crate::log::LogReader;

/// What a run said: when each place was observed, when the run began and ended.
pub(super) struct Said {
    pub(super) index: u64,
    /// Of each target and kind that it named: when its document was observed, if there was one.
    pub(super) places: BTreeMap<(String, String), Option<i64>>,
    pub(super) started: i64,
    pub(super) finished: i64,
}

/// Of a statement what is read here.
#[derive(Deserialize)]
struct Stated<P> {
    predicate: P,
}

/// Of a run what is read here: an earlier day asks it of every agent.
#[derive(Deserialize)]
struct Run {
    started: String,
    finished: String,
    documents: Vec<Observed>,
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Observed {
    target: String,
    kind: String,
    started: String,
}

#[derive(Deserialize)]
struct Outcome {
    target: String,
    kind: String,
    outcome: String,
}

/// The agent's last run before an entry, and not before entry `from`.
pub(super) fn run_before(
    connection: &Connection,
    log: &LogReader,
    (agent, before, from): (&str, u64, u64),
) -> Result<Option<Said>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT idx, rx FROM entries WHERE agent = ?1 AND idx < ?2 AND idx >= ?3 AND type = 'evidence' AND problem IS NULL
         AND documents + gaps > 0 ORDER BY idx DESC LIMIT 1",
    )?;
    let row: Option<(i64, i64)> = ask
        .query_row((agent, signed(before), signed(from)), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((index, rx)) = row else { return Ok(None) };
    Said::read(log, unsigned(index), rx).map(Some)
}

impl Said {
    /// What the run of an entry said that was received then.
    pub(super) fn read(log: &LogReader, index: u64, rx: i64) -> Result<Self, ViewsError> {
        let run = said_at::<Run>(log, index)?;
        Ok(Self::of(index, rx, run))
    }

    fn of(index: u64, rx: i64, run: Option<Run>) -> Self {
        // A clock that runs ahead must not make evidence look fresher than its arrival.
        let time = |text: &str| millis(text).unwrap_or(rx).min(rx);
        let Some(run) = run else {
            return Self { index, places: BTreeMap::new(), started: rx, finished: rx };
        };
        let (started, finished) = (time(&run.started), time(&run.finished));
        let mut places: BTreeMap<(String, String), Option<i64>> = BTreeMap::new();
        for Observed { target, kind, started } in run.documents {
            places.insert((target, kind), Some(time(&started)));
        }
        for Outcome { target, kind, outcome } in run.outcomes {
            if outcome != "collected" {
                places.entry((target, kind)).or_default();
            }
        }
        Self { index, places, started, finished }
    }
}

/// What an agent stated at an entry that counts, if its envelope is still held.
pub(super) fn said_at<P: DeserializeOwned>(
    log: &LogReader,
    index: u64,
) -> Result<Option<P>, ViewsError> {
    let envelope = log.entry(index)?.and_then(|entry| entry.envelope);
    let payload =
        envelope.and_then(|bytes| Envelope::parse(&bytes).ok()?.unverified_payload().ok());
    Ok(payload
        .and_then(|payload| serde_json::from_slice::<Stated<P>>(&payload).ok())
        .map(|said| said.predicate))
}
