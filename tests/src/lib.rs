//! Real processes on loopback, for the scenarios and the demonstration: a collector, an agent that observes this very
//! machine, and the verifier. Never reaches into a program: everything goes through its command line and its ports.

pub mod addresses;
pub mod inhabited;
pub mod installation;
pub mod programs;

pub use installation::{Installation, RunSummary};
pub use programs::Programs;
