//! How statements travel, and how a connection begins, with collectors of now and of before.

use std::collections::BTreeSet;

use crate::world::World;

/// What every `once` seals: a heartbeat, and one run.
const EACH: usize = 2;

/// How long payloads were on their way, newest `once` only.
async fn once(world: &World) -> Vec<usize> {
    let before = world.collector.with(|state| state.came.len());
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    world.collector.with(|state| state.came.split_off(before))
}

#[tokio::test]
async fn a_statement_travels_packed_against_the_last_one_of_its_class() {
    let world = World::simple().await;
    world.enrol().await;
    let first = once(&world).await;
    let second = once(&world).await;
    assert_eq!((first.len(), second.len()), (EACH, EACH));
    // The very first, a heartbeat, went whole; then each had one to stand on, across a restart of the agent too.
    assert!(second.iter().all(|packed| packed * 4 < first[0]), "{first:?} {second:?}");
    world.collector.with(|state| {
        assert_eq!(state.envelopes.len(), 2 * EACH);
        // Heads are shown to whoever does not know their root.
        assert_eq!(state.heads.len(), 0);
    });
}

#[tokio::test]
async fn a_collector_that_lost_what_was_packed_against_is_sent_everything_whole() {
    let world = World::simple().await;
    world.enrol().await;
    let first = once(&world).await;
    once(&world).await;
    let lost = world.collector.with(|state| std::mem::take(&mut state.envelopes));
    assert_eq!(lost.len(), 2 * EACH);
    let came = once(&world).await;
    // The one that broke the stream, then the same again, whole, and the run against that.
    assert_eq!(came.len(), 1 + EACH, "{came:?}");
    assert!(came[0] * 3 < first[0] && came[1].abs_diff(first[0]) < 100, "{came:?} {first:?}");
    assert_eq!(world.collector.with(|state| state.envelopes.len()), EACH);
    assert_eq!(world.status().await["spool"]["items"].as_u64(), Some(0));
}

#[tokio::test]
async fn a_collector_of_before_is_asked_one_by_one_and_packs_nothing() {
    let world = World::simple().await;
    world.collector.with(|state| state.old = true);
    world.enrol().await;
    let (first, second) = (once(&world).await, once(&world).await);
    assert!(first.iter().zip(&second).all(|(a, b)| a.abs_diff(*b) < 300), "{first:?} {second:?}");
    world.collector.with(|state| {
        let heads: BTreeSet<_> = state.heads.iter().map(Vec::len).collect();
        assert_eq!((state.heads.len(), heads), (2, BTreeSet::from([1])));
        assert_eq!(state.envelopes.len(), 2 * EACH);
    });
    let status = world.status().await;
    // It learned the clock, which is an hour behind, and the wishes there too.
    assert!(status["spool"]["clock_offset_ms"].as_i64().unwrap() > 3_500_000, "{status}");
    // Then the collector is renewed.
    world.collector.with(|state| state.old = false);
    let third = once(&world).await;
    assert!(third.iter().zip(&second).all(|(new, old)| new * 3 < *old), "{third:?} {second:?}");
    assert_eq!(world.collector.with(|state| state.heads.len()), 2);
}

#[tokio::test]
async fn a_head_is_shown_with_its_signature_to_a_collector_that_does_not_know_its_root() {
    let world = World::simple().await;
    world.enrol().await;
    once(&world).await;
    // Another past of the same length.
    world.collector.with(|state| state.leaves[0] = b"another past".to_vec());
    let ended = world.once().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let shown = world.collector.with(|state| state.heads.clone());
    assert!(!shown.is_empty() && !shown[0].is_empty(), "{shown:?}");
}
