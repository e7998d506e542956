//! Whatever bytes come from outside, parsers answer; and what they accept they write back as it was.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::merkle::{node_hash, verify_consistency, verify_inclusion};
use exhibit_proto::note::{Note, Verifier};
use exhibit_proto::policy::Policy;
use exhibit_proto::statement::Statement;
use exhibit_proto::tiles::{Tile, bundle, parse_bundle, parse_tile};
use exhibit_proto::tlog_proof::TlogProof;
use exhibit_proto::witness::AddCheckpoint;
use proptest::prelude::*;
use serde_json::Value;

const ORIGIN: &str = "log.example/1";

fn key() -> SecretKey {
    SecretKey::from_seed(&[4; 32])
}

/// One good example of everything that is parsed.
fn examples() -> Vec<Vec<u8>> {
    let document = Document {
        body: serde_json::json!({"a": [1, {"b": null}], "ü": "\u{7}"}),
        kind: "patch.status".parse().unwrap(),
        salt: "00".repeat(16),
        schema: "urn:exhibit:kind:patch.status:v1".into(),
        target: "host:a".parse().unwrap(),
        v: 1,
        withheld: Vec::new(),
    };
    let statement = Statement::new("urn:x", Vec::new(), serde_json::json!({"capsule": {}}));
    let link = Some(Link { epoch: 1, seq: u64::MAX, prev: Digest::ZERO });
    let (env, signer, rx) = (Digest::of(b"e"), key().public().id(), "2026-11-22T10:00:00.000Z");
    let leaf = Leaf { v: 1, t: EntryType::Evidence, env, key: signer, link, rx: rx.into() };
    let root = node_hash(&Digest::of(b"l"), &Digest::of(b"r"));
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: 2, root }.sign(&key()).unwrap();
    let proof = TlogProof {
        extra: Some(leaf.write().into_bytes()),
        index: 1,
        path: vec![Digest::of(b"l")],
        checkpoint: checkpoint.clone(),
    };
    let log = Verifier::new(ORIGIN, key().public()).unwrap();
    let policy = format!("# p\nlog {} https://x\ngroup g any w\nquorum none\n", log.vkey());
    vec![
        document.write().into_bytes(),
        Envelope::sign(IN_TOTO, b"{}", &key()).to_bytes(),
        statement.seal(&key()).unwrap(),
        leaf.write().into_bytes(),
        format!("old 1\n{}\n\n{checkpoint}", "A".repeat(44)).into_bytes(),
        checkpoint.into_bytes(),
        proof.to_text().into_bytes(),
        policy.into_bytes(),
        bundle([b"one".as_slice(), b"", b"three"]).unwrap(),
        b"tile/0/x001/x234/067.p/7".to_vec(),
        key().public().to_pem().into_bytes(),
        key().to_pem().as_bytes().to_vec(),
        key().public().to_spki(),
        log.vkey().into_bytes(),
    ]
}

/// Gives the bytes to every parser; what is accepted must come back as it was where the form has one spelling.
fn feed(bytes: &[u8]) {
    let log = Verifier::new(ORIGIN, key().public()).unwrap();
    let text = String::from_utf8_lossy(bytes);
    if let Ok(leaf) = Leaf::parse(bytes) {
        assert_eq!(leaf.write().as_bytes(), bytes);
    }
    if let Ok(proof) = TlogProof::parse(bytes) {
        assert_eq!(proof.to_text().as_bytes(), bytes);
        drop(proof.verify(b"leaf", &log));
    }
    if let Ok(entries) = parse_bundle(bytes) {
        assert_eq!(bundle(entries).unwrap(), bytes);
    }
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string(), text);
    }
    if let Ok(verifier) = Verifier::from_vkey(&text) {
        assert_eq!(verifier.vkey(), text.trim());
    }
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert!(envelope.key_hints().count() <= bytes.len());
        drop(envelope.open(IN_TOTO, &key().public()));
    }
    if let Ok(note) = Note::parse(bytes) {
        drop(note.verify(&log));
        drop(Checkpoint::from_text(note.text()));
    }
    drop(Checkpoint::open(bytes, &log));
    drop(Document::parse(bytes));
    drop(Statement::<Value>::open(bytes, &key().public()).map(|s| s.capsule().map(drop)));
    drop(Statement::<Value>::from_payload(bytes));
    drop(Policy::parse(&text));
    drop(parse_tile(bytes));
    drop(PublicKey::from_spki(bytes));
    drop(PublicKey::from_pem(&text));
    drop(SecretKey::from_pem(&text));
    drop(AddCheckpoint::parse(bytes));
}

#[test]
fn examples_are_taken_in() {
    examples().iter().for_each(|example| feed(example));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        feed(&bytes);
    }

    #[test]
    fn damaged_examples_are_answered(
        which in any::<prop::sample::Index>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..4),
    ) {
        let examples = examples();
        let mut bytes = which.get(&examples).clone();
        for (at, what, byte) in cuts {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        feed(&bytes);
    }

    #[test]
    fn any_proof_is_answered(
        (index, size) in (any::<u64>(), any::<u64>()),
        path in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<Digest> = path.into_iter().map(Digest::from_bytes).collect();
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        prop_assert!(verify_inclusion(index, size, &one, &path, &other).is_err());
        let same = index == size || index == 0;
        prop_assert!(verify_consistency((index, &one), (size, &other), &path).is_err() || same);
    }
}
