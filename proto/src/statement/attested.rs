//! What somebody outside said about when the log had a head. Nobody inside can make it up, so whatever stands after such an
//! entry, or names a head that covers it, came later than what it carries.

use serde::{Deserialize, Serialize};

use super::decimal;
use crate::digest::Digest;

/// Predicate of [`TIME`](super::TIME). Exactly one of `cosigned` and `stamped` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// The head it is about; it covers no more entries than stand before this one.
    #[serde(with = "decimal")]
    pub size: u64,
    pub root: Digest,
    /// The head with the log's signature and those of witnesses, verbatim: their signatures cover their times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosigned: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamped: Option<Stamped>,
}

/// A token of a time-stamping authority (RFC 3161); it lies beside the log, as `timestamps/checkpoint-<size>.<authority>.tsr`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    pub authority: String,
    /// SHA-256 of the authority's whole answer.
    pub token: Digest,
}
