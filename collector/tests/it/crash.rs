//! kill -9 at any moment: what was receipted stays provable, what was not may be sent again.

use exhibit_proto::digest::Digest;
use exhibit_proto::tlog_proof::TlogProof;

use crate::harness::{Agent, Collector};
use crate::submission::Stream;

#[tokio::test]
async fn receipts_survive_kills_and_nothing_is_doubled() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut receipted: Vec<(Vec<u8>, u64)> = Vec::new();
    for round in 0..4 {
        let mut stream = Stream::open(&collector, &agent).await;
        for item in 0..3 {
            let document = agent.document("time.sync", &format!("{round} {item}"));
            let run = agent.run(std::slice::from_ref(&document));
            let envelope = agent.seal(&run);
            let receipt = stream.submit(&envelope, &[document]).await;
            receipted.push((envelope, collector.verify(&receipt).0));
        }
        // One more is under way when the process dies; its agent does not know whether it was admitted.
        let run = agent.run(&[]);
        let envelope = agent.seal(&run);
        let (dying, pending) = (stream, envelope.clone());
        let sent = tokio::spawn(async move {
            let mut dying = dying;
            dying.offer(&pending).await;
        });
        sent.await.unwrap();
        collector.kill();
        collector.serve();
        let mut stream = Stream::open(&collector, &agent).await;
        let index = collector.verify(&stream.submit(&envelope, &[]).await).0;
        receipted.push((envelope, index));
        for (envelope, index) in &receipted {
            let path = format!("/log/proof/by-digest/{}", Digest::of(envelope));
            let proof = TlogProof::parse(&collector.get(&path).await.2).unwrap();
            assert_eq!(proof.index, *index);
            proof.verify(&proof.extra.clone().unwrap(), &collector.log).unwrap();
        }
    }
    // Rule pack, first person, token, enrolment, and each envelope once.
    assert_eq!(collector.checkpoint().await.size, 4 + receipted.len() as u64);
}

#[tokio::test]
async fn sigterm_ends_open_streams_and_the_program_well() {
    let mut collector = Collector::start();
    let agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    assert_eq!(collector.terminate().await.code(), Some(0));
    assert!(stream.ended().await);
    collector.serve();
    assert_eq!(collector.checkpoint().await.size, 4);
}

#[tokio::test]
async fn one_directory_has_one_collector_and_is_initialised_once() {
    let mut collector = Collector::start();
    for (arguments, text) in [(["serve"], "held by another process"), (["init"], "exists")] {
        let refused = collector.run(&arguments);
        assert_eq!(refused.status.code(), Some(2));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(text), "{said}");
    }
    let size = collector.checkpoint().await.size;
    collector.kill();
    collector.serve();
    assert_eq!(collector.checkpoint().await.size, size);
    let check = collector.run(&["rebuild", "--check", "--json"]);
    assert_eq!(check.status.code(), Some(0), "{check:?}");
}

#[tokio::test]
async fn check_names_what_is_damaged_in_the_stored_log() {
    let mut collector = Collector::start();
    Agent::enrol(&collector, "host:one", 1).await;
    let check = collector.run(&["check"]);
    assert_eq!(check.status.code(), Some(0), "{check:?}");
    collector.kill();
    let conn = rusqlite::Connection::open(collector.dir.path().join("data/log.db")).unwrap();
    let spoil = "UPDATE envelope SET bytes = CAST(bytes || ' ' AS BLOB)
        WHERE digest = (SELECT env FROM leaf WHERE idx = 1)";
    assert_eq!(conn.execute(spoil, []).unwrap(), 1);
    let check = collector.run(&["check", "--json"]);
    assert_eq!(check.status.code(), Some(1), "{check:?}");
    let found: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!((&found["size"], &found["damaged"]), (&4.into(), &1.into()));
    assert_eq!(found["damage"][0]["part"], "envelope");

    // Beside `serve` the scrub meets it too; without its notes it begins anew.
    std::fs::remove_file(collector.dir.path().join("data/scrub.db")).unwrap();
    collector.serve();
    let told = (0..200).map(|_| collector.run(&["status", "--json"])).find_map(|status| {
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
        status["scrub"]["damage"].get(0).cloned()
    });
    assert_eq!(told.unwrap()["name"], found["damage"][0]["name"]);
}
