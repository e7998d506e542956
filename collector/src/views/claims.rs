//! What the tables say was found, in the form in which it can be judged again elsewhere. It judges nothing.

use std::ops::Range;

use exhibit_assessment::{FindingClaim, PeopleClaimed, STATUSES_SCHEMA, StatusesClaimed};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Row};

use super::read::time;
use super::{Views, ViewsError, judge, signed, unsigned};

const CLAIM: &str = "SELECT f.rule, f.target, f.kind, f.verdict, f.message, f.items, f.item_count, f.digest, f.from_index,
    f.to_index, f.verdict_since, f.erased, (SELECT max(d.last_seen) FROM documents d
      WHERE d.target = f.target AND d.kind = f.kind AND d.held = 1 AND d.to_index IS NULL AND f.to_index IS NULL)
    FROM findings f WHERE f.from_index < ?2 AND (f.to_index IS NULL OR f.to_index > ?1)
    ORDER BY f.target, f.kind, f.rule, f.from_index";

/// A run that was the last to speak of a place, or to observe its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWord {
    pub target: String,
    pub kind: String,
    pub index: u64,
}

impl Views {
    /// Hands over the findings that held at any of these entries; one that held beyond the last of them holds still.
    pub fn finding_claims<E: From<ViewsError>>(
        &self,
        entries: Range<u64>,
        mut take: impl FnMut(FindingClaim) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut refused = None;
        self.read(|connection| {
            let mut ask = connection.prepare_cached(CLAIM)?;
            let mut rows = ask.query((signed(entries.start), signed(entries.end)))?;
            while let Some(row) = rows.next()? {
                let mut claim = claim(row)?;
                claim.to = claim.to.filter(|to| *to < entries.end);
                if let Err(error) = take(claim) {
                    refused = Some(error);
                    return Ok(());
                }
            }
            Ok(())
        })?;
        refused.map_or(Ok(()), Err)
    }

    /// The entries that came in a period, and all before the head that it ends under; of an empty one the entry before.
    pub fn entries_between(
        &self,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        size: u64,
    ) -> Result<Range<u64>, ViewsError> {
        self.read(|connection| {
            let first: Option<i64> = connection.query_row(
                "SELECT min(idx) FROM entries WHERE rx >= ?1",
                [from.map_or(i64::MIN, Timestamp::as_millisecond)],
                |row| row.get(0),
            )?;
            let last: Option<i64> = connection.query_row(
                "SELECT max(idx) FROM entries WHERE rx <= ?1",
                [to.map_or(i64::MAX, Timestamp::as_millisecond)],
                |row| row.get(0),
            )?;
            let start = first.map_or(size, unsigned).min(size);
            let end = last.map_or(0, |last| unsigned(last) + 1).min(size);
            // Where nothing came in it, what the entry before left in force held all the while.
            Ok(if start < end { start..end } else { start.saturating_sub(1)..start })
        })
    }

    /// Statuses at `now` with all that they rest on besides findings: of `wanted` targets and kinds. None if the tables do not
    /// stand at `size`: what was seen last does not stand in them for every entry.
    pub fn status_claims(
        &self,
        size: u64,
        now: Timestamp,
        wanted: &dyn Fn(&str, Option<&str>) -> bool,
    ) -> Result<Option<StatusesClaimed>, ViewsError> {
        if self.applied()? != size {
            return Ok(None);
        }
        let claimed = self.with_input(now, |input, (_, pack, people)| StatusesClaimed {
            schema: STATUSES_SCHEMA.to_owned(),
            size,
            pack: pack.digest().to_owned(),
            version: pack.version().to_owned(),
            now,
            gaps: kept(input.gaps, |gap| wanted(&gap.target, Some(&gap.kind))),
            expected: kept(input.expected, |one| wanted(&one.target, Some(&one.kind))),
            people: PeopleClaimed::of(
                people,
                kept(input.targets, |known| wanted(&known.target, None)),
            ),
            statuses: Vec::new(),
        })?;
        Ok((self.applied()? == size).then_some(claimed))
    }

    /// What had been said last of each place before the first entry that came at `from` or later: the entries of the runs that observed
    /// its document, and that spoke of it.
    pub fn last_words(&self, from: Timestamp, size: u64) -> Result<Vec<LastWord>, ViewsError> {
        let before = from.checked_sub(SignedDuration::from_millis(1)).unwrap_or(from);
        let entries = self.entries_at(before)?.min(size);
        if entries == 0 {
            return Ok(Vec::new());
        }
        self.as_of(entries, before)?.read(|connection| {
            let mut ask = connection.prepare(
                "SELECT target, kind, last_index FROM documents WHERE to_index IS NULL
                 UNION SELECT target, kind, last_index FROM outcomes WHERE to_index IS NULL",
            )?;
            let rows = ask.query_map([], |row| {
                let index = unsigned(row.get(2)?);
                Ok(LastWord { target: row.get(0)?, kind: row.get(1)?, index })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The entry that put the pack in force which judged at entry `index`.
    pub fn pack_at(&self, index: u64) -> Result<Option<u64>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT idx FROM rule_packs WHERE proposed = 0 AND idx <= ?1 ORDER BY idx DESC LIMIT 1",
            )?;
            let found: Option<i64> =
                ask.query_row([signed(index)], |row| row.get(0)).optional()?;
            Ok(found.map(unsigned))
        })
    }
}

fn kept<T: Clone>(all: &[T], wanted: impl Fn(&T) -> bool) -> Vec<T> {
    all.iter().filter(|one| wanted(one)).cloned().collect()
}

fn claim(row: &Row<'_>) -> Result<FindingClaim, ViewsError> {
    let (rule, verdict, items): (String, String, String) = (row.get(0)?, row.get(3)?, row.get(5)?);
    let rule =
        rule.parse().map_err(|_not_a_rule| ViewsError::Row { expected: "a rule", found: rule })?;
    Ok(FindingClaim {
        rule,
        target: row.get(1)?,
        kind: row.get(2)?,
        verdict: judge::verdict(&verdict)?,
        message: row.get(4)?,
        items: serde_json::from_str(&items).unwrap_or_default(),
        item_count: unsigned(row.get(6)?),
        document: row.get(7)?,
        from: unsigned(row.get(8)?),
        to: row.get::<_, Option<i64>>(9)?.map(unsigned),
        since: time(row.get(10)?),
        erased: row.get::<_, Option<i64>>(11)?.map(unsigned),
        observed_at: row.get::<_, Option<i64>>(12)?.map(time),
    })
}
