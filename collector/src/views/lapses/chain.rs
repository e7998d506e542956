//! The observations of one kind on one target, followed from one to the last that lies within the window after it. Where there is
//! none, evidence had a break. Of a run it reads the envelope, once for all kinds of its target.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::Connection;

use super::expected::Speaker;
use super::{Expected, Period};
use crate::log::LogReader;
use crate::views::said::Said;
use crate::views::{ViewsError, signed, unsigned};

/// Two observations that are further apart than the window; times in milliseconds since 1970.
pub(super) struct Break {
    /// None: nothing was observed since the chain begins.
    pub(super) last: Option<i64>,
    /// None: nothing was observed until it ends.
    pub(super) next: Option<i64>,
}

/// The time in which a document did not change, or in which the kind could not exist here.
pub(super) struct Interval {
    from: u64,
    last: u64,
    first_seen: i64,
    last_seen: i64,
    /// Nothing needs to be observed in it.
    whole: bool,
}

/// A run by its entry, and when it was sealed.
struct Run {
    index: u64,
    rx: i64,
    sealed: i64,
}

/// The runs of whoever may speak for a target, in the order of their sealing.
pub(super) struct Runs {
    log: LogReader,
    runs: Vec<Run>,
    said: HashMap<u64, Arc<Said>>,
    /// Statements that were read so far.
    pub(super) read: u64,
}

/// Evidence whose document never came is none; a deleted one was.
const DOCUMENTS: &str = "SELECT kind, from_index, last_index, first_seen, last_seen FROM documents
    WHERE target = ?1 AND (held = 1 OR deleted IS NOT NULL) ORDER BY kind, from_index";
const NOT_APPLICABLE: &str =
    "SELECT kind, from_index, last_index, first_seen, last_seen FROM outcomes o
    WHERE target = ?1 AND collected = 0 AND gaps <> '[]'
    AND NOT EXISTS (SELECT 1 FROM json_each(o.gaps) WHERE value ->> 'outcome' <> 'not_applicable')";
const RUNS: &str = "SELECT idx, rx, coalesce(sealed, rx) FROM entries WHERE agent = ?1 AND idx >= ?2 AND type = 'evidence'
    AND problem IS NULL AND documents + gaps > 0";

/// The intervals of each kind of a target, in the order of their entries.
pub(super) fn intervals(
    connection: &Connection,
    target: &str,
) -> Result<BTreeMap<String, Vec<Interval>>, ViewsError> {
    let mut intervals: BTreeMap<String, Vec<Interval>> = BTreeMap::new();
    for (sql, whole) in [(DOCUMENTS, false), (NOT_APPLICABLE, true)] {
        let mut ask = connection.prepare_cached(sql)?;
        let mut rows = ask.query([target])?;
        while let Some(row) = rows.next()? {
            let interval = Interval {
                from: unsigned(row.get(1)?),
                last: unsigned(row.get(2)?),
                first_seen: row.get(3)?,
                last_seen: row.get(4)?,
                whole,
            };
            intervals.entry(row.get(0)?).or_default().push(interval);
        }
    }
    for all in intervals.values_mut() {
        all.sort_by_key(|interval| (interval.first_seen, interval.from));
    }
    Ok(intervals)
}

/// Where the chain breaks between two times.
pub(super) fn breaks(
    runs: &mut Runs,
    place: &(String, String),
    intervals: &[Interval],
    (start, until, window): (i64, i64, i64),
) -> Result<Vec<Break>, ViewsError> {
    let mut breaks = Vec::new();
    // Where it stands, and whether something was observed there.
    let (mut at, mut real) = (start, false);
    for interval in intervals.iter().filter(|interval| interval.first_seen < until) {
        if interval.last_seen < at {
            continue;
        }
        if interval.first_seen > at {
            if interval.first_seen - at > window {
                breaks.push(Break { last: real.then_some(at), next: Some(interval.first_seen) });
            }
            (at, real) = (interval.first_seen, true);
        }
        while at < interval.last_seen && at + window < until {
            if interval.whole || interval.last_seen - at <= window {
                (at, real) = (interval.last_seen, true);
            } else if let Some(seen) = runs.latest(place, interval, (at, at + window))? {
                (at, real) = (seen, true);
            } else {
                let next = runs.after(place, interval, at + window)?;
                let next = next.unwrap_or(interval.last_seen);
                if next >= until {
                    break;
                }
                breaks.push(Break { last: real.then_some(at), next: Some(next) });
                (at, real) = (next, true);
            }
        }
    }
    if until - at > window {
        breaks.push(Break { last: real.then_some(at), next: None });
    }
    Ok(breaks)
}

impl Runs {
    pub(super) fn new(log: LogReader) -> Self {
        Self { log, runs: Vec::new(), said: HashMap::new(), read: 0 }
    }

    /// Goes to another target.
    pub(super) fn begin(
        &mut self,
        connection: &Connection,
        (target, agents): (&Expected, &[Speaker]),
        (period, longest): (Period, i64),
    ) -> Result<(), ViewsError> {
        self.said.clear();
        self.runs.clear();
        // What was observed inside of a window cannot have come before it.
        let since = (period.from.as_millisecond() - longest).max(target.enrolled);
        let first = first_entry(connection, since)?;
        let mut ask = connection.prepare_cached(RUNS)?;
        // Whoever did speak for it is asked, too.
        let mut spoke = connection
            .prepare_cached("SELECT DISTINCT agent FROM document_rows WHERE target = ?1")?;
        let spoke = spoke.query_map([&target.id], |row| row.get(0))?;
        let mut speakers: BTreeSet<String> = spoke.collect::<Result<_, _>>()?;
        speakers.extend(agents.iter().map(|(agent, _)| agent.clone()));
        for agent in &speakers {
            let mut rows = ask.query((agent, signed(first)))?;
            while let Some(row) = rows.next()? {
                let (rx, sealed): (i64, i64) = (row.get(1)?, row.get(2)?);
                self.runs.push(Run { index: unsigned(row.get(0)?), rx, sealed: sealed.min(rx) });
            }
        }
        self.runs.sort_by_key(|run| (run.sealed, run.index));
        Ok(())
    }

    /// The latest observation after one time and up to another.
    fn latest(
        &mut self,
        place: &(String, String),
        interval: &Interval,
        (after, until): (i64, i64),
    ) -> Result<Option<i64>, ViewsError> {
        let fits = |seen: Option<i64>| seen.filter(|seen| *seen > after && *seen <= until);
        let begin = self.runs.partition_point(|run| run.sealed <= until);
        // A run that was sealed later may have observed it in time.
        let (mut at, mut latest) = (begin, None);
        while let Some((started, seen)) = self.seen(at, place, interval)? {
            if started > until {
                break;
            }
            latest = latest.max(fits(seen));
            at += 1;
        }
        let mut at = begin;
        while latest.is_none() {
            let Some(before) = at.checked_sub(1) else { break };
            at = before;
            if self.runs.get(at).is_none_or(|run| run.sealed <= after) {
                break;
            }
            latest = self.seen(at, place, interval)?.and_then(|(_, seen)| fits(seen));
        }
        Ok(latest)
    }

    /// The first observation after a time.
    fn after(
        &mut self,
        place: &(String, String),
        interval: &Interval,
        after: i64,
    ) -> Result<Option<i64>, ViewsError> {
        let mut at = self.runs.partition_point(|run| run.sealed <= after);
        while let Some((_, seen)) = self.seen(at, place, interval)? {
            if let Some(seen) = seen.filter(|seen| *seen > after) {
                return Ok(Some(seen));
            }
            at += 1;
        }
        Ok(None)
    }

    /// When the run at this place began, and when it observed the kind in the interval.
    fn seen(
        &mut self,
        at: usize,
        place: &(String, String),
        interval: &Interval,
    ) -> Result<Option<(i64, Option<i64>)>, ViewsError> {
        let Some(run) = self.runs.get(at) else { return Ok(None) };
        let said = match self.said.get(&run.index) {
            Some(said) => said,
            None => {
                self.read += 1;
                let said = Arc::new(Said::read(&self.log, run.index, run.rx)?);
                self.said.entry(run.index).or_insert(said)
            }
        };
        let inside = (interval.from..=interval.last).contains(&run.index);
        let seen = said.places.get(place).copied().flatten().filter(|_| inside);
        Ok(Some((said.started, seen)))
    }
}

/// The first entry that came at a time or after it. Entries stand in the order of their arrival.
pub(super) fn first_entry(connection: &Connection, at: i64) -> Result<u64, ViewsError> {
    let mut ask = connection.prepare_cached("SELECT rx FROM entries WHERE idx = ?1")?;
    let (mut low, mut high) = (0, crate::views::position(connection)?.0);
    while low < high {
        let middle = low.midpoint(high);
        let received: i64 = ask.query_row([signed(middle)], |row| row.get(0))?;
        if received < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
