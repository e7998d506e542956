//! Findings sorted by what is no part of their keys. Of a few thousand the keys are read and sorted; the times since which verdicts
//! hold are an index that is walked, however many there are. Nothing else is sorted of millions: nobody would wait for it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::findings::{FINDING, finding};
use super::findings::{Narrow, Segment, field};
use crate::views::{FindingRow, Views, ViewsError, signed};

/// So many findings are sorted by any field.
pub const SORTED: u64 = 10_000;

/// A finding, and what it is sorted by.
struct Key {
    by: Value,
    rule: String,
    target: String,
    from_index: i64,
}

impl Key {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            by: row.get(0)?,
            rule: row.get(1)?,
            target: row.get(2)?,
            from_index: row.get(3)?,
        })
    }

    /// Numbers as numbers, texts byte by byte, nothing before anything, as SQLite has it.
    fn order(&self, other: &Self) -> Ordering {
        let (one, two) = (weight(&self.by), weight(&other.by));
        one.cmp(&two).then_with(|| (&self.rule, &self.target).cmp(&(&other.rule, &other.target)))
    }
}

fn weight(value: &Value) -> (u8, i64, &str) {
    match value {
        Value::Null | Value::Real(_) | Value::Blob(_) => (0, 0, ""),
        Value::Integer(number) => (1, *number, ""),
        Value::Text(text) => (2, 0, text),
    }
}

/// Where a list begins, and how many rows are wanted.
pub(super) type Place = (u64, u64);

impl Views {
    /// Whether as many findings as fit are sorted by a field while somebody waits.
    pub fn sorts_findings(&self, by: &str, narrow: &Narrow, fitting: u64) -> bool {
        fitting <= SORTED || (by == "since" && self.walks(narrow))
    }

    /// Tables of an earlier moment have no index; another document than that of the finding is in no index.
    pub(super) fn walks(&self, narrow: &Narrow) -> bool {
        self.0.then.is_none() && narrow.digest.is_none()
    }

    /// A part of these findings, sorted: reads the keys of them all.
    pub(in crate::views) fn sorted(
        &self,
        (by, turned): (&str, bool),
        segments: &[Segment],
        narrow: &Narrow,
        (before, limit): Place,
    ) -> Result<Vec<FindingRow>, ViewsError> {
        let by = field(by);
        let hits = self.hits(narrow)?;
        let joined = match by.split('.').next() {
            Some("f") => "",
            Some("n") => "LEFT JOIN targets n ON n.id = f.target",
            Some(_) | None => OBSERVED,
        };
        let joined = if narrow.digest.is_some() { OBSERVED } else { joined };
        let columns = format!(
            "SELECT {by}, f.rule, f.target, f.from_index FROM findings f {joined} WHERE f.to_index IS NULL"
        );
        self.at_once(|connection| {
            let mut keys = Vec::new();
            for segment in segments {
                let (fits, given) = segment.sql(narrow, &hits);
                let sql = format!("{}{fits}", self.found(&columns, segment));
                let mut ask = connection.prepare_cached(&sql)?;
                let mut rows = ask.query(params_from_iter(given))?;
                while let Some(row) = rows.next()? {
                    keys.push(Key::read(row)?);
                }
            }
            keys.sort_unstable_by(Key::order);
            if turned {
                keys.reverse();
            }
            let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            whole(connection, keys.into_iter().skip(place(before)).take(place(limit)))
        })
    }

    /// A part of these findings by the time since which their verdict holds: walks an index.
    pub(in crate::views) fn walked(
        &self,
        turned: bool,
        segments: &[Segment],
        narrow: &Narrow,
        (before, limit): Place,
    ) -> Result<Vec<FindingRow>, ViewsError> {
        let (hits, all) = (self.hits(narrow)?, self.finding_segments()?);
        let (mut parts, mut given) = (Vec::new(), Vec::new());
        let verdicts: BTreeSet<&str> = segments.iter().map(|one| one.verdict.as_str()).collect();
        for verdict in verdicts {
            let of = |segment: &&Segment| segment.verdict.as_str() == verdict;
            let these: Vec<&Segment> = segments.iter().filter(of).collect();
            let mut fits = Vec::new();
            for told in [true, false] {
                let rules: Vec<&str> = these
                    .iter()
                    .filter(|one| one.told == told)
                    .map(|one| one.rule.as_str())
                    .collect();
                if rules.is_empty() {
                    continue;
                }
                let (mut one, bad) = (String::new(), these.iter().any(|one| one.is_bad()));
                // Of all rules nobody need look which one it is.
                if rules.len() < all.iter().filter(of).count() {
                    given.push(Value::Text(serde_json::to_string(&rules).unwrap_or_default()));
                    one = format!(" AND f.rule IN (SELECT value FROM json_each(?{}))", given.len());
                }
                let (also, more) = narrow.sql(given.len(), (told, bad), &hits);
                given.extend(more);
                fits.push(format!("(TRUE{one}{also})"));
            }
            parts.push(format!(
                "SELECT f.verdict_since AS s, f.rule AS r, f.target AS t, f.from_index FROM findings f INDEXED BY findings_since
                 WHERE f.to_index IS NULL AND f.verdict = '{verdict}' AND ({})",
                fits.join(" OR ")
            ));
        }
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        given.extend([limit, before].map(|number| Value::Integer(signed(number))));
        let (limit, offset) = (given.len() - 1, given.len());
        let way = if turned { "DESC" } else { "ASC" };
        let sql = format!(
            "{} ORDER BY s {way}, r {way}, t {way} LIMIT ?{limit} OFFSET ?{offset}",
            parts.join(" UNION ALL ")
        );
        self.at_once(|connection| {
            let mut ask = connection.prepare_cached(&sql)?;
            let keys = ask.query_map(params_from_iter(given), Key::read)?;
            let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
            whole(connection, keys.into_iter())
        })
    }
}

/// The observation that a finding rests on, as [`FINDING`] has it.
const OBSERVED: &str =
    "LEFT JOIN documents d ON d.target = f.target AND d.kind = f.kind AND d.from_index =
      (SELECT from_index FROM documents h WHERE h.target = f.target AND h.kind = f.kind AND h.held = 1
       ORDER BY from_index DESC LIMIT 1)";

fn whole(
    connection: &Connection,
    keys: impl Iterator<Item = Key>,
) -> Result<Vec<FindingRow>, ViewsError> {
    let one = format!("{FINDING} AND f.rule = ?1 AND f.target = ?2 AND f.from_index = ?3");
    let mut ask = connection.prepare_cached(&one)?;
    let mut found = Vec::new();
    for key in keys {
        let mut rows = ask.query((key.rule, key.target, key.from_index))?;
        if let Some(row) = rows.next()? {
            found.push(finding(row)?);
        }
    }
    Ok(found)
}
