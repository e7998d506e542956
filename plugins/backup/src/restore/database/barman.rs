//! A backup of Barman: `barman recover` copies it to the scratch folder, by a configuration of our own, and a server of its
//! own rises from it. The operator's configuration is not used: it holds passwords, and hooks that Barman would run.

mod catalogue;
mod manifest;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use exhibit_plugin::OutcomeKind;

use self::catalogue::{Info, Segment, segments};
use super::super::cluster::{self, Cluster};
use super::super::programs::{self, Programs};
use super::super::scratch::Scratch;
use super::physical::version;
use super::{EMPTY, Raised, Refused, Shown, Tried, Wanted};
use crate::jobs::Refusal;
use crate::location;
use crate::look::Look;
use crate::tool::{Output, Tool};

/// What Barman calls the server in our configuration.
const NAME: &str = "restored";
/// Settings of the old server, and what would make the new one wait for more than the backup holds.
const NOT_KEPT: [&str; 3] = ["postgresql.auto.conf", "recovery.signal", "standby.signal"];

pub(super) fn restore(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    scratch: &Scratch,
    shown: &mut Shown,
) -> Tried {
    let server = wanted.named.location.trim_end_matches('/');
    let info = Info::read(look, &format!("{server}/base/{}/backup.info", wanted.id))?;
    let log = segments(look, server, &info)?;
    shown.bytes = wanted.bytes.unwrap_or(0);
    wanted.bound(shown.bytes)?;
    let of_log = info.segment.saturating_mul(u64::try_from(log.len()).unwrap_or(u64::MAX));
    scratch.demand(shown.bytes.saturating_mul(2).saturating_add(of_log).saturating_add(EMPTY))?;
    let programs = Programs::find(look, wanted.test.programs.as_deref(), wanted.run_as())?
        .unconfined_if(wanted.test.unconfined);
    // Whoever owns the backups copies them; the server then runs as somebody who may read nothing else.
    let owner = owner(look, server)?;
    let copying = programs.run_by(owner.number);
    let folder = cluster::folder(&copying, scratch.path())?;
    let at = |name: &str| folder.join(name);
    let made = arrange(&folder, server, &owner.name, &log).and_then(|()| copying.give(&folder));
    made.map_err(|error| unmade(&folder, &error))?;
    let mut words: Vec<String> = vec!["-c".to_owned(), at("barman.conf").display().to_string()];
    words.push("recover".to_owned());
    for (name, number) in &info.tablespaces {
        let place = at("tablespaces").join(number.to_string());
        words.extend(["--tablespace".to_owned(), format!("{name}:{}", place.display())]);
    }
    if info.is_packed {
        words.extend(["--recovery-staging-path".to_owned(), at("staging").display().to_string()]);
    }
    words.extend([NAME.to_owned(), wanted.id.to_owned(), at("data").display().to_string()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    look.seen.method(format!(
        "barman recover <{server}> {} <scratch> (by a configuration of its own)",
        wanted.id
    ));
    let tool = Tool::new("barman", &words).reads(&[server]).folder(&folder).timeout(wanted.left());
    let tool = copying.as_user(tool.env("TMPDIR", at("tmp").display().to_string()));
    let reads: &[&Path] = &[Path::new(server)];
    let output = copying.run_script(look, &tool, (reads, &folder), "barman")?;
    if let Err(error) = super::super::judged("barman recover", &output, &said(&output))? {
        return Ok(Err(error));
    }
    for name in NOT_KEPT {
        match fs::remove_file(at("data").join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unmade(&folder, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    programs.give(&folder).map_err(|error| unmade(&folder, &error))?;
    let programs = programs.of_version(&version(&at("data/PG_VERSION")));
    if let Some(error) = manifest::check(look, &programs, &folder, wanted)? {
        return Ok(Err(error));
    }
    let account = wanted.test.database_account.as_deref().unwrap_or("postgres");
    match Cluster::start(look, &programs, &folder, account, &[], wanted.left()) {
        Ok(cluster) => Ok(Ok((Raised::Postgres(cluster), Refused::default()))),
        // A server that does not rise from a backup is what the test found out.
        Err(refusal) if refusal.outcome == OutcomeKind::Failed => Ok(Err(refusal.detail)),
        Err(refusal) => Err(refusal),
    }
}

pub(super) fn knows(text: &str) -> bool {
    Info::parse(text).is_some()
}

struct Owner {
    number: (u32, u32),
    name: String,
}

/// Who owns the backups where the plugin is root, and the plugin itself otherwise: Barman works for nobody else.
fn owner(look: &Look<'_>, server: &str) -> Result<Owner, Refusal> {
    let own = rustix::process::geteuid();
    let facts = look.host.facts(server);
    let facts = facts
        .map_err(|error| Refusal::new(error.outcome(), error.to_string(), error.remedy()))?
        .ok_or_else(|| super::gone(server))?;
    if !own.is_root() && own.as_raw() != facts.uid {
        return Err(Refusal::new(
            OutcomeKind::Denied,
            format!(
                "Barman works for the owner of {server} alone, and the plugin is somebody else"
            ),
            "run the plugin as root or as the owner of the backups",
        ));
    }
    let uid = facts.uid;
    let name = programs::name_of(look, uid).ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{server} belongs to {uid}, who is no account of this host"),
            "let the account of Barman own its backups",
        )
    })?;
    Ok(Owner { number: (uid, facts.gid), name })
}

/// Our configuration, and a catalogue that names the log of this backup and nothing later.
fn arrange(folder: &Path, server: &str, account: &str, log: &[Segment]) -> std::io::Result<()> {
    let at = |name: &str| folder.join(name);
    for name in ["none", "tmp", "wals", "server", "tablespaces", "staging"] {
        fs::create_dir(at(name))?;
    }
    let home = folder.display();
    let text = format!(
        "[barman]\nbarman_user = {account}\nbarman_home = {home}\nbarman_lock_directory = {home}\nconfiguration_files_directory = {home}/none\nlog_file = {home}/barman.log\n[{NAME}]\ndescription = restore test\nconninfo = host={home}/none\nstreaming_conninfo = host={home}/none\nbackup_method = postgres\narchiver = on\nbackup_directory = {home}/server\nbasebackups_directory = {server}/base\nwals_directory = {home}/wals\n"
    );
    fs::write(at("barman.conf"), text)?;
    let lines: String = log.iter().map(|segment| format!("{}\n", segment.line)).collect();
    fs::write(at("wals/xlog.db"), lines)?;
    let mut folders: Vec<&str> = log.iter().filter_map(|segment| segment.name.get(..16)).collect();
    folders.dedup();
    for name in folders {
        symlink(PathBuf::from(format!("{server}/wals/{name}")), at("wals").join(name))?;
    }
    Ok(())
}

fn unmade(folder: &Path, error: &std::io::Error) -> Refusal {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return super::full();
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("{} cannot be made ready for a restore: {error}", folder.display()),
        "name a scratch folder in the test that the plugin may write to",
    )
}

/// Barman tells errors with the word in front; what stands in quotes may be data.
fn said(output: &Output) -> String {
    let mut lines = output.stderr.lines().chain(output.stdout.lines());
    let line = lines.find_map(|line| line.trim().strip_prefix("ERROR: "));
    let said = line.map_or_else(|| output.fault(), str::to_owned);
    location::scrubbed(&cluster::unquoted(&said))
}
