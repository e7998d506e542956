//! `witness.db`: what witnesses have signed. A fact from outside: it is kept apart from the log, so that a log restored from
//! a backup can be told from what was already seen of it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::witness::Seen;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::{Circle, Member, WitnessError};
use crate::log::Head;

const LAYOUT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE cosigned(vkey TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY(vkey, size)) STRICT, WITHOUT ROWID;
CREATE TABLE standing(vkey TEXT PRIMARY KEY, asked TEXT NOT NULL, problem TEXT) STRICT;
CREATE TABLE published(one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
";

/// Of one witness's cosignatures the first of each span is kept as a bound in time, and the newest.
const SPAN_SECONDS: u64 = 600;

/// A shared connection; every use is short. Several processes may have it open.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

/// How one witness stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub name: String,
    pub url: String,
    /// Entries of the newest head it cosigned, and when (Unix seconds).
    pub cosigned: Option<(u64, u64)>,
    /// When it was last asked: RFC 3339.
    pub asked: Option<String>,
    /// Why the last asking brought no cosignature.
    pub problem: Option<String>,
}

impl Store {
    /// Opens the database, making it if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, WitnessError> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        let layout =
            |conn: &Connection| conn.query_row("PRAGMA user_version", [], |row| row.get(0));
        if layout(&conn)? == 0 {
            conn.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))?;
        }
        match layout(&conn)? {
            LAYOUT => Ok(Self(Arc::new(Mutex::new(conn)))),
            found => Err(WitnessError::Layout { found, expected: LAYOUT }),
        }
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest head that a witness cosigned.
    pub(super) fn newest(&self, member: &Member) -> Result<Option<Seen>, WitnessError> {
        let sql = "SELECT size, root FROM cosigned WHERE vkey = ?1 ORDER BY size DESC LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = self
            .conn()
            .query_row(sql, [member.witness.vkey()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(row.and_then(|(size, root)| {
            let root = Digest::try_from(root.as_slice()).ok()?;
            Some(Seen { size: u64::try_from(size).ok()?, root })
        }))
    }

    /// The lines that are held for exactly this head.
    pub(super) fn lines(&self, head: &Checkpoint) -> Result<Vec<String>, WitnessError> {
        lines(&self.conn(), head)
    }

    /// Keeps a verified cosignature, and publishes the head if it satisfies the quorum now.
    pub(super) fn record(
        &self,
        circle: &Circle,
        member: &Member,
        head: &Head,
        (line, time): (&str, u64),
    ) -> Result<(), WitnessError> {
        let mut conn = self.conn();
        let all = conn.transaction()?;
        let (vkey, size) = (member.witness.vkey(), int(head.checkpoint.size));
        let root = head.checkpoint.root.as_bytes().as_slice();
        let time = int(time);
        let first = time - time % int(SPAN_SECONDS);
        // The newest one before makes room, unless it is the first of its span; the published head has its own copy.
        all.execute(
            "DELETE FROM cosigned WHERE vkey = ?1 AND size = (SELECT max(size) FROM cosigned WHERE vkey = ?1 AND size < ?2)
             AND time >= ?3 AND EXISTS (SELECT 1 FROM cosigned AS c WHERE c.vkey = ?1 AND c.size < cosigned.size AND c.time >= ?3)",
            params![vkey, size, first],
        )?;
        all.execute(
            "INSERT OR REPLACE INTO cosigned(vkey, size, root, time, line) VALUES(?1, ?2, ?3, ?4, ?5)",
            params![vkey, size, root, time, line],
        )?;
        let (dressed, _) = circle.dress(head, &lines(&all, &head.checkpoint)?);
        if circle.witnessed(&dressed.signed).is_some() {
            all.execute(
                "INSERT INTO published(one, size, note) VALUES(1, ?1, ?2)
                 ON CONFLICT(one) DO UPDATE SET size = ?1, note = ?2 WHERE published.size <= ?1",
                params![size, dressed.signed],
            )?;
        }
        all.commit()?;
        Ok(())
    }

    /// Notes an asking and what came in its way; answers whether that is news.
    pub(super) fn asked(
        &self,
        member: &Member,
        at: &str,
        problem: Option<&str>,
    ) -> Result<bool, WitnessError> {
        let conn = self.conn();
        let vkey = member.witness.vkey();
        let sql = "SELECT problem FROM standing WHERE vkey = ?1";
        let before: Option<Option<String>> =
            conn.query_row(sql, [&vkey], |row| row.get(0)).optional()?;
        let sql = "INSERT OR REPLACE INTO standing(vkey, asked, problem) VALUES(?1, ?2, ?3)";
        conn.execute(sql, params![vkey, at, problem])?;
        Ok(before.as_ref().map(Option::as_deref) != Some(problem))
    }

    /// The newest head that satisfied the quorum, with its cosignatures.
    pub(super) fn published(&self) -> Result<Option<String>, WitnessError> {
        let sql = "SELECT note FROM published";
        Ok(self.conn().query_row(sql, [], |row| row.get(0)).optional()?)
    }

    pub(super) fn standing(&self, member: &Member) -> Result<Standing, WitnessError> {
        let conn = self.conn();
        let vkey = member.witness.vkey();
        let sql = "SELECT size, time FROM cosigned WHERE vkey = ?1 ORDER BY size DESC LIMIT 1";
        let cosigned: Option<(i64, i64)> =
            conn.query_row(sql, [&vkey], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let sql = "SELECT asked, problem FROM standing WHERE vkey = ?1";
        let asked: Option<(String, Option<String>)> =
            conn.query_row(sql, [&vkey], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (asked, problem) =
            asked.map_or((None, None), |(asked, problem)| (Some(asked), problem));
        let cosigned = cosigned
            .and_then(|(size, time)| Some((u64::try_from(size).ok()?, u64::try_from(time).ok()?)));
        let (name, url) = (member.name.clone(), member.url.clone());
        Ok(Standing { name, url, cosigned, asked, problem })
    }
}

fn lines(conn: &Connection, head: &Checkpoint) -> Result<Vec<String>, WitnessError> {
    let mut found = conn
        .prepare_cached("SELECT line FROM cosigned WHERE size = ?1 AND root = ?2 ORDER BY vkey")?;
    let root = head.root.as_bytes().as_slice();
    let rows = found.query_map(params![int(head.size), root], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Sizes and times of notes are below 2^63 by their own rules.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
