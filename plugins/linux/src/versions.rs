//! Order of version strings in each package format. It knows nothing of packages.

mod apk;
mod dpkg;
mod pacman;
mod rpm;
#[cfg(test)]
mod tools;

use std::cmp::Ordering;

/// Whose rules order two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Dpkg,
    Rpm,
    Apk,
    Pacman,
}

impl Scheme {
    /// The scheme of a package manager, such as `dpkg`.
    pub(crate) fn of_manager(manager: &str) -> Option<Self> {
        match manager {
            "dpkg" => Some(Self::Dpkg),
            "rpm" => Some(Self::Rpm),
            "apk" => Some(Self::Apk),
            "pacman" => Some(Self::Pacman),
            _ => None,
        }
    }

    /// Compares two versions.
    pub(crate) fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Dpkg => dpkg::compare(left, right),
            Self::Rpm => rpm::compare(left, right),
            Self::Apk => apk::compare(left, right),
            Self::Pacman => pacman::compare(left, right),
        }
    }
}
