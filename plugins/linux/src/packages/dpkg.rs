//! Packages of dpkg, with the licences that their copyright files declare (DEP-5). It reads no licence text.

use std::collections::BTreeSet;

use exhibit_plugin::kinds::software_inventory::PackageState;
use jiff::Timestamp;

use super::{Installed, Packages};
use crate::{
    debian::{self, Database, State},
    host::Host,
    look::{Found, Look},
};

/// The declarations stand at the start; long files are long for their licence texts.
const MAX_COPYRIGHT: u64 = 256 * 1024;
const MAX_LICENCES: usize = 24;
const INFO: &str = "/var/lib/dpkg/info";

pub(super) fn read(look: &mut Look<'_>, with_licences: bool, packages: &mut Packages) -> bool {
    let Found::Here(text) = look.filled(debian::STATUS) else { return false };
    let database = Database::parse(&text);
    drop(text);
    faults(look, &database);
    packages.faults += database.faults.len();
    let automatic = look
        .text("/var/lib/apt/extended_states")
        .here()
        .map(|text| debian::Automatic::parse(&text));
    if with_licences {
        look.seen.method("/usr/share/doc/*/copyright");
    }
    look.seen.method(format!("{INFO}/*.list (times)"));
    packages.list.extend(database.present().map(|package| Installed {
        manager: "dpkg",
        name: package.name.clone(),
        architecture: Some(package.architecture.clone()).filter(|text| !text.is_empty()),
        version: package.version.clone(),
        source: Some(package.source.clone()),
        source_version: Some(package.source_version.clone()),
        state: match package.state {
            State::Installed => PackageState::Installed,
            State::Broken | State::Gone => PackageState::Broken,
        },
        held: package.held,
        chosen: automatic.as_ref().map(|list| !list.contains(package)),
        licences: if with_licences { licences(&look.host, &package.name) } else { None },
        origin: None,
        installed_at: installed_at(&look.host, package),
    }));
    true
}

/// dpkg writes the list of a package's files anew with each version.
fn installed_at(host: &Host, package: &debian::Package) -> Option<Timestamp> {
    let name = package.name.replace('/', "");
    let qualified = format!("{INFO}/{name}:{}.list", package.architecture);
    let facts = |path: &str| host.facts(path).ok().flatten();
    let facts = facts(&format!("{INFO}/{name}.list")).or_else(|| facts(&qualified))?;
    facts.modified.and_then(|at| Timestamp::from_second(at.as_second()).ok())
}

/// Turns paragraphs that are not understood into outcomes.
pub(crate) fn faults(look: &mut Look<'_>, database: &Database) {
    for fault in database.faults.iter().take(10) {
        look.garbled(debian::STATUS, fault);
    }
    if database.faults.len() > 10 {
        let more = format!("{} more paragraphs are not understood", database.faults.len() - 10);
        look.garbled(debian::STATUS, &more);
    }
}

fn licences(host: &Host, name: &str) -> Option<Vec<String>> {
    // A name with a slash would lead elsewhere; dpkg allows none.
    let path = format!("/usr/share/doc/{}/copyright", name.replace('/', ""));
    let bytes = host.head(&path, MAX_COPYRIGHT).ok().flatten()?;
    declared(&String::from_utf8_lossy(&bytes))
}

/// Short names of the licences that a copyright file declares; for a file in free form those whose common text it names.
pub(super) fn declared(text: &str) -> Option<Vec<String>> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let machine_readable = text
        .lines()
        .take(5)
        .any(|line| line.starts_with("Format:") || line.starts_with("Format-Specification:"));
    if machine_readable {
        let names = text.lines().filter_map(|line| line.strip_prefix("License:")).map(str::trim);
        found.extend(
            names.filter(|name| name.len() <= 80).filter(|n| !n.is_empty()).map(Into::into),
        );
    } else {
        for part in text.split("/usr/share/common-licenses/").skip(1) {
            let end = part
                .find(|c: char| !(c.is_ascii_alphanumeric() || "-.+".contains(c)))
                .unwrap_or(part.len());
            let name = part.get(..end).unwrap_or_default().trim_end_matches(['.', '-']);
            if !name.is_empty() && name.len() <= 40 {
                found.insert(name.to_owned());
            }
        }
    }
    (!found.is_empty()).then(|| found.into_iter().take(MAX_LICENCES).collect())
}
