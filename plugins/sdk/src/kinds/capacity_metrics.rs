//! `capacity.metrics`: how full the target is now. Changes at every run by nature; kept coarse so that it is small.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "capacity.metrics";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:capacity.metrics:v1";

/// Use of resources at the moment of observation. Numbers are whole, so that two readers never differ by rounding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityMetrics {
    /// Processors that may be used. Null: the target has none of its own.
    pub cpus: Option<u32>,
    /// Processor time in use over the sample, 0 to 100. Null: not determinable.
    pub cpu_used_percent: Option<u8>,
    /// Load averages. Null: not determinable.
    pub load: Option<Load>,
    /// Main memory. Null: not determinable.
    pub memory: Option<Use>,
    /// Swap; a total of 0 when there is none. Null: not determinable.
    pub swap: Option<Use>,
    /// File systems, databases or quotas, sorted by id. Pseudo file systems are left out.
    pub storage: Vec<Storage>,
}

/// Load averages times 100: 150 is a load of 1.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Over one minute.
    pub one_x100: u32,
    /// Over five minutes.
    pub five_x100: u32,
    /// Over fifteen minutes.
    pub fifteen_x100: u32,
}

/// Use of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// All of it, in bytes.
    pub total_bytes: u64,
    /// What is in use and cannot be given up at once, in bytes.
    pub used_bytes: u64,
    /// The same in percent, rounded up, 0 to 100; 0 when the total is 0.
    pub used_percent: u8,
}

/// One file system, database or quota.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Mount point, or id at the provider.
    pub id: String,
    /// Device or engine. Null where there is none.
    pub device: Option<String>,
    /// File system, such as `ext4`. Null where there is none.
    pub filesystem: Option<String>,
    /// Size in bytes.
    pub total_bytes: u64,
    /// Bytes that users may still write; reserved blocks are not among them.
    pub available_bytes: u64,
    /// Use as `df` counts it (used / (used + available)), rounded up, 0 to 100.
    pub used_percent: u8,
    /// Use of inodes, rounded up, 0 to 100. Null: the file system has no fixed number of them.
    pub inodes_used_percent: Option<u8>,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

impl Kind for CapacityMetrics {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.storage.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "cpus": 2, "cpu_used_percent": 7,
        "load": {"one_x100": 42, "five_x100": 38, "fifteen_x100": 31},
        "memory": {"total_bytes": 8_000_000_000_u64, "used_bytes": 2_000_000_000_u64, "used_percent": 25},
        "swap": {"total_bytes": 0, "used_bytes": 0, "used_percent": 0},
        "storage": [{"id": "/", "device": "/dev/vda1", "filesystem": "ext4", "total_bytes": 252_000_000_000_u64,
            "available_bytes": 210_000_000_000_u64, "used_percent": 13, "inodes_used_percent": 6,
            "read_only": false}]
    })
}
