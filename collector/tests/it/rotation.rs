//! Evidence keys that hand over to the next: what is admitted, and what is not.

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::rotation::{self, Rotate};
use exhibit_proto::rpc::{HeartbeatRequest, RefusalKind};
use exhibit_proto::statement::{ROTATE, Statement};
use tonic::Code;

use crate::harness::{Agent, Asking, Collector, json};
use crate::submission::Stream;

const TARGET: &str = "host:one";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

impl Agent {
    /// The rotation to the key of `seed`, without counting it as made.
    fn rotation(&self, seed: u8) -> Vec<u8> {
        rotation::seal(self.run(&[]).predicate.capsule, &self.key, &key(seed)).unwrap()
    }

    /// Rotates to the key of `seed`.
    async fn rotate(&mut self, stream: &mut Stream, seed: u8) -> u64 {
        let envelope = self.rotation(seed);
        let index = stream.index_of(&envelope).await;
        (self.key, self.epoch, self.seq, self.prev) =
            (key(seed), self.epoch + 1, 0, Digest::of(&envelope));
        index
    }

    async fn says(&mut self, stream: &mut Stream) -> u64 {
        let envelope = self.seal(&self.run(&[]));
        stream.index_of(&envelope).await
    }
}

impl Stream {
    async fn index_of(&mut self, envelope: &[u8]) -> u64 {
        let receipt = self.submit(envelope, &[]).await;
        exhibit_proto::tlog_proof::TlogProof::parse(&receipt.proof).unwrap().index
    }
}

#[tokio::test]
async fn a_key_hands_over_and_the_chain_runs_on_across_restarts() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let before = agent.seal(&agent.run(&[]));
    let first = stream.index_of(&before).await;
    let rotation = agent.rotation(20);
    let index = agent.rotate(&mut stream, 20).await;
    let leaf = collector.leaf(index).await;
    assert_eq!((leaf.t, leaf.key), (EntryType::Rotate, key(1).public().id()));
    agent.says(&mut stream).await;
    // Receipts that were lost come again, for the rotation and for what stood before it.
    assert_eq!(stream.index_of(&rotation).await, index);
    assert_eq!(stream.index_of(&before).await, first);

    collector.kill();
    collector.serve();
    let mut stream = Stream::open(&collector, &agent).await;
    agent.says(&mut stream).await;
    agent.rotate(&mut stream, 21).await;
    let last = agent.says(&mut stream).await;
    assert_eq!(collector.checkpoint().await.size, last + 1);
    assert!(collector.terminate().await.success());
    let rebuilt = collector.run(&["rebuild", "--check"]);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
}

#[tokio::test]
async fn a_stolen_old_key_is_good_for_nothing() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    agent.says(&mut stream).await;
    let (seq, prev) = (agent.seq, agent.prev);
    let index = agent.rotate(&mut stream, 20).await;
    let size = collector.checkpoint().await.size;
    // The next number of the old epoch, the rotation's own, one far ahead, and another rotation.
    let mut thief = Agent { key: key(1), epoch: 1, seq, prev, ..agent };
    for ahead in [0, 1, 5] {
        let mut run = thief.run(&[]);
        run.predicate.capsule.seq += ahead;
        let (kind, reason) = stream.refused(&run.seal(&thief.key).unwrap()).await;
        assert_eq!(kind, RefusalKind::Forbidden, "{reason}");
        assert!(reason.contains(&format!("was replaced on entry {index}")), "{reason}");
    }
    let (kind, _) = stream.refused(&thief.rotation(30)).await;
    assert_eq!(kind, RefusalKind::Forbidden);
    // In the new epoch, with the old key.
    (thief.epoch, thief.seq) = (2, 0);
    let (kind, reason) = stream.refused(&thief.run(&[]).seal(&thief.key).unwrap()).await;
    assert_eq!(kind, RefusalKind::Invalid, "{reason}");
    assert_eq!(collector.checkpoint().await.size, size);
}

#[tokio::test]
async fn forged_rotations_are_refused_and_log_nothing() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    Agent::enrol(&collector, "host:two", 2).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let size = collector.checkpoint().await.size;
    let rotate = |new_key: String, new_epoch| {
        let capsule = agent.run(&[]).predicate.capsule;
        Statement::new(ROTATE, Vec::new(), Rotate { capsule, new_key, new_epoch })
    };
    let (old, new, pem) = (&agent.key, key(20), key(20).public().to_pem());
    let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    let forged = [
        (rotate(pem.clone(), 2).seal(old), "signatures"),
        (rotate(pem.clone(), 2).seal_with(old, Some(&key(30))), "signatures"),
        (rotate(pem.clone(), 2).seal_with(old, Some(old)), "signatures"),
        (rotate(pem, 3).seal_with(old, Some(&new)), "epochs follow each other"),
        (rotate(old.public().to_pem(), 2).seal_with(old, Some(old)), "the old one"),
        (rotate(weak.to_owned(), 2).seal_with(old, Some(&new)), "small-order"),
        (rotate(key(2).public().to_pem(), 2).seal_with(old, Some(&key(2))), "used before"),
    ];
    for (envelope, words) in forged {
        let (kind, reason) = stream.refused(&envelope.unwrap()).await;
        assert_eq!(kind, RefusalKind::Invalid, "{reason}");
        assert!(reason.contains(words), "{words}: {reason}");
    }
    assert_eq!(collector.checkpoint().await.size, size);
    // In a gap, behind which its epoch went on.
    let mut skipping = agent.run(&[]);
    (skipping.predicate.capsule.seq, skipping.predicate.capsule.prev) = (9, Digest::of(b"lost"));
    let index = stream.index_of(&skipping.seal(old).unwrap()).await;
    let (kind, reason) = stream.refused(&agent.rotation(20)).await;
    assert!(kind == RefusalKind::Invalid && reason.contains("must be the last"), "{reason}");
    let size = index + 1;
    // Signed by the new key first: the old one's is what admits it, in its place.
    let reversed = rotate(new.public().to_pem(), 2).seal_with(&new, Some(old)).unwrap();
    assert!(stream.refused(&reversed).await.1.contains("signatures"));
    assert_eq!(collector.checkpoint().await.size, size);
}

#[tokio::test]
async fn a_revocation_ends_the_key_in_force_and_no_revoked_key_rotates() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    agent.rotate(&mut stream, 20).await;
    json(&collector.run(&["revoke", TARGET, "--by", "ada", "--reason", "lost", "--json"]));
    stream.envelope(&agent.rotation(21), 0).await;
    let refused = stream.answered().await.unwrap_err();
    assert!(refused.contains("revoked"), "{refused}");
    let again = Asking::new(&collector.token(&[]), TARGET, 1).send(&collector).await.unwrap_err();
    assert!(again.message().contains("revoked"), "{again}");
}

#[tokio::test]
async fn a_rotated_holder_is_replaced_and_its_keys_enrol_nobody() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    agent.rotate(&mut stream, 20).await;
    for seed in [1, 20] {
        let asking = Asking::new(&collector.token(&["--replace"]), TARGET, seed);
        let taken = asking.send(&collector).await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists, "{taken}");
    }
    Asking::new(&collector.token(&["--replace"]), TARGET, 3).send(&collector).await.unwrap();
    let gone = agent.client(&collector).await.heartbeat(HeartbeatRequest::default()).await;
    assert!(gone.unwrap_err().message().contains("revoked"));
}
