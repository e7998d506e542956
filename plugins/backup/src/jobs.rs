//! `backup.jobs`: what the named repositories hold, and what starts backups by itself. Two separate facts.
//!
//! It never locks, writes, prunes or restores, and never shows a password or the user part of a location.

pub(crate) mod borg;
mod borgmatic;
mod commands;
mod cron;
pub(crate) mod dumps;
mod environment;
pub(crate) mod facts;
mod folders;
pub(crate) mod pgbackrest;
pub(crate) mod restic;
pub(crate) mod rsnapshot;
mod snapshots;
mod store;
mod timers;
mod walg;

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_plugin::kinds::backup_jobs::{
    BackupJobs, Check, KIND, Place, Promise, Repository, Unusable,
};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use jiff::{SignedDuration, Timestamp};

use crate::location;
use crate::look::Look;
use crate::settings::{self, Tool};
use crate::tool::ToolError;

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "restic snapshots --json --no-lock --no-cache (per restic repository of the settings)",
        "borg --log-json list --json --bypass-lock --format {hostname} :: (per borg repository of the settings)",
        "config of local repositories of borg; names, sizes and times of the files of local repositories",
        "configurations of borgmatic, their repositories by borg, and ~root/.borgmatic/checks",
        "pgbackrest info --output=json, wal-g backup-list --json --detail, and their configurations (as named in the settings)",
        "names, sizes, times, first and last bytes in the folders of dumps, the newest compressed one whole; folders of rsnapshot and duplicity; Barman's backup.info (as named in the settings)",
        "/etc/rsnapshot.conf, /etc/barman.conf, /etc/barman.d/*.conf for what is to be kept",
        "btrfs subvolume list -s, zfs list -t snapshot, lvs (where such volumes are there)",
        "/{etc,run,usr/lib}/systemd/system/*.{timer,service}, systemctl show of backup timers",
        "/etc/crontab, /etc/cron.d/*, /etc/cron.{hourly,daily,weekly,monthly}/*, /var/spool/cron/crontabs/*",
        "scripts that these start, to recognise the tool",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH for local repositories, password files and the crontabs of accounts",
        "root: snapshots of btrfs and LVM, which their tools list to nobody else",
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
    let mut seen = opened(&mut look, &repositories);
    seen.extend(snapshots::find(&mut look));
    facts::checks_by_schedule(&mut seen, &schedules);
    let rows = seen.len() + schedules.len();
    look.seen.document(BackupJobs { repositories: seen, schedules }, rows);
    look.done()
}

/// Opens each of the named repositories; one entry may lead to several, such as a configuration of borgmatic.
fn opened(look: &mut Look<'_>, repositories: &[settings::Repository]) -> Vec<Repository> {
    let mut left = u32::try_from(repositories.len()).unwrap_or(u32::MAX);
    let mut versions = BTreeMap::new();
    let mut seen = Vec::new();
    for named in repositories {
        // One that hangs must leave time for the others.
        let share = look.job.remaining() / left.saturating_add(1);
        left = left.saturating_sub(1);
        for opened in gather(look, named, share) {
            let shown = location::shown(&opened.named.location);
            look.seen.method(format!("repository {} at {shown}", opened.named.name));
            let mut repository = facts::of(look, opened);
            let version = versions.entry(named.tool.name());
            let version = version.or_insert_with(|| facts::version(look, named.tool));
            repository.tool_version = version.clone();
            seen.push(repository);
        }
    }
    seen
}

/// A repository that was tried.
struct Opened {
    named: settings::Repository,
    listing: Result<Listing, Refusal>,
}

fn gather(look: &mut Look<'_>, named: &settings::Repository, share: Duration) -> Vec<Opened> {
    let named = &match environment::ready(look, named) {
        Ok(named) => named,
        Err(refusal) => return vec![Opened { named: named.clone(), listing: Err(refusal) }],
    };
    match named.tool {
        Tool::Pgbackrest => pgbackrest::gather(look, named, share),
        Tool::Borgmatic => match borgmatic::repositories(look, named) {
            Ok(repositories) => {
                let share = share / u32::try_from(repositories.len()).unwrap_or(u32::MAX).max(1);
                let open = |named: settings::Repository| {
                    let listing = borg::list(look, &named, share);
                    Opened { named, listing }
                };
                repositories.into_iter().map(open).collect()
            }
            Err(refusal) => vec![Opened { named: named.clone(), listing: Err(refusal) }],
        },
        Tool::Restic
        | Tool::Borg
        | Tool::Walg
        | Tool::Files
        | Tool::Duplicity
        | Tool::Rsnapshot
        | Tool::Barman => {
            let listing = list(look, named, share);
            vec![Opened { named: named.clone(), listing }]
        }
    }
}

/// What a tool listed: one entry a backup. What it does not say stays empty.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    encrypted: Option<bool>,
    encryption: Option<String>,
    append_only: Option<bool>,
    bytes: Option<u64>,
    since: Option<Timestamp>,
    last_check: Option<Check>,
    promise: Option<Promise>,
    /// Where the tool's configuration says more than the location.
    place: Option<Place>,
    /// As the tool itself knows the repository.
    repository_id: Option<String>,
    pub(crate) backups: Vec<Backup>,
    unusable: Vec<Unusable>,
}

#[derive(Debug)]
pub(crate) struct Backup {
    /// As the tool names it.
    pub(crate) id: String,
    pub(crate) time: Timestamp,
    pub(crate) host: String,
    /// Sorted; empty where the tool does not say.
    pub(crate) paths: Vec<String>,
    /// Size of the data, or of the dump.
    pub(crate) bytes: Option<u64>,
}

/// Times in documents have whole seconds.
pub(crate) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
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
        | ToolError::Vetoed { .. }
        | ToolError::TimedOut { .. }
        | ToolError::TooMuch { .. }
        | ToolError::Io { .. } => error.remedy(),
    };
    Refusal::new(error.outcome(), error.to_string(), remedy)
}

/// Lists one repository.
pub(crate) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    match named.tool {
        Tool::Restic => restic::list(look, named, share),
        Tool::Borg => borg::list(look, named, share),
        Tool::Walg => walg::list(look, named, share),
        Tool::Files => dumps::list(look, named, share),
        Tool::Duplicity => folders::duplicity(look, named),
        Tool::Rsnapshot => rsnapshot::list(look, named),
        Tool::Barman => folders::barman(look, named),
        Tool::Pgbackrest => match &named.stanza {
            Some(part) => {
                let whole = settings::Repository { location: part.config.clone(), ..named.clone() };
                let found = pgbackrest::find(look, &whole, &named.name, share);
                found.map_or_else(|| Err(no_repository(&named.name)), |found| found.listing)
            }
            None => Err(no_repository(&named.name)),
        },
        Tool::Borgmatic => Err(no_repository(&named.name)),
    }
}

fn no_repository(name: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::NotConfigured,
        format!("there is no repository named '{name}'"),
        "name a repository as backup.jobs shows it in the test",
    )
}

/// A repository by the name that `backup.jobs` shows for it.
pub(crate) fn find(
    look: &mut Look<'_>,
    repositories: &[settings::Repository],
    name: &str,
    left: Duration,
) -> Result<settings::Repository, Refusal> {
    for named in repositories {
        match named.tool {
            Tool::Borgmatic if borgmatic::leads_to(named, name) => {
                let named = environment::ready(look, named)?;
                let found = borgmatic::repositories(look, &named)?;
                if let Some(found) = found.into_iter().find(|found| found.name == name) {
                    return Ok(found);
                }
            }
            Tool::Pgbackrest if borgmatic::leads_to(named, name) => {
                if let Some(found) = pgbackrest::find(look, named, name, left) {
                    return found.listing.map(|_| found.named);
                }
            }
            Tool::Borgmatic | Tool::Pgbackrest => {}
            Tool::Restic
            | Tool::Borg
            | Tool::Walg
            | Tool::Files
            | Tool::Duplicity
            | Tool::Rsnapshot
            | Tool::Barman => {
                if named.name == name {
                    return environment::ready(look, named);
                }
            }
        }
    }
    Err(no_repository(name))
}

/// Whether a list or a configuration is read; what was read is looked through as `backup.jobs` does.
pub(crate) fn reads(name: &str, text: &str) -> bool {
    let listing = match name {
        "restic" => restic::parse(text).ok(),
        "borg" => borg::parse(text).ok(),
        "walg" => walg::parse(text).ok(),
        "pgbackrest" => return pgbackrest::reads(text),
        "yaml" => return crate::yaml::parse(text).is_ok(),
        "btrfs" | "zfs" | "lvm" => return snapshots::reads(name, text),
        _ => None,
    };
    let Some(Listing { backups, .. }) = listing else { return false };
    facts::held(&backups);
    facts::sources(backups, Timestamp::UNIX_EPOCH);
    true
}

/// 100,000 backups of restic are told in some 45 MB.
const MOST_OUTPUT: usize = 128 * 1024 * 1024;

/// A clock may be a little off; a backup from tomorrow was not made.
pub(crate) const TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

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
