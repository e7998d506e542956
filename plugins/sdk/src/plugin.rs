//! Runs a plugin written in Rust: reads the request, observes each wanted kind under the deadline, prints the lines.
//!
//! It never lets a kind pass in silence: one that panics, hangs or answers nothing becomes an outcome.

mod peer;
mod rights;
mod runner;
mod veto;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    kinds::Kind,
    protocol::{Level, OutcomeKind},
};

pub use rights::CAPABILITIES;
pub use runner::{answer, run};
pub use veto::{VETO, VetoError, Vetoes, matches};

/// A plugin: its name and what it can observe.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// Name, such as `linux`.
    pub name: &'static str,
    /// Version, usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
    /// Whether it opens nothing but through [`crate::local`], which keeps to the paths that the operator forbids. An agent
    /// whose operator forbids any does not run a plugin that cannot say so.
    pub keeps_deny_paths: bool,
    /// What it can observe.
    pub catalog: &'static [Entry],
}

/// One kind that a plugin can observe.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The kind, one of [`crate::kinds::ALL`].
    pub kind: &'static str,
    /// Files, commands and API calls it reads.
    pub reads: &'static [&'static str],
    /// Rights it needs beyond those of any user.
    pub needs: &'static [&'static str],
    /// Observes. It may block; past the deadline its answer is thrown away.
    pub observe: fn(&Job) -> Observation,
}

/// One kind to be observed now.
#[derive(Clone, Debug)]
pub struct Job {
    /// The kind.
    pub kind: String,
    /// The target, such as `host:<machine-id>`.
    pub target: String,
    /// The plugin's settings table.
    pub settings: Value,
    /// Name of each secret and the file that holds it.
    pub secrets: BTreeMap<String, String>,
    /// Root of the file system to observe.
    pub root: PathBuf,
    /// Paths that the operator forbids.
    pub vetoes: Vetoes,
    /// Wall time at the start of the observation.
    pub now: Timestamp,
    /// When the answer must be there.
    pub deadline: Instant,
}

impl Job {
    /// Time left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// What one kind yielded.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    document: Option<Document>,
    outcomes: Vec<Outcome>,
    method: Vec<String>,
    logs: Vec<(Level, String)>,
}

#[derive(Clone, Debug)]
struct Document {
    body: Result<Value, String>,
    kind: &'static str,
    rows: u64,
    expected: Option<u64>,
    truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    kind: OutcomeKind,
    detail: String,
    remedy: String,
}

impl Observation {
    /// An observation that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An observation that ends without a document.
    #[must_use]
    pub fn without_document(
        outcome: OutcomeKind,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let mut observation = Self::new();
        observation.outcome(outcome, detail, remedy);
        observation
    }

    /// Sets the body after bringing it into its order; `rows` counts its main list.
    pub fn document<B: Kind>(&mut self, mut body: B, rows: usize) -> &mut Self {
        body.normalise();
        self.document = Some(Document {
            body: serde_json::to_value(&body).map_err(|error| error.to_string()),
            kind: B::KIND,
            rows: u64::try_from(rows).unwrap_or(u64::MAX),
            expected: None,
            truncated: false,
        });
        self
    }

    /// Says how many rows the source claims to have. Call after [`Self::document`].
    pub fn expected(&mut self, rows: usize) -> &mut Self {
        if let Some(document) = &mut self.document {
            document.expected = Some(u64::try_from(rows).unwrap_or(u64::MAX));
        }
        self
    }

    /// Says that rows were left out because of a bound. Call after [`Self::document`]; add an outcome too.
    pub fn truncated(&mut self) -> &mut Self {
        if let Some(document) = &mut self.document {
            document.truncated = true;
        }
        self
    }

    /// Adds what happened: alone it replaces the document, beside one it marks it as partial.
    pub fn outcome(
        &mut self,
        outcome: OutcomeKind,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> &mut Self {
        let (detail, remedy) = (one_line(detail.into()), one_line(remedy.into()));
        let outcome = Outcome { kind: outcome, detail, remedy };
        if !self.outcomes.contains(&outcome) {
            self.outcomes.push(outcome);
        }
        self
    }

    /// Adds a command, file or API call that was used, exactly; once however often it was.
    pub fn method(&mut self, used: impl Into<String>) -> &mut Self {
        let used = one_line(used.into());
        if !self.method.contains(&used) {
            self.method.push(used);
        }
        self
    }

    /// Adds a line for the agent's log.
    pub fn log(&mut self, level: Level, message: impl Into<String>) -> &mut Self {
        self.logs.push((level, one_line(message.into())));
        self
    }

    /// The body, when there is one.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.document.as_ref().and_then(|document| document.body.as_ref().ok())
    }

    /// Outcomes so far, as kind, detail and remedy.
    pub fn outcomes(&self) -> impl Iterator<Item = (OutcomeKind, &str, &str)> {
        self.outcomes
            .iter()
            .map(|outcome| (outcome.kind, outcome.detail.as_str(), outcome.remedy.as_str()))
    }

    /// Commands, files and API calls so far.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.method
    }
}

/// Names of files and words of tools may hold anything: control characters are written out, so that nothing moves a terminal
/// or looks like another line.
fn one_line(text: String) -> String {
    if !text.chars().any(char::is_control) {
        return text;
    }
    let written = |character: char| match character {
        '\n' => "\\n".to_owned(),
        '\t' => " ".to_owned(),
        other if other.is_control() => format!("\\x{:02X}", u32::from(other)),
        other => other.to_string(),
    };
    text.chars().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_line_of_text() {
        let mut seen = Observation::new();
        seen.method("/a\u{1b}[2J\nb").outcome(OutcomeKind::Failed, "x\ty\u{7}\u{85}", "r\r");
        assert_eq!(seen.methods(), ["/a\\x1B[2J\\nb"]);
        let told: Vec<_> = seen.outcomes().collect();
        assert_eq!(told, [(OutcomeKind::Failed, "x y\\x07\\x85", "r\\x0D")]);
    }
}
