//! The tables as they stood at an earlier entry: the same questions, asked of a connection that has its own tables of those names
//! in front (`tables.sql`), so that whatever reads the present reads the past. Never changes anything, and never guesses: what
//! no row knows of then, the agents' statements tell.

mod moment;
mod shown;
mod told;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::hours::{self, Hour};
use super::{Assessment, Inner, Present, Views, ViewsError, Writer, connect, position, signed};
pub use moment::{AsOf, Moment, MomentError};
use told::Told;

const TABLES: &str = include_str!("as_of/tables.sql");
/// How many earlier moments are remembered, with what was assessed there.
const REMEMBERED: usize = 8;

/// Where tables stand that do not stand at the end of the log.
#[derive(Clone)]
pub(super) struct Then {
    /// So many entries of the log are in them.
    pub(super) entries: u64,
    at: Timestamp,
    told: Arc<Mutex<Told>>,
    /// The newest judgement before then that is kept.
    hour: Arc<OnceLock<Option<Hour>>>,
    /// What it says, without reasons.
    shown: Arc<Mutex<Option<Arc<Assessment>>>>,
}

/// Views of an earlier moment that were asked for lately.
pub(super) struct Remembered {
    entries: u64,
    at: Timestamp,
    /// The newest deletion when they were made: what it took must not be shown from memory.
    tombstone: Option<i64>,
    views: Views,
}

impl Then {
    /// Puts the tables of then in front of those of now.
    pub(super) fn front(&self, connection: &Connection) -> Result<(), ViewsError> {
        told::functions(connection, &self.told)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let tables = TABLES
            .replace("{entries}", &signed(self.entries).to_string())
            .replace("{at}", &self.at.as_millisecond().to_string());
        connection.execute_batch(&tables)?;
        hours::front(connection, self.entries)
    }
}

impl Views {
    /// The views as they stood once the log had `entries` entries, at `at`. Everything that is asked of them answers as of then.
    pub fn as_of(&self, entries: u64, at: Timestamp) -> Result<Self, ViewsError> {
        let (entries, tombstone) = self.read(|connection| {
            let newest =
                connection.query_row("SELECT max(idx) FROM tombstones", [], |row| row.get(0));
            Ok((entries.min(position(connection)?.0), newest?))
        })?;
        let mut past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.retain(|held| held.tombstone == tombstone);
        let held = past.iter().position(|held| held.entries == entries && held.at == at);
        if let Some(held) = held.and_then(|place| past.remove(place)) {
            let views = held.views.clone();
            past.push_front(held);
            return Ok(views);
        }
        drop(past);
        let views = self.standing(entries, at)?;
        let remembered = Remembered { entries, at, tombstone, views: views.clone() };
        let mut past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push_front(remembered);
        past.truncate(REMEMBERED);
        Ok(views)
    }

    fn standing(&self, entries: u64, at: Timestamp) -> Result<Self, ViewsError> {
        let judging = self.read(|connection| self.judging_at(connection, entries, None))?;
        // Compiled once, however many moments it was in force at.
        self.0.present.keep(&judging);
        let told = Told::new(connect(&self.0.path)?, self.0.log.clone(), entries);
        let told = Arc::new(Mutex::new(told));
        let then = Then { entries, at, told, hour: Arc::default(), shown: Arc::default() };
        let present = Present::new(self.0.present.shipped().clone());
        present.set(&judging);
        let writer =
            Writer { connection: Connection::open_in_memory()?, assessor: None, live: None };
        // As many entries as there are: what is known now is known of then, and nothing need be read again.
        let last = self.0.then.is_none() && self.applied()? == entries;
        let assessed = if last { Some(self.assess_at(at)?) } else { None };
        let assessed = assessed.filter(|found| found.applied == entries);
        Ok(Self(Arc::new(Inner {
            path: self.0.path.clone(),
            log: self.0.log.clone(),
            present,
            opened: OnceLock::new(),
            writer: Mutex::new(writer),
            turning: Mutex::new(None),
            idle: Mutex::default(),
            assessed: Mutex::new(assessed),
            past: Mutex::default(),
            pinned: false,
            moved: tokio::sync::watch::Sender::new(0),
            then: Some(then),
        })))
    }

    /// How many entries the log had at a moment. Entries stand in the order of their arrival; where a clock was set back in
    /// between, it is a moment beside it.
    pub fn entries_at(&self, at: Timestamp) -> Result<u64, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT rx FROM entries WHERE idx = ?1")?;
            let (mut low, mut high) = (0, position(connection)?.0);
            while low < high {
                let middle = low.midpoint(high);
                let received: i64 = ask.query_row([signed(middle)], |row| row.get(0))?;
                if received <= at.as_millisecond() {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Ok(low)
        })
    }

    /// When an entry was received.
    pub fn received(&self, index: u64) -> Result<Option<Timestamp>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT rx FROM entries WHERE idx = ?1")?;
            let received: Option<i64> =
                ask.query_row([signed(index)], |row| row.get(0)).optional()?;
            Ok(received.map(super::read::time))
        })
    }

    /// Every control's status at `now` by the first `entries` entries of the log.
    pub fn assess_as_of(
        &self,
        entries: u64,
        now: Timestamp,
    ) -> Result<Arc<Assessment>, ViewsError> {
        self.as_of(entries, now)?.assess(now)
    }
}
