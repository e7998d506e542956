//! `patch.status`: which updates wait, how old that knowledge is, and whether the system is still supported.
//! Never says whether the state is acceptable.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "patch.status";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:patch.status:v1";

/// Update state of one system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchStatus {
    /// The operating system or managed engine.
    pub os: OperatingSystem,
    /// Updates that could be installed now, sorted by name and architecture. Null: not determinable (see the
    /// outcome beside the document).
    pub pending: Option<Vec<PendingUpdate>>,
    /// Numbers of the above, for rules that need no list.
    pub counts: Counts,
    /// When the newest list of available packages was issued or fetched. Null: there is no list at all, so an empty
    /// `pending` says nothing.
    pub lists_refreshed: Option<Timestamp>,
    /// When packages were last installed, upgraded or removed: from the manager's own log, else the last change of its
    /// database. Null: neither is there.
    pub last_update: Option<Timestamp>,
    /// Automatic updates.
    pub automatic_updates: AutomaticUpdates,
    /// The kernel. Null: the system has none of its own (managed service, serverless).
    pub kernel: Option<Kernel>,
    /// Whether a restart is needed for updates to take effect. Null: not determinable.
    pub reboot_required: Option<bool>,
    /// Packages that ask for the restart, sorted.
    pub reboot_packages: Vec<String>,
    /// Programs that still run with files that an update replaced, as far as they were seen, sorted. Null: not
    /// determinable.
    pub outdated_programs: Option<Vec<OutdatedProgram>>,
    /// Whether every program that runs was looked at for that.
    pub outdated_complete: bool,
}

/// A program that waits for its own restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutdatedProgram {
    /// Path of the program.
    pub program: String,
    /// Service that it belongs to. Null: none, or not determinable.
    pub unit: Option<String>,
    /// Replaced files that it runs with, sorted, at most 20.
    pub libraries: Vec<String>,
}

/// Which system, and until when its maker supports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// Short id, such as `debian`, `ubuntu`, `postgres`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Version, such as `12`. Null: a rolling or unreleased system.
    pub version: Option<String>,
    /// Code name, such as `bookworm`. Null where there is none.
    pub codename: Option<String>,
    /// Last day of regular support. Null: not in our table.
    pub end_of_support: Option<Date>,
    /// Last day of support of any kind that costs nothing (LTS). Null: none, or not in our table.
    pub end_of_life: Option<Date>,
    /// State on the day of observation, from the two dates.
    pub support_state: SupportState,
}

/// Support on the day of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportState {
    /// Regular support by the maker.
    Supported,
    /// Regular support is over, long term support still runs.
    LongTerm,
    /// Every kind of free support is over.
    Ended,
    /// Not in our table.
    Unknown,
}

/// One update that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingUpdate {
    /// Name of the package.
    pub name: String,
    /// Architecture. Null where the manager knows none.
    pub architecture: Option<String>,
    /// Installed version. Null: the update brings a new package.
    pub installed: Option<String>,
    /// Version that would be installed.
    pub candidate: String,
    /// Whether it comes from a security channel.
    pub security: bool,
    /// Channels that offer it, such as `Debian-Security:12/oldstable-security`, in the manager's order.
    pub origins: Vec<String>,
}

/// Numbers of packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Installed packages. Null: not determinable.
    pub installed: Option<u64>,
    /// Updates that wait. Null: not determinable.
    pub pending: Option<u64>,
    /// Those of a security channel. Null: not determinable.
    pub security: Option<u64>,
    /// Packages held back by hand. Null: not determinable.
    pub held: Option<u64>,
}

/// Whether the system updates itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomaticUpdates {
    /// What would do it, such as `unattended-upgrades`. Null: nothing known is there.
    pub mechanism: Option<String>,
    /// Whether it is installed.
    pub installed: bool,
    /// Whether it is switched on: configured and, where it needs a timer, the timer enabled. Null: not determinable.
    pub enabled: Option<bool>,
    /// Whether the lists are refreshed automatically. Null: not determinable.
    pub refreshes_lists: Option<bool>,
    /// Channels it may install from, as configured, sorted. Null: not determinable.
    pub origins: Option<Vec<String>>,
    /// When it last ran. Null: never, or its log is not readable (see the outcome).
    pub last_run: Option<Timestamp>,
    /// How that run ended. Null: not recorded.
    pub last_result: Option<RunResult>,
}

/// How an automatic run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Everything it wanted is done, or there was nothing to do.
    Success,
    /// It reported an error.
    Failure,
}

/// Running and installed kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Release that runs, such as `6.1.0-38-amd64`. Null: an image that does not run.
    pub running: Option<String>,
    /// Newest release installed. Null: no kernel is installed here (container, host-supplied kernel).
    pub newest_installed: Option<String>,
}

impl Kind for PatchStatus {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        if let Some(list) = &mut self.pending {
            list.sort();
        }
        if let Some(list) = &mut self.automatic_updates.origins {
            list.sort();
            list.dedup();
        }
        self.reboot_packages.sort();
        self.reboot_packages.dedup();
        self.outdated_programs.iter_mut().for_each(|list| list.sort());
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "os": {"id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12", "codename": "bookworm",
               "end_of_support": "2026-06-10", "end_of_life": "2028-06-30", "support_state": "long_term"},
        "pending": [{"name": "libgcrypt20", "architecture": "amd64", "installed": "1.10.1-3",
                     "candidate": "1.10.1-3+deb12u1", "security": true,
                     "origins": ["Debian:12.15/oldstable", "Debian-Security:12/oldstable-security"]}],
        "counts": {"installed": 909, "pending": 1, "security": 1, "held": 0},
        "lists_refreshed": "2026-11-22T03:10:00Z",
        "last_update": "2026-11-20T06:12:31Z",
        "automatic_updates": {"mechanism": "unattended-upgrades", "installed": true, "enabled": true,
            "refreshes_lists": true, "origins": ["origin=Debian,codename=${distro_codename},label=Debian-Security"],
            "last_run": "2026-11-22T06:20:11Z", "last_result": "success"},
        "kernel": {"running": "6.1.0-38-amd64", "newest_installed": "6.1.0-40-amd64"},
        "reboot_required": true,
        "reboot_packages": ["linux-image-6.1.0-40-amd64"],
        "outdated_programs": [{"program": "/usr/sbin/nginx", "unit": "nginx.service",
            "libraries": ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]}],
        "outdated_complete": true
    })
}
