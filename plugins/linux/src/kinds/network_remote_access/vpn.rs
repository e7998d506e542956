//! WireGuard and OpenVPN as their files set them up. Private keys, shared keys and inline blocks are passed over.

use exhibit_plugin::kinds::network_remote_access::Way;

use super::{count, stem, way};
use crate::{glob, look::Look, services};

pub(super) fn wireguard(look: &mut Look<'_>) -> Vec<Way> {
    let mut found = Vec::new();
    for file in glob::matching(look, "/etc/wireguard/*.conf") {
        let unit = format!("wg-quick@{}.service", stem(&file));
        let mut one = way("vpn", "wireguard", stem(&file), &file);
        one.enabled = Some(services::is_wanted(&look.host, &unit));
        fill(look, &file, &mut one);
        found.push(one);
    }
    for file in glob::matching(look, "/etc/systemd/network/*.netdev") {
        let Some(text) = look.text(&file).here() else { continue };
        let is_one = pairs(&text).any(|(_, key, value)| key == "kind" && value == "wireguard");
        if is_one {
            let name = pairs(&text).find(|(section, key, _)| section == "netdev" && key == "name");
            let name = name.map_or_else(|| stem(&file).to_owned(), |(.., value)| value);
            let mut one = way("vpn", "wireguard", &name, &file);
            one.enabled = Some(services::is_wanted(&look.host, "systemd-networkd.service"));
            fill(look, &file, &mut one);
            found.push(one);
        }
    }
    found
}

fn fill(look: &mut Look<'_>, file: &str, one: &mut Way) {
    if look.host.is_live() {
        let name = one.id.split_once(':').map_or("", |(_, name)| name);
        one.active = Some(look.host.exists(&format!("/sys/class/net/{name}")));
    }
    let Some(text) = look.text(file).here() else { return };
    let sections = text.lines().map(|line| line.trim().to_ascii_lowercase());
    let peers = sections.filter(|line| line == "[peer]" || line == "[wireguardpeer]").count();
    let (mut allowed, mut shared) = (Vec::new(), 0_u32);
    for (_, key, value) in pairs(&text) {
        match key.as_str() {
            "allowedips" => allowed.extend(value.split(',').map(|net| net.trim().to_owned())),
            "presharedkey" | "presharedkeyfile" => shared += 1,
            "listenport" => drop(one.settings.insert("listen_port".to_owned(), value)),
            "address" => drop(one.settings.insert("address".to_owned(), value)),
            _ => {}
        }
    }
    one.peers = count(peers);
    let listens = one.settings.contains_key("listen_port");
    one.role = if listens { "server" } else { "peer" }.to_owned();
    allowed.sort();
    one.settings.insert("allowed_ips".to_owned(), allowed.join(" "));
    one.settings.insert("preshared_keys".to_owned(), shared.to_string());
}

/// Section, key and value of each line, the first two in lower case.
fn pairs(text: &str) -> impl Iterator<Item = (String, String, String)> {
    let mut section = String::new();
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_ascii_lowercase();
            return None;
        }
        let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
        Some((section.clone(), key.trim().to_ascii_lowercase(), value.trim().to_owned()))
    })
}

/// Options of OpenVPN whose values are told.
const TOLD: [&str; 16] = [
    "auth",
    "cipher",
    "client-to-client",
    "data-ciphers",
    "dev",
    "duplicate-cn",
    "ncp-ciphers",
    "port",
    "proto",
    "remote-cert-tls",
    "server",
    "server-ipv6",
    "tls-version-min",
    "tls-cipher",
    "verify-client-cert",
    "user",
];
/// Options of which only the presence is told.
const PRESENT: [&str; 10] = [
    "auth-user-pass",
    "auth-user-pass-verify",
    "client-cert-not-required",
    "crl-verify",
    "management",
    "pkcs12",
    "secret",
    "tls-auth",
    "tls-crypt",
    "tls-crypt-v2",
];

pub(super) fn openvpn(look: &mut Look<'_>) -> Vec<Way> {
    let places = [
        ("/etc/openvpn", "", "openvpn@"),
        ("/etc/openvpn/server", "server/", "openvpn-server@"),
        ("/etc/openvpn/client", "client/", "openvpn-client@"),
    ];
    let mut found = Vec::new();
    for (folder, prefix, unit) in places {
        for file in glob::matching(look, &format!("{folder}/*.conf")) {
            let name = stem(&file).to_owned();
            let mut one = way("vpn", "openvpn", &format!("{prefix}{name}"), &file);
            let unit = format!("{unit}{name}.service");
            one.enabled = Some(services::is_wanted(&look.host, &unit));
            if let Some(text) = look.text(&file).here() {
                options(&text, &mut one);
            }
            found.push(one);
        }
    }
    found
}

fn options(text: &str, one: &mut Way) {
    let (mut inside, mut remotes) = (None::<String>, 0);
    for line in text.lines() {
        let line = line.trim();
        if let Some(tag) = line.strip_prefix('<') {
            // A block such as <key> holds the file itself.
            let ends = tag.starts_with('/');
            let name = tag.trim_start_matches('/').trim_end_matches('>');
            if !ends && PRESENT.contains(&name) {
                one.settings.insert(name.to_owned(), "set".to_owned());
            }
            inside = (!ends).then(|| name.to_owned());
            continue;
        }
        if inside.is_some() || line.starts_with(['#', ';']) {
            continue;
        }
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        match key {
            "client" | "tls-client" => one.role = "client".to_owned(),
            "server" | "server-ipv6" | "tls-server" | "server-bridge" => {
                one.role = "server".to_owned()
            }
            "remote" => remotes += 1,
            _ => {}
        }
        if TOLD.contains(&key) {
            let value = if value.is_empty() { "set" } else { value };
            one.settings.insert(key.to_owned(), value.to_owned());
        } else if PRESENT.contains(&key) {
            one.settings.insert(key.to_owned(), "set".to_owned());
        } else if key == "plugin" {
            let path = value.split_whitespace().next().unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or(path);
            one.settings.insert(key.to_owned(), name.trim_matches('"').to_owned());
        }
    }
    one.peers = (one.role == "client").then(|| count(remotes)).flatten();
}
