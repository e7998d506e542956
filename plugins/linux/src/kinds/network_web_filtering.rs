//! `network.web_filtering` of a Linux host: the resolvers it asks, the filters and proxies it runs with the age of their
//! lists, and what policies tell its browsers.
//!
//! It asks no resolver anything, and reads no log of what was visited.

mod browsers;
mod dns;
mod lists;
mod proxies;
mod resolvers;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::network_web_filtering::{KIND, WebFilter, WebFiltering},
};

use crate::{look::Look, services};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/resolv.conf, /run/systemd/resolve/resolv.conf, /etc/systemd/resolved.conf with drop-ins",
        "/etc/dnsmasq.conf, /etc/dnsmasq.d/*.conf, /etc/NetworkManager/dnsmasq.d/*.conf and the lists that they name",
        "/etc/unbound/unbound.conf, /etc/unbound/unbound.conf.d/*.conf, /etc/bind/named.conf*, /etc/dnscrypt-proxy/dnscrypt-proxy.toml",
        "/etc/pihole, /opt/AdGuardHome: settings of fixed lists, age of lists; /etc/hosts",
        "/etc/squid, /etc/e2guardian, /etc/squidguard, /etc/privoxy: settings of fixed lists, age of lists",
        "policies of Chromium, Chrome, Edge and Firefox below /etc: settings of fixed lists",
        "/etc/environment, apt.conf.d, /etc/dnf/dnf.conf, /etc/docker/daemon.json: proxies without passwords",
        "systemctl show of known services, or unit files and /proc/<pid>/comm",
    ],
    needs: &["CAP_DAC_READ_SEARCH: some settings of filters (Pi-hole, AdGuard Home, squid)"],
    observe,
};

/// Agents of services that filter, by unit and process.
const AGENTS: [(&str, &str, &str); 6] = [
    ("cloudflare-warp", "warp-svc.service", "warp-svc"),
    ("netskope", "stagentd.service", "stagentd"),
    ("nextdns", "nextdns.service", "nextdns"),
    ("umbrella", "csc_umbrellaagent.service", "csc_umbrellaagent"),
    ("zscaler", "zsaservice.service", "zsaservice"),
    ("zscaler-tunnel", "zstunnel.service", "zstunnel"),
];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let resolvers = resolvers::all(&mut look);
    let mut filters = dns::all(&mut look);
    filters.extend(proxies::filters(&mut look));
    filters.extend(browsers::all(&mut look));
    for (id, unit, process) in AGENTS {
        if services::is_installed(&look.host, unit) {
            let mut found = filter(id, "agent", unit);
            run(&mut look, &mut found, unit, process);
            filters.push(found);
        }
    }
    let proxies = proxies::uses(&mut look);
    let rows = resolvers.as_ref().map_or(0, Vec::len) + filters.len();
    look.seen.document(WebFiltering { resolvers, filters, proxies }, rows);
    look.done()
}

fn filter(id: &str, kind: &str, source: &str) -> WebFilter {
    WebFilter {
        id: id.to_owned(),
        kind: kind.to_owned(),
        filters: None,
        enabled: None,
        active: None,
        lists: Vec::new(),
        settings: BTreeMap::new(),
        source: source.to_owned(),
    }
}

/// Fills in whether its service is switched on and runs.
fn run(look: &mut Look<'_>, filter: &mut WebFilter, unit: &str, process: &str) {
    if let Some(service) = services::find(look, unit, process) {
        filter.enabled = service.enabled;
        filter.active = service.active;
    }
}

#[cfg(test)]
mod tests;
