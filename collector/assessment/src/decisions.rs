//! What people decide, folded from entries of the log into what the judgement takes. Never forgets an entry that it cannot
//! read: it is listed with the reason.
//!
//! A *record* is a place: a register (`waiver`, `label`, …) and an id. Its revisions are entries. A `put` names the newest
//! revision of its place, so nobody overwrites what they have not seen. In a register that asks for a second person it is
//! proposed, and what was in force stays so, until somebody else approves it. A `withdraw` takes back the proposal, or, where
//! none stands, ends what is in force; it needs nobody else, because without a decision the strict reading holds.

mod audits;
mod people;
mod registers;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

pub use audits::{
    AUDIT, AUDIT_COMMENT, AUDIT_FINDING, Audit, AuditStatus, AuditType, Audits, Comment, Frozen,
    Grade, REQUEST, Raised, RaisedStatus, Request, RequestStatus, Said, Shown, ShownFile,
};
pub use people::{ControlDecisions, LabelSource, People, Told, Unread};
pub use registers::{
    CONFIGURATION, ISMS, Known, LABEL, LABEL_RULES, REGISTERS, Register, SECOND_PERSON, SOA, asks,
    check, register,
};
pub use values::{Applicability, Brought, Implementation, LabelRule};

/// What a decision does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Put,
    Withdraw,
    Approve,
}

/// One entry, as the fold takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Index of the entry, and when the log took it.
    pub index: u64,
    pub at: Timestamp,
    pub register: String,
    pub id: String,
    pub after: Option<u64>,
    pub act: Act,
    /// Of a put.
    pub value: Value,
    pub by: String,
    pub reason: String,
}

/// A value that somebody put, and who approved it.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    pub register: String,
    pub id: String,
    pub index: u64,
    pub at: Timestamp,
    pub value: Value,
    pub by: String,
    pub reason: String,
    pub approved: Option<Approval>,
}

/// A second person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub index: u64,
    pub at: Timestamp,
    pub by: String,
    pub reason: String,
}

impl Revision {
    /// From when on it is in force.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.approved.as_ref().map_or(self.at, |approved| approved.at)
    }

    /// The index from which on it is in force.
    #[must_use]
    pub fn since_index(&self) -> u64 {
        self.approved.as_ref().map_or(self.index, |approved| approved.index)
    }

    /// Who answers for it: the second person where there is one.
    #[must_use]
    pub fn approver(&self) -> &str {
        self.approved.as_ref().map_or(&self.by, |approved| &approved.by)
    }
}

/// Where a record stands before a decision about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The last put or withdrawal here.
    pub newest: Option<u64>,
    pub in_force: Option<u64>,
    /// The proposal that waits, and whose it is.
    pub proposed: Option<(u64, String)>,
}

/// What a decision comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The value is in force; whatever stood here ends.
    Stands,
    /// The value waits for a second person; a proposal that waited ends, what is in force stays.
    Proposed,
    /// This proposal is in force; what was so before ends.
    Approved(u64),
    /// This revision ends.
    Ends(u64),
}

/// Why a decision does nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    #[error(
        "it was changed meanwhile: the newest revision is {}, this one was made from {}; look at the newest and decide again",
        entry(.newest), entry(.seen)
    )]
    Stale { newest: Option<u64>, seen: Option<u64> },
    #[error("nothing of it is in force or proposed, so there is nothing to withdraw")]
    Nothing,
    #[error("no proposal of it waits for approval")]
    NotProposed,
    #[error("{0} proposed it, so somebody else must approve it")]
    SamePerson(String),
}

#[expect(clippy::ref_option, reason = "the error text hands its fields over by reference")]
fn entry(index: &Option<u64>) -> String {
    index.map_or_else(|| "none".to_owned(), |index| format!("entry {index}"))
}

/// Whether two names are one person's: letter case and spaces around do not make another person.
#[must_use]
pub fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// What the decision comes to at its place, or why to nothing. `second_person`: its register asks for one.
pub fn step(
    place: &Place,
    second_person: bool,
    (act, after, by): (Act, Option<u64>, &str),
) -> Result<Step, StepError> {
    if after != place.newest {
        return Err(StepError::Stale { newest: place.newest, seen: after });
    }
    match act {
        Act::Put if second_person => Ok(Step::Proposed),
        Act::Put => Ok(Step::Stands),
        Act::Approve => match &place.proposed {
            None => Err(StepError::NotProposed),
            Some((_, proposer)) if same_person(proposer, by) => {
                Err(StepError::SamePerson(proposer.clone()))
            }
            Some((index, _)) => Ok(Step::Approved(*index)),
        },
        Act::Withdraw => {
            let ends = place.proposed.as_ref().map(|(index, _)| *index).or(place.in_force);
            ends.map(Step::Ends).ok_or(StepError::Nothing)
        }
    }
}

/// All records after a prefix of the log.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    places: BTreeMap<(String, String), Held>,
    /// Registers that ask for a second person from here on.
    second_person: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Held {
    newest: Option<u64>,
    in_force: Option<Revision>,
    proposed: Option<Revision>,
}

impl Held {
    fn place(&self) -> Place {
        Place {
            newest: self.newest,
            in_force: self.in_force.as_ref().map(|held| held.index),
            proposed: self.proposed.as_ref().map(|held| (held.index, held.by.clone())),
        }
    }
}

impl Decisions {
    /// Takes the next entry; one that does nothing changes nothing.
    pub fn apply(&mut self, decided: Decided) -> Result<Step, StepError> {
        let Decided { index, at, register, id, after, act, value, by, reason } = decided;
        let second = self.second_person.contains(&register);
        let held = self.places.entry((register.clone(), id.clone())).or_default();
        let step = step(&held.place(), second, (act, after, &by))?;
        let revision = || Revision {
            register: register.clone(),
            id: id.clone(),
            index,
            at,
            value,
            by: by.clone(),
            reason: reason.clone(),
            approved: None,
        };
        match step {
            Step::Stands => {
                (held.newest, held.in_force, held.proposed) = (Some(index), Some(revision()), None);
            }
            Step::Proposed => (held.newest, held.proposed) = (Some(index), Some(revision())),
            Step::Approved(_) => {
                let mut proposed = held.proposed.take();
                if let Some(revision) = &mut proposed {
                    revision.approved = Some(Approval { index, at, by, reason });
                }
                held.in_force = proposed;
            }
            Step::Ends(_) => {
                held.newest = Some(index);
                if held.proposed.take().is_none() {
                    held.in_force = None;
                }
            }
        }
        if register == SECOND_PERSON {
            let here = (SECOND_PERSON.to_owned(), CONFIGURATION.to_owned());
            let held = self.places.get(&here).and_then(|held| held.in_force.as_ref());
            self.second_person = held.map(|held| asks(&held.value)).unwrap_or_default();
        }
        Ok(step)
    }

    /// The newest revision of a record: what the next decision about it has to name.
    #[must_use]
    pub fn newest(&self, register: &str, id: &str) -> Option<u64> {
        self.places.get(&(register.to_owned(), id.to_owned())).and_then(|held| held.newest)
    }

    /// What is in force at a place.
    #[must_use]
    pub fn at(&self, register: &str, id: &str) -> Option<&Revision> {
        let held = self.places.get(&(register.to_owned(), id.to_owned()))?;
        held.in_force.as_ref()
    }

    /// What is in force, by register and id.
    pub fn in_force(&self) -> impl Iterator<Item = &Revision> {
        self.places.values().filter_map(|held| held.in_force.as_ref())
    }

    /// What waits for a second person, by register and id.
    pub fn proposed(&self) -> impl Iterator<Item = &Revision> {
        self.places.values().filter_map(|held| held.proposed.as_ref())
    }

    /// Registers that ask for a second person.
    #[must_use]
    pub fn second_person(&self) -> &BTreeSet<String> {
        &self.second_person
    }
}
