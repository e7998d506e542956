//! What follows from a list of backups: reach, sources, gaps, sizes. Pure but for the place. It never judges.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{
    Check, Held, Holding, JobResult, Repository, Schedule, Source, Unusable,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Backup, Listing, Opened, Refusal, TOLERANCE, whole_second};
use crate::location;
use crate::look::Look;
use crate::settings::{self, Tool};

/// Backups before the newest whose sizes are usual.
const BEFORE: usize = 10;

/// The facts of a repository that was tried.
pub(super) fn of(look: &mut Look<'_>, opened: Opened) -> Repository {
    let Opened { named, listing } = opened;
    let mut repository = unopened(&named);
    repository.last_check = recorded(look, &named);
    repository.promised.clone_from(&named.promise);
    match listing {
        Ok(listing) => fill(look, &named, &mut repository, listing),
        Err(Refusal { outcome, detail, remedy }) => {
            let said = format!("backup repository '{}': {detail}", named.name);
            repository.error = Some(detail);
            look.seen.outcome(outcome, said, remedy);
        }
    }
    if repository.place.is_none() {
        let of_here = |source: &&Source| source.host.is_empty() || source.host == host_name();
        let sources = repository.sources.iter().flatten().filter(of_here);
        let paths: Vec<String> = sources.flat_map(|source| source.paths.clone()).collect();
        repository.place = location::place(look, &named.location, named.site, &paths);
    }
    repository.off_site = repository.place.as_ref().map(|place| location::is_off_site(place.class));
    repository
}

/// As this host calls itself in backups.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn unopened(named: &settings::Repository) -> Repository {
    Repository {
        name: named.name.clone(),
        kind: Holding::Backups,
        tool: named.tool.name().to_owned(),
        tool_version: None,
        location: location::shown(&named.location),
        place: None,
        off_site: None,
        reachable: false,
        error: None,
        encrypted: None,
        encryption: None,
        append_only: None,
        bytes: None,
        since: None,
        last_check: None,
        promised: None,
        held: None,
        last_success: None,
        snapshots: None,
        oldest: None,
        unusable: None,
        unusable_named: Vec::new(),
        sources: None,
    }
}

/// A check that a job of the operator's recorded by touching a file.
fn recorded(look: &mut Look<'_>, named: &settings::Repository) -> Option<Check> {
    let path = named.check_record.as_ref()?.to_string_lossy().into_owned();
    let time = look.facts(&path).here()?.modified?;
    Some(Check { time: whole_second(time), result: JobResult::Success, source: path })
}

/// The version of a tool; none for what is read without one.
pub(super) fn version(look: &mut Look<'_>, tool: Tool) -> Option<String> {
    let (program, argument) = match tool {
        Tool::Restic => ("restic", "version"),
        Tool::Borg | Tool::Borgmatic => ("borg", "--version"),
        Tool::Pgbackrest => ("pgbackrest", "version"),
        Tool::Walg => ("wal-g", "--version"),
        Tool::Files | Tool::Duplicity | Tool::Rsnapshot | Tool::Barman => return None,
    };
    let output = look.try_run(&crate::tool::Tool::new(program, &[argument])).ok()?;
    // "restic 0.14.0 compiled with …", "borg 1.2.4", "pgBackRest 2.45", "wal-g version v3.0.0 …".
    let is_version =
        |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let words = output.stdout.lines().next()?.split_ascii_whitespace();
    let version = words.map(|word| word.trim_end_matches(',')).find(is_version)?;
    output.is_success().then(|| version.trim_start_matches('v').to_owned())
}

fn fill(
    look: &mut Look<'_>,
    named: &settings::Repository,
    repository: &mut Repository,
    listing: Listing,
) {
    let now = look.job.now.saturating_add(TOLERANCE).unwrap_or(Timestamp::MAX);
    let (backups, late): (Vec<Backup>, Vec<Backup>) =
        listing.backups.into_iter().partition(|backup| backup.time <= now);
    let mut unusable = listing.unusable;
    if !late.is_empty() {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!(
                "backup repository '{}': {} backups claim a time in the future and were left out",
                repository.name,
                late.len()
            ),
            "correct the clock of the machine that made them",
        );
        let why = "claims a time in the future";
        unusable.extend(late.into_iter().map(|late| Unusable { id: late.id, why: why.to_owned() }));
    }
    repository.reachable = true;
    repository.encrypted = listing.encrypted;
    repository.encryption = listing.encryption;
    repository.append_only = listing.append_only;
    repository.bytes = listing.bytes;
    repository.since = listing.since;
    repository.last_check = repository.last_check.take().or(listing.last_check);
    repository.promised = listing.promise.or(repository.promised.take());
    repository.place = listing.place.filter(|_| named.site.is_none());
    repository.held = Some(held(&backups));
    repository.snapshots = u64::try_from(backups.len()).ok();
    repository.last_success = backups.iter().map(|backup| backup.time).max();
    repository.oldest = backups.iter().map(|backup| backup.time).min();
    repository.unusable = u64::try_from(unusable.len()).ok();
    repository.unusable_named = unusable;
    repository.sources = Some(sources(backups, look.job.now));
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

pub(super) fn held(backups: &[Backup]) -> Held {
    let days: BTreeSet<Date> = backups.iter().map(|backup| day(backup.time)).collect();
    let count = |set: BTreeSet<(i16, i8)>| u64::try_from(set.len()).unwrap_or(u64::MAX);
    Held {
        days: u64::try_from(days.len()).unwrap_or(u64::MAX),
        weeks: count(
            days.iter()
                .map(|day| (day.iso_week_date().year(), day.iso_week_date().week()))
                .collect(),
        ),
        months: count(days.iter().map(|day| (day.year(), day.month())).collect()),
        years: count(days.iter().map(|day| (day.year(), 0)).collect()),
    }
}

/// When a backup was made and how large it is.
type Made = (Timestamp, Option<u64>);

/// Backups by what they hold.
pub(super) fn sources(backups: Vec<Backup>, now: Timestamp) -> Vec<Source> {
    let mut found: BTreeMap<(String, Vec<String>), Vec<Made>> = BTreeMap::new();
    for backup in backups {
        found.entry((backup.host, backup.paths)).or_default().push((backup.time, backup.bytes));
    }
    let source = |((host, paths), mut made): ((String, Vec<String>), Vec<Made>)| {
        made.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let (last_success, last_bytes) = made.first().copied()?;
        let mut before: Vec<u64> =
            made.iter().skip(1).filter_map(|(_, bytes)| *bytes).take(BEFORE).collect();
        before.sort_unstable();
        Some(Source {
            host,
            paths,
            snapshots: u64::try_from(made.len()).unwrap_or(u64::MAX),
            last_success,
            days_missed: days_missed(&made, now),
            last_bytes,
            usual_bytes: before.get(before.len() / 2).copied(),
        })
    };
    found.into_iter().filter_map(source).collect()
}

fn days_missed(made: &[Made], now: Timestamp) -> u64 {
    let days: BTreeSet<Date> = made.iter().map(|(time, _)| day(*time)).collect();
    let before = |number: i64| day(now).checked_sub(number.days()).ok();
    let missed = (1..=7).filter_map(before).filter(|day| !days.contains(day)).count();
    u64::try_from(missed).unwrap_or(u64::MAX)
}

/// Where one schedule checks the only repository of its tool, its last run is that repository's last check.
pub(super) fn checks_by_schedule(repositories: &mut [Repository], schedules: &[Schedule]) {
    let checks = |tool: &str| {
        let mut fitting = schedules.iter().filter(|schedule| {
            schedule.action.as_deref() == Some("check") && (schedule.tool == tool)
        });
        let only = fitting.next().filter(|_| fitting.next().is_none())?;
        Some(Check { time: only.last_run?, result: only.last_result?, source: only.name.clone() })
    };
    let mut of_tool: BTreeMap<String, usize> = BTreeMap::new();
    for repository in repositories.iter() {
        *of_tool.entry(repository.tool.clone()).or_default() += 1;
    }
    for repository in repositories {
        if repository.last_check.is_none() && of_tool.get(&repository.tool) == Some(&1) {
            repository.last_check = checks(&repository.tool);
        }
    }
}

#[cfg(test)]
mod tests;
