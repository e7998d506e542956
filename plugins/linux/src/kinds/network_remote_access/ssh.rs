//! What the SSH server lets pass beyond a shell, for whom it differs, and through which hosts the clients here jump.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::kinds::network_remote_access::Way;

use super::way;
use crate::{glob, kinds::identity_sign_in_policy::sshd, look::Look, services};

/// Keywords that are told with their values.
const TOLD: [&str; 16] = [
    "allowagentforwarding",
    "allowgroups",
    "allowstreamlocalforwarding",
    "allowtcpforwarding",
    "authenticationmethods",
    "denygroups",
    "gatewayports",
    "listenaddress",
    "passwordauthentication",
    "permitlisten",
    "permitopen",
    "permitrootlogin",
    "permittunnel",
    "port",
    "pubkeyauthentication",
    "x11forwarding",
];
/// Keywords of which only the presence is told: they may name persons or hold a command.
const PRESENT: [&str; 4] = ["allowusers", "chrootdirectory", "denyusers", "forcecommand"];

pub(super) fn all(look: &mut Look<'_>) -> Vec<Way> {
    let mut found = Vec::new();
    if let Some(ssh) = sshd::configured(look) {
        let unit = ["ssh.service", "sshd.service"]
            .into_iter()
            .find(|unit| services::is_installed(&look.host, unit));
        let service = unit.and_then(|unit| services::find(look, unit, "sshd"));
        let server = |name: &str, source: &str, settings: &BTreeMap<String, String>| Way {
            role: "server".to_owned(),
            enabled: service.and_then(|service| service.enabled),
            active: service.and_then(|service| service.active),
            settings: told(settings),
            technology: "openssh".to_owned(),
            ..way("shell", "ssh", name, source)
        };
        found.push(server("", "/etc/ssh/sshd_config", &ssh.settings));
        let mut ids = BTreeSet::new();
        for block in &ssh.matches {
            let name = format!("Match {}", criteria(&block.criteria));
            // Two blocks may have one condition; both are told.
            let name =
                if ids.insert(name.clone()) { name } else { format!("{name} ({})", block.source) };
            found.push(server(&name, &block.source, &block.settings));
        }
    }
    let mut files = vec!["/etc/ssh/ssh_config".to_owned()];
    files.extend(glob::matching(look, "/etc/ssh/ssh_config.d/*.conf"));
    for file in files {
        if let Some(text) = look.text(&file).here() {
            found.extend(jumps(&text, &file));
        }
    }
    found
}

fn told(settings: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (key, value) in settings {
        if TOLD.contains(&key.as_str()) {
            kept.insert(key.clone(), value.clone());
        } else if PRESENT.contains(&key.as_str()) {
            let value = if value == "none" { "none" } else { "set" };
            kept.insert(key.clone(), value.to_owned());
        }
    }
    kept
}

/// A condition without names of persons: `User a,b` becomes `User (2)`.
fn criteria(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        kept.push(word.to_owned());
        if word.eq_ignore_ascii_case("user")
            && let Some(users) = words.next()
        {
            kept.push(format!("({})", users.split(',').count()));
        }
    }
    kept.join(" ")
}

/// Host blocks with a jump.
fn jumps(text: &str, file: &str) -> Vec<Way> {
    let mut found: Vec<Way> = Vec::new();
    let mut block = "*".to_owned();
    for line in text.lines() {
        let line = line.trim().replacen('=', " ", 1);
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let (key, value) = (key.to_ascii_lowercase(), value.trim());
        match key.as_str() {
            "host" | "match" => block = value.to_owned(),
            "proxyjump" | "proxycommand" if value != "none" => {
                let id = format!("jump:{block}");
                let known = found.iter().position(|one| one.id == id);
                let at = known.unwrap_or_else(|| {
                    let way = way("bastion", "jump", &block, file);
                    found.push(Way {
                        technology: "openssh".to_owned(),
                        role: "client".to_owned(),
                        ..way
                    });
                    found.len() - 1
                });
                let value = if key == "proxyjump" { hosts(value) } else { "set".to_owned() };
                if let Some(one) = found.get_mut(at) {
                    one.settings.entry(key).or_insert(value);
                }
            }
            _ => {}
        }
    }
    found
}

/// Jump hosts without the names of those who sign in there.
fn hosts(value: &str) -> String {
    let hosts = value.split(',').map(|one| one.rsplit('@').next().unwrap_or(one).trim());
    hosts.collect::<Vec<_>>().join(",")
}
