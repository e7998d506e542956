//! Whether one signed head follows from another, by the tiles that a log shows. Never takes damage for another history.

use std::collections::HashMap;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{Node, Nodes, prove_consistency, root, verify_consistency};
use exhibit_proto::tiles::{Level, Tile, TileError, WIDTH, fold, parse_tile, tile_of, width};

use crate::files::FileError;
use crate::source::Source;

/// Why a head is not accepted.
pub(crate) enum Refused {
    /// It excludes what is remembered.
    Fork(String),
    /// It is a past of what is remembered, over so many entries.
    Behind(u64),
    Unavailable(String),
}

impl From<FileError> for Refused {
    fn from(error: FileError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<TileError> for Refused {
    fn from(error: TileError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Whether `new` extends `old`, by a proof from the tiles that stand under `new`. Tiles that lead to the signed root cannot lead
/// to another past than its own, so what does not follow then is a fork and no damage.
pub(crate) fn follows(log: &dyn Source, old: &Checkpoint, new: &Checkpoint) -> Result<(), Refused> {
    let mut tiles = Tiles::under(log, new.size);
    if old.size != new.size && root(new.size, &mut tiles)? != new.root {
        let what = format!("the tiles under {} entries do not lead to the signed root", new.size);
        return Err(Refused::Unavailable(what));
    }
    let path = prove_consistency(old.size, new.size, &mut tiles)?;
    verify_consistency((old.size, &old.root), (new.size, &new.root), &path).map_err(|error| {
        Refused::Fork(format!(
            "root {} over {} entries does not follow from root {} over {}: {error}",
            new.root, new.size, old.root, old.size
        ))
    })
}

/// Why a head over fewer entries than the remembered one is not accepted. Whether it is its past, only tiles that stand under the
/// remembered one can show.
pub(crate) fn behind(log: &dyn Source, found: &Checkpoint, known: &Checkpoint) -> Refused {
    match follows(log, found, known) {
        Ok(()) => Refused::Behind(known.size),
        Err(refused @ (Refused::Fork(_) | Refused::Behind(_))) => refused,
        Err(Refused::Unavailable(reason)) => Refused::Unavailable(format!(
            "its head covers {} entries, the remembered one {}, and it does not show that one is a past of the other ({reason}): \
             a restored backup, a copy, or a stale answer",
            found.size, known.size
        )),
    }
}

struct Tiles<'a> {
    log: &'a dyn Source,
    size: u64,
    read: HashMap<(u8, u64), Vec<Digest>>,
}

impl<'a> Tiles<'a> {
    fn under(log: &'a dyn Source, size: u64) -> Self {
        Self { log, size, read: HashMap::new() }
    }
}

impl Nodes for Tiles<'_> {
    type Error = Refused;

    fn node(&mut self, node: Node) -> Result<Digest, Refused> {
        let (level, index, range) = tile_of(node);
        if !self.read.contains_key(&(level, index)) {
            let width = width(Level::Hashes(level), index, self.size);
            let tile = Tile { level: Level::Hashes(level), index, width };
            let bytes = self.log.read(&tile.to_string(), WIDTH * 32)?;
            self.read.insert((level, index), parse_tile(&bytes)?);
        }
        let hashes = self.read.get(&(level, index)).and_then(|hashes| hashes.get(range));
        let narrow =
            || Refused::Unavailable(format!("tile {index} of level {level} is too narrow"));
        Ok(fold(hashes.ok_or_else(narrow)?))
    }
}
