//! Observes a Linux host: one room per kind under `kinds`, with one way to read files and one way to run tools.
//!
//! It never judges, never changes the host, never opens a connection to another machine by itself, and never lets a
//! secret into what it prints.

mod accounts;
mod catalog;
mod certificate;
mod command_line;
mod debian;
#[doc(hidden)]
pub mod foreign;
mod gentle;
mod jobs;
mod kinds;
mod log_files;
mod names;
mod os_release;
mod packages;
mod repositories;
mod roots;
mod settings;
mod sqlite;
mod systemd_conf;
mod versions;

use exhibit_plugin::Plugin;
use exhibit_plugin::local::{glob, host, look, mounts, services, tool, url};

/// The plugin as the runner needs it.
pub const PLUGIN: Plugin = Plugin {
    name: "linux",
    version: env!("CARGO_PKG_VERSION"),
    about: "observes a Linux host",
    keeps_deny_paths: true,
    catalog: &catalog::ALL,
};
