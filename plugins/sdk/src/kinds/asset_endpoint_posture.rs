//! `asset.endpoint_posture`: devices that people carry and sit at, and how they are kept: lock, encryption, start, updates,
//! protection. Never where a device is or what is done with it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "asset.endpoint_posture";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:asset.endpoint_posture:v1";

/// Devices of one target: one of a host, many of a directory of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointPosture {
    /// Devices, sorted by id.
    pub devices: Vec<Device>,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Stable id, such as the machine id.
    pub id: String,
    /// Name that people use.
    pub name: String,
    /// Whose it is, as the directory of devices says. Null: not known here.
    pub owner: Option<String>,
    /// Whether it is made to be carried. Null: not determinable.
    pub portable: Option<bool>,
    /// Graphical sessions that can be started, sorted, such as `gnome`; empty for a device without (a phone).
    pub sessions: Vec<String>,
    /// System with version, for people. Null: not known.
    pub system: Option<String>,
    /// Last day on which its maker supports the system. Null: not known.
    pub supported_until: Option<Date>,
    /// Screen locks, sorted by session. Null: not determinable.
    pub screen_locks: Option<Vec<ScreenLock>>,
    /// Whether somebody is signed in at start without being asked. Null: not determinable.
    pub automatic_sign_in: Option<bool>,
    /// Whether every volume that stays in it is encrypted, those to start from left out. Null: not determinable.
    pub disks_encrypted: Option<bool>,
    /// Whether only signed code starts it. Null: no such notion, or not determinable.
    pub secure_boot: Option<bool>,
    /// Version of its trusted platform module, such as `2.0`; `none` when there is none. Null: not determinable.
    pub tpm: Option<String>,
    /// Whether a packet filter is switched on. Null: not determinable.
    pub firewall: Option<bool>,
    /// Whether updates install themselves. Null: not determinable.
    pub updates_automatic: Option<bool>,
    /// Day of the last change of its packages. Null: not determinable.
    pub last_update: Option<Date>,
    /// Protection against malware and intruders that is there, sorted by name.
    pub protection: Vec<Protection>,
    /// What manages it from afar, sorted, such as `intune`, `landscape`.
    pub managed_by: Vec<String>,
}

/// The lock of one kind of session, as the device's own settings say for everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenLock {
    /// Session, such as `gnome`.
    pub session: String,
    /// Whether the screen locks when nobody is there. Null: not determinable.
    pub enabled: Option<bool>,
    /// Seconds until then. Null: not determinable, or never.
    pub after_seconds: Option<u64>,
    /// Whether the person at the device cannot change that.
    pub enforced: bool,
    /// File, or `default` where none says otherwise.
    pub source: String,
}

/// One program of protection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Name, such as `falcon-sensor`.
    pub name: String,
    /// Runs now. Null: not determinable.
    pub active: Option<bool>,
}

impl Kind for EndpointPosture {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for device in &mut self.devices {
            device.sessions.sort();
            device.sessions.dedup();
            if let Some(list) = &mut device.screen_locks {
                list.sort();
            }
            device.protection.sort();
            device.managed_by.sort();
            device.managed_by.dedup();
        }
        self.devices.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "devices": [{"id": "4c4c4544003957108052b4c04f384833", "name": "laptop7", "owner": null, "portable": true,
            "sessions": ["gnome"], "system": "Debian GNU/Linux 13 (trixie)", "supported_until": "2030-06-30",
            "screen_locks": [{"session": "gnome", "enabled": true, "after_seconds": 300, "enforced": true,
                "source": "/etc/dconf/db/local.d/00-lock"}],
            "automatic_sign_in": false, "disks_encrypted": true, "secure_boot": true, "tpm": "2.0", "firewall": true,
            "updates_automatic": true, "last_update": "2026-11-20",
            "protection": [{"name": "falcon-sensor", "active": true}], "managed_by": ["landscape"]}]
    })
}
