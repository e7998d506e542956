//! `resilience.redundancy`: what is held or carried more than once, and whether it is so now. It never says whether that
//! is enough.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "resilience.redundancy";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:resilience.redundancy:v1";

/// Redundancy of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redundancy {
    /// Groups of members that stand in for each other, sorted by id.
    pub groups: Vec<Group>,
}

/// Members that stand in for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique: technology and name, such as `md:md0`.
    pub id: String,
    /// `storage`, `path`, `link`, `address`, `cluster`, `database`, `compute`.
    pub kind: String,
    /// Technology, such as `md`, `zfs`, `keepalived`.
    pub technology: String,
    /// Level or mode in its own words: `raid1`, `mirror`, `802.3ad`, `BACKUP`. Null: not known.
    pub mode: Option<String>,
    /// Members it should have. Null: not determinable.
    pub members: Option<u32>,
    /// Members that work now. Null: not determinable (a configuration alone does not tell).
    pub healthy: Option<u32>,
    /// Failures of members it was made to survive, in the worst case. Null: not determinable.
    pub tolerates: Option<u32>,
    /// `healthy`, `degraded`, `rebuilding`, `failed`, `configured` (only settings were seen), `unknown`.
    pub state: String,
    /// Further settings that bear on failover, from a fixed list of keys; secrets only as `set`.
    pub settings: BTreeMap<String, String>,
    /// File, or what was asked.
    pub source: String,
}

impl Kind for Redundancy {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.groups.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "groups": [{"id": "md:md0", "kind": "storage", "technology": "md", "mode": "raid1", "members": 2, "healthy": 1,
            "tolerates": 1, "state": "degraded", "settings": {}, "source": "/proc/mdstat"}]
    })
}
