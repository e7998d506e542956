//! `logging.privileged_activity`: how often named accounts used administrative rights, by day. Never what they typed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "logging.privileged_activity";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:logging.privileged_activity:v1";

/// Use of administrative rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivilegedActivity {
    /// Days that were looked at.
    pub window: Window,
    /// Counts, sorted by day, account and action; a day without an entry had none that a source recorded. Two sources may
    /// record the same event: counts are not to be added over sources.
    pub activity: Vec<Activity>,
    /// Events of names that this target does not know; the names are withheld, since people type passwords there.
    pub unknown_principals: u64,
    /// Where the counts come from, sorted by name.
    pub sources: Vec<ActivitySource>,
}

/// A span of whole days, UTC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    pub from: jiff::civil::Date,
    /// Last day.
    pub to: jiff::civil::Date,
}

/// One account, one action, one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Day, UTC.
    pub day: jiff::civil::Date,
    /// Who acted, or whom the session was for.
    pub account: String,
    /// What was done.
    pub action: Action,
    /// As whom. Null: as itself, or not recorded.
    pub as_account: Option<String>,
    /// Times it was granted.
    pub succeeded: u64,
    /// Times it was refused.
    pub failed: u64,
    /// Source that recorded it, as in `sources`.
    pub source: String,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A command with other rights (sudo, doas, pkexec).
    Sudo,
    /// A change of the account.
    Su,
    /// A session from outside (ssh, console).
    SignIn,
    /// A session as the administrator itself.
    RootSignIn,
    /// A program started with administrative rights by a named account (audit trail).
    Execution,
    /// A role or right was activated (cloud, directory).
    Elevation,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivitySource {
    /// `journal`, `auth.log`, `wtmp`, `wtmpdb`, `lastlog2`, `btmp`, `audit.log`, `cloudtrail`….
    pub name: String,
    /// Whether it was read to its end.
    pub read: bool,
    /// Day of its oldest record that was seen. Null: it has none.
    pub from: Option<jiff::civil::Date>,
    /// Records that were counted.
    pub records: u64,
}

impl Kind for PrivilegedActivity {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.activity.sort();
        self.sources.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "window": {"from": "2026-11-15", "to": "2026-11-21"},
        "activity": [{
            "day": "2026-11-20", "account": "alice", "action": "sudo", "as_account": "root", "succeeded": 4,
            "failed": 1, "source": "journal"
        }],
        "unknown_principals": 12,
        "sources": [{"name": "journal", "read": true, "from": "2026-11-15", "records": 5}]
    })
}
