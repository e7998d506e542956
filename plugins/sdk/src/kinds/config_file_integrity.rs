//! `config.file_integrity`: what watches files for changes, when it last looked, and which packaged files are not as
//! delivered. Never the content of a file.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "config.file_integrity";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:config.file_integrity:v1";

/// Integrity of one target's files or settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileIntegrity {
    /// What watches, sorted by name.
    pub monitors: Vec<Monitor>,
    /// Comparison with what was delivered. Null: there is nothing to compare with, or it could not be done.
    pub delivered: Option<Delivered>,
}

/// One program or service that watches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Name: `aide`, `tripwire`, `samhain`, `ima`, a provider's service.
    pub name: String,
    /// Whether something starts it by itself. Null: not determinable.
    pub scheduled: Option<bool>,
    /// Whether it has a state to compare with. Null: not determinable.
    pub has_baseline: Option<bool>,
    /// Day that state last changed. Null: none, or not known.
    pub baseline_changed: Option<String>,
    /// Day it last looked. Null: never, or not recorded.
    pub last_run: Option<String>,
    /// What it found then: `clean`, `differences`. Null: not recorded, or not readable.
    pub last_result: Option<String>,
    /// More in its own words. Null: nothing more.
    pub detail: Option<String>,
}

/// Comparison with what was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// By what: `dpkg md5sums`, `rpm -Va`, `config timeline`….
    pub method: String,
    /// What was compared: `programs` (programs, libraries for sign-in, units, configuration) or `all`.
    pub scope: String,
    /// Files that were delivered within that scope.
    pub files: u64,
    /// Whether all of them were compared.
    pub complete: bool,
    /// Files that differ, sorted by path.
    pub changed: Vec<Changed>,
    /// Packages that say nothing to compare with, sorted.
    pub without_sums: Vec<String>,
}

/// One file that is not as delivered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Path or id.
    pub path: String,
    /// Package or owner of the delivery. Null: the tool does not say.
    pub package: Option<String>,
    /// `content`, `missing`, `attributes`.
    pub change: String,
    /// Whether it is configuration, which an operator is expected to change.
    pub configuration: bool,
}

impl Kind for FileIntegrity {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.monitors.sort();
        if let Some(delivered) = &mut self.delivered {
            delivered.changed.sort();
            delivered.without_sums.sort();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "monitors": [{"name": "aide", "scheduled": true, "has_baseline": true, "baseline_changed": "2026-11-01",
            "last_run": "2026-11-22", "last_result": "clean", "detail": null}],
        "delivered": {"method": "dpkg md5sums", "scope": "programs", "files": 4021, "complete": true,
            "changed": [{"path": "/etc/ssh/sshd_config", "package": "openssh-server", "change": "content",
                "configuration": true}], "without_sums": ["local-tools"]}
    })
}
