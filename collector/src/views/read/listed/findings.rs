//! Findings as a list. Those of one rule with one verdict are a segment; how many each has is counted as they change, so that a
//! page in the middle of two million is found without reading what stands before it.

use exhibit_assessment::Verdict;
use rusqlite::types::Value;

use super::super::findings::{FINDING, finding};
use super::sorted::SORTED;
use crate::views::{FindingRow, Views, ViewsError, judge, signed, unsigned};

/// Findings of one rule with one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub rule: String,
    pub verdict: Verdict,
    /// That hold now.
    pub findings: u64,
    /// The text that is looked for stands in the rule or the verdict themselves.
    pub told: bool,
}

/// What else has to hold of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// The target, by id or by name.
    pub target: Option<String>,
    pub name: Option<String>,
    pub message: Option<String>,
    pub digest: Option<String>,
    /// What target, name or message hold, in segments that do not hold it themselves. In messages of what passes nobody looks.
    pub text: Option<String>,
}

/// What findings are sorted by that are not sorted by rule or verdict.
const FIELDS: [(&str, &str); 8] = [
    ("target", "f.target"),
    ("digest", "coalesce(d.digest, f.digest)"),
    ("name", "n.name"),
    ("message", "f.message"),
    ("items", "f.item_count"),
    ("observed", "coalesce(d.last_seen, f.first_seen)"),
    ("index", "coalesce(d.last_index, f.from_index)"),
    ("since", "f.verdict_since"),
];

/// The field as a column, where there is such a field; else the target.
pub(super) fn field(name: &str) -> &'static str {
    FIELDS.iter().find(|(known, _)| *known == name).map_or("f.target", |(_, sql)| *sql)
}

/// Targets that hold a text in their id or their name, as a JSON list: looked for once, not by each question.
pub(super) struct Hits(pub(super) String);

impl Narrow {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Conditions with their parameters, which come after as many others.
    pub(super) fn sql(
        &self,
        others: usize,
        (told, bad): (bool, bool),
        hits: &Hits,
    ) -> (String, Vec<Value>) {
        let (mut sql, mut given) = (String::new(), Vec::new());
        let mut is = |condition: &str, text: &Option<String>| {
            if let Some(text) = text {
                given.push(Value::Text(text.clone()));
                sql += &format!(" AND {condition} ?{}", others + given.len());
            }
        };
        is("f.target =", &self.target);
        is("f.message =", &self.message);
        is("coalesce(d.digest, f.digest) =", &self.digest);
        if let Some(name) = &self.name {
            given.push(Value::Text(name.clone()));
            let place = others + given.len();
            sql += &format!(" AND f.target IN (SELECT id FROM targets WHERE name = ?{place})");
        }
        if let Some(text) = self.text.as_ref().filter(|_| !told) {
            given.push(Value::Text(hits.0.clone()));
            let place = others + given.len();
            let message = if bad {
                given.push(Value::Text(text.to_ascii_lowercase()));
                format!(" OR instr(lower(f.message), ?{}) > 0", place + 1)
            } else {
                String::new()
            };
            sql += &format!(" AND (f.target IN (SELECT value FROM json_each(?{place})){message})");
        }
        (sql, given)
    }
}

impl Segment {
    /// How many findings a rule has with a verdict.
    pub fn count(all: &[Self], rule: &str, verdict: Verdict) -> u64 {
        let of = all.iter().filter(|one| one.rule == rule && one.verdict == verdict);
        of.map(|one| one.findings).sum()
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Error)
    }

    /// What is after `FROM findings f …`: the verdict as a word, so that SQLite sees which index serves.
    pub(super) fn sql(&self, narrow: &Narrow, hits: &Hits) -> (String, Vec<Value>) {
        let (also, given) = narrow.sql(1, (self.told, self.is_bad()), hits);
        let verdict = self.verdict.as_str();
        // Of what is not bad the rule leads to few, and not the index that begins with the verdict.
        let of = if self.is_bad() { "f.verdict" } else { "+f.verdict" };
        let mut all = vec![Value::Text(self.rule.clone())];
        all.extend(given);
        (format!(" AND f.rule = ?1 AND {of} = '{verdict}'{also}"), all)
    }
}

impl Views {
    /// Every rule and verdict that has findings now, by rule.
    pub fn finding_segments(&self) -> Result<Vec<Segment>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT rule, verdict, findings FROM finding_counts ORDER BY rule, verdict",
            )?;
            let mut rows = ask.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let verdict: String = row.get(1)?;
                all.push(Segment {
                    rule: row.get(0)?,
                    verdict: judge::verdict(&verdict)?,
                    findings: unsigned(row.get(2)?),
                    told: false,
                });
            }
            Ok(all)
        })
    }

    /// The same segments with as many findings as fit.
    pub fn narrowed(
        &self,
        segments: Vec<Segment>,
        narrow: &Narrow,
    ) -> Result<Vec<Segment>, ViewsError> {
        if narrow.is_nothing() {
            return Ok(segments);
        }
        let hits = self.hits(narrow)?;
        let alone = Narrow { text: None, ..narrow.clone() }.is_nothing();
        if let Some(text) = narrow.text.as_ref().filter(|_| alone) {
            return self.with_text(segments, text, &hits);
        }
        self.read(|connection| {
            let counted = segments.into_iter().map(|segment| {
                let (fits, given) = segment.sql(narrow, &hits);
                let rows = if narrow.digest.is_some() { FINDING } else { ALONE };
                let sql = format!("SELECT count(*) FROM ({}{fits})", self.found(rows, &segment));
                let mut ask = connection.prepare_cached(&sql)?;
                let findings =
                    ask.query_row(rusqlite::params_from_iter(given), |row| row.get(0))?;
                Ok(Segment { findings: unsigned(findings), ..segment })
            });
            let counted: Vec<Segment> = counted.collect::<Result<_, ViewsError>>()?;
            Ok(counted.into_iter().filter(|segment| segment.findings > 0).collect())
        })
    }

    /// Hands over findings of segments (as [`Views::narrowed`] counted them) one segment after the other, each by target;
    /// `range`: rows in front of them, and how many.
    pub fn each_finding_of<E: From<ViewsError>>(
        &self,
        segments: &[Segment],
        narrow: &Narrow,
        range: (u64, Option<u64>),
        mut each: impl FnMut(FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut before, mut left) = range;
        let hits = self.hits(narrow)?;
        for segment in segments {
            if left == Some(0) {
                break;
            }
            if before >= segment.findings {
                before -= segment.findings;
                continue;
            }
            let here = (segment.findings - before).min(left.unwrap_or(u64::MAX));
            let (fits, mut given) = segment.sql(narrow, &hits);
            given.extend([signed(here), signed(before)].map(Value::Integer));
            let (limit, offset) = (given.len() - 1, given.len());
            let order = format!(" ORDER BY f.target LIMIT ?{limit} OFFSET ?{offset}");
            let sql = format!("{}{fits}{order}", self.found(FINDING, segment));
            self.each_of_these(&sql, given, &mut each)?;
            left = left.map(|left| left - here);
            before = 0;
        }
        Ok(())
    }

    /// The same by another field, all segments together. A field that there is not leaves the order of the targets. A part is quick
    /// where [`Views::sorts_findings`] says so; all of them take as long as it takes.
    pub fn each_finding_by<E: From<ViewsError>>(
        &self,
        (field, turned): (&str, bool),
        segments: &[Segment],
        narrow: &Narrow,
        (before, limit): (u64, Option<u64>),
        mut each: impl FnMut(FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(limit) = limit else {
            return self.each_sorted((field, turned), segments, narrow, each);
        };
        let fitting: u64 = segments.iter().map(|segment| segment.findings).sum();
        let part = match field == "since" && fitting > SORTED && self.walks(narrow) {
            true => self.walked(turned, segments, narrow, (before, limit))?,
            false => self.sorted((field, turned), segments, narrow, (before, limit))?,
        };
        part.into_iter().try_for_each(&mut each)
    }

    fn each_sorted<E: From<ViewsError>>(
        &self,
        (by, turned): (&str, bool),
        segments: &[Segment],
        narrow: &Narrow,
        mut each: impl FnMut(FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sql, hits) = (field(by), self.hits(narrow)?);
        let of = |told: bool| -> Vec<String> {
            let these = segments.iter().filter(|segment| segment.told == told);
            these.map(|one| format!("{} {}", one.rule, one.verdict.as_str())).collect()
        };
        let listed = |told: bool| Value::Text(serde_json::to_string(&of(told)).unwrap_or_default());
        let (told, given_told) = narrow.sql(2, (true, true), &hits);
        let (untold, given_untold) = narrow.sql(2 + given_told.len(), (false, true), &hits);
        let fits = format!(
            " AND ((f.rule || ' ' || f.verdict IN (SELECT value FROM json_each(?1)){told})
             OR (f.rule || ' ' || f.verdict IN (SELECT value FROM json_each(?2)){untold}))"
        );
        let mut given = vec![listed(true), listed(false)];
        given.extend(given_told.into_iter().chain(given_untold));
        let way = if turned { "DESC" } else { "ASC" };
        let order = format!(" ORDER BY {sql} {way}, f.rule {way}, f.target {way}");
        let named = FINDING.replace("WHERE", "LEFT JOIN targets n ON n.id = f.target WHERE");
        self.each_of_these(&format!("{named}{fits}{order}"), given, &mut each)
    }

    /// The question with the index that finds what is bad, which SQLite does not take by itself. Tables of an earlier moment have none.
    pub(super) fn found(&self, sql: &str, segment: &Segment) -> String {
        match segment.is_bad() && self.0.then.is_none() {
            true => sql.replacen("FROM findings f", "FROM findings f INDEXED BY findings_bad", 1),
            false => sql.to_owned(),
        }
    }

    fn each_of_these<E: From<ViewsError>>(
        &self,
        sql: &str,
        given: Vec<Value>,
        each: &mut impl FnMut(FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ended = Ok(());
        self.read(|connection| {
            let mut ask = connection.prepare_cached(sql)?;
            let mut rows = ask.query(rusqlite::params_from_iter(given))?;
            while let Some(row) = rows.next()? {
                ended = each(finding(row)?);
                if ended.is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        ended
    }

    /// Targets with failures, most of them first.
    pub fn failing_targets(&self) -> Result<Vec<(String, u64)>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT target, count(*) AS n FROM findings WHERE to_index IS NULL AND verdict = 'fail' GROUP BY target
                 ORDER BY n DESC, target",
            )?;
            let rows = ask.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Failures of one target, by rule.
    pub fn failures_of_target(
        &self,
        target: &str,
        limit: u32,
    ) -> Result<Vec<FindingRow>, ViewsError> {
        let mut found = Vec::new();
        let given = vec![Value::Text(target.to_owned()), Value::Integer(limit.into())];
        let sql =
            format!("{FINDING} AND f.target = ?1 AND +f.verdict = 'fail' ORDER BY f.rule LIMIT ?2");
        self.each_of_these(&sql, given, &mut |row| {
            found.push(row);
            Ok::<_, ViewsError>(())
        })?;
        Ok(found)
    }
}

/// Findings without the observations that they rest on.
const ALONE: &str = "SELECT 1 FROM findings f WHERE f.to_index IS NULL";
