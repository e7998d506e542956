//! The evidence service: who calls, and the calls that need no stream. Every call is checked against the registry, because
//! a connection may outlive a certificate or a revocation.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, Kind, Target};
use exhibit_proto::rpc::evidence_server::{Evidence, EvidenceServer};
use exhibit_proto::rpc::{
    Answer, ConfigurationRequest, ConfigurationResponse, Greeted, Greeting, HeadsRequest,
    HeadsResponse, HeartbeatRequest, HeartbeatResponse, LackingRequest, LackingResponse,
    LogKeysRequest, LogKeysResponse, RenewRequest, RenewResponse, Submission,
};
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::{Request, Response, Status, Streaming};

use super::admission::Wanted;
use super::ahead::{Ahead, Larger};
use super::known::Known;
use super::noticed::Noticed;
use super::shown::Certificates;
use super::submit::Session;
use crate::identity::{Agent, Collector, Enroller, Registry};
use crate::log::{LogError, LogReader, LogWriter};
use crate::net::Peer;
use crate::opened::Opened;

/// A chunk carries 256 KiB, an envelope 64 KiB.
const MAX_MESSAGE: usize = 512 << 10;
/// Digests of one Lacking call.
const MAX_DIGESTS: usize = 4096;
/// Streams of one agent: it needs one, and a broken one may linger.
const STREAMS: usize = 4;
/// Heads of one Heads call, and the longest of them: a note with many cosignatures.
const MAX_HEADS: usize = 16;
const MAX_HEAD: usize = 16 << 10;
/// Answers that wait for a client that does not read.
const ANSWERS: usize = 8;

/// Bounds of the evidence service.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest document, in bytes.
    pub document_bytes: u64,
    /// Bytes of documents that all streams together may hold in memory.
    pub in_flight_bytes: u64,
    /// How long a stream may be silent.
    pub idle: Duration,
    /// How often agents are asked for a sign of life.
    pub heartbeat: Duration,
}

/// What the rooms give to this one.
#[derive(Clone)]
pub struct Ingest {
    pub origin: String,
    /// Signs what is noticed about agents.
    pub collector: Collector,
    pub ahead: Ahead,
    pub registry: Registry,
    pub writer: LogWriter,
    pub reader: LogReader,
    pub enroller: Enroller,
    pub presence: Presence,
    pub certificates: Certificates,
    /// What the views need not open again.
    pub opened: Opened,
    pub limits: Limits,
    pub stop: CancellationToken,
}

/// When agents last called; in memory only, and no evidence of anything.
#[derive(Clone, Default)]
pub struct Presence(Arc<Mutex<BTreeMap<String, Seen>>>);

/// The last sign of life of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub at: Timestamp,
    pub version: String,
    pub spool_items: u64,
    pub spool_bytes: u64,
    /// Agent's clock minus ours, in milliseconds.
    pub clock_offset_ms: i64,
}

impl Presence {
    pub fn of(&self, agent: &str) -> Option<Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(agent).cloned()
    }

    pub(super) fn note(&self, agent: String, seen: Seen) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(agent, seen);
    }
}

/// Evidence over gRPC; one for the process.
pub struct EvidenceService(Arc<Shared>);

/// What every call and stream shares.
pub(super) struct Shared {
    pub(super) ingest: Ingest,
    /// Kibibytes of documents that may still be taken into memory.
    pub(super) memory: Arc<Semaphore>,
    known: Known,
    /// What each agent takes of the collector, by agent id.
    shares: Mutex<HashMap<String, Share>>,
    pub(super) noticed: Noticed,
}

/// What one agent may take at a time, so that it cannot keep the others out.
#[derive(Clone)]
pub(super) struct Share {
    streams: Arc<Semaphore>,
    /// Held while documents of one run are in memory.
    pub(super) run: Arc<tokio::sync::Mutex<()>>,
}

/// What is held under a digest that a statement names.
pub(super) enum Held {
    /// The document that it names.
    Named,
    /// A document about something else.
    About(Kind, Target),
    /// A proof that is kept beside the log: no document, whoever names it.
    Proof,
}

impl EvidenceService {
    pub fn server(ingest: Ingest) -> EvidenceServer<Self> {
        let permits = kibibytes(ingest.limits.in_flight_bytes);
        let memory = Arc::new(Semaphore::new(usize::try_from(permits).unwrap_or(usize::MAX >> 3)));
        let (known, shares) = (Known::default(), Mutex::default());
        let shared = Shared { ingest, memory, known, shares, noticed: Noticed::default() };
        EvidenceServer::new(Self(Arc::new(shared)))
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }
}

impl Shared {
    /// The live agent whose certificate the connection showed.
    pub(super) fn who<T>(&self, request: &Request<T>) -> Result<Agent, Status> {
        let peer = request.extensions().get::<Peer>();
        let certificate = peer.and_then(|peer| peer.certificate.as_ref());
        let certificate = certificate.ok_or_else(|| {
            Status::unauthenticated("no client certificate of this collector: enrol the agent")
        })?;
        if certificate.expires <= Timestamp::now() {
            return Err(Status::unauthenticated(format!(
                "client certificate expired on {}: renew it or enrol anew",
                certificate.expires
            )));
        }
        let agent = self.ingest.registry.live(&certificate.agent)?;
        self.ingest.certificates.note(certificate, Timestamp::now());
        Ok(agent)
    }

    pub(super) fn share(&self, agent: &str) -> Share {
        let fresh = || Share { streams: Arc::new(Semaphore::new(STREAMS)), run: Arc::default() };
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.entry(agent.to_owned()).or_insert_with(fresh).clone()
    }
}

#[tonic::async_trait]
impl Evidence for EvidenceService {
    type SubmitStream = ReceiverStream<Result<Answer, Status>>;

    async fn greet(&self, request: Request<Greeting>) -> Result<Response<Greeted>, Status> {
        let agent = self.0.who(&request)?;
        Ok(Response::new(self.0.greet(agent, request.into_inner()).await?))
    }

    async fn submit(
        &self,
        request: Request<Streaming<Submission>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let agent = self.0.who(&request)?;
        let room = self.0.share(&agent.id).streams.try_acquire_owned().map_err(|_none_left| {
            Status::resource_exhausted(
                "this agent has 4 streams open: close one, or wait until it ends",
            )
        })?;
        let (answers, stream) = mpsc::channel(ANSWERS);
        let session = Session::new(Arc::clone(&self.0), agent.id, request.into_inner(), answers);
        tokio::spawn(async move {
            session.run().await;
            drop(room);
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn lacking(
        &self,
        request: Request<LackingRequest>,
    ) -> Result<Response<LackingResponse>, Status> {
        self.0.who(&request)?;
        let documents = request.into_inner().documents;
        if documents.len() > MAX_DIGESTS {
            let text = format!("{} digests are over 4096: ask in parts", documents.len());
            return Err(Status::invalid_argument(text));
        }
        let digests: Result<Vec<Digest>, _> =
            documents.iter().map(|bytes| Digest::try_from(bytes.as_ref())).collect();
        let digests = digests.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let reader = self.0.ingest.reader.clone();
        let lacking = blocking(move || reader.lacking(&digests)).await?;
        let documents = lacking.iter().map(|digest| digest.as_bytes().to_vec().into()).collect();
        Ok(Response::new(LackingResponse { documents }))
    }

    async fn configuration(
        &self,
        request: Request<ConfigurationRequest>,
    ) -> Result<Response<ConfigurationResponse>, Status> {
        let agent = self.0.who(&request)?;
        let limits = self.0.ingest.limits;
        Ok(Response::new(ConfigurationResponse {
            targets: agent.targets.iter().map(ToString::to_string).collect(),
            max_document_bytes: limits.document_bytes,
            heartbeat_seconds: limits.heartbeat.as_secs(),
            checkpoint: self.0.checkpoint().await?,
            payload_apart: true,
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<HeartbeatRequest>,
    ) -> Result<Response<HeartbeatResponse>, Status> {
        let agent = self.0.who(&request)?;
        let now = Timestamp::now();
        self.0.seen(&agent, &request.into_inner(), now);
        let wall_millis = now.as_millisecond();
        let checkpoint = self.0.checkpoint().await?;
        Ok(Response::new(HeartbeatResponse { wall_millis, checkpoint }))
    }

    async fn heads(
        &self,
        request: Request<HeadsRequest>,
    ) -> Result<Response<HeadsResponse>, Status> {
        let agent = self.0.who(&request)?;
        let heads = request.into_inner().heads;
        if heads.len() > MAX_HEADS || heads.iter().any(|head| head.len() > MAX_HEAD) {
            let text = "over 16 heads, or one over 16 KiB: send the newest ones";
            return Err(Status::invalid_argument(text));
        }
        let foreign = self.0.compare(&agent, &heads).await?;
        let foreign = foreign.iter().map(|digest| digest.as_bytes().to_vec().into()).collect();
        Ok(Response::new(HeadsResponse { foreign }))
    }

    async fn log_keys(
        &self,
        request: Request<LogKeysRequest>,
    ) -> Result<Response<LogKeysResponse>, Status> {
        self.0.who(&request)?;
        Ok(Response::new(self.0.log_keys(request.into_inner()).await?))
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let agent = self.0.who(&request)?;
        let csr = request.into_inner().csr;
        let certificate = self.0.ingest.enroller.renew(&agent, &csr, Timestamp::now())?;
        tracing::info!(agent = %agent.id, "client certificate renewed");
        Ok(Response::new(RenewResponse { certificate: certificate.to_vec().into() }))
    }
}

impl Shared {
    /// What is held under the digest of a document that a statement names; blocking. `None`: nothing is.
    pub(super) fn held(&self, wanted: &Wanted) -> Result<Option<Held>, LogError> {
        let erased_to = self.ingest.writer.erased_to();
        if self.known.holds(wanted, erased_to) {
            return Ok(Some(Held::Named));
        }
        let Some(bytes) = self.ingest.reader.document(&wanted.digest)? else {
            return Ok(None);
        };
        let Ok(Document { kind, target, .. }) = Document::parse(&bytes) else {
            return Ok(Some(Held::Proof));
        };
        if (&kind, &target) != (&wanted.kind, &wanted.target) {
            return Ok(Some(Held::About(kind, target)));
        }
        self.known.put(wanted, erased_to);
        Ok(Some(Held::Named))
    }

    /// Holds heads that the log's key signed against the log; answers those that are not its past. Others are nobody's
    /// proof and are passed over.
    async fn compare(&self, agent: &Agent, heads: &[bytes::Bytes]) -> Result<Vec<Digest>, Status> {
        // Of a key that was retired too: whoever stole it would sign with that one.
        let keys = self.ingest.collector.keys();
        let (mut foreign, mut larger, mut fitting) = (Vec::new(), None, false);
        let turn = self.ingest.registry.turn(&agent.id);
        let _turn = turn.lock().await;
        for head in heads {
            let opened = keys.open_any(head);
            let (Ok(seen), Ok(signed)) = (opened, std::str::from_utf8(head)) else { continue };
            let reader = self.ingest.reader.clone();
            let size = seen.size;
            let (ours, root) = blocking(move || {
                let ours = reader.head()?.checkpoint.size;
                Ok((ours, if size > ours { None } else { Some(reader.root_at(size)?) }))
            })
            .await?;
            match root {
                Some(root) if root == seen.root => {
                    fitting = true;
                    continue;
                }
                Some(root) => self.fork(&agent.id, &seen, root, Some(signed)).await?,
                None if larger.as_ref().is_none_or(|held: &Larger| held.known < size) => {
                    let (at, signed) = (Timestamp::now(), Some(signed.to_owned()));
                    larger = Some(Larger { known: size, ours, at, signed });
                }
                None => {}
            }
            foreign.push(Digest::of(head));
        }
        match larger {
            Some(larger) => {
                tracing::error!(
                    agent = %agent.id, known = larger.known, ours = larger.ours,
                    "an agent holds a head of a larger log, signed by this log's key: an old backup was restored, or this is a copy; nothing is admitted"
                );
                self.ingest.ahead.note(&agent.id, larger);
            }
            // Only a head of ours takes back what was said: an agent that shows nothing has not seen that it is mended.
            None if fitting => self.ingest.ahead.clear(&agent.id, true),
            None => {}
        }
        Ok(foreign)
    }

    async fn checkpoint(&self) -> Result<bytes::Bytes, Status> {
        let reader = self.ingest.reader.clone();
        Ok(blocking(move || reader.head()).await?.signed.into_bytes().into())
    }
}

/// Whole kibibytes, rounded up.
pub(super) fn kibibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024)
}

/// Reads the log off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, Status> {
    let answer = tokio::task::spawn_blocking(read).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, "the log could not be read");
            Err(Status::internal("the collector has a fault of its own; see its log"))
        }
        Err(_panicked) => Err(Status::internal("the collector has a fault of its own")),
    }
}
