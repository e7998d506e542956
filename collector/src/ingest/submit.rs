//! One submission stream: envelopes in order, each with its documents, each answered with a receipt or a refusal.
//!
//! It never answers a receipt before the log has committed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::submission::Part;
use exhibit_proto::rpc::{Answer, Envelope, Receipt, Refusal, RefusalKind, Submission, answer};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::admission::{Refused, Wanted, replaced, unused};
use super::decide::{Decided, decide, place};
use super::documents::{Arriving, Took};
use super::service::{Shared, blocking, kibibytes};
use crate::identity::{Agent, IdentityError};
use crate::log::{AppendError, Committed, NewEntry, Unbrought};

/// Envelopes that may wait on one stream while an earlier one's documents arrive.
const PIPELINED: usize = 64;

/// Longest silence while documents are awaited: they hold room in memory that other agents want.
const DOCUMENT_IDLE: Duration = Duration::from_secs(60);
/// Bytes a second that documents must keep up with after that, for the same reason.
const SLOWEST: u64 = 64 << 10;

/// One open stream.
pub(super) struct Session {
    service: Arc<Shared>,
    /// Agent id from the certificate.
    agent: String,
    incoming: Streaming<Submission>,
    answers: mpsc::Sender<Result<Answer, Status>>,
    /// Came while an earlier envelope waited for its documents.
    queued: VecDeque<Envelope>,
    /// An envelope was refused while more of its documents were on their way: nobody could tell them from later ones.
    torn: bool,
}

/// Why an envelope is not in the log: it is refused, or the stream is over.
enum Stop {
    Refused(Refused),
    Ended(Status),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Ended(status)
    }
}

impl Session {
    pub(super) fn new(
        service: Arc<Shared>,
        agent: String,
        incoming: Streaming<Submission>,
        answers: mpsc::Sender<Result<Answer, Status>>,
    ) -> Self {
        Self { service, agent, incoming, answers, queued: VecDeque::new(), torn: false }
    }

    /// Serves the stream to its end.
    pub(super) async fn run(mut self) {
        if let Err(status) = self.serve().await {
            tracing::debug!(agent = %self.agent, status = status.message(), "submission stream ended");
            // The client may have gone.
            drop(self.answers.try_send(Err(status)));
        }
    }

    async fn serve(&mut self) -> Result<(), Status> {
        while let Some(envelope) = self.next_envelope().await? {
            let (digest, bytes) = (Digest::of(&envelope.bytes), envelope.bytes.clone());
            let admitted = match self.admit(envelope, digest).await {
                Err(Stop::Refused(refused)) => Err(Stop::Refused(self.keep(refused, &bytes).await)),
                other => other,
            };
            let part = match admitted {
                Ok(receipt) => answer::Part::Receipt(receipt),
                Err(Stop::Ended(status)) => return Err(status),
                Err(Stop::Refused(refused)) => {
                    let (kind, reason) = (refused.kind, refused.reason);
                    tracing::warn!(
                        agent = %self.agent, envelope = %digest, kind = kind.as_str_name(), reason,
                        "envelope refused"
                    );
                    let envelope = digest.as_bytes().to_vec().into();
                    answer::Part::Refusal(Refusal { envelope, kind: kind.into(), reason })
                }
            };
            self.answer(part).await?;
            if self.torn {
                let text = "an envelope was refused while its documents came: open another stream";
                return Err(Status::aborted(text));
            }
        }
        Ok(())
    }

    /// What contradicts a held envelope is logged and kept before the agent sets it aside; if that cannot be done now, the
    /// agent is to come back with it.
    async fn keep(&self, refused: Refused, bytes: &[u8]) -> Refused {
        let Some(against) = refused.against.as_deref().copied() else { return refused };
        match self.service.conflict(&self.agent, against, bytes).await {
            Ok(()) => refused,
            Err(status) => Refused::later(status.message()),
        }
    }

    async fn admit(&mut self, envelope: Envelope, digest: Digest) -> Result<Receipt, Stop> {
        let turn = self.service.ingest.registry.turn(&self.agent);
        let held = turn.lock().await;
        let mut decided = self.examine(&envelope).await?;
        if decided.lacking.is_empty() {
            let unbrought = decided.unbrought(Vec::new());
            let receipt = self.enter(envelope, digest, decided, (Vec::new(), unbrought)).await?;
            drop(held);
            // That nothing was wanted goes out with the receipt: one message on the wire, and nobody waited for it.
            self.answer(wanted(digest, &[])).await?;
            return Ok(receipt);
        }
        // Nobody is to wait for these documents but this stream; the agent's revocation waits for its turn.
        drop(held);
        let share = self.service.share(&self.agent);
        let run = tokio::time::timeout(self.service.ingest.limits.idle, share.run.lock()).await;
        let _run =
            run.map_err(|_elapsed| Refused::later("another run of this agent is being sent"))?;
        let lacking = decided.lacking.clone();
        let _room = self.room(&lacking).await?;
        self.answer(wanted(digest, &lacking)).await?;
        let (documents, gone) = self.receive(lacking).await?;
        let unbrought = decided.unbrought(gone);
        let _held = turn.lock().await;
        // Another stream of this agent may have filled the place or the one before, or the key may be revoked by now.
        self.live()?;
        let (reader, checked) = (self.service.ingest.reader.clone(), decided.admitted.clone());
        decided.standing = blocking(move || place(&reader, &checked)).await??;
        self.enter(envelope, digest, decided, (documents, unbrought)).await
    }

    /// Brings into the log what was decided about; the caller holds the agent's turn since it was.
    async fn enter(
        &self,
        envelope: Envelope,
        digest: Digest,
        decided: Decided,
        (documents, unbrought): (Vec<Vec<u8>>, Unbrought),
    ) -> Result<Receipt, Stop> {
        let Decided { admitted, standing, ours, .. } = decided;
        let is_held = standing.held.is_some();
        let agent = self.live()?;
        let registry = &self.service.ingest.registry;
        if let Some(state) = registry.key(&admitted.key).filter(|_| !is_held)
            && agent.key != admitted.key
        {
            let index = state.replaced.unwrap_or_default();
            return Err(replaced(&admitted.key, index).into());
        }
        if let (Some(seen), Some(ours)) = (&admitted.seen, ours) {
            self.service.fork(&self.agent, seen, ours, None).await?;
        }
        if !standing.follows {
            self.service.gap(&self.agent, &admitted).await?;
        }
        // From the look whether a new key is new to its entry, nobody else may enter one.
        let keys = registry.keys_turn();
        let _keys = match admitted.brings.filter(|_| !is_held) {
            None => None,
            Some(key) => {
                let turn = keys.lock().await;
                unused(&key, |key| registry.key(key))?;
                Some(turn)
            }
        };
        if let Some(run) = admitted.run.filter(|_| !is_held) {
            self.service.ingest.opened.keep(digest, envelope.bytes.len(), admitted.key, run);
        }
        let entry = NewEntry {
            entry_type: admitted.entry_type,
            key: admitted.key,
            link: Some(admitted.link),
            envelope: envelope.bytes.to_vec(),
            documents,
            erases: Vec::new(),
            unbrought,
        };
        let writer = &self.service.ingest.writer;
        let committed = writer.append_after(entry, envelope.known_size).await?;
        if admitted.brings.is_some() {
            let registry = registry.clone();
            let caught_up = tokio::task::spawn_blocking(move || registry.catch_up()).await;
            caught_up.unwrap_or(Err(IdentityError::Interrupted)).map_err(Status::from)?;
            tracing::info!(agent = %self.agent, index = committed.index, "evidence key rotated");
        }
        Ok(receipt(digest, &committed))
    }

    /// Everything that can be said before the documents are there; the documents that the log lacks.
    async fn examine(&self, envelope: &Envelope) -> Result<Decided, Stop> {
        let agent = self.live()?;
        let (service, envelope) = (Arc::clone(&self.service), envelope.clone());
        Ok(blocking(move || decide(&service, &agent, &envelope)).await??)
    }

    fn live(&self) -> Result<Agent, Stop> {
        Ok(self.service.ingest.registry.live(&self.agent).map_err(Status::from)?)
    }

    /// Room in memory for the documents of one envelope, or a request to come back.
    async fn room(&self, lacking: &[Wanted]) -> Result<OwnedSemaphorePermit, Stop> {
        let limits = self.service.ingest.limits;
        let bytes: u64 = lacking.iter().map(|wanted| wanted.size).sum();
        if bytes > limits.in_flight_bytes {
            return Err(Refused::invalid(format!(
                "documents of {bytes} bytes in one run are over {}: collect fewer kinds in a run",
                limits.in_flight_bytes
            ))
            .into());
        }
        let permits = u32::try_from(kibibytes(bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.service.memory).acquire_many_owned(permits);
        match tokio::time::timeout(limits.idle, room).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) | Err(_) => {
                Err(Refused::later("the collector takes in too much at present").into())
            }
        }
    }

    /// The documents that came, and the digests of those that their agent gave up.
    async fn receive(&mut self, lacking: Vec<Wanted>) -> Result<(Vec<Vec<u8>>, Vec<Digest>), Stop> {
        let bytes: u64 = lacking.iter().map(|wanted| wanted.size).sum();
        let end = Instant::now() + DOCUMENT_IDLE + Duration::from_secs(bytes / SLOWEST);
        let mut arriving = Arriving::new(lacking);
        while !arriving.is_done() {
            let left = end.saturating_duration_since(Instant::now());
            let part = self.next_part(DOCUMENT_IDLE.min(left)).await?;
            let part = part.ok_or_else(|| {
                Status::invalid_argument("the stream ended before the documents that were wanted")
            })?;
            let took = match part {
                Part::Envelope(envelope) => {
                    self.queue(envelope)?;
                    Ok(Took::Fine)
                }
                Part::Chunk(chunk) => {
                    arriving.chunk(digest(&chunk.digest)?, &chunk.bytes, chunk.last)
                }
                Part::Gone(gone) => {
                    let digest = digest(&gone.digest)?;
                    tracing::warn!(agent = %self.agent, document = %digest, "the agent had to drop a document");
                    Ok(arriving.gone(digest))
                }
            };
            match took {
                Ok(Took::Fine) => {}
                Ok(Took::Unasked) => {
                    let text = "a document came that was not wanted: send only what was asked for";
                    return Err(Status::invalid_argument(text).into());
                }
                Err(refused) => {
                    self.torn = !arriving.is_done();
                    return Err(refused.into());
                }
            }
        }
        Ok(arriving.into_parts())
    }

    async fn next_envelope(&mut self) -> Result<Option<Envelope>, Status> {
        if let Some(envelope) = self.queued.pop_front() {
            return Ok(Some(envelope));
        }
        match self.next_part(Duration::MAX).await? {
            None => Ok(None),
            Some(Part::Envelope(envelope)) => Ok(Some(envelope)),
            Some(Part::Chunk(_) | Part::Gone(_)) => {
                let text = "a document came that was not wanted: send the envelope first";
                Err(Status::invalid_argument(text))
            }
        }
    }

    fn queue(&mut self, envelope: Envelope) -> Result<(), Status> {
        if self.queued.len() >= PIPELINED {
            let text = "over 64 envelopes wait on this stream: wait for receipts";
            return Err(Status::resource_exhausted(text));
        }
        self.queued.push_back(envelope);
        Ok(())
    }

    /// What comes next; silence may last as long as the configuration says, or `patience` if that is shorter.
    async fn next_part(&mut self, patience: Duration) -> Result<Option<Part>, Status> {
        let patience = patience.min(self.service.ingest.limits.idle);
        let stop = self.service.ingest.stop.clone();
        let message = tokio::select! {
            () = stop.cancelled() => return Err(Status::unavailable("the collector is stopping")),
            message = tokio::time::timeout(patience, self.incoming.message()) => message,
        };
        let message =
            message.map_err(|_elapsed| Status::deadline_exceeded("the stream is idle"))?;
        match message? {
            None => Ok(None),
            Some(Submission { part: Some(Part::Envelope(envelope)) }) => {
                Ok(Some(Part::Envelope(self.service.whole(envelope).await?)))
            }
            Some(Submission { part: Some(part) }) => Ok(Some(part)),
            Some(Submission { part: None }) => {
                Err(Status::invalid_argument("a submission without a part: is the agent newer?"))
            }
        }
    }

    async fn answer(&self, part: answer::Part) -> Result<(), Status> {
        let answer = self.answers.send(Ok(Answer { part: Some(part) }));
        match tokio::time::timeout(self.service.ingest.limits.idle, answer).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_gone)) => Err(Status::cancelled("the agent has gone")),
            Err(_elapsed) => Err(Status::deadline_exceeded("the agent does not read its answers")),
        }
    }
}

fn wanted(envelope: Digest, documents: &[Wanted]) -> answer::Part {
    let documents = documents.iter().map(|wanted| wanted.digest.as_bytes().to_vec().into());
    let wanted = exhibit_proto::rpc::Wanted {
        envelope: envelope.as_bytes().to_vec().into(),
        documents: documents.collect(),
    };
    answer::Part::Wanted(wanted)
}

fn receipt(envelope: Digest, committed: &Committed) -> Receipt {
    let consistency = committed.consistency.iter().map(|hash| hash.as_bytes().to_vec().into());
    Receipt {
        envelope: envelope.as_bytes().to_vec().into(),
        proof: committed.proof.to_text().into_bytes().into(),
        consistency: consistency.collect(),
    }
}

impl From<AppendError> for Stop {
    fn from(error: AppendError) -> Self {
        let reason = error.to_string();
        let kind = match error {
            AppendError::Conflict { .. } => RefusalKind::Conflict,
            AppendError::Busy | AppendError::Stopped => RefusalKind::Later,
            AppendError::TooLong { .. } => RefusalKind::Invalid,
        };
        Self::Refused(Refused { kind, reason, against: None })
    }
}

fn digest(bytes: &[u8]) -> Result<Digest, Status> {
    Digest::try_from(bytes).map_err(|error| Status::invalid_argument(error.to_string()))
}
