//! `continuity.tests`: restores a sample of the newest backup, or a whole database, to a private folder, compares it, and
//! wipes it. Only tests that the operator asked for in the settings take place.
//!
//! It never writes anywhere else, never changes a repository, and never keeps what it restored. That a restore fails is a
//! fact of the document; that a test cannot take place is an outcome.

mod cluster;
mod compare;
mod confine;
mod database;
mod duplicity;
mod leftovers;
mod mariadb;
mod programs;
mod rows;
mod sample;
mod scratch;
mod server;
mod tree;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use exhibit_plugin::kinds::continuity_tests::{
    Backup, ContinuityTests, KIND, MAX_FAULTS, Objective, Test, TestResult,
};
use exhibit_plugin::protocol::Level;
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};
use jiff::Timestamp;

use self::sample::Draw;
pub(crate) use self::sample::File;
use self::scratch::Scratch;
use crate::jobs::facts::host_name;
use crate::jobs::{self, Refusal, TOLERANCE, borg, restic};
use crate::location;
use crate::look::Look;
use crate::settings::{self, RestoreTest, Tool};
use crate::tool::Output;

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "restic snapshots, ls and restore --verify, all with --no-lock --no-cache (per test of the settings)",
        "borg list and extract, all with --bypass-lock (per test of the settings)",
        "duplicity list-current-files and restore, its signatures and manifests (per test of the settings)",
        "the files of the newest snapshot of rsnapshot, older ones of them, a list of checksums among them (per test of the settings)",
        "the sources of the restored files, to compare checksums",
        "dumps of PostgreSQL (psql, pg_restore), pgbackrest restore and barman recover, to a server of its own in the scratch folder (per test of the settings)",
        "dumps of MariaDB and MySQL (mariadb) and folders of mariadb-backup, to a mariadbd of its own in the scratch folder (per test of the settings)",
        "count and checksum of the tables that a test names, in the living database that it names",
    ],
    needs: &[
        "a test in the settings (continuity.tests); without one nothing is restored",
        "CAP_DAC_READ_SEARCH for local repositories, password files and the sources of the sample",
        "room in the scratch folder",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let settings = match settings::read(job) {
        Ok(settings) => settings,
        Err(error) => {
            let remedy = "correct the settings of the backup plugin; nothing was restored";
            return Observation::without_document(
                OutcomeKind::NotConfigured,
                error.to_string(),
                remedy,
            );
        }
    };
    if settings.tests.is_empty() {
        return Observation::without_document(
            OutcomeKind::NotConfigured,
            "no restore test is asked for, so none took place",
            "add continuity.tests = [{ name = \"sample\", repository = \"nightly\" }] to the settings of the backup plugin",
        );
    }
    let mut tests = Vec::new();
    let mut left = u32::try_from(settings.tests.len()).unwrap_or(u32::MAX);
    for wanted in &settings.tests {
        let end = Instant::now() + job.remaining() * 9 / 10 / left.max(1);
        left = left.saturating_sub(1);
        match one(&mut look, &settings, wanted, end) {
            Ok(test) => tests.push(test),
            Err(refusal) => {
                let detail = format!("restore test '{}': {}", wanted.name, refusal.detail);
                look.seen.outcome(refusal.outcome, detail, refusal.remedy);
            }
        }
    }
    if !tests.is_empty() {
        let (rows, expected) = (tests.len(), settings.tests.len());
        look.seen.document(ContinuityTests { tests }, rows).expected(expected);
    }
    look.done()
}

/// What a restore of files showed, before anything is compared.
type Restored = Result<(), String>;

fn one(
    look: &mut Look<'_>,
    settings: &settings::Settings,
    wanted: &RestoreTest,
    end: Instant,
) -> Result<Test, Refusal> {
    let share = end.saturating_duration_since(Instant::now());
    let named = &jobs::find(look, &settings.repositories, &wanted.repository, share)?;
    let (time, clock) = (Timestamp::now(), Instant::now());
    let left = || end.saturating_duration_since(Instant::now());
    if let Err(error) = look.host.facts(&wanted.scratch.to_string_lossy()) {
        return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy()));
    }
    let scratch = Scratch::new(&wanted.scratch, &mut |text| {
        look.seen.log(Level::Warn, text);
    })?;
    let (newest, bytes) = newest(look, named, wanted, left())?;
    let mut test = begun(wanted, named, time, &newest);
    match named.tool {
        Tool::Restic | Tool::Borg => files(look, named, wanted, &scratch, &mut test, (clock, end))?,
        Tool::Files | Tool::Pgbackrest | Tool::Barman => {
            let id = newest.id.as_str();
            let asked = database::Wanted { test: wanted, named, id, bytes, end };
            let shown = database::restore(look, &asked, &scratch, clock)?;
            test.recovery_time.achieved_seconds = shown.seconds;
            test.bytes = Some(shown.bytes);
            test.database = shown.facts;
            test.faults = shown.faults;
            test.error = shown.error;
        }
        Tool::Rsnapshot => {
            let of = (named, newest.id.as_str());
            tree::restore(look, of, wanted, &scratch, &mut test, (clock, end))?;
        }
        Tool::Duplicity => {
            duplicity::restore(look, (named, &newest), wanted, &scratch, &mut test, (clock, end))?;
        }
        Tool::Borgmatic | Tool::Walg => {
            return Err(untestable(named.tool));
        }
    }
    test.faults.truncate(MAX_FAULTS);
    if test.error.is_none() {
        test.result = TestResult::Success;
    }
    scratch.wipe()?;
    Ok(test)
}

/// Restores a sample of files and compares it.
fn files(
    look: &mut Look<'_>,
    named: &settings::Repository,
    wanted: &RestoreTest,
    scratch: &Scratch,
    test: &mut Test,
    (clock, end): (Instant, Instant),
) -> Result<(), Refusal> {
    let left = || end.saturating_duration_since(Instant::now());
    let Some(newest) = test.backup.clone() else { return Ok(()) };
    let is_restic = named.tool == Tool::Restic;
    let drawn = match draw(look, named, wanted, &newest, left())? {
        Ok(drawn) => drawn,
        Err(error) => {
            test.error = Some(error);
            return Ok(());
        }
    };
    scratch.demand(drawn.bytes)?;
    let restored = if is_restic {
        restic::restore(look, named, &newest.id, &drawn.files, scratch.path(), left())
    } else {
        borg::restore(look, named, &newest.id, &drawn.files, scratch.path(), left())
    }?;
    test.recovery_time.achieved_seconds = seconds(clock);
    // The same path on another machine is another file.
    let here = newest.host.as_deref() == Some(host_name().as_str());
    let sources = (here && look.host.is_live()).then_some(&look.host);
    let compared = compare::all(&drawn.files, scratch.path(), sources, restored.is_ok());
    told(test, wanted, drawn, compared, restored);
    Ok(())
}

/// What a sample and its comparison say of a test.
fn told(
    test: &mut Test,
    wanted: &RestoreTest,
    drawn: sample::Drawn,
    compared: compare::Compared,
    restored: Restored,
) {
    let asked = drawn.files.len();
    test.sample = Some(drawn.into_sample(wanted));
    test.bytes = Some(compared.bytes);
    test.files = Some(compared.counts);
    let wrong = compared.faults.len();
    test.error = match restored {
        Err(error) => Some(error),
        Ok(()) if wrong > 0 => {
            Some(format!("{wrong} of {asked} files did not come back as they should"))
        }
        Ok(()) if asked == 0 => Some("the backup holds no file that fits the test".to_owned()),
        Ok(()) => None,
    };
    test.faults = compared.faults;
}

/// From the opening of a repository to the last restored file, rounded up.
fn seconds(clock: Instant) -> Option<u64> {
    u64::try_from(clock.elapsed().as_millis().div_ceil(1000)).ok()
}

/// The settings refuse such a test already.
fn untestable(tool: Tool) -> Refusal {
    Refusal::new(
        OutcomeKind::NotConfigured,
        format!("backups of the tool {} cannot be restored by this plugin", tool.name()),
        "name a repository of restic, borg, borgmatic, duplicity, rsnapshot, pgbackrest, barman or files in the test",
    )
}

/// A test that has found its backup and shown nothing yet, which is a failure until it has.
fn begun(
    wanted: &RestoreTest,
    named: &settings::Repository,
    time: Timestamp,
    newest: &Backup,
) -> Test {
    let age = time.duration_since(newest.time).as_secs().max(0);
    Test {
        name: wanted.name.clone(),
        kind: "restore".to_owned(),
        subject: named.name.clone(),
        tool: named.tool.name().to_owned(),
        operator: Some("schedule".to_owned()),
        time: jobs::whole_second(time),
        result: TestResult::Failure,
        error: None,
        backup: Some(newest.clone()),
        sample: None,
        files: None,
        database: None,
        bytes: None,
        faults: Vec::new(),
        recovery_time: Objective {
            target_seconds: wanted.recovery_time_minutes.map(|minutes| minutes * 60),
            achieved_seconds: None,
        },
        recovery_point: Objective {
            target_seconds: wanted.recovery_point_hours.map(|hours| hours * 3600),
            achieved_seconds: u64::try_from(age).ok(),
        },
    }
}

fn newest(
    look: &mut Look<'_>,
    named: &settings::Repository,
    wanted: &RestoreTest,
    left: Duration,
) -> Result<(Backup, Option<u64>), Refusal> {
    let listing = jobs::list(look, named, left)?;
    let now = look.job.now.saturating_add(TOLERANCE).unwrap_or(Timestamp::MAX);
    let of_host = |host: &str| wanted.host.as_deref().is_none_or(|wanted_host| wanted_host == host);
    let of_source = |paths: &[String]| {
        wanted.source.as_ref().is_none_or(|source| paths.iter().any(|path| path == source))
    };
    let newest = listing
        .backups
        .into_iter()
        .filter(|backup| backup.time <= now && of_host(&backup.host) && of_source(&backup.paths))
        .max_by_key(|backup| backup.time);
    let newest = newest.ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotApplicable,
            format!("repository '{}' holds no backup to restore", named.name),
            "make a backup first, or correct host and source in the test",
        )
    })?;
    let host = Some(newest.host).filter(|host| !host.is_empty());
    Ok((Backup { id: newest.id, time: newest.time, host }, newest.bytes))
}

fn draw(
    look: &mut Look<'_>,
    named: &settings::Repository,
    wanted: &RestoreTest,
    newest: &Backup,
    left: Duration,
) -> Result<Result<sample::Drawn, String>, Refusal> {
    let draw = Arc::new(Mutex::new(Draw::new(wanted, look.job.vetoes.clone())?));
    let sink = Arc::clone(&draw);
    let each = move |file: Option<File>| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).offer(file);
    };
    let listed = if named.tool == Tool::Restic {
        restic::files(look, named, &newest.id, left, each)
    } else {
        borg::files(look, named, &newest.id, left, each)
    }?;
    let mut draw = draw.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(listed.map(|()| draw.drawn(wanted)))
}

/// Whether a part of a backup is read; none where the name is none of one.
pub(crate) fn reads(name: &str, bytes: &[u8]) -> Option<bool> {
    let text = || String::from_utf8_lossy(bytes);
    match name {
        "sigtar" => Some(duplicity::reads(bytes)),
        "backup.info" => Some(database::knows(&text())),
        "sha256sum" => Some(text().lines().any(tree::names)),
        _ => None,
    }
}

/// What a tool that ended badly in the middle of a test means: no room is an inability, all else is the test's result.
pub(crate) fn judged(tool: &str, output: &Output, said: &str) -> Result<Restored, Refusal> {
    if output.is_success() {
        return Ok(Ok(()));
    }
    if output.stderr.to_ascii_lowercase().contains("no space left on device") {
        return Err(Refusal::new(
            OutcomeKind::LimitExceeded,
            "the scratch folder is full",
            "name a scratch folder with more room in the test, or lower max_mib",
        ));
    }
    Ok(Err(format!("{tool} {}", location::scrubbed(said))))
}

#[cfg(test)]
mod tests;
