//! Looking at the machine the plugin runs on (feature `local`): bounded reads of files, tools under a deadline, mounts,
//! services. Every plugin that observes its own host looks through here, so that all keep the same bounds.
//!
//! It never writes, never uses a shell, and never decides what a missing fact means.

pub mod glob;
pub mod host;
pub mod look;
pub mod mounts;
mod part;
pub mod services;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tool;
pub mod url;
