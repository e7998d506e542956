//! A backup of pgBackRest: the files of a whole server, and the log of changes that its server fetches itself.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use exhibit_plugin::OutcomeKind;
use rustix::fs::{Mode, OFlags};

use super::super::cluster::{self, Cluster};
use super::super::confine::{self, Walls};
use super::super::judged;
use super::super::programs::Programs;
use super::super::scratch::Scratch;
use super::{EMPTY, Raised, Refused, Shown, Tried, Wanted};
use crate::jobs::{Refusal, pgbackrest, unrun};
use crate::look::Look;
use crate::settings::Stanza;
use crate::tool::{Tool, run};

pub(super) fn restore(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    stanza: &Stanza,
    scratch: &Scratch,
    shown: &mut Shown,
) -> Tried {
    shown.bytes = wanted.bytes.unwrap_or(0);
    wanted.bound(shown.bytes)?;
    scratch.demand(shown.bytes.saturating_mul(2).saturating_add(EMPTY))?;
    // The server itself fetches the log of changes, so it runs as somebody who may read the repository.
    let run_as = wanted.test.run_as.as_deref().unwrap_or("postgres");
    let reads = pgbackrest::paths_of(look, &stanza.config)?;
    let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
    // The server starts pgbackrest by a shell, so it runs without walls.
    let programs =
        Programs::find(look, wanted.test.programs.as_deref(), run_as)?.unconfined_if(true);
    let folder = cluster::folder(&programs, scratch.path())?;
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let option = |name: &str, value: &str| format!("--{name}={value}");
    let words = [
        option("config", &stanza.config),
        option("stanza", &stanza.name),
        option("repo", &stanza.key.to_string()),
        option("set", wanted.id),
        option("pg1-path", &at("data")),
        option("tablespace-map-all", &at("tablespaces")),
        option("lock-path", &at("lock")),
        "--type=immediate".to_owned(),
        "--target-action=promote".to_owned(),
        "--archive-mode=off".to_owned(),
        "--log-level-file=off".to_owned(),
        "--log-level-console=error".to_owned(),
        "restore".to_owned(),
    ];
    make_folder(&programs, &folder.join("data"))?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    look.seen.method(format!(
        "pgbackrest --stanza={} --repo={} --set={} --pg1-path=<scratch> --type=immediate --archive-mode=off restore",
        stanza.name, stanza.key, wanted.id
    ));
    let tool = Tool::new("pgbackrest", &words).reads(&reads);
    let tool = tool.folder(&folder).timeout(wanted.left());
    let tool = programs.as_user(tool);
    let output = confine::behind(&Walls::Bare, || run(&tool, look.job))?;
    let output = output.map_err(|error| unrun(&error, "pgbackrest"))?;
    let judged = judged("pgbackrest restore", &output, &last_error(&output.stdout, &output))?;
    if let Err(error) = judged {
        return Ok(Err(error));
    }
    let programs = programs.of_version(&version(&folder.join("data/PG_VERSION")));
    let fetch = format!("restore_command={}", fetch(stanza, &at("data"), &at("lock")));
    let account = wanted.test.database_account.as_deref().unwrap_or("postgres");
    let cluster = match Cluster::start(look, &programs, &folder, account, &[&fetch], wanted.left())
    {
        Ok(cluster) => cluster,
        // A server that does not rise from a backup is what the test found out.
        Err(refusal) if refusal.outcome == OutcomeKind::Failed => return Ok(Err(refusal.detail)),
        Err(refusal) => return Err(refusal),
    };
    Ok(Ok((Raised::Postgres(cluster), Refused::default())))
}

/// The major version that data was written by; empty when the file says something else, which may be anything.
pub(super) fn version(path: &Path) -> String {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut text = String::new();
    let opened = rustix::fs::open(path, flags, Mode::empty()).map(File::from).ok();
    let regular = opened.filter(|file| file.metadata().is_ok_and(|facts| facts.is_file()));
    let read = regular.and_then(|file| file.take(16).read_to_string(&mut text).ok());
    let text = text.trim();
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if read.is_some() && text.bytes().all(plain) { text.to_owned() } else { String::new() }
}

/// How the server fetches the log of changes: not by the spool of the living server. A shell reads this.
fn fetch(stanza: &Stanza, data: &str, lock: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''").replace('%', "%%"));
    format!(
        "pgbackrest --config={} --stanza={} --repo={} --pg1-path={} --lock-path={} --log-level-file=off --no-archive-async archive-get %f \"%p\"",
        quoted(&stanza.config),
        quoted(&stanza.name),
        stanza.key,
        quoted(data),
        quoted(lock),
    )
}

/// pgbackrest tells errors on its standard output.
fn last_error(stdout: &str, output: &crate::tool::Output) -> String {
    let line = stdout.lines().find(|line| line.contains("ERROR:"));
    line.map_or_else(|| output.fault(), |line| cluster::unquoted(line.trim()))
}

fn make_folder(programs: &Programs, path: &Path) -> Result<(), Refusal> {
    let made = fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
        .and_then(|()| programs.give(path));
    made.map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("{} cannot be made: {error}", path.display()),
            "name a scratch folder in the test that the plugin may write to",
        )
    })
}
