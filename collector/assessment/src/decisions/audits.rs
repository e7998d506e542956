//! What people decide in the audit room: audits, what auditors ask for and find, what they draw samples from. Which lines a list
//! has and which of them are drawn is not looked at here.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use super::registers::{MAX_LINE, MAX_TEXT, bounded, control, text, value};
use super::{People, Revision};
use crate::framework::Framework;
use crate::ids::ControlId;

pub use values::{
    Audit, AuditStatus, AuditType, Comment, Grade, Raised, RaisedStatus, Request, RequestStatus,
    Shown, ShownFile,
};

/// Registers of the audit room.
pub const AUDIT: &str = "audit";
pub const REQUEST: &str = "request";
pub const AUDIT_FINDING: &str = "audit_finding";
pub const AUDIT_COMMENT: &str = "audit_comment";
/// Most pieces of evidence, files, or people of a team, in one value.
const MOST: usize = 100;

/// The audit room, as it is in force at one index; by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audits {
    pub audits: BTreeMap<String, Audit>,
    pub requests: BTreeMap<String, Request>,
    pub raised: BTreeMap<String, Raised>,
    pub comments: BTreeMap<String, Said>,
    /// A sample has the id of its population.
    pub populations: BTreeMap<String, Frozen>,
    pub samples: BTreeMap<String, Frozen>,
}

/// A comment, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub index: u64,
    pub at: Timestamp,
    pub by: String,
    pub comment: Comment,
}

/// A list that is frozen: of a population, or drawn from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The entry that says so.
    pub index: u64,
    /// Of a population.
    pub title: String,
    pub audit: Option<String>,
    pub items: u64,
    /// SHA-256 of the list.
    pub digest: String,
}

/// What this room has to know of the value; the collector and the verifier read the rest.
#[derive(Deserialize)]
struct List {
    #[serde(default)]
    title: String,
    #[serde(default)]
    audit: Option<String>,
    digest: String,
    items: u64,
}

impl Audits {
    /// The audits that something here belongs to.
    fn named(&self) -> BTreeSet<&str> {
        let requests = self.requests.values().map(|one| one.audit.as_str());
        let raised = self.raised.values().map(|one| one.audit.as_str());
        let comments = self.comments.values().map(|one| one.comment.audit.as_str());
        let populations = self.populations.values().filter_map(|one| one.audit.as_deref());
        requests.chain(raised).chain(comments).chain(populations).collect()
    }

    /// What was said on a request or a finding, in order.
    pub fn on<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Said> {
        let mut said: Vec<&Said> =
            self.comments.values().filter(move |said| said.comment.on == id).collect();
        said.sort_by_key(|said| said.index);
        said.into_iter()
    }
}

/// Refuses what is about nothing that exists, and what changes what must stay.
pub(super) fn check(people: &People, alone: &Audits) -> Result<(), String> {
    let held = &people.audits;
    if let Some(id) = alone.samples.keys().find(|id| !held.populations.contains_key(*id)) {
        return Err(format!("no population {id:?} is frozen; a sample has its population's id"));
    }
    for id in alone.named() {
        match held.audits.get(id) {
            None => return Err(format!("there is no audit {id:?}; make it first")),
            Some(audit) if audit.status == AuditStatus::Closed => {
                return Err(format!("audit {id} is closed; open it again before anything changes"));
            }
            Some(_) => {}
        }
    }
    for (id, request) in &alone.requests {
        same_audit(id, held.requests.get(id).map(|held| &held.audit), &request.audit)?;
    }
    for (id, raised) in &alone.raised {
        same_audit(id, held.raised.get(id).map(|held| &held.audit), &raised.audit)?;
    }
    for (id, said) in &alone.comments {
        if held.comments.contains_key(id) {
            return Err(format!("comment {id} is made; say more in another one"));
        }
        let on = &said.comment.on;
        let of = held.requests.get(on).map(|one| &one.audit);
        let of = of.or_else(|| held.raised.get(on).map(|one| &one.audit));
        if of != Some(&said.comment.audit) {
            return Err(format!("audit {} has no request or finding {on:?}", said.comment.audit));
        }
    }
    Ok(())
}

fn same_audit(id: &str, held: Option<&String>, said: &String) -> Result<(), String> {
    match held {
        Some(held) if held != said => Err(format!("{id} belongs to audit {held}, not to {said}")),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn audit(
    framework: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let audit: Audit = value(revision)?;
    text("the title", &audit.title, MAX_LINE)?;
    text("who leads it", &audit.lead, MAX_LINE)?;
    if audit.team.len() > MOST {
        return Err(format!("a team of {} is larger than {MOST}", audit.team.len()));
    }
    audit.team.iter().try_for_each(|name| text("a name of the team", name, MAX_LINE))?;
    controls(framework, &audit.controls)?;
    if audit.until <= audit.from {
        return Err(format!("its period ends on {}, before it begins", audit.until));
    }
    people.audits.audits.insert(revision.id.clone(), audit);
    Ok(())
}

pub(super) fn request(
    framework: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let request: Request = value(revision)?;
    text("what is asked for", &request.text, MAX_TEXT)?;
    bounded("the number", request.number.as_deref().unwrap_or_default(), MAX_LINE)?;
    bounded("the owner", &request.owner, MAX_LINE)?;
    bounded("the answer", &request.answer, MAX_TEXT)?;
    controls(framework, &request.controls)?;
    shown(&request.evidence)?;
    if request.files.len() > MOST {
        return Err(format!("{} files are more than {MOST}", request.files.len()));
    }
    for file in &request.files {
        text("the file's name", &file.file, MAX_LINE)?;
        text("the media type", &file.media_type, MAX_LINE)?;
        hex(&file.digest)?;
    }
    people.audits.requests.insert(revision.id.clone(), request);
    Ok(())
}

pub(super) fn raised(
    framework: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let raised: Raised = value(revision)?;
    text("what was found", &raised.text, MAX_TEXT)?;
    bounded("the response", &raised.response, MAX_TEXT)?;
    raised.control.map_or(Ok(()), |id| control(framework, id).map(drop))?;
    shown(&raised.evidence)?;
    people.audits.raised.insert(revision.id.clone(), raised);
    Ok(())
}

pub(super) fn comment(
    _: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let comment: Comment = value(revision)?;
    text("the comment", &comment.text, MAX_TEXT)?;
    let (index, at, by) = (revision.index, revision.at, revision.by.clone());
    people.audits.comments.insert(revision.id.clone(), Said { index, at, by, comment });
    Ok(())
}

pub(super) fn population(
    _: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let frozen = list(revision)?;
    text("the title", &frozen.title, MAX_LINE)?;
    people.audits.populations.insert(revision.id.clone(), frozen);
    Ok(())
}

pub(super) fn sample(
    _: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let drawn = list(revision)?;
    people.audits.samples.insert(revision.id.clone(), drawn);
    Ok(())
}

fn list(revision: &Revision) -> Result<Frozen, String> {
    let List { title, audit, digest, items } = value(revision)?;
    hex(&digest)?;
    Ok(Frozen { index: revision.index, title, audit, items, digest })
}

fn controls(framework: &Framework, ids: &[ControlId]) -> Result<(), String> {
    ids.iter().try_for_each(|id| control(framework, *id).map(drop))
}

fn shown(evidence: &[Shown]) -> Result<(), String> {
    if evidence.len() > MOST {
        return Err(format!("{} pieces of evidence are more than {MOST}", evidence.len()));
    }
    for one in evidence {
        text("the kind", &one.kind, MAX_LINE)?;
        text("the target", &one.target, MAX_LINE)?;
    }
    Ok(())
}

fn hex(digest: &str) -> Result<(), String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digest.len() != 64 || !digest.chars().all(hex) {
        return Err(format!("{digest:?} is not a SHA-256 in hex"));
    }
    Ok(())
}
