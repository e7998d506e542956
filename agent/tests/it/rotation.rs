//! The evidence key hands over to the next: by command, by age, while the agent runs, offline, and across crashes.

use std::path::PathBuf;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::rotation;
use exhibit_proto::rpc::RefusalKind;
use exhibit_proto::statement::{ROTATE, Statement};
use serde_json::Value;

use crate::collector::{Lie, statement};
use crate::world::{World, contains};

impl World {
    fn key_file(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    fn key(&self) -> SecretKey {
        SecretKey::from_pem(&std::fs::read_to_string(self.key_file("evidence.pem")).unwrap())
            .unwrap()
    }

    async fn rotate(&self) -> u64 {
        let ended = self.agent(&["rotate", "--json"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let said = ended.json();
        assert_eq!(said["evidence_key"], self.key().public().id().to_string());
        said["epoch"].as_u64().unwrap()
    }
}

/// Follows the chain that the collector holds from the first key through every epoch; answers how many epochs there are.
fn epochs(world: &World, first: PublicKey) -> u64 {
    world.collector.with(|state| {
        assert_eq!(state.conflicts, 0, "a number was used twice");
        let (mut key, mut epoch, mut seq, mut prev) = (first, 1, 0, Digest::ZERO);
        for envelope in &state.envelopes {
            let opened = Statement::<Value>::open(envelope, &key).unwrap();
            let capsule = opened.capsule().unwrap();
            assert_eq!((capsule.epoch, capsule.seq, capsule.prev), (epoch, seq + 1, prev));
            (seq, prev) = (capsule.seq, Digest::of(envelope));
            if opened.predicate_type == ROTATE {
                key = rotation::open(envelope, &key).unwrap().key;
                (epoch, seq) = (epoch + 1, 0);
            }
        }
        assert_eq!(key, world.key().public(), "the log ends with another key than the agent has");
        epoch
    })
}

async fn enrolled() -> (World, SecretKey) {
    let world = World::simple().await;
    world.enrol().await;
    let key = world.key();
    (world, key)
}

async fn all_received(world: &World) {
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(world.status().await["spool"]["items"], 0);
}

#[tokio::test]
async fn keys_hand_over_offline_and_online_and_no_old_one_is_left() {
    let (world, first) = enrolled().await;
    all_received(&world).await;
    // Nobody is asked: the spool holds three rotations until the next session.
    assert_eq!((world.rotate().await, world.rotate().await), (2, 3));
    let third = world.key();
    assert_eq!(world.rotate().await, 4);
    let status = world.status().await;
    assert_eq!(status["evidence_key"]["number"], 4);
    assert_eq!(status["evidence_key"]["key"], world.key().public().id().to_string());
    assert_eq!(status["spool"]["items"], 3);
    all_received(&world).await;
    assert_eq!(epochs(&world, first.public()), 4);
    let disk = world.everything_on_disk();
    for old in [first, third] {
        let pem = old.to_pem();
        assert!(!contains(&disk, pem.lines().nth(1).unwrap()), "an old secret is still there");
    }
    assert!(!world.key_file("evidence.next.pem").exists());
    let shown = world.agent(&["status"]).await.out;
    assert!(shown.contains("epoch 4, 0 days old"), "{shown}");
}

/// Each place where a rotation can break off, made by hand; the next start finds its way from all of them.
#[tokio::test]
async fn a_crash_between_any_two_steps_is_mended_by_the_next_start() {
    let (world, first) = enrolled().await;
    let (now, next) = (world.key_file("evidence.pem"), world.key_file("evidence.next.pem"));
    // After step 1: the next key is there, and nobody has heard of it. The next rotation takes it up.
    std::fs::copy(&now, &next).unwrap();
    let prepared = SecretKey::from_seed(&[77; 32]);
    std::fs::write(&next, prepared.to_pem().as_bytes()).unwrap();
    all_received(&world).await;
    assert_eq!(world.key().public(), first.public());
    world.rotate().await;
    assert_eq!(world.key().public(), prepared.public());
    // After step 2: the spool is in the new epoch, the files are in the old one.
    // In the middle of step 4: the old key is overwritten, the new one not moved yet.
    let old = std::fs::read(&now).unwrap();
    for left in [old.clone(), vec![0; old.len()]] {
        let before = std::fs::read(&now).unwrap();
        world.rotate().await;
        let expected = world.key().public();
        std::fs::rename(&now, &next).unwrap();
        std::fs::copy(&next, &now).unwrap();
        std::fs::write(&now, if left == old { &before } else { &left }).unwrap();
        all_received(&world).await;
        assert_eq!(world.key().public(), expected);
        assert!(!next.exists());
    }
    // The same, and the first thing that happens is another rotation.
    let before = std::fs::read(&now).unwrap();
    world.rotate().await;
    std::fs::rename(&now, &next).unwrap();
    std::fs::write(&now, before).unwrap();
    std::fs::set_permissions(&now, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(world.rotate().await, 6);
    all_received(&world).await;
    assert_eq!(epochs(&world, first.public()), 6);
    // A key that does not belong to the chain is told, not used.
    std::fs::write(&now, first.to_pem().as_bytes()).unwrap();
    let ended = world.once().await;
    assert!(ended.code == Some(2) && ended.err.contains("the chain in the spool"), "{ended:?}");
}

#[tokio::test]
async fn killed_while_it_rotates_the_chain_stays_whole() {
    let (world, first) = enrolled().await;
    for round in 0..25_u64 {
        let mut child = world.spawn(&["rotate"]);
        let delay = Duration::from_millis(4 + round * 10);
        if tokio::time::timeout(delay, child.wait()).await.is_err() {
            child.kill().await.unwrap();
        }
        if round % 8 == 7 {
            all_received(&world).await;
        }
    }
    all_received(&world).await;
    let found = epochs(&world, first.public());
    assert_eq!(world.status().await["evidence_key"]["number"], found);
}

#[tokio::test]
async fn the_agent_that_runs_rotates_when_it_is_asked() {
    let (world, first) = enrolled().await;
    let mut heard = world.collector.with(|state| state.heard.subscribe());
    let mut child = world.spawn(&["run"]);
    while world.collector.with(|state| state.envelopes.len()) < 2 {
        heard.changed().await.unwrap();
    }
    for epoch in 2..=4 {
        assert_eq!(world.rotate().await, epoch);
    }
    while world.collector.with(|state| state.envelopes.len()) < 5 {
        heard.changed().await.unwrap();
    }
    child.kill().await.unwrap();
    child.wait().await.unwrap();
    // The socket that a killed agent leaves is in nobody's way.
    assert_eq!(world.rotate().await, 5);
    std::fs::remove_file(world.key_file("control.sock")).unwrap();
    all_received(&world).await;
    assert_eq!(epochs(&world, first.public()), 5);
}

#[tokio::test]
async fn a_key_that_is_old_enough_hands_over_by_itself_unless_told_not_to() {
    for (configured, rotates) in
        [("", true), ("evidence_key_days = 0", false), ("evidence_key_days = 40000", false)]
    {
        let (world, first) = enrolled().await;
        let config = world.dir.path().join("agent.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{text}\n[identity]\n{configured}\n")).unwrap();
        let file = world.key_file("identity.json");
        let mut identity: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        identity["enrolled_at"] = "2020-01-01T00:00:00Z".into();
        std::fs::write(&file, identity.to_string()).unwrap();
        all_received(&world).await;
        all_received(&world).await;
        assert_eq!(epochs(&world, first.public()), if rotates { 2 } else { 1 }, "{configured:?}");
    }
}

#[tokio::test]
async fn a_refused_rotation_is_kept_and_waits_for_a_person() {
    let (world, first) = enrolled().await;
    all_received(&world).await;
    world.rotate().await;
    world.collector.lie(Lie::Refuse(RefusalKind::Invalid));
    let ended = world.once().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let status = world.status().await;
    assert_eq!(status["spool"]["quarantined"], serde_json::json!([]));
    let error = status["spool"]["last_error"].as_str().unwrap();
    assert!(error.contains("rotation to the next key"), "{error}");
    world.collector.lie(Lie::None);
    all_received(&world).await;
    assert_eq!(epochs(&world, first.public()), 2);
}

#[tokio::test]
async fn the_certificate_is_renewed_beside_a_rotation() {
    let world = World::simple().await;
    // It began ten days ago, so less than a third of its life is left.
    world.collector.with(|state| state.days = 1);
    world.enrol().await;
    let first = world.key();
    world.collector.with(|state| state.days = 30);
    world.rotate().await;
    all_received(&world).await;
    world.rotate().await;
    all_received(&world).await;
    assert!(world.collector.with(|state| state.renewals) == 1);
    assert_eq!(epochs(&world, first.public()), 3);
    let types = world.collector.with(|state| {
        state.envelopes.iter().filter(|e| statement(e).predicate_type == ROTATE).count()
    });
    assert_eq!(types, 2);
}
