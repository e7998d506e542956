//! Statuses as of an earlier entry: the same judgement over the rows whose intervals cover it, by the rule pack and the
//! decisions of then. When something unchanged was observed last before then no row knows; the agents' own statements do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::{Heartbeat, Run, Statement};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::apply::millis;
use super::live::Live;
use super::status::{Heard, weigh};
use super::{Assessment, Views, ViewsError, position, read, signed, unsigned};
use crate::log::LogReader;

/// How many assessments of earlier moments are remembered.
const REMEMBERED: usize = 8;
/// Among so many of an agent's last entries the newest of its chain is looked for: late ones come in between.
const LATE: u32 = 64;

const FINDINGS: &str = "SELECT rule, target, kind, verdict, CASE verdict WHEN 'pass' THEN '' ELSE message END, item_count,
    verdict_since, first_seen FROM findings WHERE from_index < ?1 AND (to_index IS NULL OR to_index >= ?1)";
/// The newest document of each place that was here then.
const OBSERVED: &str = "SELECT target, kind, from_index, last_index, last_seen, first_seen FROM documents d WHERE from_index =
    (SELECT max(from_index) FROM document_rows h WHERE h.target = d.target AND h.kind = d.kind AND h.from_index < ?1
     AND (h.held = 1 OR h.deleted >= ?1))";
const GAPS: &str =
    "SELECT target, kind, gaps, first_seen, last_seen, from_index, last_index FROM outcomes
    WHERE from_index < ?1 AND (to_index IS NULL OR to_index >= ?1) AND gaps <> '[]'";
const SCHEDULES: &str = "SELECT agent, target, kind FROM schedules
    WHERE from_index < ?1 AND (to_index IS NULL OR to_index >= ?1) ORDER BY agent";
const AGENTS: &str = "SELECT id, host_name, enrolled, interval_s, heartbeat_index, revoked_index IS NOT NULL AND revoked_index < ?1
    FROM agents WHERE enrolled_index < ?1 ORDER BY host_name, id";

impl Views {
    /// How many entries the log had at a moment. Entries stand in the order of their arrival; where a clock was set back in
    /// between, it is a moment beside it.
    pub fn entries_at(&self, at: Timestamp) -> Result<u64, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT rx FROM entries WHERE idx = ?1")?;
            let (mut low, mut high) = (0, position(connection)?.0);
            while low < high {
                let middle = low.midpoint(high);
                let received: i64 = ask.query_row([signed(middle)], |row| row.get(0))?;
                if received <= at.as_millisecond() {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Ok(low)
        })
    }

    /// When an entry was received.
    pub fn received(&self, index: u64) -> Result<Option<Timestamp>, ViewsError> {
        Ok(self.entry_row(index)?.map(|entry| entry.received))
    }

    /// Every control's status at `now` by the first `entries` entries of the log.
    pub fn assess_as_of(
        &self,
        entries: u64,
        now: Timestamp,
    ) -> Result<Arc<Assessment>, ViewsError> {
        let past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        let held = past.iter().find(|held| held.applied == entries && held.now == now).cloned();
        drop(past);
        if let Some(held) = held {
            return Ok(held);
        }
        let assessed = Arc::new(self.at_once(|connection| {
            self.judged_as_of(connection, entries.min(position(connection)?.0), now)
        })?);
        let mut past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push_front(Arc::clone(&assessed));
        past.truncate(REMEMBERED);
        Ok(assessed)
    }

    fn judged_as_of(
        &self,
        connection: &Connection,
        entries: u64,
        now: Timestamp,
    ) -> Result<Assessment, ViewsError> {
        let judging = self.judging_at(connection, entries, None)?;
        let people = read::people_at(connection, judging.framework(), entries)?;
        let retired: BTreeSet<String> = people.retired.keys().cloned().collect();
        let mut past = Past { connection, log: self.log(), entries, runs: HashMap::new() };
        let mut live = Live::empty(&judging, &retired);
        past.findings(&mut live)?;
        past.gaps(&mut live)?;
        let heard = Heard { silences: past.silences(now)?, targets: past.targets()? };
        past.schedules(&mut live, &heard)?;
        Ok(weigh((entries, now), &judging, (people, heard), live).0)
    }
}

/// What a run said, as far as it is needed: when each place was observed, and when the run ended.
struct Said {
    index: u64,
    observed: BTreeMap<(String, String), i64>,
    told: BTreeSet<(String, String)>,
    finished: i64,
}

/// The first entries of the log, as the tables and the statements tell of them.
struct Past<'a> {
    connection: &'a Connection,
    log: &'a LogReader,
    entries: u64,
    /// Of each agent, newest first: what was looked at so far.
    runs: HashMap<String, Vec<Said>>,
}

impl Past<'_> {
    fn findings(&mut self, live: &mut Live) -> Result<(), ViewsError> {
        let mut observed: HashMap<String, i64> = HashMap::new();
        let mut ask = self.connection.prepare_cached(OBSERVED)?;
        let mut rows = ask.query([signed(self.entries)])?;
        while let Some(row) = rows.next()? {
            let place: (String, String) = (row.get(0)?, row.get(1)?);
            let (from, last) = (unsigned(row.get(2)?), unsigned(row.get(3)?));
            let (seen, first): (i64, i64) = (row.get(4)?, row.get(5)?);
            let at = if last < self.entries {
                seen
            } else {
                let of = |said: &Said| said.observed.get(&place).copied();
                self.last(&place.0, from, of)?.map_or(first, |at| at.max(first))
            };
            observed.insert(format!("{} {}", place.0, place.1), at);
        }
        let mut ask = self.connection.prepare_cached(FINDINGS)?;
        let mut rows = ask.query([signed(self.entries)])?;
        while let Some(row) = rows.next()? {
            let (target, kind): (String, String) = (row.get(1)?, row.get(2)?);
            live.found(row, &target, observed.get(&format!("{target} {kind}")).copied())?;
        }
        Ok(())
    }

    fn gaps(&mut self, live: &mut Live) -> Result<(), ViewsError> {
        let mut ask = self.connection.prepare_cached(GAPS)?;
        let mut rows = ask.query([signed(self.entries)])?;
        while let Some(row) = rows.next()? {
            let place: (String, String) = (row.get(0)?, row.get(1)?);
            let (from, last) = (unsigned(row.get(5)?), unsigned(row.get(6)?));
            let at = if last < self.entries {
                row.get(4)?
            } else {
                let first: i64 = row.get(3)?;
                let of = |said: &Said| said.told.contains(&place).then_some(said.finished);
                self.last(&place.0, from, of)?.map_or(first, |at| at.max(first))
            };
            live.gap_seen(row, at)?;
        }
        Ok(())
    }

    fn schedules(&self, live: &mut Live, heard: &Heard) -> Result<(), ViewsError> {
        let mut places: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let mut ask = self.connection.prepare_cached(SCHEDULES)?;
        let mut rows = ask.query([signed(self.entries)])?;
        while let Some(row) = rows.next()? {
            places.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
        }
        let names: HashMap<&str, &str> =
            heard.silences.iter().map(|(id, name, _)| (id.as_str(), name.as_str())).collect();
        for (agent, places) in places {
            let name = names.get(agent.as_str()).copied().unwrap_or(&agent);
            live.expect((&agent, name), &places);
        }
        Ok(())
    }

    fn targets(&self) -> Result<Vec<(String, String)>, ViewsError> {
        let mut ask = self
            .connection
            .prepare_cached("SELECT id, name FROM targets WHERE first_index < ?1 ORDER BY id")?;
        let rows = ask.query_map([signed(self.entries)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn silences(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(String, String, Option<Timestamp>)>, ViewsError> {
        let mut ask = self.connection.prepare_cached(AGENTS)?;
        let mut rows = ask.query([signed(self.entries)])?;
        let mut silences = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
            let heard = self.heard(&id)?.unwrap_or(row.get(2)?);
            let (heard, interval) = (read::time(heard), self.interval(row, &id)?);
            let silent = read::is_silent(now, heard, interval) && !row.get(5)?;
            silences.push((id, name, silent.then_some(heard)));
        }
        Ok(silences)
    }

    /// When the newest statement of an agent's chain came.
    fn heard(&self, agent: &str) -> Result<Option<i64>, ViewsError> {
        let mut ask = self.connection.prepare_cached(
            "SELECT rx FROM (SELECT rx, epoch, seq FROM entries WHERE agent = ?1 AND idx < ?2 AND problem IS NULL AND seq IS NOT NULL
             ORDER BY idx DESC LIMIT ?3) ORDER BY epoch DESC, seq DESC LIMIT 1",
        )?;
        Ok(ask.query_row((agent, signed(self.entries), LATE), |row| row.get(0)).optional()?)
    }

    /// How often it meant to speak, by its last heartbeat of then.
    fn interval(&self, row: &Row<'_>, agent: &str) -> Result<Option<u64>, ViewsError> {
        let newest: Option<i64> = row.get(4)?;
        if newest.is_some_and(|index| unsigned(index) < self.entries) {
            return Ok(row.get::<_, Option<i64>>(3)?.map(unsigned));
        }
        let mut ask = self.connection.prepare_cached(
            "SELECT idx FROM entries WHERE agent = ?1 AND idx < ?2 AND type = 'heartbeat' AND problem IS NULL
             ORDER BY idx DESC LIMIT 1",
        )?;
        let index: Option<i64> =
            ask.query_row((agent, signed(self.entries)), |row| row.get(0)).optional()?;
        let Some(index) = index else { return Ok(None) };
        Ok(said::<Heartbeat>(self.log, unsigned(index))?.map(|beat| beat.interval_seconds))
    }

    /// The newest word of any agent about a place of the target, from entry `from` on.
    fn last(
        &mut self,
        target: &str,
        from: u64,
        of: impl Fn(&Said) -> Option<i64>,
    ) -> Result<Option<i64>, ViewsError> {
        let mut ask = self.connection.prepare_cached(
            "SELECT id FROM agents WHERE EXISTS (SELECT 1 FROM json_each(targets) WHERE value = ?1)",
        )?;
        let agents: Vec<String> =
            ask.query_map([target], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut last = None;
        for agent in agents {
            let mut place = 0;
            loop {
                let runs = self.runs.entry(agent.clone()).or_default();
                if runs.len() <= place {
                    let before = runs.last().map_or(self.entries, |said| said.index);
                    match run_before(self.connection, self.log, (&agent, before, from))? {
                        Some(said) => runs.push(said),
                        None => break,
                    }
                }
                let Some(said) = runs.get(place).filter(|said| said.index >= from) else { break };
                if let Some(at) = of(said) {
                    last = last.max(Some(at));
                    break;
                }
                place += 1;
            }
        }
        Ok(last)
    }
}

/// The agent's last run before an entry, and not before entry `from`.
fn run_before(
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
    let run = said::<Run>(log, unsigned(index))?;
    // A clock that runs ahead must not make evidence look fresher than its arrival.
    let time = |text: &str| millis(text).unwrap_or(rx).min(rx);
    let documents = run.iter().flat_map(|run| &run.documents);
    let observed = documents.map(|document| {
        let place = (document.target.as_str().to_owned(), document.kind.as_str().to_owned());
        (place, time(&document.started))
    });
    let outcomes = run.iter().flat_map(|run| &run.outcomes);
    let told = outcomes
        .map(|outcome| (outcome.target.as_str().to_owned(), outcome.kind.as_str().to_owned()));
    Ok(Some(Said {
        index: unsigned(index),
        observed: observed.collect(),
        told: told.collect(),
        finished: run.as_ref().map_or(rx, |run| time(&run.finished)),
    }))
}

/// What an agent stated at an entry that counts, if its envelope is still held. Its signature was checked when it was applied.
fn said<P: Serialize + DeserializeOwned>(
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
