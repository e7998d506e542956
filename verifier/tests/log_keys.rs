//! The log's own key changes: which policy a bundle verifies under, and what does not pass for a change.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{self, LogKey, Phase};
use exhibit_proto::statement::Statement;
use exhibit_verifier::report::{Check, Report, State};

mod support;

use support::{Entry, ORIGIN, Place, TIME, World, agent_key, key, log_key as first_key, problems};

fn put(world: &mut World, signer: &SecretKey, envelope: Vec<u8>) {
    let (t, key, rx) = (EntryType::LogKey, signer.public(), TIME.to_owned());
    world.entries.push(Entry { t, key, link: None, envelope, rx });
}

fn sealed(phase: Phase, old: &SecretKey, new: &SecretKey) -> Vec<u8> {
    log_key::seal(ORIGIN, phase, (old, new), ("ada", "yearly")).unwrap()
}

/// What stands under the old key, the change to key 20, and what stands under that.
fn overlapping() -> World {
    let mut world = World::honest();
    let (old, new) = (first_key(), key(20));
    put(&mut world, &old, sealed(Phase::Begin, &old, &new));
    (world.log, world.leaving) = (new, Some(old));
    world.enrol("agent-2", &key(30));
    world.evidence(&agent_key(), |_| {});
    world
}

fn retired() -> World {
    let mut world = overlapping();
    let (old, new) = (first_key(), key(20));
    put(&mut world, &new, sealed(Phase::End, &old, &new));
    world.leaving = None;
    world.evidence(&agent_key(), |_| {});
    world
}

fn old_policy() -> String {
    World::honest().policy()
}

fn under(world: &World, policy: &str) -> Report {
    Place::new(&world.files()).report_under(policy)
}

#[test]
fn a_bundle_of_the_overlap_verifies_under_either_policy() {
    let world = overlapping();
    for policy in [old_policy(), world.policy()] {
        let report = under(&world, &policy);
        assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    }
}

#[test]
fn after_the_retirement_the_new_policy_shows_everything_and_the_old_one_gets_one_sentence() {
    let world = retired();
    let report = under(&world, &world.policy());
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    let report = under(&world, &old_policy());
    assert_eq!(report.state, State::Failed);
    let failed: Vec<_> = report.findings.iter().filter(|f| f.state == State::Failed).collect();
    assert_eq!(failed.len(), 1, "{:?}", problems(&report));
    assert!(failed[0].detail.contains("has retired that one, its owner has a newer policy"));
}

#[test]
fn a_head_that_a_retired_key_alone_signed_is_refused() {
    let mut world = retired();
    world.log = first_key();
    let report = under(&world, &old_policy());
    assert_eq!(report.checks[&Check::LogKey], State::Failed, "{:?}", problems(&report));
    assert!(report.findings.iter().any(|f| f.detail.contains("was not in force")));
}

#[test]
fn what_the_wrong_key_of_the_time_signed_is_refused() {
    let mut world = overlapping();
    let new = std::mem::replace(&mut world.log, first_key());
    world.enrol("agent-3", &key(31));
    world.log = new;
    let report = under(&world, &old_policy());
    let last = report.items.last().unwrap();
    assert_eq!(last.checks[&Check::Key], State::Failed, "{:?}", problems(&report));
}

#[test]
fn a_change_that_one_key_alone_signed_brings_no_key() {
    let (old, new) = (first_key(), key(20));
    let payload = Envelope::parse(&sealed(Phase::Begin, &old, &new)).unwrap();
    let statement = Statement::<LogKey>::from_payload(&payload.unverified_payload().unwrap());
    let statement = statement.unwrap();
    for envelope in [
        statement.seal(&old).unwrap(),
        statement.seal_with(&old, Some(&key(33))).unwrap(),
        statement.seal_with(&new, Some(&old)).unwrap(),
    ] {
        let mut world = World::honest();
        put(&mut world, &old, envelope);
        (world.log, world.leaving) = (new.clone(), Some(old.clone()));
        world.enrol("agent-2", &key(30));
        for policy in [old_policy(), world.policy()] {
            let report = under(&world, &policy);
            assert_eq!(report.checks[&Check::LogKey], State::Failed, "{:?}", problems(&report));
            assert_eq!(report.state, State::Failed);
        }
    }
}

#[test]
fn a_change_that_is_left_out_shows_nothing_under_another_key() {
    let world = overlapping();
    let files = world.files_of(|t| !matches!(t, EntryType::Heartbeat | EntryType::LogKey));
    let report = Place::new(&files).report_under(&old_policy());
    assert_eq!(report.checks[&Check::LogKey], State::Failed, "{:?}", problems(&report));
    let enrolled = report.items.iter().find(|item| item.index == 6).unwrap();
    assert_ne!(enrolled.checks[&Check::Key], State::Verified);
}
