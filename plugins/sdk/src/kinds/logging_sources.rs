//! `logging.sources`: what is recorded, how long it stays, and where else it goes. Never reads a log entry.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "logging.sources";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:logging.sources:v1";

/// Everything on one target that records events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggingSources {
    /// Programs or services that record, sorted by name.
    pub recorders: Vec<Recorder>,
    /// Where records are sent besides, sorted. Configuration is not proof of delivery.
    pub forwards: Vec<Forward>,
    /// The kernel's or provider's audit trail of security events. Null: the target can have none.
    pub audit: Option<Audit>,
    /// Where use of administrative rights is recorded, sorted, such as `syslog`, `/var/log/sudo.log`, `sudo_io`.
    /// Null: not determinable.
    pub privilege_use: Option<Vec<String>>,
}

/// One program or service that records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorder {
    /// Which, such as `journald`, `rsyslog`, `syslog-ng`, `cloudtrail`.
    pub name: String,
    /// Whether it runs now. Null: not determinable.
    pub active: Option<bool>,
    /// Whether it is switched on for the next start. Null: not determinable.
    pub enabled: Option<bool>,
    /// Whether records outlive a restart. Null: not determinable.
    pub persistent: Option<bool>,
    /// Storage setting as written, such as `auto`, `persistent`. Null: it has none.
    pub storage: Option<String>,
    /// Largest size kept, in bytes. Null: no bound is set, or its default holds.
    pub max_size_bytes: Option<u64>,
    /// Longest time kept by setting, in days. Null: no bound is set.
    pub max_age_days: Option<u32>,
    /// Day of the oldest record still there, which is the real retention. Null: not determinable.
    pub oldest_record: Option<jiff::civil::Date>,
    /// Files that configure it, sorted.
    pub configured_by: Vec<String>,
}

/// One place records are sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// Which recorder sends, one of the names above.
    pub recorder: String,
    /// Host and port, URL without user name and password, or bucket.
    pub destination: String,
    /// `udp`, `tcp`, `tls`, `relp`, `https`….
    pub transport: String,
    /// Whether the way is encrypted. Null: not determinable.
    pub encrypted: Option<bool>,
    /// Which records, as written, such as `*.*`. Null: all.
    pub selection: Option<String>,
    /// File and line, or API object.
    pub source: String,
}

/// An audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// What keeps it, such as `auditd`, `cloudtrail`, `audit_log`.
    pub name: String,
    /// Whether it is installed or offered.
    pub installed: bool,
    /// Whether it runs now. Null: not determinable.
    pub active: Option<bool>,
    /// Whether the kernel or provider records now. Null: not determinable.
    pub recording: Option<bool>,
    /// Rules in force. Null: not determinable (see the outcome).
    pub rules_loaded: Option<u64>,
    /// Rules in the files, which are not in force until loaded. Null: not readable.
    pub rules_configured: Option<u64>,
    /// Whether rules cannot be changed until restart, or the trail cannot be altered. Null: not determinable.
    pub immutable: Option<bool>,
    /// What happens when the disk is full, as written, such as `SUSPEND`, `HALT`, `SYSLOG`. Null: not readable.
    pub on_disk_full: Option<String>,
}

impl Kind for LoggingSources {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for recorder in &mut self.recorders {
            recorder.configured_by.sort();
        }
        self.recorders.sort();
        self.forwards.sort();
        if let Some(list) = &mut self.privilege_use {
            list.sort();
            list.dedup();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "recorders": [{"name": "journald", "active": true, "enabled": true, "persistent": true, "storage": "auto",
            "max_size_bytes": 4294967296_u64, "max_age_days": null, "oldest_record": "2026-05-02",
            "configured_by": ["/etc/systemd/journald.conf"]}],
        "forwards": [{"recorder": "rsyslog", "destination": "logs.example.net:6514", "transport": "tls",
            "encrypted": true, "selection": "*.*", "source": "/etc/rsyslog.d/90-remote.conf:3"}],
        "audit": {"name": "auditd", "installed": true, "active": true, "recording": true, "rules_loaded": 42,
            "rules_configured": 42, "immutable": true, "on_disk_full": "SUSPEND"},
        "privilege_use": ["syslog"]
    })
}
