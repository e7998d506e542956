//! A collector in a scratch directory, and an agent as small as it can be.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::enrolment::possession;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::enrolment_client::EnrolmentClient;
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use exhibit_proto::rpc::{EnrolRequest, EnrolResponse, Receipt};
use exhibit_proto::statement::{
    Capsule, DOCUMENT_MEDIA_TYPE, EVIDENCE, Observed, Run, Statement, Subject,
};
use exhibit_proto::tlog_proof::TlogProof;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

pub(crate) const ORIGIN: &str = "log.test/1";
const WHEN: &str = "2026-11-22T10:00:00.000Z";

/// An initialised collector; the process is killed and the directory removed at the end.
pub(crate) struct Collector {
    pub(crate) dir: tempfile::TempDir,
    serving: Option<Serving>,
    pub(crate) log: Verifier,
    pub(crate) ca: CertificateDer<'static>,
}

struct Serving {
    child: Child,
    evidence: SocketAddr,
    web: SocketAddr,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

impl Collector {
    /// Initialised and serving.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// `more` is appended to the configuration.
    pub(crate) fn start_with(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            "origin = \"{ORIGIN}\"\ndata = \"data\"\nnames = [\"localhost\"]\n\
             [evidence]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n{more}"
        );
        std::fs::write(dir.path().join("collector.toml"), config).unwrap();
        let made = json(&command(dir.path().join("collector.toml"), &["init", "--json"]));
        let log = Verifier::from_vkey(made["log_vkey"].as_str().unwrap()).unwrap();
        let pem = std::fs::read(dir.path().join("data/keys/ca.pem")).unwrap();
        let ca = CertificateDer::from_pem_slice(&pem).unwrap();
        assert_eq!(made["ca_fingerprint"], format!("sha256:{}", Digest::of(&ca)));
        let mut collector = Self { dir, serving: None, log, ca };
        collector.serve();
        collector
    }

    /// Starts the program and waits for its line.
    pub(crate) fn serve(&mut self) {
        let mut child = program(self.config())
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let web = ready["web"].as_str().unwrap().strip_prefix("https://").unwrap();
        let (evidence, web) =
            (ready["evidence"].as_str().unwrap().parse().unwrap(), web.parse().unwrap());
        self.serving = Some(Serving { child, evidence, web });
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        drop(self.serving.take());
    }

    /// SIGTERM; answers how the program ended.
    pub(crate) async fn terminate(&mut self) -> std::process::ExitStatus {
        let mut serving = self.serving.take().unwrap();
        let pid = rustix::process::Pid::from_child(&serving.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        tokio::task::spawn_blocking(move || serving.child.wait().unwrap()).await.unwrap()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("collector.toml")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command(self.config(), arguments)
    }

    pub(crate) fn token(&self, more: &[&str]) -> String {
        let arguments = [&["token", "create", "--by", "ada", "--json"], more].concat();
        json(&self.run(&arguments))["token"].as_str().unwrap().to_owned()
    }

    fn serving(&self) -> &Serving {
        self.serving.as_ref().unwrap()
    }

    /// A channel to the second port that trusts `ca`.
    pub(crate) async fn web(
        &self,
        ca: &CertificateDer<'static>,
    ) -> Result<Channel, tonic::transport::Error> {
        connect(self.serving().web, client_config(ca, None)).await
    }

    pub(crate) async fn enrolment(&self) -> EnrolmentClient<Channel> {
        EnrolmentClient::new(self.web(&self.ca).await.unwrap())
    }

    /// A client of the evidence port, with this certificate or none.
    pub(crate) async fn evidence(
        &self,
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> Result<EvidenceClient<Channel>, tonic::transport::Error> {
        let config = client_config(&self.ca, identity);
        Ok(EvidenceClient::new(connect(self.serving().evidence, config).await?))
    }

    /// A client of the evidence port over a configuration that remembers its sessions, and how its handshake went.
    pub(crate) async fn resuming(
        &self,
        config: &Arc<ClientConfig>,
    ) -> (HandshakeKind, EvidenceClient<Channel>) {
        let (sender, receiver) = std::sync::mpsc::channel();
        let told = move |kind| sender.send(kind).unwrap();
        let channel = connect_telling(self.serving().evidence, Arc::clone(config), told).await;
        (receiver.recv().unwrap(), EvidenceClient::new(channel.unwrap()))
    }

    /// A connection that has made its handshake and says nothing: to the evidence port with `identity`, else to the other.
    pub(crate) async fn silent(
        &self,
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let serving = self.serving();
        let address = if identity.is_some() { serving.evidence } else { serving.web };
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let config = client_config(&self.ca, identity);
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// A GET on the second port over HTTP/1.1: status, head, body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String, Vec<u8>) {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, more: &str) -> (u16, String, Vec<u8>) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut config = client_config(&self.ca, None);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let stream = TcpStream::connect(self.serving().web).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A peer that closes without close_notify is an error only if nothing came.
        if let Err(error) = stream.read_to_end(&mut answer).await {
            assert!(!answer.is_empty(), "{error}");
        }
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer[end + 4..].to_vec())
    }

    /// The newest checkpoint, verified.
    pub(crate) async fn checkpoint(&self) -> Checkpoint {
        Checkpoint::open(&self.get("/log/checkpoint").await.2, &self.log).unwrap()
    }

    /// Verifies a receipt against the log's key; answers the index and the checkpoint.
    pub(crate) fn verify(&self, receipt: &Receipt) -> (u64, Checkpoint) {
        let proof = TlogProof::parse(&receipt.proof).unwrap();
        let leaf = proof.extra.clone().unwrap();
        let checkpoint = proof.verify(&leaf, &self.log).unwrap();
        let leaf = exhibit_proto::leaf::Leaf::parse(&leaf).unwrap();
        assert_eq!(leaf.env.as_bytes().as_slice(), receipt.envelope.as_ref());
        (proof.index, checkpoint)
    }
}

/// An agent's keys and where its chain stands.
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) key: SecretKey,
    pub(crate) tls: KeyPair,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
}

/// What is sent to enrol.
pub(crate) struct Asking {
    pub(crate) request: EnrolRequest,
    pub(crate) key: SecretKey,
    pub(crate) tls: KeyPair,
}

impl Asking {
    pub(crate) fn new(token: &str, target: &str, seed: u8) -> Self {
        let (key, tls) = (SecretKey::from_seed(&[seed; 32]), KeyPair::generate().unwrap());
        let csr = CertificateParams::default().serialize_request(&tls).unwrap();
        let host_name = "web-1.example".to_owned();
        let signed = possession(token, csr.der(), target, &host_name);
        let request = EnrolRequest {
            token: token.to_owned(),
            host_name,
            target: target.to_owned(),
            csr: csr.der().to_vec().into(),
            evidence_key: key.public().to_spki().into(),
            possession: key.sign(&signed).to_vec().into(),
        };
        Self { request, key, tls }
    }

    pub(crate) async fn send(&self, collector: &Collector) -> Result<EnrolResponse, Status> {
        let answer = collector.enrolment().await.enrol(self.request.clone()).await;
        answer.map(tonic::Response::into_inner)
    }
}

impl Agent {
    pub(crate) async fn enrol(collector: &Collector, target: &str, seed: u8) -> Self {
        let asking = Asking::new(&collector.token(&[]), target, seed);
        let answer = asking.send(collector).await.unwrap();
        Self::of(asking, &answer)
    }

    pub(crate) fn of(asking: Asking, answer: &EnrolResponse) -> Self {
        Self {
            id: answer.agent.clone(),
            target: asking.request.target,
            key: asking.key,
            tls: asking.tls,
            certificate: CertificateDer::from(answer.certificate.to_vec()),
            epoch: 1,
            seq: 0,
            prev: Digest::ZERO,
        }
    }

    pub(crate) async fn client(&self, collector: &Collector) -> EvidenceClient<Channel> {
        collector.evidence(Some(self.identity())).await.unwrap()
    }

    pub(crate) fn identity(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        (self.certificate.clone(), PrivateKeyDer::Pkcs8(self.tls.serialize_der().into()))
    }

    pub(crate) fn document(&self, kind: &str, content: &str) -> Vec<u8> {
        document(&self.target, kind, content)
    }

    /// The next run of this agent, before it is signed.
    pub(crate) fn run(&self, documents: &[Vec<u8>]) -> Statement<Run> {
        let observed: Vec<Observed> = documents.iter().map(|bytes| observed(bytes)).collect();
        let subject = observed
            .iter()
            .map(|o| Subject::new(o.kind.as_str(), o.digest, Some(DOCUMENT_MEDIA_TYPE)))
            .collect();
        let capsule = Capsule {
            agent: self.id.clone(),
            epoch: self.epoch,
            seq: self.seq + 1,
            prev: self.prev,
            boot_id: "boot".into(),
            monotonic_ms: 1,
            sealed_at: WHEN.into(),
            clock_offset_ms: None,
            checkpoint: None,
            agent_version: "0.1.0".into(),
            agent_binary: Digest::ZERO,
            configuration: Digest::ZERO,
            vetoes: exhibit_proto::statement::Vetoes::default(),
        };
        let run = Run {
            capsule,
            started: WHEN.into(),
            finished: WHEN.into(),
            plugins: Vec::new(),
            documents: observed,
            outcomes: Vec::new(),
        };
        Statement::new(EVIDENCE, subject, run)
    }

    /// Signs and counts the run as made.
    pub(crate) fn seal(&mut self, statement: &Statement<Run>) -> Vec<u8> {
        let envelope = statement.seal(&self.key).unwrap();
        self.seq = statement.predicate.capsule.seq;
        self.prev = Digest::of(&envelope);
        envelope
    }
}

pub(crate) fn document(target: &str, kind: &str, content: &str) -> Vec<u8> {
    let document = Document {
        body: serde_json::json!({ "content": content }),
        kind: kind.parse().unwrap(),
        salt: "00".repeat(16),
        schema: format!("urn:exhibit:kind:{kind}:v1"),
        target: target.parse().unwrap(),
        v: 1,
        withheld: Vec::new(),
    };
    document.write().into_bytes()
}

fn observed(bytes: &[u8]) -> Observed {
    let document = Document::parse(bytes).unwrap();
    Observed {
        kind: document.kind,
        target: document.target,
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        method: vec!["/proc".into()],
        privileges: "uid=0".into(),
        rows: None,
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: WHEN.into(),
        duration_ms: 1,
    }
}

/// Polls a condition of another process: `what` is said if it does not come to pass within a minute.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = std::time::Instant::now();
    while !holds().await {
        assert!(began.elapsed().as_secs() < 60, "{what}: it never came to pass");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

pub(crate) fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn program(config: PathBuf) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exhibit-collector"));
    command.arg("--config").arg(config);
    command
}

fn command(config: PathBuf, arguments: &[&str]) -> Output {
    program(config).args(arguments).output().unwrap()
}

pub(crate) fn client_config(
    ca: &CertificateDer<'static>,
    identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

async fn connect(
    address: SocketAddr,
    config: ClientConfig,
) -> Result<Channel, tonic::transport::Error> {
    connect_telling(address, Arc::new(config), |_kind| {}).await
}

async fn connect_telling(
    address: SocketAddr,
    config: Arc<ClientConfig>,
    told: impl Fn(HandshakeKind) + Clone + Send + 'static,
) -> Result<Channel, tonic::transport::Error> {
    let connector = TlsConnector::from(config);
    let connect = service_fn(move |_uri: tonic::transport::Uri| {
        let (connector, told) = (connector.clone(), told.clone());
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("localhost").unwrap();
            let stream = connector.connect(name, stream).await?;
            told(stream.get_ref().1.handshake_kind().unwrap());
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        }
    });
    Endpoint::from_static("https://localhost").connect_with_connector(connect).await
}
