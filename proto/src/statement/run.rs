//! What an agent states: runs and heartbeats, and where each stands in the agent's chain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Vetoes, decimal};
use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::document::{Kind, Target};

/// Where and when an agent made a statement: what heartbeats and runs share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capsule {
    pub agent: String,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// Counts from 1 in each epoch.
    #[serde(with = "decimal")]
    pub seq: u64,
    /// SHA-256 of the previous envelope; zeros before the first.
    pub prev: Digest,
    pub boot_id: String,
    /// Milliseconds since boot, suspended time included.
    #[serde(with = "decimal")]
    pub monotonic_ms: u64,
    /// The agent's wall clock when it sealed: RFC 3339, UTC.
    pub sealed_at: String,
    /// Agent's clock minus collector's, last seen; absent before the first exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// Newest checkpoint the agent has verified: the statement is not older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    pub agent_version: String,
    /// SHA-256 of the agent's executable.
    pub agent_binary: Digest,
    /// SHA-256 of the configuration in force.
    pub configuration: Digest,
    /// What the operator of the host forbids, by that configuration; absent when nothing is.
    #[serde(default, skip_serializing_if = "Vetoes::is_empty")]
    pub vetoes: Vetoes,
}

/// Predicate of [`EVIDENCE`](super::EVIDENCE): one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub capsule: Capsule,
    /// When the run began and ended: RFC 3339, UTC.
    pub started: String,
    pub finished: String,
    pub plugins: Vec<PluginUsed>,
    pub documents: Vec<Observed>,
    pub outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginUsed {
    pub name: String,
    pub version: String,
    /// SHA-256 of the plugin's executable.
    pub binary: Digest,
}

/// How one document was obtained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub kind: Kind,
    pub target: Target,
    pub digest: Digest,
    #[serde(with = "decimal")]
    pub size: u64,
    /// Exact commands, files or API calls with parameters.
    pub method: Vec<String>,
    /// Identity and rights in effect when it was read.
    pub privileges: String,
    pub rows: Option<u64>,
    /// True if rows are missing because a limit cut them.
    pub truncated: bool,
    /// How many rows there should be, where that is known.
    pub expected: Option<u64>,
    /// Names of the redaction rules that changed something.
    pub redactions: Vec<String>,
    pub started: String,
    pub duration_ms: u64,
}

/// What could not be observed, or only in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub kind: Kind,
    pub target: Target,
    /// `denied`, `tool_missing`, `not_applicable`, `timed_out`, `limit_exceeded`, `failed`, `not_configured`, `dropped`.
    pub outcome: String,
    /// What happened, to which value.
    pub detail: String,
    /// Which right, tool or setting would change it.
    pub remedy: String,
}

/// Predicate of [`HEARTBEAT`](super::HEARTBEAT): alive, and what is scheduled, so that absence is visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub capsule: Capsule,
    pub host_name: String,
    pub schedule: Vec<Scheduled>,
    /// Longest time until the next statement of any kind, in seconds.
    pub interval_seconds: u64,
    pub spool_items: u64,
    /// Documents given up because the spool was full, since enrolment.
    pub dropped: u64,
    /// Labels that the agent's configuration gives its targets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Target, BTreeMap<String, String>>,
    /// In the first heartbeat after a day's end: what was sealed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closed>,
}

/// A day that ended: the agent sealed the statements `first` to `last` of its epoch, from the heartbeat that began the day
/// (UTC) until this one. Whoever cuts off a tail later must cut off this word too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// `2026-11-22`, by the agent's clock.
    pub day: String,
    #[serde(with = "decimal")]
    pub first: u64,
    #[serde(with = "decimal")]
    pub last: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    pub kind: Kind,
    pub target: Target,
    /// The cron line, UTC.
    pub cron: String,
}
