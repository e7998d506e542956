//! Another pack is tried on a period of stored evidence: what it would have said otherwise than the pack in force. Every interval
//! of a document that reaches into the period is judged once, as of its last observation there. It changes nothing.

use std::collections::BTreeMap;

use exhibit_assessment::{BackTest, Both, Evidence, Labels, PackError, RulePack, Sample, Trial};
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::Row;

use super::{Views, ViewsError, judge, labels, read::time, side_by_side, signed, unsigned};

/// Documents that are read and judged at a time.
const SLICE: usize = 1024;

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    pub test: BackTest,
    /// Intervals whose document is not held any more: nothing can be said of them.
    pub not_held: u64,
}

struct Interval {
    target: String,
    kind: String,
    from_index: i64,
    digest: String,
    last_index: u64,
    last_seen: Timestamp,
}

const INTERVAL: &str =
    "SELECT target, kind, from_index, digest, last_index, last_seen FROM documents
    WHERE first_seen <= ?2 AND last_seen >= ?1 AND (target, kind, from_index) > (?3, ?4, ?5)
    ORDER BY target, kind, from_index LIMIT ?6";

impl Views {
    /// Tries `after` on what was current between two times, beside the pack in force. Statuses are assessed at the period's end,
    /// with the schedules and decisions of the present, and rules see the labels of the present. `tell` hears how many intervals are done.
    pub fn try_pack(
        &self,
        after: &RulePack,
        (from, to): (Timestamp, Timestamp),
        tell: impl Fn(u64),
    ) -> Result<Tried, ViewsError> {
        let before = self.assessor().pack();
        let unusable = |error: PackError| ViewsError::Row {
            expected: "a usable pack",
            found: error.to_string(),
        };
        let mut trial = Trial::new((before, after)).map_err(unusable)?;
        let reads = |kind: &str| {
            let mut rules = before.rules().iter().chain(after.rules());
            rules.any(|rule| rule.capture && rule.kind == kind)
        };
        let labels = self.read(|connection| labels::all(connection, self.assessor()))?;
        let (mut not_held, mut done) = (0, 0);
        let mut cursor = (String::new(), String::new(), -1);
        let mut slice = self.intervals((from, to), &cursor)?;
        while let Some(last) = slice.last() {
            cursor = (last.target.clone(), last.kind.clone(), last.from_index);
            let next = self.intervals((from, to), &cursor)?;
            let judge = |interval: &_| self.judge_interval(&trial, interval, to, &reads, &labels);
            let judged = side_by_side::map(&slice, judge)?;
            for (place, (interval, both)) in slice.iter().zip(judged).enumerate() {
                let follower = slice.get(place + 1).or(next.first());
                let is_last = follower.is_none_or(|follower| {
                    (&follower.target, &follower.kind) != (&interval.target, &interval.kind)
                });
                let seen = interval.last_seen.min(to);
                match both {
                    Some(both) => trial.take((&interval.target, seen, is_last), both),
                    None => not_held += 1,
                }
            }
            done += slice.len() as u64;
            tell(done);
            slice = next;
        }
        let test = self.with_input(to, |around, _| trial.finish((before, after), around, to))?;
        Ok(Tried { test, not_held })
    }

    fn judge_interval(
        &self,
        trial: &Trial,
        interval: &Interval,
        to: Timestamp,
        reads_capture: &(dyn Fn(&str) -> bool + Sync),
        labels: &BTreeMap<String, Labels>,
    ) -> Result<Option<Both>, ViewsError> {
        let (target, kind) = (interval.target.as_str(), interval.kind.as_str());
        let Ok(digest) = interval.digest.parse::<Digest>() else { return Ok(None) };
        let Some(bytes) = self.log().document(&digest)? else { return Ok(None) };
        let capture = if reads_capture(kind) {
            judge::capture_at(self.log(), interval.last_index, (target, kind))?
        } else {
            None
        };
        let document = judge::own_words(&bytes, kind, target);
        let evidence = Evidence {
            document: &document,
            observed_at: interval.last_seen.min(to),
            capture: capture.as_ref(),
            labels: labels.get(target),
        };
        Ok(Some(trial.judge(&Sample { kind, target, evidence })))
    }

    fn intervals(
        &self,
        (from, to): (Timestamp, Timestamp),
        (target, kind, index): &(String, String, i64),
    ) -> Result<Vec<Interval>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(INTERVAL)?;
            let (from, to) = (from.as_millisecond(), to.as_millisecond());
            let limit = signed(SLICE as u64);
            let rows = ask.query_map((from, to, target, kind, index, limit), interval)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn interval(row: &Row<'_>) -> rusqlite::Result<Interval> {
    Ok(Interval {
        target: row.get(0)?,
        kind: row.get(1)?,
        from_index: row.get(2)?,
        digest: row.get(3)?,
        last_index: unsigned(row.get(4)?),
        last_seen: time(row.get(5)?),
    })
}
