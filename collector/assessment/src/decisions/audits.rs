//! What people decide in the audit room. Which lines a list has and which of them are drawn is not looked at here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::registers::{MAX_LINE, text, value};
use super::{People, Revision};
use crate::framework::Framework;

/// The audit room, as it is in force at one index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audits {
    /// By id. A sample has the id of its population.
    pub populations: BTreeMap<String, Frozen>,
    pub samples: BTreeMap<String, Frozen>,
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

/// Refuses what is about nothing that exists.
pub(super) fn check(people: &People, alone: &Audits) -> Result<(), String> {
    let unknown = alone.samples.keys().find(|id| !people.audits.populations.contains_key(*id));
    match unknown {
        Some(id) => {
            Err(format!("no population {id:?} is frozen; a sample has its population's id"))
        }
        None => Ok(()),
    }
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
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digest.len() != 64 || !digest.chars().all(hex) {
        return Err(format!("{digest:?} is not a SHA-256 in hex"));
    }
    Ok(Frozen { index: revision.index, title, audit, items })
}
