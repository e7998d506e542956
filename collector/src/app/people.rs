//! `user`: who may sign in at the pages. Works beside `serve`: what is done is logged first, then done.

use std::fmt;

use anyhow::{Context as _, bail};
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde::Serialize;

use super::Keys;
use super::desk::{self, ask, unexpected};
use crate::config::Config;
use crate::people::{Access, Change, ONE_TIME_HOURS, People, Person};
use crate::requests::{Done, Request};
use crate::secrets::SecretsDb;

/// A change of people that was made.
#[derive(Debug, Serialize)]
pub struct PersonChanged {
    pub name: String,
    /// What was done, as the entry says it.
    pub action: String,
    /// Index of the entry.
    pub entry: u64,
    /// A first password, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Everybody.
#[derive(Debug, Serialize)]
pub struct PeopleListed {
    pub people: Vec<PersonListed>,
}

#[derive(Debug, Serialize)]
pub struct PersonListed {
    pub name: String,
    pub full_name: String,
    pub email: String,
    pub role: &'static str,
    /// RFC 3339; absent: no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    pub disabled: bool,
    /// A first password was not changed yet.
    pub invited: bool,
    /// Open sessions.
    pub sessions: u64,
}

pub(super) fn open(config: &Config) -> anyhow::Result<People> {
    Keys::expected(config)?;
    Ok(People::open(SecretsDb::open(&config.secrets_db())?)?)
}

pub fn people(config: &Config, now: Timestamp) -> anyhow::Result<PeopleListed> {
    let people = open(config)?.all(now)?.into_iter().map(listed).collect();
    Ok(PeopleListed { people })
}

/// The role of somebody, to change a part of it.
pub fn access_of(config: &Config, name: &str, now: Timestamp) -> anyhow::Result<Access> {
    match open(config)?.person(name, now)? {
        Some(person) => Ok(person.access),
        None => bail!("there is nobody named {name:?}: see `exhibit-collector user list`"),
    }
}

/// Logs a change, then makes it.
pub fn change_people(
    config: &Config,
    change: &Change,
    by: &str,
    now: Timestamp,
) -> anyhow::Result<PersonChanged> {
    desk::texts(&[("--by", by)])?;
    if change.audit().is_some() {
        change.bound_to_one_of(super::audits(config)?.audits.keys())?;
    }
    let people = open(config)?;
    people.check_change(change, now)?;
    let told = change.activity(by);
    let action = told.action.clone();
    let entry = logged(config, told, now)?;
    let password = people.change(change, now).with_context(|| {
        format!("entry {entry} says that it was done, but it was not: try again")
    })?;
    Ok(PersonChanged { name: change.name().to_owned(), action, entry, password })
}

pub(super) fn logged(config: &Config, told: Activity, now: Timestamp) -> anyhow::Result<u64> {
    let done = ask(config, Request::Record(told), now)?;
    if let Done::Recorded { entry } = done { Ok(entry) } else { Err(unexpected(&done)) }
}

fn listed(person: Person) -> PersonListed {
    let Access { role, valid_until, audit } = person.access;
    PersonListed {
        name: person.name,
        full_name: person.full_name,
        email: person.email,
        role: role.as_str(),
        valid_until: valid_until.map(|until| until.to_string()),
        audit,
        disabled: person.disabled,
        invited: person.invited.is_some(),
        sessions: person.sessions,
    }
}

impl fmt::Display for PersonChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, entry {}", self.name, self.action.replace('_', " "), self.entry)?;
        match &self.password {
            Some(password) => write!(
                f,
                "\nfirst password  {password}  (shown this once; to be changed within {ONE_TIME_HOURS} h)"
            ),
            None => Ok(()),
        }
    }
}

impl fmt::Display for PeopleListed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {:<12} {:<20} sessions", "name", "role", "until")?;
        for person in &self.people {
            let until = person.valid_until.as_deref().unwrap_or("no end");
            let PersonListed { name, role, sessions, .. } = person;
            write!(f, "\n{name:<24} {role:<12} {until:<20} {sessions}")?;
            if person.disabled {
                f.write_str("  disabled")?;
            } else if person.invited {
                f.write_str("  first password not changed yet")?;
            }
            if let Some(audit) = &person.audit {
                write!(f, "  of {audit}")?;
            }
        }
        Ok(())
    }
}
