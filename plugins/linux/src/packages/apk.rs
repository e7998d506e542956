//! Packages of apk from its one database file (`P:` name, `V:` version, one paragraph a package). It runs no apk.

use exhibit_plugin::kinds::software_inventory::PackageState;

use super::{Installed, Packages};
use crate::look::{Found, Look};

/// The database of apk up to version 2 and of version 3 in its compatible form.
pub(crate) const INSTALLED: &str = "/lib/apk/db/installed";
const WORLD: &str = "/etc/apk/world";

pub(super) fn read(look: &mut Look<'_>, packages: &mut Packages) -> bool {
    let Found::Here(text) = look.filled(INSTALLED) else { return false };
    let world = look.text(WORLD).here();
    let chosen = |name: &str| {
        world.as_ref().map(|world| {
            world
                .split_whitespace()
                .any(|word| word.split(['<', '>', '=', '~', '@']).next() == Some(name))
        })
    };
    for (number, paragraph) in (1..).zip(text.split("\n\n").filter(|part| !part.trim().is_empty()))
    {
        let field = |key: char| field(paragraph, key);
        let (Some(name), Some(version)) = (field('P'), field('V')) else {
            look.garbled(INSTALLED, &format!("paragraph {number} has no name or version"));
            packages.faults += 1;
            continue;
        };
        packages.list.push(Installed {
            manager: "apk",
            architecture: field('A'),
            source: Some(field('o').unwrap_or_else(|| name.clone())),
            source_version: Some(version.clone()),
            state: PackageState::Installed,
            held: false,
            chosen: chosen(&name),
            licences: field('L').filter(|text| !text.is_empty()).map(|text| vec![text]),
            origin: None,
            installed_at: None,
            name,
            version,
        });
    }
    true
}

/// The value of a one-letter field.
pub(crate) fn field(paragraph: &str, key: char) -> Option<String> {
    let mut lines = paragraph.lines();
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':').map(str::to_owned))
}
