//! What enters the log, and what does not.

use std::collections::BTreeMap;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::merkle::verify_consistency;
use exhibit_proto::rpc::answer::Part as Answered;
use exhibit_proto::rpc::submission::Part;
use exhibit_proto::rpc::{
    Answer, Chunk, ConfigurationRequest, Envelope, Gone, LackingRequest, Receipt, Refusal,
    RefusalKind, Submission, Wanted,
};
use exhibit_proto::statement::{HEARTBEAT, Heartbeat, Outcome, REVOKE, Run, Statement};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::harness::{Agent, Collector, document};

const TARGET: &str = "host:one";

/// One open submission stream.
pub(crate) struct Stream {
    sender: mpsc::Sender<Submission>,
    answers: Streaming<Answer>,
}

impl Stream {
    pub(crate) async fn open(collector: &Collector, agent: &Agent) -> Self {
        Self::try_open(collector, agent).await.unwrap()
    }

    pub(crate) async fn try_open(collector: &Collector, agent: &Agent) -> Result<Self, Status> {
        let (sender, receiver) = mpsc::channel(64);
        let mut client = agent.client(collector).await;
        let answers = client.submit(ReceiverStream::new(receiver)).await?.into_inner();
        Ok(Self { sender, answers })
    }

    pub(crate) async fn send(&self, part: Part) {
        self.sender.send(Submission { part: Some(part) }).await.unwrap();
    }

    pub(crate) async fn envelope(&self, bytes: &[u8], known_size: u64) {
        let bytes = bytes.to_vec().into();
        self.send(Part::Envelope(Envelope { bytes, known_size, ..Envelope::default() })).await;
    }

    pub(crate) async fn chunk(&self, digest: Digest, bytes: &[u8], last: bool) {
        let digest = digest.as_bytes().to_vec().into();
        self.send(Part::Chunk(Chunk { digest, bytes: bytes.to_vec().into(), last })).await;
    }

    async fn next(&mut self) -> Result<Answered, Status> {
        Ok(self.answers.message().await?.unwrap().part.unwrap())
    }

    pub(crate) async fn wanted(&mut self) -> Wanted {
        let answer = self.next().await.unwrap();
        let Answered::Wanted(wanted) = answer else { panic!("{answer:?}") };
        wanted
    }

    pub(crate) async fn receipt(&mut self) -> Receipt {
        let answer = self.next().await.unwrap();
        let Answered::Receipt(receipt) = answer else { panic!("{answer:?}") };
        receipt
    }

    /// Takes answers up to a receipt; an error is a refusal or the stream's end.
    pub(crate) async fn answered(&mut self) -> Result<Receipt, String> {
        loop {
            match self.answers.message().await {
                Ok(Some(Answer { part: Some(Answered::Wanted(_)) })) => {}
                Ok(Some(Answer { part: Some(Answered::Receipt(receipt)) })) => return Ok(receipt),
                other => return Err(format!("{other:?}")),
            }
        }
    }

    async fn refusal(&mut self) -> Refusal {
        let answer = self.next().await.unwrap();
        let Answered::Refusal(refusal) = answer else { panic!("{answer:?}") };
        refusal
    }

    /// Sends an envelope with all that is wanted of it.
    pub(crate) async fn submit(&mut self, bytes: &[u8], documents: &[Vec<u8>]) -> Receipt {
        self.envelope(bytes, 0).await;
        let wanted = self.wanted().await;
        for digest in &wanted.documents {
            let digest = Digest::try_from(digest.as_ref()).unwrap();
            let document = documents.iter().find(|bytes| Digest::of(bytes) == digest).unwrap();
            self.chunk(digest, document, true).await;
        }
        self.receipt().await
    }

    /// Sends an envelope that needs no documents and does not wait for its receipt.
    pub(crate) async fn offer(&mut self, bytes: &[u8]) {
        self.envelope(bytes, 0).await;
        self.wanted().await;
    }

    /// Whether nothing more comes.
    pub(crate) async fn ended(&mut self) -> bool {
        matches!(self.answers.message().await, Err(_) | Ok(None))
    }

    pub(crate) async fn refused(&mut self, bytes: &[u8]) -> (RefusalKind, String) {
        self.envelope(bytes, 0).await;
        let refusal = self.refusal().await;
        assert_eq!(refusal.envelope.as_ref(), Digest::of(bytes).as_bytes());
        (refusal.kind(), refusal.reason)
    }
}

#[tokio::test]
async fn run_is_admitted_with_its_documents_and_unchanged_ones_are_not_wanted_again() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let documents =
        [agent.document("time.sync", "a"), agent.document("patch.status", &"b".repeat(400_000))];
    let mut stream = Stream::open(&collector, &agent).await;
    let first = agent.run(&documents);
    let first = agent.seal(&first);
    stream.envelope(&first, 0).await;
    let wanted = stream.wanted().await;
    assert_eq!(wanted.documents.len(), 2);
    for document in &documents {
        let (head, tail) = document.split_at(document.len() / 2);
        stream.chunk(Digest::of(document), head, false).await;
        stream.chunk(Digest::of(document), tail, true).await;
    }
    let receipt = stream.receipt().await;
    let (index, seen) = collector.verify(&receipt);
    assert_eq!((index, seen.size), (4, 5));

    // Two at once on one stream, the first with a document more.
    let more = [documents[0].clone(), agent.document("crypto.at_rest", "c")];
    let second = agent.run(&more);
    let second = agent.seal(&second);
    let third = agent.run(&documents);
    let third = agent.seal(&third);
    stream.envelope(&second, seen.size).await;
    stream.envelope(&third, seen.size).await;
    let wanted = stream.wanted().await;
    assert_eq!(wanted.documents, [Digest::of(&more[1]).as_bytes().to_vec()]);
    stream.chunk(Digest::of(&more[1]), &more[1], true).await;
    let receipt = stream.receipt().await;
    let (index, newer) = collector.verify(&receipt);
    assert_eq!(index, 5);
    consistent(&receipt, &seen, &newer);
    assert_eq!(stream.wanted().await.documents.len(), 0);
    let receipt = stream.receipt().await;
    let (index, newest) = collector.verify(&receipt);
    assert_eq!(index, 6);
    consistent(&receipt, &seen, &newest);
}

fn consistent(receipt: &Receipt, old: &Checkpoint, new: &Checkpoint) {
    let path: Vec<Digest> =
        receipt.consistency.iter().map(|hash| Digest::try_from(hash.as_ref()).unwrap()).collect();
    let (old, new) = ((old.size, &old.root), (new.size, &new.root));
    assert_eq!(verify_consistency(old, new, &path), Ok(()));
}

#[tokio::test]
async fn replay_conflict_gap_and_wrong_prev_are_told_apart() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let run = agent.run(&[]);
    let first = agent.seal(&run);
    let (index, _) = collector.verify(&stream.submit(&first, &[]).await);
    // Replay: the same receipt, whatever stream it comes on.
    let mut other = Stream::open(&collector, &agent).await;
    assert_eq!(collector.verify(&other.submit(&first, &[]).await).0, index);
    // Another envelope for the same place.
    let mut changed = run.clone();
    changed.predicate.started = "2026-11-22T11:00:00.000Z".into();
    let changed = changed.seal(&agent.key).unwrap();
    let (kind, reason) = stream.refused(&changed).await;
    assert_eq!(kind, RefusalKind::Conflict);
    assert!(reason.contains(&Digest::of(&first).to_string()), "{reason}");
    // Next in order, with a past that the log does not hold.
    let mut wrong = agent.run(&[]);
    wrong.predicate.capsule.prev = Digest::of(b"another past");
    let (kind, reason) = stream.refused(&wrong.seal(&agent.key).unwrap()).await;
    assert_eq!(kind, RefusalKind::Invalid);
    assert!(reason.contains("prev"), "{reason}");
    // A gap is admitted and stays visible.
    let mut gap = agent.run(&[]);
    gap.predicate.capsule.seq = 7;
    gap.predicate.capsule.prev = Digest::of(b"lost");
    let gap = agent.seal(&gap);
    collector.verify(&stream.submit(&gap, &[]).await);
    // After the gap, the chain holds again.
    let next = agent.run(&[]);
    let next = agent.seal(&next);
    collector.verify(&stream.submit(&next, &[]).await);
    // What stood before, three runs, and what was noticed: two conflicts and a gap.
    assert_eq!(collector.checkpoint().await.size, 10);
}

#[tokio::test]
async fn forged_foreign_and_ill_formed_statements_are_refused_and_log_nothing() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let other = Agent::enrol(&collector, "host:two", 2).await;
    let size = collector.checkpoint().await.size;
    let mut stream = Stream::open(&collector, &agent).await;

    let stranger = agent.run(&[]).seal(&SecretKey::from_seed(&[9; 32])).unwrap();
    let others = other.run(&[]).seal(&other.key).unwrap();
    let named = other.run(&[]).seal(&agent.key).unwrap();
    let fine = agent.run(&[]).seal(&agent.key).unwrap();
    let mut tampered = exhibit_proto::dsse::Envelope::parse(&fine).unwrap().to_bytes();
    let at = tampered.windows(5).position(|five| five == b"\"sig\"").unwrap() + 10;
    tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
    let foreign = agent.run(&[document("host:two", "time.sync", "x")]).seal(&agent.key).unwrap();
    let mut outcome = agent.run(&[]);
    outcome.predicate.outcomes.push(Outcome {
        kind: "time.sync".parse().unwrap(),
        target: "host:two".parse().unwrap(),
        outcome: "denied".into(),
        detail: "d".into(),
        remedy: "r".into(),
    });
    let mut epoch = agent.run(&[]);
    epoch.predicate.capsule.epoch = 2;
    let mut subjects = agent.run(&[agent.document("time.sync", "x")]);
    subjects.subject.clear();
    let mut elsewhere = agent.run(&[]);
    let checkpoint = Checkpoint { origin: "log.test/2".into(), size: 1, root: Digest::ZERO };
    elsewhere.predicate.capsule.checkpoint = Some(checkpoint);
    let mut when = agent.run(&[]);
    when.predicate.started = "yesterday".into();
    let mut own = agent.run(&[]);
    own.predicate_type = REVOKE.into();
    let mut large = agent.run(&[agent.document("time.sync", "x")]);
    large.predicate.documents[0].size = 9 << 20;
    let seal = |statement: &Statement<Run>| statement.seal(&agent.key).unwrap();

    for (envelope, expected, text) in [
        (stranger, RefusalKind::Forbidden, "only its own statements"),
        (others, RefusalKind::Forbidden, "only its own statements"),
        (named, RefusalKind::Forbidden, &*other.id),
        (tampered, RefusalKind::Invalid, "signature"),
        (foreign, RefusalKind::Forbidden, "host:two is not granted"),
        (seal(&outcome), RefusalKind::Forbidden, "host:two is not granted"),
        (seal(&epoch), RefusalKind::Invalid, "epoch 2"),
        (seal(&subjects), RefusalKind::Invalid, "subjects"),
        (seal(&elsewhere), RefusalKind::Invalid, "log.test/2"),
        (seal(&when), RefusalKind::Invalid, "yesterday"),
        (seal(&own), RefusalKind::Invalid, "predicate type"),
        (seal(&large), RefusalKind::Invalid, "over the limit"),
        (b"{}".to_vec(), RefusalKind::Invalid, "not a DSSE envelope"),
        (vec![b' '; 70_000], RefusalKind::Invalid, "70000"),
    ] {
        let (kind, reason) = stream.refused(&envelope).await;
        assert_eq!(kind, expected, "{reason}");
        assert!(reason.contains(text), "{reason} lacks {text}");
    }
    assert_eq!(collector.checkpoint().await.size, size);
    // The stream lives on, and the agent with it.
    collector.verify(&stream.submit(&fine, &[]).await);
}

#[tokio::test]
async fn documents_that_lie_are_refused_and_lost_ones_leave_their_digest() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let document = agent.document("time.sync", "true");
    let digest = Digest::of(&document);
    let envelope = agent.run(std::slice::from_ref(&document)).seal(&agent.key).unwrap();
    let mut stream = Stream::open(&collector, &agent).await;

    // Other bytes of the same length.
    stream.envelope(&envelope, 0).await;
    stream.wanted().await;
    stream.chunk(digest, &agent.document("time.sync", "lies"), true).await;
    let refusal = stream.refusal().await;
    assert_eq!(refusal.kind(), RefusalKind::Invalid);
    assert!(refusal.reason.contains("hashes to"), "{}", refusal.reason);

    // More bytes than declared: refused in the middle, and the stream with it.
    stream.envelope(&envelope, 0).await;
    stream.wanted().await;
    stream.chunk(digest, &[b' '; 200_000], false).await;
    let refusal = stream.refusal().await;
    assert!(refusal.reason.contains("longer than"), "{}", refusal.reason);
    assert_eq!(stream.next().await.unwrap_err().code(), Code::Aborted);

    // A document that nobody asked for.
    let mut stream = Stream::open(&collector, &agent).await;
    stream.envelope(&envelope, 0).await;
    stream.wanted().await;
    stream.chunk(Digest::of(b"unasked"), b"unasked", true).await;
    assert_eq!(stream.next().await.unwrap_err().code(), Code::InvalidArgument);

    let size = collector.checkpoint().await.size;
    let mut stream = Stream::open(&collector, &agent).await;
    stream.envelope(&envelope, 0).await;
    stream.wanted().await;
    let gone = Gone { digest: digest.as_bytes().to_vec().into(), reason: "spool full".into() };
    stream.send(Part::Gone(gone)).await;
    collector.verify(&stream.receipt().await);
    assert_eq!(collector.checkpoint().await.size, size + 1);
    let request = LackingRequest { documents: vec![digest.as_bytes().to_vec().into()] };
    let lacking = agent.client(&collector).await.lacking(request).await.unwrap().into_inner();
    assert_eq!(lacking.documents.len(), 1);
}

#[tokio::test]
async fn a_held_document_of_another_target_is_not_taken_for_ones_own() {
    let collector = Collector::start();
    let mut one = Agent::enrol(&collector, TARGET, 1).await;
    let two = Agent::enrol(&collector, "host:two", 2).await;
    let document = one.document("time.sync", "one");
    let run = one.run(std::slice::from_ref(&document));
    let envelope = one.seal(&run);
    let mut stream = Stream::open(&collector, &one).await;
    collector.verify(&stream.submit(&envelope, std::slice::from_ref(&document)).await);
    let mut borrowed = two.run(std::slice::from_ref(&document));
    borrowed.predicate.documents[0].target = "host:two".parse().unwrap();
    let mut stream = Stream::open(&collector, &two).await;
    let (kind, reason) = stream.refused(&borrowed.seal(&two.key).unwrap()).await;
    assert_eq!(kind, RefusalKind::Invalid);
    assert!(reason.contains("is time.sync of host:one"), "{reason}");
}

#[tokio::test]
async fn a_silent_stream_is_closed() {
    let collector = Collector::start_with("[limits]\nidle = \"200ms\"\n");
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    assert_eq!(stream.next().await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn agents_submit_side_by_side() {
    let collector = Collector::start();
    let mut submitted = tokio::task::JoinSet::new();
    for seed in 1..=8_u8 {
        let mut agent = Agent::enrol(&collector, &format!("host:{seed}"), seed).await;
        let mut stream = Stream::open(&collector, &agent).await;
        submitted.spawn(async move {
            let mut receipts = Vec::new();
            for item in 0..5 {
                let document = agent.document("time.sync", &format!("{seed} {item}"));
                let run = agent.run(std::slice::from_ref(&document));
                let envelope = agent.seal(&run);
                receipts.push(stream.submit(&envelope, &[document]).await);
            }
            receipts
        });
    }
    let receipts = submitted.join_all().await.concat();
    let indexes: std::collections::BTreeSet<u64> =
        receipts.iter().map(|receipt| collector.verify(receipt).0).collect();
    // Each has a place of its own; the others hold the rule pack, the first person, tokens and enrolments.
    assert_eq!(indexes.len(), 40);
    assert_eq!(collector.checkpoint().await.size, 2 + 16 + 40);
}

#[tokio::test]
async fn heartbeats_are_entries_and_configuration_names_targets() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let beat = Heartbeat {
        capsule: agent.run(&[]).predicate.capsule,
        host_name: "web-1".into(),
        schedule: Vec::new(),
        interval_seconds: 60,
        spool_items: 0,
        dropped: 0,
        labels: BTreeMap::new(),
        closes: None,
    };
    let envelope = Statement::new(HEARTBEAT, Vec::new(), beat).seal(&agent.key).unwrap();
    let mut stream = Stream::open(&collector, &agent).await;
    collector.verify(&stream.submit(&envelope, &[]).await);
    let mut client = agent.client(&collector).await;
    let wishes = client.configuration(ConfigurationRequest::default()).await.unwrap().into_inner();
    assert_eq!(wishes.targets, [TARGET]);
    assert_eq!((wishes.max_document_bytes, wishes.heartbeat_seconds), (8 << 20, 4200));
    let newest = Checkpoint::open(&wishes.checkpoint, &collector.log).unwrap();
    assert_eq!(newest, collector.checkpoint().await);
}

#[tokio::test]
async fn a_log_smaller_than_what_the_agent_verified_admits_nothing() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    stream.envelope(&agent.run(&[]).seal(&agent.key).unwrap(), 100).await;
    let refusal = stream.refusal().await;
    assert_eq!(refusal.kind(), RefusalKind::Later);
    assert!(refusal.reason.contains("100"), "{}", refusal.reason);
    assert_eq!(collector.checkpoint().await.size, 4);
}
