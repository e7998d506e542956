//! What the small collector keeps: an in-memory Merkle tree, and how it lies about it.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::merkle::{self, Node, Nodes, leaf_hash, node_hash};
use exhibit_proto::rpc;
use exhibit_proto::statement::{HEARTBEAT, ROTATE};
use exhibit_proto::tlog_proof::TlogProof;

use crate::collector::{Lie, ORIGIN, State, statement};

pub(crate) struct Memory<'a>(pub(crate) &'a [Vec<u8>]);

impl Nodes for Memory<'_> {
    type Error = std::convert::Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Self::Error> {
        if node.level == 0 {
            return Ok(leaf_hash(&self.0[usize::try_from(node.index).unwrap()]));
        }
        let left = self.node(Node { level: node.level - 1, index: node.index * 2 })?;
        let right = self.node(Node { level: node.level - 1, index: node.index * 2 + 1 })?;
        Ok(node_hash(&left, &right))
    }
}

impl State {
    pub(crate) fn evidence(&self) -> &str {
        &self.evidence
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    pub(crate) fn push(
        &mut self,
        t: EntryType,
        envelope: &[u8],
        key: Digest,
        link: Option<Link>,
    ) -> u64 {
        let rx = "2026-11-22T10:00:00.000Z".to_owned();
        let env = Digest::of(envelope);
        let leaf = Leaf { v: 1, t, env, key, link, rx };
        let index = self.size();
        self.leaves.push(leaf.write().into_bytes());
        self.index.insert(env, index);
        index
    }

    pub(crate) fn root_at(&self, size: u64) -> Digest {
        merkle::root(size, &mut Memory(&self.leaves)).unwrap()
    }

    /// Of an envelope that is held.
    pub(crate) fn payload_of(&self, digest: &Digest) -> Option<Vec<u8>> {
        let held = self.envelopes.iter().find(|bytes| Digest::of(bytes) == *digest)?;
        exhibit_proto::dsse::Envelope::parse(held).unwrap().unverified_payload().ok()
    }

    /// Only the first key was ever replaced.
    pub(crate) fn changes_since(&mut self, asked: &rpc::LogKeysRequest) -> Vec<rpc::LogKeyChange> {
        let led = *asked.key == *SecretKey::from_seed(&[42; 32]).public().id().as_bytes();
        if led { self.log_key_changes(asked.known_size) } else { Vec::new() }
    }

    fn checkpoint(&self) -> Checkpoint {
        let size = self.size();
        let root = merkle::root(size, &mut Memory(&self.leaves)).unwrap();
        Checkpoint { origin: ORIGIN.to_owned(), size, root }
    }

    pub(crate) fn proof(&self, index: u64) -> TlogProof {
        let mut checkpoint = self.checkpoint();
        if self.lie == Lie::WrongRoot {
            checkpoint.root = Digest::of(b"elsewhere");
        }
        let key = if self.lie == Lie::WrongKey {
            SecretKey::from_seed(&[43; 32])
        } else {
            self.log.clone()
        };
        TlogProof {
            extra: Some(self.leaves[usize::try_from(index).unwrap()].clone()),
            index,
            path: merkle::prove_inclusion(index, self.size(), &mut Memory(&self.leaves)).unwrap(),
            checkpoint: checkpoint
                .sign_with(&self.leaving.iter().chain([&key]).collect::<Vec<_>>())
                .unwrap(),
        }
    }

    pub(crate) fn receipt(&mut self, envelope: &[u8], known_size: u64) -> rpc::Receipt {
        if self.lie == Lie::Fork {
            self.leaves[0] = b"another past".to_vec();
        }
        let digest = Digest::of(envelope);
        let mut index = self.index[&digest];
        if self.lie == Lie::WrongLeaf {
            index -= 1;
        }
        let path =
            merkle::prove_consistency(known_size, self.size(), &mut Memory(&self.leaves)).unwrap();
        rpc::Receipt {
            envelope: digest.as_bytes().to_vec().into(),
            proof: self.proof(index).to_text().into_bytes().into(),
            consistency: path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
        }
    }

    pub(crate) fn lacking(&self, envelope: &[u8]) -> Vec<Digest> {
        let statement = statement(envelope);
        if statement.predicate_type == ROTATE {
            return Vec::new();
        }
        let named = statement.subject.iter().map(|subject| subject.digest.sha256);
        named.filter(|digest| !self.documents.contains_key(digest)).collect()
    }

    /// Answers none when the same place already holds another envelope.
    pub(crate) fn commit(&mut self, envelope: &[u8]) -> bool {
        let digest = Digest::of(envelope);
        let statement = statement(envelope);
        let capsule = statement.capsule().unwrap();
        match self.links.get(&(capsule.epoch, capsule.seq)) {
            Some(held) if *held == digest => return true,
            Some(_) => {
                self.conflicts += 1;
                return false;
            }
            None => {}
        }
        self.links.insert((capsule.epoch, capsule.seq), digest);
        let entry = match statement.predicate_type.as_str() {
            HEARTBEAT => EntryType::Heartbeat,
            ROTATE => EntryType::Rotate,
            _ => EntryType::Evidence,
        };
        let parsed = exhibit_proto::dsse::Envelope::parse(envelope).unwrap();
        let key = parsed.key_hints().next().unwrap().parse().unwrap();
        let link = Link { epoch: capsule.epoch, seq: capsule.seq, prev: capsule.prev };
        self.push(entry, envelope, key, Some(link));
        self.envelopes.push(envelope.to_vec());
        self.heard.send_modify(|count| *count += 1);
        true
    }

    pub(crate) fn certificate(&self, csr: &[u8]) -> Vec<u8> {
        let mut request =
            rcgen::CertificateSigningRequestParams::from_der(&csr.to_vec().into()).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let at = |days: i64| {
            rcgen::date_time_ymd(1970, 1, 1)
                + std::time::Duration::from_secs((now + days * 86_400).unsigned_abs())
        };
        request.params.not_before = at(-10);
        request.params.not_after = at(self.days);
        request.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}
