//! Statements as they are sealed and opened.

use super::*;

fn revoke() -> Statement<Revoke> {
    let predicate = Revoke {
        agent: "a".into(),
        key: Digest::of(b"k"),
        by: "ada".into(),
        reason: "host retired".into(),
    };
    Statement::new(REVOKE, vec![Subject::new("key", Digest::of(b"k"), None)], predicate)
}

#[test]
fn sealed_statement_opens_with_its_key_and_keeps_its_predicate() {
    let key = SecretKey::from_seed(&[8; 32]);
    let bytes = revoke().seal(&key).unwrap();
    assert_eq!(Statement::<Revoke>::open(&bytes, &key.public()).unwrap(), revoke());
    let any = Statement::<Value>::open(&bytes, &key.public()).unwrap();
    assert_eq!(any.predicate_as::<Revoke>().unwrap(), revoke().predicate);
    assert!(any.predicate_as::<Enrol>().is_err());
    assert!(any.capsule().is_err());
}

#[test]
fn unknown_fields_are_allowed_in_the_predicate_only() {
    let value = serde_json::to_value(revoke()).unwrap();
    let mut inside = value.clone();
    inside["predicate"]["later"] = 1.into();
    assert!(Statement::<Revoke>::from_payload(inside.to_string().as_bytes()).is_ok());
    let mut outside = value.clone();
    outside["later"] = 1.into();
    assert!(Statement::<Revoke>::from_payload(outside.to_string().as_bytes()).is_err());
    let mut other = value;
    other["_type"] = "https://in-toto.io/Statement/v0.1".into();
    let refused = Statement::<Revoke>::from_payload(other.to_string().as_bytes());
    assert!(matches!(refused, Err(StatementError::Type(_))));
}

#[test]
fn oversized_envelopes_are_refused_on_both_sides() {
    let key = SecretKey::from_seed(&[8; 32]);
    let mut statement = revoke();
    statement.predicate.reason = "x".repeat(MAX_ENVELOPE);
    assert!(matches!(statement.seal(&key), Err(StatementError::TooLarge(_))));
    let bytes = vec![b' '; MAX_ENVELOPE + 1];
    let opened = Statement::<Value>::open(&bytes, &key.public());
    assert!(matches!(opened, Err(StatementError::TooLarge(_))));
}

#[test]
fn numbers_have_one_spelling() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Number(#[serde(with = "decimal")] u64);
    assert_eq!(serde_json::to_string(&Number(u64::MAX)).unwrap(), "\"18446744073709551615\"");
    for bad in ["\"01\"", "\"+1\"", "1", "\"\"", "\"18446744073709551616\""] {
        assert!(serde_json::from_str::<Number>(bad).is_err(), "{bad}");
    }
}
