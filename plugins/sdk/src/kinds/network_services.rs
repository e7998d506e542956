//! `network.services`: what listens for others, and who owns it. Never says whether it should.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "network.services";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:network.services:v1";

/// Everything that accepts connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkServices {
    /// Listening ends, sorted by protocol, port, address, process. Sockets of clients (connected, or bound to an
    /// ephemeral port only to receive an answer) are left out.
    pub listeners: Vec<Listener>,
    /// Whether the owner of every listener could be seen. False: some `process` are null for lack of a right.
    pub owners_visible: bool,
    /// Services known to send passwords in clear or to trust addresses (telnet, rsh, ftp, tftp, NIS…) that are installed
    /// or listen, sorted by name. Null: not determinable.
    pub legacy_services: Option<Vec<LegacyService>>,
}

/// One listening end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `tcp` or `udp` (both address families), `http`, `https` for a provider's front end….
    pub protocol: String,
    /// Port, 1 to 65535.
    pub port: u16,
    /// Local address without brackets or zone, such as `0.0.0.0`, `::1`; a DNS name for a provider's end.
    pub address: String,
    /// From where it can be reached, as far as the address alone says.
    pub exposure: Exposure,
    /// Name of the process or service. Null: not visible (see `owners_visible`).
    pub process: Option<String>,
    /// Its executable. Null: not visible, or there is none.
    pub executable: Option<String>,
    /// Account it runs as. Null: not visible.
    pub user: Option<String>,
    /// Unit of the service manager. Null: none or not visible.
    pub unit: Option<String>,
    /// Package that owns the executable. Null: none or not visible.
    pub package: Option<String>,
}

/// From where a listener can be reached, before any firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// Only from the same machine.
    Loopback,
    /// On one address, link or private network.
    Specific,
    /// On every address of the machine.
    All,
    /// From the internet, as the provider says.
    Internet,
}

/// One service of a kind that should be gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegacyService {
    /// Which, such as `telnet`, `rsh`, `tftp`, `nis`, `ftp`.
    pub name: String,
    /// Package or unit by which it was recognised.
    pub recognised_by: String,
    /// Whether it listens or its unit is active. Null: not determinable.
    pub active: Option<bool>,
}

impl Kind for NetworkServices {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.listeners.sort();
        self.listeners.dedup();
        if let Some(list) = &mut self.legacy_services {
            list.sort();
            list.dedup();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "listeners": [{"protocol": "tcp", "port": 22, "address": "0.0.0.0", "exposure": "all", "process": "sshd",
            "executable": "/usr/sbin/sshd", "user": "root", "unit": "ssh.service", "package": "openssh-server"}],
        "owners_visible": true,
        "legacy_services": []
    })
}
