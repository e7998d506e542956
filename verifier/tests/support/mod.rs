//! A small log and its bundle, made from the formats alone, so that each part can be made wrong on purpose.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test crate uses a part of it, so an expectation would not hold everywhere"
)]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exhibit_proto::bundle::{self, Item, Listed, Manifest, Selection};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::log_key::{Shown, ShownChange};
use exhibit_proto::merkle::{Node, Nodes, leaf_hash, prove_inclusion, root};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    Capsule, ENROL, EVIDENCE, Enrol, HEARTBEAT, Heartbeat, Observed, REVOKE, RULE_PACK, Revoke,
    RulePackInForce, Run, Statement, Subject,
};
use exhibit_proto::tiles::{Edge, Level, Tile, bundle, fold, width};
use exhibit_proto::tlog_proof::TlogProof;
use exhibit_verifier::progress::Silent;
use exhibit_verifier::report::{Check, Report, State};
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::verify;
use tempfile::TempDir;

pub const ORIGIN: &str = "log.example/1";
pub const TIME: &str = "2026-11-22T10:00:00.000Z";

/// Path → content; what `SHA256SUMS` will list.
pub type Files = BTreeMap<String, Vec<u8>>;

pub fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub fn log_key() -> SecretKey {
    key(1)
}

pub fn agent_key() -> SecretKey {
    key(2)
}

/// One entry before it stands in a log.
#[derive(Clone)]
pub struct Entry {
    pub t: EntryType,
    pub key: PublicKey,
    pub link: Option<Link>,
    pub envelope: Vec<u8>,
    pub rx: String,
}

#[derive(Clone)]
pub struct World {
    pub log: SecretKey,
    /// Signs heads beside `log`, first.
    pub leaving: Option<SecretKey>,
    pub entries: Vec<Entry>,
    pub documents: Vec<String>,
    pub keys: Vec<PublicKey>,
}

pub fn document(pending: u32) -> String {
    let schema = "urn:exhibit:kind:patch.status:v1".to_owned();
    let (kind, target) = ("patch.status".parse().unwrap(), "host:a".parse().unwrap());
    let body = serde_json::json!({ "pending": pending });
    Document { body, kind, salt: "00".repeat(16), schema, target, v: 1, withheld: Vec::new() }
        .write()
}

pub fn capsule(seq: u64, prev: Digest) -> Capsule {
    Capsule {
        agent: "agent-1".into(),
        epoch: 1,
        seq,
        prev,
        boot_id: "b".into(),
        monotonic_ms: 1,
        sealed_at: TIME.into(),
        clock_offset_ms: None,
        checkpoint: None,
        agent_version: "0.1.0".into(),
        agent_binary: Digest::ZERO,
        configuration: Digest::ZERO,
        vetoes: exhibit_proto::statement::Vetoes::default(),
    }
}

pub fn run(capsule: Capsule, documents: &[String]) -> Run {
    let observed = documents.iter().map(|document| Observed {
        kind: "patch.status".parse().unwrap(),
        target: "host:a".parse().unwrap(),
        digest: Digest::of(document.as_bytes()),
        size: document.len() as u64,
        method: vec!["/var/lib/dpkg/status".into()],
        privileges: "uid=0".into(),
        rows: None,
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: TIME.into(),
        duration_ms: 1,
    });
    let (started, finished) = (TIME.to_owned(), TIME.to_owned());
    let (documents, plugins) = (observed.collect(), Vec::new());
    Run { capsule, started, finished, plugins, documents, outcomes: Vec::new() }
}

pub fn enrolment(agent: &str, evidence_key: String) -> Enrol {
    Enrol {
        agent: agent.into(),
        epoch: 1,
        evidence_key,
        targets: vec!["host:a".parse().unwrap()],
        host_name: "a".into(),
        certificate: Digest::ZERO,
        approved_by: "admin".into(),
    }
}

impl World {
    /// A rule pack, an enrolment, a run, a heartbeat, and a run that carries a checkpoint.
    pub fn honest() -> Self {
        Self::of(log_key(), &agent_key())
    }

    pub fn of(log: SecretKey, agent: &SecretKey) -> Self {
        let mut world = Self {
            log,
            leaving: None,
            entries: Vec::new(),
            documents: Vec::new(),
            keys: Vec::new(),
        };
        let pack = RulePackInForce::shipped("1", Digest::ZERO, 1, "i");
        world.own(EntryType::RulePack, &Statement::new(RULE_PACK, Vec::new(), pack));
        world.enrol("agent-1", agent);
        world.evidence(agent, |_| {});
        world.heartbeat(agent);
        let seen = world.checkpoint();
        world.evidence(agent, |run| run.capsule.checkpoint = Some(seen));
        world
    }

    /// Appends an entry of the log itself.
    pub fn own<P>(&mut self, t: EntryType, statement: &Statement<P>)
    where
        P: serde::Serialize + serde::de::DeserializeOwned,
    {
        let envelope = statement.seal(&self.log).unwrap();
        let (key, rx) = (self.log.public(), TIME.to_owned());
        self.entries.push(Entry { t, key, link: None, envelope, rx });
    }

    pub fn enrol(&mut self, agent: &str, key: &SecretKey) {
        let enrol = enrolment(agent, key.public().to_pem());
        self.keys.push(key.public());
        self.own(EntryType::Enrol, &Statement::new(ENROL, Vec::new(), enrol));
    }

    pub fn revoke(&mut self, key: &SecretKey) {
        let (agent, key) = ("agent-1".into(), key.public().id());
        let revoke = Revoke { agent, key, by: "admin".into(), reason: "lost".into() };
        self.own(EntryType::Revoke, &Statement::new(REVOKE, Vec::new(), revoke));
    }

    /// Where the agent's next statement stands.
    pub fn next(&self) -> (u64, Digest) {
        let last =
            self.entries.iter().rev().find_map(|e| Some((e.link?.seq, Digest::of(&e.envelope))));
        last.map_or((1, Digest::ZERO), |(seq, envelope)| (seq + 1, envelope))
    }

    /// Appends a run with one document, changed by `change` before it is signed.
    pub fn evidence(&mut self, agent: &SecretKey, change: impl FnOnce(&mut Run)) {
        let (seq, prev) = self.next();
        let document = document(u32::try_from(seq).unwrap());
        let mut run = run(capsule(seq, prev), std::slice::from_ref(&document));
        change(&mut run);
        self.documents.push(document);
        let subject = |o: &Observed| Subject::new(o.kind.as_str(), o.digest, None);
        let subjects = run.documents.iter().map(subject).collect();
        let link = Some(Link { epoch: 1, seq: run.capsule.seq, prev: run.capsule.prev });
        let envelope = Statement::new(EVIDENCE, subjects, run).seal(agent).unwrap();
        let (t, key, rx) = (EntryType::Evidence, agent.public(), TIME.to_owned());
        self.entries.push(Entry { t, key, link, envelope, rx });
    }

    pub fn heartbeat(&mut self, agent: &SecretKey) {
        let (seq, prev) = self.next();
        let heartbeat = Heartbeat {
            capsule: capsule(seq, prev),
            host_name: "a".into(),
            schedule: Vec::new(),
            interval_seconds: 60,
            spool_items: 0,
            dropped: 0,
            labels: BTreeMap::new(),
            closes: None,
        };
        let envelope = Statement::new(HEARTBEAT, Vec::new(), heartbeat).seal(agent).unwrap();
        let link = Some(Link { epoch: 1, seq, prev });
        let (t, key, rx) = (EntryType::Heartbeat, agent.public(), TIME.to_owned());
        self.entries.push(Entry { t, key, link, envelope, rx });
    }

    pub fn leaves(&self) -> Vec<Leaf> {
        let leaf = |e: &Entry| {
            let (env, rx) = (Digest::of(&e.envelope), e.rx.clone());
            Leaf { v: 1, t: e.t.clone(), env, key: e.key.id(), link: e.link, rx }
        };
        self.entries.iter().map(leaf).collect()
    }

    fn tree(&self) -> Tree {
        Tree(self.leaves().iter().map(|leaf| leaf_hash(leaf.write().as_bytes())).collect())
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let mut tree = self.tree();
        let size = tree.0.len() as u64;
        let root = root(size, &mut tree).unwrap();
        Checkpoint { origin: ORIGIN.into(), size, root }
    }

    fn signed(&self, checkpoint: &Checkpoint) -> String {
        let keys: Vec<_> = self.leaving.iter().chain([&self.log]).collect();
        checkpoint.sign_with(&keys).unwrap()
    }

    pub fn verifier(&self) -> Verifier {
        Verifier::new(ORIGIN, self.log.public()).unwrap()
    }

    pub fn policy(&self) -> String {
        format!("log {}\nquorum none\n", self.verifier().vkey())
    }

    pub fn proof(&self, index: u64) -> TlogProof {
        let checkpoint = self.checkpoint();
        let path = prove_inclusion(index, checkpoint.size, &mut self.tree()).unwrap();
        let extra = self.leaves()[usize::try_from(index).unwrap()].write().into_bytes();
        let checkpoint = self.signed(&checkpoint);
        TlogProof { extra: Some(extra), index, path, checkpoint }
    }

    /// `log-keys.json` under the newest head.
    pub fn shown(&self) -> Shown {
        let all = self.entries.iter().enumerate().filter(|(_, entry)| entry.t == EntryType::LogKey);
        let shown = |(index, entry): (usize, &Entry)| ShownChange {
            envelope: String::from_utf8(entry.envelope.clone()).unwrap(),
            proof: self.proof(index as u64).to_text(),
        };
        Shown::new(all.map(shown).collect())
    }

    /// Everything but `SHA256SUMS`, with all entries but heartbeats as items.
    pub fn files(&self) -> Files {
        self.files_of(|t| *t != EntryType::Heartbeat)
    }

    pub fn files_of(&self, item: impl Fn(&EntryType) -> bool) -> Files {
        let mut files = Files::new();
        let mut items = Vec::new();
        for (index, (leaf, entry)) in (0..).zip(self.leaves().into_iter().zip(&self.entries)) {
            if !item(&leaf.t) {
                continue;
            }
            files.insert(bundle::leaf(index), leaf.write().into_bytes());
            files.insert(bundle::proof(index), self.proof(index).to_text().into_bytes());
            files.insert(bundle::envelope(&leaf.env), entry.envelope.clone());
            let documents =
                if leaf.t == EntryType::Evidence { listed(&entry.envelope) } else { Vec::new() };
            let (entry_type, logged, envelope) = (leaf.t, leaf.rx, leaf.env);
            items.push(Item { index, entry_type, logged, envelope, documents });
        }
        for document in &self.documents {
            let path = bundle::document(&Digest::of(document.as_bytes()));
            files.insert(path, document.clone().into_bytes());
        }
        for key in &self.keys {
            files.insert(bundle::key(&key.id()), key.to_pem().into_bytes());
        }
        self.tiles(&mut files);
        let checkpoint = self.checkpoint();
        files.insert(bundle::CHECKPOINT.into(), self.signed(&checkpoint).into_bytes());
        files.insert(bundle::LOG_KEY.into(), self.log.public().to_pem().into_bytes());
        files.insert(bundle::POLICY.into(), self.policy().into_bytes());
        files.insert(bundle::README.into(), b"read me\n".to_vec());
        let (schema, generated_at) = (bundle::SCHEMA.into(), TIME.into());
        let selection = Selection::default();
        let manifest = Manifest { schema, generated_at, checkpoint, selection, items };
        files.insert(bundle::MANIFEST.into(), serde_json::to_vec_pretty(&manifest).unwrap());
        files
    }

    fn tiles(&self, files: &mut Files) {
        let leaves: Vec<String> = self.leaves().iter().map(Leaf::write).collect();
        for (index, chunk) in (0..).zip(leaves.chunks(256)) {
            let level = Level::Entries;
            let tile = Tile { level, index, width: width(level, index, leaves.len() as u64) };
            files.insert(tile.to_string(), bundle(chunk.iter().map(String::as_bytes)).unwrap());
        }
        let mut edge = Edge::default();
        for leaf in &leaves {
            edge.push(leaf_hash(leaf.as_bytes()), &mut |tile, bytes| {
                files.insert(tile.to_string(), bytes);
            });
        }
        files.extend(edge.partial().into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
    }
}

fn listed(envelope: &[u8]) -> Vec<Listed> {
    let envelope = exhibit_proto::dsse::Envelope::parse(envelope).unwrap();
    // A test may call something evidence that is no run.
    let Ok(run) = Statement::<Run>::from_payload(&envelope.unverified_payload().unwrap()) else {
        return Vec::new();
    };
    let listed = |o: Observed| {
        let (digest, kind, target) = (o.digest, o.kind, o.target);
        Listed { digest, kind, target, absent: None }
    };
    run.predicate.documents.into_iter().map(listed).collect()
}

struct Tree(Vec<Digest>);

impl Nodes for Tree {
    type Error = std::convert::Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Self::Error> {
        let span = 1 << node.level;
        let start = usize::try_from(node.index).unwrap() * span;
        Ok(fold(&self.0[start..start + span]))
    }
}

/// A bundle on disk.
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// Writes the files with a fitting list of digests.
    pub fn new(files: &Files) -> Self {
        let sums = files.iter().map(|(path, bytes)| format!("{}  {path}\n", Digest::of(bytes)));
        let sums: String = sums.collect();
        let place = Self { dir: TempDir::new().unwrap() };
        files.iter().for_each(|(path, bytes)| place.put(path, bytes));
        place.put(bundle::SUMS, sums.as_bytes());
        place
    }

    pub fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("bundle")
    }

    pub fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Verifies under the policy of the honest log.
    pub fn report(&self) -> Report {
        self.report_under(&World::honest().policy())
    }

    pub fn report_under(&self, policy: &str) -> Report {
        judge(&self.path(), policy)
    }

    pub fn names(&self) -> BTreeSet<String> {
        self.report().findings.into_iter().filter_map(|finding| finding.file).collect()
    }
}

pub fn judge(path: &Path, policy: &str) -> Report {
    let trust = Trust::parse(policy, "the test's policy").unwrap();
    verify(path, &trust, "2026-11-22T12:00:00Z".parse().unwrap(), &Silent).unwrap()
}

/// `what: file: detail` of everything that failed or was not checked, anywhere in the report.
pub fn problems(report: &Report) -> Vec<String> {
    let all = report.findings.iter().chain(report.items.iter().flat_map(|item| &item.findings));
    let worth = all.filter(|finding| finding.state > State::Verified);
    let line = |f: &exhibit_verifier::report::Finding| {
        format!("{:?} {:?} {}: {}", f.state, f.check, f.file.as_deref().unwrap_or("-"), f.detail)
    };
    worth.map(line).collect()
}

/// Whether this check failed for a file that begins so.
pub fn failed_in(report: &Report, check: Check, file: &str) -> bool {
    let all = report.findings.iter().chain(report.items.iter().flat_map(|item| &item.findings));
    let mut failed = all.filter(|f| f.state == State::Failed && f.check == check);
    failed.any(|f| f.file.as_deref().is_some_and(|found| found.starts_with(file)))
}

/// The manifest, changed.
pub fn manifest(files: &mut Files, change: impl FnOnce(&mut Manifest)) {
    let mut manifest = serde_json::from_slice(&files[bundle::MANIFEST]).unwrap();
    change(&mut manifest);
    files.insert(bundle::MANIFEST.into(), serde_json::to_vec(&manifest).unwrap());
}

/// The first file of a folder.
pub fn first(files: &Files, folder: &str) -> String {
    files.keys().find(|path| path.starts_with(folder)).unwrap().clone()
}
