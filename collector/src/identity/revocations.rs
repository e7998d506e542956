//! Requests to revoke, left in the secrets database by a command and taken up by the collector that serves: only it may
//! write to the log. Whoever can write to the data directory may ask; nobody else can.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::secrets::{SecretsDb, SecretsError};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS revocation(
    id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, made_by TEXT NOT NULL, reason TEXT NOT NULL,
    asked INTEGER NOT NULL, revoked TEXT, entry INTEGER, error TEXT) STRICT;";

/// The requests of a collector; blocking.
#[derive(Clone)]
pub struct Revocations(SecretsDb);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Agent id, target or host name, as the person wrote it.
    pub agent: String,
    pub by: String,
    pub reason: String,
}

/// The agent's id and the index of the entry, or why nothing was revoked.
pub type Answer = Result<(String, u64), String>;

impl Revocations {
    pub fn open(db: SecretsDb) -> Result<Self, SecretsError> {
        db.with(|conn| conn.execute_batch(SCHEMA))?;
        Ok(Self(db))
    }

    /// Leaves a request; answers its number. It is served even if the asker goes away.
    pub fn ask(&self, asked: &Revocation, now: Timestamp) -> Result<i64, SecretsError> {
        self.0.with(|conn| {
            conn.execute(
                "DELETE FROM revocation WHERE entry IS NOT NULL OR error IS NOT NULL",
                [],
            )?;
            conn.execute(
                "INSERT INTO revocation(agent, made_by, reason, asked) VALUES(?1, ?2, ?3, ?4)",
                params![asked.agent, asked.by, asked.reason, now.as_millisecond()],
            )?;
            Ok(conn.last_insert_rowid())
        })
    }

    /// The oldest request that was not answered.
    pub fn next(&self) -> Result<Option<(i64, Revocation)>, SecretsError> {
        let sql = "SELECT id, agent, made_by, reason FROM revocation
            WHERE entry IS NULL AND error IS NULL ORDER BY id LIMIT 1";
        self.0.with(|conn| {
            conn.prepare_cached(sql)?
                .query_row([], |row| {
                    let (agent, by, reason) = (row.get(1)?, row.get(2)?, row.get(3)?);
                    Ok((row.get(0)?, Revocation { agent, by, reason }))
                })
                .optional()
        })
    }

    /// Answers a request with the agent's id and the index of the entry, or with why there is none.
    pub fn answer(&self, id: i64, done: &Answer) -> Result<(), SecretsError> {
        let (revoked, entry, error) = match done {
            Ok((agent, index)) => {
                (Some(agent), Some(i64::try_from(*index).unwrap_or(i64::MAX)), None)
            }
            Err(error) => (None, None, Some(error)),
        };
        let sql = "UPDATE revocation SET revoked = ?2, entry = ?3, error = ?4 WHERE id = ?1";
        self.0.with(|conn| conn.execute(sql, params![id, revoked, entry, error]).map(drop))
    }

    /// The answer, once there is one.
    pub fn answered(&self, id: i64) -> Result<Option<Answer>, SecretsError> {
        let sql = "SELECT revoked, entry, error FROM revocation WHERE id = ?1";
        type Row = (Option<String>, Option<i64>, Option<String>);
        let row: Row = self.0.with(|conn| {
            conn.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })?;
        Ok(match row {
            (Some(agent), Some(index), _) => Some(Ok((agent, index.unsigned_abs()))),
            (_, _, Some(error)) => Some(Err(error)),
            (_, _, None) => None,
        })
    }

    /// Takes a request back that was not answered; answers whether there was one.
    pub fn withdraw(&self, id: i64) -> Result<bool, SecretsError> {
        let sql = "DELETE FROM revocation WHERE id = ?1 AND entry IS NULL AND error IS NULL";
        self.0.with(|conn| Ok(conn.execute(sql, [id])? > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_answered_once_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let db = SecretsDb::open(&dir.path().join("secrets.db")).unwrap();
        let revocations = Revocations::open(db).unwrap();
        let asked = |agent: &str| Revocation {
            agent: agent.into(),
            by: "ada".into(),
            reason: "lost".into(),
        };
        let now = Timestamp::UNIX_EPOCH;
        let one = revocations.ask(&asked("a"), now).unwrap();
        let two = revocations.ask(&asked("b"), now).unwrap();
        assert_eq!(revocations.next().unwrap(), Some((one, asked("a"))));
        assert_eq!(revocations.answered(one).unwrap(), None);
        revocations.answer(one, &Ok(("a".into(), 7))).unwrap();
        assert_eq!(revocations.answered(one).unwrap(), Some(Ok(("a".into(), 7))));
        assert!(!revocations.withdraw(one).unwrap());
        assert_eq!(revocations.next().unwrap(), Some((two, asked("b"))));
        assert!(revocations.withdraw(two).unwrap());
        assert_eq!(revocations.next().unwrap(), None);
    }
}
