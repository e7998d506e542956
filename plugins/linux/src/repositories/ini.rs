//! Sources in the shape of INI files: dnf, yum, zypper and flatpak. It resolves no variable such as `$releasever`.

use exhibit_plugin::kinds::software_install_control::Source;

use super::{Repositories, is_on, manager};
use crate::{debian::sources, look::Look, url};

/// One section of a file: its line, its name, its settings in order.
pub(super) struct Section<'a> {
    pub(super) line: usize,
    pub(super) name: &'a str,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> Section<'a> {
    /// The last value of a setting.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let mut values = self.values.iter().rev();
        values.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| *value)
    }

    /// Every value of a setting.
    pub(super) fn all<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'a str> + 's {
        let fits = move |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(key);
        self.values.iter().filter(fits).map(|(_, value)| *value)
    }
}

/// Splits a file into its sections.
pub(super) fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            found.push(Section { line: number, name, values: Vec::new() });
        } else if let Some(section) = found.last_mut() {
            let (name, value) = trimmed.split_once('=').unwrap_or((trimmed, ""));
            section.values.push((name.trim(), value.trim()));
        }
    }
    found
}

pub(super) fn read(look: &mut Look<'_>, found: &mut Repositories) {
    let dnf = ["/etc/dnf/dnf.conf", "/etc/yum.conf"];
    rpm_like(look, found, "dnf", &dnf, &["/etc/yum.repos.d", "/etc/distro.repos.d"]);
    rpm_like(look, found, "zypper", &["/etc/zypp/zypp.conf"], &["/etc/zypp/repos.d"]);
    flatpak(look, found);
}

fn rpm_like(
    look: &mut Look<'_>,
    found: &mut Repositories,
    name: &str,
    main: &[&str],
    folders: &[&str],
) {
    // zypper demands signatures unless told otherwise; dnf's default differs between its builds.
    let mut one = manager(name, (name == "zypper").then_some(true));
    let mut there = false;
    for path in main {
        let Some(text) = found.text(look, path) else { continue };
        there = true;
        for section in sections(&text).iter().filter(|section| section.name == "main") {
            for key in ["gpgcheck", "pkg_gpgcheck", "localpkg_gpgcheck", "sslverify"] {
                let Some(value) = section.get(key) else { continue };
                if matches!(key, "gpgcheck" | "pkg_gpgcheck") {
                    one.signature_required = Some(is_on(value));
                }
                // "default" of zypper is not off.
                if ["0", "no", "false", "off"].contains(&value.to_ascii_lowercase().as_str()) {
                    one.weakened_by.push(format!("{key}={value} ({path})"));
                }
            }
        }
        break;
    }
    for folder in folders {
        for file in found.names(look, folder) {
            if !file.ends_with(".repo") {
                continue;
            }
            there = true;
            let path = format!("{folder}/{file}");
            let Some(text) = found.text(look, &path) else { continue };
            found.sources.extend(sections(&text).iter().filter_map(|s| source(s, name, &path)));
        }
    }
    if there {
        found.managers.push(one);
    }
}

/// A source that is switched on.
fn source(section: &Section<'_>, manager: &str, path: &str) -> Option<Source> {
    if section.name == "main" || !section.get("enabled").is_none_or(is_on) {
        return None;
    }
    let address = ["baseurl", "mirrorlist", "metalink"].iter().find_map(|key| section.get(key));
    let url = address
        .and_then(|list| list.split([' ', ',']).next())
        .filter(|url| !url.is_empty())
        .map(url::shown);
    let unverified = section.get("sslverify").is_some_and(|value| !is_on(value));
    Some(Source {
        manager: manager.to_owned(),
        id: section.name.to_owned(),
        encrypted_transport: match url.as_deref().and_then(sources::transport) {
            Some(true) if unverified => Some(false),
            other => other,
        },
        url,
        signature_checked: section.get("gpgcheck").or(section.get("pkg_gpgcheck")).map(is_on),
        key: section.get("gpgkey").filter(|key| !key.is_empty()).map(url::shown),
        source: format!("{path}:{}", section.line),
    })
}

/// Remotes of the system's flatpak installation; those of a person's own lie in the home directory and are not read.
fn flatpak(look: &mut Look<'_>, found: &mut Repositories) {
    let path = "/var/lib/flatpak/repo/config";
    let Some(text) = found.text(look, path) else { return };
    for section in sections(&text) {
        let Some(name) = section.name.strip_prefix("remote \"") else { continue };
        let url = section.get("url").map(url::shown);
        found.sources.push(Source {
            manager: "flatpak".to_owned(),
            id: name.trim_end_matches('"').to_owned(),
            encrypted_transport: url.as_deref().and_then(sources::transport),
            url,
            signature_checked: Some(section.get("gpg-verify").is_none_or(is_on)),
            key: None,
            source: format!("{path}:{}", section.line),
        });
    }
    found.managers.push(manager("flatpak", Some(true)));
}
