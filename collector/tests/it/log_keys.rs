//! The log's own key changes while agents and auditors know the old one.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::{HeadsRequest, LogKeysRequest, LogKeysResponse};
use exhibit_proto::tlog_proof::TlogProof;
use serde_json::Value;

use crate::harness::{Agent, Collector, ORIGIN, json};
use crate::submission::Stream;

impl Collector {
    fn log_key(&self, what: &str) -> Value {
        json(&self.run(&["log-key", what, "--by", "ada", "--reason", "yearly", "--json"]))
    }

    fn secret(&self, name: &str) -> SecretKey {
        let path = self.dir.path().join("data/keys").join(name);
        SecretKey::from_pem(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn refuses(&self, what: &str, why: &str) {
        let refused = self.run(&["log-key", what, "--by", "ada", "--reason", "yearly"]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(why), "{refused:?}");
    }

    /// Whether the newest head carries the line of this key.
    async fn signs(&self, key: &Verifier) -> bool {
        Checkpoint::open(&self.get("/log/checkpoint").await.2, key).is_ok()
    }

    fn fine(&self) {
        for arguments in [&["check"][..], &["rebuild", "--check"], &["validate"]] {
            let output = self.run(arguments);
            assert!(output.status.success(), "{arguments:?} {output:?}");
        }
    }
}

async fn says(agent: &mut Agent, stream: &mut Stream) {
    let envelope = agent.seal(&agent.run(&[]));
    stream.submit(&envelope, &[]).await;
}

async fn changes(collector: &Collector, agent: &Agent, pinned: &Verifier) -> LogKeysResponse {
    let key = pinned.key().id().as_bytes().to_vec().into();
    let mut client = agent.client(collector).await;
    client.log_keys(LogKeysRequest { key, known_size: 1 }).await.unwrap().into_inner()
}

// The collector drains while the test waits for its answer: connections have to be heard meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn both_keys_sign_heads_from_the_change_to_the_retirement() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    says(&mut agent, &mut stream).await;
    let old = collector.log.clone();
    assert!(changes(&collector, &agent, &old).await.changes.is_empty());
    collector.refuses("retire", "no change of the log's key goes on");
    // Nobody stopped it: the one that serves does it, and serves on.
    let said = collector.log_key("rotate");
    collector.refuses("rotate", "changing already");
    let new = Verifier::from_vkey(said["new"].as_str().unwrap()).unwrap();
    assert_eq!(said["old"], old.vkey());
    assert_eq!(said["policy"], format!("log {}\nlog {}\nquorum none\n", new.vkey(), old.vkey()));
    collector.fine();
    assert!(collector.signs(&old).await && collector.signs(&new).await);
    let mut stream = Stream::open(&collector, &agent).await;
    says(&mut agent, &mut stream).await;
    assert!(collector.signs(&old).await && collector.signs(&new).await);
    // Enrolment goes by the new key from now on, and earlier agents are still known.
    collector.log = new.clone();
    let second = Agent::enrol(&collector, "host:two", 2).await;
    let begun = changes(&collector, &agent, &old).await.changes;
    let proof = TlogProof::parse(&begun[0].proof).unwrap();
    assert!(proof.verify(proof.extra.as_deref().unwrap(), &old).is_ok());
    assert_eq!(log_key::open(&begun[0].envelope, ORIGIN).unwrap().new, *new.key());
    assert_eq!((begun.len(), changes(&collector, &second, &new).await.changes.len()), (1, 0));

    assert!(collector.terminate().await.success());
    let (old_secret, _) = (collector.secret("log.pem"), collector.secret("log.next.pem"));
    assert_eq!(collector.log_key("retire")["policy"], format!("log {}\nquorum none\n", new.vkey()));
    assert_eq!(collector.secret("log.pem").public(), *new.key());
    assert!(!collector.dir.path().join("data/keys/log.next.pem").exists());
    collector.fine();
    // A crash before the files changed: the log knows better, and the next start ends it.
    let keys = collector.dir.path().join("data/keys");
    std::fs::rename(keys.join("log.pem"), keys.join("log.next.pem")).unwrap();
    std::fs::copy(keys.join("log.next.pem"), keys.join("log.pem")).unwrap();
    std::fs::write(keys.join("log.pem"), old_secret.to_pem()).unwrap();
    collector.fine();
    collector.serve();
    assert_eq!(collector.secret("log.pem").public(), *new.key());
    assert!(!keys.join("log.next.pem").exists());
    let mut stream = Stream::open(&collector, &agent).await;
    says(&mut agent, &mut stream).await;
    assert!(!collector.signs(&old).await && collector.signs(&new).await);

    // Whoever was away for all of it is led by heads that the old key signed.
    let all = changes(&collector, &agent, &old).await.changes;
    assert_eq!(all.len(), 2);
    for change in &all {
        let proof = TlogProof::parse(&change.proof).unwrap();
        assert!(proof.verify(proof.extra.as_deref().unwrap(), &old).is_ok());
    }
    let leaf = collector.leaf(said["entry"].as_u64().unwrap()).await;
    assert_eq!((leaf.t, leaf.key), (EntryType::LogKey, old.key().id()));
    // A second history under the retired key is still the proof of one.
    let ours = collector.checkpoint().await;
    let fork = Checkpoint { size: 2, root: exhibit_proto::digest::Digest::of(b"x"), ..ours };
    let heads = vec![fork.sign(&old_secret).unwrap().into_bytes().into()];
    let mut client = agent.client(&collector).await;
    let answer = client.heads(HeadsRequest { heads }).await.unwrap().into_inner();
    assert_eq!(answer.foreign.len(), 1);
}
