//! `software.inventory`: what software is installed and where more may come from. Never says whether it is good.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "software.inventory";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:software.inventory:v1";

/// Installed software and the repositories it may come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareInventory {
    /// Installed packages, sorted by manager, name, architecture, version.
    pub packages: Vec<Package>,
    /// Package sources that are configured, sorted by id. Null: not readable or the provider has no such thing.
    pub repositories: Option<Vec<Repository>>,
}

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Which package manager says so: `dpkg`, `rpm`, `npm`, `layer`….
    pub manager: String,
    /// Name of the package.
    pub name: String,
    /// Architecture, such as `amd64` or `all`. Null where the manager knows none.
    pub architecture: Option<String>,
    /// Installed version, as the manager writes it.
    pub version: String,
    /// Source package; vulnerability data is keyed by it. Null where the manager knows none.
    pub source: Option<String>,
    /// Version of the source package. Null where the manager knows none.
    pub source_version: Option<String>,
    /// Whether it is whole: `installed`, or `broken` when an installation stopped half-way.
    pub state: PackageState,
    /// Whether updates are held back by hand.
    pub held: bool,
    /// True: chosen by a person; false: pulled in by another package. Null: the manager does not record it.
    pub chosen: Option<bool>,
    /// Licences as the package declares them, sorted, in the words of its system. Null: it declares none that can be read.
    #[serde(default)]
    pub licences: Option<Vec<String>>,
    /// Who built it, as it says itself. Null: not recorded.
    #[serde(default)]
    pub origin: Option<String>,
    /// When this version came onto the system. Null: not recorded.
    #[serde(default)]
    pub installed_at: Option<Timestamp>,
}

/// Whether a package is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// Installed and configured.
    Installed,
    /// Unpacked but not configured, or half installed.
    Broken,
}

/// One configured package source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Stable id: address, suite and components in one line.
    pub id: String,
    /// Address without user name and password.
    pub url: String,
    /// Suite or channel, such as `bookworm-security`. Null where there is none.
    pub suite: Option<String>,
    /// Components, sorted.
    pub components: Vec<String>,
    /// Whether the transport protects against change on the way (`https`, `file`…). Null: unknown scheme.
    pub encrypted_transport: Option<bool>,
    /// Whether signatures of the source are checked; false when it is marked as trusted without one.
    pub signature_checked: bool,
    /// File and line, or API object, that configures it.
    pub source: String,
}

impl Kind for SoftwareInventory {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for package in &mut self.packages {
            if let Some(list) = &mut package.licences {
                list.sort();
            }
        }
        self.packages.sort();
        self.packages.dedup();
        for repository in self.repositories.iter_mut().flatten() {
            repository.components.sort();
        }
        if let Some(list) = &mut self.repositories {
            list.sort();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "packages": [{
            "manager": "dpkg", "name": "openssl", "architecture": "amd64", "version": "3.0.17-1~deb12u2",
            "source": "openssl", "source_version": "3.0.17-1~deb12u2", "state": "installed",
            "held": false, "chosen": true, "licences": ["Apache-2.0"], "origin": null,
            "installed_at": "2026-11-20T06:12:29Z"
        }],
        "repositories": [{
            "id": "deb https://deb.example.org/debian bookworm main",
            "url": "https://deb.example.org/debian", "suite": "bookworm", "components": ["main"],
            "encrypted_transport": true, "signature_checked": true, "source": "/etc/apt/sources.list:1"
        }]
    })
}
