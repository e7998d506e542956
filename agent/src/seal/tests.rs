//! Equal observations give equal digests, secrets do not pass, and any run fits into envelopes that form a chain.

use exhibit_plugin::protocol::{Capture, OutcomeKind};
use exhibit_proto::document::Document;
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::collect::{Observation, outcome};
use crate::redact::Redactor;

fn sealer() -> Sealer {
    Sealer {
        key: SecretKey::from_seed(&[3; 32]),
        agent: "agent-1".to_owned(),
        epoch: 1,
        binary: Digest::of(b"binary"),
        configuration: Digest::of(b"configuration"),
        vetoes: exhibit_proto::statement::Vetoes::default(),
    }
}

fn recorder() -> Recorder {
    Recorder { local_key: [9; 32], redactor: Redactor::new([9; 32], &[]) }
}

fn observation(body: serde_json::Value) -> Observation {
    let capture = Capture {
        method: vec!["mysql --password=opensesame".to_owned()],
        privileges: "uid=0".to_owned(),
        rows: 1,
        truncated: false,
        expected: None,
        started: Timestamp::UNIX_EPOCH,
        duration_ms: 3,
    };
    let (kind, target) = ("patch.status".parse().unwrap(), "host:a".parse().unwrap());
    Observation { kind, target, body, capture }
}

const SCHEMA: &str = "urn:exhibit:kind:patch.status:v1";

#[test]
fn equal_observations_are_equal_bytes_and_carry_a_salt_of_this_agent_and_kind() {
    let one = recorder().document(observation(json!({"a": 1})), SCHEMA, 1000).unwrap();
    let two = recorder().document(observation(json!({"a": 1})), SCHEMA, 1000).unwrap();
    assert_eq!(one.bytes, two.bytes);
    let parsed = Document::parse(one.bytes.as_bytes()).unwrap();
    assert_eq!((parsed.salt.len(), parsed.schema.as_str()), (32, SCHEMA));
    let other = Recorder { local_key: [8; 32], ..recorder() };
    let other = other.document(observation(json!({"a": 1})), SCHEMA, 1000).unwrap();
    assert_ne!(one.observed.digest, other.observed.digest);
    assert_eq!(one.observed.digest, Digest::of(one.bytes.as_bytes()));
}

#[test]
fn secrets_pass_neither_document_nor_statement() {
    let body = json!({"db_password": "opensesame"});
    let document = recorder().document(observation(body), SCHEMA, 1000).unwrap();
    assert!(!document.bytes.contains("opensesame"));
    assert!(!document.observed.method[0].contains("opensesame"));
    let method = "secret-argument";
    assert_eq!(document.observed.redactions, [method, "secret-field"], "of the method too");
}

#[test]
fn a_document_over_the_limit_is_an_outcome() {
    let outcome = recorder().document(observation(json!("x".repeat(1000))), SCHEMA, 500);
    let outcome = outcome.unwrap_err();
    assert_eq!(outcome.outcome, "limit_exceeded");
    assert!(outcome.detail.contains("500") && !outcome.remedy.is_empty());
}

#[test]
fn a_run_too_large_for_one_envelope_becomes_a_chain_that_loses_nothing() {
    let sealer = sealer();
    let document = recorder().document(observation(json!({})), SCHEMA, 1000).unwrap().observed;
    let long = "\u{7}".repeat(10_000);
    let documents: Vec<Observed> = (0..40)
        .map(|number| Observed {
            digest: Digest::of(&[number]),
            method: vec![long.clone(); 100],
            privileges: long.clone(),
            ..document.clone()
        })
        .collect();
    let outcomes: Vec<Outcome> = (0..40)
        .map(|number| {
            let (kind, target) = (&document.kind, &document.target);
            outcome(kind, target, OutcomeKind::Denied, format!("{number} {long}"), long.clone())
        })
        .collect();
    let report = Report {
        started: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        plugins: Vec::new(),
        documents,
        outcomes,
    };
    let place =
        Place { seq: 5, prev: Digest::of(b"before"), clock_offset_ms: None, checkpoint: None };
    let sealed = sealer.run(&place, &Moment::at(Timestamp::UNIX_EPOCH), &report).unwrap();
    assert!(sealed.len() > 1);
    let (mut prev, mut named, mut told) = (place.prev, Vec::new(), Vec::new());
    for (statement, seq) in sealed.iter().zip(5..) {
        let opened: Statement<Run> =
            Statement::open(&statement.envelope, &sealer.key.public()).unwrap();
        let capsule = &opened.predicate.capsule;
        assert_eq!((capsule.seq, capsule.prev), (seq, prev));
        assert_eq!(statement.link, Link { epoch: 1, seq, prev });
        prev = Digest::of(&statement.envelope);
        named.extend(opened.subject.iter().map(|subject| subject.digest.sha256));
        told.extend(
            opened
                .predicate
                .outcomes
                .iter()
                .map(|told| told.detail.chars().take(2).collect::<String>()),
        );
    }
    assert_eq!(named, (0..40).map(|number| Digest::of(&[number])).collect::<Vec<_>>());
    assert_eq!(
        told,
        (0..40)
            .map(|number| format!("{number} ").chars().take(2).collect::<String>())
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_the_operator_keeps_back_stands_in_the_document() {
    let kind = "patch.status".parse().unwrap();
    let vetoes = ["/rows/*/home", "absent"].map(|text| text.parse().unwrap());
    let redactor = Redactor::new([9; 32], &[])
        .with_vetoes(&std::collections::BTreeMap::from([(kind, vetoes.to_vec())]));
    let recorder = Recorder { redactor, ..recorder() };
    let body = json!({"rows": [{"home": "/home/joe"}]});
    let sealed = recorder.document(observation(body), SCHEMA, 1000).unwrap();
    let document = Document::parse(sealed.bytes.as_bytes()).unwrap();
    assert_eq!(document.withheld, ["/rows/*/home"]);
    assert_eq!(document.body, json!({"rows": [{"home": null}]}));
    assert_eq!(sealed.observed.redactions, ["secret-argument", "veto:/rows/*/home"]);
}
