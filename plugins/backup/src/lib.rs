//! Observes backups: what repositories hold, what starts backups by itself, and whether a sample comes back.
//!
//! It never judges, never changes a repository, and never lets a password into what it prints.

mod jobs;
mod location;
mod restore;
#[cfg(test)]
mod scene;
mod secret;
mod settings;
mod yaml;

use exhibit_plugin::Plugin;
use exhibit_plugin::local::{host, look, mounts, services, tool, url};

/// Whether a list, a configuration or a part of a backup, which `name` names, is read; for the fuzzer, which must not bring it
/// down.
#[doc(hidden)]
#[must_use]
pub fn reads(name: &str, bytes: &[u8]) -> bool {
    restore::reads(name, bytes)
        .unwrap_or_else(|| jobs::reads(name, &String::from_utf8_lossy(bytes)))
}

/// The plugin as the runner needs it.
pub const PLUGIN: Plugin = Plugin {
    name: "backup",
    version: env!("CARGO_PKG_VERSION"),
    about: "observes backups, and tests that they can be restored",
    keeps_deny_paths: true,
    catalog: &[jobs::ENTRY, restore::ENTRY],
};
