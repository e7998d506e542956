//! Connections of strongSwan and Libreswan. Files of secrets are not opened, and sections of secrets are passed over.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::network_remote_access::Way;

use super::way;
use crate::{glob, look::Look, services};

/// Keys of `ipsec.conf` that are told.
const CONN: [&str; 14] = [
    "also",
    "auth",
    "authby",
    "auto",
    "dpdaction",
    "esp",
    "ike",
    "ikev2",
    "keyexchange",
    "leftauth",
    "leftsubnet",
    "rightauth",
    "rightsubnet",
    "type",
];
/// Keys of `swanctl.conf` that are told.
const SWAN: [&str; 7] =
    ["auth", "esp_proposals", "local_ts", "proposals", "remote_ts", "start_action", "version"];
/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 16;

pub(super) fn all(look: &mut Look<'_>) -> Vec<Way> {
    let mut found = Vec::new();
    let mut files = vec!["/etc/ipsec.conf".to_owned()];
    files.extend(glob::matching(look, "/etc/ipsec.d/*.conf"));
    let mut defaults = BTreeMap::new();
    for file in files {
        if let Some(text) = look.text(&file).here() {
            found.extend(connections(&text, &file, &mut defaults));
        }
    }
    let mut files = vec!["/etc/swanctl/swanctl.conf".to_owned()];
    files.extend(glob::matching(look, "/etc/swanctl/conf.d/*.conf"));
    for file in files {
        if let Some(text) = look.text(&file).here() {
            found.extend(swan(&text).into_iter().map(|(name, settings)| Way {
                settings,
                role: "peer".to_owned(),
                ..way("vpn", "ipsec", &name, &file)
            }));
        }
    }
    if found.is_empty() {
        return found;
    }
    let known = [
        ("strongswan.service", "charon-systemd"),
        ("strongswan-starter.service", "charon"),
        ("ipsec.service", "pluto"),
    ];
    let installed = known.into_iter().find(|(unit, _)| services::is_installed(&look.host, unit));
    let service = installed.and_then(|(unit, process)| services::find(look, unit, process));
    for one in &mut found {
        one.enabled = service.and_then(|service| service.enabled);
        one.active = service.and_then(|service| service.active);
    }
    found
}

fn connections(text: &str, file: &str, defaults: &mut BTreeMap<String, String>) -> Vec<Way> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if !line.starts_with(char::is_whitespace) {
            section = words.join(" ");
            if let ["conn", name] = words.as_slice()
                && *name != "%default"
            {
                found.push(((*name).to_owned(), BTreeMap::new()));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if !CONN.contains(&key) {
            continue;
        }
        if section == "conn %default" {
            defaults.insert(key.to_owned(), value.to_owned());
        } else if section.starts_with("conn ")
            && let Some((_, settings)) = found.last_mut()
        {
            settings.insert(key.to_owned(), value.to_owned());
        }
    }
    let complete = |(name, mut settings): (String, BTreeMap<String, String>)| {
        for (key, value) in defaults.iter() {
            settings.entry(key.clone()).or_insert_with(|| value.clone());
        }
        Way { settings, role: "peer".to_owned(), ..way("vpn", "ipsec", &name, file) }
    };
    found.into_iter().map(complete).collect()
}

/// Name and settings of each connection; settings of inner sections carry the section's name.
fn swan(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_suffix('{') {
            open.push(name.trim().to_owned());
            if let [top, name] = open.as_slice()
                && top == "connections"
            {
                found.push((name.clone(), BTreeMap::new()));
            }
            if open.len() > MAX_DEPTH {
                return found;
            }
        } else if line == "}" {
            open.pop();
        } else if let Some((key, value)) = line.split_once('=')
            && open.first().is_some_and(|top| top == "connections")
            && SWAN.contains(&key.trim())
            && let Some((_, settings)) = found.last_mut()
        {
            let inner = open.get(2..).unwrap_or_default().join(".");
            let key = key.trim();
            let key = if inner.is_empty() { key.to_owned() } else { format!("{inner}.{key}") };
            settings.insert(key, value.trim().to_owned());
        }
    }
    found
}
