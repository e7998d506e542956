//! The log's key changes, and the agent follows: online, offline, and never on one signature.

use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{self, LogKey, Phase};
use exhibit_proto::merkle;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::LogKeyChange;
use exhibit_proto::statement::Statement;
use serde_json::Value;

use crate::collector::{ORIGIN, State};
use crate::log::Memory;
use crate::world::World;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn vkey(seed: u8) -> String {
    Verifier::new(ORIGIN, key(seed).public()).unwrap().vkey()
}

impl State {
    /// From key 42 to 50.
    fn begin(&mut self) {
        self.change(Phase::Begin, key(42).public().id());
        (self.log, self.leaving) = (key(50), Some(key(42)));
    }

    fn retire(&mut self) {
        self.change(Phase::End, key(50).public().id());
        self.last = Some((self.size(), self.proof(0).checkpoint));
        self.leaving = None;
    }

    fn change(&mut self, phase: Phase, by: exhibit_proto::digest::Digest) {
        let envelope =
            log_key::seal(ORIGIN, phase, (&key(42), &key(50)), ("ada", "yearly")).unwrap();
        self.push(EntryType::LogKey, &envelope, by, None);
        self.changes.push(envelope);
    }

    pub(crate) fn log_key_changes(&mut self, known: u64) -> Vec<LogKeyChange> {
        let last = self.last.clone();
        let changes = self.changes.clone().into_iter();
        let changes = changes.map(|envelope| {
            let index = self.index[&exhibit_proto::digest::Digest::of(&envelope)];
            let mut proof = self.proof(index);
            let size = last.as_ref().map_or(self.size(), |(size, _)| *size);
            let mut tree = Memory(&self.leaves);
            proof.path = merkle::prove_inclusion(index, size, &mut tree).unwrap();
            if let Some((_, head)) = &last {
                proof.checkpoint.clone_from(head);
            }
            let (from, to) = (known.min(size), known.max(size));
            let path = merkle::prove_consistency(from, to, &mut tree).unwrap();
            LogKeyChange {
                envelope: envelope.into(),
                proof: proof.to_text().into_bytes().into(),
                consistency: path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
            }
        });
        changes.collect()
    }
}

fn pinned(world: &World) -> (Value, Value) {
    let text = std::fs::read(world.state().join("identity.json")).unwrap();
    let identity: Value = serde_json::from_slice(&text).unwrap();
    (identity["log_key"].clone(), identity["old_log_key"].clone())
}

async fn all_received(world: &World) {
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(world.status().await["spool"]["items"], 0);
}

#[tokio::test]
async fn a_new_key_is_pinned_beside_the_old_one_and_alone_after_the_retirement() {
    let world = World::simple().await;
    world.enrol().await;
    all_received(&world).await;
    world.collector.with(State::begin);
    all_received(&world).await;
    assert_eq!(pinned(&world), (vkey(50).into(), vkey(42).into()));
    all_received(&world).await;
    world.collector.with(State::retire);
    all_received(&world).await;
    assert_eq!(pinned(&world), (vkey(50).into(), Value::Null));
    all_received(&world).await;
}

#[tokio::test]
async fn an_agent_that_slept_through_the_overlap_follows_by_the_last_head_of_its_key() {
    let world = World::simple().await;
    world.enrol().await;
    world.collector.with(|state| {
        state.begin();
        state.retire();
        // The log went on, under the new key alone.
        state.push(EntryType::Activity, b"{}", key(50).public().id(), None);
    });
    all_received(&world).await;
    assert_eq!(pinned(&world), (vkey(50).into(), Value::Null));
}

#[tokio::test]
async fn forged_changes_pin_nothing_and_nothing_is_sent() {
    let sealed = || log_key::seal(ORIGIN, Phase::Begin, (&key(42), &key(50)), ("a", "b")).unwrap();
    let payload = exhibit_proto::dsse::Envelope::parse(&sealed()).unwrap();
    let statement =
        Statement::<LogKey>::from_payload(&payload.unverified_payload().unwrap()).unwrap();
    for (forged, leaving, said) in [
        (statement.seal(&key(42)).unwrap(), Some(key(42)), "signatures of both keys"),
        (statement.seal_with(&key(51), Some(&key(50))).unwrap(), Some(key(42)), "signatures"),
        // Both signed, and no head that the pinned key signed covers it.
        (sealed(), None, "no signature"),
        (
            log_key::seal(ORIGIN, Phase::Begin, (&key(51), &key(50)), ("a", "b")).unwrap(),
            Some(key(42)),
            "other keys than the pinned",
        ),
    ] {
        let world = World::simple().await;
        world.enrol().await;
        world.collector.with(|state| {
            state.push(EntryType::LogKey, &forged, key(42).public().id(), None);
            state.changes.push(forged);
            (state.log, state.leaving) = (key(50), leaving);
        });
        let ended = world.once().await;
        assert_ne!(ended.code, Some(0), "{ended:?}");
        assert!(format!("{ended:?}").contains(said), "{said}: {ended:?}");
        assert_eq!(pinned(&world), (vkey(42).into(), Value::Null));
        world.collector.with(|state| assert_eq!(state.envelopes.len(), 0));
    }
}
