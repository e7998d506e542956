//! Installed packages of whatever manager the host has, and which files they brought. It asks no repository.

pub(crate) mod apk;
mod dpkg;
mod ownership;
pub(crate) mod pacman;
pub(crate) mod rpm;

use exhibit_plugin::{OutcomeKind, kinds::software_inventory::PackageState};
use jiff::Timestamp;

use crate::look::Look;

pub(crate) use dpkg::faults as report_faults;
pub(crate) use ownership::owned;

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// `dpkg`, `rpm`, `apk` or `pacman`.
    pub(crate) manager: &'static str,
    pub(crate) name: String,
    pub(crate) architecture: Option<String>,
    pub(crate) version: String,
    pub(crate) source: Option<String>,
    pub(crate) source_version: Option<String>,
    pub(crate) state: PackageState,
    pub(crate) held: bool,
    /// Chosen by a person. None: not recorded.
    pub(crate) chosen: Option<bool>,
    /// Licences as the package declares them. None: it does not, or they were not asked for.
    pub(crate) licences: Option<Vec<String>>,
    /// Who built it. None: not recorded.
    pub(crate) origin: Option<String>,
    /// When this version came. None: the database does not tell.
    pub(crate) installed_at: Option<Timestamp>,
}

/// Packages of all managers, and how many the databases hold beside them that were not understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packages {
    pub(crate) list: Vec<Installed>,
    pub(crate) faults: usize,
}

/// Reads every database that is there. None: there is none, or none is readable; an outcome says which.
pub(crate) fn read(look: &mut Look<'_>, with_licences: bool) -> Option<Packages> {
    let mut packages = Packages::default();
    let before = look.seen.outcomes().count();
    let found = [
        dpkg::read(look, with_licences, &mut packages),
        rpm::read(look, &mut packages),
        apk::read(look, &mut packages),
        pacman::read(look, &mut packages),
    ];
    if found.contains(&true) {
        return Some(packages);
    }
    if look.seen.outcomes().count() == before {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "no {}, rpm database, {} or {}: this host has no package manager that is known",
                crate::debian::STATUS,
                apk::INSTALLED,
                pacman::LOCAL
            ),
            "only hosts of dpkg, rpm, apk and pacman are observed",
        );
    }
    None
}

#[cfg(test)]
mod tests;
