//! Finds the programs that were built beside this one, and runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Everything the demonstration and the scenarios start.
pub const NAMES: [&str; 5] = [
    "exhibit-collector",
    "exhibit-agent",
    "exhibit-plugin-linux",
    "exhibit-plugin-backup",
    "exhibit",
];

/// The folder of the built programs.
#[derive(Clone, Debug)]
pub struct Programs(PathBuf);

impl Programs {
    /// The programs of the profile that this executable was built with.
    pub fn beside_me() -> Result<Self> {
        let me = std::env::current_exe().context("finding this executable")?;
        let folder = me.parent().context("this executable has no folder")?;
        // Test executables stand one folder deeper.
        let folder =
            if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
        Ok(Self(folder.to_owned()))
    }

    /// The programs of a folder.
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Those of [`NAMES`] that are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| !self.path(name).is_file()).collect()
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        command.stdin(Stdio::null());
        command
    }
}

/// Runs to the end and hands back what was printed, whatever the exit code.
pub fn run(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("starting {}", shown(command)))
}

/// Runs to the end and reads the JSON that was printed; an exit code other than 0 is an error with what was said.
pub fn run_json(command: &mut Command) -> Result<Value> {
    let output = run(command)?;
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() {
        bail!("{} ended with {}\n{out}{err}", shown(command), output.status);
    }
    let last = out.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    serde_json::from_str(&out)
        .or_else(|_pretty| serde_json::from_str(last))
        .with_context(|| format!("{} printed no JSON: {out}{err}", shown(command)))
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    words.join(" ")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
