//! Claims about the whole product, shown with real processes.
#![expect(clippy::unwrap_used, reason = "a scenario stops at the first surprise")]

mod activated;
mod architecture;
mod audited;
mod booted;
mod browser;
mod bundle;
mod chromium;
mod complete;
mod corpus;
mod damaged;
mod demonstration;
mod examples;
mod fuzzed;
mod interruptions;
mod journey;
mod log_keys;
mod looks;
mod noticed;
mod online;
mod pages;
mod planted;
mod recovery;
mod refused;
mod replay;
mod reports;
mod rotation;
mod sampled;
mod support;
mod vetoed;
mod whole_way;
mod witness;
mod witness_reference;
