//! The log's own key changes: which policy a bundle verifies under, and what does not pass for a change.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_proto::bundle::LOG_KEYS;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{self, LogKey, Phase, Shown, ShownError};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::Statement;
use exhibit_verifier::progress::Silent;
use exhibit_verifier::receipt::{self, ReceiptError};
use exhibit_verifier::report::{Check, Report, State};
use exhibit_verifier::trust::Trust;

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

/// The bundle with its `log-keys.json`.
fn with_shown(world: &World, shown: &Shown) -> Place {
    let mut files = world.files();
    files.insert(LOG_KEYS.into(), serde_json::to_vec(shown).unwrap());
    Place::new(&files)
}

/// The policy, and the changes from outside.
fn trust(policy: &str, shown: &Shown) -> Trust {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(LOG_KEYS);
    std::fs::write(&file, serde_json::to_vec(shown).unwrap()).unwrap();
    Trust::parse(policy, "the test's policy").unwrap().with_log_keys(&file).unwrap()
}

#[test]
fn the_retired_key_leads_to_what_came_after_it() {
    let world = retired();
    let report = with_shown(&world, &world.shown()).report_under(&old_policy());
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    let told = report.findings.iter().find(|f| f.check == Check::Checkpoint).unwrap();
    assert!(told.detail.contains("lead there from the key that the policy names"), "{told:?}");
    let report = with_shown(&world, &world.shown()).report_under(&world.policy());
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
}

#[test]
fn no_flipped_byte_of_the_changes_that_are_shown_leads_anywhere() {
    let world = retired();
    let whole = serde_json::to_vec(&world.shown()).unwrap();
    let old = Verifier::new(ORIGIN, first_key().public()).unwrap();
    let keys = world.shown().follow(&old).unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        // What is read as the same document is the same document.
        match Shown::parse(&flipped).and_then(|shown| shown.follow(&old)) {
            Ok(found) => assert_eq!(found, keys, "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > whole.len() * 9 / 10, "{refused} of {}", whole.len());
}

#[test]
fn changes_that_are_shown_and_are_not_the_logs_are_refused() {
    let world = retired();
    let (old, stranger) = (first_key(), key(40));
    // Whoever has stolen the old key leads it to their own: another log, which does not hold that entry.
    let mut other = World::honest();
    put(&mut other, &old, sealed(Phase::Begin, &old, &stranger));
    (other.log, other.leaving) = (stranger.clone(), Some(old.clone()));
    put(&mut other, &stranger, sealed(Phase::End, &old, &stranger));
    other.leaving = None;
    let report = with_shown(&world, &other.shown()).report_under(&old_policy());
    assert_eq!(report.checks[&Check::Checkpoint], State::Failed, "{:?}", problems(&report));
    let report = with_shown(&world, &other.shown()).report_under(&world.policy());
    assert_eq!(report.checks[&Check::LogKey], State::Failed, "{:?}", problems(&report));

    // The end of the overlap is kept back, or the order turned.
    let mut shown = world.shown();
    shown.changes.truncate(1);
    let followed = shown.follow(&Verifier::new(ORIGIN, old.public()).unwrap());
    assert!(matches!(followed, Err(ShownError::Head(_))), "{followed:?}");
    let mut shown = world.shown();
    shown.changes.reverse();
    assert!(shown.follow(&Verifier::new(ORIGIN, old.public()).unwrap()).is_err());
}

#[test]
fn the_new_key_leads_back_to_a_bundle_of_before() {
    let (before, now) = (World::honest(), retired());
    let place = Place::new(&before.files());
    let judged = |trust: &Trust| {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        exhibit_verifier::verify::verify(&place.path(), trust, now, &Silent).unwrap()
    };
    let bare = Trust::parse(&now.policy(), "p").unwrap();
    assert_eq!(judged(&bare).checks[&Check::Checkpoint], State::Failed);
    let report = judged(&trust(&now.policy(), &now.shown()));
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
}

#[test]
fn receipts_hold_under_either_key_and_a_retired_one_is_told() {
    let (before, after) = (World::honest(), retired());
    let last = after.entries.len() as u64 - 1;
    let early = before.proof(2).to_text();
    let late = after.proof(last).to_text();
    for policy in [old_policy(), after.policy()] {
        let trust = trust(&policy, &after.shown());
        let read = receipt::verify(early.as_bytes(), &trust).unwrap();
        assert_eq!((read.log_key, read.retired), (first_key().public().id(), Some(last - 1)));
        let read = receipt::verify(late.as_bytes(), &trust).unwrap();
        assert_eq!((read.log_key, read.retired), (key(20).public().id(), None));
    }
    for (policy, text) in [(after.policy(), &early), (old_policy(), &late)] {
        let trust = Trust::parse(&policy, "p").unwrap();
        let refused = receipt::verify(text.as_bytes(), &trust);
        assert!(matches!(refused, Err(ReceiptError::Proof(_))), "{refused:?}");
    }
    // The retired key signs a head of later days: whoever stole it.
    let mut forged = after.clone();
    forged.log = first_key();
    let forged = forged.proof(last).to_text();
    for policy in [old_policy(), after.policy()] {
        let refused = receipt::verify(forged.as_bytes(), &trust(&policy, &after.shown()));
        assert!(matches!(refused, Err(ReceiptError::Proof(_))), "{refused:?}");
    }
}
