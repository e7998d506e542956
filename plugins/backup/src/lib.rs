//! Observes backups: what repositories hold, and what starts backups by itself.
//!
//! It never judges, never changes a repository, and never lets a password into what it prints.

mod jobs;

use exhibit_plugin::Plugin;
use exhibit_plugin::local::{host, look, mounts, services, tool};

/// The plugin as the runner needs it.
pub const PLUGIN: Plugin = Plugin {
    name: "backup",
    version: env!("CARGO_PKG_VERSION"),
    about: "observes backup repositories and what starts backups",
    catalog: &[jobs::ENTRY],
};
