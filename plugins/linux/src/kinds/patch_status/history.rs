//! When packages last changed and how old the lists are, from apt's and dpkg's own traces.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{
    debian,
    look::{Found, Look},
};

const HISTORY: &str = "/var/log/apt/history.log";
const DPKG_LOG: &str = "/var/log/dpkg.log";
const LISTS: &str = "/var/lib/apt/lists";

/// When packages last changed: from apt's history, else dpkg's log, else the last change of the database.
pub(super) fn last_update(look: &mut Look<'_>, zone: &TimeZone) -> Option<Timestamp> {
    if let Found::Here(text) = look.text(HISTORY)
        && let Some(time) = newest_in_history(&text, zone)
    {
        return Some(time);
    }
    if let Found::Here(text) = look.text(DPKG_LOG)
        && let Some(time) = newest_in_dpkg_log(&text, zone)
    {
        return Some(time);
    }
    look.facts(debian::STATUS).here()?.modified
}

/// When the newest list of packages was issued, or when apt last reported success, whichever is later.
pub(super) fn lists_refreshed(look: &mut Look<'_>) -> Option<Timestamp> {
    let names = look.names(LISTS).here().unwrap_or_default();
    let releases = names
        .iter()
        .filter(|name| name.ends_with("Release"))
        .map(|name| format!("{LISTS}/{name}"))
        .collect::<Vec<_>>();
    // Without a list the stamp would speak of lists that are gone.
    if releases.is_empty() {
        return None;
    }
    releases
        .into_iter()
        .chain(["/var/lib/apt/periodic/update-success-stamp".to_owned()])
        .filter_map(|path| look.host.facts(&path).ok().flatten()?.modified)
        .max()
        .map(whole_seconds)
}

/// The host's own time zone: both logs write local time without it. UTC when the host does not say.
pub(crate) fn zone(look: &mut Look<'_>) -> TimeZone {
    look.bytes("/etc/localtime")
        .here()
        .and_then(|bytes| TimeZone::tzif("local", &bytes).ok())
        .unwrap_or(TimeZone::UTC)
}

/// Reads `2026-11-20  06:12:31` as local time of the zone.
pub(crate) fn local_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let (day, clock) = (words.next()?, words.next()?);
    // The log of unattended-upgrades adds milliseconds after a comma.
    let clock = clock.split(',').next()?;
    let time: DateTime = format!("{day}T{clock}").parse().ok()?;
    Some(zone.to_zoned(time).ok()?.timestamp())
}

/// Fractions of a second say nothing here and differ between file systems.
pub(super) fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn newest_in_history(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    text.lines().filter_map(|line| local_time(line.strip_prefix("End-Date:")?, zone)).max()
}

fn newest_in_dpkg_log(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    text.lines()
        .filter(|line| {
            let word = line.split_whitespace().nth(2);
            matches!(word, Some("install" | "upgrade" | "remove" | "purge"))
        })
        .filter_map(|line| local_time(line, zone))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_in_the_zone_of_the_host() {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let history = "Start-Date: 2026-11-20  06:12:00\nUpgrade: a (1, 2)\nEnd-Date: 2026-11-20  06:12:31\n\n\
            End-Date: broken\nEnd-Date: 2026-11-19  06:00:00\n";
        let time = newest_in_history(history, &berlin).unwrap();
        assert_eq!(time.to_string(), "2026-11-20T05:12:31Z");
        let log = "2026-11-21 08:00:00 startup archives unpack\n2026-11-21 08:00:01 upgrade a:amd64 1 2\n\
            2026-11-21 09:00:01 status installed a:amd64 2\n";
        let time = newest_in_dpkg_log(log, &TimeZone::UTC).unwrap();
        assert_eq!(time.to_string(), "2026-11-21T08:00:01Z");
        assert_eq!(newest_in_history("", &TimeZone::UTC), None);
    }
}
