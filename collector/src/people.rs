//! Users, their passwords and their sessions. They never decide anything that an auditor relies on: what a person does
//! becomes an entry of the log, and that entry names the person.
//!
//! Passwords are kept as argon2id verifiers, sessions as the digest of a random id.

mod elsewhere;
mod password;
mod role;
mod schema;
mod second;
mod sessions;
mod tokens;
mod users;

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use sessions::Opened;

use crate::secrets::{SecretsDb, SecretsError};

pub use elsewhere::{Arrived, Elsewhere, FLOW_SECONDS, Flow};
pub use password::MIN_PASSWORD_CHARS;
pub use role::{Right, Rights, Role};
pub use second::Second;
pub use sessions::{ABSOLUTE_HOURS, From, IDLE_MINUTES, OpenSession, Session, SessionId};
pub use tokens::{ApiToken, Bearer, NewApiToken, Scope};
pub use users::{Access, Change, ONE_TIME_HOURS, Person};

/// Hashes at the same time: each takes 19 MiB and some tens of milliseconds of a processor.
const HASHES: usize = 2;

/// Why a person is turned away, or cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("name or password is wrong")]
    Wrong,
    #[error("{0}")]
    Policy(&'static str),
    /// The password is right, and opens nothing any more.
    #[error("{0}")]
    Closed(&'static str),
    /// A change of people that cannot be made.
    #[error("{0}")]
    Refused(String),
    #[error("password could not be hashed: {0}")]
    Hash(String),
    #[error("no randomness: {0}")]
    Random(String),
    #[error("the thread that hashes ended early")]
    Interrupted,
}

/// Users and sessions. Clones share everything.
#[derive(Clone)]
pub struct People {
    db: SecretsDb,
    hashes: std::sync::Arc<tokio::sync::Semaphore>,
}

/// Makes the first user with a random password that must be changed at the first sign-in; answers name and password.
pub fn create_first_user(db: &SecretsDb) -> Result<(String, String), PeopleError> {
    let (name, password) = ("admin".to_owned(), password::random()?);
    let verifier = password::hash(&password)?;
    db.with(|connection| {
        schema::settle(connection)?;
        let sql =
            "INSERT INTO users (name, verifier, must_change, role) VALUES (?1, ?2, 1, 'admin')";
        connection.execute(sql, (&name, &verifier))
    })?;
    Ok((name, password))
}

impl People {
    pub fn open(db: SecretsDb) -> Result<Self, PeopleError> {
        db.with(schema::settle)?;
        Ok(Self { db, hashes: std::sync::Arc::new(tokio::sync::Semaphore::new(HASHES)) })
    }

    /// Checks name and password and opens a session. Takes as long for a name that does not exist.
    pub async fn sign_in(
        &self,
        name: String,
        password: String,
        from: From,
        now: Timestamp,
    ) -> Result<(SessionId, Session), PeopleError> {
        let people = self.clone();
        self.hashing(move || {
            let name = people.check(&name, &password, now)?;
            let opened = match people.second(&name)? {
                Second::Confirmed(_) => Opened::Half,
                Second::None | Second::Begun(_) => Opened::Whole,
            };
            people.open_session(&name, &from, opened, now)
        })
        .await
    }

    /// Sets a new password after checking the present one; ends all sessions of the user and opens a new one.
    pub async fn change_password(
        &self,
        name: String,
        present: String,
        new: String,
        from: From,
        now: Timestamp,
    ) -> Result<(SessionId, Session), PeopleError> {
        let people = self.clone();
        self.hashing(move || {
            let name = people.check(&name, &present, now)?;
            password::policy(&name, &present, &new)?;
            let verifier = password::hash(&new)?;
            people.db.with(|connection| {
                let tx = connection.transaction()?;
                tx.execute(
                    "UPDATE users SET verifier = ?2, must_change = 0, password_until = NULL WHERE name = ?1",
                    (&name, &verifier),
                )?;
                tx.execute("DELETE FROM sessions WHERE user = ?1", [&name])?;
                tx.commit()
            })?;
            people.open_session(&name, &from, Opened::Whole, now)
        })
        .await
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PeopleError> + Send + 'static,
    ) -> Result<T, PeopleError> {
        let _turn = self.hashes.acquire().await.map_err(|_closed| PeopleError::Interrupted)?;
        tokio::task::spawn_blocking(work).await.map_err(|_join| PeopleError::Interrupted)?
    }

    /// The name as it is written here, if the password is theirs and opens something.
    fn check(&self, name: &str, password: &str, now: Timestamp) -> Result<String, PeopleError> {
        type Row = (String, String, bool, Option<i64>, Option<i64>);
        let found: Option<Row> = self.db.with(|connection| {
            let sql = "SELECT name, verifier, disabled, valid_until, password_until FROM users
                       WHERE name = ?1 COLLATE NOCASE";
            let row = |row: &rusqlite::Row<'_>| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            };
            connection.query_row(sql, [name], row).optional()
        })?;
        // Who signs in elsewhere has no password here.
        let verifier = found.as_ref().map(|found| found.1.as_str()).filter(|it| !it.is_empty());
        if !password::verify(verifier, password)? {
            return Err(PeopleError::Wrong);
        }
        let Some((name, _, disabled, valid_until, password_until)) = found else {
            return Err(PeopleError::Wrong);
        };
        let over = |end: Option<i64>| end.is_some_and(|end| end <= now.as_second());
        if disabled {
            return Err(PeopleError::Closed("this account is disabled; an admin can enable it"));
        }
        if over(valid_until) {
            return Err(PeopleError::Closed(
                "the time of this account is over; an admin can extend it",
            ));
        }
        if over(password_until) {
            return Err(PeopleError::Closed(
                "this first password is too old; an admin can make another",
            ));
        }
        Ok(name)
    }
}

#[cfg(test)]
impl People {
    /// A person with a password of their own, signed in.
    pub(crate) fn entered_for_test(&self, name: &str, access: Access, now: Timestamp) -> SessionId {
        let (full_name, email) = (String::new(), String::new());
        let add = Change::Add { name: name.to_owned(), full_name, email, access };
        self.change(&add, now).unwrap();
        let sql = "UPDATE users SET must_change = 0, password_until = NULL WHERE name = ?1";
        self.db.with(|connection| connection.execute(sql, [name])).unwrap();
        self.open_session(name, &From::default(), Opened::Whole, now).unwrap().0
    }
}

/// Digest under which a secret id is stored and found.
fn stored(id: &[u8; 32]) -> String {
    Digest::of(id).to_string()
}

fn stored_text(secret: &str) -> String {
    Digest::of(secret.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    fn people() -> (tempfile::TempDir, People, String) {
        let dir = tempfile::tempdir().unwrap();
        let db = SecretsDb::open(&dir.path().join("secrets.db")).unwrap();
        let (name, password) = create_first_user(&db).unwrap();
        assert_eq!(name, "admin");
        (dir, People::open(db).unwrap(), password)
    }

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_signs_in_and_the_first_one_must_be_changed() {
        let (_dir, people, password) = people();
        let wrong =
            people.sign_in("admin".into(), "wrong password".into(), From::default(), now()).await;
        assert!(matches!(wrong, Err(PeopleError::Wrong)));
        let nobody =
            people.sign_in("nobody".into(), password.clone(), From::default(), now()).await;
        assert!(matches!(nobody, Err(PeopleError::Wrong)));
        let (id, session) =
            people.sign_in("admin".into(), password.clone(), From::default(), now()).await.unwrap();
        assert!(session.must_change);
        let new = "a quite long new one";
        let changed = people.change_password(
            "admin".into(),
            password.clone(),
            new.into(),
            From::default(),
            now(),
        );
        let (fresh, session) = changed.await.unwrap();
        assert!(!session.must_change);
        assert!(people.session(&id, now()).unwrap().is_none(), "the old session has ended");
        assert!(people.session(&fresh, now()).unwrap().is_some());
        assert!(people.sign_in("admin".into(), password, From::default(), now()).await.is_err());
    }

    #[tokio::test]
    async fn weak_passwords_are_refused() {
        let (_dir, people, password) = people();
        for weak in ["short", "admin-admin1", password.as_str(), "aaaaaaaaaaaaaaaa"] {
            let changed = people
                .change_password(
                    "admin".into(),
                    password.clone(),
                    weak.into(),
                    From::default(),
                    now(),
                )
                .await;
            assert!(matches!(changed, Err(PeopleError::Policy(_))), "{weak}");
        }
    }

    #[tokio::test]
    async fn sessions_end_by_sign_out_idleness_and_age() {
        let (_dir, people, password) = people();
        let (id, _) =
            people.sign_in("admin".into(), password.clone(), From::default(), now()).await.unwrap();
        people.sign_out(&id).unwrap();
        assert!(people.session(&id, now()).unwrap().is_none());
        let (id, _) =
            people.sign_in("admin".into(), password.clone(), From::default(), now()).await.unwrap();
        let idle = now().checked_add((IDLE_MINUTES + 1).minutes()).unwrap();
        assert!(people.session(&id, idle).unwrap().is_none());
        let (id, _) =
            people.sign_in("admin".into(), password, From::default(), now()).await.unwrap();
        let mut moment = now();
        let end = now().checked_add(ABSOLUTE_HOURS.hours()).unwrap();
        while moment < end {
            assert!(people.session(&id, moment).unwrap().is_some());
            moment = moment.checked_add((IDLE_MINUTES / 2).minutes()).unwrap();
        }
        assert!(people.session(&id, moment).unwrap().is_none());
    }

    #[test]
    fn session_ids_read_only_in_their_own_spelling() {
        assert!(SessionId::parse("abc").is_none());
        let id = SessionId::parse(&"ab".repeat(32)).unwrap();
        assert_eq!(id.to_text(), "ab".repeat(32));
        assert_ne!(id.csrf(), id.to_text());
    }
}
