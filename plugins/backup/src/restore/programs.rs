//! The programs of PostgreSQL on this host: which ones, as whom, and behind which walls they run.

use std::fs;
use std::path::{Path, PathBuf};

use exhibit_plugin::OutcomeKind;

use super::confine::{self, Walls};
use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::tool::{Output, Tool, run};

/// Which programs, and who runs them.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    /// None: the plugin's own account.
    pub(super) user: Option<(u32, u32)>,
    /// Whether they run behind walls.
    confined: bool,
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
        let user = match rustix::process::geteuid().is_root() {
            true => Some(account(look, run_as)?),
            false => None,
        };
        Ok(Self { folder, user, confined: true })
    }

    /// Lets them start programs and read what their account may: where that is what they are for, or what the test says.
    pub(super) fn unconfined_if(self, unconfined: bool) -> Self {
        Self { confined: self.confined && !unconfined, ..self }
    }

    pub(super) fn walls(&self, program: &str, reads: &[&Path], writes: &[&Path]) -> Walls {
        if !self.confined {
            return Walls::Bare;
        }
        let program = self.folder.join(program);
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
        ran?.map_err(|error| unrun(&error, "postgresql"))
    }

    pub(super) fn path(&self, program: &str) -> String {
        self.folder.join(program).to_string_lossy().into_owned()
    }

    /// Those of the version that data was written by, where they are installed beside these.
    pub(super) fn of_version(mut self, version: &str) -> Self {
        for folder in
            [format!("/usr/lib/postgresql/{version}/bin"), format!("/usr/pgsql-{version}/bin")]
        {
            if !version.is_empty() && Path::new(&folder).join("postgres").is_file() {
                self.folder = PathBuf::from(folder);
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
