//! Sources of pacman (pacman.conf(5)): repositories, their servers and the level of signatures. It follows includes.

use exhibit_plugin::kinds::software_install_control::Source;

use super::{Repositories, ini, manager};
use crate::{debian::sources, glob, look::Look, url};

const CONF: &str = "/etc/pacman.conf";

pub(super) fn read(look: &mut Look<'_>, found: &mut Repositories) {
    let Some(text) = found.text(look, CONF) else { return };
    let mut pacman = manager("pacman", Some(true));
    for section in ini::sections(&text) {
        let levels: Vec<&str> = section.all("SigLevel").flat_map(str::split_whitespace).collect();
        let required = required(&levels);
        for level in levels.iter().filter(|level| is_weak(level)) {
            pacman.weakened_by.push(format!("SigLevel={level} ({CONF}, [{}])", section.name));
        }
        if section.name == "options" {
            pacman.signature_required = required.or(Some(true));
            continue;
        }
        let mut servers: Vec<String> = section.all("Server").map(str::to_owned).collect();
        let includes: Vec<String> = section.all("Include").map(str::to_owned).collect();
        let files: Vec<String> =
            includes.iter().flat_map(|pattern| glob::matching(look, pattern)).collect();
        for file in files {
            let Some(text) = found.text(look, &file) else { continue };
            servers.extend(text.lines().filter_map(|line| {
                let (key, value) = line.trim().split_once('=')?;
                (key.trim() == "Server").then(|| value.trim().to_owned())
            }));
        }
        // A list of a hundred mirrors is one choice: those that protect the way, and those that do not.
        let mut seen = Vec::new();
        for url in servers.iter().map(|url| url::shown(url)) {
            let encrypted = sources::transport(&url);
            if seen.contains(&encrypted) {
                continue;
            }
            seen.push(encrypted);
            found.sources.push(Source {
                manager: "pacman".to_owned(),
                id: format!("{} {url}", section.name),
                url: Some(url),
                encrypted_transport: encrypted,
                signature_checked: required,
                key: None,
                source: format!("{CONF}:{}", section.line),
            });
        }
    }
    found.managers.push(pacman);
}

/// Names of the repositories, in the order in which pacman asks them.
pub(crate) fn pacman_order(look: &mut Look<'_>) -> Vec<String> {
    let text = look.text(CONF).here().unwrap_or_default();
    let sections = ini::sections(&text).into_iter().map(|section| section.name.to_owned());
    sections.filter(|name| name != "options" && !name.contains('/')).collect()
}

fn is_weak(level: &str) -> bool {
    ["Never", "Optional", "PackageNever", "PackageOptional", "TrustAll", "PackageTrustAll"]
        .contains(&level)
}

/// Whether packages must be signed; none when the words do not speak of it.
fn required(levels: &[&str]) -> Option<bool> {
    levels.iter().rev().find_map(|level| match *level {
        "Never" | "Optional" | "PackageNever" | "PackageOptional" => Some(false),
        "Required" | "PackageRequired" => Some(true),
        _ => None,
    })
}
