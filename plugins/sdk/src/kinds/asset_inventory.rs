//! `asset.inventory`: what the target is, as an inventory would list it. Never who it belongs to; people say that.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "asset.inventory";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:asset.inventory:v1";

/// The assets of one target: one for a host, many for a provider's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetInventory {
    /// Assets, sorted by id.
    pub assets: Vec<Asset>,
}

/// One asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Stable id: machine id, ARN, repository name.
    pub id: String,
    /// Name people use, such as the host name.
    pub name: String,
    /// `host`, `container`, `virtual_machine`, `database`, `bucket`, `repository`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Maker. Null: not known.
    pub vendor: Option<String>,
    /// Model. Null: not known.
    pub model: Option<String>,
    /// Serial number. Null: not known, or not readable (see the outcome).
    pub serial: Option<String>,
    /// Operating system or engine with version, for people. Null where there is none.
    pub os: Option<String>,
    /// Kernel release. Null where there is none.
    pub kernel: Option<String>,
    /// Architecture, such as `x86_64`. Null where there is none.
    pub architecture: Option<String>,
    /// Kind of virtualisation: `none`, `kvm`, `docker`, `lxc`, `wsl`…. Null: not determinable.
    pub virtualisation: Option<String>,
    /// Processors. Null where there are none.
    pub cpus: Option<u32>,
    /// Processor model. Null: not known.
    pub cpu_model: Option<String>,
    /// Main memory in bytes, rounded down to 16 MiB. Null where there is none.
    pub memory_bytes: Option<u64>,
    /// Disks, sorted by name.
    pub disks: Vec<Disk>,
    /// Network interfaces except loopback and those of containers, sorted by name.
    pub interfaces: Vec<Interface>,
    /// What it seems to do, from what is installed, sorted: `web_server`, `database`, `container_host`….
    pub roles: Vec<String>,
    /// Region or place. Null: not known.
    pub location: Option<String>,
    /// Labels of the provider, by key.
    pub labels: std::collections::BTreeMap<String, String>,
}

/// One disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Name, such as `vda`.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Model. Null: not known.
    pub model: Option<String>,
    /// Whether it can be taken out. Null: not known.
    pub removable: Option<bool>,
}

/// One network interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Name, such as `eth0`.
    pub name: String,
    /// Hardware address, lower case with colons. Null: it has none.
    pub mac: Option<String>,
    /// Addresses with prefix length, sorted; link-local and temporary ones are left out. Null: not determinable.
    pub addresses: Option<Vec<String>>,
}

impl Kind for AssetInventory {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for asset in &mut self.assets {
            for interface in &mut asset.interfaces {
                if let Some(list) = &mut interface.addresses {
                    list.sort();
                }
            }
            asset.disks.sort();
            asset.interfaces.sort();
            asset.roles.sort();
            asset.roles.dedup();
        }
        self.assets.sort_by(|a, b| a.id.cmp(&b.id));
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "assets": [{
            "id": "4c4c4544003957108052b4c04f384833", "name": "web1", "type": "host", "vendor": "QEMU",
            "model": "Standard PC", "serial": null, "os": "Debian GNU/Linux 12 (bookworm)",
            "kernel": "6.1.0-38-amd64", "architecture": "x86_64", "virtualisation": "kvm", "cpus": 2,
            "cpu_model": "AMD EPYC", "memory_bytes": 8_589_934_592_u64,
            "disks": [{"name": "vda", "size_bytes": 252_000_000_000_u64, "model": null, "removable": false}],
            "interfaces": [{"name": "eth0", "mac": "52:54:00:12:34:56", "addresses": ["192.0.2.10/24"]}],
            "roles": ["web_server"], "location": null, "labels": {}
        }]
    })
}
