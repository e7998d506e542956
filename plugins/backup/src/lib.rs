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

/// Whether a list or a configuration of the tool `name` is read; for the fuzzer, which must not bring it down.
#[doc(hidden)]
#[must_use]
pub fn reads(name: &str, text: &str) -> bool {
    jobs::reads(name, text)
}

/// The plugin as the runner needs it.
pub const PLUGIN: Plugin = Plugin {
    name: "backup",
    version: env!("CARGO_PKG_VERSION"),
    about: "observes backups, and tests that they can be restored",
    keeps_deny_paths: true,
    catalog: &[jobs::ENTRY, restore::ENTRY],
};
