//! Time-stamps in bundles: believed under the auditor's roots only, and what they say about each item.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle::TIMESTAMPS;
use exhibit_proto::digest::Digest;
use exhibit_proto::rfc3161::{Request, Roots};
use exhibit_verifier::report::{Basis, Check, Report, State};
use exhibit_verifier::show;
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::verify;
use support::{Files, Place, World, key, problems};
use tsa::{Authority, Keys, STAMPS};

#[expect(unreachable_pub, dead_code, reason = "tests of several crates include it")]
#[path = "../../tests/src/tsa.rs"]
mod tsa;

fn authority(dir: &tempfile::TempDir, name: &str) -> Authority {
    Authority::new(&dir.path().join(name), Keys::P256, STAMPS)
}

/// The head over the first `size` entries, signed, and a token over `stamped`.
fn stamp(world: &World, size: usize, authority: &Authority, files: &mut Files) {
    let mut earlier = World::honest();
    earlier.entries.truncate(size);
    let head = earlier.checkpoint().sign(&world.log).unwrap().into_bytes();
    let request = Request::new(Digest::of(&head), [1; 8], None).unwrap();
    let token = authority.answer(&request.to_der());
    files.insert(format!("{TIMESTAMPS}checkpoint-{size}"), head);
    files.insert(format!("{TIMESTAMPS}checkpoint-{size}.tsa.tsr"), token);
    files.insert(format!("{TIMESTAMPS}chain.pem"), authority.root());
}

fn report(files: &Files, world: &World, roots: Option<&[u8]>) -> Report {
    let place = Place::new(files);
    let mut trust = Trust::parse(&world.policy(), "the test's policy").unwrap();
    trust.tsa_roots = roots.map(|pem| Roots::from_pem(pem).unwrap());
    verify(&place.path(), &trust, jiff::Timestamp::now(), &exhibit_verifier::progress::Silent)
        .unwrap()
}

#[test]
fn tokens_hold_under_the_given_roots_and_bound_what_they_cover() {
    let dir = tempfile::tempdir().unwrap();
    let (world, authority) = (World::honest(), authority(&dir, "ours"));
    let mut files = world.files();
    stamp(&world, 2, &authority, &mut files);
    stamp(&world, 4, &authority, &mut files);
    let before = jiff::Timestamp::now().as_millisecond() - 3_600_000;
    let found = report(&files, &world, Some(&authority.root()));
    assert_eq!(found.state, State::Verified, "{:?}", problems(&found));
    assert_eq!(found.checks.get(&Check::Timestamps), Some(&State::Verified));
    assert_eq!(found.timestamps.len(), 2);
    for item in &found.items {
        let bound = item.not_after.as_ref();
        assert_eq!(bound.is_some(), item.index < 4, "entry {}", item.index);
        if let Some(bound) = bound {
            assert_eq!(bound.basis, Basis::Token);
            // Within the authority's accuracy of a second and a half.
            assert!((before..before + 4_000_000).contains(&bound.ms()), "{bound:?}");
        }
    }
    let text = show::summary(&found);
    assert!(text.contains("2 time-stamps hold under the given roots"), "{text}");
    assert!(text.contains("entry 0: in the log by "), "{text}");
    let again: Report = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    assert_eq!(again, found);
}

#[test]
fn without_roots_tokens_are_neither_verified_nor_failed() {
    let dir = tempfile::tempdir().unwrap();
    let (world, authority) = (World::honest(), authority(&dir, "ours"));
    let mut files = world.files();
    stamp(&world, 2, &authority, &mut files);
    let found = report(&files, &world, None);
    assert_eq!(found.state, State::NotChecked, "{:?}", problems(&found));
    assert_eq!(found.checks.get(&Check::Timestamps), Some(&State::NotChecked));
    assert!(found.items.iter().all(|item| item.not_after.is_none()));
    assert!(show::summary(&found).contains("--tsa-roots FILE"));
    // Roots and nothing to judge by them is said as well; neither is nothing.
    let found = report(&world.files(), &world, Some(&authority.root()));
    assert_eq!(found.checks.get(&Check::Timestamps), Some(&State::NotChecked));
    assert_eq!(report(&world.files(), &world, None).checks.get(&Check::Timestamps), None);
}

#[test]
fn whatever_is_wrong_with_a_token_or_its_head_fails() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (authority(&dir, "ours"), authority(&dir, "other"));
    let world = World::honest();
    let mut files = world.files();
    stamp(&world, 2, &ours, &mut files);
    let (head, token) =
        (format!("{TIMESTAMPS}checkpoint-2"), format!("{TIMESTAMPS}checkpoint-2.tsa.tsr"));
    let failed = |files: &Files, roots: &Authority| {
        let found = report(files, &world, Some(&roots.root()));
        assert_eq!(found.state, State::Failed);
        assert_eq!(found.checks.get(&Check::Timestamps), Some(&State::Failed));
        assert!(found.items.iter().all(|item| item.not_after.is_none()));
        problems(&found).join("\n")
    };
    assert!(failed(&files, &other).contains("no chain to a trusted root"));
    let mut changed = files.clone();
    let imprint = Digest::of(&files[&head]);
    let bytes = changed.get_mut(&token).unwrap();
    let place = bytes.windows(32).position(|part| part == imprint.as_bytes()).unwrap();
    bytes[place] ^= 1;
    assert!(failed(&changed, &ours).contains("another content"));
    // The token of another head under this one's name.
    let mut swapped = files.clone();
    stamp(&world, 3, &ours, &mut swapped);
    let third = swapped.remove(&format!("{TIMESTAMPS}checkpoint-3.tsa.tsr")).unwrap();
    swapped.insert(token.clone(), third);
    assert!(failed(&swapped, &ours).contains("another content"));
    // A head that the log did not sign, one that it did not have, and none.
    let mut forged = files.clone();
    let mut earlier = World::honest();
    earlier.entries.truncate(2);
    forged.insert(head.clone(), earlier.checkpoint().sign(&key(9)).unwrap().into_bytes());
    failed(&forged, &ours);
    earlier.entries.swap(0, 1);
    let forked = earlier.checkpoint().sign(&world.log).unwrap().into_bytes();
    let request = Request::new(Digest::of(&forked), [1; 8], None).unwrap();
    let mut two = files.clone();
    two.insert(token.clone(), ours.answer(&request.to_der()));
    two.insert(head.clone(), forked);
    assert!(failed(&two, &ours).contains("two logs under one key"));
    let mut lacking = files.clone();
    lacking.remove(&head);
    assert!(failed(&lacking, &ours).contains("missing"));
}
