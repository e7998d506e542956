//! Statuses as they were: intervals between full hours of the log's own time.

use exhibit_assessment::{ControlId, Status};
use jiff::Timestamp;
use rusqlite::{Params, Row};

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// The status of a control, with how many targets are seen how, for as long as both stayed the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRow {
    pub control: ControlId,
    /// A full hour.
    pub from: Timestamp,
    /// The full hour at which it was another; `None`: it still is.
    pub to: Option<Timestamp>,
    /// Entries that the first judgement rested on.
    pub entries: u64,
    pub status: Status,
    pub targets: u64,
    pub passing: u64,
    pub failing: u64,
    pub unseen: u64,
    pub waived: u64,
    pub stale: u64,
}

pub(super) const STATUS: &str = "SELECT control, from_time, to_time, entries, status, targets, passing, failing, unseen, waived, stale
    FROM statuses";

impl Views {
    /// The history of one control, newest first.
    pub fn status_history(&self, control: ControlId) -> Result<Vec<StatusRow>, ViewsError> {
        let sql = format!("{STATUS} WHERE control = ?1 ORDER BY from_time DESC");
        self.ask_statuses(&sql, [control.to_string()])
    }

    /// Every control's status as it was judged at the last full hour up to `at`. Empty before the log's first full hour.
    pub fn statuses_at(&self, at: Timestamp) -> Result<Vec<StatusRow>, ViewsError> {
        // By control, the newest that began before: a year has hundreds of thousands of intervals.
        let sql = format!(
            "WITH RECURSIVE known (control) AS (SELECT min(control) FROM statuses
               UNION ALL SELECT (SELECT min(s.control) FROM statuses s WHERE s.control > known.control) FROM known
               WHERE known.control IS NOT NULL)
             {} FROM known CROSS JOIN statuses s ON s.control = known.control AND s.from_time =
               (SELECT max(t.from_time) FROM statuses t WHERE t.control = known.control AND t.from_time <= ?1)
             WHERE s.to_time IS NULL OR s.to_time > ?1",
            STATUS.replace("control,", "s.control,").replace(" FROM statuses", "").trim_end()
        );
        let mut rows = self.ask_statuses(&sql, [at.as_millisecond()])?;
        rows.sort_by_key(|row| row.control);
        Ok(rows)
    }

    /// The last full hour at which statuses were judged for the history.
    pub fn judged_until(&self) -> Result<Option<Timestamp>, ViewsError> {
        self.read(|connection| {
            let judged: i64 =
                connection.query_row("SELECT judged FROM position", [], |row| row.get(0))?;
            Ok((judged > 0).then(|| time(judged)))
        })
    }

    pub(super) fn ask_statuses(
        &self,
        sql: &str,
        params: impl Params,
    ) -> Result<Vec<StatusRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(sql)?;
            let mut rows = ask.query(params)?;
            let mut statuses = Vec::new();
            while let Some(row) = rows.next()? {
                statuses.push(status(row)?);
            }
            Ok(statuses)
        })
    }
}

fn status(row: &Row<'_>) -> Result<StatusRow, ViewsError> {
    let (control, status): (String, String) = (row.get(0)?, row.get(4)?);
    let number = |at: usize| row.get(at).map(unsigned);
    Ok(StatusRow {
        control: control
            .parse()
            .map_err(|_odd| ViewsError::Row { expected: "a control", found: control })?,
        from: time(row.get(1)?),
        to: row.get::<_, Option<i64>>(2)?.map(time),
        entries: number(3)?,
        status: status
            .parse()
            .map_err(|_odd| ViewsError::Row { expected: "a status", found: status })?,
        targets: number(5)?,
        passing: number(6)?,
        failing: number(7)?,
        unseen: number(8)?,
        waived: number(9)?,
        stale: number(10)?,
    })
}
