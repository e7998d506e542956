//! Runs a tool of the host: bounded in time and output, with an empty environment, and gone afterwards with its children.
//!
//! It never uses a shell and never leaves a process behind.

mod reads;
mod running;

use std::{collections::BTreeMap, fs::File, io, path::PathBuf, sync::Arc, time::Duration};

use crate::OutcomeKind;
use crate::plugin::VETO;

pub use running::{run, run_lines};

const DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// One call of a tool.
#[derive(Clone, Debug)]
pub struct Tool<'a> {
    program: &'a str,
    arguments: Vec<String>,
    environment: BTreeMap<&'a str, String>,
    folder: PathBuf,
    max_output: usize,
    timeout: Duration,
    user: Option<(u32, u32)>,
    input: Option<Arc<File>>,
    reads: Option<Vec<String>>,
    largest_file: Option<u64>,
}

/// What a tool that has ended left.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// First 64 KiB of standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with exit code 0.
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    /// One line saying how it ended, for an outcome: the code and the last line of standard error.
    pub fn fault(&self) -> String {
        let code =
            self.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
        let last = self.stderr.lines().rev().find(|line| !line.trim().is_empty());
        format!("ended {code}: {}", last.unwrap_or("nothing on standard error").trim())
    }
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("{0} is not installed")]
    Missing(String),
    #[error("{0} may not be executed")]
    Denied(String),
    #[error("{VETO} ([deny] paths: {pattern}): {line} would read there")]
    Vetoed { line: String, pattern: String },
    #[error("{line} did not end within {seconds} seconds")]
    TimedOut { line: String, seconds: u64 },
    #[error("{line} printed more than {bound} bytes")]
    TooMuch { line: String, bound: usize },
    #[error("{line} could not be run: {source}")]
    Io {
        line: String,
        #[source]
        source: io::Error,
    },
}

impl ToolError {
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Missing(_) => OutcomeKind::ToolMissing,
            Self::Denied(_) | Self::Vetoed { .. } => OutcomeKind::Denied,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::TooMuch { .. } => OutcomeKind::LimitExceeded,
            Self::Io { .. } => OutcomeKind::Failed,
        }
    }

    pub fn remedy(&self) -> String {
        match self {
            Self::Missing(program) => {
                format!("install {program} in one of {}", DIRECTORIES.join(", "))
            }
            Self::Denied(program) => format!("let the plugin's user execute {program}"),
            Self::Vetoed { pattern, .. } => format!("take {pattern} out of [deny] paths"),
            Self::TimedOut { .. } => "raise the deadline of the run".to_owned(),
            Self::TooMuch { line, .. } => format!("look at what {line} prints by hand"),
            Self::Io { .. } => "look at the limits of the plugin's unit (tasks, files)".to_owned(),
        }
    }
}

impl<'a> Tool<'a> {
    /// A call of `program`, found in the usual directories, with the given arguments.
    pub fn new(program: &'a str, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            environment: BTreeMap::new(),
            folder: PathBuf::from("/"),
            max_output: 16 * 1024 * 1024,
            timeout: Duration::from_secs(30),
            user: None,
            input: None,
            reads: None,
            largest_file: None,
        }
    }

    /// Adds a variable to the environment; it never shows in [`Self::line`].
    pub fn env(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.environment.insert(name, value.into());
        self
    }

    /// Sets the folder it works in; `/` when not set.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Runs it as another user and group, without further groups, which only root may; the plugin's own when not set.
    pub fn user(mut self, uid: u32, gid: u32) -> Self {
        self.user = Some((uid, gid));
        self
    }

    /// Gives it a file to read from; nothing when not set.
    pub fn input(mut self, file: File) -> Self {
        self.input = Some(Arc::new(file));
        self
    }

    /// Says what it reads besides what its words and its environment name, folders with all in them. While the operator
    /// forbids any path, a tool that this crate does not know is run only if its call says so, with an empty list when it
    /// reads nothing else.
    pub fn reads(mut self, paths: &[&str]) -> Self {
        let paths = paths.iter().map(|path| (*path).to_owned());
        self.reads.get_or_insert_default().extend(paths);
        self
    }

    /// Sets the longest run; the job's deadline holds besides. 30 seconds when not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the largest output in bytes; 16 MiB when not set.
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes;
        self
    }

    /// Sets the largest file in bytes that it and its children may write; none when not set.
    pub fn largest_file(mut self, bytes: u64) -> Self {
        self.largest_file = Some(bytes);
        self
    }

    /// The call as one line, for the capture.
    pub fn line(&self) -> String {
        let mut line = self.program.to_owned();
        for word in &self.arguments {
            line.push(' ');
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:@,+%".contains(&byte);
            if !word.is_empty() && word.bytes().all(plain) {
                line.push_str(word);
            } else {
                line.push_str(&format!("'{}'", word.replace('\'', r"'\''")));
            }
        }
        line
    }
}

/// Where a program lies; none when it is not installed.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    DIRECTORIES.iter().map(|place| PathBuf::from(place).join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::testing::job;
    use super::*;

    #[test]
    fn a_missing_tool_is_named() {
        let error = run(&Tool::new("no-such-tool", &[]), &job("/")).unwrap_err();
        assert_eq!(error.outcome(), OutcomeKind::ToolMissing);
        assert!(error.to_string().contains("no-such-tool"));
    }

    #[test]
    fn no_file_grows_past_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let to = format!("of={}", folder.path().join("file").display());
        // It asks for the second block long after it has started.
        let words = ["if=/dev/zero", &to, "bs=1024", "count=4096"];
        let output = run(&Tool::new("dd", &words).largest_file(64 * 1024), &job("/")).unwrap();
        assert!(!output.is_success());
        assert!(std::fs::metadata(folder.path().join("file")).unwrap().len() <= 64 * 1024);
        let output = run(&Tool::new("dd", &words), &job("/")).unwrap();
        assert!(output.is_success());
    }

    #[test]
    fn lines_can_be_pasted_into_a_shell() {
        assert_eq!(Tool::new("a", &["-b", "c d", "it's", ""]).line(), r"a -b 'c d' 'it'\''s' ''");
    }
}
