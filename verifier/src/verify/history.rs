//! Earlier roots of the same log, from hash tiles that were held against the leaves. So what agents and receipts remember
//! can be compared with what the log says today.

use std::collections::{BTreeMap, HashMap};

use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{Node, Nodes, root};
use exhibit_proto::tiles::{Level, Tile, fold, parse_tile, tile_of, width};

use crate::files::Folder;

/// Tiles kept at a time: 256 KiB.
const KEPT: usize = 32;
/// Earlier sizes remembered.
const ROOTS: usize = 100_000;

pub(super) struct History<'a> {
    folder: &'a Folder,
    size: u64,
    /// Whether the shipped tiles are this log's.
    usable: bool,
    tiles: HashMap<(u8, u64), Vec<Digest>>,
    roots: BTreeMap<u64, Digest>,
}

impl<'a> History<'a> {
    pub(super) fn new(folder: &'a Folder, size: u64, usable: bool) -> Self {
        Self { folder, size, usable, tiles: HashMap::new(), roots: BTreeMap::new() }
    }

    /// The root that the log had at `size`; `None` if the bundle does not show it.
    pub(super) fn root_at(&mut self, size: u64) -> Option<Digest> {
        if !self.usable || size > self.size {
            return None;
        }
        if let Some(known) = self.roots.get(&size) {
            return Some(*known);
        }
        let found = root(size, self).ok()?;
        if self.roots.len() < ROOTS {
            self.roots.insert(size, found);
        }
        Some(found)
    }
}

/// A tile that was there when it was held against the leaves, and is not now.
pub(super) struct Vanished;

impl Nodes for History<'_> {
    type Error = Vanished;

    fn node(&mut self, node: Node) -> Result<Digest, Vanished> {
        let (level, index, range) = tile_of(node);
        if !self.tiles.contains_key(&(level, index)) {
            let width = width(Level::Hashes(level), index, self.size);
            let path = Tile { level: Level::Hashes(level), index, width }.to_string();
            let bytes = self.folder.read(&path, 256 * 32).map_err(|_unreadable| Vanished)?;
            if self.tiles.len() >= KEPT {
                self.tiles.clear();
            }
            let hashes = parse_tile(&bytes).map_err(|_ragged| Vanished)?;
            self.tiles.insert((level, index), hashes);
        }
        let hashes = self.tiles.get(&(level, index)).and_then(|hashes| hashes.get(range));
        Ok(fold(hashes.ok_or(Vanished)?))
    }
}
