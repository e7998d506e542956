//! Verifies a bundle offline and says for each item: verified, failed, or not checked and why. It believes the policy
//! file that it is given and nothing else; it never opens a network connection and never writes.
//!
//! ```text
//! files ─▶ sums ─▶ head ─▶ manifest ─▶ tree (+ chains) ─▶ items (keys, times) ─▶ report ─▶ show
//! every byte  trusted checkpoint  claims  root rebuilt     checked on all cores    --json   for people
//! ```
//!
//! The feature `online` (on by default) reads logs where they are served, and watches them; a bundle is verified without it.
//! The feature `witness` (on by default) adds a witness of logs; it alone serves and writes, and verification does not know it.

pub mod completeness;
pub mod files;
mod follows;
pub mod keyfile;
#[cfg(feature = "online")]
pub mod online;
mod parallel;
pub mod progress;
pub mod receipt;
pub mod report;
pub mod show;
pub mod source;
pub mod trust;
pub mod verify;
#[cfg(feature = "witness")]
pub mod witness;
pub mod written;
