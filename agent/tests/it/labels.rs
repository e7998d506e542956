//! What the configuration says that the host is, in each heartbeat.

use exhibit_proto::statement::{HEARTBEAT, Heartbeat};

use crate::collector::statement;
use crate::world::{World, document, plugin};

#[tokio::test]
async fn every_heartbeat_names_the_labels_of_the_configuration_and_no_secret_in_one() {
    let world = World::new().await;
    let labels =
        "[labels]\nowner = \"web team\"\nrunbook = \"https://ada:hunter2@wiki.example.org/x\"\n";
    world.configure(labels, &[("fine", plugin("time.sync", &document("time.sync", "{}")))]);
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    let envelopes = world.collector.with(|state| state.envelopes.clone());
    let said = envelopes.iter().map(|envelope| statement(envelope));
    let beats: Vec<Heartbeat> = said
        .filter(|said| said.predicate_type == HEARTBEAT)
        .map(|said| said.predicate_as().unwrap())
        .collect();
    assert!(!beats.is_empty());
    for beat in beats {
        let [(target, given)] = &beat.labels.into_iter().collect::<Vec<_>>()[..] else {
            panic!("one target has labels");
        };
        assert!(target.as_str().starts_with("host:"), "{target:?}");
        assert_eq!(given["owner"], "web team");
        let runbook = &given["runbook"];
        assert!(runbook.contains("wiki.example.org") && !runbook.contains("hunter2"), "{runbook}");
    }
}
