//! Statuses become history at each full hour of the log's own time, so that an equal log gives an equal history and waiting
//! alone shows in it. It never reads a clock: an hour is over when an entry comes that was received after it.

use std::collections::BTreeMap;

use exhibit_assessment::ControlStatus;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::apply::millis;
use super::hours::{self, Hour};
use super::live::Live;
use super::status::judged;
use super::{Assessor, ViewsError, signed};
use crate::log::Entry;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// In a log that was silent for longer, days are judged instead of hours.
const EACH_HOUR: i64 = 7 * DAY;

/// Judges at every full hour up to when the next entry was received, before that is applied. `stored`: how many entries the
/// tables held when the transaction began.
pub(super) fn until(
    (connection, stored): (&Connection, u64),
    live: &mut Option<Live>,
    assessor: &Assessor,
    next: &Entry,
) -> Result<(), ViewsError> {
    let received = millis(&next.leaf.rx).unwrap_or(0);
    let last: i64 = connection
        .prepare_cached("SELECT judged FROM position")?
        .query_row([], |row| row.get(0))?;
    let first = received.div_euclid(HOUR) * HOUR;
    if first <= last {
        return Ok(());
    }
    if last > 0 {
        for hour in full_hours(last, first) {
            let now = Timestamp::from_millisecond(hour).unwrap_or_default();
            let follow =
                |retired: &_| Live::follow(live.take(), (connection, stored), assessor, retired);
            let at = (connection, next.index);
            let (assessment, mut followed) = judged(at, assessor, now, follow)?;
            write(at, &assessment.statuses, hour)?;
            if hours::is_kept(connection, hour)? {
                let duties = assessment.people.attestations();
                let heard = followed.board().heard(&assessment.around(&duties));
                let of = Hour { at: hour, entries: next.index };
                hours::keep(connection, of, (assessment, heard))?;
            }
            *live = Some(followed);
        }
    }
    connection.prepare_cached("UPDATE position SET judged = ?1")?.execute([first])?;
    Ok(())
}

/// The times after `last` up to `until`, both full hours.
fn full_hours(last: i64, until: i64) -> impl Iterator<Item = i64> {
    let each = until.min(last + EACH_HOUR);
    let by_hour = (1..).map(move |n| last + n * HOUR).take_while(move |hour| *hour <= each);
    let day = each.div_euclid(DAY) + 1;
    let by_day = (day..).map(|day| day * DAY).take_while(move |hour| *hour < until);
    let end = (until > each).then_some(until);
    by_hour.chain(by_day).chain(end)
}

/// Opens an interval for each control that is not as it was.
fn write(
    (connection, entries): (&Connection, u64),
    statuses: &[ControlStatus],
    hour: i64,
) -> Result<(), ViewsError> {
    type Row = (String, [i64; 6]);
    let mut ask = connection.prepare_cached(
        "SELECT control, status, targets, passing, failing, unseen, waived, stale FROM statuses WHERE to_time IS NULL",
    )?;
    let held = ask.query_map([], |row| {
        let numbers =
            [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?];
        Ok((row.get(0)?, (row.get(1)?, numbers)))
    })?;
    let held: BTreeMap<String, Row> = held.collect::<Result<_, _>>()?;
    let entries = signed(entries);
    for status in statuses {
        let (control, word) = (status.control.to_string(), status.status.as_str());
        let counts = &status.counts;
        let numbers = [
            signed(counts.targets),
            signed(counts.targets_passing),
            signed(counts.targets_failing),
            signed(counts.targets_unseen),
            signed(counts.targets_waived),
            signed(counts.targets_stale),
        ];
        if held.get(&control).is_some_and(|(was, of)| was == word && *of == numbers) {
            continue;
        }
        connection
            .prepare_cached(
                "UPDATE statuses SET to_time = ?2 WHERE control = ?1 AND to_time IS NULL",
            )?
            .execute((&control, hour))?;
        let [targets, passing, failing, unseen, waived, stale] = numbers;
        connection
            .prepare_cached(
                "INSERT INTO statuses VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                control, hour, entries, word, targets, passing, failing, unseen, waived, stale
            ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_is_judged_and_after_a_week_of_silence_each_day() {
        assert_eq!(full_hours(DAY, DAY).count(), 0);
        assert_eq!(
            full_hours(DAY, DAY + 3 * HOUR).collect::<Vec<_>>(),
            [25 * HOUR, 26 * HOUR, 27 * HOUR]
        );
        assert_eq!(full_hours(0, EACH_HOUR).count(), 7 * 24);
        let long: Vec<i64> = full_hours(HOUR, 30 * DAY + 5 * HOUR).collect();
        assert_eq!(long.len(), 7 * 24 + 23 + 1);
        assert_eq!(long.last(), Some(&(30 * DAY + 5 * HOUR)));
        assert!(long.is_sorted() && long.windows(2).all(|two| two[0] < two[1]));
    }
}
