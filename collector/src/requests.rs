//! Requests that commands leave in the secrets database for the collector that serves: only it may write to the log.
//! Whoever can write to the data directory may ask; nobody else can. It never does what is asked.

use std::pin::Pin;
use std::sync::Arc;

use exhibit_proto::digest::Digest;
use exhibit_proto::log_key::Phase;
use exhibit_proto::statement::{Activity, Decision, Hold, HoldLifted};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::identity::Revocation;
use crate::secrets::{SecretsDb, SecretsError};

const SCHEMA: &str = "DROP TABLE IF EXISTS revocation;
CREATE TABLE IF NOT EXISTS request(
    id INTEGER PRIMARY KEY AUTOINCREMENT, asked INTEGER NOT NULL, request TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0, answer TEXT) STRICT;
CREATE TABLE IF NOT EXISTS parcel(digest TEXT PRIMARY KEY, asked INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;";
/// How long a parcel lies that nobody fetched: its command went away.
const PARCEL_HOURS: i64 = 1;

/// What a command asks for. A new kind of request is a variant here, one in [`Done`], and what does it in `app/desk.rs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Revoke an agent's key.
    Revoke(Revocation),
    /// Log what a person did at the command line.
    Record(Activity),
    /// Delete what the retention rules let go, one batch of it.
    Retain,
    /// Delete one document, whatever its age.
    Delete { digest: Digest, by: String, reason: String },
    /// Make a legal hold.
    Hold(Hold),
    /// End a legal hold.
    Lift(HoldLifted),
    /// Put a rule pack in force, or propose it.
    ActivatePack(PackGiven),
    /// Put a proposed rule pack in force.
    ApprovePack(PackApproved),
    /// Begin or end a change of the log's own key.
    LogKey(KeyChange),
    /// Log what a person decided; `file`: a parcel was left with these bytes.
    Decide { decision: Decision, file: Option<Digest> },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// The agent's id and the index of the entry.
    Revoked { agent: String, entry: u64 },
    /// The index of the entry.
    Recorded { entry: u64 },
    /// The tombstone's index, unless nothing was due; how many documents more are due.
    Deleted { entry: Option<u64>, documents: u64, left: u64 },
    /// The index of the entry that made a hold, or ended one.
    Held { entry: u64 },
    /// The entry that put a rule pack in force, or proposed it; whether no key of the configuration signed it; tests of its own.
    Pack { entry: u64, proposed: bool, version: String, pack: String, unsigned: bool, tests: usize },
    /// A change of the log's own key began or ended.
    LogKey(KeyChanged),
    /// The index of the entry; whether a second person must approve it.
    Decided { entry: u64, proposed: bool },
}

/// Rules that somebody wants in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackGiven {
    /// The archive; the pack that ships if absent.
    pub archive: Option<String>,
    /// The signed note over it.
    pub note: Option<String>,
    pub by: String,
    pub reason: String,
}

/// A second person agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackApproved {
    /// Entry that proposes the pack.
    pub proposed: u64,
    pub by: String,
    pub reason: String,
}

/// Which end of a change, who wants it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    pub phase: Phase,
    pub by: String,
    pub reason: String,
}

/// A change that is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChanged {
    pub phase: Phase,
    /// Index of the entry that says so.
    pub entry: u64,
    /// Verifier keys of the log.
    pub old: String,
    pub new: String,
    /// The policy that auditors need from now on.
    pub policy: String,
}

/// What came of it, or why nothing did.
pub type Answer = Result<Done, String>;

/// Has a request done at once by whoever serves; answers when it is on disk.
pub type AskDesk =
    Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// The requests of a collector; blocking. Clones share the connection.
#[derive(Clone)]
pub struct Mailbox(SecretsDb);

/// Why the mailbox does not answer.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("request {id} cannot be read by this version: {source}; use the program that serves")]
    Form { id: i64, source: serde_json::Error },
    #[error("request cannot be written: {0}")]
    Write(#[source] serde_json::Error),
}

impl Mailbox {
    pub fn open(db: SecretsDb) -> Result<Self, MailboxError> {
        db.with(|conn| conn.execute_batch(SCHEMA))?;
        Ok(Self(db))
    }

    /// Leaves a request; answers its number. It is served even if the asker goes away.
    pub fn ask(&self, request: &Request, now: Timestamp) -> Result<i64, MailboxError> {
        let request = serde_json::to_string(request).map_err(MailboxError::Write)?;
        Ok(self.0.with(|conn| {
            conn.execute("DELETE FROM request WHERE answer IS NOT NULL", [])?;
            conn.execute(
                "INSERT INTO request(asked, request) VALUES(?1, ?2)",
                params![now.as_millisecond(), request],
            )?;
            Ok(conn.last_insert_rowid())
        })?)
    }

    /// Leaves bytes for a request that names them.
    pub fn bring(&self, bytes: &[u8], now: Timestamp) -> Result<Digest, MailboxError> {
        let (digest, old) = (Digest::of(bytes), now.as_millisecond() - PARCEL_HOURS * 3_600_000);
        self.0.with(|conn| {
            conn.execute("DELETE FROM parcel WHERE asked < ?1", [old])?;
            let sql = "INSERT OR REPLACE INTO parcel(digest, asked, bytes) VALUES(?1, ?2, ?3)";
            conn.execute(sql, params![digest.to_string(), now.as_millisecond(), bytes])
        })?;
        Ok(digest)
    }

    /// Takes bytes that were left.
    pub fn fetch(&self, digest: &Digest) -> Result<Option<Vec<u8>>, MailboxError> {
        Ok(self.0.with(|conn| {
            let sql = "DELETE FROM parcel WHERE digest = ?1 RETURNING bytes";
            conn.query_row(sql, [digest.to_string()], |row| row.get(0)).optional()
        })?)
    }

    /// Takes the oldest request that was not answered: from now on it cannot be withdrawn. One that this version cannot
    /// read is answered with that.
    pub fn next(&self) -> Result<Option<(i64, Request)>, MailboxError> {
        let sql = "SELECT id, request FROM request WHERE answer IS NULL ORDER BY id LIMIT 1";
        loop {
            let row: Option<(i64, String)> = self.0.with(|conn| {
                conn.prepare_cached(sql)?
                    .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })?;
            let Some((id, text)) = row else { return Ok(None) };
            match serde_json::from_str(&text) {
                Ok(request) => {
                    let sql = "UPDATE request SET taken = 1 WHERE id = ?1 AND taken = 0";
                    self.0.with(|conn| conn.prepare_cached(sql)?.execute([id]))?;
                    return Ok(Some((id, request)));
                }
                Err(source) => {
                    let unread = MailboxError::Form { id, source };
                    self.answer(id, &Err(unread.to_string()))?;
                }
            }
        }
    }

    /// Answers a request.
    pub fn answer(&self, id: i64, answer: &Answer) -> Result<(), MailboxError> {
        let answer = serde_json::to_string(answer).map_err(MailboxError::Write)?;
        let sql = "UPDATE request SET answer = ?2 WHERE id = ?1";
        Ok(self.0.with(|conn| conn.execute(sql, params![id, answer]).map(drop))?)
    }

    /// The answer, once there is one.
    pub fn answered(&self, id: i64) -> Result<Option<Answer>, MailboxError> {
        let sql = "SELECT answer FROM request WHERE id = ?1";
        let text: Option<String> =
            self.0.with(|conn| conn.query_row(sql, [id], |row| row.get(0)))?;
        let read = |text: String| serde_json::from_str(&text);
        text.map(read).transpose().map_err(|source| MailboxError::Form { id, source })
    }

    /// Takes a request back that nobody took; answers whether there was one.
    pub fn withdraw(&self, id: i64) -> Result<bool, MailboxError> {
        let sql = "DELETE FROM request WHERE id = ?1 AND taken = 0 AND answer IS NULL";
        Ok(self.0.with(|conn| Ok(conn.execute(sql, [id])? > 0))?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mailbox() -> (tempfile::TempDir, Mailbox) {
        let dir = tempfile::tempdir().unwrap();
        let db = SecretsDb::open(&dir.path().join("secrets.db")).unwrap();
        (dir, Mailbox::open(db).unwrap())
    }

    fn record(action: &str) -> Request {
        let (by, detail) = ("ada".into(), json!({"n": 1}));
        Request::Record(Activity { by, action: action.into(), detail })
    }

    #[test]
    fn requests_are_answered_once_in_order() {
        let (_dir, mailbox) = mailbox();
        let now = Timestamp::UNIX_EPOCH;
        let (agent, by, reason) = ("a".into(), "ada".into(), "lost".into());
        let revoke = Request::Revoke(Revocation { agent, by, reason });
        let one = mailbox.ask(&revoke, now).unwrap();
        let two = mailbox.ask(&record("b"), now).unwrap();
        assert_eq!(mailbox.next().unwrap(), Some((one, revoke)));
        assert_eq!(mailbox.answered(one).unwrap(), None);
        let done = Ok(Done::Revoked { agent: "a".into(), entry: 7 });
        mailbox.answer(one, &done).unwrap();
        assert_eq!(mailbox.answered(one).unwrap(), Some(done));
        assert!(!mailbox.withdraw(one).unwrap());
        assert!(mailbox.withdraw(two).unwrap());
        let three = mailbox.ask(&record("c"), now).unwrap();
        assert_eq!(mailbox.next().unwrap(), Some((three, record("c"))));
        assert!(!mailbox.withdraw(three).unwrap(), "it was taken");
        mailbox.answer(three, &Err("no".into())).unwrap();
        assert_eq!(mailbox.next().unwrap(), None);
    }

    #[test]
    fn a_request_of_another_version_is_answered_and_holds_nothing_up() {
        let (_dir, mailbox) = mailbox();
        let sql = r#"INSERT INTO request(asked, request) VALUES(0, '{"ask":"from_the_future"}')"#;
        mailbox.0.with(|conn| conn.execute(sql, [])).unwrap();
        let two = mailbox.ask(&record("b"), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(mailbox.next().unwrap(), Some((two, record("b"))));
        let answered = mailbox.answered(1).unwrap().unwrap().unwrap_err();
        assert!(answered.contains("from_the_future"), "{answered}");
    }
}
