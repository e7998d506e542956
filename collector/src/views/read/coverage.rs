//! Which kinds are observed on how many targets, and how well.

use jiff::Timestamp;
use rusqlite::params;

use super::evidence::{document, outcome};
use super::{DocumentRow, OutcomeRow, StatusRow};
use crate::views::{Views, ViewsError, unsigned};

/// How one kind is observed on the targets there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageRow {
    pub kind: String,
    /// Targets on which the last run saw all of it.
    pub whole: u64,
    /// Targets on which the last run saw a part.
    pub partly: u64,
    /// Targets on which the last run saw nothing: denied, tool missing, timed out …
    pub unseen: u64,
    /// Targets on which the kind cannot exist.
    pub not_applicable: u64,
    /// Targets on which it is on schedule and no run has answered for it.
    pub waiting: u64,
}

/// How far one kind is seen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindSeen {
    pub kind: String,
    /// Targets with a document.
    pub targets: u64,
    /// Targets where it was not, or not wholly, seen last time.
    pub gaps: u64,
    /// The newest observation anywhere.
    pub seen: Option<Timestamp>,
}

impl Views {
    /// Every kind of which there is a document, or of which a run said how it ended, by name.
    pub fn kinds_seen(&self) -> Result<Vec<KindSeen>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT kind, sum(documents), sum(gaps), max(seen) FROM (
                   SELECT kind, count(*) AS documents, 0 AS gaps, max(last_seen) AS seen FROM documents WHERE to_index IS NULL GROUP BY kind
                   UNION ALL
                   SELECT kind, 0, sum(gaps <> '[]'), NULL FROM outcomes WHERE to_index IS NULL GROUP BY kind)
                 GROUP BY kind ORDER BY kind",
            )?;
            let rows = ask.query_map([], |row| {
                Ok(KindSeen {
                    kind: row.get(0)?,
                    targets: unsigned(row.get(1)?),
                    gaps: unsigned(row.get(2)?),
                    seen: row.get::<_, Option<i64>>(3)?.map(super::time),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every kind that was ever observed or is on schedule, by name.
    pub fn coverage(&self) -> Result<Vec<CoverageRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT kind, sum(collected = 1 AND gaps = '[]'), sum(collected = 1 AND gaps <> '[]'),
                   sum(collected = 0 AND instr(gaps, '\"not_applicable\"') = 0),
                   sum(collected = 0 AND instr(gaps, '\"not_applicable\"') > 0), 0
                   FROM outcomes WHERE to_index IS NULL GROUP BY kind
                 UNION ALL
                 SELECT kind, 0, 0, 0, 0, count(DISTINCT target) FROM schedules s WHERE to_index IS NULL AND NOT EXISTS
                   (SELECT 1 FROM outcomes o WHERE o.target = s.target AND o.kind = s.kind AND o.to_index IS NULL)
                   GROUP BY kind
                 ORDER BY 1",
            )?;
            let rows = ask.query_map([], |row| {
                let number = |at: usize| row.get(at).map(unsigned);
                Ok(CoverageRow {
                    kind: row.get(0)?,
                    whole: number(1)?,
                    partly: number(2)?,
                    unseen: number(3)?,
                    not_applicable: number(4)?,
                    waiting: number(5)?,
                })
            })?;
            let mut all: Vec<CoverageRow> = Vec::new();
            for row in rows {
                let row = row?;
                match all.last_mut().filter(|last| last.kind == row.kind) {
                    Some(last) => {
                        last.whole += row.whole;
                        last.partly += row.partly;
                        last.unseen += row.unseen;
                        last.not_applicable += row.not_applicable;
                        last.waiting += row.waiting;
                    }
                    None => all.push(row),
                }
            }
            Ok(all)
        })
    }

    /// The newest document of a kind on each target.
    pub fn documents_of_kind(&self, kind: &str) -> Result<Vec<DocumentRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{} WHERE to_index IS NULL AND kind = ?1 ORDER BY target",
                super::evidence::DOCUMENT
            ))?;
            Ok(ask.query_map([kind], document)?.collect::<Result<_, _>>()?)
        })
    }

    /// How the last run of a kind ended on each target.
    pub fn outcomes_of_kind(&self, kind: &str) -> Result<Vec<OutcomeRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "{} WHERE to_index IS NULL AND kind = ?1 ORDER BY target",
                super::evidence::OUTCOME
            ))?;
            Ok(ask.query_map([kind], outcome)?.collect::<Result<_, _>>()?)
        })
    }

    /// Rule and target of every failure that holds now.
    pub fn failures(&self) -> Result<Vec<(String, String)>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT rule, target FROM findings WHERE to_index IS NULL AND verdict = 'fail'",
            )?;
            let rows = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every interval of every control's status that reaches into a period, by control and time.
    pub fn statuses_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<StatusRow>, ViewsError> {
        let sql = format!(
            "{} WHERE from_time <= ?2 AND (to_time IS NULL OR to_time > ?1) ORDER BY control, from_time",
            super::statuses::STATUS
        );
        self.ask_statuses(&sql, params![from.as_millisecond(), to.as_millisecond()])
    }
}
