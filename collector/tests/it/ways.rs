//! How an agent begins a connection, and in which forms an envelope may travel.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::submission::Part;
use exhibit_proto::rpc::{
    ConfigurationRequest, Envelope, Greeted, Greeting, HeadsRequest, HeartbeatRequest,
    LogKeysRequest,
};
use exhibit_proto::{against, dsse};
use tonic::Code;

use crate::harness::{Agent, Collector};
use crate::submission::Stream;

const TARGET: &str = "host:one";

#[tokio::test]
async fn an_envelope_whose_payload_came_apart_is_the_one_that_was_signed() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut client = agent.client(&collector).await;
    let wishes = client.configuration(ConfigurationRequest::default()).await.unwrap();
    assert!(wishes.into_inner().payload_apart);
    let signed = agent.run(&[]);
    let signed = agent.seal(&signed);
    let (head, payload) = dsse::apart(&signed).unwrap();
    let part = |bytes: &[u8]| {
        let (bytes, payload) = (bytes.to_vec().into(), payload.clone().into());
        Part::Envelope(Envelope { bytes, payload, ..Envelope::default() })
    };
    let mut stream = Stream::open(&collector, &agent).await;
    stream.send(part(&head)).await;
    assert_eq!(stream.wanted().await.envelope, Digest::of(&signed).as_bytes().as_slice());
    let receipt = stream.receipt().await;
    assert_eq!(receipt.envelope, Digest::of(&signed).as_bytes().as_slice());
    let (index, _) = collector.verify(&receipt);
    assert_eq!(collector.leaf(index).await.env, Digest::of(&signed));
    // Two payloads, or a head that is none, are nobody's envelope.
    for bad in [signed.as_slice(), b"{"] {
        let mut stream = Stream::open(&collector, &agent).await;
        stream.send(part(bad)).await;
        assert!(stream.answered().await.unwrap_err().contains("not a DSSE envelope"));
    }
}

/// The head of an envelope, and its payload against that of an earlier one.
fn packed(signed: &[u8], earlier: &[u8]) -> Envelope {
    let (head, payload) = dsse::apart(signed).unwrap();
    let (_, before) = dsse::apart(earlier).unwrap();
    let payload = against::pack(&payload, &before).unwrap();
    let base = Digest::of(earlier).as_bytes().to_vec().into();
    Envelope { bytes: head.into(), payload: payload.into(), base, ..Envelope::default() }
}

#[tokio::test]
async fn a_payload_may_be_packed_against_an_earlier_one_by_the_same_key_and_no_other() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let mut other = Agent::enrol(&collector, "host:two", 2).await;
    let mut sealed = Vec::new();
    for _ in 0..3 {
        let run = agent.run(&[]);
        sealed.push(agent.seal(&run));
    }
    let mut stream = Stream::open(&collector, &agent).await;
    stream.submit(&sealed[0], &[]).await;
    let short = packed(&sealed[1], &sealed[0]);
    assert!(short.payload.len() * 3 < sealed[1].len(), "{}", short.payload.len());
    stream.send(Part::Envelope(short)).await;
    assert_eq!(stream.wanted().await.envelope, Digest::of(&sealed[1]).as_bytes().as_slice());
    let (index, _) = collector.verify(&stream.receipt().await);
    assert_eq!(collector.leaf(index).await.env, Digest::of(&sealed[1]));
    // What is not held, what another agent said, and what was packed against something else.
    let run = other.run(&[]);
    let foreign = other.seal(&run);
    Stream::open(&collector, &other).await.submit(&foreign, &[]).await;
    let unheld = agent.run(&[]);
    let unheld = agent.seal(&unheld);
    for (short, words) in [
        (packed(&sealed[2], &unheld), "send it whole"),
        (packed(&sealed[2], &foreign), "send it whole"),
        (Envelope { payload: vec![1, 2, 3].into(), ..packed(&sealed[2], &sealed[1]) }, "packed"),
        (Envelope { base: vec![0; 7].into(), ..packed(&sealed[2], &sealed[1]) }, "digest"),
        (Envelope { bytes: b"{".to_vec().into(), ..packed(&sealed[2], &sealed[1]) }, "DSSE"),
    ] {
        let mut stream = Stream::open(&collector, &agent).await;
        stream.send(Part::Envelope(short)).await;
        let error = stream.answered().await.unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    // Nothing of it was taken for an envelope: the very statement is still admitted, whole.
    let mut stream = Stream::open(&collector, &agent).await;
    let (index, _) = collector.verify(&stream.submit(&sealed[2], &[]).await);
    assert_eq!(collector.leaf(index).await.env, Digest::of(&sealed[2]));
}

/// A collector that has one run of an agent, and the head of its log.
async fn one_run() -> (Collector, Agent, Checkpoint) {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let run = agent.run(&[]);
    let sealed = agent.seal(&run);
    let receipt = Stream::open(&collector, &agent).await.submit(&sealed, &[]).await;
    let (_, head) = collector.verify(&receipt);
    (collector, agent, head)
}

async fn greet(collector: &Collector, agent: &Agent, size: u64, root: &[u8]) -> Greeted {
    let key = collector.log.key().id().as_bytes().to_vec().into();
    let greeting = Greeting {
        heartbeat: Some(HeartbeatRequest { wall_millis: 7, ..HeartbeatRequest::default() }),
        log_keys: Some(LogKeysRequest { key, known_size: size }),
        root: root.to_vec().into(),
    };
    agent.client(collector).await.greet(greeting).await.unwrap().into_inner()
}

#[tokio::test]
async fn one_greeting_answers_what_the_single_calls_answer() {
    let (collector, agent, head) = one_run().await;
    let greeted = greet(&collector, &agent, head.size, head.root.as_bytes()).await;
    let mut client = agent.client(&collector).await;
    let wishes = client.configuration(ConfigurationRequest::default()).await.unwrap().into_inner();
    assert_eq!(greeted.heartbeat_seconds, wishes.heartbeat_seconds);
    assert_eq!(greeted.max_document_bytes, wishes.max_document_bytes);
    assert!(greeted.payload_apart && greeted.payload_against && !greeted.show_heads);
    let beat = client.heartbeat(HeartbeatRequest::default()).await.unwrap().into_inner();
    assert!((0..60_000).contains(&(beat.wall_millis - greeted.wall_millis)));
    assert_eq!(greeted.changes, Vec::new());
    // A key id of another length is refused, as it is alone.
    let key = LogKeysRequest { key: vec![1].into(), known_size: 0 };
    let bad = Greeting { log_keys: Some(key), ..Greeting::default() };
    assert_eq!(client.greet(bad).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn signed_heads_are_asked_for_wherever_the_root_alone_is_not_enough() {
    let (collector, agent, head) = one_run().await;
    let (size, root) = (head.size, *head.root.as_bytes());
    for (size, root, show) in [
        (size, root.as_slice(), false),
        (size - 1, &root, true),
        (size + 1, &root, true),
        (u64::MAX, &root, true),
        (size, &[0; 32], true),
        (size, &[0; 7], true),
        (size, &[], true),
        // Nothing is known yet.
        (0, &[], false),
    ] {
        let greeted = greet(&collector, &agent, size, root).await;
        assert_eq!(greeted.show_heads, show, "{size} {root:?}");
    }
    // Who has shown a head of a larger log is to show a fitting one, signed, before that is taken back.
    let larger = collector.signed(size + 100, Digest::of(b"lost"));
    let heads = vec![larger.into_bytes().into()];
    let mut client = agent.client(&collector).await;
    assert_eq!(client.heads(HeadsRequest { heads }).await.unwrap().into_inner().foreign.len(), 1);
    assert!(greet(&collector, &agent, size, &root).await.show_heads);
}
