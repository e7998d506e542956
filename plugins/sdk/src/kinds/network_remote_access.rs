//! `network.remote_access`: the ways in from elsewhere, who is let in by them and how. It never holds a key, a password
//! or a name of a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "network.remote_access";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:network.remote_access:v1";

/// Ways into one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteAccess {
    /// Ways that are installed or configured, sorted by id.
    pub ways: Vec<Way>,
}

/// One way in, or one condition under which it differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Unique: technology and name, such as `wireguard:wg0`, `ssh`, `ssh:Match Group ops`.
    pub id: String,
    /// `vpn`, `shell`, `desktop`, `bastion`, `support`.
    pub kind: String,
    /// Technology, such as `wireguard`, `openvpn`, `openssh`.
    pub technology: String,
    /// `server`, `client`, `peer`, `unknown`.
    pub role: String,
    /// Comes up by itself. Null: not determinable.
    pub enabled: Option<bool>,
    /// Runs now. Null: not determinable.
    pub active: Option<bool>,
    /// Peers or connections that its settings name. Null: not determinable.
    pub peers: Option<u32>,
    /// What the settings say that bears on security, from a fixed list of keys; secrets only as `set`.
    pub settings: BTreeMap<String, String>,
    /// File, or what was asked.
    pub source: String,
}

impl Kind for RemoteAccess {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.ways.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "ways": [{"id": "wireguard:wg0", "kind": "vpn", "technology": "wireguard", "role": "server", "enabled": true,
            "active": true, "peers": 2, "settings": {"allowed_ips": "10.9.0.2/32 10.9.0.3/32", "listen_port": "51820"},
            "source": "/etc/wireguard/wg0.conf"}]
    })
}
