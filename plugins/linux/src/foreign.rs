//! What reads bytes that a stranger may have written, one function each, for the fuzz targets of this repository. Each tells whether the
//! bytes were accepted, must end, and must not panic. It is no interface of the plugin and opens no file.

use std::cmp::Ordering;

use exhibit_plugin::kinds::software_inventory::PackageState;

use crate::{
    debian::Database,
    kinds::patch_status::offers,
    os_release::OsRelease,
    packages::{Installed, apk, pacman, rpm::Header},
    versions::Scheme,
};

/// A header of rpm's database.
#[must_use]
pub fn rpm_header(bytes: &[u8]) -> bool {
    let Some(header) = Header::parse(bytes) else { return false };
    assert!(header.files().count() <= bytes.len(), "no more files than bytes");
    for file in header.delivered() {
        assert!(file.path.len() <= bytes.len() * 3, "no path is longer than its bytes allow");
    }
    header.installed().is_some_and(|package| !package.name.is_empty() && !header.is_key())
}

/// The database of dpkg.
#[must_use]
pub fn dpkg_status(bytes: &[u8]) -> bool {
    let database = Database::parse(&String::from_utf8_lossy(bytes));
    let told = database.packages.len() + database.faults.len();
    assert_eq!(told, database.paragraphs, "each paragraph is a package or a fault");
    database.faults.is_empty() && database.present().count() > 0
}

/// The database of apk.
#[must_use]
pub fn apk_installed(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut paragraphs = text.split("\n\n").filter(|part| !part.trim().is_empty()).peekable();
    paragraphs.peek().is_some()
        && paragraphs.all(|part| apk::field(part, 'P').is_some() && apk::field(part, 'V').is_some())
}

/// A package of pacman's database.
#[must_use]
pub fn pacman_desc(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let has = |field: &str| pacman::block(&text, field).next().is_some();
    has("NAME") && has("VERSION")
}

/// The file that names the system.
#[must_use]
pub fn os_release(bytes: &[u8]) -> bool {
    OsRelease::parse(&String::from_utf8_lossy(bytes)).get("ID").is_some()
}

/// Lists of dnf and zypper.
#[must_use]
pub fn repodata(bytes: &[u8]) -> bool {
    let installed = Installed {
        manager: "rpm",
        name: "openssl-libs".to_owned(),
        architecture: Some("x86_64".to_owned()),
        version: "1:3.0.7-27.el9".to_owned(),
        source: None,
        source_version: None,
        state: PackageState::Installed,
        held: false,
        chosen: None,
        licences: None,
        origin: None,
        installed_at: None,
    };
    offers::is_repodata(bytes, &[installed])
}

/// The archive in which apk and pacman keep their lists, unpacked.
#[must_use]
pub fn package_list(bytes: &[u8]) -> bool {
    offers::is_archive(bytes)
}

/// Three versions, one a line: each manager's order is an order.
#[must_use]
pub fn package_version(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let versions: Vec<&str> = text.lines().take(3).collect();
    for scheme in [Scheme::Dpkg, Scheme::Rpm, Scheme::Apk, Scheme::Pacman] {
        for left in &versions {
            assert_eq!(scheme.compare(left, left), Ordering::Equal, "{scheme:?} {left:?}");
            for right in &versions {
                let back = scheme.compare(right, left).reverse();
                assert_eq!(scheme.compare(left, right), back, "{scheme:?} {left:?} {right:?}");
            }
        }
    }
    versions.len() == 3
        && versions.iter().all(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}
