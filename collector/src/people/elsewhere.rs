//! People who sign in at an OpenID provider: who they are there decides who they are here, never a name or an e-mail address,
//! which can be given to somebody else.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, TransactionBehavior};

use super::sessions::Opened;
use super::{From, People, PeopleError, Role, Session, SessionId, stored_text, tokens};

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS identities (
  issuer  TEXT NOT NULL,
  subject TEXT NOT NULL,
  user    TEXT NOT NULL UNIQUE REFERENCES users (name) ON DELETE CASCADE,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flows (
  state    TEXT PRIMARY KEY,
  nonce    TEXT NOT NULL,
  verifier TEXT NOT NULL,
  next     TEXT NOT NULL,
  created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

/// How long a person may stay at the provider.
pub const FLOW_SECONDS: i64 = 600;
/// Sign-ins under way: more are refused until older ones end.
const MOST_FLOWS: i64 = 10_000;
const MAX_NAME: usize = 40;

/// Who somebody is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub issuer: String,
    pub subject: String,
    /// How they would like to be called.
    pub name: String,
    pub full_name: String,
    pub email: String,
}

/// What was kept of a sign-in that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub nonce: String,
    pub verifier: String,
    pub next: String,
}

/// Somebody who came back from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Their name here, or the one that they would get.
    pub name: String,
    /// The role that they had here; `None`: they are new.
    pub role: Option<Role>,
}

impl People {
    pub fn begin_flow(&self, state: &str, flow: &Flow, now: Timestamp) -> Result<(), PeopleError> {
        let (state, now) = (stored_text(state), now.as_second());
        let kept = self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute("DELETE FROM flows WHERE created <= ?1", [now - FLOW_SECONDS])?;
            let open: i64 = tx.query_row("SELECT count(*) FROM flows", [], |row| row.get(0))?;
            if open >= MOST_FLOWS {
                return Ok(false);
            }
            let Flow { nonce, verifier, next } = flow;
            let sql = "INSERT INTO flows VALUES (?1, ?2, ?3, ?4, ?5)";
            tx.execute(sql, (state, nonce, verifier, next, now))?;
            tx.commit()?;
            Ok(true)
        })?;
        if kept {
            return Ok(());
        }
        Err(PeopleError::Closed("too many sign-ins are under way; wait ten minutes"))
    }

    /// What was kept under a state, once.
    pub fn take_flow(&self, state: &str, now: Timestamp) -> Result<Option<Flow>, PeopleError> {
        let begun = now.as_second() - FLOW_SECONDS;
        Ok(self.db.with(|connection| {
            let sql = "DELETE FROM flows WHERE state = ?1 RETURNING nonce, verifier, next, created";
            let row = |row: &rusqlite::Row<'_>| {
                let flow = Flow { nonce: row.get(0)?, verifier: row.get(1)?, next: row.get(2)? };
                Ok((flow, row.get::<_, i64>(3)?))
            };
            let found = connection.query_row(sql, [stored_text(state)], row).optional()?;
            Ok(found.filter(|(_, created)| *created > begun).map(|(flow, _)| flow))
        })?)
    }

    /// Who somebody is here, or who they would be.
    pub fn arrived(&self, who: &Elsewhere, now: Timestamp) -> Result<Arrived, PeopleError> {
        let linked: Option<String> = self.db.with(|connection| {
            let sql = "SELECT user FROM identities WHERE issuer = ?1 AND subject = ?2";
            connection.query_row(sql, (&who.issuer, &who.subject), |row| row.get(0)).optional()
        })?;
        let Some(name) = linked else {
            return Ok(Arrived { name: self.free_name(&who.name)?, role: None });
        };
        let person = self.person(&name, now)?.ok_or(PeopleError::Wrong)?;
        if person.disabled {
            return Err(PeopleError::Closed("this account is disabled; an admin can enable it"));
        }
        if person.access.valid_until.is_some_and(|until| until <= now) {
            return Err(PeopleError::Closed(
                "the time of this account is over; an admin can extend it",
            ));
        }
        Ok(Arrived { name, role: Some(person.access.role) })
    }

    /// Ends the sessions and tokens of somebody whom the provider gives no role any more; answers who that is, and how many of each.
    pub fn unwanted(
        &self,
        who: &Elsewhere,
        now: Timestamp,
    ) -> Result<Option<(String, usize, usize)>, PeopleError> {
        Ok(self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT user FROM identities WHERE issuer = ?1 AND subject = ?2";
            let linked: Option<String> =
                tx.query_row(sql, (&who.issuer, &who.subject), |row| row.get(0)).optional()?;
            let Some(name) = linked else { return Ok(None) };
            let sessions = tx.execute("DELETE FROM sessions WHERE user = ?1", [&name])?;
            let tokens = tokens::revoked(&tx, &name, now)?;
            tx.commit()?;
            Ok(Some((name, sessions, tokens)))
        })?)
    }

    /// Makes somebody who is new, or gives them their role, and opens a session.
    pub fn enter(
        &self,
        (who, name): (&Elsewhere, &str),
        role: Role,
        from: &From,
        now: Timestamp,
    ) -> Result<(SessionId, Session), PeopleError> {
        self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT user FROM identities WHERE issuer = ?1 AND subject = ?2";
            let linked: Option<String> =
                tx.query_row(sql, (&who.issuer, &who.subject), |row| row.get(0)).optional()?;
            if linked.is_none() {
                let sql = "INSERT INTO users (name, verifier, must_change, role, created) VALUES (?1, '', 0, ?2, ?3)";
                tx.execute(sql, (name, role.as_str(), now.as_second()))?;
                let sql = "INSERT INTO identities VALUES (?1, ?2, ?3)";
                tx.execute(sql, (&who.issuer, &who.subject, name))?;
            }
            let sql = "DELETE FROM sessions WHERE user = ?1 AND EXISTS (SELECT 1 FROM users WHERE name = ?1 AND role <> ?2)";
            tx.execute(sql, (name, role.as_str()))?;
            let sql = "UPDATE users SET role = ?2, audit = NULL, full_name = ?3, email = ?4 WHERE name = ?1";
            tx.execute(sql, (name, role.as_str(), &who.full_name, &who.email))?;
            tx.commit()
        })?;
        self.open_session(name, from, Opened::Elsewhere, now)
    }

    /// A name that nobody has, like the one that they would like.
    fn free_name(&self, wish: &str) -> Result<String, PeopleError> {
        let fine = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
        let wish: String = wish.chars().filter(fine).take(MAX_NAME).collect();
        let wish = wish.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let wish = if wish.is_empty() { "person" } else { wish };
        for number in 1..10_000 {
            let name = if number == 1 { wish.to_owned() } else { format!("{wish}-{number}") };
            if self.known(&name)?.is_none() {
                return Ok(name);
            }
        }
        Err(PeopleError::Refused(format!("too many people are named like {wish:?}")))
    }

    /// How a name is written here, if somebody has it.
    pub fn known(&self, name: &str) -> Result<Option<String>, PeopleError> {
        Ok(self.db.with(|connection| {
            let sql = "SELECT name FROM users WHERE name = ?1 COLLATE NOCASE";
            connection.query_row(sql, [name], |row| row.get(0)).optional()
        })?)
    }
}
