//! Populations and samples: lists made from what the views show, and drawn from. It decides nothing and logs nothing; the desk
//! makes every list again before it is logged.

mod list;

use std::collections::BTreeMap;

use exhibit_assessment::Selection;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Kind;
use exhibit_proto::sample::{
    self, Drawn, POPULATION, Plan, Population, SAMPLE, SampleError, Size, Source,
};
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::decisions::MAX_FILE;
use crate::log::LogError;
use crate::views::{RecordRow, Views, ViewsError};

/// What somebody wants to freeze.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub title: String,
    pub audit: Option<String>,
    /// The targets themselves if absent.
    pub kind: Option<Kind>,
    pub rows: Rows,
    /// What of a row stands in the list; all of it if empty.
    pub fields: Vec<String>,
    /// Which targets.
    pub targets: Selection,
    /// The log as it was with so many entries; as it is if absent.
    pub entries: Option<u64>,
    pub size: Size,
    pub each_target: bool,
    /// SHA-256 of the number that will be given.
    pub sealed: Option<Digest>,
}

/// What of a document is an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The rows of the only list of objects that there is.
    Only,
    /// The document as a whole.
    Document,
    /// Those at this JSON Pointer into the body.
    At(String),
}

/// Why there is no list, or no sample.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error("the log has {applied} entries: a population cannot be frozen as of {asked}")]
    Future { asked: u64, applied: u64 },
    #[error("no target is selected by {0:?}")]
    NoTarget(String),
    #[error("documents of kind {kind} hold more than one list: choose one of {lists}")]
    Several { kind: String, lists: String },
    #[error("nothing is in the list: {0}")]
    Empty(String),
    #[error(
        "the list is larger than {} bytes ({} MiB), the most that lies beside the log: select fewer targets, or name fields", MAX_FILE, MAX_FILE >> 20
    )]
    Large,
    #[error("no population {0:?} is frozen; see the list of populations")]
    Unknown(String),
    #[error(
        "population {0} was drawn already, by entry {1}: one population gives one sample; freeze another for another"
    )]
    Drawn(String, u64),
    #[error(
        "there is a population {0:?} already, of entry {1}: a list is frozen once; give another name"
    )]
    Frozen(String, u64),
    #[error("the list of population {0} is not held any more: nothing can be drawn from it")]
    Gone(String),
    #[error("stored value of population {0} cannot be read: {1}")]
    Value(String, String),
}

/// The list, and the value of the decision that freezes it.
pub fn freeze(views: &Views, wanted: &Wanted) -> Result<(Population, String), PopulationError> {
    let plan = Plan::new(wanted.size, wanted.each_target);
    plan.check()?;
    let applied = views.applied()?;
    let entries = wanted.entries.unwrap_or(applied);
    if entries > applied {
        return Err(PopulationError::Future { asked: entries, applied });
    }
    let made = list::make(views, wanted, entries)?;
    let source = Source {
        entries,
        kind: wanted.kind.clone(),
        rows: made.rows,
        fields: wanted.fields.clone(),
        targets: wanted.targets.as_str().to_owned(),
        selected: made.selected,
        without: made.without,
    };
    let population = Population {
        title: wanted.title.trim().to_owned(),
        audit: wanted.audit.clone(),
        source,
        digest: Digest::of(made.text.as_bytes()),
        items: made.items,
        draw: plan,
        sealed: wanted.sealed,
    };
    Ok((population, made.text))
}

/// The sample of the population of that name: the value of the decision that says so, and the drawn lines.
pub fn draw(views: &Views, id: &str, number: &str) -> Result<(Drawn, String), PopulationError> {
    let history = views.record_history(POPULATION, id)?;
    let held = history.iter().find(|row| row.in_force());
    let held = held.ok_or_else(|| PopulationError::Unknown(id.to_owned()))?;
    let population = read(held)?;
    if let Some(drawn) = first_put(&views.record_history(SAMPLE, id)?) {
        return Err(PopulationError::Drawn(id.to_owned(), drawn));
    }
    let log = views.log();
    let entry = log.entry(held.index)?.ok_or(ViewsError::Hole(held.index))?;
    let list = log.document(&population.digest)?;
    let list = list.ok_or_else(|| PopulationError::Gone(id.to_owned()))?;
    let origin = log.head()?.checkpoint.origin;
    let place = (origin.as_str(), held.index, sample::leaf(&entry.leaf));
    Ok(population.drawn(place, &list, number)?)
}

/// A population in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub id: String,
    pub entry: u64,
    pub by: String,
    pub at: Timestamp,
    pub population: Population,
    pub sample: Option<ShownSample>,
}

/// Its sample.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownSample {
    pub entry: u64,
    pub by: String,
    pub at: Timestamp,
    pub drawn: Drawn,
}

/// All populations in force with their samples, by id.
pub fn shown(views: &Views) -> Result<Vec<Shown>, PopulationError> {
    let mut samples: BTreeMap<String, ShownSample> = BTreeMap::new();
    for row in views.records(Some(SAMPLE))?.into_iter().filter(RecordRow::in_force) {
        let value = row.value.unwrap_or_default();
        let drawn: Drawn = serde_json::from_value(value)
            .map_err(|error| PopulationError::Value(row.id.clone(), error.to_string()))?;
        samples.insert(row.id, ShownSample { entry: row.index, by: row.by, at: row.at, drawn });
    }
    let rows = views.records(Some(POPULATION))?.into_iter().filter(RecordRow::in_force);
    let shown = rows.map(|row| {
        let population = read(&row)?;
        let sample = samples.remove(&row.id).filter(|sample| sample.drawn.entry == row.index);
        let RecordRow { id, index: entry, by, at, .. } = row;
        Ok(Shown { id, entry, by, at, population, sample })
    });
    shown.collect()
}

/// The population that a decision put.
fn read(row: &RecordRow) -> Result<Population, PopulationError> {
    let value = row.value.clone().unwrap_or_default();
    serde_json::from_value(value)
        .map_err(|error| PopulationError::Value(row.id.clone(), error.to_string()))
}

/// Refuses a list or a draw that does not follow from what the views show. Anything else passes.
pub(crate) fn admit(views: &Views, decision: &Decision) -> Result<(), PopulationError> {
    let Decision { register, id, act: Act::Put, value: Some(value), .. } = decision else {
        return Ok(());
    };
    let unread = |error: serde_json::Error| PopulationError::Value(id.clone(), error.to_string());
    match register.as_str() {
        POPULATION => {
            if let Some(index) = first_put(&views.record_history(POPULATION, id)?) {
                return Err(PopulationError::Frozen(id.clone(), index));
            }
            let said: Population = serde_json::from_value(value.clone()).map_err(unread)?;
            let (follows, _) = freeze(views, &wanted(&said)?)?;
            differs(&said, &follows)
        }
        SAMPLE => {
            let said: Drawn = serde_json::from_value(value.clone()).map_err(unread)?;
            let (follows, _) = draw(views, id, &said.number)?;
            Ok(said.is(&follows)?)
        }
        _ => Ok(()),
    }
}

/// Refuses a value that says something else than what follows.
fn differs(said: &Population, follows: &Population) -> Result<(), PopulationError> {
    let numbers = |one: &Population| {
        [
            ("the digest of the list", one.digest.to_string()),
            ("the number of items", one.items.to_string()),
            ("the number of selected targets", one.source.selected.to_string()),
            ("the number of targets without rows", one.source.without.to_string()),
            ("the method", one.draw.method.clone()),
            ("the title", one.title.clone()),
        ]
    };
    let mut pairs = numbers(said).into_iter().zip(numbers(follows));
    match pairs.find(|((_, said), (_, found))| said != found) {
        None => Ok(()),
        Some(((what, said), (_, found))) => Err(SampleError::Differs { what, said, found }.into()),
    }
}

/// What was wanted, by the value that came of it.
fn wanted(said: &Population) -> Result<Wanted, PopulationError> {
    let Source { entries, kind, rows, fields, targets, .. } = said.source.clone();
    let targets = targets
        .parse()
        .map_err(|error| PopulationError::Value("targets".to_owned(), format!("{error}")))?;
    Ok(Wanted {
        title: said.title.clone(),
        audit: said.audit.clone(),
        kind,
        rows: rows.map_or(Rows::Document, Rows::At),
        fields,
        targets,
        entries: Some(entries),
        size: said.draw.size,
        each_target: said.draw.each_target,
        sealed: said.sealed,
    })
}

/// The oldest revision that said something.
fn first_put(history: &[RecordRow]) -> Option<u64> {
    history.iter().filter(|row| row.value.is_some()).map(|row| row.index).min()
}

/// The value of a decision.
pub fn value(said: &impl serde::Serialize) -> Value {
    serde_json::to_value(said).unwrap_or_else(|_never| json!({}))
}

#[cfg(test)]
mod tests;
