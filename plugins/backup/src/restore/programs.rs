//! The programs of PostgreSQL and MariaDB on this host: which ones, as whom, and behind which walls they run.

use std::fs;
use std::path::{Path, PathBuf};

use exhibit_plugin::OutcomeKind;

use super::confine::{self, Walls};
use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::tool::{Output, Tool, run, run_lines};

/// Which programs, and who runs them.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// Where they lie; the first that has a program counts.
    folders: Vec<PathBuf>,
    /// None: the plugin's own account.
    pub(super) user: Option<(u32, u32)>,
    /// Whether they run behind walls.
    confined: bool,
    /// Where MariaDB was named to lie.
    base: Option<PathBuf>,
    /// What to install when one is missing.
    package: &'static str,
}

impl Programs {
    /// The programs of a major version, or the newest; `run_as` matters to root alone, as whom a server does not start.
    pub(super) fn find(
        look: &Look<'_>,
        folder: Option<&Path>,
        run_as: &str,
    ) -> Result<Self, Refusal> {
        let folder = match folder {
            Some(folder) => Some(folder.to_owned()),
            None => newest(look),
        };
        let folder = folder.filter(|folder| folder.join("initdb").is_file()).ok_or_else(|| {
            Refusal::new(
                OutcomeKind::ToolMissing,
                "no server of PostgreSQL is installed here to restore to",
                "install the package postgresql, or name the folder of initdb as programs in the test",
            )
        })?;
        let user = user(look, run_as)?;
        let folders = vec![folder];
        Ok(Self { folders, user, confined: true, base: None, package: "postgresql" })
    }

    /// Those of MariaDB.
    pub(super) fn of_mariadb(
        look: &Look<'_>,
        folder: Option<&Path>,
        run_as: &str,
    ) -> Result<Self, Refusal> {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned(), folder.with_file_name("sbin")],
            None => ["/usr/sbin", "/usr/bin", "/usr/libexec"].map(PathBuf::from).to_vec(),
        };
        let base = folder.and_then(Path::parent).map(Path::to_owned);
        let user = user(look, run_as)?;
        let programs = Self { folders, user, confined: true, base, package: "mariadb-server-core" };
        for program in ["mariadbd", "mariadb"] {
            if !Path::new(&programs.path(program)).is_file() {
                return Err(Refusal::new(
                    OutcomeKind::ToolMissing,
                    format!(
                        "no server of MariaDB is installed here to restore to: {program} is missing"
                    ),
                    "install the packages mariadb-server-core and mariadb-client-core, or name the folder of mariadbd as programs in the test",
                ));
            }
        }
        Ok(programs)
    }

    /// Lets them start programs and read what their account may: where that is what they are for, or what the test says.
    pub(super) fn unconfined_if(self, unconfined: bool) -> Self {
        Self { confined: self.confined && !unconfined, ..self }
    }

    pub(super) fn walls(&self, program: &str, reads: &[&Path], writes: &[&Path]) -> Walls {
        if !self.confined {
            return Walls::Bare;
        }
        let program = PathBuf::from(self.path(program));
        let program = fs::canonicalize(&program).unwrap_or(program);
        let own = |paths: &[&Path]| paths.iter().map(|path| (*path).to_owned()).collect();
        Walls::Closed { program, reads: own(reads), writes: own(writes) }
    }

    /// Runs one of them behind its walls, with the scratch folder of the server and what else is named.
    pub(super) fn run(
        &self,
        look: &Look<'_>,
        program: &str,
        tool: &Tool<'_>,
        (reads, folder): (&[&Path], &Path),
    ) -> Result<Output, Refusal> {
        let ran = confine::behind(&self.walls(program, reads, &[folder]), || run(tool, look.job));
        ran?.map_err(|error| unrun(&error, self.package))
    }

    /// The same for a script of another package, which starts programs of the system.
    pub(super) fn run_script(
        &self,
        look: &Look<'_>,
        tool: &Tool<'_>,
        (reads, folder): (&[&Path], &Path),
        package: &str,
    ) -> Result<Output, Refusal> {
        let own = |paths: &[&Path]| paths.iter().map(|path| (*path).to_owned()).collect();
        let walls = match self.confined {
            true => Walls::Kept { reads: own(reads), writes: own(&[folder]) },
            false => Walls::Bare,
        };
        confine::behind(&walls, || run(tool, look.job))?.map_err(|error| unrun(&error, package))
    }

    /// Run by another account, where the plugin is root.
    pub(super) fn run_by(&self, user: (u32, u32)) -> Self {
        Self { user: self.user.map(|_| user), ..self.clone() }
    }

    /// The same for one whose output nobody wants.
    pub(super) fn run_unheard(
        &self,
        look: &Look<'_>,
        program: &str,
        tool: &Tool<'_>,
        folder: &Path,
    ) -> Result<Output, Refusal> {
        let walls = self.walls(program, &[], &[folder]);
        let ran = confine::behind(&walls, || run_lines(tool, look.job, |_line| {}));
        ran?.map_err(|error| unrun(&error, self.package))
    }

    /// The installation that the folder belongs to; none where MariaDB lies where its packages put it.
    pub(super) fn base(&self) -> Option<PathBuf> {
        self.base.clone()
    }

    pub(super) fn path(&self, program: &str) -> String {
        let mut found = self.folders.iter().map(|folder| folder.join(program));
        let first = found.next().unwrap_or_default();
        let path = if first.is_file() { None } else { found.find(|path| path.is_file()) };
        path.unwrap_or(first).to_string_lossy().into_owned()
    }

    /// Those of the version that data was written by, where they are installed beside these.
    pub(super) fn of_version(mut self, version: &str) -> Self {
        for folder in
            [format!("/usr/lib/postgresql/{version}/bin"), format!("/usr/pgsql-{version}/bin")]
        {
            if !version.is_empty() && Path::new(&folder).join("postgres").is_file() {
                self.folders = vec![PathBuf::from(folder)];
            }
        }
        self
    }

    /// Lets the server's account have a file or folder, with all in it.
    pub(super) fn give(&self, path: &Path) -> std::io::Result<()> {
        let Some((uid, gid)) = self.user else { return Ok(()) };
        std::os::unix::fs::lchown(path, Some(uid), Some(gid))?;
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give(&entry?.path())?;
            }
        }
        Ok(())
    }

    pub(super) fn as_user<'a>(&self, tool: Tool<'a>) -> Tool<'a> {
        match self.user {
            Some((uid, gid)) => tool.user(uid, gid),
            None => tool,
        }
    }
}

/// Debian keeps each version in a folder of its own, and so do the packages of the project for other systems.
fn newest(look: &Look<'_>) -> Option<PathBuf> {
    let mut found = Vec::new();
    for (base, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/lib", "postgresql", "bin"),
    ] {
        for name in look.host.names(base).ok().flatten().unwrap_or_default() {
            let number = name.strip_prefix(prefix).and_then(|number| number.parse::<u32>().ok());
            let folder = Path::new(base).join(&name).join(below);
            found.extend(number.filter(|_| folder.join("initdb").is_file()).map(|n| (n, folder)));
        }
    }
    if Path::new("/usr/bin/initdb").is_file() {
        found.push((0, PathBuf::from("/usr/bin")));
    }
    found.into_iter().max().map(|(_, folder)| folder)
}

/// As whom servers run; the plugin's own account, when it is not root.
fn user(look: &Look<'_>, run_as: &str) -> Result<Option<(u32, u32)>, Refusal> {
    if rustix::process::geteuid().is_root() { account(look, run_as).map(Some) } else { Ok(None) }
}

/// The name of an account of this host.
pub(super) fn name_of(look: &Look<'_>, uid: u32) -> Option<String> {
    let text = look.host.text("/etc/passwd").ok().flatten().unwrap_or_default();
    text.lines().find_map(|line| {
        let words: Vec<&str> = line.split(':').collect();
        (words.get(2)?.parse() == Ok(uid)).then(|| words.first().map(|name| (*name).to_owned()))?
    })
}

fn account(look: &Look<'_>, name: &str) -> Result<(u32, u32), Refusal> {
    let text = look.host.text("/etc/passwd").ok().flatten().unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split(':').collect();
        match words[..] {
            [of, _, uid, gid, ..] if of == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        }
    });
    found.filter(|(uid, _)| *uid != 0).ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("a server cannot run as '{name}', who is root or not an account of this host"),
            "name an account without rights of its own as run_as in the test",
        )
    })
}
