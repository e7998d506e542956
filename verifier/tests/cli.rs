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

/// Who reads the JSON in a script relies on these names; more may come, none may go.
#[test]
fn json_keeps_its_field_names() {
    let mut world = World::honest();
    world.evidence(&support::agent_key(), |run| {
        run.capsule.seq += 1;
        run.capsule.sealed_at = "2026-11-20T10:00:00.000Z".into();
    });
    let place = Place::new(&world.files());
    place.put(bundle::README, b"changed");
    let json = serde_json::to_value(place.report()).unwrap();
    for pointer in [
        "/schema",
        "/state",
        "/bundle",
        "/trust/policy",
        "/trust/policy_sha256",
        "/trust/logs/0",
        "/log/origin",
        "/log/fingerprint",
        "/log/size",
        "/log/root",
        "/log/cosigned",
        "/about/generated_at",
        "/about/selection/targets",
        "/counts/files",
        "/counts/items/verified",
        "/counts/items/not_checked",
        "/counts/items/failed",
        "/counts/documents/verified",
        "/counts/missing_statements",
        "/checks/root",
        "/findings/0/check",
        "/findings/0/state",
        "/findings/0/file",
        "/findings/0/detail",
        "/items/2/index",
        "/items/2/type",
        "/items/2/state",
        "/items/2/agent",
        "/items/2/logged",
        "/items/2/claimed",
        "/items/2/checks/signature",
        "/items/2/findings",
        "/items/4/notes/0",
        "/chains/0/key",
        "/chains/0/epoch",
        "/chains/0/last",
        "/chains/0/statements",
        "/chains/0/gaps/0/from",
        "/chains/0/gaps/0/to",
    ] {
        assert!(json.pointer(pointer).is_some(), "{pointer} in {json:#}");
    }
    assert_eq!(json["state"], "failed");
}
