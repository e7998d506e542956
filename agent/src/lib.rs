//! The agent: starts plugins on schedule, redacts, seals and spools what they observe, and brings it to the collector.
//! It never judges, and nothing leaves the spool without a verified receipt.
//!
//! | room | what it does |
//! |---|---|
//! | [`schedule`] | when a kind is due; pure |
//! | [`collect`] | runs plugins under limits |
//! | [`redact`] | takes secrets out |
//! | [`seal`] | writes, hashes, signs |
//! | [`spool`] | keeps what waits |
//! | [`upload`] | brings it to the collector |
//! | [`receipts`] | believes or refuses what the collector proves; pure |
//! | [`identity`] | keys, certificate, enrolment |
//! | [`doctor`] | what this host lets plugins see, and what would change it; pure |
//! | [`app`] | wires the rooms; the only one that holds a clock |

pub mod app;
pub mod cli;
pub mod collect;
pub mod config;
pub mod doctor;
pub mod host;
pub mod identity;
pub mod receipts;
pub mod redact;
pub mod schedule;
pub mod seal;
pub mod spool;
pub mod upload;
