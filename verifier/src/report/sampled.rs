//! Populations and samples, as a report has them.

use exhibit_proto::digest::Digest;
use serde::{Deserialize, Serialize};

use super::State;

/// A population that was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// The entry that froze it.
    pub population: u64,
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    /// Who froze it.
    pub by: String,
    pub items: u64,
    /// SHA-256 of its list: `files/<sha256>`.
    pub list: Digest,
    /// How many were to be drawn, in words.
    pub plan: String,
    /// The number was promised before.
    pub sealed: bool,
    /// Absent if nothing was drawn by an entry of this bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Found>,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The entry that says so.
    pub index: u64,
    /// Who brought the number.
    pub by: String,
    pub number: String,
    pub seed: Digest,
    pub items: u64,
    /// SHA-256 of the drawn lines: `files/<sha256>`.
    pub digest: Digest,
    /// `verified`: it was drawn again, with the same result.
    pub state: State,
}
