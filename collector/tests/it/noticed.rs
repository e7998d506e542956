//! Gaps, conflicts and forks: each is an entry, each once, and a hostile agent cannot fill the log with them.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::rpc::{HeadsRequest, RefusalKind};
use exhibit_proto::statement::{Conflict, Fork, Gap, Over, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::harness::{Agent, Collector, ORIGIN};
use crate::submission::Stream;

const TARGET: &str = "host:one";

impl Collector {
    /// Types of all entries in order.
    async fn types(&self) -> Vec<EntryType> {
        let mut types = Vec::new();
        for index in 0..self.checkpoint().await.size {
            types.push(self.leaf(index).await.t);
        }
        types
    }

    /// What an entry says, read out of a bundle of everything.
    fn said<P: Serialize + DeserializeOwned>(&self, leaf: &Leaf, name: &str) -> P {
        let bundle = self.dir.path().join(name);
        if !bundle.exists() {
            let out = bundle.to_str().unwrap();
            crate::harness::json(&self.run(&["export", "--out", out, "--json"]));
        }
        let bytes = std::fs::read(bundle.join(format!("envelopes/{}.json", leaf.env))).unwrap();
        let payload = Envelope::parse(&bytes).unwrap().unverified_payload().unwrap();
        Statement::<P>::from_payload(&payload).unwrap().predicate
    }

    /// A head as this log's key signs it.
    pub(crate) fn signed(&self, size: u64, root: Digest) -> String {
        let pem = std::fs::read_to_string(self.dir.path().join("data/keys/log.pem")).unwrap();
        let key = SecretKey::from_pem(&pem).unwrap();
        Checkpoint { origin: ORIGIN.into(), size, root }.sign(&key).unwrap()
    }

    fn views_are_as_rebuilt(&mut self) {
        self.kill();
        let output = self.run(&["rebuild", "--check"]);
        assert!(output.status.success(), "{output:?}");
    }
}

async fn show(collector: &Collector, agent: &Agent, heads: &[String]) -> usize {
    let heads = heads.iter().map(|head| head.clone().into_bytes().into()).collect();
    let answer = agent.client(collector).await.heads(HeadsRequest { heads }).await;
    answer.unwrap().into_inner().foreign.len()
}

#[tokio::test]
async fn a_skipped_number_is_a_gap_before_what_came_and_what_comes_later_closes_it() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let mut sealed = Vec::new();
    for _ in 0..4 {
        let run = agent.run(&[]);
        sealed.push(agent.seal(&run));
    }
    collector.verify(&stream.submit(&sealed[0], &[]).await);
    let (came, _) = collector.verify(&stream.submit(&sealed[3], &[]).await);
    // Replayed, it is the same entry and no other gap.
    assert_eq!(collector.verify(&stream.submit(&sealed[3], &[]).await).0, came);
    let leaf = collector.leaf(came - 1).await;
    assert_eq!(leaf.t, EntryType::Gap);
    assert_eq!(leaf.key, collector.log.key().id());
    let gap: Gap = collector.said(&leaf, "gap");
    assert_eq!((gap.from, gap.to, gap.agent.as_str()), (2, 3, agent.id.as_str()));
    let digests = [&sealed[0], &sealed[3], &sealed[2]].map(|bytes| Digest::of(bytes));
    assert_eq!([gap.after, gap.came, gap.prev], digests);
    // Late ones are evidence too, and make no gap of their own.
    for late in &sealed[1..3] {
        let (index, _) = collector.verify(&stream.submit(late, &[]).await);
        assert!(index > came);
    }
    let types = collector.types().await;
    assert_eq!(types.iter().filter(|t| **t == EntryType::Gap).count(), 1);
    assert_eq!(types.iter().filter(|t| **t == EntryType::Evidence).count(), 4);
    collector.views_are_as_rebuilt();
}

#[tokio::test]
async fn a_cloned_agent_is_a_conflict_once_and_both_envelopes_are_kept() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let first = agent.run(&[]);
    let mut cloned = first.clone();
    cloned.predicate.started = "2026-11-22T11:00:00.000Z".into();
    let (held, refused) = (agent.seal(&first), cloned.seal(&agent.key).unwrap());
    collector.verify(&stream.submit(&held, &[]).await);
    for _ in 0..3 {
        assert_eq!(stream.refused(&refused).await.0, RefusalKind::Conflict);
    }
    // The clone goes on where it was refused: its next statement follows another one than the log holds.
    let mut next = agent.run(&[]);
    next.predicate.capsule.prev = Digest::of(&refused);
    let next = next.seal(&agent.key).unwrap();
    assert_eq!(stream.refused(&next).await.0, RefusalKind::Invalid);
    let mut said: Vec<Conflict> = Vec::new();
    for index in 0..collector.checkpoint().await.size {
        let leaf = collector.leaf(index).await;
        if leaf.t == EntryType::Conflict {
            said.push(collector.said(&leaf, "conflict"));
        }
    }
    let shown: Vec<_> = said.iter().map(|c| (c.seq, c.over, c.held, c.refused)).collect();
    let (held, refused, next) = (Digest::of(&held), Digest::of(&refused), Digest::of(&next));
    assert_eq!(shown, [(1, Over::Number, held, refused), (2, Over::Predecessor, held, next)]);
    for kept in [held, refused, next] {
        let file = collector.dir.path().join(format!("conflict/envelopes/{kept}.json"));
        assert_eq!(Digest::of(&std::fs::read(file).unwrap()), kept);
    }
    // A proof is no document, whoever names it.
    let mut named = agent.run(&[agent.document("time.sync", "x")]);
    named.predicate.documents[0].digest = refused;
    named.subject[0].digest.sha256 = refused;
    let (kind, reason) = stream.refused(&named.seal(&agent.key).unwrap()).await;
    assert_eq!(kind, RefusalKind::Invalid);
    assert!(reason.contains("not a document"), "{reason}");
    collector.views_are_as_rebuilt();
}

#[tokio::test]
async fn a_flood_of_conflicts_is_capped_and_the_agent_is_still_heard() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut other = Agent::enrol(&collector, "host:two", 2).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let run = agent.run(&[]);
    let first = agent.seal(&run);
    collector.verify(&stream.submit(&first, &[]).await);
    for flood in 0..40 {
        let mut changed = run.clone();
        changed.predicate.finished = format!("2026-11-22T11:00:00.{flood:03}Z");
        let changed = changed.seal(&agent.key).unwrap();
        assert_eq!(stream.refused(&changed).await.0, RefusalKind::Conflict);
    }
    let conflicts = |types: Vec<EntryType>| {
        types.iter().filter(|entry_type| **entry_type == EntryType::Conflict).count()
    };
    assert_eq!(conflicts(collector.types().await), 20);
    let next = agent.run(&[]);
    let next = agent.seal(&next);
    collector.verify(&stream.submit(&next, &[]).await);
    // Another agent has an hour of its own.
    let mut stream = Stream::open(&collector, &other).await;
    let run = other.run(&[]);
    let first = other.seal(&run);
    collector.verify(&stream.submit(&first, &[]).await);
    let mut changed = run;
    changed.predicate.finished = "2026-11-22T11:00:00.000Z".into();
    stream.refused(&changed.seal(&other.key).unwrap()).await;
    assert_eq!(conflicts(collector.types().await), 21);
}

#[tokio::test]
async fn a_foreign_head_in_a_statement_is_the_agents_word_and_one_that_the_log_signed_is_proof() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let other = Digest::of(b"another past");
    for _ in 0..2 {
        let mut run = agent.run(&[]);
        let origin = ORIGIN.to_owned();
        run.predicate.capsule.checkpoint = Some(Checkpoint { origin, size: 1, root: other });
        let run = agent.seal(&run);
        collector.verify(&stream.submit(&run, &[]).await);
    }
    let ours = collector.checkpoint().await;
    let fitting = collector.signed(ours.size, ours.root);
    assert_eq!(show(&collector, &agent, std::slice::from_ref(&fitting)).await, 0);
    let forged = Checkpoint { origin: ORIGIN.into(), size: 1, root: other };
    let forged = forged.sign(&SecretKey::from_seed(&[9; 32])).unwrap();
    assert_eq!(show(&collector, &agent, &[forged]).await, 0);
    let foreign = collector.signed(1, other);
    for _ in 0..2 {
        assert_eq!(show(&collector, &agent, &[fitting.clone(), foreign.clone()]).await, 1);
    }
    let mut said: Vec<Fork> = Vec::new();
    for index in 0..collector.checkpoint().await.size {
        let leaf = collector.leaf(index).await;
        if leaf.t == EntryType::Fork {
            said.push(collector.said(&leaf, "fork"));
        }
    }
    let shown: Vec<_> = said.iter().map(|f| (f.size, f.root, f.signed.clone())).collect();
    assert_eq!(shown, [(1, other, None), (1, other, Some(foreign))]);
    collector.views_are_as_rebuilt();
}

#[tokio::test]
async fn a_log_that_is_behind_its_own_signature_admits_nothing_and_signs_nothing_for_it() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let other = Agent::enrol(&collector, "host:two", 2).await;
    let size = collector.checkpoint().await.size;
    let larger = collector.signed(99, Digest::of(b"lost"));
    assert_eq!(show(&collector, &agent, &[larger]).await, 1);
    let mut stream = Stream::open(&collector, &other).await;
    let run = other.run(&[]).seal(&other.key).unwrap();
    let (kind, reason) = stream.refused(&run).await;
    assert_eq!(kind, RefusalKind::Later, "{reason}");
    assert!(reason.contains("99") && reason.contains("mended"), "{reason}");
    assert_eq!(collector.checkpoint().await.size, size);
    // Showing nothing, or what nobody signed, takes nothing back.
    assert_eq!(show(&collector, &agent, &["garbage".to_owned()]).await, 0);
    assert_eq!(stream.refused(&run).await.0, RefusalKind::Later);
    // Its head fits again: the newest data directory is back.
    let ours = collector.checkpoint().await;
    let head = collector.signed(ours.size, ours.root);
    assert_eq!(show(&collector, &agent, &[head]).await, 0);
    collector.verify(&stream.submit(&run, &[]).await);
}
