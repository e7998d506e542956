//! Package sources of every package manager that is there, as their files say. It asks no repository and no manager.

mod ini;
mod pacman;

use exhibit_plugin::kinds::{
    software_install_control::{Manager, Source},
    software_inventory::Repository,
};

use crate::{
    debian::{
        apt_conf::AptConf,
        sources::{self, Listed},
    },
    look::{Found, Look},
    url,
};

pub(crate) use pacman::pacman_order;

/// What the managers of the host are set to.
#[derive(Debug, Default)]
pub(crate) struct Repositories {
    pub(crate) sources: Vec<Source>,
    pub(crate) managers: Vec<Manager>,
    /// Sources of apt with suite and components.
    listed: Vec<Listed>,
    /// Whether every file was readable.
    pub(crate) whole: bool,
}

/// Reads all of them.
pub(crate) fn read(look: &mut Look<'_>) -> Repositories {
    let mut found = Repositories { whole: true, ..Repositories::default() };
    apt(look, &mut found);
    ini::read(look, &mut found);
    apk(look, &mut found);
    pacman::read(look, &mut found);
    snap(look, &mut found);
    found
}

/// The same as the inventory of software lists them; none when a file of them is not readable.
pub(crate) fn of_inventory(look: &mut Look<'_>) -> Option<Vec<Repository>> {
    let found = read(look);
    if !found.whole {
        return None;
    }
    let required = |manager: &str| {
        let manager = found.managers.iter().find(|one| one.name == manager);
        manager.and_then(|one| one.signature_required)
    };
    let others = found.sources.iter().filter(|source| source.manager != "apt");
    let others = others.map(|source| Repository {
        id: source.id.clone(),
        url: source.url.clone().unwrap_or_default(),
        suite: None,
        components: Vec::new(),
        encrypted_transport: source.encrypted_transport,
        // What nobody demands is not checked.
        signature_checked: source
            .signature_checked
            .or_else(|| required(&source.manager))
            .unwrap_or(false),
        source: source.source.clone(),
    });
    Some(found.listed.iter().map(|listed| listed.repository.clone()).chain(others).collect())
}

/// Sources of apt alone; none when a file of them is not readable.
pub(crate) fn of_apt(look: &mut Look<'_>) -> Option<Vec<Repository>> {
    let mut found = Repositories { whole: true, ..Repositories::default() };
    listed_by_apt(look, &mut found);
    found.whole.then(|| found.listed.into_iter().map(|listed| listed.repository).collect())
}

impl Repositories {
    /// Text of a file that is there and readable.
    fn text(&mut self, look: &mut Look<'_>, path: &str) -> Option<String> {
        match look.text(path) {
            Found::Here(text) => Some(text),
            Found::Missing => None,
            Found::Unreadable => {
                self.whole = false;
                None
            }
        }
    }

    fn names(&mut self, look: &mut Look<'_>, path: &str) -> Vec<String> {
        match look.names(path) {
            Found::Here(names) => names,
            Found::Missing => Vec::new(),
            Found::Unreadable => {
                self.whole = false;
                Vec::new()
            }
        }
    }
}

fn manager(name: &str, signature_required: Option<bool>) -> Manager {
    Manager {
        name: name.to_owned(),
        signature_required,
        weakened_by: Vec::new(),
        unsigned: Vec::new(),
    }
}

/// Settings of apt that let unsigned software in.
const WEAKENING: [&str; 4] = [
    "APT::Get::AllowUnauthenticated",
    "Acquire::AllowInsecureRepositories",
    "Acquire::AllowWeakRepositories",
    "Acquire::AllowDowngradeToInsecureRepositories",
];

fn apt(look: &mut Look<'_>, found: &mut Repositories) {
    if !look.host.exists("/var/lib/dpkg/status") && !look.host.exists("/etc/apt") {
        return;
    }
    listed_by_apt(look, found);
    let sources = found.listed.iter().map(|listed| Source {
        manager: "apt".to_owned(),
        id: listed.repository.id.clone(),
        url: Some(listed.repository.url.clone()),
        encrypted_transport: listed.repository.encrypted_transport,
        signature_checked: Some(listed.repository.signature_checked),
        key: listed.key.clone(),
        source: listed.repository.source.clone(),
    });
    found.sources.extend(sources);
    let apt = settings_of_apt(look, found);
    found.managers.push(apt);
}

fn listed_by_apt(look: &mut Look<'_>, found: &mut Repositories) {
    if let Some(text) = found.text(look, "/etc/apt/sources.list") {
        found.listed.extend(sources::one_line(&text, "/etc/apt/sources.list"));
    }
    for name in found.names(look, "/etc/apt/sources.list.d") {
        let path = format!("/etc/apt/sources.list.d/{name}");
        let parse = match name.rsplit_once('.') {
            Some((_, "list")) => sources::one_line,
            Some((_, "sources")) => sources::deb822,
            // apt ignores every other name.
            _ => continue,
        };
        if let Some(text) = found.text(look, &path) {
            found.listed.extend(parse(&text, &path));
        }
    }
}

fn settings_of_apt(look: &mut Look<'_>, found: &mut Repositories) -> Manager {
    let mut apt = manager("apt", Some(true));
    let mut files = vec!["/etc/apt/apt.conf".to_owned()];
    let parts = found.names(look, "/etc/apt/apt.conf.d");
    files.extend(parts.into_iter().map(|name| format!("/etc/apt/apt.conf.d/{name}")));
    for path in files {
        let Some(text) = found.text(look, &path) else { continue };
        let mut conf = AptConf::default();
        conf.add(&text);
        for setting in WEAKENING {
            if let Some(value) = conf.value(setting).filter(|value| is_on(value)) {
                apt.weakened_by.push(format!("{setting}={value} ({path})"));
            }
        }
    }
    if !apt.weakened_by.is_empty() {
        apt.signature_required = Some(false);
    }
    apt
}

/// Whether a setting is on in the words of apt, dnf and zypper.
fn is_on(value: &str) -> bool {
    ["1", "true", "yes", "on", "with", "enable"].contains(&value.to_ascii_lowercase().as_str())
}

/// apk takes nothing without a signature unless a person asks it to on its command line.
fn apk(look: &mut Look<'_>, found: &mut Repositories) {
    let mut files = vec!["/etc/apk/repositories".to_owned()];
    let parts = found.names(look, "/etc/apk/repositories.d");
    let parts = parts.into_iter().filter(|name| name.ends_with(".list"));
    files.extend(parts.map(|name| format!("/etc/apk/repositories.d/{name}")));
    let mut there = false;
    for path in files {
        let Some(text) = found.text(look, &path) else { continue };
        there = true;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let line = match line.strip_prefix('@') {
                Some(tagged) => tagged.split_once(' ').map_or("", |(_, url)| url.trim()),
                None => line,
            };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let url = url::shown(line);
            found.sources.push(Source {
                manager: "apk".to_owned(),
                id: url.clone(),
                // A path without a scheme is a directory of this host.
                encrypted_transport: if url.starts_with('/') {
                    Some(true)
                } else {
                    sources::transport(&url)
                },
                url: Some(url),
                signature_checked: Some(true),
                key: Some("/etc/apk/keys".to_owned()),
                source: format!("{path}:{number}"),
            });
        }
    }
    if there {
        found.managers.push(manager("apk", Some(true)));
    }
}

/// Snaps come from one store; those that came from a file carry a revision such as `x1` and no signature.
fn snap(look: &mut Look<'_>, found: &mut Repositories) {
    let names = found.names(look, "/var/lib/snapd/snaps");
    if names.is_empty() {
        return;
    }
    let mut snap = manager("snap", Some(true));
    snap.unsigned = names
        .iter()
        .filter_map(|name| name.strip_suffix(".snap")?.rsplit_once('_'))
        .filter(|(_, revision)| revision.starts_with('x'))
        .map(|(name, _)| name.to_owned())
        .collect();
    snap.unsigned.dedup();
    found.managers.push(snap);
}

#[cfg(test)]
mod tests;
