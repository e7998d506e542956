//! Decides when a kind is due: cron lines in UTC, a splay that is stable per agent and line, one catch-up after downtime.
//! Pure; it never reads a clock and never starts anything.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use exhibit_proto::digest::Digest;
use jiff::Timestamp;

/// A cron line: five fields, UTC, weekdays by name.
#[derive(Clone, Debug)]
pub struct CronLine {
    text: String,
    schedule: cron::Schedule,
}

/// Why a line is no schedule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    #[error(
        "cron line {0:?} has {1} fields; write five: minute hour day month weekday, such as \"17 */6 * * *\" (UTC)"
    )]
    Fields(String, usize),
    #[error(
        "weekday {0:?} is a number, which means different days to different tools; write MON to SUN"
    )]
    Weekday(String),
    #[error("cron line {0:?} restricts both day of month and weekday; restrict one of them")]
    BothDays(String),
    #[error(
        "cron line {text:?}: {reason}; such as \"17 */6 * * *\" (minute hour day month weekday, UTC)"
    )]
    Line { text: String, reason: String },
    #[error("cron line {0:?} never comes due; check day and month")]
    Never(String),
}

/// What to do about one kind now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Now,
    At(Timestamp),
    /// The line has no further date (it names a day that no year has).
    Never,
}

impl CronLine {
    /// Every hour, on the hour: for what is stale within hours.
    pub fn hourly() -> Self {
        Self::constant("0 * * * *", "0 0 * * * *")
    }

    /// Four times a day: for everything else, so that a missed slot or two leaves evidence fresh.
    pub fn six_hourly() -> Self {
        Self::constant("0 */6 * * *", "0 0 */6 * * *")
    }

    /// Once a day, off the slots of the others: for what is costly to observe or slow to change.
    pub fn daily() -> Self {
        Self::constant("40 1 * * *", "0 40 1 * * *")
    }

    /// Once a week: for what is costly and stays fresh for months, such as a restore test.
    pub fn weekly() -> Self {
        Self::constant("0 4 * * SUN", "0 0 4 * * SUN")
    }

    fn constant(text: &str, with_seconds: &str) -> Self {
        let schedule = cron::Schedule::from_str(with_seconds)
            .expect("invariant: the line is a constant that a test parses");
        Self { text: text.to_owned(), schedule }
    }

    /// The line as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first slot strictly after `time`.
    fn after(&self, time: Timestamp) -> Option<Timestamp> {
        let time = DateTime::<Utc>::from_timestamp(time.as_second(), 0)?;
        let next = self.schedule.after(&time).next()?;
        Timestamp::from_second(next.timestamp()).ok()
    }
}

impl FromStr for CronLine {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let expression = match fields.as_slice() {
            [nickname] if nickname.starts_with('@') => (*nickname).to_owned(),
            [minute, hour, day, month, weekday] => {
                if weekday
                    .split('/')
                    .next()
                    .is_some_and(|w| w.contains(|c: char| c.is_ascii_digit()))
                {
                    return Err(ScheduleError::Weekday((*weekday).to_owned()));
                }
                if !day.starts_with(['*', '?']) && !weekday.starts_with(['*', '?']) {
                    return Err(ScheduleError::BothDays(text.to_owned()));
                }
                // The cron crate wants seconds first.
                format!("0 {minute} {hour} {day} {month} {weekday}")
            }
            other => return Err(ScheduleError::Fields(text.to_owned(), other.len())),
        };
        let schedule = cron::Schedule::from_str(&expression).map_err(|error| {
            ScheduleError::Line { text: text.to_owned(), reason: reason(&fields, &error) }
        })?;
        let line = Self { text: text.to_owned(), schedule };
        match line.after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(line),
            None => Err(ScheduleError::Never(line.text)),
        }
    }
}

/// How long after its slot this agent runs a line: the same at every start, spread over agents. Kinds on one line share
/// it, so that they share one run and one statement.
pub fn splay(agent: &str, line: &CronLine, most: Duration) -> Duration {
    let digest = Digest::of_parts(&[agent.as_bytes(), b"\0", line.text.as_bytes()]);
    let [a, b, c, d, ..] = *digest.as_bytes();
    let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(u64::from(u32::from_be_bytes([a, b, c, d])) % millis.max(1))
}

/// Whether a kind whose slots lie `splay` after `line` must be collected at `now`.
///
/// However many slots passed since `last`, the answer is one run. A `last` in the future (the clock was set back) counts
/// as now, so that a clock that was wrong once does not silence the kind until then.
pub fn due(line: &CronLine, splay: Duration, now: Timestamp, last: Option<Timestamp>) -> Due {
    let Some(last) = last else {
        return Due::Now;
    };
    let since = last.min(now).checked_sub(splay).unwrap_or(Timestamp::MIN);
    let slot = line.after(since).and_then(|slot| slot.checked_add(splay).ok());
    match slot {
        None => Due::Never,
        Some(slot) if slot <= now => Due::Now,
        Some(slot) => Due::At(slot),
    }
}

/// Which field is wrong: one that is no schedule even where all others are stars.
fn reason(fields: &[&str], error: &cron::error::Error) -> String {
    const NAMES: [&str; 5] = [
        "minute (0 to 59)",
        "hour (0 to 23)",
        "day (1 to 31)",
        "month (1 to 12 or JAN to DEC)",
        "weekday (MON to SUN)",
    ];
    let wrong = NAMES.iter().zip(fields).enumerate().find(|(at, (_, field))| {
        let others = |position| if position == *at { **field } else { "*" };
        let line: Vec<&str> = (0..NAMES.len()).map(others).collect();
        cron::Schedule::from_str(&format!("0 {}", line.join(" "))).is_err()
    });
    match wrong {
        Some((_, (name, field))) if fields.len() == NAMES.len() => {
            format!("{field:?} is no {name}")
        }
        Some(_) | None => error.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_wrong_line_says_which_field_is_wrong() {
        for (line, words) in [
            ("61 * * * *", "\"61\" is no minute (0 to 59)"),
            ("0 24 * * *", "\"24\" is no hour"),
            ("0 0 * 13 *", "\"13\" is no month"),
            ("0 0 * * SUNDAI", "\"SUNDAI\" is no weekday"),
            ("x * * * *", "\"x\" is no minute"),
        ] {
            let error = line.parse::<CronLine>().unwrap_err().to_string();
            assert!(error.contains(words) && error.contains(line), "{error}");
        }
    }

    #[test]
    fn due_follows_the_table() {
        let table = [
            // line, splay in seconds, now, last, expected
            ("17 * * * *", 0, "2026-03-29T01:17:00Z", Some("2026-03-29T01:16:59Z"), Due::Now),
            (
                "17 * * * *",
                0,
                "2026-03-29T01:16:59Z",
                Some("2026-03-29T00:17:00Z"),
                Due::At(at("2026-03-29T01:17:00Z")),
            ),
            (
                "17 * * * *",
                60,
                "2026-03-29T01:17:30Z",
                Some("2026-03-29T00:18:00Z"),
                Due::At(at("2026-03-29T01:18:00Z")),
            ),
            ("17 * * * *", 60, "2026-03-29T01:18:00Z", Some("2026-03-29T00:18:00Z"), Due::Now),
            // never ran
            ("0 3 * * *", 0, "2026-03-29T12:00:00Z", None, Due::Now),
            // four days of downtime: one run, then the next slot
            ("0 3 * * *", 0, "2026-03-29T12:00:00Z", Some("2026-03-25T03:00:00Z"), Due::Now),
            (
                "0 3 * * *",
                0,
                "2026-03-29T12:00:01Z",
                Some("2026-03-29T12:00:00Z"),
                Due::At(at("2026-03-30T03:00:00Z")),
            ),
            // clock set back by years
            (
                "0 3 * * *",
                0,
                "2026-03-29T12:00:00Z",
                Some("2031-01-01T00:00:00Z"),
                Due::At(at("2026-03-30T03:00:00Z")),
            ),
            // the night the clocks change in Europe: UTC knows nothing of it
            ("30 2 * * *", 0, "2026-03-29T02:30:00Z", Some("2026-03-28T02:30:00Z"), Due::Now),
            (
                "0 6 * * MON",
                0,
                "2026-03-29T06:00:00Z",
                Some("2026-03-28T06:00:00Z"),
                Due::At(at("2026-03-30T06:00:00Z")),
            ),
        ];
        for (line, splay, now, last, expected) in table {
            let line: CronLine = line.parse().unwrap();
            let found = due(&line, Duration::from_secs(splay), at(now), last.map(at));
            assert_eq!(found, expected, "{} at {now} after {last:?}", line.text());
        }
    }

    #[test]
    fn bad_lines_name_the_value_and_the_way_out() {
        for bad in [
            "",
            "17",
            "* * * *",
            "0 17 * * * *",
            "61 * * * *",
            "* * * * 1",
            "* * * * 1-5",
            "0 0 1 * MON",
            "0 0 31 2 *",
            "@weekend",
        ] {
            let error = bad.parse::<CronLine>().unwrap_err().to_string();
            assert!(error.contains(bad.split(' ').next_back().unwrap_or("")), "{bad}: {error}");
        }
        for good in ["17 * * * *", "*/5 0-6 * * *", "0 0 1 JAN *", "0 9 * * MON-FRI", "@daily"] {
            assert!(good.parse::<CronLine>().is_ok(), "{good}");
        }
        for constant in
            [CronLine::hourly(), CronLine::six_hourly(), CronLine::daily(), CronLine::weekly()]
        {
            let parsed: CronLine = constant.text().parse().unwrap();
            assert_eq!(parsed.schedule, constant.schedule);
        }
    }

    #[test]
    fn splay_is_stable_bounded_and_spread() {
        let line = CronLine::hourly();
        let most = Duration::from_secs(300);
        let splays: std::collections::BTreeSet<_> =
            (0..100).map(|agent| splay(&agent.to_string(), &line, most)).collect();
        assert!(splays.len() > 90 && splays.iter().all(|splay| *splay < most));
        assert_eq!(splay("a", &line, most), splay("a", &line, most));
        assert_eq!(splay("a", &line, Duration::ZERO), Duration::ZERO);
    }
}
