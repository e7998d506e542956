//! Engines as their settings describe them. It asks no engine.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::software_containers::ContainerEngine;
use serde_json::Value;

use super::facts::{list, text, texts};
use crate::{
    accounts::Tables,
    glob,
    look::{Found, Look},
    services, url,
};

const DAEMON: &str = "/etc/docker/daemon.json";

pub(super) fn engine(id: &str, seen_by: &str, source: &str) -> ContainerEngine {
    let complete = seen_by != "nothing";
    ContainerEngine {
        id: id.to_owned(),
        name: id.split('@').next().unwrap_or(id).to_owned(),
        version: None,
        active: None,
        seen_by: seen_by.to_owned(),
        images_complete: complete,
        containers_complete: complete,
        settings: BTreeMap::new(),
        source: source.to_owned(),
    }
}

/// Whether the service of an engine runs; none when it is not installed or that cannot be seen.
pub(super) fn active(look: &mut Look<'_>, unit: &str, process: &str) -> Option<bool> {
    services::find(look, unit, process).and_then(|service| service.active)
}

/// The daemon's own settings file; null when there is none.
pub(super) fn docker_daemon(look: &mut Look<'_>) -> Value {
    json(look, DAEMON).unwrap_or(Value::Null)
}

/// What Docker's settings say that bears on security.
pub(super) fn docker_settings(look: &mut Look<'_>, daemon: &Value) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for key in [
        "authorization-plugins",
        "experimental",
        "icc",
        "iptables",
        "live-restore",
        "log-driver",
        "no-new-privileges",
        "selinux-enabled",
        "tls",
        "tlsverify",
        "userns-remap",
    ] {
        let value = match &daemon[key] {
            Value::Bool(flag) => Some(flag.to_string()),
            Value::String(_) => text(&daemon[key]),
            Value::Array(_) => Some(texts(&daemon[key]).join(" ")),
            Value::Null | Value::Number(_) | Value::Object(_) => None,
        };
        settings.extend(value.map(|value| (key.to_owned(), value)));
    }
    let insecure = list(&daemon["insecure-registries"]).len();
    if insecure > 0 {
        settings.insert("insecure-registries".to_owned(), insecure.to_string());
    }
    let mut hosts: Vec<String> =
        texts(&daemon["hosts"]).into_iter().filter(|host| host.starts_with("tcp:")).collect();
    hosts.extend(unit_hosts(look));
    hosts.iter_mut().for_each(|host| *host = url::shown(host));
    hosts.sort();
    hosts.dedup();
    if !hosts.is_empty() {
        settings.insert("hosts".to_owned(), hosts.join(" "));
    }
    settings
}

/// Addresses of the network that the unit of Docker makes it listen on.
fn unit_hosts(look: &mut Look<'_>) -> Vec<String> {
    let mut files = glob::matching(look, "/etc/systemd/system/docker.service.d/*.conf");
    files.extend(
        ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
            .map(|folder| format!("{folder}/docker.service")),
    );
    let mut hosts = Vec::new();
    for file in files {
        let Found::Here(content) = look.text(&file) else { continue };
        for line in content.lines().filter(|line| line.trim_start().starts_with("ExecStart")) {
            for word in line.split(|one: char| one.is_whitespace() || one == '=') {
                let word = word.strip_prefix("-H").unwrap_or(word);
                if word.starts_with("tcp://") {
                    hosts.push(word.to_owned());
                }
                if word == "--tlsverify" {
                    hosts.push("--tlsverify".to_owned());
                }
            }
        }
    }
    hosts
}

/// What the settings of Podman and CRI-O say of images that they take.
pub(super) fn containers_settings(look: &mut Look<'_>) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if let Some(policy) = json(look, "/etc/containers/policy.json") {
        let kinds = list(&policy["default"]).iter().filter_map(|one| text(&one["type"]));
        settings.insert("signature_policy".to_owned(), kinds.collect::<Vec<_>>().join(" "));
    }
    let mut files = vec!["/etc/containers/registries.conf".to_owned()];
    files.extend(glob::matching(look, "/etc/containers/registries.conf.d/*.conf"));
    let mut insecure = 0;
    for file in files {
        let Found::Here(content) = look.text(&file) else { continue };
        let said = |line: &&str| {
            let mut words = line.split('#').next().unwrap_or_default().split('=').map(str::trim);
            words.next() == Some("insecure") && words.next() == Some("true")
        };
        insecure += content.lines().filter(said).count();
    }
    if insecure > 0 {
        settings.insert("insecure-registries".to_owned(), insecure.to_string());
    }
    settings
}

/// Who may open a socket, which is as good as root for an engine that runs as root.
pub(super) fn socket(look: &mut Look<'_>, path: &str, settings: &mut BTreeMap<String, String>) {
    let Ok(Some(facts)) = look.host.facts(path) else { return };
    let groups = Tables::read(look).groups;
    let group = groups.into_iter().find(|group| group.gid == facts.gid).map(|group| group.name);
    settings.insert("socket".to_owned(), path.to_owned());
    settings.insert("socket_mode".to_owned(), format!("{:03o}", facts.mode & 0o777));
    let group = group.unwrap_or_else(|| facts.gid.to_string());
    settings.insert("socket_group".to_owned(), group);
}

/// One of many files of JSON; `pattern` stands for all of them where the document says how it was obtained.
pub(super) fn json_of_many(look: &mut Look<'_>, file: &str, pattern: &str) -> Option<Value> {
    match look.host.bytes(file) {
        Ok(bytes) => {
            look.seen.method(pattern);
            read(look, file, &bytes?)
        }
        // Says why.
        Err(_) => json(look, file),
    }
}

/// A file of JSON; none when it is missing, unreadable or something else, which an outcome then says.
pub(super) fn json(look: &mut Look<'_>, file: &str) -> Option<Value> {
    let bytes = look.bytes(file).here()?;
    read(look, file, &bytes)
}

fn read(look: &mut Look<'_>, file: &str, bytes: &[u8]) -> Option<Value> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            look.garbled(file, &format!("it is not JSON: {error}"));
            None
        }
    }
}
