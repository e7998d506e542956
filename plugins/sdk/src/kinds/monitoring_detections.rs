//! `monitoring.detections`: what detection software reported, summarised. Never an address or a message.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "monitoring.detections";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:monitoring.detections:v1";

/// Detections of the sensors on the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detections {
    /// Sensors, sorted by name. Empty: none is known to be there.
    pub sensors: Vec<Sensor>,
    /// Detections by rule, sorted.
    pub detections: Vec<Detection>,
    /// Days that the counts look back.
    pub window_days: u32,
}

/// One sensor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// `fail2ban`, `crowdsec`, `wazuh`, `ossec`, `clamav`, `rkhunter`, `aide`, `falco`, `guardduty`….
    pub name: String,
    /// Whether it runs. Null: not determinable, or it runs by schedule.
    pub active: Option<bool>,
    /// Whether it starts with the system. Null: not determinable.
    pub enabled: Option<bool>,
    /// Jails, scenarios or rule sets that are switched on, sorted; empty where they have no names.
    pub rules: Vec<String>,
    /// Day of its newest record. Null: it left none.
    pub last_event: Option<jiff::civil::Date>,
    /// Whether its records could be read.
    pub readable: bool,
}

/// Detections of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// Sensor, as in `sensors`.
    pub sensor: String,
    /// Jail, signature, rule id or check.
    pub rule: String,
    /// Severity as the sensor writes it. Null: it has none.
    pub severity: Option<String>,
    /// How many within the window.
    pub count: u64,
    /// Day of the oldest within the window. Null: not recorded.
    pub first_seen: Option<jiff::civil::Date>,
    /// Day of the newest. Null: not recorded.
    pub last_seen: Option<jiff::civil::Date>,
    /// What became of it.
    pub state: DetectionState,
}

/// What became of a detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectionState {
    /// Nothing is recorded as done.
    Open,
    /// The sensor acted (banned, quarantined, removed).
    Acted,
    /// Somebody closed it.
    Closed,
    /// Not recorded.
    Unknown,
}

impl Kind for Detections {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for sensor in &mut self.sensors {
            sensor.rules.sort();
            sensor.rules.dedup();
        }
        self.sensors.sort();
        self.detections.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "sensors": [{
            "name": "fail2ban", "active": true, "enabled": true, "rules": ["sshd"], "last_event": "2026-11-21",
            "readable": true
        }],
        "detections": [{
            "sensor": "fail2ban", "rule": "sshd", "severity": null, "count": 12, "first_seen": "2026-11-15",
            "last_seen": "2026-11-21", "state": "acted"
        }],
        "window_days": 30
    })
}
