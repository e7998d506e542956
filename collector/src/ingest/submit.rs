//! One submission stream: envelopes in order, each with its documents, each answered with a receipt or a refusal.
//!
//! It never answers a receipt before the log has committed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::Link;
use exhibit_proto::rpc::submission::Part;
use exhibit_proto::rpc::{Answer, Envelope, Receipt, Refusal, RefusalKind, Submission, answer};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::admission::{Admitted, Refused, Terms, Wanted, chain, examine, last, replaced, unused};
use super::ahead::Larger;
use super::documents::{Arriving, Took};
use super::service::{Held, Shared, blocking, kibibytes};
use crate::identity::{Agent, IdentityError};
use crate::log::{AppendError, Committed, LogError, LogReader, NewEntry, Unbrought};

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
        let known = envelope.known_size;
        let Decided { admitted, lacking, ours, size } = self.examine(&envelope).await?;
        let documents = lacking.iter().map(|wanted| wanted.digest.as_bytes().to_vec().into());
        let wanted = exhibit_proto::rpc::Wanted {
            envelope: digest.as_bytes().to_vec().into(),
            documents: documents.collect(),
        };
        let share = self.service.share(&self.agent);
        let run = tokio::time::timeout(self.service.ingest.limits.idle, share.run.lock()).await;
        let _run =
            run.map_err(|_elapsed| Refused::later("another run of this agent is being sent"))?;
        let _room = self.room(&lacking).await?;
        self.answer(answer::Part::Wanted(wanted)).await?;
        let asked: BTreeSet<Digest> = lacking.iter().map(|wanted| wanted.digest).collect();
        let (documents, gone) = self.receive(lacking).await?;
        let held = admitted.documents.iter().map(|named| named.digest);
        let held = held.filter(|digest| !asked.contains(digest)).collect();
        let unbrought = Unbrought { gone, held, size };

        let turn = self.service.ingest.registry.turn(&self.agent);
        let _turn = turn.lock().await;
        // Another stream of this agent may have filled the place or the one before, or the key may be revoked by now.
        let agent = self.live()?;
        let reader = self.service.ingest.reader.clone();
        let checked = admitted.clone();
        let held = blocking(move || place(&reader, &checked)).await??.is_some();
        let registry = &self.service.ingest.registry;
        if let Some(state) = registry.key(&admitted.key).filter(|_| !held)
            && agent.key != admitted.key
        {
            let index = state.replaced.unwrap_or_default();
            return Err(replaced(&admitted.key, index).into());
        }
        if let (Some(seen), Some(ours)) = (&admitted.seen, ours) {
            self.service.fork(&self.agent, seen, ours, None).await?;
        }
        self.service.gap(&self.agent, &admitted).await?;
        // From the look whether a new key is new to its entry, nobody else may enter one.
        let keys = registry.keys_turn();
        let _keys = match admitted.brings.filter(|_| !held) {
            None => None,
            Some(key) => {
                let turn = keys.lock().await;
                unused(&key, |key| registry.key(key))?;
                Some(turn)
            }
        };
        let entry = NewEntry {
            entry_type: admitted.entry_type,
            key: admitted.key,
            link: Some(admitted.link),
            envelope: envelope.bytes.to_vec(),
            documents,
            erases: Vec::new(),
            unbrought,
        };
        let committed = self.service.ingest.writer.append(entry).await?;
        if admitted.brings.is_some() {
            let registry = registry.clone();
            let caught_up = tokio::task::spawn_blocking(move || registry.catch_up()).await;
            caught_up.unwrap_or(Err(IdentityError::Interrupted)).map_err(Status::from)?;
            tracing::info!(agent = %self.agent, index = committed.index, "evidence key rotated");
        }
        Ok(self.receipt(digest, known, &committed).await?)
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

    async fn receipt(
        &self,
        envelope: Digest,
        known: u64,
        committed: &Committed,
    ) -> Result<Receipt, Status> {
        let (reader, size) = (self.service.ingest.reader.clone(), committed.head.checkpoint.size);
        let path = blocking(move || reader.consistency(known, size)).await?;
        Ok(Receipt {
            envelope: envelope.as_bytes().to_vec().into(),
            proof: committed.proof.to_text().into_bytes().into(),
            consistency: path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
        })
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

/// What was found before the documents came.
struct Decided {
    admitted: Admitted,
    /// Documents that the log does not hold.
    lacking: Vec<Wanted>,
    /// The log's root at the size of the head that the statement carries, where that head has another one.
    ours: Option<Digest>,
    /// Entries of the log when it was asked.
    size: u64,
}

/// Decides about an envelope before its documents; blocking.
fn decide(
    service: &Shared,
    agent: &Agent,
    envelope: &Envelope,
) -> Result<Result<Decided, Refused>, LogError> {
    let ingest = &service.ingest;
    let size = ingest.reader.head()?.checkpoint.size;
    if let Some(known) = ingest.ahead.proven() {
        return Ok(Err(Refused::later(format!(
            "this log has {size} entries, and its key has signed {known}: the collector must be mended first"
        ))));
    }
    if let Some(refused) = larger(service, agent, envelope.known_size, size) {
        return Ok(Err(refused));
    }
    let (origin, document_bytes) = (ingest.origin.as_str(), ingest.limits.document_bytes);
    let terms = Terms { origin, agent, document_bytes };
    let admitted = match examine(&envelope.bytes, &terms, |key| ingest.registry.key(key)) {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut decided = Decided { admitted, lacking: Vec::new(), ours: None, size };
    match place(&ingest.reader, &decided.admitted)? {
        // Held already: the receipt follows without documents.
        Ok(Some(_)) => return Ok(Ok(decided)),
        Ok(None) => {}
        Err(refused) => return Ok(Err(refused)),
    }
    if let Some(seen) = &decided.admitted.seen {
        if let Some(refused) = larger(service, agent, seen.size, size) {
            return Ok(Err(refused));
        }
        decided.ours = Some(ingest.reader.root_at(seen.size)?).filter(|ours| *ours != seen.root);
    }
    for named in &decided.admitted.documents {
        match service.about(&named.digest)? {
            None => decided.lacking.push(named.clone()),
            Some(Held::About(kind, target)) if (&kind, &target) == (&named.kind, &named.target) => {
            }
            Some(Held::Proof) => {
                let text = format!("{} is held and is not a document", named.digest);
                return Ok(Err(Refused::invalid(text)));
            }
            Some(Held::About(kind, target)) => {
                return Ok(Err(Refused::invalid(format!(
                    "document {} is {kind} of {target}, its statement says {} of {}",
                    named.digest, named.kind, named.target
                ))));
            }
        }
    }
    Ok(Ok(decided))
}

/// An agent that has verified more than this log holds is told to wait, and people are told why.
fn larger(service: &Shared, agent: &Agent, known: u64, ours: u64) -> Option<Refused> {
    if known <= ours {
        service.ingest.ahead.clear(&agent.id, false);
        return None;
    }
    tracing::error!(
        agent = %agent.id, known, ours,
        "an agent has verified a larger log than this one: was an old backup restored?"
    );
    let larger = Larger { known, ours, at: Timestamp::now(), signed: None };
    service.ingest.ahead.note(&agent.id, larger);
    Some(Refused::later(format!(
        "this log has {ours} entries where the agent has verified {known}: the collector must be mended first"
    )))
}

/// What the log holds at the envelope's place and before it.
fn place(
    reader: &LogReader,
    admitted: &Admitted,
) -> Result<Result<Option<u64>, Refused>, LogError> {
    let link = admitted.link;
    let own = reader.linked(&admitted.key, &link)?;
    let before = match link.seq.checked_sub(1).filter(|seq| *seq > 0) {
        Some(seq) => reader.linked(&admitted.key, &Link { seq, ..link })?,
        None => None,
    };
    let tip = match admitted.brings {
        Some(_) => reader.tip(&admitted.key, link.epoch)?.map(|tip| tip.seq),
        None => None,
    };
    let placed = chain(admitted, own, before.map(|(_, held)| held));
    Ok(placed.and_then(|held| last(admitted, held, tip)))
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
