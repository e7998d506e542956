//! Evidence keys that hand over to the next: what a bundle shows of it, and what it does not let pass.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::rotation::{self, Rotate};
use exhibit_proto::statement::{Capsule, EVIDENCE, ROTATE, Statement};
use exhibit_verifier::report::{Check, Report, State};

mod support;

use support::{Entry, Place, TIME, World, agent_key, capsule, key, problems, run};

/// Where an agent's chain stands.
struct At {
    epoch: u64,
    seq: u64,
    prev: Digest,
}

impl At {
    fn of(world: &World) -> Self {
        let last = world.entries.iter().rev().find_map(|entry| Some((entry, entry.link?)));
        let (entry, link) = last.unwrap();
        let prev = Digest::of(&entry.envelope);
        if entry.t == EntryType::Rotate {
            return Self { epoch: link.epoch + 1, seq: 1, prev };
        }
        Self { epoch: link.epoch, seq: link.seq + 1, prev }
    }

    fn capsule(&self) -> Capsule {
        Capsule { epoch: self.epoch, ..capsule(self.seq, self.prev) }
    }
}

fn push(world: &mut World, t: EntryType, key: &SecretKey, at: &At, envelope: Vec<u8>) {
    let link = Some(Link { epoch: at.epoch, seq: at.seq, prev: at.prev });
    world.entries.push(Entry { t, key: key.public(), link, envelope, rx: TIME.to_owned() });
}

fn says(world: &mut World, key: &SecretKey, at: &At) {
    let envelope = Statement::new(EVIDENCE, Vec::new(), run(at.capsule(), &[])).seal(key).unwrap();
    push(world, EntryType::Evidence, key, at, envelope);
}

fn rotates(world: &mut World, old: &SecretKey, new: &SecretKey) {
    let at = At::of(world);
    let envelope = rotation::seal(at.capsule(), old, new).unwrap();
    world.keys.push(new.public());
    push(world, EntryType::Rotate, old, &at, envelope);
}

/// Epoch 1 under the agent's key, 2 under key 20, 3 under key 21; a run in each.
fn three_epochs() -> World {
    let mut world = World::honest();
    for (old, new) in [(agent_key(), key(20)), (key(20), key(21))] {
        rotates(&mut world, &old, &new);
        let at = At::of(&world);
        says(&mut world, &new, &at);
    }
    world
}

fn report(world: &World) -> Report {
    Place::new(&world.files()).report()
}

#[test]
fn a_bundle_over_three_epochs_verifies() {
    let report = report(&three_epochs());
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    let mut chains: Vec<_> =
        report.chains.iter().map(|chain| (chain.epoch, chain.last, chain.closed)).collect();
    chains.sort_unstable();
    assert_eq!(chains, [(1, 4, Some(5)), (2, 2, Some(7)), (3, 1, None)]);
    assert_eq!(report.items.last().unwrap().agent.as_deref(), Some("agent-1"));
}

#[test]
fn what_the_old_key_signs_after_its_rotation_is_refused_and_shown() {
    let mut world = three_epochs();
    let at = At { epoch: 1, seq: 5, prev: Digest::of(&world.entries[5].envelope) };
    says(&mut world, &agent_key(), &at);
    let report = report(&world);
    let last = report.items.last().unwrap();
    assert_eq!(last.checks[&Check::Key], State::Failed, "{:?}", problems(&report));
    assert!(last.findings.iter().any(|f| f.detail.contains("was replaced by another in entry 5")));
    assert!(report.findings.iter().any(|f| f.detail.contains("entry 5 ended this epoch")));
}

#[test]
fn a_rotation_that_lacks_a_signature_brings_no_key() {
    for forged in ["one signature", "a stranger's second"] {
        let mut world = World::honest();
        let at = At::of(&world);
        let new_key = key(20).public().to_pem();
        let rotate = Rotate { capsule: at.capsule(), new_key, new_epoch: 2 };
        let statement = Statement::new(ROTATE, Vec::new(), rotate);
        let envelope = match forged {
            "one signature" => statement.seal(&agent_key()),
            _ => statement.seal_with(&agent_key(), Some(&key(30))),
        };
        push(&mut world, EntryType::Rotate, &agent_key(), &at, envelope.unwrap());
        let at = At::of(&world);
        says(&mut world, &key(20), &at);
        let report = report(&world);
        assert_eq!(report.items[4].checks[&Check::Statement], State::Failed, "{forged}");
        assert_ne!(report.items[5].checks[&Check::Key], State::Verified, "{forged}");
        assert_eq!(report.state, State::Failed);
    }
}

#[test]
fn a_rotation_to_a_used_key_by_a_revoked_one_or_twice_is_refused() {
    let mut used = World::honest();
    used.enrol("agent-2", &key(20));
    rotates(&mut used, &agent_key(), &key(20));
    let used = report(&used);
    assert!(problems(&used).iter().any(|text| text.contains("which entry 5 brought before")));

    let mut revoked = World::honest();
    revoked.revoke(&agent_key());
    rotates(&mut revoked, &agent_key(), &key(20));
    let revoked = report(&revoked);
    assert!(problems(&revoked).iter().any(|text| text.contains("was revoked by entry 5")));

    let mut twice = three_epochs();
    let replayed = twice.entries[5].clone();
    twice.entries.push(replayed);
    let twice = report(&twice);
    assert_eq!(twice.items.last().unwrap().checks[&Check::Key], State::Failed);
    assert!(twice.findings.iter().any(|f| f.detail.contains("entry 5 ended this epoch")));
}

#[test]
fn revoking_the_new_key_ends_the_agent() {
    let mut world = three_epochs();
    world.revoke(&key(21));
    let mut at = At::of(&world);
    at.seq = 2;
    says(&mut world, &key(21), &at);
    let last = report(&world).items.pop().unwrap();
    assert_eq!(last.checks[&Check::Key], State::Failed, "{:?}", last.findings);
}

#[test]
fn a_rotation_that_was_left_out_leaves_its_key_unjudged() {
    let world = three_epochs();
    let report =
        Place::new(&world.files_of(|t| *t == EntryType::Evidence || *t == EntryType::Enrol))
            .report();
    let last = report.items.last().unwrap();
    assert_eq!(last.checks[&Check::Key], State::NotChecked, "{:?}", problems(&report));
    assert!(report.findings.iter().any(|f| f.check == Check::Keys && f.detail.contains("rotate")));
}
