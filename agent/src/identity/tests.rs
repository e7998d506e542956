//! Files of the state directory: closed to others, whole after a crash, damaged ones named.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn keys_are_made_once_and_survive() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("deep/state")).unwrap();
    assert_eq!(store.evidence_key().unwrap().public(), store.evidence_key().unwrap().public());
    assert_eq!(store.local_key().unwrap(), store.local_key().unwrap());
    assert_eq!(store.own_machine_id().unwrap().len(), 32);
    assert_eq!(store.own_machine_id().unwrap(), store.own_machine_id().unwrap());
    assert!(store.identity().unwrap().is_none());
}

#[test]
fn what_others_can_read_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let store = Store::open(&state).unwrap();
    store.evidence_key().unwrap();
    let open =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    open(&state.join("evidence.pem"), 0o644).unwrap();
    let error = store.evidence_key().unwrap_err().to_string();
    assert!(error.contains("chmod 0600"), "{error}");
    open(&state, 0o755).unwrap();
    let error = Store::open(&state).unwrap_err().to_string();
    assert!(error.contains("chmod 0700"), "{error}");
}

#[test]
fn a_draft_that_a_crash_left_is_no_obstacle_and_damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let store = Store::open(&state).unwrap();
    std::fs::write(state.join(".evidence.pem.draft"), "half a ke").unwrap();
    store.evidence_key().unwrap();
    assert!(!state.join(".evidence.pem.draft").exists());
    let client = Client { certificate: vec![1; 200], key: Zeroizing::new(vec![2; 90]) };
    store.save_client(&client).unwrap();
    assert_eq!(*store.client().unwrap().key, *client.key);
    std::fs::write(state.join("client.pem"), "-----BEGIN").unwrap();
    assert!(matches!(store.client(), Err(StoreError::Damaged { .. })));
}

#[test]
fn addresses_and_pins_have_one_meaning() {
    let address: Address = "https://evidence.example.com:8443/".parse().unwrap();
    assert_eq!(address.to_string(), "evidence.example.com:8443");
    assert_eq!("[::1]:1".parse::<Address>().unwrap().to_string(), "[::1]:1");
    for bad in ["http://a:1", "a", "a:", "a:0", "a:99999", "::1:1", "https://a:1/path", "a b:1"] {
        assert!(bad.parse::<Address>().is_err(), "{bad}");
    }
    let pin = format!("sha256:{}", "ab".repeat(32));
    assert_eq!(pin.parse::<CaPin>().unwrap().to_string(), pin);
    assert!("ab".repeat(32).parse::<CaPin>().is_err());
}

#[test]
fn renewal_is_due_in_the_last_third() {
    let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
    let validity = Validity { from: at(0), until: at(30) };
    assert!(!validity.renewal_due(at(19)));
    assert!(validity.renewal_due(at(20)) && validity.renewal_due(at(40)));
}
