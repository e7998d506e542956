//! `logging.protection`: who can read or change the records, how long they stay, and whether a copy is elsewhere.
//! Never says what suffices.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "logging.protection";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:logging.protection:v1";

/// Protection of log records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggingProtection {
    /// Places where records are kept, sorted by path. A store that is not there is not listed.
    pub stores: Vec<Store>,
    /// Rules that remove records, sorted.
    pub retention: Vec<Retention>,
    /// Mechanisms that make a change detectable or impossible, sorted by name.
    pub sealing: Vec<Sealing>,
    /// Copies on other machines as configured, sorted.
    pub remote_copies: Vec<RemoteCopy>,
}

/// One place with records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// File, directory, bucket or log group.
    pub path: String,
    /// What it holds: `security`, `audit`, `journal`, `package`, `accounting`, `application`….
    pub kind: String,
    /// Owning account, or its number. Null: not readable.
    pub owner: Option<String>,
    /// Owning group, or its number. Null: not readable.
    pub group: Option<String>,
    /// Permission bits as four octal digits. Null: the provider has none.
    pub mode: Option<String>,
    /// Who may read, by the permission bits.
    pub readable_by: Access,
    /// Who may change or remove, by the permission bits.
    pub writable_by: Access,
    /// Whether records can only be added (attribute of the file, object lock). Null: not determinable.
    pub append_only: Option<bool>,
    /// Whether the store itself encrypts. Null: not determinable here (see `crypto.at_rest`).
    pub encrypted: Option<bool>,
}

/// How far a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Its owner alone, and the administrator.
    Owner,
    /// The owning group too.
    Group,
    /// Every account.
    Everyone,
    /// Not determinable.
    Unknown,
}

/// A rule that removes records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// What it applies to, as written.
    pub store: String,
    /// `logrotate`, `journald`, `auditd`, `lifecycle`….
    pub mechanism: String,
    /// Days that records stay at the least that the rule promises. Null: the rule names no time.
    pub keep_days: Option<u32>,
    /// Old files that stay. Null: the rule counts no files.
    pub keep_files: Option<u32>,
    /// Size at which records go early. Null: none.
    pub max_bytes: Option<u64>,
    /// File and line, or API object.
    pub source: String,
}

/// A mechanism against change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealing {
    /// `journald-seal`, `auditd-immutable`, `object-lock`, `log-file-validation`….
    pub name: String,
    /// Switched on in the configuration. Null: not readable.
    pub configured: Option<bool>,
    /// In force now. Null: not determinable.
    pub in_force: Option<bool>,
    /// What says so.
    pub source: String,
}

/// A copy elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteCopy {
    /// `rsyslog`, `journal-upload`, `syslog-ng`, `audisp-remote`, `agent`….
    pub mechanism: String,
    /// Host and port, or resource; never credentials.
    pub destination: String,
    /// Whether the way is encrypted. Null: not determinable.
    pub encrypted: Option<bool>,
    /// Whether records wait on disk while the other side is away. Null: not determinable.
    pub buffered: Option<bool>,
    /// File and line, or API object.
    pub source: String,
}

impl Kind for LoggingProtection {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.stores.sort();
        self.stores.dedup();
        self.retention.sort();
        self.retention.dedup();
        self.sealing.sort();
        self.remote_copies.sort();
        self.remote_copies.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "stores": [{
            "path": "/var/log/auth.log", "kind": "security", "owner": "root", "group": "adm", "mode": "0640",
            "readable_by": "group", "writable_by": "owner", "append_only": false, "encrypted": null
        }],
        "retention": [{
            "store": "/var/log/auth.log", "mechanism": "logrotate", "keep_days": 28, "keep_files": 4,
            "max_bytes": null, "source": "/etc/logrotate.d/rsyslog:1"
        }],
        "sealing": [{
            "name": "journald-seal", "configured": true, "in_force": false, "source": "/etc/systemd/journald.conf"
        }],
        "remote_copies": [{
            "mechanism": "rsyslog", "destination": "logs.example.org:6514", "encrypted": true, "buffered": null,
            "source": "/etc/rsyslog.d/60-remote.conf:3"
        }]
    })
}
