//! `network.firewall`: which filter stands before the services, and what it does by default. Never judges it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "network.firewall";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:network.firewall:v1";

/// The packet filter of one host, or the filters of one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFirewall {
    /// What filters: `nftables`, `iptables-legacy`, `security_groups`…. Null: nothing was found.
    pub engine: Option<String>,
    /// Whether any rule or policy filters inbound packets now. Null: not determinable.
    pub active: Option<bool>,
    /// What happens to inbound packets that no rule names.
    pub inbound_default: DefaultAction,
    /// The same for forwarded packets.
    pub forward_default: DefaultAction,
    /// The same for outbound packets.
    pub outbound_default: DefaultAction,
    /// Rules in force, all chains together. Null: not determinable.
    pub rule_count: Option<u64>,
    /// Base chains, groups or access lists, sorted. Null: not determinable.
    pub chains: Option<Vec<Chain>>,
    /// What lets traffic in, sorted. Null: not determinable.
    pub inbound_allowed: Option<Vec<InboundAllow>>,
    /// Programs that manage the rules, sorted by name.
    pub front_ends: Vec<FrontEnd>,
}

/// What happens to a packet that no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultAction {
    /// It is dropped or rejected (by policy or by a last rule).
    Drop,
    /// It passes although a filter is in place.
    Accept,
    /// There is no filter, so it passes.
    None,
    /// Not determinable.
    Unknown,
}

/// One base chain, group or access list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Address family or network: `ip`, `ip6`, `inet`, a network id….
    pub family: String,
    /// Table or group it belongs to.
    pub table: String,
    /// Name.
    pub name: String,
    /// Where packets enter it: `input`, `forward`, `output`, `prerouting`….
    pub hook: String,
    /// Its own policy.
    pub policy: DefaultAction,
    /// Rules reached from it, those of its own and of chains it jumps to.
    pub rule_count: u64,
}

/// One rule that lets traffic in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundAllow {
    /// Chain or group that holds it.
    pub chain: String,
    /// `tcp`, `udp`, `icmp`, `any`….
    pub protocol: String,
    /// First port. Null: every port.
    pub port_from: Option<u16>,
    /// Last port. Null: every port.
    pub port_to: Option<u16>,
    /// Address, network, set or interface it is limited to, `any` for everybody.
    pub source: String,
}

/// A program that manages the rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// Which, such as `ufw`, `firewalld`, `nftables.service`.
    pub name: String,
    /// Whether it is switched on. Null: not determinable.
    pub enabled: Option<bool>,
}

impl Kind for NetworkFirewall {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        if let Some(list) = &mut self.chains {
            list.sort();
        }
        if let Some(list) = &mut self.inbound_allowed {
            list.sort();
            list.dedup();
        }
        self.front_ends.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "engine": "nftables", "active": true, "inbound_default": "drop", "forward_default": "drop",
        "outbound_default": "accept", "rule_count": 7,
        "chains": [{"family": "inet", "table": "filter", "name": "input", "hook": "input", "policy": "drop",
            "rule_count": 7}],
        "inbound_allowed": [{"chain": "inet filter input", "protocol": "tcp", "port_from": 22, "port_to": 22,
            "source": "any"}],
        "front_ends": [{"name": "nftables.service", "enabled": true}]
    })
}
