//! A small collector: an in-memory log behind the real services, with switches for lies.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::answer::Part as Answered;
use exhibit_proto::rpc::enrolment_server::{Enrolment, EnrolmentServer};
use exhibit_proto::rpc::evidence_server::{Evidence, EvidenceServer};
use exhibit_proto::rpc::submission::Part as Sent;
use exhibit_proto::rpc::{self, RefusalKind};
use exhibit_proto::statement::Statement;
use rcgen::{Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::net::{authority, serve, server_certificate};

pub(crate) const ORIGIN: &str = "log.example/test";

/// What the collector does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// Inclusion proofs lead elsewhere.
    WrongRoot,
    /// Checkpoints are signed by another key under the log's name.
    WrongKey,
    /// The log forgets its past: heads do not continue those shown before.
    Fork,
    /// The receipt is for another statement.
    WrongLeaf,
    /// Every envelope is refused so.
    Refuse(RefusalKind),
    /// Nothing is answered.
    Silent,
    /// Commits and breaks off before the receipt.
    Mute,
    /// Asks for a document that the statement does not name.
    Greedy,
}

pub(crate) struct State {
    pub(crate) lie: Lie,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) index: BTreeMap<Digest, u64>,
    pub(crate) envelopes: Vec<Vec<u8>>,
    pub(crate) documents: BTreeMap<Digest, Vec<u8>>,
    pub(crate) gone: Vec<Digest>,
    pub(crate) links: BTreeMap<(u64, u64), Digest>,
    pub(crate) conflicts: u32,
    /// Changes with each envelope that arrives and each that is committed.
    pub(crate) heard: tokio::sync::watch::Sender<u64>,
    pub(crate) log: SecretKey,
    /// Signs heads beside `log`.
    pub(crate) leaving: Option<SecretKey>,
    /// Envelopes of changes of the log's key, and the size of the last head that the old key signed.
    pub(crate) changes: Vec<Vec<u8>>,
    pub(crate) last: Option<(u64, String)>,
    token: String,
    pub(crate) evidence: String,
    pub(crate) issuer: Issuer<'static, KeyPair>,
    ca: Vec<u8>,
    /// How many days certificates live.
    pub(crate) days: i64,
    pub(crate) renewals: u32,
    /// Whether it is of before `Greet`: it is asked one by one, and takes nothing packed against anything.
    pub(crate) old: bool,
    /// Bytes of each payload as it came.
    pub(crate) came: Vec<usize>,
    /// Heads that agents showed, one list a call.
    pub(crate) heads: Vec<Vec<bytes::Bytes>>,
}

#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) web: String,
    pub(crate) ca: String,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let (ca, issuer) = authority();
        let evidence = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (key, chain) = server_certificate(&issuer, &ca);
        let state = State {
            lie: Lie::None,
            leaves: Vec::new(),
            index: BTreeMap::new(),
            envelopes: Vec::new(),
            documents: BTreeMap::new(),
            gone: Vec::new(),
            links: BTreeMap::new(),
            conflicts: 0,
            heard: tokio::sync::watch::Sender::new(0),
            log: SecretKey::from_seed(&[42; 32]),
            leaving: None,
            changes: Vec::new(),
            last: None,
            token: "one-time-token".to_owned(),
            evidence: evidence.local_addr().unwrap().to_string(),
            issuer,
            ca: ca.clone(),
            days: 30,
            renewals: 0,
            old: false,
            came: Vec::new(),
            heads: Vec::new(),
        };
        let collector = Self {
            state: Arc::new(Mutex::new(state)),
            web: format!("https://{}", web.local_addr().unwrap()),
            ca: format!("sha256:{}", Digest::of(&ca)),
        };
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(ca)).unwrap();
        let provider = exhibit_agent::identity::tls::provider;
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            provider(),
        );
        let builder = || {
            rustls::ServerConfig::builder_with_provider(provider())
                .with_protocol_versions(&[&rustls::version::TLS13])
                .unwrap()
        };
        let mutual = builder()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(chain.clone(), key.clone_key());
        let open = builder().with_no_client_auth().with_single_cert(chain, key);
        let service = EvidenceServer::new(collector.clone())
            .accept_compressed(tonic::codec::CompressionEncoding::Zstd);
        tokio::spawn(serve(evidence, mutual.unwrap(), tonic::service::Routes::new(service)));
        let service = EnrolmentServer::new(collector.clone());
        tokio::spawn(serve(web, open.unwrap(), tonic::service::Routes::new(service)));
        collector
    }

    pub(crate) fn lie(&self, lie: Lie) {
        self.state.lock().unwrap().lie = lie;
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

pub(crate) fn statement(envelope: &[u8]) -> Statement<serde_json::Value> {
    let envelope = exhibit_proto::dsse::Envelope::parse(envelope).unwrap();
    Statement::from_payload(&envelope.unverified_payload().unwrap()).unwrap()
}

#[tonic::async_trait]
impl Enrolment for Collector {
    async fn enrol(
        &self,
        request: Request<rpc::EnrolRequest>,
    ) -> Result<Response<rpc::EnrolResponse>, Status> {
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        if request.token != state.token {
            return Err(Status::unauthenticated("token is used or unknown; ask for another"));
        }
        let key = exhibit_proto::keys::PublicKey::from_spki(&request.evidence_key).unwrap();
        let agreed = exhibit_proto::enrolment::possession(
            &request.token,
            &request.csr,
            &request.target,
            &request.host_name,
        );
        if !key.verifies(&agreed, &request.possession) {
            return Err(Status::invalid_argument("possession is not proved"));
        }
        state.token = "spent".to_owned();
        let log = state.log.public();
        let index = state.push(EntryType::Enrol, &request.evidence_key, log.id(), None);
        Ok(Response::new(rpc::EnrolResponse {
            agent: "agent-1".to_owned(),
            certificate: state.certificate(&request.csr).into(),
            ca: state.ca.clone().into(),
            log_key: Verifier::new(ORIGIN, log).unwrap().vkey(),
            targets: vec![request.target],
            evidence_address: state.evidence.clone(),
            receipt: state.proof(index).to_text().into_bytes().into(),
        }))
    }
}

type Answers = Pin<Box<dyn tokio_stream::Stream<Item = Result<rpc::Answer, Status>> + Send>>;

#[tonic::async_trait]
impl Evidence for Collector {
    type SubmitStream = Answers;

    async fn greet(
        &self,
        request: Request<rpc::Greeting>,
    ) -> Result<Response<rpc::Greeted>, Status> {
        let greeting = request.into_inner();
        let mut state = self.state.lock().unwrap();
        if state.old {
            return Err(Status::unimplemented("unknown call"));
        }
        let asked = greeting.log_keys.unwrap();
        let fits = asked.known_size <= state.size()
            && state.root_at(asked.known_size).as_bytes() == &greeting.root[..];
        Ok(Response::new(rpc::Greeted {
            // This collector's clock is an hour behind.
            wall_millis: greeting.heartbeat.unwrap().wall_millis - 3_600_000,
            max_document_bytes: 4 << 20,
            heartbeat_seconds: 600,
            payload_apart: true,
            payload_against: true,
            changes: state.changes_since(&asked),
            show_heads: !fits,
        }))
    }

    async fn submit(
        &self,
        request: Request<Streaming<rpc::Submission>>,
    ) -> Result<Response<Answers>, Status> {
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let (collector, mut incoming) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Some(Ok(submission)) = incoming.next().await {
                let Some(Sent::Envelope(envelope)) = submission.part else { return };
                let Some(answer) = collector.take(envelope, &mut incoming, &sender).await else {
                    // Held open: an end of the stream would be an answer.
                    sender.closed().await;
                    return;
                };
                let answer = answer.map(|part| rpc::Answer { part: Some(part) });
                let last = answer.is_err();
                if sender.send(answer).await.is_err() || last {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn log_keys(
        &self,
        request: Request<rpc::LogKeysRequest>,
    ) -> Result<Response<rpc::LogKeysResponse>, Status> {
        let changes = self.state.lock().unwrap().changes_since(&request.into_inner());
        Ok(Response::new(rpc::LogKeysResponse { changes }))
    }

    async fn heads(
        &self,
        request: Request<rpc::HeadsRequest>,
    ) -> Result<Response<rpc::HeadsResponse>, Status> {
        self.state.lock().unwrap().heads.push(request.into_inner().heads);
        Ok(Response::new(rpc::HeadsResponse::default()))
    }

    async fn lacking(
        &self,
        _request: Request<rpc::LackingRequest>,
    ) -> Result<Response<rpc::LackingResponse>, Status> {
        Err(Status::unimplemented("not asked for by the agent"))
    }

    async fn configuration(
        &self,
        _request: Request<rpc::ConfigurationRequest>,
    ) -> Result<Response<rpc::ConfigurationResponse>, Status> {
        Ok(Response::new(rpc::ConfigurationResponse {
            targets: Vec::new(),
            max_document_bytes: 4 << 20,
            heartbeat_seconds: 600,
            checkpoint: Vec::new().into(),
            payload_apart: true,
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<rpc::HeartbeatRequest>,
    ) -> Result<Response<rpc::HeartbeatResponse>, Status> {
        // This collector's clock is an hour behind.
        let wall_millis = request.into_inner().wall_millis - 3_600_000;
        Ok(Response::new(rpc::HeartbeatResponse { wall_millis, checkpoint: Vec::new().into() }))
    }

    async fn renew(
        &self,
        request: Request<rpc::RenewRequest>,
    ) -> Result<Response<rpc::RenewResponse>, Status> {
        let mut state = self.state.lock().unwrap();
        state.renewals += 1;
        let certificate = state.certificate(&request.into_inner().csr).into();
        Ok(Response::new(rpc::RenewResponse { certificate }))
    }
}

impl Collector {
    /// Handles one envelope; none means silence, an error breaks the stream.
    async fn take(
        &self,
        mut envelope: rpc::Envelope,
        incoming: &mut Streaming<rpc::Submission>,
        sender: &tokio::sync::mpsc::Sender<Result<rpc::Answer, Status>>,
    ) -> Option<Result<Answered, Status>> {
        self.with(|state| state.came.push(envelope.payload.len()));
        if !envelope.base.is_empty() {
            let base = Digest::try_from(&envelope.base[..]).unwrap();
            let Some(earlier) = self.with(|state| state.payload_of(&base)) else {
                return Some(Err(Status::failed_precondition("no such base is held")));
            };
            let payload = exhibit_proto::against::unpack(&envelope.payload, &earlier).unwrap();
            envelope.payload = payload.into();
        }
        if !envelope.payload.is_empty() {
            let whole = exhibit_proto::dsse::together(&envelope.bytes, &envelope.payload);
            envelope.bytes = whole.unwrap().into();
        }
        let digest: bytes::Bytes = Digest::of(&envelope.bytes).as_bytes().to_vec().into();
        let lie = self.with(|state| {
            state.heard.send_modify(|count| *count += 1);
            state.lie
        });
        if lie == Lie::Silent {
            return None;
        }
        if let Lie::Refuse(kind) = lie {
            let reason = format!("refused as {kind:?}");
            return Some(Ok(Answered::Refusal(rpc::Refusal {
                envelope: digest,
                kind: kind.into(),
                reason,
            })));
        }
        let mut lacking = self.with(|state| state.lacking(&envelope.bytes));
        if lie == Lie::Greedy {
            lacking.push(Digest::of(b"/etc/shadow"));
        }
        if !lacking.is_empty() {
            let documents =
                lacking.iter().map(|wanted| wanted.as_bytes().to_vec().into()).collect();
            let wanted = Answered::Wanted(rpc::Wanted { envelope: digest.clone(), documents });
            sender.send(Ok(rpc::Answer { part: Some(wanted) })).await.ok()?;
            self.receive(lacking.len(), incoming).await?;
        }
        if !self.with(|state| state.commit(&envelope.bytes)) {
            let (kind, reason) = (RefusalKind::Conflict.into(), "place is taken".to_owned());
            return Some(Ok(Answered::Refusal(rpc::Refusal { envelope: digest, kind, reason })));
        }
        if lie == Lie::Mute {
            return Some(Err(Status::unavailable("killed between commit and answer")));
        }
        let receipt = self.with(|state| state.receipt(&envelope.bytes, envelope.known_size));
        Some(Ok(Answered::Receipt(receipt)))
    }

    async fn receive(
        &self,
        mut open: usize,
        incoming: &mut Streaming<rpc::Submission>,
    ) -> Option<()> {
        let mut bytes = Vec::new();
        while open > 0 {
            match incoming.next().await?.ok()?.part? {
                Sent::Chunk(chunk) => {
                    assert!(chunk.bytes.len() <= 256 << 10, "chunk over 256 KiB");
                    bytes.extend_from_slice(&chunk.bytes);
                    if chunk.last {
                        let whole = std::mem::take(&mut bytes);
                        let digest = Digest::of(&whole);
                        assert_eq!(chunk.digest[..], digest.as_bytes()[..]);
                        self.with(|state| state.documents.insert(digest, whole));
                        open -= 1;
                    }
                }
                Sent::Gone(gone) => {
                    let digest = Digest::try_from(&gone.digest[..]).unwrap();
                    self.with(|state| state.gone.push(digest));
                    open -= 1;
                }
                Sent::Envelope(_) => return None,
            }
        }
        Some(())
    }
}
