//! Entries about gaps, conflicts, forks, times and the log before this one, each as it should be and wrong in one thing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::continues::Continues;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::merkle::{prove_inclusion, root};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    Attested, CONFLICT, CONTINUES, Conflict, ENROL, FORK, Fork, GAP, Gap, HEARTBEAT, Over, Stamped,
    Statement, TIME,
};
use exhibit_proto::tlog_proof::TlogProof;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::log::{ORIGIN, TARGET, Tree, agent_key, leaf};

/// Where the entry in question stands: after the enrolment and two statements.
const AT: usize = 3;

fn log_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn witness() -> SecretKey {
    SecretKey::from_seed(&[5; 32])
}

/// A statement of the agent.
fn said(key: &SecretKey, epoch: u64, seq: u64, prev: Digest) -> Vec<u8> {
    let capsule = json!({
        "agent": "agent-1", "epoch": epoch.to_string(), "seq": seq.to_string(), "prev": prev,
        "boot_id": "b", "monotonic_ms": "1", "sealed_at": "2026-11-22T09:59:59.000Z",
        "agent_version": "0.1.0", "agent_binary": Digest::ZERO, "configuration": Digest::ZERO,
    });
    let predicate = json!({ "capsule": capsule });
    Statement::new(HEARTBEAT, Vec::new(), predicate).seal(key).unwrap()
}

/// The entries before the one in question.
struct Past {
    leaves: Vec<Vec<u8>>,
    enrolment: Vec<u8>,
    second: Vec<u8>,
}

impl Past {
    fn new() -> Self {
        let enrol = json!({
            "agent": "agent-1", "epoch": "1", "evidence_key": agent_key().public().to_pem(), "targets": [TARGET],
            "host_name": "a", "certificate": Digest::ZERO, "approved_by": "admin",
        });
        let enrolment = Statement::new(ENROL, Vec::new(), enrol).seal(&log_key()).unwrap();
        let first = said(&agent_key(), 1, 1, Digest::ZERO);
        let second = said(&agent_key(), 1, 2, Digest::of(&first));
        let link = |seq, prev| Some(Link { epoch: 1, seq, prev });
        let (log, agent) = (log_key().public(), agent_key().public());
        let leaves = [
            leaf(EntryType::Enrol, &enrolment, &log, None),
            leaf(EntryType::Heartbeat, &first, &agent, link(1, Digest::ZERO)),
            leaf(EntryType::Heartbeat, &second, &agent, link(2, Digest::of(&first))),
        ];
        let leaves = leaves.iter().map(|leaf| leaf.write().into_bytes()).collect();
        Self { leaves, enrolment, second }
    }

    fn head(&self) -> Checkpoint {
        let size = self.leaves.len() as u64;
        let root = root(size, &mut Tree(&self.leaves)).unwrap();
        Checkpoint { origin: ORIGIN.into(), size, root }
    }
}

/// What the page is given, and what its step must say.
struct Case {
    entry: (EntryType, Vec<u8>),
    envelopes: BTreeMap<Digest, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    whole: bool,
    /// Another log that the person trusts.
    other: Option<Verifier>,
    continued_before: Option<u64>,
}

fn case<P: Serialize + DeserializeOwned>(t: EntryType, predicate_type: &str, said: P) -> Case {
    let envelope = Statement::new(predicate_type, Vec::new(), said).seal(&log_key()).unwrap();
    let (envelopes, files) = (BTreeMap::new(), BTreeMap::new());
    let (other, continued_before) = (None, None);
    Case { entry: (t, envelope), envelopes, files, whole: true, other, continued_before }
}

impl Case {
    fn with(mut self, envelopes: &[&Vec<u8>]) -> Self {
        self.envelopes.extend(envelopes.iter().map(|bytes| (Digest::of(bytes), (*bytes).clone())));
        self
    }

    fn with_file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.insert(path.to_owned(), bytes.to_owned());
        self
    }

    fn says(self, name: &str, state: &str, words: &str) -> Value {
        let past = Past::new();
        let (t, envelope) = &self.entry;
        let mut leaves = past.leaves.clone();
        leaves.push(leaf(t.clone(), envelope, &log_key().public(), None).write().into_bytes());
        leaves.push(vec![7; 40]);
        let size = leaves.len() as u64;
        let root = root(size, &mut Tree(&leaves)).unwrap();
        let head = Checkpoint { origin: ORIGIN.into(), size, root }.sign(&log_key()).unwrap();
        let proof = |index: usize| {
            let path = prove_inclusion(index as u64, size, &mut Tree(&leaves)).unwrap();
            let extra = Some(leaves[index].clone());
            let checkpoint = head.clone();
            STANDARD.encode(TlogProof { extra, index: index as u64, path, checkpoint }.to_text())
        };
        let coded = |bytes: &Vec<u8>| STANDARD.encode(bytes);
        let named = self.envelopes.iter().map(|(digest, bytes)| (digest.to_string(), coded(bytes)));
        let files = self.files.iter().map(|(path, bytes)| (path.clone(), coded(bytes)));
        let vkey = Verifier::new(ORIGIN, log_key().public()).unwrap().vkey();
        let other = self.other.iter().map(|log| format!("log {}\n", log.vkey()));
        let other: String = other.collect();
        let seen = Witness::new("seen.example", witness().public()).unwrap().vkey();
        json!({
            "name": name, "state": state, "words": words, "index": AT.to_string(),
            "continuedBefore": self.continued_before,
            "trust": format!("log {vkey}\n{other}witness w {seen}\nquorum none\n"),
            "entryProof": proof(AT), "entryEnvelope": coded(envelope),
            "enrolmentProof": proof(0), "enrolmentEnvelope": coded(&past.enrolment),
            "key": agent_key().public().id(),
            "envelopes": named.collect::<BTreeMap<_, _>>(), "files": files.collect::<BTreeMap<_, _>>(),
            "leaves": self.whole.then(|| leaves.iter().map(coded).collect::<Vec<_>>()),
        })
    }
}

pub(super) fn cases() -> Vec<Value> {
    [gaps(), conflicts(), forks(), times(), continues()].concat()
}

fn gaps() -> Vec<Value> {
    let gap = |from, to, agent: &str, key| {
        let (after, came, prev) = (Digest::ZERO, Digest::ZERO, Digest::ZERO);
        let agent = agent.to_owned();
        case(
            EntryType::Gap,
            GAP,
            Gap { agent, key, epoch: 1, from, to, after, came, prev, suppressed: 0 },
        )
    };
    let key = agent_key().public().id();
    vec![
        gap(3, 5, "agent-1", key).says("gap", "verified", "Statements 3 to 5"),
        gap(5, 3, "agent-1", key).says("gap backwards", "failed", "numbers 5 to 3"),
        gap(3, 5, "agent-2", key).says("gap of another agent", "failed", "enrolled for agent-1"),
        gap(3, 5, "agent-1", Digest::ZERO).says("gap of nobody", "not_checked", "are not here"),
    ]
}

fn conflicts() -> Vec<Value> {
    let past = Past::new();
    let (held, key) = (past.second.clone(), agent_key());
    let conflict = |over, refused: &Vec<u8>, seq, agent: &str| {
        let (held, refused) = (Digest::of(&past.second), Digest::of(refused));
        let (agent, key) = (agent.to_owned(), agent_key().public().id());
        let said = Conflict { agent, key, epoch: 1, seq, over, held, refused, suppressed: 0 };
        case(EntryType::Conflict, CONFLICT, said)
    };
    let same = said(&key, 1, 2, Digest::of(b"another"));
    let next = said(&key, 1, 3, Digest::of(b"another"));
    let good = said(&key, 1, 3, Digest::of(&held));
    let stranger = said(&SecretKey::from_seed(&[8; 32]), 1, 2, Digest::of(b"another"));
    let later = said(&key, 2, 2, Digest::of(b"another"));
    let number = |refused: &Vec<u8>| conflict(Over::Number, refused, 2, "agent-1");
    let mut changed = number(&same).with(&[&held]);
    changed.envelopes.insert(Digest::of(&same), next.clone());
    vec![
        number(&same).with(&[&held, &same]).says(
            "two numbers",
            "verified",
            "Proven: the key of agent agent-1 signed two statements 2",
        ),
        conflict(Over::Predecessor, &next, 3, "agent-1").with(&[&held, &next]).says(
            "two predecessors",
            "verified",
            "does not follow",
        ),
        conflict(Over::Predecessor, &good, 3, "agent-1").with(&[&held, &good]).says(
            "a good successor",
            "failed",
            "do not exclude",
        ),
        number(&held).with(&[&held]).says("one twice", "failed", "do not exclude"),
        number(&next).with(&[&held, &next]).says("another number", "failed", "do not exclude"),
        number(&later).with(&[&held, &later]).says("another epoch", "failed", "do not exclude"),
        conflict(Over::Number, &same, 9, "agent-1").with(&[&held, &same]).says(
            "a number of neither",
            "failed",
            "do not exclude",
        ),
        number(&stranger).with(&[&held, &stranger]).says(
            "a stranger",
            "failed",
            "no signature that this key made",
        ),
        number(&same).with(&[&held]).says("one is not here", "not_checked", "refused envelope"),
        changed.says("one was changed", "failed", "was changed"),
        conflict(Over::Number, &same, 2, "agent-2").with(&[&held, &same]).says(
            "of another agent",
            "failed",
            "enrolled for agent-1",
        ),
    ]
}

fn forks() -> Vec<Value> {
    let past = Past::new();
    let ours = past.head();
    let fork = |head: &Checkpoint, signed: Option<String>| {
        let (size, root) = (head.size, head.root);
        let agent = "agent-1".to_owned();
        case(
            EntryType::Fork,
            FORK,
            Fork { agent, size, root, ours: ours.root, signed, suppressed: 0 },
        )
    };
    let other = Checkpoint { root: Digest::of(b"other"), ..ours.clone() };
    let larger = Checkpoint { size: 9, ..other.clone() };
    let by_log = |head: &Checkpoint| Some(head.sign(&log_key()).unwrap());
    let mut alone = fork(&other, by_log(&other));
    alone.whole = false;
    vec![
        fork(&other, by_log(&other)).says("fork", "failed", "two histories under one key"),
        fork(&larger, by_log(&larger)).says("larger fork", "failed", "two histories under one key"),
        alone.says("fork without the log", "not_checked", "is not here to compare"),
        fork(&other, None).says("a word alone", "verified", "its word alone"),
        fork(&ours, by_log(&ours)).says("its own past", "failed", "it is this log's own"),
        fork(&ours, None).says("its own past as a word", "failed", "it is this log's own"),
        fork(&other, by_log(&larger)).says("another head", "failed", "another head than it names"),
        fork(&other, Some(other.sign(&agent_key()).unwrap())).says(
            "by a stranger",
            "failed",
            "no signature of the key",
        ),
    ]
}

fn times() -> Vec<Value> {
    let ours = Past::new().head();
    let line = |key: &SecretKey| cosign(&ours.text(), "seen.example", key, 1_795_000_000).unwrap();
    let note = |line: &str| ours.sign(&log_key()).unwrap() + line;
    let time = |head: &Checkpoint, cosigned: Option<String>, stamped: Option<Stamped>| {
        let (size, root) = (head.size, head.root);
        case(EntryType::Time, TIME, Attested { size, root, cosigned, stamped })
    };
    let good = || Some(note(&line(&witness())));
    let other = Checkpoint { root: Digest::of(b"other"), ..ours.clone() };
    let larger = Checkpoint { size: 4, ..ours.clone() };
    let token = b"a token".to_vec();
    let stamped = || Some(Stamped { authority: "tsa".into(), token: Digest::of(&token) });
    let path = "timestamps/checkpoint-3.tsa.tsr";
    let mut alone = time(&ours, good(), None);
    alone.whole = false;
    vec![
        time(&ours, good(), None).says("cosigned", "verified", "Cosigned by w at 2026-11-18T"),
        time(&ours, Some(note("")), None).says(
            "not cosigned",
            "verified",
            "No witness that you trust",
        ),
        time(&ours, Some(note(&line(&log_key()))), None).says(
            "another key of that name",
            "verified",
            "No witness that you trust",
        ),
        time(&ours, Some(note(&line(&witness())).replace("\n3\n", "\n2\n")), None).says(
            "a changed head",
            "failed",
            "does not fit",
        ),
        time(&other, good(), None).says("another root", "failed", "the log has another there"),
        time(&larger, good(), None).says("a later head", "failed", "stands at 3 itself"),
        time(&ours, good(), stamped()).says("both", "failed", "or both"),
        time(&ours, None, None).says("neither", "failed", "or both"),
        alone.says("without the log", "not_checked", "only the whole log"),
        time(&ours, None, stamped()).with_file(path, &token).says(
            "stamped",
            "verified",
            "The log took this token",
        ),
        time(&ours, None, stamped()).with_file(path, b"another").says(
            "another token",
            "failed",
            "another was put in its place",
        ),
        time(&ours, None, stamped()).says("no token", "not_checked", "is not here"),
    ]
}

fn continues() -> Vec<Value> {
    let (key, origin) = (SecretKey::from_seed(&[21; 32]), "evidence.example.com/before");
    let log = Verifier::new(origin, key.public()).unwrap();
    let head = Checkpoint { origin: origin.into(), size: 7, root: Digest::of(b"last") };
    let before = Continues::of(&log, &head.sign(&key).unwrap(), "ada".into()).unwrap();
    let continues = |said: &Continues| case(EntryType::Continues, CONTINUES, said.clone());
    let mut trusted = continues(&before);
    trusted.other = Some(log);
    let mut again = continues(&before);
    again.continued_before = Some(2);
    let stranger = Verifier::new(origin, agent_key().public()).unwrap().vkey();
    let ours = Verifier::new(ORIGIN, log_key().public()).unwrap();
    let own = Past::new().head().sign(&log_key()).unwrap();
    let itself = Continues::of(&ours, &own, "ada".into()).unwrap();
    vec![
        trusted.says("continues", "verified", "by the key that you trust for it"),
        continues(&before).says("continues a stranger", "verified", "does not name that log"),
        continues(&Continues { log_key: stranger, ..before.clone() }).says(
            "continues by another key",
            "failed",
            "signed by that key",
        ),
        continues(&Continues { size: 8, ..before.clone() }).says(
            "continues another head",
            "failed",
            "over 7 entries, and names another",
        ),
        continues(&Continues { signed: before.signed.replace("\n7\n", "\n8\n"), ..before }).says(
            "continues a changed head",
            "failed",
            "signed by that key",
        ),
        continues(&itself).says("continues itself", "failed", "cannot go on from itself"),
        again.says("continues twice", "failed", "Entry 2 says already"),
    ]
}
