//! C2SP tlog-tiles: which hashes stand in which tile, under which path, and how entries are bundled.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::merkle::{Node, empty_root, node_hash};

/// Hashes in a full tile.
pub const WIDTH: u64 = 256;
/// Longest entry that a bundle can frame (uint16 length).
pub const MAX_ENTRY: usize = 65_535;

/// A tile of hashes, or a bundle of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Entries,
    Hashes(u8),
}

/// One tile: `width` is 256 for a full one, 1..=255 for a partial one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub level: Level,
    pub index: u64,
    pub width: u16,
}

/// Why a path or a bundle is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileError {
    #[error("{0:?} is not a tile path (C2SP tlog-tiles)")]
    Path(String),
    #[error("entry of {0} bytes: a bundle frames at most 65535")]
    EntryTooLong(usize),
    #[error("entry bundle ends inside an entry, after {0} whole entries")]
    Truncated(usize),
    #[error("tile of {0} bytes is not a whole number of hashes, or has more than 256")]
    Ragged(usize),
}

/// How wide tile `index` at `level` is in a tree of `size` leaves: 256 full, 1..=255 partial, 0 absent.
pub fn width(level: Level, index: u64, size: u64) -> u16 {
    let shift = match level {
        Level::Entries => 0,
        Level::Hashes(level) => 8 * u32::from(level),
    };
    let hashes = size.checked_shr(shift).unwrap_or(0);
    let start = index.saturating_mul(WIDTH);
    u16::try_from(hashes.saturating_sub(start).min(WIDTH)).unwrap_or(0)
}

/// Every tile of hashes of a tree with `size` leaves, lowest level first, with the partial ones of the right edge.
pub fn tiles_of(size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0_u8..8).take_while(move |level| size >> (8 * level) > 0);
    levels.flat_map(move |level| {
        let count = (size >> (8 * level)).div_ceil(WIDTH);
        (0..count).map(move |index| {
            let level = Level::Hashes(level);
            Tile { level, index, width: width(level, index, size) }
        })
    })
}

/// The tile that holds the hashes from which a complete subtree's hash follows, and which of them.
pub fn tile_of(node: Node) -> (u8, u64, std::ops::Range<usize>) {
    let level = node.level / 8;
    let span = 1_u64 << (node.level % 8);
    let first = node.index * span;
    let start = usize::try_from(first % WIDTH).unwrap_or(0);
    (level, first / WIDTH, start..start + usize::try_from(span).unwrap_or(1))
}

/// Reads the hashes of a tile.
pub fn parse_tile(bytes: &[u8]) -> Result<Vec<Digest>, TileError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() > 256 {
        return Err(TileError::Ragged(bytes.len()));
    }
    Ok(hashes.iter().map(|hash| Digest::from_bytes(*hash)).collect())
}

/// The root over a power-of-two number of hashes.
pub fn fold(hashes: &[Digest]) -> Digest {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}

/// Frames entries into a bundle.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, TileError> {
    let mut out = Vec::new();
    for entry in entries {
        let length =
            u16::try_from(entry.len()).map_err(|_too_long| TileError::EntryTooLong(entry.len()))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// Reads the entries of a bundle.
pub fn parse_bundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let truncated = TileError::Truncated(entries.len());
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
            return Err(truncated);
        };
        let Some((entry, rest)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else {
            return Err(truncated);
        };
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}

/// The right edge of a growing tree: at each level the hashes of the unfinished tile.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Digest>>,
}

impl Edge {
    /// The edge of a stored tree: `read` gives the bytes of a partial tile, which must have the width asked for.
    pub fn restore<E: From<TileError>>(
        size: u64,
        mut read: impl FnMut(Tile) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let mut levels = Vec::new();
        for level in (0_u8..8).take_while(|level| size >> (8 * level) > 0) {
            let index = (size >> (8 * level)) / WIDTH;
            let width = width(Level::Hashes(level), index, size);
            let mut hashes = Vec::new();
            if width > 0 {
                let bytes = read(Tile { level: Level::Hashes(level), index, width })?;
                hashes = parse_tile(&bytes)?;
                if hashes.len() != usize::from(width) {
                    return Err(TileError::Ragged(bytes.len()).into());
                }
            }
            levels.push(hashes);
        }
        Ok(Self { size, levels })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash; each tile that it completes goes to `full`.
    pub fn push(&mut self, leaf: Digest, full: &mut impl FnMut(Tile, Vec<u8>)) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0_u8..8 {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(at) else {
                return;
            };
            hashes.push(hash);
            if hashes.len() < 256 {
                return;
            }
            let finished = std::mem::take(hashes);
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            hash = fold(&finished);
            full(Tile { level: Level::Hashes(level), index, width: 256 }, to_bytes(&finished));
        }
    }

    /// The unfinished tiles, lowest level first; empty ones are left out as the specification asks.
    pub fn partial(&self) -> Vec<(Tile, Vec<u8>)> {
        let tiles = (0_u8..).zip(&self.levels).filter(|(_, hashes)| !hashes.is_empty());
        tiles
            .map(|(level, hashes)| {
                let width = u16::try_from(hashes.len()).unwrap_or(u16::MAX);
                let index = (self.size >> (8 * u32::from(level))) / WIDTH;
                (Tile { level: Level::Hashes(level), index, width }, to_bytes(hashes))
            })
            .collect()
    }

    /// The root of the tree (RFC 6962): its complete subtrees joined from the smallest, rightmost one.
    pub fn root(&self) -> Digest {
        let mut root: Option<Digest> = None;
        for hashes in &self.levels {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                // The lowest set bit of the width is the rightmost complete subtree of this level.
                let (left, peak) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                let peak = fold(peak);
                root = Some(root.map_or(peak, |right| node_hash(&peak, &right)));
                rest = left;
            }
        }
        root.unwrap_or_else(empty_root)
    }
}

fn to_bytes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// `tile/<L>/<N>[.p/<W>]`, without a leading slash.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => f.write_str("tile/entries/")?,
            Level::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        let digits = self.index.to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{digits:0>width$}", width = groups * 3);
        for (position, digit) in padded.chars().enumerate() {
            if position % 3 == 0 {
                if position > 0 {
                    f.write_str("/")?;
                }
                if position + 3 < padded.len() {
                    f.write_str("x")?;
                }
            }
            write!(f, "{digit}")?;
        }
        if u64::from(self.width) < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        let refused = || TileError::Path(path.chars().take(120).collect());
        let rest = path.strip_prefix("tile/").ok_or_else(refused)?;
        let (level, rest) = rest.split_once('/').ok_or_else(refused)?;
        let level = match level {
            "entries" => Level::Entries,
            number => Level::Hashes(number.parse().ok().filter(|l| *l < 64).ok_or_else(refused)?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().map_err(|_not_a_width| refused())?),
            None => (rest, 256),
        };
        let digits: String = groups.split('/').map(|group| group.trim_start_matches('x')).collect();
        let index = digits.parse().map_err(|_not_a_number| refused())?;
        let tile = Self { level, index, width };
        // One spelling only: what does not print as it was read is refused (zeros, signs, missing x, .p/256).
        if width == 0 || tile.to_string() != path { Err(refused()) } else { Ok(tile) }
    }
}

#[cfg(test)]
#[path = "tiles_tests.rs"]
mod tests;
