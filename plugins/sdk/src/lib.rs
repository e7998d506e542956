//! Everything a plugin and the agent must agree on: the line protocol, the schema of every kind, and a runner for
//! plugins written in Rust.
//!
//! It never judges what was observed, opens no network connection and knows no provider.

pub mod kinds;
pub mod levels;
#[cfg(feature = "local")]
pub mod local;
pub mod plugin;
pub mod protocol;

pub use plugin::{Entry, Job, Observation, Plugin, run};
pub use protocol::{Capture, Describe, Line, OutcomeKind, Request};

/// The example of the README is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
