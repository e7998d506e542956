//! A small log in memory, signed as a collector signs, with one agent and one document. Every part can be made wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::json::write_sorted;
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::merkle::{Node, Nodes, leaf_hash, node_hash, prove_inclusion, root};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{ENROL, EVIDENCE, Statement};
use exhibit_proto::tlog_proof::TlogProof;
use serde_json::{Value, json};

pub(super) const ORIGIN: &str = "log.example/1";
pub(super) const KIND: &str = "patch.status";
pub(super) const TARGET: &str = "host:a";
/// Where the enrolment and the statement stand; two more entries follow.
const ENROLLED: usize = 1;
const STATED: usize = 3;

/// What a log of one statement is made from.
#[derive(Clone)]
pub(super) struct Maker {
    pub(super) log: SecretKey,
    pub(super) origin: String,
    pub(super) enroller: SecretKey,
    /// PEM that the enrolment names.
    pub(super) enrolled: String,
    pub(super) grants: Value,
    pub(super) enrolled_at: usize,
    pub(super) document: Vec<u8>,
    /// Changes to the statement's predicate before it is signed.
    pub(super) predicate: fn(&mut Value),
    /// Changes to the text of the payload before it is signed, to the envelope after, and to the leaf.
    pub(super) payload: fn(String) -> String,
    pub(super) envelope: fn(Vec<u8>) -> Vec<u8>,
    pub(super) leaf: fn(&mut Leaf),
    pub(super) leaf_text: fn(String) -> String,
    pub(super) root: fn(Digest) -> Digest,
    pub(super) size: usize,
}

/// What the page is given.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) trust: String,
    pub(super) index: u64,
    pub(super) proof: Vec<u8>,
    pub(super) envelope: Vec<u8>,
    pub(super) enrolment_proof: Vec<u8>,
    pub(super) enrolment_envelope: Vec<u8>,
    pub(super) document: Vec<u8>,
}

pub(super) fn agent_key() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

pub(super) fn document() -> Document {
    Document {
        body: json!({"installed": 912, "note": "\u{2028}\u{1f511}\u{7f}", "share": 0.5}),
        kind: KIND.parse().unwrap(),
        salt: "00".repeat(16),
        schema: format!("urn:exhibit:kind:{KIND}:v1"),
        target: TARGET.parse().unwrap(),
        v: 1,
        withheld: Vec::new(),
    }
}

impl Maker {
    pub(super) fn good() -> Self {
        let log = SecretKey::from_seed(&[1; 32]);
        Self {
            enroller: log.clone(),
            log,
            origin: ORIGIN.into(),
            enrolled: agent_key().public().to_pem(),
            grants: json!([TARGET]),
            enrolled_at: ENROLLED,
            document: document().write().into_bytes(),
            predicate: |_| {},
            payload: |text| text,
            envelope: |bytes| bytes,
            leaf: |_| {},
            leaf_text: |text| text,
            root: |root| root,
            size: 6,
        }
    }

    pub(super) fn vkey(&self) -> String {
        Verifier::new(&self.origin, self.log.public()).unwrap().vkey()
    }

    pub(super) fn make(&self) -> Given {
        let enrolment = self.enrolment();
        let enrol_leaf = leaf(EntryType::Enrol, &enrolment, &self.enroller.public(), None).write();
        let envelope = self.statement();
        let link = Link { epoch: 1, seq: 7, prev: Digest::of(b"before") };
        let mut stated = leaf(EntryType::Evidence, &envelope, &agent_key().public(), Some(link));
        stated.key = key_id(&self.enrolled);
        (self.leaf)(&mut stated);
        let stated = (self.leaf_text)(stated.write());
        let mut leaves: Vec<Vec<u8>> = (0..6_u8).map(|n| vec![n; 40]).collect();
        leaves[self.enrolled_at] = enrol_leaf.into_bytes();
        leaves[STATED] = stated.into_bytes();
        leaves.truncate(self.size);
        Given {
            trust: self.vkey(),
            index: STATED as u64,
            proof: self.proof(&leaves, STATED),
            envelope,
            enrolment_proof: self.proof(&leaves, self.enrolled_at),
            enrolment_envelope: enrolment,
            document: self.document.clone(),
        }
    }

    fn enrolment(&self) -> Vec<u8> {
        let predicate = json!({
            "agent": "agent-1", "epoch": "1", "evidence_key": self.enrolled, "targets": self.grants,
            "host_name": "a", "certificate": Digest::ZERO, "approved_by": "admin",
        });
        Statement::new(ENROL, Vec::new(), predicate).seal(&self.enroller).unwrap()
    }

    fn statement(&self) -> Vec<u8> {
        let digest = Digest::of(&self.document);
        let mut predicate = json!({
            "capsule": {
                "agent": "agent-1", "epoch": "1", "seq": "7", "prev": Digest::of(b"before"),
                "boot_id": "b", "monotonic_ms": "1", "sealed_at": "2026-11-22T09:59:59.000Z",
                "checkpoint": {"origin": self.origin, "size": "2", "root": Digest::ZERO},
                "agent_version": "0.1.0", "agent_binary": Digest::ZERO,
                "configuration": Digest::ZERO,
            },
            "started": "2026-11-22T09:59:58.000Z", "finished": "2026-11-22T09:59:59.000Z",
            "plugins": [], "outcomes": [],
            "documents": [{
                "kind": KIND, "target": TARGET, "digest": digest,
                "size": self.document.len().to_string(), "method": ["x"], "privileges": "uid=0",
                "rows": 1, "truncated": false, "expected": null, "redactions": [],
                "started": "2026-11-22T09:59:58.000Z", "duration_ms": 3,
            }],
        });
        (self.predicate)(&mut predicate);
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": EVIDENCE,
            "subject": [{"name": "d", "digest": {"sha256": digest}}], "predicate": predicate,
        });
        let payload = (self.payload)(write_sorted(&statement));
        let envelope = Envelope::sign(IN_TOTO, payload.as_bytes(), &agent_key());
        (self.envelope)(envelope.to_bytes())
    }

    fn proof(&self, leaves: &[Vec<u8>], index: usize) -> Vec<u8> {
        let size = leaves.len() as u64;
        let mut tree = Tree(leaves);
        let root = (self.root)(root(size, &mut tree).unwrap());
        let origin = self.origin.clone();
        let checkpoint = Checkpoint { origin, size, root }.sign(&self.log).unwrap();
        let path = prove_inclusion(index as u64, size, &mut tree).unwrap();
        let extra = Some(leaves[index].clone());
        TlogProof { extra, index: index as u64, path, checkpoint }.to_text().into_bytes()
    }
}

pub(super) struct Tree<'a>(pub(super) &'a [Vec<u8>]);

impl Nodes for Tree<'_> {
    type Error = std::convert::Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Self::Error> {
        if node.level == 0 {
            return Ok(leaf_hash(&self.0[usize::try_from(node.index).unwrap()]));
        }
        let below = |index| Node { level: node.level - 1, index };
        let (left, right) =
            (self.node(below(node.index * 2))?, self.node(below(node.index * 2 + 1))?);
        Ok(node_hash(&left, &right))
    }
}

pub(super) fn leaf(t: EntryType, envelope: &[u8], key: &PublicKey, link: Option<Link>) -> Leaf {
    let rx = "2026-11-22T10:00:00.000Z".to_owned();
    Leaf { v: 1, t, env: Digest::of(envelope), key: key.id(), link, rx }
}

/// Key id of any 32 bytes in PEM, a usable key or not.
fn key_id(pem: &str) -> Digest {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Digest::of(&STANDARD.decode(body).unwrap())
}
