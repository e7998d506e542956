//! The evidence port: who speaks, may they, is it well-formed; then it calls the log.
//!
//! It never stores anything itself and never believes a message about who sent it.

mod admission;
mod ahead;
mod decide;
mod documents;
mod greet;
mod known;
mod log_keys;
mod noticed;
mod service;
mod shown;
mod submit;
mod whole;

pub use admission::{Admitted, Against, Refused, Wanted};
pub use ahead::{Ahead, Larger};
pub use service::{EvidenceService, Ingest, Limits, Presence, Seen};
pub use shown::{Certificates, ShownCertificate};
