//! The database of people: password verifiers, sessions, digests of tokens. Nothing in it is part of any proof, and no secret stands
//! in it in a form that could be used, but for the second factor's, which must be computed with.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

/// A shared connection; every use is short. Several processes may have it open (`serve` and `token create`).
#[derive(Clone)]
pub struct SecretsDb(Arc<Mutex<Connection>>);

/// Why the database does not answer.
#[derive(Debug, thiserror::Error)]
#[error("secrets database: {0}")]
pub struct SecretsError(#[from] rusqlite::Error);

impl SecretsDb {
    /// Opens the database, making it if it is not there; each room creates its own tables in it (`IF NOT EXISTS`).
    pub fn open(path: &Path) -> Result<Self, SecretsError> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self(Arc::new(Mutex::new(conn))))
    }

    /// Runs `act` with the connection; blocking.
    pub fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SecretsError> {
        let mut conn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(act(&mut conn)?)
    }
}
