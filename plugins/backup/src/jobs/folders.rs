//! Backups that are folders and files: dumps, rsnapshot's snapshots, Barman's catalogue. Read as they lie there; no tool
//! is run, nothing is locked and nothing is written.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::local::glob;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Backup, Listing, Refusal, settings};
use crate::look::{Found, Look};

/// Most backups that are looked at; more are refused rather than counted wrong.
const MOST: usize = 10_000;

fn names(look: &mut Look<'_>, folder: &str) -> Result<Vec<String>, Refusal> {
    match look.host.names(folder) {
        Ok(Some(names)) if names.len() <= MOST => {
            look.seen.method(format!("{folder}/"));
            Ok(names)
        }
        Ok(Some(names)) => Err(Refusal::new(
            OutcomeKind::LimitExceeded,
            format!("{folder} holds {} entries, more than {MOST}", names.len()),
            "name a folder that holds the backups and nothing else",
        )),
        Ok(None) => Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{folder} does not exist"),
            "correct location in the settings, or mount the storage",
        )),
        Err(error) => Err(Refusal::new(error.outcome(), error.to_string(), error.remedy())),
    }
}

/// Files of a folder that fit the pattern: each whole one is a backup of the time it was last written.
pub(super) fn dumps(look: &mut Look<'_>, named: &settings::Repository) -> Result<Listing, Refusal> {
    let folder = named.location.trim_end_matches('/');
    let pattern = named.pattern.as_deref().unwrap_or("*");
    let mut listing = Listing::default();
    let (mut open, mut unknown) = (false, false);
    for name in names(look, folder)? {
        let path = format!("{folder}/{name}");
        if name.starts_with('.') || !glob::matches(pattern, &name) {
            continue;
        }
        let Found::Here(facts) = look.facts(&path) else { continue };
        if facts.directory {
            continue;
        }
        let Found::Here(start) = look.head(&path, 512) else { continue };
        if start.is_empty() {
            look.garbled(&path, "an empty file is no backup");
            continue;
        }
        match is_encrypted(&start) {
            Some(encrypted) => open |= !encrypted,
            None => unknown = true,
        }
        if let Some(time) = facts.modified {
            let time = settings::whole_second(time);
            listing.backups.push(Backup { id: name, time, host: String::new(), paths: Vec::new() });
        }
    }
    // One that lies open settles it; one of an unknown kind leaves it open.
    listing.encrypted = match (open, unknown || listing.backups.is_empty()) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    };
    Ok(listing)
}

/// By how a file begins: encrypted containers, plain dumps and archives. None: neither is certain.
fn is_encrypted(start: &[u8]) -> Option<bool> {
    const SEALED: [&[u8]; 4] = [
        b"age-encryption.org/",
        b"-----BEGIN PGP MESSAGE",
        b"Salted__",
        b"-----BEGIN AGE ENCRYPTED",
    ];
    const OPEN: [&[u8]; 9] = [
        b"PGDMP",
        b"--",
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ",
        b"BZh",
        b"PK\x03\x04",
        b"XBSTCK01",
        b"SQLite format 3",
    ];
    if SEALED.iter().any(|magic| start.starts_with(magic)) {
        return Some(true);
    }
    let tar = start.get(257..262) == Some(b"ustar");
    (tar || OPEN.iter().any(|magic| start.starts_with(magic))).then_some(false)
}

/// rsnapshot's root: `daily.0` is the newest of its interval; rsnapshot touches it when it has synchronised.
pub(super) fn rsnapshot(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<Listing, Refusal> {
    let root = named.location.trim_end_matches('/');
    let mut listing = Listing { encrypted: Some(false), backups: Vec::new() };
    for name in names(look, root)? {
        let number = name.rsplit_once('.').and_then(|(_, number)| number.parse::<u32>().ok());
        // `_delete.123` waits to be removed, `.sync` is being filled.
        if number.is_none() || name.starts_with(['_', '.']) {
            continue;
        }
        let path = format!("{root}/{name}");
        let Found::Here(facts) = look.facts(&path) else { continue };
        let Some(time) = facts.modified.filter(|_| facts.directory) else { continue };
        // One folder for each backup point, named as in rsnapshot.conf.
        let points = look.names(&path).here().unwrap_or_default();
        let time = settings::whole_second(time);
        for host in points {
            let id = format!("{name}/{host}");
            listing.backups.push(Backup { id, time, host, paths: Vec::new() });
        }
    }
    Ok(listing)
}

/// Barman's folder of one server: `base/<id>/backup.info` says how each backup ended.
pub(super) fn barman(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<Listing, Refusal> {
    let server = named.location.trim_end_matches('/');
    let host = server.rsplit('/').next().unwrap_or_default().to_owned();
    let mut listing = Listing { encrypted: Some(false), backups: Vec::new() };
    let mut failed = Vec::new();
    for id in names(look, &format!("{server}/base"))? {
        let path = format!("{server}/base/{id}/backup.info");
        let Found::Here(text) = look.text(&path) else { continue };
        let value = |key: &str| {
            text.lines().find_map(|line| line.split_once('=').filter(|(name, _)| *name == key))
        };
        let status = value("status").map(|(_, status)| status);
        match (status, value("end_time").and_then(|(_, time)| ended(time))) {
            (Some("DONE"), Some(time)) => {
                let (host, time) = (host.clone(), settings::whole_second(time));
                listing.backups.push(Backup { id, time, host, paths: Vec::new() });
            }
            (Some("FAILED" | "EMPTY"), _) => failed.push(id),
            (Some("STARTED" | "SYNCING" | "WAITING_FOR_WALS"), _) => {}
            (status, _) => {
                let status = status.unwrap_or("none");
                look.garbled(&path, &format!("status {status} without an end is not understood"));
            }
        }
    }
    if !failed.is_empty() {
        look.seen.log(
            exhibit_plugin::protocol::Level::Warn,
            format!("barman calls {} backups of {host} failed; they do not count", failed.len()),
        );
    }
    Ok(listing)
}

/// Barman writes `2026-11-22 03:00:12.345678+00:00`; versions before 2 leave the zone out and mean local time, taken as UTC.
fn ended(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, UNIX_EPOCH};

    use exhibit_plugin::local::testing;
    use serde_json::{Value, json};

    use super::super::{KIND, observe};

    fn seen(root: &Path, repository: &Value) -> (Value, Vec<String>) {
        let mut job = testing::job(root);
        job.settings = json!({"backup": {"repositories": [repository]}});
        let seen = observe(&job);
        let body = testing::body(KIND, &seen);
        (body["repositories"][0].clone(), testing::outcomes(&seen))
    }

    fn dated(root: &Path, path: &str, second: u64) {
        let file = fs::File::open(root.join(path)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
    }

    #[test]
    fn dumps_count_by_pattern_and_an_empty_one_is_no_backup() {
        let root = testing::planted(&[
            ("/var/backups/pg/a.dump", "PGDMP\u{1}…"),
            ("/var/backups/pg/b.dump", "age-encryption.org/v1\n"),
            ("/var/backups/pg/c.dump", ""),
            ("/var/backups/pg/notes.txt", "x"),
        ]);
        dated(root.path(), "var/backups/pg/a.dump", 1_795_300_000);
        dated(root.path(), "var/backups/pg/b.dump", 1_795_200_000);
        let named = json!({"name": "pg", "tool": "files", "location": "/var/backups/pg", "pattern": "*.dump"});
        let (repository, outcomes) = seen(root.path(), &named);
        assert_eq!(repository["snapshots"], 2);
        assert_eq!(repository["last_success"], "2026-11-21T22:26:40Z");
        assert_eq!(repository["encrypted"], false, "one of them lies open");
        assert!(outcomes.iter().any(|line| line.contains("c.dump: an empty file")), "{outcomes:?}");
        let gone = json!({"name": "pg", "tool": "files", "location": "/none"});
        let (repository, outcomes) = seen(root.path(), &gone);
        assert_eq!(repository["reachable"], false);
        assert!(
            outcomes.iter().any(|line| line.starts_with("not_configured: backup repository 'pg'"))
        );
    }

    #[test]
    fn rsnapshot_has_a_backup_for_each_interval_and_point() {
        let root = testing::planted(&[
            ("/snap/daily.0/web1/etc/hosts", ""),
            ("/snap/daily.0/web2/etc/hosts", ""),
            ("/snap/daily.1/web1/etc/hosts", ""),
            ("/snap/_delete.77/web1/x", ""),
            ("/snap/.sync/web1/x", ""),
        ]);
        dated(root.path(), "snap/daily.0", 1_795_300_000);
        dated(root.path(), "snap/daily.1", 1_795_200_000);
        let named = json!({"name": "r", "tool": "rsnapshot", "location": "/snap"});
        let (repository, _) = seen(root.path(), &named);
        assert_eq!(
            (&repository["snapshots"], &repository["encrypted"]),
            (&json!(3), &json!(false))
        );
        assert_eq!(repository["sources"][0]["host"], "web1");
        assert_eq!(repository["sources"][0]["snapshots"], 2);
        assert_eq!(repository["oldest"], "2026-11-20T18:40:00Z");
    }

    #[test]
    fn barman_counts_what_ended_well() {
        let info = |status: &str, end: &str| {
            format!("mode=rsync\nstatus={status}\nend_time={end}\nsize=42\n")
        };
        let root = testing::planted(&[
            (
                "/b/main/base/20261121T030000/backup.info",
                &info("DONE", "2026-11-21 03:09:12.3+00:00"),
            ),
            ("/b/main/base/20261122T030000/backup.info", &info("FAILED", "None")),
            ("/b/main/base/20261122T090000/backup.info", &info("STARTED", "None")),
            ("/b/main/base/20261122T100000/backup.info", "\u{0}garbage"),
        ]);
        let named = json!({"name": "db", "tool": "barman", "location": "/b/main"});
        let (repository, outcomes) = seen(root.path(), &named);
        assert_eq!(repository["snapshots"], 1);
        assert_eq!(repository["last_success"], "2026-11-21T03:09:12Z");
        assert_eq!(repository["sources"][0]["host"], "main");
        assert!(outcomes.iter().any(|line| line.contains("20261122T100000")), "{outcomes:?}");
    }
}
