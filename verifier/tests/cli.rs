//! The program as a person or a script runs it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use exhibit_proto::bundle;
use exhibit_verifier::report::{Report, State};
use support::{Place, World, key};

fn exhibit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_exhibit")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn exit_codes_and_json_tell_what_was_found() {
    let place = Place::new(&World::honest().files());
    let (bundle, policy) = (place.path(), place.beside("policy", &World::honest().policy()));
    let verify = ["verify", text(&bundle), "--policy", text(&policy)];
    let fine = exhibit(&verify);
    assert_eq!(fine.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&fine.stdout).contains("VERIFIED: everything"));
    let json = exhibit(&[&verify[..], &["--json"]].concat());
    let report: Report = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (report.state, report.schema.as_str()),
        (State::Verified, "urn:exhibit:verification:v1")
    );
    let quiet = exhibit(&[&verify[..], &["--quiet"]].concat());
    assert_eq!((quiet.status.code(), quiet.stdout.len(), quiet.stderr.len()), (Some(0), 0, 0));
    place.put(bundle::README, b"changed");
    let wrong = exhibit(&verify);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("README.md: digest is"));
}

#[test]
fn unusable_input_exits_2_and_says_what_to_do() {
    let place = Place::new(&World::honest().files());
    let good = place.beside("good", &World::honest().policy());
    // The neutral element as a key: one signature would fit every message.
    let weak = "log w.example+1f9c3e9b+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nquorum none\n";
    let weak = place.beside("weak", weak);
    let (bundle, absent) = (place.path(), place.path().join("absent"));
    let file = place.beside("file", "");
    let inside = place.path().join(bundle::POLICY);
    for (folder, policy, words) in [
        (&bundle, &absent, "absent"),
        (&absent, &good, "absent"),
        (&file, &good, "not a folder"),
        (&bundle, &weak, "small-order"),
        (&bundle, &inside, "lies in the bundle"),
    ] {
        let output = exhibit(&["verify", text(folder), "--policy", text(policy)]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said} lacks {words}");
    }
    assert_eq!(exhibit(&["verify", text(&bundle)]).status.code(), Some(2));
}

#[test]
fn receipt_is_accepted_for_its_own_log_only() {
    let world = World::honest();
    let place = Place::new(&world.files());
    let receipt = place.beside("receipt", &world.proof(2).to_text());
    let policy = place.beside("policy", &world.policy());
    let other = place.beside("other", &World::of(key(7), &key(8)).policy());
    let fine = exhibit(&["verify-receipt", text(&receipt), "--policy", text(&policy)]);
    assert_eq!(fine.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&fine.stdout).contains("entry 2 (evidence)"));
    let foreign = exhibit(&["verify-receipt", text(&receipt), "--policy", text(&other)]);
    assert_eq!(foreign.status.code(), Some(1));
    let changed = world.proof(2).to_text().replacen("index 2", "index 3", 1);
    let changed = place.beside("changed", &changed);
    let wrong = exhibit(&["verify-receipt", text(&changed), "--policy", text(&policy)]);
    assert_eq!(wrong.status.code(), Some(1));
}

#[test]
fn key_shows_the_same_fingerprint_for_policy_and_pem() {
    let place = Place::new(&World::honest().files());
    let show = |name: &str| {
        let output = exhibit(&["key", text(&place.path().join(name))]);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let fingerprint = World::honest().log.public().id().to_string();
    assert!(
        show(bundle::POLICY).contains(&fingerprint) && show(bundle::LOG_KEY).contains(&fingerprint)
    );
}
