//! Sessions: an opaque random id in the browser, its digest here, an end by idleness and by age.

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{People, PeopleError, stored};

/// A session that nobody used for so long has ended.
pub const IDLE_MINUTES: i64 = 60;
/// A session of this age has ended.
pub const ABSOLUTE_HOURS: i64 = 12;

/// What the cookie carries. Shows nothing of itself.
#[derive(Clone)]
pub struct SessionId([u8; 32]);

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub user: String,
    /// The password was set by somebody else: nothing but changing it is allowed.
    pub must_change: bool,
}

impl SessionId {
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; 32];
        (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    pub fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    /// The token that the session's forms carry; tells nothing about the id.
    pub fn csrf(&self) -> String {
        Digest::of_parts(&[b"exhibit form\n", &self.0]).to_string()
    }
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId")
    }
}

impl People {
    /// The session of an id, if it has not ended; counts as a use of it.
    pub fn session(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, PeopleError> {
        let (id, now) = (stored(&id.0), now.as_second());
        let session = self.db.with(|connection| {
            let tx = connection.transaction()?;
            tx.execute(
                "DELETE FROM sessions WHERE last_used < ?1 OR created < ?2",
                (now - IDLE_MINUTES * 60, now - ABSOLUTE_HOURS * 3600 + 1),
            )?;
            let session = tx
                .query_row(
                    "SELECT user, must_change, last_used FROM sessions JOIN users ON users.name = user WHERE id = ?1",
                    [&id],
                    |row| {
                        let session = Session { user: row.get(0)?, must_change: row.get(1)? };
                        Ok((session, row.get::<_, i64>(2)?))
                    },
                )
                .optional()?;
            // Once a minute is enough to know that it is in use.
            if session.as_ref().is_some_and(|(_, last_used)| *last_used + 60 <= now) {
                tx.execute("UPDATE sessions SET last_used = ?2 WHERE id = ?1", (&id, now))?;
            }
            tx.commit()?;
            Ok(session.map(|(session, _)| session))
        })?;
        Ok(session)
    }

    pub fn sign_out(&self, id: &SessionId) -> Result<(), PeopleError> {
        let id = stored(&id.0);
        self.db
            .with(|connection| connection.execute("DELETE FROM sessions WHERE id = ?1", [&id]))?;
        Ok(())
    }

    /// A new id at each sign-in, so that an id planted beforehand is worth nothing.
    pub(super) fn open_session(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<(SessionId, Session), PeopleError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
        let now = now.as_second();
        let must_change = self.db.with(|connection| {
            connection.execute(
                "INSERT INTO sessions VALUES (?1, ?2, ?3, ?3)",
                (stored(&bytes), name, now),
            )?;
            connection.query_row("SELECT must_change FROM users WHERE name = ?1", [name], |row| {
                row.get(0)
            })
        })?;
        Ok((SessionId(bytes), Session { user: name.to_owned(), must_change }))
    }
}
