//! What is deleted, and what must not be.

use serde::{Deserialize, Serialize};

use super::decimal;
use crate::digest::Digest;
use crate::document::{Kind, Target};

/// Predicate of [`TOMBSTONE`](super::TOMBSTONE): the bytes of these documents were deleted with this entry. What names them stays, and is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Which rule let them go, in words.
    pub rule: String,
    pub approver: String,
    pub reason: String,
    pub documents: Vec<Deleted>,
}

/// A document that is held no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub digest: Digest,
    pub kind: Kind,
    pub target: Target,
    /// The entry that brought its bytes: what was brought later is another matter.
    #[serde(with = "decimal")]
    pub stored: u64,
    /// The last entry that named it.
    #[serde(with = "decimal")]
    pub last: u64,
}

/// Predicate of [`HOLD`](super::HOLD): what fits must not be deleted until the hold, known by its entry's index, is lifted. An absent
/// field fits everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// First and last moment of the observations that are held: RFC 3339, UTC, both inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    pub by: String,
    pub reason: String,
}

/// Predicate of [`HOLD_LIFTED`](super::HOLD_LIFTED), in an entry of the type `hold` as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLifted {
    /// Index of the entry that made it.
    #[serde(with = "decimal")]
    pub hold: u64,
    pub by: String,
    pub reason: String,
}
