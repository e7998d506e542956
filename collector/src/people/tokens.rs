//! Tokens for programs that ask the API: shown once, kept as a digest, with an end and no more rights than their owner has
//! when they are used. Enrolment tokens of agents are something else (`identity`).

use std::fmt;
use std::str::FromStr;

use exhibit_proto::digest::Digest;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::{OptionalExtension as _, Row};

use super::sessions::role;
use super::{People, PeopleError, Person, Right, Rights, Role};

/// How every token begins: secret scanners look for `exh_` and 48 hexadecimal digits, the last 8 a checksum.
const PREFIX: &str = "exh_";
const RANDOM_BYTES: usize = 20;
const CHECK_DIGITS: usize = 8;
/// Days after which a token ends, unless its maker says otherwise.
const DEFAULT_DAYS: i64 = 90;
/// Longest life of a token, in days.
const MAX_DAYS: i64 = 366;
/// The same where a provider says who its owner is: only a sign-in there tells that they are still wanted.
const MAX_DAYS_ELSEWHERE: i64 = 30;
const MAX_NAME: usize = 100;
/// Tokens of one person that have not ended.
const MOST: i64 = 50;

pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS api_tokens (
  id        TEXT PRIMARY KEY,
  digest    TEXT NOT NULL UNIQUE,
  user      TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  name      TEXT NOT NULL,
  scopes    TEXT NOT NULL,
  created   INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  last_used INTEGER,
  revoked   INTEGER
) STRICT, WITHOUT ROWID;";

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Read,
    Evidence,
    Bring,
    Decide,
    Export,
    Audit,
}

impl Scope {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Evidence, Self::Bring, Self::Decide, Self::Export, Self::Audit];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Evidence => "evidence",
            Self::Bring => "bring",
            Self::Decide => "decide",
            Self::Export => "export",
            Self::Audit => "audit",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Read => "controls, findings, targets, the log",
            Self::Evidence => "documents and files",
            Self::Bring => "bring evidence, attest, write notes",
            Self::Decide => "waivers, scope, applicability, labels, and what people bring",
            Self::Export => "make reports",
            Self::Audit => "take part in audits, make them",
        }
    }

    /// A second person is a person, and so is who manages people: no scope approves or administers.
    const fn rights(self) -> Rights {
        match self {
            Self::Read => Rights::of(&[Right::See]),
            Self::Evidence => Rights::of(&[Right::SeeEvidence]),
            Self::Bring => Rights::of(&[Right::Bring]),
            Self::Decide => Rights::of(&[Right::Bring, Right::Decide]),
            Self::Export => Rights::of(&[Right::Export]),
            Self::Audit => Rights::of(&[Right::AuditRoom, Right::Audit]),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| {
            format!("there is no scope {text:?}: expected read, evidence, bring, decide, export or audit")
        })
    }
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    pub user: String,
    /// What it is for.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// From 1 to what [`People::api_token_days`] says.
    pub days: i64,
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Names it; opens nothing.
    pub id: String,
    pub user: String,
    pub name: String,
    pub scopes: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub last_used: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// Who a token speaks for, and what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub user: String,
    pub role: Role,
    pub rights: Rights,
    pub audit: Option<String>,
    /// Id of the token.
    pub token: String,
}

impl NewApiToken {
    /// What it may at most.
    fn scopes(&self) -> String {
        let mut scopes = self.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn most_days(person: &Person) -> i64 {
    if person.elsewhere { MAX_DAYS_ELSEWHERE } else { MAX_DAYS }
}

fn rights_of(scopes: &str) -> Rights {
    let scopes = scopes.split(' ').filter_map(|scope| scope.parse::<Scope>().ok());
    scopes.fold(Rights::of(&[Right::Enter]), |rights, scope| rights.or(scope.rights()))
}

/// Whether a text has the form of a token: what was mistyped or cut is told from what is unknown without the database.
fn well_formed(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(PREFIX) else { return false };
    let hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let random = digits.len().checked_sub(CHECK_DIGITS);
    match random.and_then(|random| digits.split_at_checked(random)) {
        Some((random, check)) if hex && random.len() == 2 * RANDOM_BYTES => check == sum(random),
        _ => false,
    }
}

fn sum(random: &str) -> String {
    let digest = Digest::of_parts(&[b"exhibit token\n", random.as_bytes()]).to_string();
    digest.chars().take(CHECK_DIGITS).collect()
}

impl People {
    /// Whether it can be made; the id that it will have comes with [`People::create_api_token`].
    pub fn check_api_token(&self, new: &NewApiToken, now: Timestamp) -> Result<(), PeopleError> {
        let refused = |text: String| Err(PeopleError::Refused(text));
        let name = new.name.trim();
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return refused(format!("say in 1 to {MAX_NAME} letters what the token is for"));
        }
        if new.scopes.is_empty() {
            return refused("choose at least one scope".to_owned());
        }
        let Some(person) = self.person(&new.user, now)? else {
            return refused(format!("there is nobody named {:?}", new.user));
        };
        let most = most_days(&person);
        let of = if person.elsewhere { " of somebody who signs in at a provider" } else { "" };
        if !(1..=most).contains(&new.days) {
            return refused(format!("a token{of} lives for 1 to {most} days, not {}", new.days));
        }
        let rights = person.access.role.rights(person.access.audit.is_some());
        if let Some(more) =
            new.scopes.iter().find(|scope| scope.rights().and(rights) == Rights::NONE)
        {
            return refused(format!(
                "{} is {} and could not use the scope {more}",
                person.name, person.access.role
            ));
        }
        let open: i64 = self.db.with(|connection| {
            let sql = "SELECT count(*) FROM api_tokens WHERE user = ?1 AND revoked IS NULL AND expires > ?2";
            connection.query_row(sql, (&person.name, now.as_second()), |row| row.get(0))
        })?;
        if open >= MOST {
            return refused(format!("{} has {open} tokens: revoke some first", person.name));
        }
        Ok(())
    }

    /// Days after which a token of somebody ends unless its maker says otherwise, and at most.
    pub fn api_token_days(&self, user: &str, now: Timestamp) -> Result<(i64, i64), PeopleError> {
        let most = self.person(user, now)?.map_or(MAX_DAYS, |person| most_days(&person));
        Ok((DEFAULT_DAYS.min(most), most))
    }

    /// An id for a token that is going to be made.
    pub fn next_api_token(&self) -> Result<String, PeopleError> {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
        Ok(format!("T-{}", hex::encode(bytes)))
    }

    /// Makes it; the answer is shown once.
    pub fn create_api_token(
        &self,
        id: &str,
        new: &NewApiToken,
        now: Timestamp,
    ) -> Result<String, PeopleError> {
        self.check_api_token(new, now)?;
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
        let random = hex::encode(bytes);
        let token = format!("{PREFIX}{random}{}", sum(&random));
        let digest = Digest::of(token.as_bytes()).to_string();
        self.db.with(|connection| {
            connection.execute(
                "INSERT INTO api_tokens (id, digest, user, name, scopes, created, expires)
                 SELECT ?1, ?2, name, ?4, ?5, ?6, ?7 FROM users WHERE name = ?3 COLLATE NOCASE",
                (
                    id,
                    digest,
                    &new.user,
                    new.name.trim(),
                    new.scopes(),
                    now.as_second(),
                    new.ends(now),
                ),
            )
        })?;
        Ok(token)
    }

    /// Tokens of somebody, or of everybody; the newest first.
    pub fn api_tokens(&self, user: Option<&str>) -> Result<Vec<ApiToken>, PeopleError> {
        Ok(self.db.with(|connection| {
            let mut ask = connection.prepare(
                "SELECT id, user, name, scopes, created, expires, last_used, revoked FROM api_tokens
                 WHERE ?1 IS NULL OR user = ?1 COLLATE NOCASE ORDER BY created DESC, id",
            )?;
            ask.query_map([user], listed)?.collect()
        })?)
    }

    /// Ends a token, of `user` or of anybody; answers whether there was one that had not ended.
    pub fn revoke_api_token(
        &self,
        id: &str,
        user: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, PeopleError> {
        Ok(self.db.with(|connection| {
            let sql = "UPDATE api_tokens SET revoked = ?3
                       WHERE id = ?1 AND revoked IS NULL AND (?2 IS NULL OR user = ?2 COLLATE NOCASE)";
            Ok(connection.execute(sql, (id, user, now.as_second()))? > 0)
        })?)
    }

    /// The token of a text and whose it is, if there ever was one: to tell of a use of one that has ended.
    pub fn ended_api_token(&self, token: &str) -> Result<Option<(String, String)>, PeopleError> {
        if !well_formed(token) {
            return Ok(None);
        }
        let digest = Digest::of(token.as_bytes()).to_string();
        Ok(self.db.with(|connection| {
            let sql = "SELECT id, user FROM api_tokens WHERE digest = ?1";
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            connection.query_row(sql, [digest], row).optional()
        })?)
    }

    /// Who a token speaks for, if it has not ended and they have not either.
    pub fn bearer(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>, PeopleError> {
        if !well_formed(token) {
            return Ok(None);
        }
        let (digest, now) = (Digest::of(token.as_bytes()).to_string(), now.as_second());
        Ok(self.db.with(|connection| {
            let sql = "SELECT id, user, role, audit, scopes, last_used FROM api_tokens
                       JOIN users ON users.name = user
                       WHERE digest = ?1 AND revoked IS NULL AND expires > ?2 AND NOT disabled
                         AND (valid_until IS NULL OR valid_until > ?2)";
            let found = connection
                .prepare_cached(sql)?
                .query_row((digest, now), |row| Ok((bearer(row)?, row.get::<_, Option<i64>>(5)?)));
            let Some((bearer, last_used)) = found.optional()? else { return Ok(None) };
            // Once a minute is enough to know that it is in use.
            if last_used.is_none_or(|last_used| last_used + 60 <= now) {
                let sql = "UPDATE api_tokens SET last_used = ?2 WHERE id = ?1";
                connection.execute(sql, (&bearer.token, now))?;
            }
            Ok(Some(bearer))
        })?)
    }
}

/// Ends all tokens of somebody: whoever made them may not have been them.
pub(super) fn revoked(
    tx: &rusqlite::Transaction<'_>,
    name: &str,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let sql = "UPDATE api_tokens SET revoked = ?2
               WHERE user = ?1 COLLATE NOCASE AND revoked IS NULL AND expires > ?2";
    tx.execute(sql, (name, now.as_second()))
}

impl NewApiToken {
    fn ends(&self, now: Timestamp) -> i64 {
        let end = now.checked_add((self.days * 24).hours());
        end.unwrap_or(now).as_second()
    }

    /// The entry that says that it was made.
    pub fn activity(
        &self,
        id: &str,
        by: &str,
        now: Timestamp,
    ) -> exhibit_proto::statement::Activity {
        let expires = Timestamp::from_second(self.ends(now)).unwrap_or(now).to_string();
        let detail = serde_json::json!({
            "token": id, "of": self.user, "scopes": self.scopes(), "expires": expires,
        });
        let action = "api_token_created".to_owned();
        exhibit_proto::statement::Activity { by: by.to_owned(), action, detail }
    }
}

fn bearer(row: &Row<'_>) -> rusqlite::Result<Bearer> {
    let (role, audit) = (role(&row.get::<_, String>(2)?)?, row.get::<_, Option<String>>(3)?);
    let rights = role.rights(audit.is_some()).and(rights_of(&row.get::<_, String>(4)?));
    Ok(Bearer { token: row.get(0)?, user: row.get(1)?, role, rights, audit })
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    let time = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
    Ok(ApiToken {
        id: row.get(0)?,
        user: row.get(1)?,
        name: row.get(2)?,
        scopes: row.get(3)?,
        created: time(row.get(4)?),
        expires: time(row.get(5)?),
        last_used: row.get::<_, Option<i64>>(6)?.map(time),
        revoked: row.get::<_, Option<i64>>(7)?.map(time),
    })
}
