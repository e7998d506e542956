//! The collector through its public doors: the real program, real mTLS on loopback, a small client of our own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario stops at the first surprise")]

mod abuse;
mod crash;
mod enrolment;
mod harness;
mod log_keys;
mod lost;
mod noticed;
mod public;
mod requests;
mod retention;
mod rotation;
mod submission;
mod timestamp;
mod ways;
mod witness;
