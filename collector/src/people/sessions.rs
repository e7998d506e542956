//! Sessions: an opaque random id in the browser, its digest here, an end by idleness and by age.

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{People, PeopleError, Role, stored};

/// A session that nobody used for so long has ended.
pub const IDLE_MINUTES: i64 = 60;
/// A session of this age has ended.
pub const ABSOLUTE_HOURS: i64 = 12;

/// A session that waits for its second factor ends so soon.
const PENDING_MINUTES: i64 = 10;

/// What the cookie carries. Shows nothing of itself.
#[derive(Clone)]
pub struct SessionId([u8; 32]);

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub user: String,
    /// The password was set by somebody else: nothing but changing it is allowed.
    pub must_change: bool,
    pub role: Role,
    /// The only audit that an auditor may see, where they are bound to one.
    pub audit: Option<String>,
    /// The second factor is still asked for: nothing but showing it is allowed.
    pub pending: bool,
    /// They have a second factor, or signed in elsewhere.
    pub second_factor: bool,
}

/// How much a new session is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Whole,
    /// The second factor is still asked for.
    Half,
    /// Whole, by a provider.
    Elsewhere,
}

/// Where a session was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    pub address: String,
    /// What the browser calls itself.
    pub browser: String,
}

/// A session that has not ended, for whoever looks after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Names it on pages; opens nothing.
    pub handle: String,
    pub user: String,
    pub created: Timestamp,
    pub last_used: Timestamp,
    pub from: From,
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

    /// What names it where open sessions are listed.
    pub fn handle(&self) -> String {
        handle(&stored(&self.0))
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
                "DELETE FROM sessions WHERE last_used < ?1 OR created < ?2 OR (pending AND created < ?3)",
                (now - IDLE_MINUTES * 60, now - ABSOLUTE_HOURS * 3600 + 1, now - PENDING_MINUTES * 60),
            )?;
            let session = tx
                .query_row(
                    "SELECT user, must_change, role, audit, last_used, pending,
                       elsewhere OR EXISTS (SELECT 1 FROM second_factors AS second
                         WHERE second.user = sessions.user AND second.confirmed) FROM sessions
                     JOIN users ON users.name = user
                     WHERE id = ?1 AND NOT disabled AND (valid_until IS NULL OR valid_until > ?2)",
                    (&id, now),
                    |row| {
                        let session = Session {
                            user: row.get(0)?,
                            must_change: row.get(1)?,
                            role: role(&row.get::<_, String>(2)?)?,
                            audit: row.get(3)?,
                            pending: row.get(5)?,
                            second_factor: row.get(6)?,
                        };
                        Ok((session, row.get::<_, i64>(4)?))
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

    /// Sessions that have not ended: a user's, or everybody's; those in use last come first.
    pub fn sessions(
        &self,
        user: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<OpenSession>, PeopleError> {
        let now = now.as_second();
        Ok(self.db.with(|connection| {
            let mut ask = connection.prepare(
                "SELECT id, user, created, last_used, address, browser FROM sessions
                 WHERE (?1 IS NULL OR user = ?1) AND last_used >= ?2 AND created >= ?3
                 ORDER BY last_used DESC, id",
            )?;
            let ends = (user, now - IDLE_MINUTES * 60, now - ABSOLUTE_HOURS * 3600 + 1);
            let found = ask.query_map(ends, |row| {
                Ok(OpenSession {
                    handle: handle(&row.get::<_, String>(0)?),
                    user: row.get(1)?,
                    created: moment(row.get(2)?),
                    last_used: moment(row.get(3)?),
                    from: From { address: row.get(4)?, browser: row.get(5)? },
                })
            })?;
            found.collect()
        })?)
    }

    /// Ends the session of a handle, of `user` or of anybody; answers whose it was.
    pub fn end_session(
        &self,
        handle: &str,
        user: Option<&str>,
    ) -> Result<Option<String>, PeopleError> {
        Ok(self.db.with(|connection| {
            let sql = "DELETE FROM sessions WHERE substr(id, 1, length(?1)) = ?1 AND length(?1) = 16 AND (?2 IS NULL OR user = ?2) RETURNING user";
            connection.query_row(sql, (handle, user), |row| row.get(0)).optional()
        })?)
    }

    /// Ends all sessions of a user but one; answers how many.
    pub fn end_sessions(&self, user: &str, but: Option<&SessionId>) -> Result<usize, PeopleError> {
        let but = but.map(|id| stored(&id.0));
        Ok(self.db.with(|connection| {
            let sql = "DELETE FROM sessions WHERE user = ?1 AND (?2 IS NULL OR id <> ?2)";
            connection.execute(sql, (user, but))
        })?)
    }

    /// A new id at each sign-in, so that an id planted beforehand is worth nothing.
    pub(super) fn open_session(
        &self,
        name: &str,
        from: &From,
        opened: Opened,
        now: Timestamp,
    ) -> Result<(SessionId, Session), PeopleError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
        let at = now.as_second();
        let cut = |text: &str| text.chars().take(MAX_FROM).collect::<String>();
        self.db.with(|connection| {
            connection.execute(
                "INSERT INTO sessions (id, user, created, last_used, address, browser, pending, elsewhere)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
                (
                    stored(&bytes),
                    name,
                    at,
                    cut(&from.address),
                    cut(&from.browser),
                    opened == Opened::Half,
                    opened == Opened::Elsewhere,
                ),
            )
        })?;
        let id = SessionId(bytes);
        let session = self.session(&id, now)?.ok_or(PeopleError::Wrong)?;
        Ok((id, session))
    }
}

/// Letters of a stored id that name a session.
const HANDLE: usize = 16;
/// Longest that is kept of what a browser says of itself.
const MAX_FROM: usize = 200;

fn handle(stored: &str) -> String {
    stored.chars().take(HANDLE).collect()
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

pub(super) fn role(text: &str) -> rusqlite::Result<Role> {
    text.parse().map_err(|error: String| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(0, kind, error.into())
    })
}
