//! What does not follow: the collector's entries about it. None of them is believed without the signatures that they name.

use serde::{Deserialize, Serialize};

use super::decimal;
use crate::digest::Digest;

/// Predicate of [`GAP`](super::GAP): a statement came whose number is not the next one. The entry stands just before that statement;
/// numbers that come later close the gap, visibly, since their indexes are higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub agent: String,
    pub key: Digest,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// First and last number that never came.
    #[serde(with = "decimal")]
    pub from: u64,
    #[serde(with = "decimal")]
    pub to: u64,
    /// The envelope with the highest number that the log holds; zeros if it holds none.
    pub after: Digest,
    /// The envelope that came, with the number after `to`, and the predecessor that it names.
    pub came: Digest,
    pub prev: Digest,
    /// Other things noticed of this agent that were not logged, because there were too many in an hour.
    #[serde(with = "decimal")]
    pub suppressed: u64,
}

/// Predicate of [`CONFLICT`](super::CONFLICT): the key signed two envelopes that exclude each other. The log holds the first in its place;
/// the second was refused and is kept beside the log, as proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub agent: String,
    pub key: Digest,
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// Number of the refused envelope.
    #[serde(with = "decimal")]
    pub seq: u64,
    pub over: Over,
    /// The envelope that the log holds under number `seq`, or under the one before.
    pub held: Digest,
    pub refused: Digest,
    /// See [`Gap::suppressed`].
    #[serde(with = "decimal")]
    pub suppressed: u64,
}

/// What two envelopes of one key disagree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Both have the same epoch and number.
    Number,
    /// The refused one names another predecessor than the held one.
    Predecessor,
}

/// Predicate of [`FORK`](super::FORK): an agent holds a head that is not this log's past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    pub agent: String,
    #[serde(with = "decimal")]
    pub size: u64,
    /// The root that the agent holds for `size`.
    pub root: Digest,
    /// This log's root at `size`.
    pub ours: Digest,
    /// The head as the log's key signed it, verbatim: two histories are proven. Absent where a statement of the agent
    /// carries the root and nothing else shows it: the agent's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// See [`Gap::suppressed`].
    #[serde(with = "decimal")]
    pub suppressed: u64,
}
