//! One-time tokens: hashed at rest, with an expiry and an optional host-name pattern, used up only by an enrolment that is in
//! the log.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

use super::{IdentityError, random};
use crate::secrets::{SecretsDb, SecretsError};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS token(
    hash BLOB PRIMARY KEY, expires INTEGER NOT NULL, host_name TEXT, made_by TEXT NOT NULL, takes_over INTEGER NOT NULL,
    reserved INTEGER, key BLOB, used INTEGER, agent TEXT) STRICT;";
/// How long an enrolment may hold a token without finishing.
const RESERVED: SignedDuration = SignedDuration::from_secs(60);

/// The tokens of a collector; blocking.
#[derive(Clone)]
pub struct Tokens(SecretsDb);

/// What a token is made with.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Hosts that may use it: `*` and `?` stand for any characters and one.
    pub host_name: Option<String>,
    pub expires: Timestamp,
    /// Who made it; stands in the enrolment's entry.
    pub made_by: String,
    /// Whether the enrolment may take a target from the agent that holds it.
    pub takes_over: bool,
}

/// What a token allows, while it is reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub made_by: String,
    pub takes_over: bool,
}

struct Row {
    expires: i64,
    host_name: Option<String>,
    made_by: String,
    takes_over: bool,
    reserved: Option<i64>,
    key: Option<[u8; 32]>,
    used: Option<i64>,
}

impl Tokens {
    pub fn open(db: SecretsDb) -> Result<Self, SecretsError> {
        db.with(|conn| conn.execute_batch(SCHEMA))?;
        Ok(Self(db))
    }

    /// Makes a token of 256 random bits; only its hash is kept.
    pub fn create(&self, new: &NewToken) -> Result<String, IdentityError> {
        let token = format!("exh_{}", URL_SAFE_NO_PAD.encode(random()?));
        let hash = Digest::of(token.as_bytes());
        self.0.with(|conn| {
            let sql = "INSERT INTO token(hash, expires, host_name, made_by, takes_over) VALUES(?1, ?2, ?3, ?4, ?5)";
            let expires = new.expires.as_millisecond();
            conn.execute(
                sql,
                params![hash.as_bytes(), expires, new.host_name, new.made_by, new.takes_over],
            )
        })?;
        Ok(token)
    }

    /// Holds a token for an enrolment of `key`, or says why not. [`Tokens::complete`] or [`Tokens::release`] follows; a crash
    /// between frees it after a minute.
    pub fn reserve(
        &self,
        token: &str,
        host_name: &str,
        key: &KeyId,
        now: Timestamp,
    ) -> Result<Grant, IdentityError> {
        let hash = Digest::of(token.as_bytes());
        self.0.with(|conn| {
            let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let row = transaction.query_row(
                "SELECT expires, host_name, made_by, takes_over, reserved, key, used FROM token WHERE hash = ?1",
                [hash.as_bytes()],
                |row| {
                    Ok(Row {
                        expires: row.get(0)?,
                        host_name: row.get(1)?,
                        made_by: row.get(2)?,
                        takes_over: row.get(3)?,
                        reserved: row.get(4)?,
                        key: row.get(5)?,
                        used: row.get(6)?,
                    })
                },
            );
            let grant = match row.optional()? {
                Some(row) => row.decide(host_name, key, now),
                None => Err(IdentityError::TokenUnknown),
            };
            if grant.is_ok() {
                let sql = "UPDATE token SET reserved = ?2, key = ?3 WHERE hash = ?1";
                transaction.execute(sql, params![hash.as_bytes(), now.as_millisecond(), key.as_bytes()])?;
                transaction.commit()?;
            }
            Ok(grant)
        })?
    }

    /// Uses the token up.
    pub fn complete(&self, token: &str, agent: &str, now: Timestamp) -> Result<(), SecretsError> {
        let hash = Digest::of(token.as_bytes());
        self.0.with(|conn| {
            let sql = "UPDATE token SET used = coalesce(used, ?2), agent = ?3, reserved = NULL WHERE hash = ?1";
            conn.execute(sql, params![hash.as_bytes(), now.as_millisecond(), agent]).map(drop)
        })
    }

    /// Gives the token back after an enrolment that failed.
    pub fn release(&self, token: &str) -> Result<(), SecretsError> {
        let hash = Digest::of(token.as_bytes());
        self.0.with(|conn| {
            let sql = "UPDATE token SET reserved = NULL WHERE hash = ?1";
            conn.execute(sql, [hash.as_bytes()]).map(drop)
        })
    }
}

impl Row {
    fn decide(self, host_name: &str, key: &KeyId, now: Timestamp) -> Result<Grant, IdentityError> {
        // The key that used it may ask again: its answer was lost.
        let own = self.key.is_some_and(|held| held == *key.as_bytes());
        let expires = moment(self.expires);
        if expires <= now {
            return Err(IdentityError::TokenExpired { when: expires });
        }
        if let Some(used) = self.used.filter(|_| !own) {
            return Err(IdentityError::TokenUsed { when: moment(used) });
        }
        if self.reserved.is_some_and(|since| now < moment(since) + RESERVED) && !own {
            return Err(IdentityError::TokenBusy);
        }
        if let Some(pattern) = self.host_name.filter(|pattern| !fits(pattern, host_name)) {
            let host_name = host_name.to_owned();
            return Err(IdentityError::TokenHost { pattern, host_name });
        }
        Ok(Grant { made_by: self.made_by, takes_over: self.takes_over })
    }
}

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Whether `name` fits `pattern`, letters without regard to case. Linear: one place to return to is enough.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || name.get(n) == Some(c) => {
                p += 1;
                n += 1;
            }
            Some(_) | None => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let dir = tempfile::tempdir().unwrap();
        let db = SecretsDb::open(&dir.path().join("secrets.db")).unwrap();
        (dir, Tokens::open(db).unwrap())
    }

    fn new(host_name: Option<&str>) -> NewToken {
        NewToken {
            host_name: host_name.map(str::to_owned),
            expires: now() + SignedDuration::from_hours(1),
            made_by: "ada".into(),
            takes_over: false,
        }
    }

    #[test]
    fn token_is_used_up_once_and_answers_its_own_key_again() {
        let (_dir, tokens) = tokens();
        let token = tokens.create(&new(None)).unwrap();
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        tokens.reserve(&token, "h", &one, now()).unwrap();
        let other = tokens.reserve(&token, "h", &two, now());
        assert!(matches!(other, Err(IdentityError::TokenBusy)));
        tokens.complete(&token, "agent-1", now()).unwrap();
        let other = tokens.reserve(&token, "h", &two, now());
        assert!(matches!(other, Err(IdentityError::TokenUsed { .. })));
        assert!(tokens.reserve(&token, "h", &one, now()).is_ok());
    }

    #[test]
    fn released_or_forgotten_reservations_free_the_token() {
        let (_dir, tokens) = tokens();
        let token = tokens.create(&new(None)).unwrap();
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        tokens.reserve(&token, "h", &one, now()).unwrap();
        tokens.release(&token).unwrap();
        tokens.reserve(&token, "h", &two, now()).unwrap();
        let later = now() + RESERVED;
        assert!(tokens.reserve(&token, "h", &one, later).is_ok());
    }

    #[test]
    fn unknown_expired_and_foreign_hosts_are_told_apart() {
        let (_dir, tokens) = tokens();
        let key = Digest::of(b"1");
        let unknown = tokens.reserve("exh_x", "h", &key, now());
        assert!(matches!(unknown, Err(IdentityError::TokenUnknown)));
        let token = tokens.create(&new(Some("web-*.example"))).unwrap();
        let foreign = tokens.reserve(&token, "db-1.example", &key, now());
        assert!(matches!(foreign, Err(IdentityError::TokenHost { .. })));
        let late = now() + SignedDuration::from_hours(1);
        let expired = tokens.reserve(&token, "web-1.example", &key, late);
        assert!(matches!(expired, Err(IdentityError::TokenExpired { .. })));
        assert!(tokens.reserve(&token, "WEB-1.example", &key, now()).is_ok());
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("**b", "ab", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
