//! kill -9 at any moment: no sealed statement is lost, no number is used twice with other content.

use std::time::Duration;

use exhibit_proto::digest::Digest;

use crate::collector::{Lie, statement};
use crate::world::{World, document, plugin};

/// Checks that the collector holds one unbroken chain from 1.
fn unbroken(world: &World) -> u64 {
    world.collector.with(|state| {
        assert_eq!(state.conflicts, 0, "a number was used twice");
        let mut chain: Vec<_> = state
            .envelopes
            .iter()
            .map(|envelope| (statement(envelope).capsule().unwrap(), Digest::of(envelope)))
            .collect();
        chain.sort_by_key(|(capsule, _)| capsule.seq);
        let mut prev = Digest::ZERO;
        for ((capsule, digest), seq) in chain.iter().zip(1..) {
            assert_eq!((capsule.seq, capsule.prev), (seq, prev));
            prev = *digest;
        }
        for envelope in &state.envelopes {
            for subject in statement(envelope).subject {
                let digest = subject.digest.sha256;
                assert!(state.documents.contains_key(&digest), "document {digest} was lost");
            }
        }
        chain.last().map_or(0, |(capsule, _)| capsule.seq)
    })
}

#[tokio::test]
async fn killed_at_growing_delays_the_chain_stays_whole() {
    let world = World::new().await;
    // Sees something else each time, so that documents are stored and sent each time.
    let body = document("patch.status", r#"{"now":"'"$(date +%s%N)"'"}"#);
    world.configure("", &[("fine", plugin("patch.status", &body))]);
    world.enrol().await;
    for round in 0..30_u64 {
        // Every third round the receipt does not come although the collector has committed.
        world.collector.lie(if round % 3 == 0 { Lie::Mute } else { Lie::None });
        let mut child = world.spawn(&["run", "--once", "--timeout", "5s"]);
        if tokio::time::timeout(Duration::from_millis(60 + round * 12), child.wait()).await.is_err()
        {
            child.kill().await.unwrap();
        }
    }
    world.collector.lie(Lie::None);
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let statements = unbroken(&world);
    assert!(statements >= 2, "{statements}");
    assert_eq!(world.status().await["spool"]["next_seq"].as_u64(), Some(statements + 1));
}

#[tokio::test]
async fn killed_between_spool_and_receipt_nothing_is_lost() {
    let world = World::simple().await;
    world.enrol().await;
    world.collector.lie(Lie::Silent);
    for round in 1..=5_u64 {
        let mut heard = world.collector.with(|state| state.heard.subscribe());
        let mut child = world.spawn(&["run", "--once"]);
        // The collector has the first envelope in hand and says nothing.
        heard.changed().await.unwrap();
        child.kill().await.unwrap();
        assert_eq!(world.status().await["spool"]["items"].as_u64(), Some(round * 2));
    }
    world.collector.lie(Lie::None);
    let ended = world.once().await;
    assert_eq!((ended.code, ended.json()["receipts"].as_u64()), (Some(0), Some(12)), "{ended:?}");
    assert_eq!(unbroken(&world), 12);
}

#[tokio::test]
async fn the_service_collects_at_once_survives_status_and_drains_on_sigterm() {
    let world = World::simple().await;
    world.enrol().await;
    let mut heard = world.collector.with(|state| state.heard.subscribe());
    let mut child = world.spawn(&["run"]);
    while world.collector.with(|state| state.envelopes.len()) < 2 {
        heard.changed().await.unwrap();
    }
    let status = world.status().await;
    assert_eq!(status["next_runs"][0]["kind"], "patch.status");
    let second = world.agent(&["run", "--once"]).await;
    assert!(second.code == Some(2) && second.err.contains("another exhibit-agent"), "{second:?}");
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(world.status().await["spool"]["items"].as_u64(), Some(0));
    unbroken(&world);
}
