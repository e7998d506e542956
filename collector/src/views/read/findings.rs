//! Findings that hold now, each with the observation it rests on.

use exhibit_assessment::{Item, Verdict};
use jiff::Timestamp;
use rusqlite::Row;

use super::time;
use crate::views::{Views, ViewsError, judge, unsigned};

/// What a rule says about a target.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    pub rule: String,
    pub target: String,
    pub kind: String,
    pub verdict: Verdict,
    pub message: String,
    pub items: Vec<Item>,
    pub item_count: u64,
    pub from_index: u64,
    /// SHA-256 of the document behind it.
    pub digest: String,
    /// First observation that gave this verdict without a change since.
    pub verdict_since: Timestamp,
    /// Last observation of the document behind it.
    pub observed_at: Timestamp,
    /// Entry of that observation.
    pub observed_index: u64,
}

pub(super) const FINDING: &str = "SELECT f.rule, f.target, f.kind, f.verdict, f.message, f.items, f.item_count, f.from_index,
    f.verdict_since, coalesce(d.last_seen, f.first_seen), coalesce(d.last_index, f.from_index), coalesce(d.digest, f.digest)
    FROM findings f LEFT JOIN documents d ON d.target = f.target AND d.kind = f.kind AND d.from_index =
      (SELECT from_index FROM documents h WHERE h.target = f.target AND h.kind = f.kind AND h.held = 1
       ORDER BY from_index DESC LIMIT 1)
    WHERE f.to_index IS NULL";

impl Views {
    /// All findings that hold now.
    pub fn findings(&self) -> Result<Vec<FindingRow>, ViewsError> {
        self.ask_findings(&format!("{FINDING} ORDER BY f.rule, f.target"), [])
    }

    /// The findings about one target.
    pub fn findings_of_target(&self, target: &str) -> Result<Vec<FindingRow>, ViewsError> {
        self.ask_findings(&format!("{FINDING} AND f.target = ?1 ORDER BY f.rule"), [target])
    }

    /// The findings of one rule.
    pub fn findings_of_rule(&self, rule: &str) -> Result<Vec<FindingRow>, ViewsError> {
        self.ask_findings(&format!("{FINDING} AND f.rule = ?1 ORDER BY f.target"), [rule])
    }

    /// Hands over all findings that hold now, one after the other, by rule and target; ends early where `each` fails.
    pub fn each_finding<E: From<ViewsError>>(
        &self,
        mut each: impl FnMut(FindingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("{FINDING} ORDER BY f.rule, f.target");
        self.each(&sql, finding, &mut each)
    }

    fn ask_findings<const N: usize>(
        &self,
        sql: &str,
        parameters: [&str; N],
    ) -> Result<Vec<FindingRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(sql)?;
            let mut rows = ask.query(rusqlite::params_from_iter(parameters))?;
            let mut findings = Vec::new();
            while let Some(row) = rows.next()? {
                findings.push(finding(row)?);
            }
            Ok(findings)
        })
    }
}

pub(super) fn finding(row: &Row<'_>) -> Result<FindingRow, ViewsError> {
    let (verdict, items): (String, String) = (row.get(3)?, row.get(5)?);
    Ok(FindingRow {
        rule: row.get(0)?,
        target: row.get(1)?,
        kind: row.get(2)?,
        verdict: judge::verdict(&verdict)?,
        message: row.get(4)?,
        items: serde_json::from_str(&items).unwrap_or_default(),
        item_count: unsigned(row.get(6)?),
        from_index: unsigned(row.get(7)?),
        verdict_since: time(row.get(8)?),
        observed_at: time(row.get(9)?),
        observed_index: unsigned(row.get(10)?),
        digest: row.get(11)?,
    })
}
