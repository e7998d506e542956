//! A folder of mariadb-backup (mariabackup): the files of a whole server, copied, made consistent and started.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use exhibit_plugin::OutcomeKind;
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, Mode, OFlags, openat};

use super::super::mariadb::{self, Mariadb, unsaid};
use super::super::programs::Programs;
use super::super::scratch::Scratch;
use super::{EMPTY, Raised, Refused, Shown, Tried, Wanted, full};
use crate::jobs::Refusal;
use crate::look::Look;
use crate::tool::Tool;

/// Settings of the old server without which its files cannot be read.
const KEPT: [&str; 3] = ["innodb_page_size", "innodb_data_file_path", "innodb_undo_tablespaces"];
/// A folder for each database below that of the server, and one more for luck.
const DEEPEST: u32 = 4;

pub(super) fn is_one(look: &Look<'_>, path: &str) -> bool {
    ["xtrabackup_checkpoints", "mariadb_backup_checkpoints"]
        .iter()
        .any(|name| look.host.exists(&format!("{path}/{name}")))
}

pub(super) fn restore(
    look: &mut Look<'_>,
    wanted: &Wanted<'_>,
    path: &str,
    scratch: &Scratch,
    shown: &mut Shown,
) -> Tried {
    let facts = Told::read(look, path);
    let programs = Programs::of_mariadb(look, wanted.test.programs.as_deref(), wanted.run_as())?
        .unconfined_if(wanted.test.unconfined);
    facts.check(path)?;
    let folder = mariadb::folder(&programs, scratch.path())?;
    let data = folder.join("data");
    shown.bytes = copy(look, wanted, path, &data, scratch)?;
    programs.give(&data).map_err(|error| uncopied(path, &error))?;
    let prepare = programs.path("mariadb-backup");
    let target = format!("--target-dir={}", data.display());
    let temporary = format!("--tmpdir={}", folder.join("tmp").display());
    let words = ["--no-defaults", "--prepare", "--use-memory=64M", &target, &temporary];
    let tool = Tool::new(&prepare, &words).folder(&folder).timeout(wanted.left()).reads(&[]);
    let tool = programs.as_user(tool);
    look.seen.method("mariadb-backup --prepare (in the scratch folder)");
    let output = programs.run(look, "mariadb-backup", &tool, (&[], &folder))?;
    if !output.is_success() {
        if output.stderr.contains("No space left on device") {
            return Err(full());
        }
        let said = output.stderr.lines().rfind(|line| line.contains("rror"));
        let said = said.map_or("it ended badly", |line| line.split("] ").last().unwrap_or(line));
        return facts.blame(look, &programs, format!("mariadb-backup --prepare: {}", unsaid(said)));
    }
    look.seen.method("mariadbd (over the copied files, on a socket there)");
    match Mariadb::over(look, &programs, &folder, &facts.settings, wanted.left()) {
        Ok(server) => Ok(Ok((Raised::Mariadb(server), Refused::default()))),
        // A server that does not rise from a backup is what the test found out.
        Err(refusal) if refusal.outcome == OutcomeKind::Failed => {
            facts.blame(look, &programs, refusal.detail)
        }
        Err(refusal) => Err(refusal),
    }
}

/// What the backup says of itself.
#[derive(Debug, Default)]
struct Told {
    is_whole: bool,
    is_packed: bool,
    version: String,
    settings: Vec<String>,
}

impl Told {
    fn read(look: &mut Look<'_>, path: &str) -> Self {
        let mut one = |names: [&str; 2]| {
            let mut texts = names.iter().map(|name| look.text(&format!("{path}/{name}")).here());
            texts.find_map(|text| text).unwrap_or_default()
        };
        let checkpoints = one(["xtrabackup_checkpoints", "mariadb_backup_checkpoints"]);
        let info = one(["xtrabackup_info", "mariadb_backup_info"]);
        let server = one(["backup-my.cnf", "backup-my.cnf"]);
        let names = look.host.names(path).ok().flatten().unwrap_or_default();
        let packed = [".qp", ".zst", ".xbcrypt", ".lz4", ".xbstream"];
        Self {
            is_whole: value(&checkpoints, "backup_type")
                .is_some_and(|kind| kind.starts_with("full-")),
            is_packed: names.iter().any(|name| packed.iter().any(|end| name.ends_with(end))),
            version: value(&info, "server_version").unwrap_or_default().to_owned(),
            settings: KEPT
                .iter()
                .filter_map(|key| Some(format!("--{key}={}", value(&server, key).filter(plain)?)))
                .collect(),
        }
    }

    fn check(&self, path: &str) -> Result<(), Refusal> {
        let (outcome, why, remedy) = if !self.is_whole {
            (
                OutcomeKind::NotConfigured,
                "is part of a chain, not a full backup",
                "name the full backups by pattern and source",
            )
        } else if self.is_packed {
            (
                OutcomeKind::NotConfigured,
                "is compressed or encrypted within",
                "keep the newest backup unpacked, or pack it as a whole",
            )
        } else if !self.version.contains("MariaDB") {
            (
                OutcomeKind::ToolMissing,
                "is a backup of MySQL by Percona XtraBackup",
                "restore it by hand; servers of MySQL are not started by this plugin",
            )
        } else {
            return Ok(());
        };
        Err(Refusal::new(outcome, format!("{path} {why}"), remedy))
    }

    /// Files of another series of versions are not a broken backup.
    fn blame(&self, look: &Look<'_>, programs: &Programs, error: String) -> Tried {
        let program = programs.path("mariadbd");
        let tool = Tool::new(&program, &["--no-defaults", "--version"]).reads(&[]);
        let here =
            crate::tool::run(&tool, look.job).map(|output| output.stdout).unwrap_or_default();
        let series = |text: &str| {
            let at = text.find(|c: char| c.is_ascii_digit())?;
            let number = text.get(at..)?.split('-').next()?;
            let mut parts = number.split('.');
            Some((parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?))
        };
        let here = here.split("Ver ").nth(1).and_then(series);
        if here.is_some() && series(&self.version) != here {
            let (major, minor) = series(&self.version).unwrap_or_default();
            return Err(Refusal::new(
                OutcomeKind::ToolMissing,
                format!("the backup is of MariaDB {major}.{minor}, which is not installed here"),
                "install that version, or name the folder of its programs in the test",
            ));
        }
        Ok(Err(error))
    }
}

/// `key = value` of a file of the backup, which anybody may have written.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    lines.find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim())
}

fn plain(value: &&str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":._;".contains(&byte);
    !value.is_empty() && value.len() < 200 && value.bytes().all(fits) && !value.contains("..")
}

/// Copies regular files and folders, no links and nothing else; bytes that were copied.
fn copy(
    look: &Look<'_>,
    wanted: &Wanted<'_>,
    path: &str,
    to: &Path,
    scratch: &Scratch,
) -> Result<u64, Refusal> {
    let from = || {
        let found = look.host.directory(path);
        let found = found
            .map_err(|error| Refusal::new(error.outcome(), error.to_string(), error.remedy()))?;
        found.ok_or_else(|| super::gone(path))
    };
    let mut copied = Copied { look, wanted, bytes: 0, writes: false };
    copied.folder(&from()?, path, to, 0)?;
    wanted.bound(copied.bytes)?;
    // Made consistent it grows by its log.
    scratch.demand(copied.bytes.saturating_mul(2).saturating_add(EMPTY))?;
    copied.writes = true;
    copied.bytes = 0;
    copied.folder(&from()?, path, to, 0)?;
    Ok(copied.bytes)
}

struct Copied<'a, 'b> {
    look: &'a Look<'b>,
    wanted: &'a Wanted<'a>,
    bytes: u64,
    /// The first time it only adds up.
    writes: bool,
}

impl Copied<'_, '_> {
    fn folder(&mut self, from: &OwnedFd, path: &str, to: &Path, depth: u32) -> Result<(), Refusal> {
        let failed = |error: rustix::io::Errno| uncopied(path, &error.into());
        for entry in Dir::read_from(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") {
                continue;
            }
            let below = format!("{path}/{name}");
            // What the operator forbids keeps the whole of it from being restored.
            self.look.host.facts(&below).map_err(|error| {
                Refusal::new(error.outcome(), error.to_string(), error.remedy())
            })?;
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(found) = openat(from, entry.file_name(), flags, Mode::empty()) else {
                // A link, or gone meanwhile.
                continue;
            };
            let facts = rustix::fs::fstat(&found).map_err(failed)?;
            match FileType::from_raw_mode(facts.st_mode) {
                FileType::Directory if depth < DEEPEST => {
                    let to = to.join(name);
                    if self.writes {
                        fs::create_dir(&to).map_err(|error| uncopied(&below, &error))?;
                    }
                    self.folder(&found, &below, &to, depth + 1)?;
                }
                FileType::RegularFile if self.writes => {
                    self.file(File::from(found), &to.join(name), &below)?;
                }
                FileType::RegularFile => {
                    let size = u64::try_from(facts.st_size).unwrap_or(0);
                    self.bytes = self.bytes.saturating_add(size);
                }
                FileType::Directory | FileType::Symlink | FileType::Fifo | FileType::Socket => {}
                FileType::CharacterDevice | FileType::BlockDevice | FileType::Unknown => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, mut from: File, to: &Path, path: &str) -> Result<(), Refusal> {
        let mut options = File::options();
        let options = options.write(true).create_new(true).mode(0o600);
        let copied = options.open(to).and_then(|mut to| io::copy(&mut from, &mut to));
        let copied = copied.map_err(|error| uncopied(path, &error))?;
        self.bytes = self.bytes.saturating_add(copied);
        self.wanted.bound(self.bytes)
    }
}

fn uncopied(path: &str, error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::StorageFull {
        return full();
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("{path} cannot be copied to the scratch folder: {error}"),
        "let the plugin read the backup and write to the scratch folder",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_old_server_are_taken_only_where_they_are_plain() {
        let text = "[mysqld]\ninnodb_page_size=16384\ninnodb_data_file_path=ibdata1:12M:autoextend\nplugin_load=x\n";
        assert_eq!(value(text, "innodb_page_size").filter(plain), Some("16384"));
        assert!(value(text, "innodb_data_file_path").filter(plain).is_some());
        for odd in ["", "../x", "/etc/x", "a b", "a=b", "a,b"] {
            assert!(!plain(&odd), "{odd}");
        }
    }
}
