//! The log as it was at one head, while it goes on growing.

use std::collections::HashMap;

use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{Node, Nodes};
use exhibit_proto::tiles::{Level, Tile, fold, parse_tile, tile_of, width};

use super::ExportError;
use crate::log::{LogError, LogReader};

/// Tiles kept at a time: 512 KiB. Items come by ascending index, so old ones are not asked for again.
const KEPT: usize = 64;

pub(super) struct Past<'a> {
    reader: &'a LogReader,
    size: u64,
    tiles: HashMap<(u8, u64), Vec<Digest>>,
}

impl<'a> Past<'a> {
    pub(super) fn new(reader: &'a LogReader, size: u64) -> Self {
        Self { reader, size, tiles: HashMap::new() }
    }

    /// The bytes of a tile that this head covers.
    pub(super) fn bundle(&self, tile: Tile) -> Result<Vec<u8>, LogError> {
        let bytes = self.reader.tile(tile)?;
        bytes.ok_or_else(|| LogError::Damaged(format!("{tile} is missing")))
    }
}

impl Nodes for Past<'_> {
    type Error = ExportError;

    fn node(&mut self, node: Node) -> Result<Digest, ExportError> {
        let (level, index, range) = tile_of(node);
        if !self.tiles.contains_key(&(level, index)) {
            let width = width(Level::Hashes(level), index, self.size);
            let bytes = self.bundle(Tile { level: Level::Hashes(level), index, width })?;
            if self.tiles.len() >= KEPT {
                self.tiles.clear();
            }
            self.tiles.insert((level, index), parse_tile(&bytes)?);
        }
        let hashes = self.tiles.get(&(level, index)).and_then(|hashes| hashes.get(range));
        let damaged = || LogError::Damaged(format!("tile {index} of level {level} is too narrow"));
        Ok(fold(hashes.ok_or_else(damaged)?))
    }
}
