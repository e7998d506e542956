//! A log alone, and bundles with more items than are looked at together.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::tiles::{Level, Tile};
use exhibit_verifier::progress::Silent;
use exhibit_verifier::report::{Check, Report, State};
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::verify_log;
use support::{Files, Place, World, agent_key, key};

/// Only what a log publishes.
fn published(world: &World) -> Files {
    let all = world.files_of(|_| false).into_iter();
    all.filter(|(path, _)| path.starts_with("tile/") || path == "checkpoint").collect()
}

fn verified(world: &World, files: &Files) -> Report {
    let place = Place::new(files);
    let trust = Trust::parse(&world.policy(), "policy").unwrap();
    verify_log(&place.path(), &trust, "2026-11-23T00:00:00Z".parse().unwrap(), &Silent).unwrap()
}

#[test]
fn log_is_rebuilt_from_its_tiles_alone() {
    let world = World::honest();
    let report = verified(&world, &published(&world));
    assert_eq!(report.state, State::Verified, "{:?}", report.findings);
    for check in [Check::Checkpoint, Check::Root, Check::Tiles, Check::Chains] {
        assert_eq!(report.checks.get(&check), Some(&State::Verified), "{check:?}");
    }
    assert_eq!(report.log.unwrap().size, world.entries.len() as u64);
}

#[test]
fn changed_or_missing_leaves_and_foreign_heads_fail() {
    let world = World::honest();
    let width = u16::try_from(world.entries.len()).unwrap();
    let path = Tile { level: Level::Entries, index: 0, width }.to_string();
    let mut files = published(&world);
    *files.get_mut(&path).unwrap().last_mut().unwrap() ^= 1;
    assert_eq!(verified(&world, &files).checks.get(&Check::Root), Some(&State::Failed));
    files.get_mut(&path).unwrap().pop();
    assert_eq!(verified(&world, &files).checks.get(&Check::Root), Some(&State::Failed));
    files.remove(&path);
    assert_ne!(verified(&world, &files).state, State::Verified);
    let other = World::of(key(7), &agent_key());
    assert_eq!(verified(&other, &published(&world)).state, State::Failed);
}

#[test]
fn one_false_signature_among_many_items_is_the_one_that_fails() {
    let mut world = World::honest();
    for _ in 0..300 {
        world.evidence(&agent_key(), |_| {});
    }
    let (stranger, agent) = (key(9), agent_key().public());
    world.evidence(&stranger, |_| {});
    let forged = world.entries.last_mut().unwrap();
    forged.key = agent;
    // The envelope says that the agent signed it.
    let text = String::from_utf8(std::mem::take(&mut forged.envelope)).unwrap();
    let claimed = text.replace(&stranger.public().id().to_string(), &agent.id().to_string());
    assert_ne!(claimed, text);
    forged.envelope = claimed.into_bytes();
    let report = Place::new(&world.files()).report();
    let failed: Vec<_> = report.items.iter().filter(|item| item.state == State::Failed).collect();
    assert_eq!(failed.len(), 1, "{:?}", report.findings);
    let last = failed.first().unwrap();
    assert_eq!(last.index, world.entries.len() as u64 - 1);
    assert_eq!(last.checks.get(&Check::Signature), Some(&State::Failed));
    assert!(report.items.iter().is_sorted_by_key(|item| item.index));
}
