//! What an agent's statement says, as far as it is needed: which places a run named and when it observed them. Reads envelopes, and
//! checks no signature: that was done when the entry was applied.

use std::collections::BTreeMap;

use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::{Run, Statement};
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
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
        Ok(Self::of(index, rx, run.as_ref()))
    }

    fn of(index: u64, rx: i64, run: Option<&Run>) -> Self {
        // A clock that runs ahead must not make evidence look fresher than its arrival.
        let time = |text: &str| millis(text).unwrap_or(rx).min(rx);
        let mut places: BTreeMap<(String, String), Option<i64>> = BTreeMap::new();
        for document in run.iter().flat_map(|run| &run.documents) {
            let place = (document.target.as_str().to_owned(), document.kind.as_str().to_owned());
            places.insert(place, Some(time(&document.started)));
        }
        let gaps =
            run.iter().flat_map(|run| &run.outcomes).filter(|gap| gap.outcome != "collected");
        for gap in gaps {
            let place = (gap.target.as_str().to_owned(), gap.kind.as_str().to_owned());
            places.entry(place).or_default();
        }
        let started = run.map_or(rx, |run| time(&run.started));
        Self { index, places, started, finished: run.map_or(rx, |run| time(&run.finished)) }
    }
}

/// What an agent stated at an entry that counts, if its envelope is still held. Its signature was checked when it was applied.
pub(super) fn said_at<P: Serialize + DeserializeOwned>(
    log: &LogReader,
    index: u64,
) -> Result<Option<P>, ViewsError> {
    let envelope = log.entry(index)?.and_then(|entry| entry.envelope);
    let payload =
        envelope.and_then(|bytes| Envelope::parse(&bytes).ok()?.unverified_payload().ok());
    Ok(payload
        .and_then(|payload| Statement::<P>::from_payload(&payload).ok())
        .map(|said| said.predicate))
}
