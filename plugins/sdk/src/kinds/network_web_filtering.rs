//! `network.web_filtering`: what stands between the target and web sites it should not reach: resolvers that filter, filters
//! and proxies with the age of their lists, policies of browsers. It never holds a site that somebody visited.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "network.web_filtering";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:network.web_filtering:v1";

/// Web filtering of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebFiltering {
    /// Resolvers that the target asks beyond itself, sorted. Null: not determinable.
    pub resolvers: Option<Vec<Resolver>>,
    /// Filters that are installed or configured here, sorted by id.
    pub filters: Vec<WebFilter>,
    /// Proxies that programs are told to use, sorted.
    pub proxies: Vec<ProxyUse>,
}

/// One resolver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolver {
    /// Address, without a port.
    pub address: String,
    /// Service that answers there, by its published addresses, such as `quad9`. Null: an address of nobody known.
    pub service: Option<String>,
    /// Whether that service keeps harmful sites away. Null: not known, as of a resolver of the organisation's own.
    pub filtering: Option<bool>,
    /// How it is asked: `plain`, `tls`, `https`. Null: not determinable.
    pub transport: Option<String>,
    /// File, or what was asked.
    pub source: String,
}

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebFilter {
    /// Unique, such as `dnsmasq`, `squid`, `browser:chromium`.
    pub id: String,
    /// `resolver`, `proxy`, `hosts`, `browser`, `agent`.
    pub kind: String,
    /// Whether it is set to keep anything away. Null: not determinable.
    pub filters: Option<bool>,
    /// Comes up by itself. Null: not determinable, or it is no program.
    pub enabled: Option<bool>,
    /// Runs now. Null: as above.
    pub active: Option<bool>,
    /// Lists of what it keeps away, sorted.
    pub lists: Vec<FilterList>,
    /// What its settings say that bears on filtering, from a fixed list of keys.
    pub settings: BTreeMap<String, String>,
    /// File, or what was asked.
    pub source: String,
}

/// One list of a filter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterList {
    /// File or name.
    pub name: String,
    /// Entries, rounded down to two digits. Null: not counted.
    pub entries: Option<u64>,
    /// Day of its last change. Null: not determinable, or it is part of the settings.
    pub updated: Option<Date>,
}

/// One program that is sent through a proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyUse {
    /// `environment`, `apt`, `dnf`, `docker` and the like.
    pub program: String,
    /// Scheme, host and port, without name and password.
    pub proxy: String,
    /// File and line.
    pub source: String,
}

impl Kind for WebFiltering {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        if let Some(list) = &mut self.resolvers {
            list.sort();
            list.dedup();
        }
        for filter in &mut self.filters {
            filter.lists.sort();
        }
        self.filters.sort();
        self.proxies.sort();
        self.proxies.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "resolvers": [{"address": "9.9.9.9", "service": "quad9", "filtering": true, "transport": "tls",
            "source": "/etc/systemd/resolved.conf:4"}],
        "filters": [{"id": "squid", "kind": "proxy", "filters": true, "enabled": true, "active": true,
            "lists": [{"name": "/etc/squid/blocked.txt", "entries": 1200, "updated": "2026-11-20"}],
            "settings": {"ssl_bump": "1"}, "source": "/etc/squid/squid.conf"}],
        "proxies": [{"program": "environment", "proxy": "http://proxy.example.org:3128", "source": "/etc/environment:3"}]
    })
}
