//! The evidence port: who speaks, may they, is it well-formed; then it calls the log.
//!
//! It never stores anything itself and never believes a message about who sent it.

mod admission;
mod documents;
mod service;
mod submit;

pub use admission::{Admitted, Refused, Wanted};
pub use service::{EvidenceService, Ingest, Limits, Presence, Seen};
