//! Which resolvers the host asks, and what is published about their addresses. It asks none of them.

use std::net::IpAddr;

use exhibit_plugin::kinds::network_web_filtering::Resolver;

use crate::{
    look::{Found, Look},
    systemd_conf,
};

const FILE: &str = "/etc/resolv.conf";
/// Where systemd-resolved writes whom it asks itself.
const UPLINKS: &str = "/run/systemd/resolve/resolv.conf";

/// Addresses that their services publish, and whether harmful sites are kept away there (November 2026).
const SERVICES: [(&str, bool, &[&str]); 16] = [
    ("adguard", true, &["94.140.14.14", "94.140.15.15", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff"]),
    (
        "adguard-family",
        true,
        &["94.140.14.15", "94.140.15.16", "2a10:50c0::bad1:ff", "2a10:50c0::bad2:ff"],
    ),
    (
        "adguard-unfiltered",
        false,
        &["94.140.14.140", "94.140.14.141", "2a10:50c0::1:ff", "2a10:50c0::2:ff"],
    ),
    (
        "cleanbrowsing",
        true,
        &[
            "185.228.168.9",
            "185.228.169.9",
            "185.228.168.10",
            "185.228.169.11",
            "185.228.168.168",
            "185.228.169.168",
        ],
    ),
    ("cloudflare", false, &["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"]),
    (
        "cloudflare-family",
        true,
        &["1.1.1.3", "1.0.0.3", "2606:4700:4700::1113", "2606:4700:4700::1003"],
    ),
    (
        "cloudflare-security",
        true,
        &["1.1.1.2", "1.0.0.2", "2606:4700:4700::1112", "2606:4700:4700::1002"],
    ),
    (
        "dns4eu",
        true,
        &[
            "86.54.11.1",
            "86.54.11.201",
            "86.54.11.12",
            "86.54.11.212",
            "86.54.11.13",
            "86.54.11.213",
        ],
    ),
    ("dns4eu-unfiltered", false, &["86.54.11.100", "86.54.11.200"]),
    ("google", false, &["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"]),
    ("opendns", true, &["208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53"]),
    ("opendns-family", true, &["208.67.222.123", "208.67.220.123"]),
    ("opendns-sandbox", false, &["208.67.222.2", "208.67.220.2"]),
    ("quad9", true, &["9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"]),
    ("quad9-ecs", true, &["9.9.9.11", "149.112.112.11", "2620:fe::11", "2620:fe::fe:11"]),
    ("quad9-unfiltered", false, &["9.9.9.10", "149.112.112.10", "2620:fe::10", "2620:fe::fe:10"]),
];

/// Resolvers beyond the host itself; none when nothing tells them.
pub(super) fn all(look: &mut Look<'_>) -> Option<Vec<Resolver>> {
    let mut found = from_file(look, FILE);
    let own = found.as_ref().is_none_or(|list| list.iter().all(|one| is_own(&one.address)));
    if own {
        let uplinks = from_file(look, UPLINKS).unwrap_or_default();
        let set = resolved(look);
        // What the host asks itself is told by the settings of who answers there.
        found.get_or_insert_default().extend(uplinks);
        found.get_or_insert_default().extend(set);
    }
    let list: Vec<Resolver> = found?.into_iter().filter(|one| !is_own(&one.address)).collect();
    Some(list).filter(|list| !list.is_empty())
}

fn is_own(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Lines `nameserver ADDRESS`; none when there is no such file.
fn from_file(look: &mut Look<'_>, path: &str) -> Option<Vec<Resolver>> {
    let Found::Here(text) = look.text(path) else { return None };
    let lines = (1..).zip(text.lines()).filter_map(|(number, line): (usize, &str)| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        resolver(address, Some("plain"), format!("{path}:{number}"))
    });
    Some(lines.collect())
}

/// `DNS=` of systemd-resolved, asked by TLS where it is demanded.
fn resolved(look: &mut Look<'_>) -> Vec<Resolver> {
    let layers = systemd_conf::layers(look, "resolved.conf");
    let transport = match layers.value("Resolve", "DNSOverTLS").as_deref() {
        Some("yes" | "true" | "1") => Some("tls"),
        Some("opportunistic") => None,
        Some(_) | None => Some("plain"),
    };
    let list = layers.list("Resolve", "DNS");
    list.into_iter().filter_map(|(word, place)| resolver(&word, transport, place)).collect()
}

/// One resolver out of an address that may carry a port, an interface and a name (`9.9.9.9:853%eth0#dns.quad9.net`).
pub(super) fn resolver(word: &str, transport: Option<&str>, source: String) -> Option<Resolver> {
    let address = address(word)?;
    let known = SERVICES.iter().find(|(_, _, addresses)| {
        addresses.iter().any(|one| one.parse::<IpAddr>().is_ok_and(|one| one == address))
    });
    Some(Resolver {
        address: address.to_string(),
        service: known.map(|(name, _, _)| (*name).to_owned()),
        filtering: known.map(|(_, filters, _)| *filters),
        transport: transport.map(str::to_owned),
        source,
    })
}

fn address(word: &str) -> Option<IpAddr> {
    let word = word.split(['#', '%', '@']).next()?;
    if let Ok(address) = word.parse() {
        return Some(address);
    }
    let inside = word.strip_prefix('[').and_then(|rest| rest.split(']').next());
    inside.or_else(|| word.split(':').next())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_every_form_and_known_by_any_spelling() {
        let told = |word: &str| {
            let one = resolver(word, None, String::new())?;
            Some((one.address, one.service, one.filtering))
        };
        let quad9 =
            |address: &str| Some((address.to_owned(), Some("quad9".to_owned()), Some(true)));
        assert_eq!(told("9.9.9.9"), quad9("9.9.9.9"));
        assert_eq!(told("9.9.9.9:853#dns.quad9.net"), quad9("9.9.9.9"));
        assert_eq!(told("[2620:fe:0::fe]:853%eth0"), quad9("2620:fe::fe"));
        assert_eq!(told("8.8.8.8").unwrap().2, Some(false));
        assert_eq!(told("10.0.0.1"), Some(("10.0.0.1".to_owned(), None, None)));
        assert_eq!(told("dns.example"), None);
    }

    #[test]
    fn no_address_is_listed_twice() {
        let mut all: Vec<IpAddr> = SERVICES
            .iter()
            .flat_map(|(_, _, list)| list.iter().map(|one| one.parse().unwrap()))
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
