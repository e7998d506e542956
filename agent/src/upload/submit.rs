//! The Submit stream: for each envelope, in order, Wanted → (Chunk | Gone)* → Receipt or Refusal.

use bytes::Bytes;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::rpc::answer::Part as Answered;
use exhibit_proto::rpc::submission::Part as Sent;
use exhibit_proto::rpc::{Answer, Chunk, Envelope, Gone, Receipt, Submission};
use exhibit_proto::{against, dsse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::greet::Ways;
use super::{Session, UploadError, Uploader, Verdict, classify, client};
use crate::identity::tls::{Connection, Trouble};
use crate::receipts::{self, Expected, ReceiptError};
use crate::spool::Item;

/// Bytes of a document in one message.
const CHUNK: usize = 256 << 10;

/// Both directions of one stream.
struct Stream<'a> {
    sender: mpsc::Sender<Submission>,
    /// Absent until the first envelope is under way: a collector may answer only then.
    answers: Streaming<Answer>,
    trouble: &'a Trouble,
}

impl Uploader<'_> {
    pub(super) async fn submit(
        &self,
        connection: &Connection,
        ways: Ways,
        session: &mut Session,
    ) -> Result<(), UploadError> {
        let Some(mut item) = self.spool.next()? else {
            return Ok(());
        };
        // Room for little: a large document is not copied whole into a queue.
        let (sender, receiver) = mpsc::channel(2);
        let mut client = client(connection);
        let trouble = &connection.trouble;
        self.offer(&sender, &item, ways).await?;
        let call = client.submit(ReceiverStream::new(receiver));
        let answers = self.within(call, trouble).await?.into_inner();
        let mut stream = Stream { sender, answers, trouble };
        loop {
            if let Err(error) = self.exchange(&mut stream, &item, session).await {
                // It may lack what this was packed against; whatever it was, the next time all goes whole.
                self.spool.forget_bases()?;
                return Err(error);
            }
            match self.spool.next()? {
                Some(next) => item = next,
                None => return Ok(()),
            }
            self.offer(&stream.sender, &item, ways).await?;
        }
    }

    async fn offer(
        &self,
        sender: &mpsc::Sender<Submission>,
        item: &Item,
        ways: Ways,
    ) -> Result<(), UploadError> {
        let known_size = self.spool.place()?.checkpoint.map_or(0, |checkpoint| checkpoint.size);
        let envelope = self.wrapped(item, known_size, ways)?;
        self.send(sender, Sent::Envelope(envelope)).await
    }

    /// The envelope as short as the collector takes it.
    fn wrapped(&self, item: &Item, known_size: u64, ways: Ways) -> Result<Envelope, UploadError> {
        let whole = Envelope { known_size, ..Envelope::default() };
        let parts = if ways.apart { dsse::apart(&item.envelope) } else { None };
        let Some((head, payload)) = parts else {
            return Ok(Envelope { bytes: item.envelope.clone().into(), ..whole });
        };
        let base = if ways.against { self.spool.base(item)? } else { None };
        let packed = base.and_then(|base| {
            let packed = against::pack(&payload, &base.payload)?;
            Some((packed, Bytes::copy_from_slice(base.digest.as_bytes())))
        });
        let (payload, base) = packed.unwrap_or((payload, Bytes::new()));
        Ok(Envelope { bytes: head.into(), payload: payload.into(), base, ..whole })
    }

    async fn send(&self, sender: &mpsc::Sender<Submission>, part: Sent) -> Result<(), UploadError> {
        let submission = Submission { part: Some(part) };
        match tokio::time::timeout(self.patience, sender.send(submission)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(UploadError::Broken("the stream ended".to_owned())),
            Err(_elapsed) => Err(UploadError::Silent(self.patience)),
        }
    }

    /// Everything about one envelope, to its receipt or refusal.
    async fn exchange(
        &self,
        stream: &mut Stream<'_>,
        item: &Item,
        session: &mut Session,
    ) -> Result<(), UploadError> {
        let mut gone = Vec::new();
        loop {
            let answer = self.within(stream.answers.message(), stream.trouble).await?;
            let Some(part) = answer.and_then(|answer| answer.part) else {
                return Err(UploadError::Broken("the stream ended before a receipt".to_owned()));
            };
            match part {
                Answered::Wanted(wanted) => {
                    about(item, &wanted.envelope)?;
                    for digest in &wanted.documents {
                        let digest = digest_of(digest)?;
                        if !self.give(&stream.sender, item, &digest).await? {
                            gone.push(digest);
                        }
                    }
                }
                Answered::Receipt(receipt) => {
                    about(item, &receipt.envelope)?;
                    self.settle(item, &receipt, &gone)?;
                    session.received += 1;
                    return Ok(());
                }
                Answered::Refusal(refusal) => {
                    about(item, &refusal.envelope)?;
                    match classify(refusal.kind) {
                        Verdict::Retry => return Err(UploadError::Later(refusal.reason)),
                        Verdict::Forbidden => return Err(UploadError::Forbidden(refusal.reason)),
                        // Without it nothing of the next epoch can be admitted: a newer collector may take it.
                        Verdict::Quarantine if item.entry == EntryType::Rotate => {
                            let text = format!("the rotation to the next key: {}", refusal.reason);
                            return Err(UploadError::Forbidden(text));
                        }
                        Verdict::Quarantine => {
                            tracing::error!(seq = item.link.seq, reason = %refusal.reason, "a statement was refused for good; it is kept in quarantine");
                            self.spool.quarantine(item, &refusal.reason, (self.clock)())?;
                            session.quarantined += 1;
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    /// Sends one document in chunks; answers false when it can only say that the document is gone.
    async fn give(
        &self,
        sender: &mpsc::Sender<Submission>,
        item: &Item,
        digest: &Digest,
    ) -> Result<bool, UploadError> {
        // Only what the statement names leaves the host, whatever the collector asks for.
        if !self.spool.names(item, digest)? {
            let text = format!("it asked for document {digest}, which the statement does not name");
            return Err(UploadError::Broken(text));
        }
        let named = Bytes::copy_from_slice(digest.as_bytes());
        let Some(document) = self.spool.document(digest)? else {
            let reason = "not kept: given up because the spool was full, or acknowledged before";
            let gone = Gone { digest: named, reason: reason.to_owned() };
            self.send(sender, Sent::Gone(gone)).await?;
            return Ok(false);
        };
        let mut rest = Bytes::from(document);
        loop {
            let bytes = rest.split_to(rest.len().min(CHUNK));
            let last = rest.is_empty();
            self.send(sender, Sent::Chunk(Chunk { digest: named.clone(), bytes, last })).await?;
            if last {
                return Ok(true);
            }
        }
    }

    /// Verifies the receipt and only then lets the spool drop the item.
    fn settle(&self, item: &Item, receipt: &Receipt, gone: &[Digest]) -> Result<(), UploadError> {
        let now = (self.clock)();
        let place = self.spool.place()?;
        let expected = Expected {
            envelope: item.digest,
            key: item.key,
            link: item.link,
            entry: item.entry.clone(),
        };
        let consistency: Vec<Digest> =
            receipt.consistency.iter().map(|hash| digest_of(hash)).collect::<Result<_, _>>()?;
        let known = place.checkpoint.as_ref();
        let pinned = self.log.borrow().clone();
        match receipts::verify(&receipt.proof, &consistency, &expected, &pinned, known) {
            Ok(verified) => {
                tracing::debug!(
                    index = verified.index,
                    size = verified.checkpoint.size,
                    seq = item.link.seq,
                    "receipt verified"
                );
                self.spool.received(item, &verified, gone, now)?;
                Ok(())
            }
            Err(fork @ ReceiptError::Fork { .. }) => {
                tracing::error!(%fork, "the log contradicts itself; both heads are kept as evidence");
                self.spool.fork(&receipt.proof, &fork.to_string(), now)?;
                Err(fork.into())
            }
            Err(
                error @ (ReceiptError::Malformed(_)
                | ReceiptError::Leaf { .. }
                | ReceiptError::Proof(_)),
            ) => Err(error.into()),
        }
    }
}

/// Answers come in order; one about another envelope means that we do not understand each other.
fn about(item: &Item, envelope: &[u8]) -> Result<(), UploadError> {
    if envelope == item.digest.as_bytes() {
        return Ok(());
    }
    let text = format!("it answered about another envelope than {}", item.digest);
    Err(UploadError::Broken(text))
}

fn digest_of(bytes: &[u8]) -> Result<Digest, UploadError> {
    Digest::try_from(bytes).map_err(|error| UploadError::Broken(error.to_string()))
}
