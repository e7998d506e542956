//! Deletion through the program: while it serves and while it does not, with what the files still hold.

use exhibit_collector::log::LogReader;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Statement, TOMBSTONE, Tombstone};
use serde_json::Value;

use crate::harness::{Agent, Collector, json};
use crate::submission::Stream;

/// Whether the text stands in any file of the data directory.
fn stands(collector: &Collector, text: &str) -> bool {
    let files = std::fs::read_dir(collector.dir.path().join("data")).unwrap();
    files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn refused(collector: &Collector, arguments: &[&str]) -> String {
    let output = collector.run(arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_deleted_on_request_and_its_proofs_and_a_tombstone_stay() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let private = agent.document("time.sync", &format!("alice-private{}", "x".repeat(9000)));
    let other = agent.document("patch.status", "bob-stays");
    let envelope = agent.seal(&agent.run(&[private.clone(), other.clone()]));
    let (index, _) = collector.verify(&stream.submit(&envelope, &[private.clone(), other]).await);
    drop(stream);
    assert!(stands(&collector, "alice-private") && stands(&collector, "bob-stays"));

    let digest = Digest::of(&private).to_string();
    let hold =
        ["hold", "add", "--target", "host:one", "--by", "ada", "--reason", "lawsuit", "--json"];
    let id = json(&collector.run(&hold))["entry"].as_u64().unwrap().to_string();
    let delete =
        ["delete", "--document", &digest, "--by", "ada", "--reason", "she asked", "--json"];
    assert!(refused(&collector, &delete).contains(&format!("legal hold {id}")));
    json(&collector.run(&["hold", "lift", &id, "--by", "ada", "--reason", "over", "--json"]));
    let holds = json(&collector.run(&["hold", "list", "--json"]));
    assert_eq!((&holds[0]["reason"], holds[0]["lifted"].is_u64()), (&"lawsuit".into(), true));

    let entry = json(&collector.run(&delete))["entry"].as_u64().unwrap();
    assert!(!stands(&collector, "alice-private"), "bytes are left");
    assert!(stands(&collector, "bob-stays"));
    assert!(refused(&collector, &delete).contains("no document"));
    let reader = LogReader::open(&collector.dir.path().join("data/log.db")).unwrap();
    let stone = reader.entry(entry).unwrap().unwrap();
    assert_eq!(stone.leaf.t, EntryType::Tombstone);
    let stone = Statement::<Value>::open(&stone.envelope.unwrap(), collector.log.key()).unwrap();
    assert_eq!(stone.predicate_type, TOMBSTONE);
    let stone: Tombstone = stone.predicate_as().unwrap();
    assert_eq!((stone.approver.as_str(), stone.reason.as_str()), ("ada", "she asked"));
    assert_eq!(
        (stone.documents[0].digest.to_string(), stone.documents[0].last),
        (digest.clone(), index)
    );
    drop(reader);

    // The rest is whole: the scrub, the views, and a bundle that carries the tombstone.
    assert_eq!(collector.run(&["check"]).status.code(), Some(0));
    let out = collector.dir.path().join("bundle");
    let summary = json(&collector.run(&["export", "--json", "--out", out.to_str().unwrap()]));
    assert_eq!(summary["documents_not_held"], 1);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    let types: Vec<_> = manifest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["rule_pack", "enrol", "evidence", "tombstone"]);
    assert!(collector.terminate().await.success());
    assert_eq!(collector.run(&["rebuild", "--check"]).status.code(), Some(0));

    // Sent again, it is held again; deleted again while nobody serves.
    collector.serve();
    let mut stream = Stream::open(&collector, &agent).await;
    let envelope = agent.seal(&agent.run(std::slice::from_ref(&private)));
    stream.envelope(&envelope, 0).await;
    assert_eq!(stream.wanted().await.documents.len(), 1, "it is wanted again");
    drop(stream);
    let mut stream = Stream::open(&collector, &agent).await;
    collector.verify(&stream.submit(&envelope, &[private]).await);
    drop(stream);
    assert!(collector.terminate().await.success());
    assert!(stands(&collector, "alice-private"));
    json(&collector.run(&delete));
    assert!(!stands(&collector, "alice-private"));
    assert_eq!(collector.run(&["rebuild", "--check"]).status.code(), Some(0));
}

#[tokio::test]
async fn without_rules_nothing_is_due_and_a_young_document_is_not() {
    let collector = Collector::start_with("[retention]\ndefault_days = 1\napproved_by = \"dpo\"\n");
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let document = agent.document("time.sync", "young");
    let envelope = agent.seal(&agent.run(std::slice::from_ref(&document)));
    collector.verify(&stream.submit(&envelope, &[document]).await);
    for arguments in [&["retention", "--json"][..], &["retention", "--now", "--json"]] {
        let found = json(&collector.run(arguments));
        assert_eq!((&found["due"], &found["entries"]), (&0.into(), &serde_json::json!([])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_was_named_often_and_is_deleted_is_wanted_again_by_the_same_process() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let private = [agent.document("time.sync", "alice-private")];
    let mut wanted = Vec::new();
    for run in 0..4 {
        if run == 3 {
            let (digest, by) = (Digest::of(&private[0]).to_string(), "ada");
            let delete =
                ["delete", "--document", &digest, "--by", by, "--reason", "asked", "--json"];
            json(&collector.run(&delete));
        }
        let envelope = agent.seal(&agent.run(&private));
        let mut stream = Stream::open(&collector, &agent).await;
        stream.envelope(&envelope, 0).await;
        wanted.push(stream.wanted().await.documents.len());
        drop(stream);
        let mut stream = Stream::open(&collector, &agent).await;
        collector.verify(&stream.submit(&envelope, &private).await);
    }
    assert_eq!(wanted, [1, 0, 0, 1]);
}
