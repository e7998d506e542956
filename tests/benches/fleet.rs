//! Agents without a host: enrolled for real, each with its own certificate, connection and chain. What they say is made up;
//! how they say it, and that they check each receipt, is not.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use exhibit_agent::identity::enrol::{Invitation, enrol};
use exhibit_agent::identity::tls;
use exhibit_agent::identity::{Address, CaPin, Client, Store};
use exhibit_agent::receipts::{self, Expected, Pinned};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, Target};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use exhibit_proto::rpc::{Answer, Chunk, Envelope, Submission, answer, submission};
use exhibit_proto::statement::{
    Capsule, DOCUMENT_MEDIA_TYPE, EVIDENCE, Observed, Run, Statement, Subject,
};
use exhibit_tests::installation::{Installation, Serving};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// Documents of one statement where nothing else is said, as many as a host of this age has kinds.
pub(crate) const DOCUMENTS: usize = 20;
/// Bytes of one document: the mean of what a server's kinds give.
const DOCUMENT_BYTES: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(60);

/// One agent with an open submission stream.
pub(crate) struct Simulated {
    agent: String,
    target: Target,
    key: SecretKey,
    log: Pinned,
    seq: u64,
    prev: Digest,
    known: Option<Checkpoint>,
    documents: Vec<Vec<u8>>,
    observed: Vec<Observed>,
    /// How many documents its statements name.
    names: usize,
    changes: u64,
    client: Client,
    ca: Vec<u8>,
    line: Option<Line>,
}

struct Line {
    submissions: mpsc::Sender<Submission>,
    answers: Streaming<Answer>,
}

impl Simulated {
    pub(crate) async fn enrol(at: &Installation, serving: &Serving, number: usize) -> Result<Self> {
        let folder = at.folder.join(format!("fleet-{number}"));
        let store = Store::open(&folder)?;
        let target: Target = format!("host:{number:032x}").parse()?;
        let invitation = Invitation {
            collector: serving.web.parse()?,
            ca: at.first.ca_fingerprint.parse::<CaPin>()?,
            token: at.token()?.into(),
            target: target.clone(),
            host_name: format!("fleet-{number}.example"),
        };
        let (identity, _) = enrol(&store, &invitation, Timestamp::now()).await?;
        let mut enrolled = Self {
            agent: identity.agent.clone(),
            target,
            key: store.evidence_key()?,
            log: identity.log()?,
            seq: 0,
            prev: Digest::ZERO,
            known: None,
            documents: Vec::new(),
            observed: Vec::new(),
            names: DOCUMENTS,
            changes: 0,
            client: store.client()?,
            ca: identity.ca_der()?,
            line: None,
        };
        enrolled.connect(serving).await?;
        Ok(enrolled)
    }

    /// Opens connection and stream anew.
    pub(crate) async fn connect(&mut self, serving: &Serving) -> Result<()> {
        let config = tls::mutual(self.ca.clone(), &self.client)?;
        let address: Address = serving.evidence.parse()?;
        let connection = tls::connect(&address, config).await?;
        let (submissions, rest) = mpsc::channel(8);
        let mut client = EvidenceClient::new(connection.channel);
        let answers = client.submit(ReceiverStream::new(rest)).await?.into_inner();
        self.line = Some(Line { submissions, answers });
        Ok(())
    }

    pub(crate) fn hang_up(&mut self) {
        self.line = None;
    }

    /// From now on its statements name so many documents, all of them new.
    pub(crate) fn name(&mut self, documents: usize) -> Result<()> {
        self.names = documents;
        self.change()
    }

    /// Makes all documents anew, so that the next statement brings each of them along.
    pub(crate) fn change(&mut self) -> Result<()> {
        self.changes += 1;
        self.documents.clear();
        self.observed.clear();
        for number in 0..self.names {
            let bytes = document(&self.target, number, self.changes)?;
            self.observed.push(observed(&self.target, number, &bytes)?);
            self.documents.push(bytes);
        }
        Ok(())
    }

    /// Seals a run, brings it to the collector, and answers once its receipt has been verified.
    pub(crate) async fn submit(&mut self) -> Result<()> {
        let link = Link { epoch: 1, seq: self.seq + 1, prev: self.prev };
        let bytes = self.run(link).seal(&self.key)?;
        let digest = Digest::of(&bytes);
        let known_size = self.known.as_ref().map_or(0, |known| known.size);
        let envelope = Envelope { bytes: bytes.into(), known_size, ..Envelope::default() };
        self.send(submission::Part::Envelope(envelope)).await?;
        loop {
            match self.answer().await? {
                answer::Part::Wanted(wanted) => {
                    for document in wanted.documents {
                        self.bring(Digest::try_from(document.as_ref())?).await?;
                    }
                }
                answer::Part::Receipt(receipt) => {
                    let hashes = receipt.consistency.iter().map(|hash| Digest::try_from(&**hash));
                    let path = hashes.collect::<Result<Vec<_>, _>>()?;
                    let key = self.key.public().id();
                    let expected =
                        Expected { envelope: digest, key, link, entry: EntryType::Evidence };
                    let known = self.known.as_ref();
                    let verified =
                        receipts::verify(&receipt.proof, &path, &expected, &self.log, known)?;
                    (self.seq, self.prev) = (link.seq, digest);
                    self.known = Some(verified.checkpoint);
                    return Ok(());
                }
                answer::Part::Refusal(refusal) => bail!("refused: {}", refusal.reason),
            }
        }
    }

    async fn bring(&self, digest: Digest) -> Result<()> {
        let place = self.observed.iter().position(|observed| observed.digest == digest);
        let bytes = place.and_then(|place| self.documents.get(place));
        let bytes = bytes.context("a document was wanted that the statement does not name")?;
        let (digest, bytes) = (digest.as_bytes().to_vec().into(), bytes.clone().into());
        self.send(submission::Part::Chunk(Chunk { digest, bytes, last: true })).await
    }

    async fn send(&self, part: submission::Part) -> Result<()> {
        let line = self.line.as_ref().context("not connected")?;
        let sent = line.submissions.send(Submission { part: Some(part) });
        Ok(tokio::time::timeout(PATIENCE, sent).await??)
    }

    async fn answer(&mut self) -> Result<answer::Part> {
        let line = self.line.as_mut().context("not connected")?;
        let answer = tokio::time::timeout(PATIENCE, line.answers.message()).await??;
        answer.and_then(|answer| answer.part).context("the collector ended the stream")
    }

    fn run(&self, link: Link) -> Statement<Run> {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let capsule = Capsule {
            agent: self.agent.clone(),
            epoch: link.epoch,
            seq: link.seq,
            prev: link.prev,
            boot_id: "8c5e7a52-5b0f-4f0e-9a37-3f1f6f0a7d11".into(),
            monotonic_ms: link.seq,
            sealed_at: now.clone(),
            clock_offset_ms: Some(0),
            checkpoint: self.known.clone(),
            agent_version: "0.1.0".into(),
            agent_binary: Digest::ZERO,
            configuration: Digest::ZERO,
            vetoes: exhibit_proto::statement::Vetoes::default(),
        };
        let subject = |observed: &Observed| {
            Subject::new(observed.kind.as_str(), observed.digest, Some(DOCUMENT_MEDIA_TYPE))
        };
        let run = Run {
            capsule,
            started: now.clone(),
            finished: now,
            plugins: Vec::new(),
            documents: self.observed.clone(),
            outcomes: Vec::new(),
        };
        Statement::new(EVIDENCE, self.observed.iter().map(subject).collect(), run)
    }
}

/// Kinds that no rule reads, so that what is measured is taking in, not judging.
fn kind(number: usize) -> String {
    format!("fleet.kind_{number}")
}

fn document(target: &Target, number: usize, change: u64) -> Result<Vec<u8>> {
    let row = format!("{target} {number} {change}: what was seen this time. ");
    let rows = row.repeat(DOCUMENT_BYTES / row.len());
    let document = Document {
        body: serde_json::json!({ "rows": rows }),
        kind: kind(number).parse()?,
        salt: "00".repeat(16),
        schema: format!("urn:exhibit:kind:{}:v1", kind(number)),
        target: target.clone(),
        v: 1,
        withheld: Vec::new(),
    };
    Ok(document.write().into_bytes())
}

fn observed(target: &Target, number: usize, bytes: &[u8]) -> Result<Observed> {
    Ok(Observed {
        kind: kind(number).parse()?,
        target: target.clone(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        method: vec!["/var/lib/dpkg/status".into()],
        privileges: "uid=0".into(),
        rows: Some(1),
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: "2026-11-23T00:00:00.000Z".into(),
        duration_ms: 1,
    })
}

/// An installation whose limits do not stand in the way of a fleet behind one address.
pub(crate) fn roomy(at: &Path) -> Result<()> {
    let path = at.join("collector.toml");
    let text = std::fs::read_to_string(&path)?;
    if !text.contains("enrolments_per_minute") {
        std::fs::write(&path, text + "\n[identity]\nenrolments_per_minute = 100000\n")?;
    }
    Ok(())
}
