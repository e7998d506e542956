//! Backups that are folders with a form of their own: Barman's catalogue, duplicity's volumes. Read as they lie there; no
//! tool is run, nothing is locked and nothing is written.

use std::collections::BTreeMap;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{Promise, Unusable};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Backup, Listing, Refusal, settings, whole_second};
use crate::look::{Found, Look};

/// Most backups that are looked at; more are refused rather than counted wrong.
const MOST: usize = 10_000;

pub(super) fn names(look: &mut Look<'_>, folder: &str) -> Result<Vec<String>, Refusal> {
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

/// Barman's folder of one server: `base/<id>/backup.info` says how each backup ended.
pub(super) fn barman(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<Listing, Refusal> {
    let server = named.location.trim_end_matches('/');
    let host = server.rsplit('/').next().unwrap_or_default().to_owned();
    let mut listing = Listing { encrypted: Some(false), ..Listing::default() };
    listing.promise = kept(look, &host);
    for id in names(look, &format!("{server}/base"))? {
        let path = format!("{server}/base/{id}/backup.info");
        let Found::Here(text) = look.text(&path) else { continue };
        let value = |key: &str| {
            text.lines().find_map(|line| line.split_once('=').filter(|(name, _)| *name == key))
        };
        let status = value("status").map(|(_, status)| status);
        match (status, value("end_time").and_then(|(_, time)| ended(time))) {
            (Some("DONE"), Some(time)) => {
                let (host, time) = (host.clone(), whole_second(time));
                let bytes = value("size").and_then(|(_, size)| size.parse().ok());
                listing.bytes = Some(listing.bytes.unwrap_or(0).saturating_add(bytes.unwrap_or(0)));
                listing.backups.push(Backup { id, time, host, paths: Vec::new(), bytes });
            }
            (Some(status @ ("FAILED" | "EMPTY")), _) => {
                listing.unusable.push(Unusable { id, why: format!("barman calls it {status}") });
            }
            (Some("STARTED" | "SYNCING" | "WAITING_FOR_WALS"), _) => {}
            (status, _) => {
                let status = status.unwrap_or("none");
                look.garbled(&path, &format!("status {status} without an end is not understood"));
            }
        }
    }
    Ok(listing)
}

/// `retention_policy` of a server of Barman, or of all of them.
fn kept(look: &mut Look<'_>, server: &str) -> Option<Promise> {
    let mut paths = vec!["/etc/barman.conf".to_owned()];
    let folder = look.names("/etc/barman.d").here().unwrap_or_default();
    paths.extend(
        folder
            .iter()
            .filter(|name| name.ends_with(".conf"))
            .map(|name| format!("/etc/barman.d/{name}")),
    );
    let (mut of_server, mut of_all) = (None, None);
    for path in paths {
        let Some(text) = look.text(&path).here() else { continue };
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            if key.trim() == "retention_policy" && section == server {
                of_server = policy(value, &path);
            } else if key.trim() == "retention_policy" && section == "barman" {
                of_all = policy(value, &path);
            }
        }
    }
    of_server.or(of_all)
}

/// `REDUNDANCY 2` or `RECOVERY WINDOW OF 4 WEEKS`.
fn policy(value: &str, path: &str) -> Option<Promise> {
    let value = value.trim().to_ascii_uppercase();
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let mut promise = Promise { source: path.to_owned(), ..Promise::default() };
    match words[..] {
        ["REDUNDANCY", number] => promise.last = Some(number.parse().ok()?),
        ["RECOVERY", "WINDOW", "OF", number, unit] => {
            let number: u64 = number.parse().ok()?;
            let days = match unit.trim_end_matches('S') {
                "DAY" => 1,
                "WEEK" => 7,
                "MONTH" => 31,
                _ => return None,
            };
            promise.within_days = number.checked_mul(days);
        }
        _ => return None,
    }
    Some(promise)
}

/// duplicity's volumes: a set counts when its manifest is there, which is written last.
pub(super) fn duplicity(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<Listing, Refusal> {
    let folder = named.location.trim_end_matches('/');
    let mut listing = Listing { bytes: Some(0), ..Listing::default() };
    let mut sets: BTreeMap<String, bool> = BTreeMap::new();
    for name in names(look, folder)? {
        let Some(rest) = name.strip_prefix("duplicity-") else { continue };
        let size = look.facts(&format!("{folder}/{name}")).here().map_or(0, |facts| facts.size);
        listing.bytes = listing.bytes.map(|bytes| bytes.saturating_add(size));
        let Some((set, part)) = set_of(rest) else { continue };
        let sealed = name.ends_with(".gpg");
        // One part that lies open settles it.
        listing.encrypted = Some(sealed && listing.encrypted != Some(false));
        *sets.entry(set).or_default() |= part.starts_with("manifest");
    }
    for (id, whole) in sets {
        let end = id.rsplit('.').next().and_then(|text| text.parse::<Timestamp>().ok());
        match (end, whole) {
            (Some(time), true) => listing.backups.push(Backup {
                time: whole_second(time),
                id,
                host: String::new(),
                paths: Vec::new(),
                bytes: None,
            }),
            (_, false) => {
                listing
                    .unusable
                    .push(Unusable { id, why: "has volumes and no manifest".to_owned() });
            }
            (None, true) => {
                listing.unusable.push(Unusable { id, why: "has no time in its name".to_owned() });
            }
        }
    }
    Ok(listing)
}

/// `full.<time>` or `inc.<time>.to.<time>`, and what follows it.
fn set_of(rest: &str) -> Option<(String, &str)> {
    let words: Vec<&str> = rest.splitn(3, '.').collect();
    match words[..] {
        ["full", time, part] => Some((format!("full.{time}"), part)),
        ["inc", from, rest] => {
            let (to, part) = rest.strip_prefix("to.")?.split_once('.')?;
            Some((format!("inc.{from}.to.{to}"), part))
        }
        _ => None,
    }
}

/// Barman writes `2026-11-22 03:00:12.345678+00:00`; versions before 2 leave the zone out and mean local time, taken as UTC.
fn ended(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests;
