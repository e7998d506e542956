//! Whole bundles: honest, damaged, forged, incomplete, and what the verifier says about them.

mod support;

use exhibit_proto::bundle;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_verifier::report::{Check, State};
use exhibit_verifier::show;
use proptest::prelude::*;
use support::{Place, World, agent_key, failed_in, first, key, manifest, problems};

#[test]
fn honest_bundle_is_verified_in_every_part() {
    let report = Place::new(&World::honest().files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!((report.counts.items.verified, report.counts.documents.verified), (4, 2));
    for check in [
        Check::Files,
        Check::Checkpoint,
        Check::LogKey,
        Check::Manifest,
        Check::Root,
        Check::Tiles,
        Check::Chains,
        Check::Keys,
    ] {
        assert_eq!(report.checks.get(&check), Some(&State::Verified), "{check:?}");
    }
    let last = report.items.last().unwrap();
    for check in [
        Check::Leaf,
        Check::Inclusion,
        Check::Envelope,
        Check::Key,
        Check::Signature,
        Check::Statement,
        Check::Documents,
        Check::Anchor,
    ] {
        assert_eq!(last.checks.get(&check), Some(&State::Verified), "{check:?}");
    }
    let text = show::summary(&report);
    for expected in [
        "log.example/1, 5 entries",
        "the policy file the test's policy says so",
        "VERIFIED: everything",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn flipped_byte_in_each_file_fails_and_names_the_file() {
    let files = World::honest().files();
    let place = Place::new(&files);
    let sums = std::fs::read(place.path().join(bundle::SUMS)).unwrap();
    for (path, bytes) in
        files.iter().map(|(path, bytes)| (path.as_str(), bytes)).chain([(bundle::SUMS, &sums)])
    {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            place.put(path, &changed);
            let report = place.report();
            assert_eq!(report.state, State::Failed, "{path} at {at}");
            let named = show::summary(&report).contains(path);
            assert!(named, "{path} at {at}: {:?}", problems(&report));
        }
        place.put(path, bytes);
    }
    assert_eq!(place.report().state, State::Verified);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_changed_bit_fails_and_names_its_file(file: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8) {
        let place = Place::new(&World::honest().files());
        let mut paths: Vec<String> = World::honest().files().into_keys().collect();
        paths.push(bundle::SUMS.into());
        let path = file.get(&paths);
        let mut bytes = std::fs::read(place.path().join(path)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        place.put(path, &bytes);
        let report = place.report();
        prop_assert_eq!(report.state, State::Failed);
        prop_assert!(show::summary(&report).contains(path.as_str()));
    }
}

#[test]
fn wholly_forged_bundle_fails_under_the_real_policy() {
    let forged = World::of(key(7), &key(8));
    let place = Place::new(&forged.files());
    let report = place.report();
    assert_eq!(report.state, State::Failed);
    assert!(failed_in(&report, Check::Checkpoint, bundle::CHECKPOINT), "{:?}", problems(&report));
    assert!(report.log.is_none() && report.items.is_empty());
    // The same bundle is fine for whoever trusts the forger: only the policy decides.
    assert_eq!(place.report_under(&forged.policy()).state, State::Verified);
    // The real log key's signature over another name does not help.
    let other = World::honest().policy().replace("log.example/1", "log.example/2");
    assert!(exhibit_verifier::trust::Trust::parse(&other, "p").is_err());
}

#[test]
fn what_is_not_shipped_is_not_checked_and_never_verified() {
    let world = World::honest();
    let mut files = world.files();
    files.retain(|path, _| !path.starts_with("tile/"));
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::NotChecked);
    assert_eq!(report.checks[&Check::Root], State::NotChecked);
    let last = report.items.last().unwrap();
    assert_eq!(
        (last.checks[&Check::Inclusion], last.checks[&Check::Leaf]),
        (State::Verified, State::NotChecked)
    );
    assert_eq!(
        (last.checks[&Check::Key], last.checks[&Check::Anchor]),
        (State::NotChecked, State::NotChecked)
    );

    let mut hidden = World::honest();
    hidden.enrol("agent-2", &key(5));
    hidden.revoke(&key(5));
    hidden.evidence(&agent_key(), |_| {});
    let report =
        Place::new(&hidden.files_of(|t| !matches!(t, EntryType::Heartbeat | EntryType::Revoke)))
            .report();
    assert_eq!(report.checks[&Check::Keys], State::NotChecked, "{:?}", problems(&report));
    assert_eq!(report.items.last().unwrap().checks[&Check::Key], State::NotChecked);

    let mut files = World::honest().files();
    let path = bundle::document(&Digest::of(world.documents[0].as_bytes()));
    files.remove(&path);
    manifest(&mut files, |m| m.items[2].documents[0].absent = Some(bundle::Absence::NotHeld));
    let report = Place::new(&files).report();
    assert_eq!((report.state, report.counts.documents.not_checked), (State::NotChecked, 1));
    assert!(show::summary(&report).contains("given up by the agent"), "{}", show::summary(&report));
}

#[test]
fn quorum_is_met_short_or_from_the_future() {
    let world = World::honest();
    let witness = key(20);
    let vkey = Witness::new("w.example", witness.public()).unwrap().vkey();
    let policy = world.policy().replace("quorum none", &format!("witness w {vkey}\nquorum w"));
    let verdict = |time: Option<i64>| {
        let mut files = world.files();
        let line = time.map(|time| {
            let time = u64::try_from(time).unwrap();
            cosign(&world.checkpoint().text(), "w.example", &witness, time).unwrap()
        });
        let note = files.get_mut(bundle::CHECKPOINT).unwrap();
        note.extend(line.unwrap_or_default().into_bytes());
        let report = Place::new(&files).report_under(&policy);
        (report.state, report.checks[&Check::Quorum])
    };
    assert_eq!(verdict(None), (State::Failed, State::Failed));
    let noon = "2026-11-22T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(verdict(Some(noon)), (State::Verified, State::Verified));
    assert_eq!(verdict(Some(noon + 3600)), (State::Failed, State::Failed));
    assert_eq!(verdict(Some(0)), (State::Failed, State::Failed));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let files = World::honest().files();
    let place = Place::new(&files);
    let secret = place.beside("secret", "secret\n");
    let link = first(&files, "documents/");
    std::fs::remove_file(place.path().join(&link)).unwrap();
    std::os::unix::fs::symlink(&secret, place.path().join(&link)).unwrap();
    let report = place.report();
    assert!(
        failed_in(&report, Check::Files, &link) && !show::summary(&report).contains("secret\n")
    );

    let place = Place::new(&files);
    std::os::unix::fs::symlink(place.path().parent().unwrap(), place.path().join("more")).unwrap();
    assert!(failed_in(&place.report(), Check::Files, "more"));

    let place = Place::new(&files);
    let mut sums = std::fs::read_to_string(place.path().join(bundle::SUMS)).unwrap();
    sums.push_str(&format!("{}  ../secret\n", Digest::of(b"secret\n")));
    place.put(bundle::SUMS, sums.as_bytes());
    assert!(failed_in(&place.report(), Check::Files, bundle::SUMS));
}

#[test]
fn log_of_many_tiles_is_rebuilt() {
    let mut world = World::honest();
    for _ in 0..300 {
        world.heartbeat(&agent_key());
    }
    let seen = world.checkpoint();
    world.evidence(&agent_key(), |run| run.capsule.checkpoint = Some(seen));
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!(report.log.as_ref().unwrap().size, 306);
    assert_eq!(report.chains[0].statements, 304);
}
