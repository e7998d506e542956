//! Order of version strings in each package format. It knows nothing of packages.

mod apk;
mod rpm;

use std::cmp::Ordering;

/// Whose rules order two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Dpkg,
    Rpm,
    Apk,
}

impl Scheme {
    /// The scheme of a package manager, such as `dpkg`. pacman orders as rpm does.
    pub(crate) fn of_manager(manager: &str) -> Option<Self> {
        match manager {
            "dpkg" => Some(Self::Dpkg),
            "rpm" | "pacman" => Some(Self::Rpm),
            "apk" => Some(Self::Apk),
            _ => None,
        }
    }

    /// Compares two versions.
    pub(crate) fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Dpkg => crate::debian::version::compare(left, right),
            Self::Rpm => rpm::compare(left, right),
            Self::Apk => apk::compare(left, right),
        }
    }
}
