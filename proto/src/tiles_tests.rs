//! Paths and geometry of the specification, and the growing edge against the recursive definition.

use std::collections::BTreeMap;

use super::*;
use crate::merkle::{Nodes, leaf_hash, prove_inclusion, root, verify_inclusion};

#[test]
fn paths_are_those_of_the_specification() {
    let tile = |index, width| Tile { level: Level::Hashes(0), index, width };
    for (expected, tile) in [
        ("tile/0/x001/x234/067", tile(1_234_067, 256)),
        ("tile/0/000", tile(0, 256)),
        ("tile/0/999", tile(999, 256)),
        ("tile/0/x001/000", tile(1000, 256)),
        ("tile/0/x001/x000/000.p/1", tile(1_000_000, 1)),
        ("tile/1/000.p/17", Tile { level: Level::Hashes(1), index: 0, width: 17 }),
        ("tile/entries/x273/112.p/112", Tile { level: Level::Entries, index: 273_112, width: 112 }),
    ] {
        assert_eq!(tile.to_string(), expected);
        assert_eq!(expected.parse(), Ok(tile));
    }
}

#[test]
fn other_spellings_are_refused() {
    for path in [
        "tile/0/0",
        "tile/0/1000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/64/000",
        "tile/00/000",
        "tile/+1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/001",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/entries",
        "tile/-1/000",
        "tile/0/xx001/000",
    ] {
        assert!(path.parse::<Tile>().is_err(), "{path}");
    }
}

#[test]
fn size_70000_has_the_geometry_of_the_specification() {
    let count = |level: u8, full: bool| {
        tiles_of(70_000)
            .filter(|t| t.level == Level::Hashes(level) && (t.width == 256) == full)
            .count()
    };
    assert_eq!((count(0, true), count(1, true), count(2, true)), (273, 1, 0));
    let partial: Vec<u16> = tiles_of(70_000).filter(|t| t.width < 256).map(|t| t.width).collect();
    assert_eq!(partial, [112, 17, 1]);
    let at_256: Vec<String> = tiles_of(256).map(|t| t.to_string()).collect();
    assert_eq!(at_256, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_of(0).count(), 0);
}

/// A log kept in memory as its tiles.
#[derive(Default)]
struct Tiles(BTreeMap<(u8, u64), Vec<Digest>>);

impl Tiles {
    fn keep(&mut self, tile: Tile, bytes: &[u8]) {
        let Level::Hashes(level) = tile.level else { panic!("entries") };
        self.0.insert((level, tile.index), parse_tile(bytes).unwrap());
    }
}

impl Nodes for Tiles {
    type Error = TileError;

    fn node(&mut self, node: Node) -> Result<Digest, TileError> {
        let (level, index, range) = tile_of(node);
        Ok(fold(&self.0[&(level, index)][range]))
    }
}

#[test]
fn an_edge_grows_like_the_recursive_tree_and_can_be_restored_at_any_size() {
    let mut edge = Edge::default();
    let mut tiles = Tiles::default();
    let interesting = [0, 1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000];
    for size in 0..=70_000_u64 {
        if interesting.contains(&size) {
            for (tile, bytes) in edge.partial() {
                tiles.keep(tile, &bytes);
            }
            let top = edge.root();
            assert_eq!(root(size, &mut tiles).unwrap(), top, "size {size}");
            let restored = Edge::restore(size, |tile| {
                let Level::Hashes(level) = tile.level else { panic!("entries") };
                Ok::<_, TileError>(to_bytes(&tiles.0[&(level, tile.index)]))
            });
            assert_eq!(restored.unwrap().root(), top);
            for index in [0, size / 2, size.saturating_sub(1)].into_iter().filter(|i| *i < size) {
                let path = prove_inclusion(index, size, &mut tiles).unwrap();
                let leaf = leaf_hash(&index.to_be_bytes());
                assert_eq!(verify_inclusion(index, size, &leaf, &path, &top), Ok(()));
            }
        }
        edge.push(leaf_hash(&size.to_be_bytes()), &mut |tile, bytes| tiles.keep(tile, &bytes));
    }
}

#[test]
fn bundles_frame_empty_and_longest_entries() {
    let longest = vec![7; MAX_ENTRY];
    let framed = bundle([&b""[..], &longest]).unwrap();
    assert_eq!(parse_bundle(&framed).unwrap(), [&b""[..], &longest]);
    assert_eq!(parse_bundle(&framed[..framed.len() - 1]), Err(TileError::Truncated(1)));
    assert!(bundle([&vec![0; MAX_ENTRY + 1][..]]).is_err());
}
