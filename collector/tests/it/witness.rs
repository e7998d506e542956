//! Witnesses that answer well, badly, or not at all: what the collector publishes, and that admission never waits.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::post;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::Note;
use exhibit_proto::policy::{Policy, Quorum};
use exhibit_proto::witness::AddCheckpoint;
use tokio::net::TcpListener;

use crate::harness::{Agent, Collector, until};
use crate::submission::Stream;

const COSIGNED: &str = "/log/checkpoint/cosigned";

/// How the fake answers.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Honest,
    /// Its own key over another head.
    OtherHead,
    /// Another key under its name.
    OtherKey,
    Garbage,
    Endless,
    /// Claims to have seen more than there is.
    Ahead,
    Silent,
}

/// A witness in this process.
struct Fake {
    name: &'static str,
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<Mutex<u64>>,
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of(name.as_bytes()).as_bytes())
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

impl Fake {
    async fn start(name: &'static str, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mood, asked) = (Arc::new(Mutex::new(mood)), Arc::new(Mutex::new(0)));
        let (present, count) = (Arc::clone(&mood), Arc::clone(&asked));
        let routes = Router::new().route(
            "/add-checkpoint",
            post(move |body: String| {
                *count.lock().unwrap() += 1;
                let mood = *present.lock().unwrap();
                answer(name, mood, body)
            }),
        );
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { name, address, mood, asked }
    }

    fn configuration(&self) -> String {
        let Self { name, address, .. } = self;
        let vkey = Witness::new(name, key(name).public()).unwrap().vkey();
        format!("[[witness]]\nvkey = \"{vkey}\"\nurl = \"http://{address}/\"\n")
    }

    fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Waits until it has been asked `times` more.
    async fn asked_again(&self, times: u64) {
        let before = *self.asked.lock().unwrap();
        until("asked and answered", async || *self.asked.lock().unwrap() >= before + times).await;
    }
}

async fn answer(name: &str, mood: Mood, body: String) -> Response<Body> {
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    let note = Note::parse(request.checkpoint.as_bytes()).unwrap();
    let line = |text: &str, key: &SecretKey| cosign(text, name, key, now()).unwrap();
    let (status, text) = match mood {
        Mood::Honest => (200, line(note.text(), &key(name))),
        Mood::OtherHead => (200, line(&note.text().replace('\n', " \n"), &key(name))),
        Mood::OtherKey => (200, line(note.text(), &key("another"))),
        Mood::Garbage => (200, format!("\u{2014} {name} !\n\n\n")),
        Mood::Endless => (200, "x".repeat(1 << 20)),
        Mood::Ahead => (409, "1000000\n".to_owned()),
        Mood::Silent => std::future::pending().await,
    };
    let kind = if status == 409 { "text/x.tlog.size" } else { "text/plain" };
    let response = Response::builder().status(status).header("content-type", kind);
    response.body(Body::from(text)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_cosigned_head_is_public_beside_the_newest() {
    let fake = Fake::start("fake", Mood::Honest).await;
    let collector = Collector::start_with(&fake.configuration());
    Agent::enrol(&collector, "host:one", 1).await;
    let size = collector.checkpoint().await.size;
    let cosigned = async || {
        let (status, _, note) = collector.get(COSIGNED).await;
        assert_eq!(status, 200);
        Checkpoint::open(&note, &collector.log).unwrap().size
    };
    until("asked and answered", async || cosigned().await == size).await;
    let (_, head, note) = collector.get(COSIGNED).await;
    assert!(head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    let policy = String::from_utf8(collector.run(&["policy"]).stdout).unwrap();
    let policy = Policy::parse(&policy).unwrap();
    let verdict = policy.quorum(&Note::parse(&note).unwrap()).unwrap();
    assert!(matches!(verdict, Quorum::Met(by) if by.contains_key("fake")));

    // It goes away: the newest head moves on, the cosigned one stays.
    fake.becomes(Mood::OtherHead);
    Agent::enrol(&collector, "host:two", 2).await;
    fake.asked_again(1).await;
    assert_eq!(cosigned().await, size);
    assert!(collector.checkpoint().await.size > size);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_verify_is_never_published() {
    let moods = [Mood::OtherHead, Mood::OtherKey, Mood::Garbage, Mood::Endless];
    let mut fakes = Vec::new();
    for (name, mood) in ["one", "two", "three", "four"].into_iter().zip(moods) {
        fakes.push(Fake::start(name, mood).await);
    }
    let configuration: String = fakes.iter().map(Fake::configuration).collect();
    let collector = Collector::start_with(&configuration);
    for fake in &fakes {
        until("asked and answered", async || *fake.asked.lock().unwrap() >= 2).await;
    }
    assert_eq!(collector.get(COSIGNED).await.0, 404);
    for fake in &fakes {
        fake.becomes(Mood::Honest);
    }
    until("asked and answered", async || collector.get(COSIGNED).await.0 == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_witness_there_is_no_cosigned_head() {
    let collector = Collector::start();
    assert_eq!(collector.get(COSIGNED).await.0, 404);
    let policy = String::from_utf8(collector.run(&["policy"]).stdout).unwrap();
    assert!(policy.ends_with("\nquorum none\n"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_never_answers_holds_up_neither_start_nor_receipts() {
    let fake = Fake::start("fake", Mood::Silent).await;
    let collector = Collector::start_with(&fake.configuration());
    let mut agent = Agent::enrol(&collector, "host:one", 1).await;
    let mut stream = Stream::open(&collector, &agent).await;
    let began = Instant::now();
    for number in 0..5 {
        let document = agent.document("time.sync", &number.to_string());
        let run = agent.run(std::slice::from_ref(&document));
        let envelope = agent.seal(&run);
        collector.verify(&stream.submit(&envelope, &[document]).await);
    }
    // An exchange with the witness takes 3 s to fail; five receipts did not wait for five of them.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(collector.get(COSIGNED).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_knows_more_of_this_log_keeps_it_from_starting() {
    let fake = Fake::start("fake", Mood::Honest).await;
    let mut collector = Collector::start_with(&fake.configuration());
    assert_eq!(collector.terminate().await.code(), Some(0));
    fake.becomes(Mood::Ahead);
    let refused = tokio::task::spawn_blocking(move || (collector.run(&["serve"]), collector));
    let (output, mut collector) = refused.await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("witness fake has cosigned a head of 1000000 entries"), "{said}");
    assert!(said.contains("remove its [[witness]]"), "{said}");
    fake.becomes(Mood::Honest);
    tokio::task::spawn_blocking(move || collector.serve()).await.unwrap();
}
