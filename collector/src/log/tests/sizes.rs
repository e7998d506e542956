//! Proofs for every pair of small sizes, and the sizes around two full levels of tiles.

use exhibit_proto::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use exhibit_proto::tiles::{Edge, Level, tiles_of};

use super::{Bench, entry, verifier};
use crate::log::{LogWriter, NewEntry, scrub};

#[tokio::test]
async fn every_pair_of_small_sizes_is_proven_through_the_stored_tiles() {
    let bench = Bench::new();
    let mut heads = vec![bench.reader().head().unwrap().checkpoint];
    let (writer, _task) = bench.start();
    let mut leaves = Vec::new();
    for seq in 1..=70 {
        let committed = writer.append(entry(seq)).await.unwrap();
        leaves.push(committed.proof.extra.unwrap());
        heads.push(committed.head.checkpoint);
    }
    let reader = bench.reader();
    for new in &heads {
        for old in heads.iter().filter(|old| old.size <= new.size) {
            let path = reader.consistency(old.size, new.size).unwrap();
            let (old, new) = ((old.size, &old.root), (new.size, &new.root));
            assert_eq!(verify_consistency(old, new, &path), Ok(()), "{} {}", old.0, new.0);
            if !path.is_empty() {
                assert!(verify_consistency(old, new, &path[1..]).is_err(), "{} {}", old.0, new.0);
            }
        }
        for (index, leaf) in (0..new.size).zip(&leaves) {
            let path = reader.inclusion(index, new.size).unwrap();
            let leaf = leaf_hash(leaf);
            assert_eq!(verify_inclusion(index, new.size, &leaf, &path, &new.root), Ok(()));
        }
    }
    assert!(reader.inclusion(70, 70).is_err() && reader.inclusion(0, 71).is_err());
}

/// The sizes at which tiles of two levels begin and end: each root from the leaves, each right edge, and proofs between them.
#[tokio::test]
async fn sizes_around_two_full_levels_verify_whole() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    let reader = bench.reader();
    let mut edge = Edge::default();
    let mut heads = vec![reader.head().unwrap().checkpoint];
    for size in [65_535, 65_536, 65_537, 70_000] {
        while edge.size() < size {
            let (from, to) = (edge.size() + 1, size.min(edge.size() + 512));
            append_bare(&writer, from, to).await;
            for leaf in reader.leaves(from - 1..to).unwrap() {
                edge.push(leaf_hash(&leaf), &mut |tile, bytes| {
                    assert_eq!(reader.tile(tile).unwrap().unwrap(), bytes, "{tile}");
                });
            }
        }
        let head = reader.head().unwrap().checkpoint;
        assert_eq!((head.size, head.root), (size, edge.root()));
        for (tile, bytes) in edge.partial() {
            assert_eq!(reader.tile(tile).unwrap().unwrap(), bytes, "{tile}");
        }
        for index in [0, 255, 256, 65_279, 65_534, size - 1] {
            let leaf = leaf_hash(&reader.leaves(index..index + 1).unwrap()[0]);
            let path = reader.inclusion(index, size).unwrap();
            assert_eq!(verify_inclusion(index, size, &leaf, &path, &head.root), Ok(()));
        }
        heads.push(head);
    }
    for (old, new) in heads.iter().flat_map(|new| heads.iter().map(move |old| (old, new))) {
        if old.size <= new.size {
            let path = reader.consistency(old.size, new.size).unwrap();
            let (old, new) = ((old.size, &old.root), (new.size, &new.root));
            assert_eq!(verify_consistency(old, new, &path), Ok(()));
        }
    }
    // The specification's own example of a geometry.
    let counted =
        |level| tiles_of(70_000).filter(|tile| tile.level == Level::Hashes(level)).count();
    assert_eq!([counted(0), counted(1), counted(2), counted(3)], [274, 2, 1, 0]);
    let scrub = scrub::Scrub::new(reader, verifier(), |_, _| Vec::new());
    let plan = scrub.plan().unwrap();
    for number in 0..plan.slices() {
        assert_eq!(scrub.slice(&plan, number).unwrap(), [], "{number}");
    }
}

/// Appends entries without documents at once.
async fn append_bare(writer: &LogWriter, from: u64, to: u64) {
    let bare = |seq| NewEntry { documents: Vec::new(), ..entry(seq) };
    let all = futures_util::future::join_all((from..=to).map(|seq| writer.append(bare(seq))));
    assert!(all.await.iter().all(Result::is_ok));
}
