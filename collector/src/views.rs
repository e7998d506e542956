//! Tables derived from the log: who observed what, until when it held, what the rules say about it. They never hold
//! what the log does not, and never read a clock: an equal log gives equal tables.
//!
//! | part | does |
//! |---|---|
//! | `follow` | takes entries from the log, and the rule pack in force with them |
//! | `apply` | turns one entry into rows |
//! | `pinned` | the tables as of one moment |
//! | `counts` | numbers of each target, kept beside the rows that are counted |
//! | `kept` | what stays of findings whose document is deleted |
//! | `judge` | a rule pack and the findings it gives |
//! | `present` | the rule pack in force, lent to readers |
//! | `ahead` | what the next entries brought, judged on all cores before they are applied |
//! | `side_by_side` | the same work on many things, on all cores |
//! | `rejudge` | what another pack says of all that is current |
//! | `read` | what pages and exports ask for |
//! | `input` | what the judgement rests on, as rows say it |
//! | `claims` | what the tables say, to be judged again elsewhere |
//! | `trial` | what another pack would have said of a period |
//! | `live` | what holds now, in memory |
//! | `status` | control statuses at a moment, out of that |
//! | `history` | statuses at full hours of the log's own time |
//! | `hours` | what was judged at such an hour, kept whole |
//! | `as_of` | the tables as they stood at an earlier entry |
//! | `compare` | what changed between two moments, and why |
//! | `lapses` | intervals of a period without valid evidence |
//! | `said` | what a statement says, read from its envelope |
//! | `dump` | compares two sets of tables |

mod ahead;
mod apply;
mod as_of;
mod claims;
mod compare;
mod counts;
mod dump;
mod follow;
mod history;
mod hours;
mod input;
mod judge;
mod kept;
mod labels;
mod lapses;
mod live;
mod pinned;
mod present;
mod read;
mod rejudge;
mod said;
#[cfg(test)]
pub(crate) mod sample;
mod side_by_side;
mod status;
#[cfg(test)]
mod tests;
mod trial;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::statement::Run;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use crate::log::{Entry, LogError, LogReader};
use crate::opened::Opened;
use crate::packs::PacksError;
use live::Live;
use present::Present;

pub use as_of::{AsOf, Moment, MomentError};
pub use claims::LastWord;
pub use compare::{Comparison, ControlChange, Event, Happened, Side, Turn};
pub use dump::TableDump;
pub use follow::Turning;
pub use judge::{Assessor, AssessorError};
pub use kept::KEPT_MEDIA_TYPE;
pub use lapses::{Among, Lapse, LapseCause, LapsesOf, Period};
pub use read::{
    AgentRow, Asked, Candidate, Change, ChangeKind, CoverageRow, DigestOf, DocumentRow, Done,
    EntryFilter, EntryRow, FindingRow, Gap, Hashed, HoldRow, KindHeld, KindOnTarget, KindSeen,
    Named, NamedWhat, Narrow, NoticeRow, NoticeWhat, OutcomeRow, PackRow, Part, PlacedDocument,
    RecordRow, SORTED, ScheduleRow, Segment, StatusRow, TargetRow, TombstoneRow,
};
pub use status::{Assessment, Silent};
pub use trial::Tried;

const SCHEMA: &str = include_str!("views/schema.sql");
/// Raised when the tables or their meaning change; views of another version are rebuilt at open.
const VERSION: u32 = 19;
/// While entries come in crowds, the tables follow in steps: one transaction writes each page once.
const CROWD: u64 = 16;
const STEP: std::time::Duration = std::time::Duration::from_millis(50);
/// How long a lock is waited for: a collector that was just started holds it while it assesses ten thousand targets for the first
/// time, a quarter of a minute.
const BUSY: std::time::Duration = std::time::Duration::from_secs(60);
/// Prepared statements that a connection keeps: more than one entry needs.
const STATEMENTS: usize = 64;
/// Idle read connections that are kept: to open one and to prepare its questions takes longer than most answers.
const IDLE_READERS: usize = 16;
/// Pages that each of them remembers, in KiB: what lists ask again and again of ten thousand targets.
const READS_KIB: i64 = 16_000;

/// Why the views cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    #[error("views database: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("views cannot read the log: {0}")]
    Log(#[from] LogError),
    #[error("views database {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the log has no entry {0}, although its head covers it; check the log's storage")]
    Hole(u64),
    #[error("the views hold {found:?} where {expected} belongs; run `exhibit-collector rebuild`")]
    Row { expected: &'static str, found: String },
    #[error("the views at {0} were made by another version: restart `exhibit-collector serve`")]
    Misfit(PathBuf),
    #[error(transparent)]
    Pack(PacksError),
    #[error("the views are held at one moment and answer one question at a time")]
    Busy,
    #[error("the thread that reads the views ended early")]
    Interrupted,
}

/// The tables and what they are made from. Clones share everything.
#[derive(Clone)]
pub struct Views(Arc<Inner>);

struct Inner {
    path: PathBuf,
    log: LogReader,
    present: Present,
    /// Statements that were opened when they came in.
    opened: OnceLock<Opened>,
    /// The only connection that writes.
    writer: Mutex<Writer>,
    /// The pack that is being tried on all that is current.
    turning: Mutex<Option<Turning>>,
    idle: Mutex<Vec<Connection>>,
    assessed: Mutex<Option<Arc<Assessment>>>,
    /// The one idle connection is inside a transaction, and there must be no other.
    pinned: bool,
    /// Earlier moments that were asked for lately.
    past: Mutex<VecDeque<as_of::Remembered>>,
    /// None: the tables stand at the end of the log.
    then: Option<as_of::Then>,
    /// How many entries are in the tables, for those who wait for more.
    moved: watch::Sender<u64>,
}

/// Whoever writes the tables.
struct Writer {
    connection: Connection,
    /// What judges at the place where the tables stand; none: not looked yet.
    assessor: Option<Assessor>,
    /// What holds where the tables stand; none: to be read anew.
    live: Option<Live>,
}

impl Views {
    /// Opens the tables, or makes empty ones when there are none, or when they were made by another version or from
    /// another log. [`Views::catch_up`] fills them. `assessor` has the rules that ship: those of the log are read from it.
    ///
    /// The caller holds the lock on the data directory: nobody else may have the tables open when they are made anew.
    pub fn open(path: &Path, log: LogReader, assessor: Assessor) -> Result<Self, ViewsError> {
        let mut writer = connect(path)?;
        if !fits(&mut writer, &log)? {
            drop(writer);
            remove(path)?;
            writer = connect(path)?;
            create(&mut writer)?;
        }
        Self::over(path, writer, log, assessor)
    }

    /// Opens tables that another process may be following the log with; refuses those that do not fit.
    pub fn attach(path: &Path, log: LogReader, assessor: Assessor) -> Result<Self, ViewsError> {
        let mut writer = connect(path)?;
        if fits(&mut writer, &log)? {
            Self::over(path, writer, log, assessor)
        } else {
            Err(ViewsError::Misfit(path.to_owned()))
        }
    }

    fn over(
        path: &Path,
        connection: Connection,
        log: LogReader,
        assessor: Assessor,
    ) -> Result<Self, ViewsError> {
        live::take_notes(&connection)?;
        let (idle, assessed, past) = (Mutex::new(Vec::new()), Mutex::new(None), Mutex::default());
        let writer = Mutex::new(Writer { connection, assessor: None, live: None });
        let (path, opened, turning) = (path.to_owned(), OnceLock::new(), Mutex::new(None));
        let present = Present::new(assessor);
        let pinned = false;
        Ok(Self(Arc::new(Inner {
            path,
            log,
            present,
            opened,
            writer,
            turning,
            idle,
            assessed,
            pinned,
            moved: watch::Sender::new(0),
            past,
            then: None,
        })))
    }

    /// The same views, which take from `opened` what they need not open again; the first one given stays.
    pub fn given(self, opened: Opened) -> Self {
        self.0.opened.get_or_init(|| opened);
        self
    }

    /// Throws the tables at `path` away and makes them anew from the whole log. Nobody else may have them open.
    pub fn rebuild(path: &Path, log: LogReader, assessor: Assessor) -> Result<Self, ViewsError> {
        remove(path)?;
        let views = Self::open(path, log, assessor)?;
        views.catch_up()?;
        Ok(views)
    }

    /// The entry; if its run was opened already, that instead of its envelope.
    fn entry(
        &self,
        index: u64,
        leaf_bytes: Vec<u8>,
    ) -> Result<(Entry, Option<Arc<Run>>), ViewsError> {
        let leaf = Leaf::parse(&leaf_bytes).map_err(LogError::from)?;
        let opened = self.0.opened.get();
        let run = opened
            .filter(|_| leaf.t == EntryType::Evidence)
            .and_then(|opened| opened.take(&leaf.env, &leaf.key));
        let envelope = if run.is_some() { None } else { self.0.log.envelope(&leaf.env)? };
        Ok((Entry { index, leaf, leaf_bytes, envelope }, run))
    }

    /// How many entries are in the tables.
    pub fn applied(&self) -> Result<u64, ViewsError> {
        self.read(|connection| Ok(position(connection)?.0))
    }

    /// How many entries are in the tables, whenever that changes.
    pub fn moved(&self) -> watch::Receiver<u64> {
        self.0.moved.subscribe()
    }

    /// Builds the tables beside, as of the same entry, and names those that differ from the present ones.
    pub fn check(&self) -> Result<Vec<String>, ViewsError> {
        let applied = self.applied()?;
        let mut beside = self.0.path.clone().into_os_string();
        beside.push(".check");
        let beside = PathBuf::from(beside);
        remove(&beside)?;
        let shipped = self.0.present.shipped().clone();
        let fresh = Self::open(&beside, self.0.log.clone(), shipped)?;
        fresh.advance(applied)?;
        let (ours, theirs) = (self.dump()?, fresh.dump()?);
        drop(fresh);
        remove(&beside)?;
        let mut differing = dump::differing(&ours, &theirs);
        // Both count by the same steps: what they keep is held against the rows, too.
        if differing.is_empty() && self.read(counts::wrong)? > 0 {
            differing.push("target_counts".to_owned());
        }
        Ok(differing)
    }

    /// A digest of each table's rows.
    pub fn dump(&self) -> Result<Vec<TableDump>, ViewsError> {
        self.read(dump::tables)
    }

    /// Writes the tables anew without the room that deleted rows left, and empties the WAL; false: somebody is reading.
    pub fn erase_remains(&self) -> Result<bool, ViewsError> {
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = &writer.connection;
        writer.execute_batch("VACUUM")?;
        // Whoever reads is not waited for: the caller tries again.
        writer.busy_timeout(std::time::Duration::ZERO)?;
        let busy: rusqlite::Result<i64> =
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        writer.busy_timeout(BUSY)?;
        Ok(busy? == 0)
    }

    /// Follows the log until its writer is gone. Work runs off the async threads; a failure is told once and tried
    /// again with the next entry.
    pub async fn follow(self, mut sizes: watch::Receiver<u64>) {
        let mut before = 0;
        loop {
            let views = self.clone();
            match tokio::task::spawn_blocking(move || views.catch_up()).await {
                Ok(Ok(applied)) => {
                    if applied.saturating_sub(before) > CROWD && before > 0 {
                        tokio::time::sleep(STEP).await;
                    }
                    before = applied;
                }
                Ok(Err(error)) => tracing::error!(%error, "views could not follow the log"),
                Err(error) => tracing::error!(%error, "views stopped in the middle of an entry"),
            }
            if sizes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The framework and the rules in force where the tables stand.
    pub fn assessor(&self) -> &Assessor {
        if let Some(now) = self.0.present.now() {
            return now;
        }
        match self.read(|connection| self.judging(connection, None)) {
            Ok(judging) => self.0.present.set(&judging),
            Err(error) => tracing::error!(%error, "the rule pack in force cannot be read"),
        }
        self.0.present.now().unwrap_or_else(|| self.0.present.shipped())
    }

    /// The rules that ship with this program.
    pub fn shipped(&self) -> &Assessor {
        self.0.present.shipped()
    }

    /// The rule pack that is coming into force, and how far that is.
    pub fn turning(&self) -> Option<Turning> {
        *self.0.turning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn log(&self) -> &LogReader {
        &self.0.log
    }

    /// Lends a read-only connection that sees the tables of one moment.
    fn at_once<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, ViewsError>,
    ) -> Result<T, ViewsError> {
        self.read(|connection| {
            // Tables that are held as they were are in a transaction already.
            if !connection.is_autocommit() {
                return ask(connection);
            }
            let begun = connection.unchecked_transaction()?;
            let answer = ask(connection);
            begun.commit()?;
            answer
        })
    }

    /// Lends a read-only connection.
    fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, ViewsError>,
    ) -> Result<T, ViewsError> {
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None if self.0.pinned => return Err(ViewsError::Busy),
            None => {
                let connection = connect(&self.0.path)?;
                self.0.then.as_ref().map_or(Ok(()), |then| then.front(&connection))?;
                connection.pragma_update(None, "query_only", true)?;
                connection.pragma_update(None, "cache_size", -READS_KIB)?;
                connection
            }
        };
        let answer = ask(&connection);
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        answer
    }
}

fn connect(path: &Path) -> Result<Connection, ViewsError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What a crash loses is applied again from the log.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // What came of documents that are deleted must not stay behind in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Whether the tables are of this version, and follow from this log.
fn fits(connection: &mut Connection, log: &LogReader) -> Result<bool, ViewsError> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        return Ok(false);
    }
    let (applied, root) = position(connection)?;
    let Some(last) = applied.checked_sub(1) else { return Ok(true) };
    let leaf = log.entry(last)?;
    Ok(leaf.is_some_and(|entry| Digest::of(&entry.leaf_bytes).to_string() == root))
}

fn create(connection: &mut Connection) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    let root = Digest::ZERO.to_string();
    transaction.execute("INSERT INTO position VALUES (0, 0, ?1, 0)", [root])?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

fn position(connection: &Connection) -> Result<(u64, String), ViewsError> {
    let (applied, root): (i64, String) =
        connection.query_row("SELECT applied, root FROM position", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok((unsigned(applied), root))
}

fn remove(path: &Path) -> Result<(), ViewsError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.to_owned().into_os_string();
        file.push(suffix);
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ViewsError::File { path: file.into(), source }),
        }
    }
    Ok(())
}

/// SQLite has no unsigned numbers; what the log counts stays far below 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
