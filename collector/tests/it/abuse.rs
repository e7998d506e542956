//! Peers and agents that mean ill, and what a person does about them.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::rpc::HeartbeatRequest;
use exhibit_proto::tiles::parse_bundle;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;

use crate::harness::{Agent, Collector, client_config, json};
use crate::submission::Stream;

const TARGET: &str = "host:one";

#[tokio::test]
async fn a_peer_that_asks_for_nothing_is_closed_on_both_ports() {
    let collector = Collector::start_with("[limits]\nhandshake = \"200ms\"\n");
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    for identity in [None, Some(agent.identity())] {
        let mut silent = collector.silent(identity).await;
        // Without the bound this would wait for ever, and the test with it.
        let mut nothing = Vec::new();
        drop(silent.read_to_end(&mut nothing).await);
    }
    assert_eq!(collector.get("/log/checkpoint").await.0, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_is_closed_on_both_ports() {
    let collector = Collector::start_with("[limits]\nbody = \"200ms\"\n");
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    for identity in [None, Some(agent.identity())] {
        for path in ["/sign-in", "/nowhere"] {
            let mut slow =
                collector.silent(identity.as_ref().map(|(c, k)| (c.clone(), k.clone_key()))).await;
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname="
            );
            slow.write_all(request.as_bytes()).await.unwrap();
            // Without the bound this would wait for ever, and the test with it.
            let mut answer = Vec::new();
            drop(slow.read_to_end(&mut answer).await);
            let answer = String::from_utf8(answer).unwrap();
            assert!(!answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
        }
    }
    assert_eq!(collector.get("/log/checkpoint").await.0, 200);
}

#[tokio::test]
async fn one_agent_has_few_streams_and_others_still_have_theirs() {
    let collector = Collector::start();
    let one = Agent::enrol(&collector, TARGET, 1).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(Stream::open(&collector, &one).await);
    }
    let refused = Stream::try_open(&collector, &one).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("4 streams"), "{refused}");
    let mut two = Agent::enrol(&collector, "host:two", 2).await;
    let envelope = two.seal(&two.run(&[]));
    let mut stream = Stream::open(&collector, &two).await;
    collector.verify(&stream.submit(&envelope, &[]).await);
}

#[tokio::test]
async fn documents_that_never_come_keep_only_ones_own_runs_waiting() {
    let collector =
        Collector::start_with("[limits]\ndocument_bytes = 1000\nin_flight_bytes = 2048\n");
    let mut one = Agent::enrol(&collector, TARGET, 1).await;
    let mut held = Vec::new();
    for content in ["first", "second", "third"] {
        let document = one.document("time.sync", content);
        let envelope = one.seal(&one.run(&[document]));
        let stream = Stream::open(&collector, &one).await;
        stream.envelope(&envelope, 0).await;
        held.push(stream);
    }
    // Its first run waits for its document; the others wait behind it and hold nothing that another agent needs.
    held[0].wanted().await;
    let mut two = Agent::enrol(&collector, "host:two", 2).await;
    let document = two.document("time.sync", "here");
    let envelope = two.seal(&two.run(std::slice::from_ref(&document)));
    let mut stream = Stream::open(&collector, &two).await;
    collector.verify(&stream.submit(&envelope, &[document]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_stops_an_agent_in_the_middle_and_leaves_nothing_behind_it() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut other = agent.client(&collector).await;
    other.heartbeat(HeartbeatRequest::default()).await.unwrap();
    let mut stream = Stream::open(&collector, &agent).await;
    let (started, running) = tokio::sync::oneshot::channel();
    let sending = tokio::spawn(async move {
        let mut started = Some(started);
        loop {
            let envelope = agent.seal(&agent.run(&[]));
            stream.envelope(&envelope, 0).await;
            if stream.answered().await.is_err() {
                return;
            }
            started.take().map(|started| started.send(()));
        }
    });
    running.await.unwrap();
    let revoke = ["revoke", TARGET, "--by", "ada", "--reason", "laptop stolen", "--json"];
    let done = tokio::task::block_in_place(|| json(&collector.run(&revoke)));
    let entry = done["entry"].as_u64().unwrap();
    sending.await.unwrap();
    let refused = other.heartbeat(HeartbeatRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("revoked"), "{refused}");

    let head = collector.checkpoint().await;
    assert_eq!(head.size, entry + 1, "a statement stands behind the revocation");
    assert_eq!(collector.leaf(entry).await.t, EntryType::Revoke);
    let again = collector.run(&revoke);
    assert_eq!(again.status.code(), Some(2));
    let text = String::from_utf8(again.stderr).unwrap();
    assert!(text.contains("no agent is named \"host:one\""), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_taken_up_again_is_no_way_past_a_revocation() {
    let collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    let config = Arc::new(client_config(&collector.ca, Some(agent.identity())));
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let (kind, mut client) = collector.resuming(&config).await;
        assert_eq!(kind, expected);
        client.heartbeat(HeartbeatRequest::default()).await.unwrap();
    }
    let revoke = ["revoke", TARGET, "--by", "ada", "--reason", "laptop stolen", "--json"];
    tokio::task::block_in_place(|| json(&collector.run(&revoke)));
    let (kind, mut client) = collector.resuming(&config).await;
    assert_eq!(kind, HandshakeKind::Resumed);
    let refused = client.heartbeat(HeartbeatRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn an_agent_is_revoked_while_nobody_serves() {
    let mut collector = Collector::start();
    let agent = Agent::enrol(&collector, TARGET, 1).await;
    assert!(collector.terminate().await.success());
    let empty = collector.run(&["revoke", &agent.id, "--reason", " "]);
    assert_eq!(empty.status.code(), Some(2));
    let done = json(&collector.run(&["revoke", &agent.id, "--reason", "gone", "--json"]));
    assert_eq!(
        (done["agent"].as_str(), done["entry"].as_u64()),
        (Some(agent.id.as_str()), Some(4))
    );
    let again = collector.run(&["revoke", &agent.id, "--reason", "gone"]);
    let text = String::from_utf8(again.stderr).unwrap();
    assert!(text.contains("revoked already, on entry 4"), "{text}");
    collector.serve();
    let refused = agent.client(&collector).await.heartbeat(HeartbeatRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_not_used() {
    let mut collector = Collector::start();
    assert!(collector.terminate().await.success());
    let key = collector.dir.path().join("data/keys/log.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = collector.run(&["validate"]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("log.pem") && text.contains("chmod 600"), "{text}");
}

impl Collector {
    /// The leaf of an entry, from the public entry bundles.
    pub(crate) async fn leaf(&self, index: u64) -> Leaf {
        let size = self.checkpoint().await.size;
        let path = match (index / 256, size - size % 256) {
            (tile, whole) if tile * 256 < whole => format!("/log/tile/entries/{tile:03}"),
            (tile, _) => format!("/log/tile/entries/{tile:03}.p/{}", size % 256),
        };
        let (_, _, bytes) = self.get(&path).await;
        let entries = parse_bundle(&bytes).unwrap();
        Leaf::parse(entries[usize::try_from(index % 256).unwrap()]).unwrap()
    }
}
