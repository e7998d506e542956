//! One look at the host for one kind: every file and tool used is noted as method, every refusal as outcome.
//!
//! It never decides what a missing fact means; the kinds do.

use crate::{Job, Observation, OutcomeKind};

use super::{
    host::{Facts, Host, ReadError},
    tool::{self, Output, Tool, ToolError},
};

/// What came of looking for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It is there.
    Here(T),
    /// It is not there.
    Missing,
    /// It is there and cannot be read; an outcome says why.
    Unreadable,
}

impl<T> Found<T> {
    /// The thing, when it is there.
    pub fn here(self) -> Option<T> {
        match self {
            Self::Here(thing) => Some(thing),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

/// A look at the host, with what was seen so far.
pub struct Look<'a> {
    pub job: &'a Job,
    pub host: Host,
    pub seen: Observation,
}

impl<'a> Look<'a> {
    pub fn new(job: &'a Job) -> Self {
        Self { job, host: Host::new(&job.root).without(&job.vetoes), seen: Observation::new() }
    }

    /// Text of a file.
    pub fn text(&mut self, path: &str) -> Found<String> {
        let result = self.host.text(path);
        self.note(path, result)
    }

    /// Content of a file.
    pub fn bytes(&mut self, path: &str) -> Found<Vec<u8>> {
        let result = self.host.bytes(path);
        self.note(path, result)
    }

    /// The first bytes of a file.
    pub fn head(&mut self, path: &str, length: u64) -> Found<Vec<u8>> {
        let result = self.host.head(path, length);
        self.note(path, result)
    }

    /// A file that is too long to be read whole.
    pub fn file(&mut self, path: &str) -> Found<std::fs::File> {
        let result = self.host.file(path);
        self.note(path, result)
    }

    /// Names in a directory, sorted.
    pub fn names(&mut self, path: &str) -> Found<Vec<String>> {
        let result = self.host.names(path);
        self.note(&format!("{path}/"), result)
    }

    /// Facts about a file, without reading it.
    pub fn facts(&mut self, path: &str) -> Found<Facts> {
        let result = self.host.facts(path);
        self.note(path, result)
    }

    /// Runs a tool. None: it could not be run, did not end in time or printed too much; an outcome says which.
    /// An exit code other than 0 is for the caller to read.
    pub fn run(&mut self, tool: &Tool<'_>) -> Option<Output> {
        match self.try_run(tool) {
            Ok(output) => Some(output),
            // The run says it, once for each veto.
            Err(ToolError::Vetoed { .. }) => None,
            Err(error) => {
                self.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                None
            }
        }
    }

    /// Runs a tool whose absence is no outcome of its own.
    pub fn try_run(&mut self, tool: &Tool<'_>) -> Result<Output, ToolError> {
        let result = tool::run(tool, self.job);
        if !matches!(result, Err(ToolError::Missing(_) | ToolError::Vetoed { .. })) {
            self.seen.method(tool.line());
        }
        result
    }

    /// Notes that a file could not be understood.
    pub fn garbled(&mut self, path: &str, fault: &str) {
        self.seen.outcome(
            OutcomeKind::Failed,
            format!("{path}: {fault}"),
            format!("repair {path}; the rest of the document was still observed"),
        );
    }

    /// Ends the look.
    pub fn done(self) -> Observation {
        self.seen
    }

    fn note<T>(&mut self, path: &str, result: Result<Option<T>, ReadError>) -> Found<T> {
        match result {
            Ok(Some(thing)) => {
                self.seen.method(path);
                Found::Here(thing)
            }
            Ok(None) => Found::Missing,
            // The run says it, once for each veto.
            Err(ReadError::Vetoed { .. }) => Found::Unreadable,
            Err(error) => {
                self.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                Found::Unreadable
            }
        }
    }
}
