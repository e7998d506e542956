//! `backup.jobs`: what the named repositories hold, and what starts backups by itself. Two separate facts.
//!
//! It never locks, writes, prunes or restores, and never shows a password or the user part of a location.

pub(crate) mod borg;
mod commands;
mod cron;
mod folders;
pub(crate) mod restic;
mod timers;

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_plugin::kinds::backup_jobs::{BackupJobs, KIND, Repository, Source};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use jiff::{SignedDuration, Timestamp};

use crate::look::Look;
use crate::settings::{self, Tool};
use crate::tool::ToolError;

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "restic snapshots --json --no-lock --no-cache (per restic repository of the settings)",
        "borg --log-json list --json --bypass-lock --format {hostname} :: (per borg repository of the settings)",
        "names, times and first bytes in the folders of dumps; folders of rsnapshot; Barman's backup.info (as named in the settings)",
        "/{etc,run,usr/lib}/systemd/system/*.{timer,service}, systemctl show of backup timers",
        "/etc/crontab, /etc/cron.d/*, /etc/cron.{hourly,daily,weekly,monthly}/*, /var/spool/cron/crontabs/*",
        "scripts that these start, to recognise the tool",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH for local repositories, password files and the crontabs of accounts",
        "a password file per encrypted repository, named in the settings",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let repositories = match settings::read(job) {
        Ok(backup) if backup.repositories.is_empty() => {
            look.seen.outcome(
                OutcomeKind::NotConfigured,
                "no backup repository is named, so no backup was looked at",
                "add backup.repositories = [{ name = \"nightly\", tool = \"restic\", location = \"…\", password_file = \"/path\" }] to the settings of the backup plugin",
            );
            Vec::new()
        }
        Ok(backup) => backup.repositories,
        Err(error) => {
            let remedy = "correct the settings of the backup plugin; no repository was looked at";
            look.seen.outcome(OutcomeKind::NotConfigured, error.to_string(), remedy);
            Vec::new()
        }
    };
    let mut schedules = timers::find(&mut look);
    schedules.extend(cron::find(&mut look));
    let mut left = u32::try_from(repositories.len()).unwrap_or(u32::MAX);
    let mut seen = Vec::new();
    for repository in &repositories {
        // One that hangs must leave time for the others.
        let share = job.remaining() / left.saturating_add(1);
        left = left.saturating_sub(1);
        seen.push(open(&mut look, repository, share));
    }
    let rows = seen.len() + schedules.len();
    look.seen.document(BackupJobs { repositories: seen, schedules }, rows);
    look.done()
}

/// What a tool listed: one entry a backup.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    encrypted: Option<bool>,
    pub(crate) backups: Vec<Backup>,
}

#[derive(Debug)]
pub(crate) struct Backup {
    /// As the tool names it.
    pub(crate) id: String,
    pub(crate) time: Timestamp,
    pub(crate) host: String,
    /// Sorted; empty where the tool does not say.
    paths: Vec<String>,
}

/// Why a repository could not be listed. The text holds no secret.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) outcome: OutcomeKind,
    pub(crate) detail: String,
    pub(crate) remedy: String,
}

impl Refusal {
    pub(crate) fn new(
        outcome: OutcomeKind,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { outcome, detail: detail.into(), remedy: remedy.into() }
    }
}

/// Runs a backup tool that lists a repository; says what its absence, its output or its refusal means.
fn ask<E: std::fmt::Display>(
    look: &mut Look<'_>,
    tool: &crate::tool::Tool<'_>,
    (name, package): (&str, &str),
    parse: fn(&str) -> Result<Listing, E>,
    refusal: fn(&crate::tool::Output) -> Refusal,
) -> Result<Listing, Refusal> {
    let output = look.try_run(tool).map_err(|error| unrun(&error, package))?;
    if !output.is_success() {
        return Err(refusal(&output));
    }
    parse(&output.stdout).map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("{name} printed a list that cannot be read: {error}"),
            format!("report the version of {name} to the maintainers of the plugin"),
        )
    })
}

/// What it means that a tool could not be run to its end.
pub(crate) fn unrun(error: &ToolError, package: &str) -> Refusal {
    let remedy = match error {
        ToolError::Missing(_) => format!("install the package {package}"),
        ToolError::Denied(_)
        | ToolError::TimedOut { .. }
        | ToolError::TooMuch { .. }
        | ToolError::Io { .. } => error.remedy(),
    };
    Refusal::new(error.outcome(), error.to_string(), remedy)
}

/// Lists a repository by its own tool.
pub(crate) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    match named.tool {
        Tool::Restic => restic::list(look, named, share),
        Tool::Borg => borg::list(look, named, share),
        Tool::Files => folders::dumps(look, named),
        Tool::Rsnapshot => folders::rsnapshot(look, named),
        Tool::Barman => folders::barman(look, named),
    }
}

fn open(look: &mut Look<'_>, named: &settings::Repository, share: Duration) -> Repository {
    let location = settings::shown(&named.location);
    look.seen.method(format!("repository {} at {location}", named.name));
    let listing = list(look, named, share);
    let off_site = settings::is_off_site(look, &named.location);
    let mut repository = Repository {
        name: named.name.clone(),
        tool: named.tool.name().to_owned(),
        location,
        reachable: false,
        error: None,
        encrypted: None,
        off_site,
        last_success: None,
        snapshots: None,
        oldest: None,
        sources: None,
    };
    match listing {
        Ok(listing) => fill(look, &mut repository, listing),
        Err(refusal) => {
            repository.error = Some(refusal.detail.clone());
            let detail = format!("backup repository '{}': {}", named.name, refusal.detail);
            look.seen.outcome(refusal.outcome, detail, refusal.remedy);
        }
    }
    repository
}

/// A clock may be a little off; a backup from tomorrow was not made.
pub(crate) const TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

fn fill(look: &mut Look<'_>, repository: &mut Repository, listing: Listing) {
    let now = look.job.now.saturating_add(TOLERANCE).unwrap_or(Timestamp::MAX);
    let all = listing.backups.len();
    let backups: Vec<Backup> = listing.backups.into_iter().filter(|b| b.time <= now).collect();
    if backups.len() < all {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!(
                "backup repository '{}': {} backups claim a time in the future and were left out",
                repository.name,
                all - backups.len()
            ),
            "correct the clock of the machine that made them",
        );
    }
    repository.reachable = true;
    repository.encrypted = listing.encrypted;
    repository.snapshots = u64::try_from(backups.len()).ok();
    repository.last_success = backups.iter().map(|backup| backup.time).max();
    repository.oldest = backups.iter().map(|backup| backup.time).min();
    let mut sources: BTreeMap<(String, Vec<String>), Source> = BTreeMap::new();
    for backup in backups {
        let key = (backup.host.clone(), backup.paths.clone());
        let source = sources.entry(key).or_insert(Source {
            host: backup.host,
            paths: backup.paths,
            snapshots: 0,
            last_success: backup.time,
        });
        source.snapshots += 1;
        source.last_success = source.last_success.max(backup.time);
    }
    repository.sources = Some(sources.into_values().collect());
}

/// Whether the password file can be read, before a tool trips over it with a worse message.
fn check_password_file(look: &mut Look<'_>, named: &settings::Repository) -> Result<(), Refusal> {
    let Some(path) = &named.password_file else { return Ok(()) };
    let shown = path.to_string_lossy();
    match look.host.head(&shown, 1) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("the password file {shown} does not exist"),
            "create it with the repository's password, or correct password_file in the settings",
        )),
        Err(error) => Err(Refusal::new(
            error.outcome(),
            format!("the password file cannot be used: {error}"),
            error.remedy(),
        )),
    }
}

#[cfg(test)]
mod tests;
