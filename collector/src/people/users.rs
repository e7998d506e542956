//! Who may sign in, and as what: adding, changing, disabling. A person is never removed, since decisions name them for good.
//! Each change is looked at first and made later, so that it can be logged in between.

use exhibit_proto::statement::Activity;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};
use serde_json::json;

use super::sessions::role;
use super::{People, PeopleError, Role, password, second, tokens};

/// How long a first password may be used.
pub const ONE_TIME_HOURS: i64 = 72;
const MAX_NAME: usize = 64;
const MAX_TEXT: usize = 200;

/// A person as admins see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub full_name: String,
    pub email: String,
    pub access: Access,
    pub disabled: bool,
    /// The password was set by somebody else and not changed yet; until when it can be used.
    pub invited: Option<Option<Timestamp>>,
    /// `None`: by `init`.
    pub created: Option<Timestamp>,
    /// Open sessions.
    pub sessions: u64,
    /// They have an app that shows codes.
    pub second_factor: bool,
    /// They sign in at a provider, whose groups give them their role.
    pub elsewhere: bool,
}

/// What a person is here, until when, and for which audit alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub role: Role,
    pub valid_until: Option<Timestamp>,
    pub audit: Option<String>,
}

/// A change of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Add {
        name: String,
        full_name: String,
        email: String,
        access: Access,
    },
    /// Another role, another end: their sessions end.
    Access {
        name: String,
        access: Access,
    },
    Named {
        name: String,
        full_name: String,
        email: String,
    },
    /// Their sessions and tokens end, and no enabling brings them back.
    Disable {
        name: String,
    },
    Enable {
        name: String,
    },
    /// A new one-time password; their sessions and tokens end.
    Reset {
        name: String,
    },
    /// Their app and their codes on paper count no longer; their sessions end.
    ForgetSecond {
        name: String,
    },
}

impl Change {
    /// The audit that somebody shall be bound to.
    pub fn audit(&self) -> Option<&str> {
        match self {
            Self::Add { access, .. } | Self::Access { access, .. } => access.audit.as_deref(),
            Self::Named { .. }
            | Self::Disable { .. }
            | Self::Enable { .. }
            | Self::Reset { .. }
            | Self::ForgetSecond { .. } => None,
        }
    }

    /// Whether that audit is one of `known`: a name that was typed wrong would open the audit that is given it one day.
    pub fn bound_to_one_of<'a>(
        &self,
        known: impl Iterator<Item = &'a String>,
    ) -> Result<(), PeopleError> {
        let known: Vec<&str> = known.map(String::as_str).collect();
        let Some(audit) = self.audit().filter(|audit| !known.contains(audit)) else {
            return Ok(());
        };
        let known = match known.is_empty() {
            true => "there is none yet: make it first".to_owned(),
            false => format!("there are: {}", known.join(", ")),
        };
        Err(PeopleError::Refused(format!("there is no audit {audit:?}; {known}")))
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Add { name, .. }
            | Self::Access { name, .. }
            | Self::Named { name, .. }
            | Self::Disable { name }
            | Self::Enable { name }
            | Self::Reset { name }
            | Self::ForgetSecond { name } => name,
        }
    }

    /// The entry that says so. Addresses and full names stay out of it: they could not be taken back.
    pub fn activity(&self, by: &str) -> Activity {
        let (action, mut detail) = match self {
            Self::Add { access, .. } => ("person_created", access.told()),
            Self::Access { access, .. } => ("person_role_changed", access.told()),
            Self::Named { .. } => ("person_described", json!({})),
            Self::Disable { .. } => ("person_disabled", json!({})),
            Self::Enable { .. } => ("person_enabled", json!({})),
            Self::Reset { .. } => ("person_reset", json!({})),
            Self::ForgetSecond { .. } => ("second_factor_reset", json!({})),
        };
        detail["name"] = json!(self.name());
        Activity { by: by.to_owned(), action: action.to_owned(), detail }
    }

    fn gives_password(&self) -> bool {
        matches!(self, Self::Add { .. } | Self::Reset { .. })
    }
}

impl Access {
    fn told(&self) -> serde_json::Value {
        let mut told = json!({"role": self.role.as_str()});
        if let Some(until) = self.valid_until {
            told["valid_until"] = json!(until.to_string());
        }
        if let Some(audit) = &self.audit {
            told["audit"] = json!(audit);
        }
        told
    }

    fn check(&self, now: Timestamp) -> Result<(), PeopleError> {
        if self.role == Role::Auditor && self.valid_until.is_none() {
            return Err(refused("an auditor needs a day on which the account ends"));
        }
        if self.valid_until.is_some_and(|until| until <= now) {
            return Err(refused("the account would have ended already"));
        }
        if self.audit.is_some() && self.role != Role::Auditor {
            return Err(refused("only an auditor is bound to an audit"));
        }
        Ok(())
    }
}

fn refused(text: impl Into<String>) -> PeopleError {
    PeopleError::Refused(text.into())
}

impl People {
    /// Everybody, by name.
    pub fn all(&self, now: Timestamp) -> Result<Vec<Person>, PeopleError> {
        let live = now.as_second() - super::IDLE_MINUTES * 60;
        Ok(self.db.with(|connection| {
            let mut ask = connection.prepare(
                "SELECT name, full_name, email, role, valid_until, audit, disabled, must_change, password_until,
                   created, (SELECT count(*) FROM sessions WHERE user = name AND last_used >= ?1),
                   EXISTS (SELECT 1 FROM second_factors WHERE user = name AND confirmed),
                   EXISTS (SELECT 1 FROM identities WHERE user = name)
                 FROM users ORDER BY name COLLATE NOCASE",
            )?;
            ask.query_map([live], person)?.collect()
        })?)
    }

    pub fn person(&self, name: &str, now: Timestamp) -> Result<Option<Person>, PeopleError> {
        let all = self.all(now)?;
        Ok(all.into_iter().find(|person| person.name.eq_ignore_ascii_case(name)))
    }

    /// Whether the change can be made; nothing is changed.
    pub fn check_change(&self, change: &Change, now: Timestamp) -> Result<(), PeopleError> {
        self.changing(change, "", now, false)
    }

    /// Makes it; answers the one-time password that it brings. Hashes: blocking.
    pub fn change(&self, change: &Change, now: Timestamp) -> Result<Option<String>, PeopleError> {
        if !change.gives_password() {
            self.changing(change, "", now, true)?;
            return Ok(None);
        }
        let password = password::random()?;
        self.changing(change, &password::hash(&password)?, now, true)?;
        Ok(Some(password))
    }

    fn changing(
        &self,
        change: &Change,
        verifier: &str,
        now: Timestamp,
        keep: bool,
    ) -> Result<(), PeopleError> {
        self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            match made(&tx, change, verifier, now)? {
                Ok(()) if keep => tx.commit().map(Ok),
                Ok(()) => tx.rollback().map(Ok),
                Err(error) => Ok(Err(error)),
            }
        })?
    }
}

type Judged = rusqlite::Result<Result<(), PeopleError>>;

fn made(tx: &Transaction<'_>, change: &Change, verifier: &str, now: Timestamp) -> Judged {
    let until = now.checked_add(ONE_TIME_HOURS.hours()).unwrap_or(now).as_second();
    let rows = match change {
        Change::Add { name, full_name, email, access } => {
            return added(tx, (name, full_name, email, access), (verifier, until), now);
        }
        Change::Access { name, access } => {
            if let Err(error) = access.check(now) {
                return Ok(Err(error));
            }
            ended(tx, name)?;
            let end = access.valid_until.map(Timestamp::as_second);
            let sql = "UPDATE users SET role = ?2, valid_until = ?3, audit = ?4 WHERE name = ?1 COLLATE NOCASE";
            tx.execute(sql, (name, access.role.as_str(), end, &access.audit))?
        }
        Change::Named { name, full_name, email } => {
            if let Err(error) = described(full_name, email) {
                return Ok(Err(error));
            }
            let sql = "UPDATE users SET full_name = ?2, email = ?3 WHERE name = ?1 COLLATE NOCASE";
            tx.execute(sql, (name, full_name, email))?
        }
        Change::Disable { name } => {
            ended(tx, name)?;
            tokens::revoked(tx, name, now)?;
            tx.execute("UPDATE users SET disabled = 1 WHERE name = ?1 COLLATE NOCASE", [name])?
        }
        Change::Enable { name } => {
            tx.execute("UPDATE users SET disabled = 0 WHERE name = ?1 COLLATE NOCASE", [name])?
        }
        Change::ForgetSecond { name } => {
            ended(tx, name)?;
            second::forget(tx, name)?
        }
        Change::Reset { name } => {
            if elsewhere(tx, name)? {
                return Ok(Err(refused(format!(
                    "{name} signs in at the provider, without a password here"
                ))));
            }
            ended(tx, name)?;
            tokens::revoked(tx, name, now)?;
            let sql = "UPDATE users SET verifier = ?2, must_change = 1, password_until = ?3 WHERE name = ?1 COLLATE NOCASE";
            tx.execute(sql, (name, verifier, until))?
        }
    };
    if rows == 0 {
        let nobody = format!("there is nobody named {:?}", change.name());
        let nothing = format!("{} has no second factor", change.name());
        let second = matches!(change, Change::ForgetSecond { .. });
        return Ok(Err(refused(if second { nothing } else { nobody })));
    }
    Ok(if admins(tx, now)? == 0 {
        Err(refused("nobody would be left who manages people: make somebody else an admin first"))
    } else {
        Ok(())
    })
}

fn added(
    tx: &Transaction<'_>,
    (name, full_name, email, access): (&str, &str, &str, &Access),
    (verifier, until): (&str, i64),
    now: Timestamp,
) -> Judged {
    if let Err(error) = named(name).and(described(full_name, email)).and(access.check(now)) {
        return Ok(Err(error));
    }
    let sql = "SELECT name FROM users WHERE name = ?1 COLLATE NOCASE";
    let held: Option<String> = tx.query_row(sql, [name], |row| row.get(0)).optional()?;
    if let Some(held) = held {
        return Ok(Err(refused(format!(
            "the name {held:?} is taken, for good: decisions name people"
        ))));
    }
    let end = access.valid_until.map(Timestamp::as_second);
    tx.execute(
        "INSERT INTO users (name, verifier, must_change, role, full_name, email, created, valid_until, password_until, audit)
         VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (name, verifier, access.role.as_str(), full_name, email, now.as_second(), end, until, &access.audit),
    )?;
    Ok(Ok(()))
}

fn ended(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<usize> {
    tx.execute("DELETE FROM sessions WHERE user = ?1 COLLATE NOCASE", [name])
}

fn elsewhere(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM identities WHERE user = ?1 COLLATE NOCASE";
    tx.query_row(sql, [name], |row| Ok(row.get::<_, i64>(0)? > 0))
}

/// Admins that can sign in.
fn admins(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<i64> {
    let sql = "SELECT count(*) FROM users WHERE role = 'admin' AND NOT disabled
               AND (valid_until IS NULL OR valid_until > ?1) AND (password_until IS NULL OR password_until > ?1)";
    tx.query_row(sql, [now.as_second()], |row| row.get(0))
}

/// A name stands in the log for good and in addresses: no letter that two people could read differently.
fn named(name: &str) -> Result<(), PeopleError> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= MAX_NAME && name.chars().all(fine) {
        return Ok(());
    }
    Err(refused(format!(
        "{name:?} cannot be a name: at most {MAX_NAME} letters (a to z), digits and . - _ @, beginning with a letter or digit"
    )))
}

fn described(full_name: &str, email: &str) -> Result<(), PeopleError> {
    if full_name.len().max(email.len()) > MAX_TEXT {
        return Err(refused(format!(
            "at most {MAX_TEXT} bytes of full name and of e-mail address"
        )));
    }
    if full_name.chars().chain(email.chars()).any(char::is_control) {
        return Err(refused("a full name or e-mail address has a control character"));
    }
    if !email.is_empty() && (!email.contains('@') || email.contains(char::is_whitespace)) {
        return Err(refused(format!("{email:?} is no e-mail address")));
    }
    Ok(())
}

fn person(row: &rusqlite::Row<'_>) -> rusqlite::Result<Person> {
    let time = |second: Option<i64>| second.and_then(|second| Timestamp::from_second(second).ok());
    let must_change: bool = row.get(7)?;
    Ok(Person {
        name: row.get(0)?,
        full_name: row.get(1)?,
        email: row.get(2)?,
        access: Access {
            role: role(&row.get::<_, String>(3)?)?,
            valid_until: time(row.get(4)?),
            audit: row.get(5)?,
        },
        disabled: row.get(6)?,
        invited: must_change.then_some(time(row.get(8)?)),
        created: time(row.get(9)?),
        sessions: row.get::<_, i64>(10)?.unsigned_abs(),
        second_factor: row.get(11)?,
        elsewhere: row.get(12)?,
    })
}
