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
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Note;
use exhibit_proto::policy::{Policy, Quorum};
use exhibit_proto::statement::{Attested, Statement};
use exhibit_proto::witness::AddCheckpoint;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Agent, Collector, json, until};
use crate::submission::Stream;
use crate::timestamp::tsa::{Authority, Keys, STAMPS, Server};

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
    for way_out in ["init --continues", "remove its [[witness]]"] {
        assert!(said.contains(way_out), "{said}");
    }
    fake.becomes(Mood::Honest);
    tokio::task::spawn_blocking(move || collector.serve()).await.unwrap();
}

/// A certificate authority of its own, and TLS in front of `plain` with a certificate that it issued: PEM of the authority, and
/// where it listens.
async fn behind_tls(plain: SocketAddr) -> (String, SocketAddr) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&own, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(plain).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut stream, &mut inner).await);
            });
        }
    });
    (issuer.pem(), address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_behind_tls_is_asked_under_its_own_authority_only() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start("fake", Mood::Honest).await;
    let (pem, address) = behind_tls(fake.address).await;
    let (other, _) = behind_tls(fake.address).await;
    let file = |name: &str, pem: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let table = |roots: Option<&std::path::Path>| {
        let plain = fake
            .configuration()
            .replace(&format!("http://{}", fake.address), &format!("https://{address}"));
        roots.map_or(plain.clone(), |path| format!("{plain}tls_roots = \"{}\"\n", path.display()))
    };
    let (right, wrong) = (file("right.pem", &pem), file("wrong.pem", &other));
    let collector = Collector::start_with(&table(Some(&right)));
    Agent::enrol(&collector, "host:one", 1).await;
    let size = collector.checkpoint().await.size;
    until("cosigned over TLS", async || {
        let (status, _, note) = collector.get(COSIGNED).await;
        status == 200 && Checkpoint::open(&note, &collector.log).unwrap().size == size
    })
    .await;
    // What the system trusts, and another authority, do not vouch for this one.
    for roots in [None, Some(wrong.as_path())] {
        let collector = Collector::start_with(&table(roots));
        Agent::enrol(&collector, "host:one", 1).await;
        let standing = || json(&collector.run(&["status", "--json"]))["witnesses"][0].clone();
        until("refused", async || standing()["problem"].is_string()).await;
        let problem = standing()["problem"].as_str().unwrap().to_owned();
        assert!(problem.to_lowercase().contains("certificate"), "{problem}");
        assert_eq!(collector.get(COSIGNED).await.0, 404);
    }
    // A file that is not there is found before anything starts.
    let collector = Collector::start_with("");
    let config = std::fs::read_to_string(collector.config()).unwrap();
    std::fs::write(collector.config(), config + &table(Some(&dir.path().join("absent.pem"))))
        .unwrap();
    let said = collector.run(&["policy"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("absent.pem"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_witnesses_and_authorities_said_stands_in_the_log_and_comes_with_a_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(&dir.path().join("tsa"), Keys::P256, STAMPS);
    let server = Server::honest(&authority);
    let fake = Fake::start("fake", Mood::Honest).await;
    let (address, root) = (server.address, authority.file("root.pem"));
    let more = format!(
        "{}[witnesses]\nlogged_every = \"1s\"\n[[timestamp]]\nname = \"tsa\"\nurl = \"http://{address}/tsr\"\nroots = \"{}\"\n[timestamps]\nevery = \"1s\"\n",
        fake.configuration(),
        root.display()
    );
    let collector = Collector::start_with(&more);
    let bundle = dir.path().join("bundle");
    let said = async || {
        if bundle.exists() {
            std::fs::remove_dir_all(&bundle).unwrap();
        }
        // Each export is an entry itself, so there is always something new to cosign and to stamp.
        let done = collector.run(&["export", "--out", bundle.to_str().unwrap()]);
        assert!(done.status.success(), "{done:?}");
        let manifest = std::fs::read(bundle.join("manifest.json")).unwrap();
        let manifest: exhibit_proto::bundle::Manifest = serde_json::from_slice(&manifest).unwrap();
        let times = manifest.items.iter().filter(|item| item.entry_type == EntryType::Time);
        let read = |item: &exhibit_proto::bundle::Item| {
            let path = bundle.join(exhibit_proto::bundle::envelope(&item.envelope));
            let envelope = std::fs::read(path).unwrap();
            let said = Statement::<Attested>::open(&envelope, collector.log.key()).unwrap();
            (item.index, said.predicate)
        };
        times.map(read).collect::<Vec<_>>()
    };
    until("both kinds", async || {
        let said = said().await;
        said.iter().any(|(_, said)| said.cosigned.is_some())
            && said.iter().any(|(_, said)| said.stamped.is_some())
    })
    .await;
    for (index, said) in said().await {
        assert!(said.size <= index);
        if let Some(stamped) = said.stamped {
            let token = format!("timestamps/checkpoint-{}.tsa.tsr", said.size);
            assert_eq!(Digest::of(&std::fs::read(bundle.join(token)).unwrap()), stamped.token);
        }
        if let Some(note) = said.cosigned {
            let head = Checkpoint::open(note.as_bytes(), &collector.log).unwrap();
            assert_eq!((head.size, head.root), (said.size, said.root));
            let witness = Witness::new("fake", key("fake").public()).unwrap();
            assert!(witness.cosigned(&Note::parse(note.as_bytes()).unwrap()).is_ok());
        }
    }
}
