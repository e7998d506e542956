//! Turns one entry of the log into rows. What cannot be believed gets a row that says why, and counts for nothing.
//!
//! An agent is known by the key that an earlier entry enrolled, never by what a statement says of itself.

mod agents;
mod decisions;
mod digests;
mod evidence;
mod labels;
mod lines;
mod notices;
mod packs;
mod sorts;
mod tombstones;

use std::sync::Arc;

use exhibit_proto::continues::Continues;
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::log_key::{LogKey, Phase};
use exhibit_proto::rotation::Rotate;
use exhibit_proto::statement::{
    self, Activity, Attested, Capsule, Decision, Enrol, Heartbeat, Revoke, Run, Statement,
    StatementError,
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ahead::Ahead;
use super::{Assessor, ViewsError, signed};
use crate::log::{Entry, LogReader};
use agents::Standing;
use labels::Whose;

/// The row of an entry, as far as it is known.
#[derive(Default)]
struct Row {
    agent: Option<String>,
    sealed: Option<i64>,
    missing: i64,
    documents: i64,
    gaps: i64,
    by: Option<String>,
    summary: String,
}

/// Why an entry counts for nothing, in words for a person.
#[derive(Debug)]
enum Refused {
    Because(String),
    Views(ViewsError),
}

impl From<ViewsError> for Refused {
    fn from(error: ViewsError) -> Self {
        Self::Views(error)
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Views(error.into())
    }
}

fn because<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Because(why.into()))
}

/// What every part of `apply` works with.
struct At<'a> {
    tx: &'a Transaction<'a>,
    log: &'a LogReader,
    assessor: &'a Assessor,
    entry: &'a Entry,
    /// What the entry's envelope says, if it was opened before with the entry's own key.
    run: Option<Arc<Run>>,
    /// What was judged before.
    ahead: Option<&'a Ahead>,
    /// Of an entry that puts a rule pack in force: why nothing can judge by it.
    pack_problem: Option<&'a String>,
    /// When the collector received the entry: milliseconds since 1970.
    rx: i64,
}

impl At<'_> {
    fn index(&self) -> i64 {
        signed(self.entry.index)
    }
}

/// Applies one entry; nothing of a refused one but its own row comes into the tables.
pub(super) fn entry(
    tx: &Transaction<'_>,
    log: &LogReader,
    (assessor, pack_problem): (&Assessor, Option<&String>),
    (entry, run, ahead): (&Entry, Option<Arc<Run>>, Option<&Ahead>),
) -> Result<(), ViewsError> {
    let rx = millis(&entry.leaf.rx).unwrap_or(0);
    let at = At { tx, log, assessor, entry, run, ahead, pack_problem, rx };
    let mut row = Row::default();
    // Whether a run counts is known before its first row is written. What a savepoint would have to keep of the many rows of a run
    // costs a third of writing them.
    let is_run = entry.leaf.t == EntryType::Evidence;
    let applied = if is_run { evidence(&at, &mut row) } else { kept_apart(&at, &mut row) };
    let problem = match applied {
        Ok(()) => None,
        Err(Refused::Because(why)) => {
            (row.documents, row.gaps) = (0, 0);
            row.summary = "counts for nothing".to_owned();
            Some(why)
        }
        Err(Refused::Views(error)) => return Err(error),
    };
    let link = entry.leaf.link;
    tx.prepare_cached(
        "INSERT INTO entries VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
    )?
    .execute(params![
        at.index(),
        entry.leaf.t.as_str(),
        entry.leaf.env.to_string(),
        entry.leaf.key.to_string(),
        rx,
        row.agent,
        link.map(|link| signed(link.epoch)),
        link.map(|link| signed(link.seq)),
        row.sealed,
        row.missing,
        row.documents,
        row.gaps,
        row.by,
        row.summary,
        problem,
    ])?;
    tx.prepare_cached(
        "INSERT INTO entry_counts VALUES (?1, 1) ON CONFLICT DO UPDATE SET entries = entries + 1",
    )?
    .execute([entry.leaf.t.as_str()])?;
    digests::note(&at)
}

/// A run. It refuses before it writes anything, and never after.
fn evidence(at: &At<'_>, row: &mut Row) -> Result<(), Refused> {
    let enrolled = enrolled(at, row)?;
    let run = match &at.run {
        Some(run) => Arc::clone(run),
        None => Arc::new(read::<Run>(at, &enrolled, statement::EVIDENCE)?),
    };
    let standing = stands(at, row, enrolled, &run.capsule)?;
    if standing.agent.late {
        return agents::moves(at, row, &standing, &run.capsule);
    }
    let sights = evidence::sights(&standing.agent, &run)?;
    agents::moves(at, row, &standing, &run.capsule)?;
    Ok(evidence::run(at, row, &standing.agent, &run, &sights)?)
}

/// Any other entry: a savepoint keeps rows of a refused one out of the tables.
fn kept_apart(at: &At<'_>, row: &mut Row) -> Result<(), Refused> {
    at.tx.prepare_cached("SAVEPOINT entry")?.execute([])?;
    let applied = content(at, row);
    if let Err(Refused::Because(_)) = &applied {
        at.tx.execute_batch("ROLLBACK TO entry")?;
    }
    at.tx.prepare_cached("RELEASE entry")?.execute([])?;
    applied
}

fn content(at: &At<'_>, row: &mut Row) -> Result<(), Refused> {
    match &at.entry.leaf.t {
        EntryType::Evidence => evidence(at, row),
        EntryType::Heartbeat => {
            let (agent, beat) =
                from_agent(at, row, statement::HEARTBEAT, |beat: &Heartbeat| &beat.capsule)?;
            if agent.late {
                return Ok(());
            }
            agents::heartbeat(at, row, &agent, &beat)
        }
        EntryType::Enrol => {
            let enrol: Enrol = own(at, statement::ENROL)?;
            let targets = enrol.targets.iter().map(ToString::to_string).collect();
            labels::around(at, &Whose::Of(targets), || agents::enrol(at, row, &enrol))
        }
        EntryType::Rotate => {
            let (agent, _) =
                from_agent(at, row, statement::ROTATE, |rotate: &Rotate| &rotate.capsule)?;
            agents::rotate(at, row, &agent)
        }
        EntryType::Revoke => {
            let revoke: Revoke = own(at, statement::REVOKE)?;
            agents::revoke(at, row, &revoke)
        }
        EntryType::RulePack => packs::rule_pack(at, row),
        EntryType::Activity => {
            let activity: Activity = own(at, statement::ACTIVITY)?;
            row.summary = words(&activity);
            row.by = Some(activity.by);
            Ok(())
        }
        EntryType::Gap => notices::gap(at, row, &own(at, statement::GAP)?),
        EntryType::Conflict => notices::conflict(at, row, &own(at, statement::CONFLICT)?),
        EntryType::Fork => notices::fork(at, row, &own(at, statement::FORK)?),
        EntryType::Tombstone => tombstones::tombstone(at, row, &own(at, statement::TOMBSTONE)?),
        EntryType::Hold => tombstones::hold(at, row),
        EntryType::LogKey => {
            let change: LogKey = own(at, statement::LOG_KEY)?;
            row.summary = match change.phase {
                Phase::Begin => "the log's own key changes: two sign its heads",
                Phase::End => "the log's old key is retired",
            }
            .to_owned();
            row.by = Some(change.by);
            Ok(())
        }
        EntryType::Time => {
            row.summary = attested(&own(at, statement::TIME)?);
            Ok(())
        }
        EntryType::Continues => {
            let before: Continues = own(at, statement::CONTINUES)?;
            let Continues { origin, size, by, .. } = before;
            row.summary = format!("this log continues {origin}, which ended with {size} entries");
            row.by = Some(by);
            Ok(())
        }
        EntryType::Decision => {
            let decision: Decision = own(at, statement::DECISION)?;
            let whose = Whose::decided(&decision);
            labels::around(at, &whose, || decisions::decision(at, row, decision))
        }
        EntryType::Other(name) => {
            row.summary = format!("an entry of type {name}, which this version does not read");
            Ok(())
        }
    }
}

fn attested(said: &Attested) -> String {
    let size = said.size;
    match &said.stamped {
        Some(stamped) => format!("{} stamped the head over {size} entries", stamped.authority),
        None => format!("witnesses cosigned the head over {size} entries"),
    }
}

/// One line of what a person did: the action, and the plain values of its detail.
fn words(activity: &Activity) -> String {
    let action = activity.action.replace('_', " ");
    let detail = match &activity.detail {
        Value::Object(map) => map
            .iter()
            .filter_map(|(name, value)| match value {
                Value::String(text) => Some(format!("{name}: {text}")),
                Value::Number(_) | Value::Bool(_) => Some(format!("{name}: {value}")),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            })
            .collect::<Vec<_>>()
            .join(", "),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    };
    if detail.is_empty() { action } else { format!("{action} ({detail})") }
}

/// The enrolled agent as it stood before this entry.
struct Agent {
    id: String,
    targets: Vec<String>,
    /// The statement came after later ones: it closes a gap, and what it observed is older than what is known.
    late: bool,
}

/// Whose statement an entry is, by the key that it is logged under.
struct Enrolled {
    agent: String,
    pem: String,
    link: Link,
}

/// An agent's statement: its key in force, its signature good, its chain followed.
fn from_agent<P: Serialize + DeserializeOwned>(
    at: &At<'_>,
    row: &mut Row,
    predicate_type: &str,
    capsule: fn(&P) -> &Capsule,
) -> Result<(Agent, P), Refused> {
    let enrolled = enrolled(at, row)?;
    let said = read::<P>(at, &enrolled, predicate_type)?;
    let standing = stands(at, row, enrolled, capsule(&said))?;
    agents::moves(at, row, &standing, capsule(&said))?;
    Ok((standing.agent, said))
}

fn enrolled(at: &At<'_>, row: &mut Row) -> Result<Enrolled, Refused> {
    let key = at.entry.leaf.key.to_string();
    let known: Option<(String, i64, String, Option<i64>)> = at
        .tx
        .prepare_cached("SELECT agent, epoch, pem, to_index FROM keys WHERE key = ?1")?
        .query_row([&key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((agent, epoch, pem, ended)) = known else {
        return because("no earlier entry enrols the key that signed it");
    };
    row.agent = Some(agent.clone());
    if let Some(index) = ended {
        let by: Option<String> = at
            .tx
            .query_row("SELECT type FROM entries WHERE idx = ?1", [index], |row| row.get(0))
            .optional()?;
        let replaced = by.as_deref() == Some(EntryType::Rotate.as_str());
        let how = if replaced { "replaced by another" } else { "revoked" };
        return because(format!("its key was {how} by entry {index}"));
    }
    let Some(link) = at.entry.leaf.link.filter(|link| signed(link.epoch) == epoch) else {
        return because("it does not belong to the epoch of its key");
    };
    Ok(Enrolled { agent, pem, link })
}

/// What the enrolled key signed.
fn read<P: Serialize + DeserializeOwned>(
    at: &At<'_>,
    enrolled: &Enrolled,
    predicate_type: &str,
) -> Result<P, Refused> {
    let Ok(key) = PublicKey::from_pem(&enrolled.pem) else {
        return because("the enrolled key cannot be used");
    };
    let Some(envelope) = &at.entry.envelope else {
        return because("its envelope is not held any more");
    };
    match said::<P>(envelope, &key, predicate_type) {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(other)) => because(format!("it states {other:?} instead")),
        Err(error) => because(format!("it cannot be read: {error}")),
    }
}

fn stands(
    at: &At<'_>,
    row: &mut Row,
    Enrolled { agent, link, .. }: Enrolled,
    capsule: &Capsule,
) -> Result<Standing, Refused> {
    if (capsule.agent.as_str(), capsule.epoch, capsule.seq)
        != (agent.as_str(), link.epoch, link.seq)
    {
        return because("what it says of itself is not what its entry says");
    }
    agents::stands(at, row, agent, link, capsule)
}

/// The predicate that a key signed, or the type that it has instead.
fn said<P: Serialize + DeserializeOwned>(
    envelope: &[u8],
    key: &PublicKey,
    predicate_type: &str,
) -> Result<Result<P, String>, StatementError> {
    let payload = Envelope::parse(envelope)?.open(IN_TOTO, key)?;
    let of = statement::predicate_type(&payload)?;
    if of == predicate_type {
        Ok(Ok(Statement::<P>::from_payload(&payload)?.predicate))
    } else {
        Ok(Err(of))
    }
}

/// The collector's own entry.
fn own<P: Serialize + DeserializeOwned>(at: &At<'_>, predicate_type: &str) -> Result<P, Refused> {
    let statement = stated(at)?;
    if statement.predicate_type != predicate_type {
        return because(format!("it states {:?} instead", statement.predicate_type));
    }
    predicate(&statement)
}

/// What an entry of the collector's own states.
fn stated(at: &At<'_>) -> Result<Statement<Value>, Refused> {
    let Some(envelope) = &at.entry.envelope else {
        return because("its envelope is not held any more");
    };
    let payload = Envelope::parse(envelope).and_then(|envelope| envelope.unverified_payload());
    match payload.map(|payload| Statement::<Value>::from_payload(&payload)) {
        Ok(Ok(statement)) => Ok(statement),
        Ok(Err(error)) => because(format!("it cannot be read: {error}")),
        Err(error) => because(format!("it cannot be read: {error}")),
    }
}

fn predicate<P: Serialize + DeserializeOwned>(statement: &Statement<Value>) -> Result<P, Refused> {
    match statement.predicate_as() {
        Ok(predicate) => Ok(predicate),
        Err(error) => because(format!("it cannot be read: {error}")),
    }
}

/// RFC 3339 as milliseconds since 1970.
pub(super) fn millis(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}
