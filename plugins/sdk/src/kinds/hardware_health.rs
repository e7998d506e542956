//! `hardware.health`: how disks, memory, sensors, power supplies and firmware are. It holds no reading that changes by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "hardware.health";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:hardware.health:v1";

/// Health of the hardware of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardwareHealth {
    /// Whether the target is a guest, whose hardware is somebody else's. Null: not determinable.
    pub is_guest: Option<bool>,
    /// Parts that say how they are, sorted by id.
    pub parts: Vec<Part>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Unique: kind and name, such as `disk:nvme0n1`.
    pub id: String,
    /// `disk`, `memory`, `temperature`, `fan`, `voltage`, `power`, `battery`, `ups`, `firmware`.
    pub kind: String,
    /// `ok`, `warning`, `failed`, `unknown`.
    pub state: String,
    /// Coarse values that say why, from a fixed list of keys.
    pub settings: BTreeMap<String, String>,
    /// File, or what was asked.
    pub source: String,
}

impl Kind for HardwareHealth {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.parts.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "is_guest": false,
        "parts": [{"id": "disk:sda", "kind": "disk", "state": "ok", "settings": {"power_on_years": "3", "reallocated": "0"},
            "source": "smartctl -H -A -j /dev/sda"}]
    })
}
