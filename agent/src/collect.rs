//! Runs plugins under limits and turns whatever they do into observations and outcomes; every kind that was asked for
//! ends as one or the other. It never judges, never stores and never trusts a plugin's output to be well-formed.

mod answer;
mod conform;
mod describe;
mod process;
mod socket;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exhibit_plugin::protocol::{Capture, OutcomeKind};
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::statement::Outcome;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use conform::{Trial, conform};
pub use describe::{DescribeError, describe, digest_of};

pub use exhibit_plugin::plugin::VETO;

/// One plugin as configured.
#[derive(Clone, Debug)]
pub struct PluginConfig {
    /// The program. It is asked what it observes, without any right, and its digest stands in every statement.
    pub path: PathBuf,
    /// Where systemd starts the program for each run, with the rights of its own unit. None: the agent starts it.
    pub socket: Option<PathBuf>,
    /// Kinds to take from it. None: all it describes.
    pub kinds: Option<Vec<Kind>>,
    /// The plugin's own settings.
    pub settings: Value,
    /// Name of each secret and the file that holds it; the agent never reads these files.
    pub secrets: BTreeMap<String, PathBuf>,
    /// Paths that the operator forbids, the same for every plugin.
    pub deny_paths: Vec<String>,
}

impl PluginConfig {
    /// The unit of systemd whose rights the plugin has: that of its socket, by the names that we ship, or the agent's.
    pub fn unit(&self) -> String {
        let stem = self.socket.as_deref().and_then(Path::file_stem);
        stem.map_or_else(
            || "exhibit-agent.service".to_owned(),
            |stem| format!("exhibit-plugin-{}@.service", stem.to_string_lossy()),
        )
    }
}

/// What one run of one plugin may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the run.
    pub deadline: Duration,
    /// Bytes of one document as written.
    pub document_bytes: u64,
    /// Bytes on the plugin's standard output.
    pub output_bytes: u64,
    /// Processor time of each of its processes, whole seconds.
    pub cpu: Duration,
    /// Address space of each of its processes, in bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(120),
            document_bytes: 8 << 20,
            output_bytes: 64 << 20,
            cpu: Duration::from_secs(120),
            memory: 2 << 30,
        }
    }
}

/// One run of one plugin.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    pub plugin: &'a PluginConfig,
    pub kinds: &'a [Kind],
    pub target: &'a Target,
    pub limits: &'a Limits,
    /// Ends the run early when the agent stops.
    pub stop: &'a CancellationToken,
}

/// One observation as the plugin told it; nothing is redacted yet.
#[derive(Clone, Debug)]
pub struct Observation {
    pub kind: Kind,
    pub target: Target,
    pub body: Value,
    pub capture: Capture,
}

/// Makes an outcome of the protocol into one of a statement.
pub fn outcome(
    kind: &Kind,
    target: &Target,
    outcome: OutcomeKind,
    detail: impl Into<String>,
    remedy: impl Into<String>,
) -> Outcome {
    Outcome {
        kind: kind.clone(),
        target: target.clone(),
        outcome: outcome.as_str().to_owned(),
        detail: detail.into(),
        remedy: remedy.into(),
    }
}

/// Runs the plugin once. Documents go to `accept` as they arrive, so that no two need to be in memory; what it returns
/// replaces the document (a document over the limit, for example). Answers the outcomes of this run.
pub async fn collect(
    job: Job<'_>,
    accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
) -> Vec<Outcome> {
    let mut answers = answer::Answers::new(job.kinds, job.target);
    let end = match &job.plugin.socket {
        None => process::run(&job, &mut answers, accept).await,
        Some(socket) => socket::run(socket, &job, &mut answers, accept).await,
    };
    answers.finish(&end)
}

#[cfg(test)]
mod tests;
