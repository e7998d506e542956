//! What a pass covers, and what it may find: plain values.

use std::fmt;

use exhibit_proto::tiles::WIDTH;
use serde::Serialize;

/// Sizes whose heads are looked at in one slice.
pub(super) const HEADS: u64 = 1024;
/// Documents of one slice; each may have 8 MiB.
pub(super) const DOCUMENTS: u64 = 16;

/// What is stored in the log, part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Leaf,
    Envelope,
    Tile,
    Head,
    Document,
    /// Named, and neither stored nor given up nor deleted under a tombstone; told once, with the first entry that names it.
    LostDocument,
    /// The database does not answer, or is not in order.
    Database,
}

/// One thing that is not as it was committed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Damage {
    pub part: Part,
    /// Index, digest, path of the tile or size: enough to find it.
    pub name: String,
    pub detail: String,
}

/// How far a pass goes: what is appended later waits for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Entries.
    pub size: u64,
    pub documents: u64,
}

impl Plan {
    pub(super) fn tiles(&self) -> u64 {
        self.size.div_ceil(WIDTH)
    }

    pub(super) fn heads(&self) -> u64 {
        self.size / HEADS + 1
    }

    /// How many slices make a pass.
    pub fn slices(&self) -> u64 {
        self.tiles() + self.heads() + self.documents.div_ceil(DOCUMENTS)
    }
}

impl Damage {
    pub(super) fn new(part: Part, name: String, detail: String) -> Self {
        Self { part, name, detail }
    }
}

impl Part {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Envelope => "envelope",
            Self::Tile => "tile",
            Self::Head => "head",
            Self::Document => "document",
            Self::LostDocument => "lost document",
            Self::Database => "database",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.part.as_str(), self.name, self.detail)
    }
}
