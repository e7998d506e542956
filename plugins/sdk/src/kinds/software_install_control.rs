//! `software.install_control`: where software may come from, who may install it, and what runs that no package
//! brought. Never says what is allowed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "software.install_control";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:software.install_control:v1";

/// Control over the installation of software.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallControl {
    /// Sources that software may come from, sorted by manager and id. Null: not readable.
    pub sources: Option<Vec<Source>>,
    /// Package managers with what they demand of a source, sorted by name.
    pub managers: Vec<Manager>,
    /// Who may install beside the administrator, sorted. Null: not readable.
    pub installers: Option<Vec<Installer>>,
    /// Programs that run and that no package brought, or whose file was replaced or removed, sorted by path. Null: not
    /// observable here.
    pub running: Option<Vec<Running>>,
    /// Whether every program that runs was looked at for that.
    #[serde(default)]
    pub running_complete: bool,
    /// Mechanisms that confine or forbid programs, sorted by name; one that is not there is not listed.
    pub enforcement: Vec<Enforcement>,
}

/// One source of software.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Manager that uses it: `apt`, `dnf`, `zypper`, `apk`, `pacman`, `flatpak`, `snap`, `registry`….
    pub manager: String,
    /// Stable id: address and channel in one line, or the source's own id.
    pub id: String,
    /// Address without user name and password. Null: the file names none.
    pub url: Option<String>,
    /// Whether the transport protects against change on the way. Null: unknown scheme.
    pub encrypted_transport: Option<bool>,
    /// Whether a signature is demanded before anything is installed. Null: the manager's default, see `managers`.
    pub signature_checked: Option<bool>,
    /// Key that must have signed, as configured (a path, a fingerprint, `embedded`). Null: any key that the manager
    /// trusts.
    pub key: Option<String>,
    /// File and line, or API object, that configures it.
    pub source: String,
}

/// What one package manager demands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    /// Name.
    pub name: String,
    /// Whether it demands signatures where a source does not say otherwise. Null: not determinable.
    pub signature_required: Option<bool>,
    /// Settings that let unsigned software in, as `setting=value (place)`, sorted.
    pub weakened_by: Vec<String>,
    /// Installed pieces that came past the signatures (such as snaps from a file), sorted.
    pub unsigned: Vec<String>,
}

/// Somebody who may install.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installer {
    /// Account, `%group` or `ALL`. Null: a program decides (see `source`).
    pub principal: Option<String>,
    /// Tools or actions that install, sorted; `ALL` for every command.
    pub tools: Vec<String>,
    /// How: `sudo`, `polkit`, `group`, `role`….
    pub via: String,
    /// Whether the person must authenticate again. Null: not determinable.
    pub authentication_required: Option<bool>,
    /// File and line, or API object.
    pub source: String,
}

/// A program that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// Path of the executable as the kernel tells it.
    pub path: String,
    /// What is odd about it.
    pub state: RunningState,
    /// Accounts that run it, sorted; a number where no account has it.
    pub users: Vec<String>,
}

/// What is odd about a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningState {
    /// No package brought the file.
    Unowned,
    /// The file is gone or was replaced since the start: an old version still runs.
    Deleted,
    /// The file is not of this file system tree: a container or another root.
    Foreign,
}

/// One mechanism.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enforcement {
    /// Name: `apparmor`, `selinux`, `fapolicyd`, `ima`, `gatekeeper`, `admission`….
    pub name: String,
    /// What it does now.
    pub mode: EnforcementMode,
    /// Mode after the next start, as configured. Null: not configured by a file.
    pub configured: Option<String>,
    /// Profiles or rules that are enforced. Null: not countable.
    pub enforcing: Option<u64>,
    /// Profiles or rules that only warn. Null: not countable.
    pub permissive: Option<u64>,
}

/// What a mechanism does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnforcementMode {
    /// Violations are stopped.
    Enforcing,
    /// Violations are only told.
    Permissive,
    /// Installed, without effect.
    Off,
    /// Not determinable.
    Unknown,
}

impl Kind for InstallControl {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        if let Some(list) = &mut self.sources {
            list.sort();
            list.dedup();
        }
        for manager in &mut self.managers {
            manager.weakened_by.sort();
            manager.unsigned.sort();
        }
        self.managers.sort();
        for installer in self.installers.iter_mut().flatten() {
            installer.tools.sort();
        }
        if let Some(list) = &mut self.installers {
            list.sort();
            list.dedup();
        }
        for program in self.running.iter_mut().flatten() {
            program.users.sort();
            program.users.dedup();
        }
        if let Some(list) = &mut self.running {
            list.sort();
        }
        self.enforcement.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "sources": [{
            "manager": "apt", "id": "deb https://deb.example.org/debian bookworm main",
            "url": "https://deb.example.org/debian", "encrypted_transport": true, "signature_checked": true,
            "key": "/usr/share/keyrings/debian-archive-keyring.gpg", "source": "/etc/apt/sources.list:1"
        }],
        "managers": [{
            "name": "apt", "signature_required": true,
            "weakened_by": ["APT::Get::AllowUnauthenticated=true (/etc/apt/apt.conf.d/99x)"], "unsigned": []
        }],
        "installers": [{
            "principal": "%sudo", "tools": ["ALL"], "via": "sudo", "authentication_required": true,
            "source": "/etc/sudoers:27"
        }],
        "running": [{"path": "/opt/tool/bin/toold", "state": "unowned", "users": ["root"]}],
        "running_complete": true,
        "enforcement": [{
            "name": "apparmor", "mode": "enforcing", "configured": null, "enforcing": 41, "permissive": 2
        }]
    })
}
