//! auth.log of Debian and secure of RHEL with their older generations, in the traditional and the precise form of time.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{Ledger, messages};
use crate::{kinds::patch_status, log_files, look::Look};

const LOGS: [(&str, &str); 2] = [("auth.log", "/var/log/auth.log"), ("secure", "/var/log/secure")];

pub(super) fn read(look: &mut Look<'_>, ledger: &mut Ledger) {
    let zone = patch_status::zone(look);
    let now = look.job.now;
    for (name, path) in LOGS {
        let files = log_files::generations(look, path);
        if files.is_empty() {
            continue;
        }
        let mut whole = true;
        for file in files {
            let mut before = None;
            whole &= log_files::each_line(look, &file, |line| {
                let Some((time, program, message)) = record(line, now, &zone) else { return true };
                before = before.or(Some(time));
                if let Some(event) = messages::event(program, message) {
                    ledger.add(time, event, name);
                }
                true
            });
            // Older generations are older than what this one began with.
            if before.is_some_and(|time| super::day(time) < ledger.from) {
                break;
            }
        }
        ledger.source(name, whole);
    }
}

/// Time, program and message of `Nov 20 06:12:31 host sudo[12]: message` or `2026-11-20T06:12:31.1+01:00 host sudo: message`.
fn record<'l>(
    line: &'l str,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<(Timestamp, &'l str, &'l str)> {
    let (time, rest) = if line.as_bytes().first()?.is_ascii_digit() {
        let (time, rest) = line.split_once(' ')?;
        (time.parse().ok()?, rest)
    } else {
        (traditional(line.get(..15)?, now, zone)?, line.get(16..)?)
    };
    let (_host, rest) = rest.split_once(' ')?;
    let (tag, message) = rest.split_once(": ")?;
    Some((time, tag.split('[').next()?, message))
}

/// Local time without a year: the newest that is not in the future.
fn traditional(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_whitespace();
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let day: u32 = words.next()?.parse().ok()?;
    let clock = words.next()?;
    let year = now.to_zoned(zone.clone()).year();
    let at = |year: i16| {
        let time: DateTime = format!("{year:04}-{month:02}-{day:02}T{clock}").parse().ok()?;
        Some(zone.to_zoned(time).ok()?.timestamp())
    };
    let soon = now.checked_add(jiff::SignedDuration::from_hours(24)).ok()?;
    at(year).filter(|time| *time <= soon).or_else(|| at(year - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_time_are_read_and_the_year_is_the_last_that_fits() {
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let (time, program, message) =
            record("Dec 31 23:30:00 host sudo[12]: alice : x: y", now, &berlin).unwrap();
        assert_eq!(
            (time.to_string().as_str(), program, message),
            ("2025-12-31T22:30:00Z", "sudo", "alice : x: y")
        );
        let (time, program, _) =
            record("2026-01-01T06:12:31.123+01:00 host su: m", now, &TimeZone::UTC).unwrap();
        assert_eq!((time.as_second(), program), (1_767_244_351, "su"));
        assert!(record("", now, &berlin).is_none() && record("ü", now, &berlin).is_none());
    }
}
