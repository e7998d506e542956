//! `config.baseline`: settings that hardening guides speak of, as they are in force. Never says what they should be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "config.baseline";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:config.baseline:v1";

/// Settings in force on one target. Lists that a provider has no notion of are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigBaseline {
    /// Settings by name: kernel parameters (`net.ipv4.ip_forward`) on a host, account settings at a provider. Null as
    /// value: the target has no such setting, or it is not readable (then an outcome says so).
    pub settings: BTreeMap<String, Option<String>>,
    /// Settings written in files that differ from those in force, sorted by name. Null: not determinable.
    pub drift: Option<Vec<Drift>>,
    /// Mounted file systems with the options that matter, sorted by mount point. Null: none can exist.
    pub mounts: Option<Vec<Mount>>,
    /// Kernel modules. Null: none can exist, or not determinable.
    pub modules: Option<Modules>,
    /// Mandatory access control and other security modules in force, sorted, such as `apparmor`. Null: not determinable.
    pub security_modules: Option<Vec<SecurityModule>>,
    /// Whether only signed boot code runs. Null: no such notion (no EFI), or not determinable.
    pub secure_boot: Option<bool>,
    /// Kernel parameters at boot that matter for security, by name; secrets never appear. Null: not determinable.
    pub boot_parameters: Option<BTreeMap<String, String>>,
}

/// A setting whose file says something else than what is in force.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Name of the setting.
    pub name: String,
    /// Value in force. Null: the setting does not exist here.
    pub live: Option<String>,
    /// Value written.
    pub configured: String,
    /// File and line.
    pub source: String,
}

/// One mounted file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Mount point.
    pub path: String,
    /// Device or source.
    pub device: String,
    /// File system.
    pub filesystem: String,
    /// Options `nodev`, `noexec`, `nosuid`, `ro`, `rw`, `relatime` and the like, without values, sorted.
    pub options: Vec<String>,
}

/// Kernel modules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modules {
    /// Names loaded now, sorted. Modules built into the kernel do not show.
    pub loaded: Vec<String>,
    /// Names that must not be loaded (`blacklist`, or `install … /bin/false`), sorted.
    pub blocked: Vec<String>,
    /// Whether no further module can be loaded. Null: not determinable.
    pub locked: Option<bool>,
}

/// One security module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityModule {
    /// Which, such as `apparmor`, `selinux`, `yama`, `lockdown`.
    pub name: String,
    /// Mode, such as `enforcing`, `permissive`, `enabled`, `none`. Null: it has none, or it is not readable.
    pub mode: Option<String>,
    /// Profiles or policies that are enforced. Null: it has none, or not readable.
    pub enforced: Option<u32>,
    /// Profiles that only complain. Null: it has none, or not readable.
    pub complaining: Option<u32>,
}

impl Kind for ConfigBaseline {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        if let Some(list) = &mut self.drift {
            list.sort();
        }
        for mount in self.mounts.iter_mut().flatten() {
            mount.options.sort();
            mount.options.dedup();
        }
        if let Some(list) = &mut self.mounts {
            list.sort();
            list.dedup();
        }
        if let Some(modules) = &mut self.modules {
            modules.loaded.sort();
            modules.loaded.dedup();
            modules.blocked.sort();
            modules.blocked.dedup();
        }
        if let Some(list) = &mut self.security_modules {
            list.sort();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "settings": {"net.ipv4.ip_forward": "0", "kernel.yama.ptrace_scope": null},
        "drift": [{"name": "kernel.randomize_va_space", "live": "0", "configured": "2",
            "source": "/etc/sysctl.d/50-hardening.conf:4"}],
        "mounts": [{"path": "/tmp", "device": "tmpfs", "filesystem": "tmpfs",
            "options": ["nodev", "nosuid", "relatime", "rw"]}],
        "modules": {"loaded": ["ext4", "nf_tables"], "blocked": ["usb_storage"], "locked": false},
        "security_modules": [{"name": "apparmor", "mode": "enforcing", "enforced": 31, "complaining": 2}],
        "secure_boot": true,
        "boot_parameters": {"mitigations": "auto"}
    })
}
