//! Decisions at the command line: made, listed, shown with their history.

use std::fmt;

use exhibit_proto::digest::Digest;
use exhibit_proto::statement::Decision;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::open::views;
use super::{Keys, desk};
use crate::config::Config;
use crate::decisions::Attached;
use crate::requests::{Done, Mailbox, Request};
use crate::secrets::SecretsDb;
use crate::views::RecordRow;

/// A decision that is in the log.
#[derive(Debug, Serialize)]
pub struct DecisionMade {
    pub register: String,
    pub id: String,
    pub act: &'static str,
    /// Index of the entry.
    pub entry: u64,
    /// It waits for another person.
    pub proposed: bool,
}

/// Has something decided, whether or not `serve` runs.
pub fn decide(
    config: &Config,
    decision: Decision,
    file: Option<Attached>,
    now: Timestamp,
) -> anyhow::Result<DecisionMade> {
    // What cannot stand in the log is refused here, without waiting for anybody.
    let decision = decision.checked()?;
    let (register, id, act) =
        (decision.register.clone(), decision.id.clone(), decision.act.as_str());
    let file: Option<Digest> = match file {
        Some(file) => {
            Keys::expected(config)?;
            let mailbox = Mailbox::open(SecretsDb::open(&config.secrets_db())?)?;
            Some(mailbox.bring(file.bytes(), now)?)
        }
        None => None,
    };
    let done = desk::ask(config, Request::Decide { decision, file }, now)?;
    let Done::Decided { entry, proposed } = done else { return Err(desk::unexpected(&done)) };
    Ok(DecisionMade { register, id, act, entry, proposed })
}

/// One revision of a record, for people and programs.
#[derive(Debug, Serialize)]
pub struct RecordShown {
    pub register: String,
    pub id: String,
    pub entry: u64,
    /// `in_force`, `expired` (nobody ended it, and its last day is over), `proposed`, `ended`, or `withdrawal`.
    pub standing: &'static str,
    pub value: Option<Value>,
    pub by: String,
    pub reason: String,
    pub at: String,
    pub approved_by: Option<String>,
    pub approved_entry: Option<u64>,
    /// First entry from which it was in force, and the one that ended it.
    pub from_entry: Option<u64>,
    pub to_entry: Option<u64>,
    /// Why this version cannot use what is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What stands, of one register or of all; with an id its whole history, newest first.
pub fn records(
    config: &Config,
    register: Option<&str>,
    id: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<Vec<RecordShown>> {
    let views = views(config, &Keys::load(config)?)?;
    let rows = match (register, id) {
        (Some(register), Some(id)) => views.record_history(register, id)?,
        (register, _) => views.records(register)?,
    };
    let unread = views.people()?.unread;
    let shown = rows.into_iter().map(|row| {
        let mut shown = RecordShown::at(row, now);
        let problem = unread.iter().find(|unread| unread.index == shown.entry);
        shown.problem = problem.map(|unread| unread.why.clone());
        shown
    });
    Ok(shown.collect())
}

/// The newest revision of a record: what the next decision about it has to name.
pub fn newest(config: &Config, register: &str, id: &str) -> anyhow::Result<Option<u64>> {
    let views = views(config, &Keys::load(config)?)?;
    Ok(views.record_history(register, id)?.first().map(|row| row.index))
}

/// The value of a record in force, with the newest revision.
pub fn value_in_force(
    config: &Config,
    register: &str,
    id: &str,
) -> anyhow::Result<(Option<Value>, Option<u64>)> {
    let history = views(config, &Keys::load(config)?)?.record_history(register, id)?;
    let value = history.iter().find(|row| row.in_force()).and_then(|row| row.value.clone());
    Ok((value, history.first().map(|row| row.index)))
}

/// A name for a new record: the letter, the year, the next number.
pub fn next_id(config: &Config, register: &str, now: Timestamp) -> anyhow::Result<String> {
    let views = views(config, &Keys::load(config)?)?;
    Ok(crate::decisions::next_id(&views, register, now)?)
}

impl RecordShown {
    fn at(row: RecordRow, now: Timestamp) -> Self {
        let standing = match &row {
            row if row.value.is_none() => "withdrawal",
            row if row.expired(now) => "expired",
            row if row.in_force() => "in_force",
            row if row.waits() => "proposed",
            _ => "ended",
        };
        Self {
            standing,
            register: row.register,
            id: row.id,
            entry: row.index,
            value: row.value,
            by: row.by,
            reason: row.reason,
            at: row.at.to_string(),
            approved_entry: row.approved.as_ref().map(|approved| approved.index),
            approved_by: row.approved.map(|approved| approved.by),
            from_entry: row.from_index,
            to_entry: row.to_index,
            problem: None,
        }
    }
}

impl fmt::Display for DecisionMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { register, id, act, entry, proposed } = self;
        let done = match (*act, proposed) {
            ("put", true) => "proposed",
            ("put", false) => "decided",
            ("approve", _) => "approved",
            _ => "withdrawn",
        };
        write!(f, "{register} {id} is {done} by entry {entry}")?;
        if *proposed {
            write!(
                f,
                "\nit is in force once another person approves it: exhibit-collector decision approve {register} {id} --by NAME --reason TEXT"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for RecordShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}\t{}\tentry {}", self.register, self.id, self.standing, self.entry)?;
        write!(f, "\tby {} on {}: {}", self.by, self.at, self.reason)?;
        if let Some(by) = &self.approved_by {
            write!(f, "\tapproved by {by}")?;
        }
        if let Some(value) = &self.value {
            write!(f, "\t{value}")?;
        }
        self.problem.as_ref().map_or(Ok(()), |why| write!(f, "\tdecides nothing: {why}"))
    }
}
