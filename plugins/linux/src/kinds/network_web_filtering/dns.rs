//! Filters that answer questions for names: dnsmasq, Pi-hole, AdGuard Home, unbound, BIND, dnscrypt-proxy, the hosts file.

use exhibit_plugin::kinds::network_web_filtering::{FilterList, WebFilter};

use super::{filter, lists, run};
use crate::{
    glob,
    look::{Found, Look},
};

/// Fewer lines of a hosts file that lead nowhere are somebody's note, no filter.
const FEWEST_HOSTS: usize = 10;

pub(super) fn all(look: &mut Look<'_>) -> Vec<WebFilter> {
    let found = [
        dnsmasq(look),
        pihole(look),
        adguard(look),
        unbound(look),
        bind(look),
        dnscrypt(look),
        hosts(look),
    ];
    found.into_iter().flatten().collect()
}

/// Lines of the files that match any of the patterns, with the file; comments are left out.
fn lines(look: &mut Look<'_>, patterns: &[&str], comment: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for pattern in patterns {
        for file in glob::matching(look, pattern) {
            let Found::Here(text) = look.text(&file) else { continue };
            for line in text.lines().map(str::trim) {
                if !line.is_empty() && !line.starts_with(comment) {
                    found.push((file.clone(), line.to_owned()));
                }
            }
        }
    }
    found
}

fn count(filter: &mut WebFilter, key: &str, number: usize) {
    if number > 0 {
        let number = lists::rough(u64::try_from(number).unwrap_or(u64::MAX));
        filter.settings.insert(key.to_owned(), number.to_string());
    }
}

fn dnsmasq(look: &mut Look<'_>) -> Option<WebFilter> {
    let found = lines(
        look,
        &["/etc/dnsmasq.conf", "/etc/dnsmasq.d/*.conf", "/etc/NetworkManager/dnsmasq.d/*.conf"],
        "#",
    );
    let source = found.first()?.0.clone();
    let mut filter = filter("dnsmasq", "resolver", &source);
    let mut blocks = 0;
    for (_, line) in &found {
        let (key, value) = line
            .split_once('=')
            .map_or((line.as_str(), ""), |(key, value)| (key.trim(), value.trim()));
        match key {
            "address" | "local" | "server" if leads_nowhere(key, value) => blocks += 1,
            "addn-hosts" | "conf-file" | "servers-file" => {
                filter.lists.extend(lists::counted(look, value))
            }
            "hostsdir" | "conf-dir" => {
                let folder = value.split(',').next().unwrap_or_default();
                for name in look.names(folder).here().unwrap_or_default() {
                    filter.lists.extend(lists::counted(look, &format!("{folder}/{name}")));
                }
            }
            _ => {}
        }
    }
    count(&mut filter, "blocked", blocks);
    filter.filters = Some(blocks > 0 || !filter.lists.is_empty());
    run(look, &mut filter, "dnsmasq.service", "dnsmasq");
    Some(filter)
}

/// `address=/ads.example/0.0.0.0`, `address=/ads.example/`, `local=/ads.example/`.
fn leads_nowhere(key: &str, value: &str) -> bool {
    let Some((names, target)) = value.rsplit_once('/') else { return false };
    // A name without a dot, or the reverse zones, are kept at home rather than away.
    let outside = names.split('/').any(|name| name.contains('.') && !name.ends_with(".arpa"));
    outside && matches!((key, target), (_, "") | ("address", "0.0.0.0" | "::" | "#" | "127.0.0.1"))
}

fn pihole(look: &mut Look<'_>) -> Option<WebFilter> {
    let list = lists::dated(look, "/etc/pihole/gravity.db")?;
    let mut filter = filter("pihole", "resolver", "/etc/pihole/gravity.db");
    filter.lists.push(list);
    let setting = |text: &str, key: &str| {
        let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(key))?;
        let value = line.trim_start().strip_prefix('=')?.split('#').next()?.trim();
        Some(!matches!(value, "false" | "0"))
    };
    // Version 6 keeps them in pihole.toml, older ones in setupVars.conf.
    if let Found::Here(text) = look.text("/etc/pihole/pihole.toml") {
        let inside = text.split("[dns.blocking]").nth(1).unwrap_or_default();
        filter.filters = setting(inside, "active").or(Some(true));
    } else if let Found::Here(text) = look.text("/etc/pihole/setupVars.conf") {
        filter.filters = setting(&text, "BLOCKING_ENABLED").or(Some(true));
    }
    run(look, &mut filter, "pihole-FTL.service", "pihole-FTL");
    Some(filter)
}

fn adguard(look: &mut Look<'_>) -> Option<WebFilter> {
    let place = "/opt/AdGuardHome";
    let found = look.text(&format!("{place}/AdGuardHome.yaml"));
    if found == Found::Missing {
        return None;
    }
    let mut filter = filter("adguard-home", "resolver", &format!("{place}/AdGuardHome.yaml"));
    if let Found::Here(text) = found {
        let flags = ["protection_enabled", "filtering_enabled"].map(|key| {
            let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(key));
            line.and_then(|rest| rest.strip_prefix(':')).map(|value| value.trim() == "true")
        });
        filter.filters = match flags {
            [Some(protects), Some(filters)] => Some(protects && filters),
            _ => None,
        };
    }
    for file in glob::matching(look, &format!("{place}/data/filters/*.txt")) {
        filter.lists.extend(lists::counted(look, &file));
    }
    run(look, &mut filter, "AdGuardHome.service", "AdGuardHome");
    Some(filter)
}

fn unbound(look: &mut Look<'_>) -> Option<WebFilter> {
    let found =
        lines(look, &["/etc/unbound/unbound.conf", "/etc/unbound/unbound.conf.d/*.conf"], "#");
    let source = found.first()?.0.clone();
    let mut filter = filter("unbound", "resolver", &source);
    let (mut blocks, mut policies, mut in_policy) = (0, 0, false);
    for (_, line) in &found {
        let (key, value) =
            line.split_once(':').map_or((line.as_str(), ""), |(key, value)| (key, value.trim()));
        match key {
            "rpz" => {
                policies += 1;
                in_policy = true;
            }
            "local-zone" => {
                let refused = [
                    "always_nxdomain",
                    "always_null",
                    "always_refuse",
                    "always_deny",
                    "refuse",
                    "deny",
                ];
                let outside = value
                    .split('"')
                    .nth(1)
                    .is_none_or(|name| !name.trim_end_matches('.').ends_with("arpa"));
                blocks += usize::from(outside && refused.iter().any(|word| value.ends_with(word)));
            }
            "zonefile" if in_policy => {
                let file = value.trim_matches('"');
                let file = if file.starts_with('/') {
                    file.to_owned()
                } else {
                    format!("/etc/unbound/{file}")
                };
                filter.lists.extend(lists::counted(look, &file));
            }
            "forward-tls-upstream" => {
                drop(filter.settings.insert("forward-tls-upstream".to_owned(), value.to_owned()))
            }
            _ if value.is_empty() => in_policy = false,
            _ => {}
        }
    }
    count(&mut filter, "blocked", blocks);
    count(&mut filter, "response_policies", policies);
    filter.filters = Some(blocks + policies > 0);
    run(look, &mut filter, "unbound.service", "unbound");
    Some(filter)
}

/// Response policy zones of BIND, whose files are those of zones with their names.
fn bind(look: &mut Look<'_>) -> Option<WebFilter> {
    let found = lines(look, &["/etc/bind/named.conf*", "/etc/named.conf"], "//");
    let source = found.first()?.0.clone();
    let mut filter = filter("bind", "resolver", &source);
    let text: String = found.iter().map(|(_, line)| format!("{line}\n")).collect();
    let policy = text.split("response-policy").nth(1).and_then(|rest| rest.split('}').next());
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    let zones: Vec<String> =
        policy.unwrap_or_default().split("zone ").skip(1).filter_map(quoted).collect();
    for zone in &zones {
        let body = text
            .split("zone ")
            .find(|part| part.starts_with(&format!("\"{zone}\"")) && part.contains("file "));
        let file = body.and_then(|part| part.split("file ").nth(1)).and_then(quoted);
        let Some(file) = file else { continue };
        let file = if file.starts_with('/') { file } else { format!("/var/cache/bind/{file}") };
        filter.lists.extend(lists::counted(look, &file));
    }
    count(&mut filter, "response_policies", zones.len());
    filter.filters = Some(!zones.is_empty());
    run(look, &mut filter, "named.service", "named");
    Some(filter)
}

fn dnscrypt(look: &mut Look<'_>) -> Option<WebFilter> {
    let path = "/etc/dnscrypt-proxy/dnscrypt-proxy.toml";
    let found = lines(look, &[path], "#");
    found.first()?;
    let mut filter = filter("dnscrypt-proxy", "resolver", path);
    for (_, line) in &found {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.split(" #").next().unwrap_or_default().trim();
        let value = value.trim_matches(['\'', '"']);
        match key.trim() {
            "blocked_names_file" | "blacklist_file" | "blocked_ips_file" => {
                let file = if value.starts_with('/') {
                    value.to_owned()
                } else {
                    format!("/etc/dnscrypt-proxy/{value}")
                };
                filter.lists.extend(lists::counted(look, &file));
            }
            "server_names" => {
                drop(filter.settings.insert("server_names".to_owned(), value.to_owned()))
            }
            _ => {}
        }
    }
    filter.filters = Some(!filter.lists.is_empty());
    run(look, &mut filter, "dnscrypt-proxy.service", "dnscrypt-proxy");
    Some(filter)
}

/// A hosts file that leads many names nowhere.
fn hosts(look: &mut Look<'_>) -> Option<WebFilter> {
    let text = look.text("/etc/hosts").here()?;
    let nowhere = text.lines().filter(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next().unwrap_or_default();
        let own = |name: &str| name.starts_with("localhost") || !name.contains('.');
        ["0.0.0.0", "127.0.0.1", "::", "::1"].contains(&address) && words.any(|name| !own(name))
    });
    let entries = nowhere.count();
    if entries < FEWEST_HOSTS {
        return None;
    }
    let list: FilterList = FilterList {
        entries: Some(lists::rough(u64::try_from(entries).unwrap_or(u64::MAX))),
        ..lists::dated(look, "/etc/hosts")?
    };
    let mut filter = filter("hosts", "hosts", "/etc/hosts");
    filter.filters = Some(true);
    filter.lists.push(list);
    Some(filter)
}
