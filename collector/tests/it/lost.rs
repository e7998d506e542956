//! A document whose row vanished, beside one that its agent gave up and one that was deleted: through the program.

use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::Gone;
use exhibit_proto::rpc::submission::Part;
use serde_json::Value;

use crate::harness::{Agent, Collector, json};
use crate::submission::Stream;

fn checked(collector: &Collector) -> (Option<i32>, Value) {
    let output = collector.run(&["check", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_document_is_told_from_one_that_never_came_and_is_put_back() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let lost = agent.document("time.sync", "lost");
    let given_up = agent.document("patch.status", "given up");
    let deleted = agent.document("crypto.at_rest", "deleted");
    let documents = [lost.clone(), given_up.clone(), deleted.clone()];
    let statement = agent.run(&documents);
    stream.envelope(&agent.seal(&statement), 0).await;
    for digest in &stream.wanted().await.documents {
        let digest = Digest::try_from(digest.as_ref()).unwrap();
        if digest == Digest::of(&given_up) {
            let digest = digest.as_bytes().to_vec().into();
            stream.send(Part::Gone(Gone { digest, reason: "spool full".into() })).await;
        } else {
            let bytes = documents.iter().find(|bytes| Digest::of(bytes) == digest).unwrap();
            stream.chunk(digest, bytes, true).await;
        }
    }
    let (index, _) = collector.verify(&stream.receipt().await);
    drop(stream);
    let delete = Digest::of(&deleted).to_string();
    let delete = ["delete", "--document", &delete, "--by", "ada", "--reason", "asked", "--json"];
    json(&collector.run(&delete));
    let out = collector.dir.path().join("bundle");
    json(&collector.run(&["export", "--json", "--out", out.to_str().unwrap()]));
    collector.kill();
    assert_eq!(checked(&collector).0, Some(0));

    let backup = collector.dir.path().join("backup.db");
    let conn = rusqlite::Connection::open(collector.dir.path().join("data/log.db")).unwrap();
    conn.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    let digest = Digest::of(&lost);
    let vanish = || {
        let sql = "DELETE FROM document WHERE digest = ?1";
        assert_eq!(conn.execute(sql, [digest.as_bytes()]).unwrap(), 1);
    };
    vanish();
    let (code, found) = checked(&collector);
    assert_eq!((code, &found["damaged"]), (Some(1), &1.into()), "{found}");
    let damage = &found["damage"][0];
    assert_eq!(damage["part"], "lost_document");
    assert_eq!(damage["name"], digest.to_string());
    let detail = damage["detail"].as_str().unwrap();
    for text in [&*format!("entry {index} names it"), "time.sync of host:one", "put-back"] {
        assert!(detail.contains(text), "{text}: {detail}");
    }

    // From a file that is something else, from the bundle, and from a backup of the database.
    let put_back = |collector: &Collector, from: &str| {
        collector.run(&["put-back", "--by", "ada", "--json", from])
    };
    assert_eq!(put_back(&collector, collector.config().to_str().unwrap()).status.code(), Some(1));
    assert_eq!(
        json(&put_back(&collector, out.to_str().unwrap()))["put_back"][0],
        digest.to_string()
    );
    assert_eq!(checked(&collector).0, Some(0));
    vanish();
    assert_eq!(
        json(&put_back(&collector, backup.to_str().unwrap()))["put_back"][0],
        digest.to_string()
    );
    assert_eq!(checked(&collector).0, Some(0));

    // Beside `serve` it is an alarm, and nothing may be put back behind the writer.
    vanish();
    drop(std::fs::remove_file(collector.dir.path().join("data/scrub.db")));
    collector.serve();
    let told = (0..200).map(|_| collector.run(&["status", "--json"])).find_map(|status| {
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["scrub"]["damage"].get(0).cloned()
    });
    assert_eq!(told.unwrap()["part"], "lost document");
    let refused = put_back(&collector, out.to_str().unwrap());
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("stop the collector first"));
}
