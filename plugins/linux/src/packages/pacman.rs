//! Packages of pacman from its local database (`%FIELD%` blocks, one folder a package). It runs no pacman.

use exhibit_plugin::kinds::software_inventory::PackageState;
use jiff::Timestamp;

use super::{Installed, Packages};
use crate::look::{Found, Look};

/// Where the database lies.
pub(super) const LOCAL: &str = "/var/lib/pacman/local";

pub(super) fn read(look: &mut Look<'_>, packages: &mut Packages) -> bool {
    let Found::Here(names) = look.names(LOCAL) else { return false };
    look.seen.method(format!("{LOCAL}/*/desc"));
    for folder in names.iter().filter(|name| *name != "ALPM_DB_VERSION") {
        let path = format!("{LOCAL}/{folder}/desc");
        let text = look.host.text(&path).ok().flatten().unwrap_or_default();
        let list = |field: &str| block(&text, field).map(str::to_owned).collect::<Vec<String>>();
        let one = |field: &str| block(&text, field).next().map(str::to_owned);
        let (Some(name), Some(version)) = (one("NAME"), one("VERSION")) else {
            look.garbled(&path, "it has no name or version");
            packages.faults += 1;
            continue;
        };
        packages.list.push(Installed {
            manager: "pacman",
            architecture: one("ARCH"),
            source: Some(one("BASE").unwrap_or_else(|| name.clone())),
            source_version: Some(version.clone()),
            state: PackageState::Installed,
            held: false,
            chosen: Some(one("REASON").as_deref() != Some("1")),
            licences: Some(list("LICENSE")).filter(|list| !list.is_empty()),
            origin: None,
            installed_at: one("INSTALLDATE")
                .and_then(|text| Timestamp::from_second(text.parse().ok()?).ok()),
            name,
            version,
        });
    }
    true
}

/// Lines below `%FIELD%`, up to the next empty one.
pub(crate) fn block<'a>(text: &'a str, field: &str) -> impl Iterator<Item = &'a str> {
    let head = format!("%{field}%");
    text.lines().skip_while(move |line| *line != head).skip(1).take_while(|line| !line.is_empty())
}
