//! `data.retention`: how long data is kept and what deletes it. Never looks at the data.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "data.retention";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:data.retention:v1";

/// Retention of one target's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRetention {
    /// One rule per set of data, sorted.
    pub rules: Vec<Rule>,
    /// What carries the rules out, sorted by name.
    pub mechanisms: Vec<Mechanism>,
    /// Names of legal holds that suspend rules, sorted. A host knows none.
    pub holds: Vec<String>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Data: path, pattern, bucket, log group.
    pub data: String,
    /// What carries it out, one of [`DataRetention::mechanisms`].
    pub mechanism: String,
    /// Days after which data is gone. Null: not bounded by time, or not determinable.
    pub keep_days: Option<u32>,
    /// Bytes above which the oldest goes. Null: not bounded by size.
    pub max_bytes: Option<u64>,
    /// Generations that are kept. Null: not counted.
    pub generations: Option<u32>,
    /// The rule in its own words, such as `weekly rotate 4`.
    pub text: String,
    /// File and line, or page.
    pub source: String,
}

/// What carries rules out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mechanism {
    /// Name, such as `logrotate`.
    pub name: String,
    /// Whether it is installed.
    pub installed: bool,
    /// Whether something starts it by itself. Null: not determinable.
    pub scheduled: Option<bool>,
    /// Day of its last run. Null: never, or not recorded.
    pub last_run: Option<String>,
}

impl Kind for DataRetention {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.rules.sort();
        self.mechanisms.sort();
        self.holds.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "rules": [{"data": "/var/log/apt/term.log", "mechanism": "logrotate", "keep_days": 372, "max_bytes": null,
            "generations": 12, "text": "monthly rotate 12", "source": "/etc/logrotate.d/apt:1"}],
        "mechanisms": [{"name": "logrotate", "installed": true, "scheduled": true, "last_run": "2026-11-22"}],
        "holds": []
    })
}
