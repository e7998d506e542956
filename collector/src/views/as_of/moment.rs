//! What somebody means by *as of*: a day, a time, or an entry of the log. Never a moment that has not been.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::super::{Views, ViewsError};

/// As it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Once the log had this entry.
    Entry(u64),
    Time(Timestamp),
    /// At the end of the day (UTC).
    Day(Date),
}

/// A place in the log's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub as_of: AsOf,
    /// So many entries the log had.
    pub entries: u64,
    pub at: Timestamp,
}

/// Why there is no such moment.
#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    #[error(
        "{0:?} is neither a day (2026-11-30), nor a time (2026-11-30T14:00:00Z), nor the number of an entry of this log"
    )]
    Unclear(String),
    #[error("{asked} lies in the future: it is {now} now")]
    Future { asked: String, now: Timestamp },
    #[error("this log has no entry {asked} yet: it has {entries} entries, counted from 0")]
    NoEntry { asked: u64, entries: u64 },
    #[error(transparent)]
    Views(#[from] ViewsError),
}

impl FromStr for AsOf {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let index = text.parse().map(Self::Entry);
            return index.map_err(|_too_large| MomentError::Unclear(text.to_owned()));
        }
        // A day first: a time is more than a day.
        let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let time = || text.parse().ok().map(Self::Time);
        let asked = day.map(Self::Day).or_else(time);
        asked.ok_or_else(|| MomentError::Unclear(text.chars().take(80).collect()))
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index) => index.fmt(f),
            Self::Time(at) => at.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl Views {
    /// The moment that a text names: a day (its end, or now), a time, or the number of an entry.
    pub fn moment(&self, text: &str, now: Timestamp) -> Result<Moment, MomentError> {
        let as_of: AsOf = text.parse()?;
        let future = || MomentError::Future { asked: as_of.to_string(), now };
        let at = match as_of {
            AsOf::Entry(index) => {
                let received = self.received(index)?;
                let entries = self.applied()?;
                let at = received.ok_or(MomentError::NoEntry { asked: index, entries })?;
                return Ok(Moment { as_of, entries: index + 1, at });
            }
            AsOf::Time(at) if at > now => return Err(future()),
            AsOf::Time(at) => at,
            AsOf::Day(day) => {
                let begins = day.to_zoned(TimeZone::UTC).map(|begins| begins.timestamp()).ok();
                let ends = begins.and_then(|begins| begins.checked_add(24.hours()).ok());
                let last = ends.and_then(|ends| ends.checked_sub(1.millisecond()).ok());
                let (begins, last) =
                    begins.zip(last).ok_or_else(|| MomentError::Unclear(text.to_owned()))?;
                if begins > now {
                    return Err(future());
                }
                last.min(now)
            }
        };
        Ok(Moment { as_of, entries: self.entries_at(at)?, at })
    }

    /// The views as they stood at a moment.
    pub fn standing_at(&self, moment: &Moment) -> Result<Self, ViewsError> {
        self.as_of(moment.entries, moment.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_a_time_and_an_entry_are_told_apart_and_nothing_else_is_taken() {
        let read = |text: &str| text.parse::<AsOf>();
        assert!(matches!(read("2026-11-30"), Ok(AsOf::Day(_))));
        assert!(matches!(read(" 2026-11-30T14:00:00Z "), Ok(AsOf::Time(_))));
        assert!(matches!(read("2026-11-30T14:00:00+01:00"), Ok(AsOf::Time(_))));
        assert!(matches!(read("20261130"), Ok(AsOf::Entry(20_261_130))));
        for odd in ["", "yesterday", "2026-13-40", "-5", "99999999999999999999", "2026-11-30T14"] {
            assert!(matches!(read(odd), Err(MomentError::Unclear(_))), "{odd:?}");
        }
    }
}
