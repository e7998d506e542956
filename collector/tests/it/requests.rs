//! What people do at the command line stands in the log, whether the collector serves or not.

use exhibit_collector::log::LogReader;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{ACTIVITY, Activity, Statement};
use serde_json::{Value, json};

use crate::harness::{Collector, json};

impl Collector {
    /// What the log says people did, in order.
    pub(crate) fn activities(&self) -> Vec<Activity> {
        let reader = LogReader::open(&self.dir.path().join("data/log.db")).unwrap();
        let entries = reader.entries_of(&EntryType::Activity, 0, 1000).unwrap();
        let opened = entries.iter().map(|entry| {
            let envelope = entry.envelope.as_ref().unwrap();
            let statement = Statement::<Value>::open(envelope, self.log.key()).unwrap();
            assert_eq!(statement.predicate_type, ACTIVITY);
            statement.predicate_as().unwrap()
        });
        opened.collect()
    }
}

#[tokio::test]
async fn tokens_bundles_and_people_are_logged_without_their_secrets() {
    let mut collector = Collector::start();
    let served = collector.token(&["--host-name", "web-*", "--ttl", "1h"]);
    assert!(collector.terminate().await.success());
    let alone = collector.token(&["--replace"]);
    let out = collector.dir.path().join("bundle");
    let export = ["export", "--by", "bea", "--json", "--kind", "time.sync", "--out"];
    let summary = json(&collector.run(&[&export[..], &[out.to_str().unwrap()]].concat()));

    let done = collector.activities();
    let told: Vec<_> = done.iter().map(|a| (a.action.as_str(), a.by.as_str())).collect();
    let init = concat!("exhibit-collector ", env!("CARGO_PKG_VERSION"), " init");
    assert_eq!(
        told,
        [
            ("person_created", init),
            ("token_created", "ada"),
            ("token_created", "ada"),
            ("bundle_exported", "bea")
        ]
    );
    assert_eq!(done[0].detail, json!({"name": "admin"}));
    assert_eq!(done[1].detail["host_name"], "web-*");
    assert_eq!(
        (&done[1].detail["replace"], &done[2].detail["replace"]),
        (&false.into(), &true.into())
    );
    let manifest = Digest::of(&std::fs::read(out.join("manifest.json")).unwrap());
    assert_eq!(done[3].detail["manifest"], manifest.to_string());
    assert_eq!(summary["manifest"], manifest.to_string());
    assert_eq!(done[3].detail["selection"]["kinds"], json!(["time.sync"]));
    let log = serde_json::to_string(&done).unwrap();
    for token in [served, alone] {
        assert!(!log.contains(&token) && !log.contains(&Digest::of(token.as_bytes()).to_string()));
    }
}

#[tokio::test]
async fn whoever_exports_must_say_who_and_a_refusal_leaves_no_bundle() {
    let collector = Collector::start();
    let out = collector.dir.path().join("bundle");
    let refused = collector.run(&["export", "--by", " ", "--out", out.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("--by is empty"), "{text}");
    assert!(!out.exists());
}
