//! The single writer: a thread that owns the only writing connection and commits what arrives in groups.
//!
//! It never answers before the head is on disk and published.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::merkle::empty_root;
use exhibit_proto::note::Verifier;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::commit::{self, Hook, Placed, State};
use super::proofs::Stored;
use super::{AppendError, Committed, Head, LogError, NewEntry, sqlite};

/// Entries that wait before senders are pushed back.
const QUEUE: usize = 1024;
/// Entries of one commit.
const GROUP: usize = 512;
/// Bytes after which a commit waits for nothing more.
const GROUP_BYTES: usize = 32 << 20;
/// Longest that a commit waits for as many entries as the one before it had.
const LINGER: Duration = Duration::from_millis(20);

/// How far the clock may stand before the last head at a start.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// The wall clock, as the loop of the writer reads it.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// What a log is written with.
pub struct Settings {
    pub path: PathBuf,
    pub origin: String,
    pub key: SecretKey,
    /// While the key changes: the old one, which signs heads too.
    pub leaving: Option<SecretKey>,
    pub clock: Clock,
}

/// A handle to the writer thread; clones are cheap. The thread ends when the last one is dropped.
#[derive(Clone)]
pub struct LogWriter {
    queue: SyncSender<Request>,
    sizes: watch::Receiver<u64>,
    erased_to: Arc<AtomicU64>,
}

/// Tells when the writer thread has ended, and why.
pub struct WriterTask(oneshot::Receiver<Result<(), LogError>>);

struct Request {
    entry: NewEntry,
    /// Size of the head that the sender has verified.
    known: u64,
    answer: oneshot::Sender<Result<Committed, AppendError>>,
}

/// Makes the database of a new log with a signed head of size 0.
pub fn create(settings: &Settings) -> Result<Head, LogError> {
    let conn = sqlite::create(&settings.path)?;
    let checkpoint = Checkpoint { origin: settings.origin.clone(), size: 0, root: empty_root() };
    let signed = checkpoint.sign(&settings.key)?;
    let head = Head { checkpoint, signed };
    sqlite::put_head(&conn, &head, &commit::rfc3339((settings.clock)()))?;
    Ok(head)
}

impl LogWriter {
    /// Opens the log, checks that it is whole and our own, and starts the thread. The caller holds the lock on the data
    /// directory: two writers would each believe that the head is theirs.
    pub fn start(settings: Settings) -> Result<(Self, WriterTask), LogError> {
        Self::start_with(settings, Box::new(|_, _| Ok(())))
    }

    pub(super) fn start_with(
        settings: Settings,
        hook: Hook,
    ) -> Result<(Self, WriterTask), LogError> {
        let conn = sqlite::open(&settings.path)?;
        let Settings { origin, key, leaving, clock, .. } = settings;
        let keys: Vec<SecretKey> = leaving.into_iter().chain([key]).collect();
        let verifiers = keys.iter().map(|key| Verifier::new(&origin, key.public()));
        let verifiers = verifiers.collect::<Result<Vec<_>, _>>()?;
        let state = commit::load(&conn, &verifiers)?;
        let now = (clock)();
        // A moment behind may be a clock that is being set right: the first commits wait for it.
        if now.checked_add(CLOCK_SLACK).is_ok_and(|later| !state.accepts(later)) {
            let last = state.last_rx().to_owned();
            return Err(LogError::ClockBehind { now: commit::rfc3339(now), last });
        }
        let (publish, sizes) = watch::channel(state.head.checkpoint.size);
        let erased_to = Arc::new(AtomicU64::new(state.erased_to()));
        let (queue, arrivals) = std::sync::mpsc::sync_channel(QUEUE);
        let (state, last) = (Some(state), 0);
        let erased = Arc::clone(&erased_to);
        let writer =
            Writer { conn, keys, verifiers, clock, hook, state, arrivals, publish, erased, last };
        let (ended, task) = oneshot::channel();
        let run = move || {
            // Nobody may be waiting for the end any more; the thread is over either way.
            drop(ended.send(writer.run()));
        };
        std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(run)
            .map_err(LogError::Thread)?;
        Ok((Self { queue, sizes, erased_to }, WriterTask(task)))
    }

    /// Appends one entry; answers when its head is on disk and published.
    pub async fn append(&self, entry: NewEntry) -> Result<Committed, AppendError> {
        self.append_after(entry, 0).await
    }

    /// [`LogWriter::append`], with the way from the head of `known` entries that the sender has verified to the new one.
    pub async fn append_after(
        &self,
        entry: NewEntry,
        known: u64,
    ) -> Result<Committed, AppendError> {
        let (answer, committed) = oneshot::channel();
        self.queue.try_send(Request { entry, known, answer }).map_err(|refused| match refused {
            TrySendError::Full(_) => AppendError::Busy,
            TrySendError::Disconnected(_) => AppendError::Stopped,
        })?;
        committed.await.map_err(|_dropped| AppendError::Stopped)?
    }

    /// Entries of the newest published head.
    pub fn size(&self) -> u64 {
        *self.sizes.borrow()
    }

    /// The index after the newest tombstone; one below a [`LogWriter::size`] that was told before is never left out.
    pub fn erased_to(&self) -> u64 {
        self.erased_to.load(Ordering::Acquire)
    }

    /// Sizes of published heads.
    pub fn sizes(&self) -> watch::Receiver<u64> {
        self.sizes.clone()
    }
}

impl WriterTask {
    /// Waits for the thread; an error means that the log must not be served any longer.
    pub async fn ended(&mut self) -> Result<(), LogError> {
        let died = |_dropped| LogError::Thread(std::io::Error::other("ended without a word"));
        (&mut self.0).await.map_err(died)?
    }
}

struct Writer {
    conn: Connection,
    /// Each signs every head, oldest first.
    keys: Vec<SecretKey>,
    verifiers: Vec<Verifier>,
    clock: Clock,
    hook: Hook,
    /// `None` after a failed round: to be loaded from disk before anything else.
    state: Option<State>,
    arrivals: Receiver<Request>,
    publish: watch::Sender<u64>,
    /// Tells of tombstones before the head that covers them is told.
    erased: Arc<AtomicU64>,
    /// Entries of the last round: how much company the next one may expect.
    last: usize,
}

impl Writer {
    fn run(mut self) -> Result<(), LogError> {
        while let Some(batch) = self.collect() {
            self.last = batch.len();
            if let Err(error) = self.round(batch) {
                if error.is_fatal() {
                    return Err(error);
                }
                tracing::warn!(%error, "the log could not commit; its state is read again from disk");
                self.state = None;
                self.reload()?;
            }
        }
        Ok(())
    }

    /// What a failed round left in memory is not believed. A round that persisted although it failed is published now.
    fn reload(&mut self) -> Result<(), LogError> {
        match commit::load(&self.conn, &self.verifiers) {
            Ok(state) => {
                self.erased.store(state.erased_to(), Ordering::Release);
                self.publish.send_replace(state.head.checkpoint.size);
                self.state = Some(state);
                Ok(())
            }
            Err(error) if error.is_fatal() => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the log's state cannot be read yet");
                Ok(())
            }
        }
    }

    /// Waits for an entry, then for company only while the last round had more: one lone agent is answered at once, a
    /// crowd shares a commit.
    fn collect(&self) -> Option<Vec<Request>> {
        let first = self.arrivals.recv().ok()?;
        let until = Instant::now() + LINGER;
        let mut bytes = first.entry.bytes();
        let mut batch = vec![first];
        while batch.len() < GROUP && bytes < GROUP_BYTES {
            let next = match self.arrivals.try_recv() {
                Ok(next) => next,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) if batch.len() >= self.last => break,
                Err(TryRecvError::Empty) => {
                    let left = until.saturating_duration_since(Instant::now());
                    match self.arrivals.recv_timeout(left) {
                        Ok(next) => next,
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    }
                }
            };
            bytes += next.entry.bytes();
            batch.push(next);
        }
        Some(batch)
    }

    /// One commit. The senders of a round that fails are told to try again, whether or not it persisted: the log knows
    /// their entries by place and digest.
    fn round(&mut self, batch: Vec<Request>) -> Result<(), LogError> {
        let outcome = self.commit(&batch);
        let (placed, head) = match outcome {
            Ok(Some(done)) => done,
            Ok(None) => {
                refuse(batch);
                return Ok(());
            }
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                refuse(batch);
                return Err(error);
            }
        };
        // 7. Publish. Crash before: the next start publishes what it loads.
        self.publish.send_replace(head.checkpoint.size);
        // 8. Answer. Crash before: the agents send again and get the same index.
        let mut stored = Stored::new(&self.conn);
        for (request, placed) in batch.into_iter().zip(placed) {
            let committed = match placed {
                Ok((index, leaf)) => Ok(Committed {
                    index,
                    proof: stored.receipt(index, leaf, &head)?,
                    consistency: stored.follows(request.known, &head)?,
                    head: head.clone(),
                }),
                Err(refused) => Err(refused),
            };
            // The sender may have gone; the entry is in the log all the same.
            drop(request.answer.send(committed));
        }
        Ok(())
    }

    /// `None`: the clock stands before the last head, so nothing may be signed.
    fn commit(&mut self, batch: &[Request]) -> Result<Option<(Vec<Placed>, Head)>, LogError> {
        let state = match self.state.take() {
            Some(state) => state,
            None => commit::load(&self.conn, &self.verifiers)?,
        };
        let now = (self.clock)();
        if !state.accepts(now) {
            let (now, last) = (commit::rfc3339(now), state.last_rx());
            tracing::error!(
                now,
                last,
                "the clock stands before the last signed head: nothing is admitted until it is past it"
            );
            self.state = Some(state);
            return Ok(None);
        }
        let entries: Vec<&NewEntry> = batch.iter().map(|request| &request.entry).collect();
        let (state, placed) =
            commit::commit(&self.conn, &self.keys, state, &entries, now, &mut self.hook)?;
        let head = state.head.clone();
        self.erased.store(state.erased_to(), Ordering::Release);
        self.state = Some(state);
        Ok(Some((placed, head)))
    }
}

fn refuse(batch: Vec<Request>) {
    for request in batch {
        // The sender may have gone.
        drop(request.answer.send(Err(AppendError::Busy)));
    }
}

impl NewEntry {
    fn bytes(&self) -> usize {
        self.envelope.len() + self.documents.iter().map(Vec::len).sum::<usize>()
    }
}
