//! `config.desired_state`: what manages the configuration of a target, and whether it holds. Never the configuration
//! itself.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "config.desired_state";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:config.desired_state:v1";

/// Declared configuration against what is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesiredState {
    /// Programs that bring the target into a declared state, sorted by name. Empty: none is known.
    pub managers: Vec<StateManager>,
    /// Image that the system boots. Null: it is not image based.
    pub image: Option<Image>,
}

/// One such program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateManager {
    /// `puppet`, `chef`, `salt`, `ansible`, `cfengine`, `terraform`, `gitops`….
    pub name: String,
    /// Whether its agent runs. Null: it has none, or not determinable.
    pub active: Option<bool>,
    /// Whether its agent starts with the system. Null: it has none, or not determinable.
    pub enabled: Option<bool>,
    /// What starts it otherwise: timers and cron files, sorted.
    pub scheduled_by: Vec<String>,
    /// Where the declared state comes from; never credentials. Null: local, or not known.
    pub server: Option<String>,
    /// When it last ran. Null: never, or not recorded.
    pub last_run: Option<jiff::Timestamp>,
    /// How that ended. Null: not recorded.
    pub last_result: Option<StateResult>,
    /// Version of the declared state (commit, catalog). Null: not recorded.
    pub version: Option<String>,
    /// What it had to change: drift. Null: not recorded.
    pub changed: Option<u64>,
    /// What it could not bring about. Null: not recorded.
    pub failed: Option<u64>,
    /// What it manages. Null: not recorded.
    pub total: Option<u64>,
    /// Whether it only reports. Null: not recorded.
    pub no_operation: Option<bool>,
    /// File or API object that says so.
    pub source: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateResult {
    /// Nothing had to be changed.
    Unchanged,
    /// Something was changed.
    Changed,
    /// Something could not be brought about.
    Failed,
}

/// An image that is booted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// `ostree`, `bootc`, `ami`….
    pub mechanism: String,
    /// Name or branch. Null: not recorded.
    pub reference: Option<String>,
    /// Digest or commit of what is booted. Null: not readable.
    pub digest: Option<String>,
    /// Whether a signature is demanded. Null: not determinable.
    pub signed: Option<bool>,
    /// Whether packages were added on top. Null: not determinable.
    pub layered: Option<bool>,
    /// File that says so.
    pub source: String,
}

impl Kind for DesiredState {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for manager in &mut self.managers {
            manager.scheduled_by.sort();
            manager.scheduled_by.dedup();
        }
        self.managers.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "managers": [{
            "name": "puppet", "active": true, "enabled": true, "scheduled_by": [], "server": "puppet.example.org",
            "last_run": "2026-11-22T10:00:00Z", "last_result": "unchanged", "version": "1763800000", "changed": 0,
            "failed": 0, "total": 211, "no_operation": false,
            "source": "/opt/puppetlabs/puppet/public/last_run_summary.yaml"
        }],
        "image": null
    })
}
