//! The tables as they stand at one moment, whoever writes meanwhile: for what reads long or often. Never follows the log.

use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::Connection;

use super::{Inner, Present, Views, ViewsError, Writer, connect, position};

impl Views {
    /// The same tables, held as they are now: every answer comes from one moment. One question at a time: whoever asks while
    /// rows are streamed is refused.
    pub fn pinned(&self) -> Result<Self, ViewsError> {
        let connection = connect(&self.0.path)?;
        self.0.then.as_ref().map_or(Ok(()), |then| then.front(&connection))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.execute_batch("BEGIN")?;
        // SQLite takes the moment of the first question.
        position(&connection)?;
        let writer =
            Writer { connection: Connection::open_in_memory()?, assessor: None, live: None };
        let pinned = Self(Arc::new(Inner {
            path: self.0.path.clone(),
            log: self.0.log.clone(),
            present: Present::new(self.0.present.shipped().clone()),
            opened: OnceLock::new(),
            writer: Mutex::new(writer),
            turning: Mutex::new(None),
            idle: Mutex::new(vec![connection]),
            assessed: Mutex::new(None),
            past: Mutex::default(),
            pinned: true,
            then: self.0.then.clone(),
            moved: tokio::sync::watch::Sender::new(0),
        }));
        // The pack of this moment is found before anybody streams rows.
        pinned.assessor();
        Ok(pinned)
    }
}
