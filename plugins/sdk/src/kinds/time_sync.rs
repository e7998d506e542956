//! `time.sync`: whether the clock follows a reference, and which. Never sets a clock.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "time.sync";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:time.sync:v1";

/// The state of one clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSync {
    /// Whether the clock is synchronised now, as the kernel or provider says. Null: not determinable.
    pub synchronised: Option<bool>,
    /// Programs that could synchronise it, sorted by name.
    pub daemons: Vec<Daemon>,
    /// References that are configured or in use, sorted by address.
    pub sources: Vec<Source>,
    /// Distance from the reference in milliseconds, rounded away from zero, so that a healthy clock gives a stable
    /// document (0 or ±1). Null: not determinable.
    pub offset_ms: Option<i64>,
    /// Largest error the kernel assumes, in milliseconds, rounded up to the next power of two for the same reason.
    /// Null: not determinable.
    pub max_error_ms: Option<u64>,
    /// Distance from a reference clock in hops, 0 to 16. Null: not determinable.
    pub stratum: Option<u8>,
    /// Time zone, such as `Etc/UTC`. Null: not set or not readable.
    pub timezone: Option<String>,
    /// Whether the clock is kept by the machine around this one (container, provider). Null: not determinable.
    pub kept_by_host: Option<bool>,
}

/// A program that could synchronise the clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daemon {
    /// Which, such as `chrony`, `systemd-timesyncd`, `ntpsec`.
    pub name: String,
    /// Whether it is switched on for the next start. Null: not determinable.
    pub enabled: Option<bool>,
    /// Whether it runs now. Null: not determinable.
    pub active: Option<bool>,
}

/// One reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name or address.
    pub address: String,
    /// `server`, `pool`, `peer`, `refclock`, `fallback`, `ptp` (then the interface), `provider`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is authenticated (NTS or a key). Null: not determinable.
    pub authenticated: Option<bool>,
    /// Whether the clock follows it now. Null: not determinable.
    pub selected: Option<bool>,
    /// File and line, or command, that names it.
    pub source: String,
}

impl Kind for TimeSync {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.daemons.sort();
        self.sources.sort();
        self.sources.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "synchronised": true,
        "daemons": [{"name": "chrony", "enabled": true, "active": true}],
        "sources": [{"address": "2.debian.pool.ntp.org", "type": "pool", "authenticated": false, "selected": null,
            "source": "/etc/chrony/chrony.conf:8"}],
        "offset_ms": 1, "max_error_ms": 16, "stratum": 3, "timezone": "Etc/UTC", "kept_by_host": false
    })
}
