//! Proofs from stored tiles. Never signs and never trusts a hash that is not in the database.

use std::collections::HashMap;

use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{self, Node, Nodes};
use exhibit_proto::tiles::{fold, parse_tile, tile_of};
use exhibit_proto::tlog_proof::TlogProof;
use rusqlite::Connection;

use super::{Head, LogError, sqlite};

/// Subtree hashes read through the tiles of one connection; tiles and hashes are read once.
pub(super) struct Stored<'a> {
    conn: &'a Connection,
    tiles: HashMap<(u8, u64), Vec<Digest>>,
    nodes: HashMap<Node, Digest>,
}

impl<'a> Stored<'a> {
    pub(super) fn new(conn: &'a Connection) -> Self {
        Self { conn, tiles: HashMap::new(), nodes: HashMap::new() }
    }

    /// The hashes of one stored tile.
    pub(super) fn tile(&mut self, level: u8, index: u64) -> Result<&[Digest], LogError> {
        let hashes = match self.tiles.entry((level, index)) {
            std::collections::hash_map::Entry::Occupied(held) => held.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let bytes = sqlite::tile(self.conn, level, index)?;
                let bytes = bytes.ok_or_else(|| missing(level, index))?;
                place.insert(parse_tile(&bytes)?)
            }
        };
        Ok(hashes)
    }

    /// Inclusion of `index` under `head`, as a receipt carries it.
    pub(super) fn receipt(
        &mut self,
        index: u64,
        leaf: Vec<u8>,
        head: &Head,
    ) -> Result<TlogProof, LogError> {
        let path = merkle::prove_inclusion(index, head.checkpoint.size, self)?;
        Ok(TlogProof { extra: Some(leaf), index, path, checkpoint: head.signed.clone() })
    }

    /// The way from the head of `known` entries to `head`.
    pub(super) fn follows(&mut self, known: u64, head: &Head) -> Result<Vec<Digest>, LogError> {
        let size = head.checkpoint.size;
        if known > size {
            return Ok(Vec::new());
        }
        merkle::prove_consistency(known, size, self)
    }
}

impl Nodes for Stored<'_> {
    type Error = LogError;

    fn node(&mut self, node: Node) -> Result<Digest, LogError> {
        if let Some(hash) = self.nodes.get(&node) {
            return Ok(*hash);
        }
        let (level, index, range) = tile_of(node);
        let hashes = self.tile(level, index)?.get(range);
        let hash = fold(hashes.ok_or_else(|| missing(level, index))?);
        self.nodes.insert(node, hash);
        Ok(hash)
    }
}

fn missing(level: u8, index: u64) -> LogError {
    LogError::Damaged(format!("tile {index} of level {level} is missing or too narrow"))
}
