//! The agent through its public doors: real gRPC over mutual TLS on port 0, plugins that are real processes.
#![expect(clippy::unwrap_used, reason = "a scenario stops at the first surprise")]

mod apart;
mod collector;
mod days;
mod doctor;
mod killed;
mod labels;
mod log;
mod log_keys;
mod net;
mod once;
mod plugin_check;
mod rotation;
mod trust;
mod veto;
mod ways;
mod world;
