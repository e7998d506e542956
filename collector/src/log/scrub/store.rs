//! `scrub.db`: how far the present pass is, how the last one ended, and what is damaged. Kept apart from the log: a note about
//! damage must not need the damaged file.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::{Damage, Part, Plan};

const LAYOUT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE running(one INTEGER PRIMARY KEY CHECK(one = 1), started TEXT NOT NULL, size INTEGER NOT NULL,
    documents INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;
CREATE TABLE last(one INTEGER PRIMARY KEY CHECK(one = 1), started TEXT NOT NULL, finished TEXT NOT NULL,
    size INTEGER NOT NULL, documents INTEGER NOT NULL) STRICT;
CREATE TABLE damage(part TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, first TEXT NOT NULL, seen TEXT NOT NULL,
    PRIMARY KEY(part, name, detail)) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
";

/// Damaged things that are kept; a broken disk may damage millions.
const MOST: i64 = 1000;

/// A shared connection; every use is short. Several processes may have it open.
#[derive(Clone)]
pub struct ScrubStore(Arc<Mutex<Connection>>);

/// A pass under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Running {
    /// RFC 3339.
    pub started: String,
    #[serde(flatten)]
    pub plan: Plan,
    /// Slices that are done, of `slices`.
    pub done: u64,
    pub slices: u64,
}

/// The last pass that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Last {
    pub started: String,
    pub finished: String,
    #[serde(flatten)]
    pub plan: Plan,
}

/// Damage with the times at which it was first and last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub part: String,
    pub name: String,
    pub detail: String,
    pub first: String,
    pub seen: String,
}

/// How the scrub stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub running: Option<Running>,
    pub last: Option<Last>,
    /// At most 1000; it stays until a whole pass no longer meets it.
    pub damage: Vec<Found>,
}

/// Why the database does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    #[error("scrub database: {0}; it may be deleted, the next pass begins anew")]
    Sqlite(#[from] rusqlite::Error),
    #[error("scrub database has layout {0}, this version reads 1; it may be deleted")]
    Layout(i64),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.damage.first() {
            let Found { part, name, detail, .. } = first;
            write!(f, "DAMAGED, {} things, first: {part} {name}: {detail}; ", self.damage.len())?;
        }
        match &self.last {
            Some(Last { finished, plan, .. }) => {
                let Plan { size, documents } = plan;
                write!(
                    f,
                    "{size} entries and {documents} documents hashed again until {finished}"
                )?;
            }
            None => write!(f, "no pass is finished yet")?,
        }
        match &self.running {
            Some(Running { done, slices, started, .. }) => {
                write!(f, "; since {started} another, {done} of {slices} parts done")
            }
            None => Ok(()),
        }
    }
}

impl ScrubStore {
    /// Opens the database, making it if it is not there.
    pub fn open(path: &Path) -> Result<Self, ScrubError> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        let layout =
            |conn: &Connection| conn.query_row("PRAGMA user_version", [], |row| row.get(0));
        if layout(&conn)? == 0 {
            conn.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))?;
        }
        match layout(&conn)? {
            LAYOUT => Ok(Self(Arc::new(Mutex::new(conn)))),
            found => Err(ScrubError::Layout(found)),
        }
    }

    pub fn standing(&self) -> Result<Standing, ScrubError> {
        let conn = self.conn();
        let sql = "SELECT part, name, detail, first, seen FROM damage ORDER BY part, name, detail";
        let mut statement = conn.prepare_cached(sql)?;
        let damage = statement.query_map([], found)?.collect::<Result<_, _>>()?;
        Ok(Standing { running: running(&conn)?, last: last(&conn)?, damage })
    }

    /// Begins a pass.
    pub fn begin(&self, plan: &Plan, now: &str) -> Result<(), ScrubError> {
        let sql = "INSERT OR REPLACE INTO running(one, started, size, documents, done) VALUES(1, ?1, ?2, ?3, 0)";
        self.conn().execute(sql, params![now, int(plan.size), int(plan.documents)])?;
        Ok(())
    }

    /// One more slice is done; true for damage that was not known.
    pub fn advance(&self, damage: &[Damage], now: &str) -> Result<Vec<bool>, ScrubError> {
        let mut conn = self.conn();
        let all = conn.transaction()?;
        let mut new = Vec::new();
        for Damage { part, name, detail } in damage {
            let key = params![part.as_str(), name, detail, now];
            // Every later entry that names a lost document would tell it again.
            let sql =
                "UPDATE damage SET seen = ?4 WHERE part = ?1 AND name = ?2 AND (detail = ?3 OR ?5)";
            let once = *part == Part::LostDocument;
            let known = all.execute(sql, params![part.as_str(), name, detail, now, once])? > 0;
            if !known {
                let sql = format!(
                    "INSERT INTO damage(part, name, detail, first, seen) SELECT ?1, ?2, ?3, ?4, ?4
                    WHERE (SELECT count(*) FROM damage) < {MOST}"
                );
                all.execute(&sql, key)?;
            }
            new.push(!known);
        }
        all.execute("UPDATE running SET done = done + 1", [])?;
        all.commit()?;
        Ok(new)
    }

    /// The pass is at its end: damage that it did not meet is mended.
    pub fn finish(&self, now: &str) -> Result<(), ScrubError> {
        let mut conn = self.conn();
        let all = conn.transaction()?;
        let sql = "INSERT OR REPLACE INTO last(one, started, finished, size, documents)
            SELECT 1, started, ?1, size, documents FROM running";
        all.execute(sql, [now])?;
        all.execute("DELETE FROM damage WHERE seen < (SELECT started FROM running)", [])?;
        all.execute("DELETE FROM running", [])?;
        Ok(all.commit()?)
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn running(conn: &Connection) -> rusqlite::Result<Option<Running>> {
    let sql = "SELECT started, size, documents, done FROM running";
    conn.query_row(sql, [], |row| {
        let plan = plan(row, 1)?;
        let (started, done) = (row.get(0)?, uint(row.get(3)?));
        Ok(Running { started, plan, done, slices: plan.slices() })
    })
    .optional()
}

fn last(conn: &Connection) -> rusqlite::Result<Option<Last>> {
    let sql = "SELECT started, finished, size, documents FROM last";
    conn.query_row(sql, [], |row| {
        Ok(Last { started: row.get(0)?, finished: row.get(1)?, plan: plan(row, 2)? })
    })
    .optional()
}

fn plan(row: &Row<'_>, from: usize) -> rusqlite::Result<Plan> {
    Ok(Plan { size: uint(row.get(from)?), documents: uint(row.get(from + 1)?) })
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        part: row.get(0)?,
        name: row.get(1)?,
        detail: row.get(2)?,
        first: row.get(3)?,
        seen: row.get(4)?,
    })
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
