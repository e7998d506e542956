//! `network.segmentation`: into which networks a target is divided, what joins them, and where traffic is sent. It says
//! nothing about filters, which are `network.firewall`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "network.segmentation";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:network.segmentation:v1";

/// Networks of one target and the ways between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segmentation {
    /// Whether the target passes IPv4 traffic of others on. Null: not determinable.
    pub forwards_ipv4: Option<bool>,
    /// The same for IPv6.
    pub forwards_ipv6: Option<bool>,
    /// Interfaces, virtual networks and namespaces, sorted.
    pub networks: Vec<Network>,
    /// Routes, sorted. Null: not determinable.
    pub routes: Option<Vec<Route>>,
}

/// One network, or one place where the target touches one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Name, such as `eth0.10`, `br0`, `podman:internal`.
    pub name: String,
    /// `physical`, `virtual`, `wireless`, `vlan`, `bridge`, `bond`, `vxlan`, `wireguard`, `tunnel`, `macvlan`, `container`,
    /// `guest`, `namespace`, or a provider's own, such as `subnet`.
    pub kind: String,
    /// Whether it is switched on. Null: not determinable.
    pub enabled: Option<bool>,
    /// What it lies on: the interface below a VLAN, the driver of a container network. Null: nothing.
    pub parent: Option<String>,
    /// Number of the VLAN or VXLAN. Null: it has none.
    pub tag: Option<u32>,
    /// What it joins, sorted: ports of a bridge, links of a bond.
    pub members: Vec<String>,
    /// Networks in CIDR form, sorted.
    pub subnets: Vec<String>,
    /// Whether it has no way out. Null: the source does not say.
    pub internal: Option<bool>,
    /// File, or what was asked.
    pub source: String,
}

/// One way that packets take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Where to, in CIDR form; `0.0.0.0/0` and `::/0` are the default.
    pub destination: String,
    /// Next hop. Null: directly attached.
    pub gateway: Option<String>,
    /// Through which network. Null: packets are refused.
    pub network: Option<String>,
}

impl Kind for Segmentation {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for network in &mut self.networks {
            network.members.sort();
            network.subnets.sort();
        }
        self.networks.sort();
        if let Some(routes) = &mut self.routes {
            routes.sort();
            routes.dedup();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "forwards_ipv4": false,
        "forwards_ipv6": false,
        "networks": [{"name": "eth0.10", "kind": "vlan", "enabled": true, "parent": "eth0", "tag": 10, "members": [],
            "subnets": ["10.0.10.0/24"], "internal": null, "source": "/sys/class/net/eth0.10"}],
        "routes": [{"destination": "0.0.0.0/0", "gateway": "10.0.10.1", "network": "eth0.10"}]
    })
}
