//! The labels of targets, for rules that read them, and what is known of a target without people. It gives no label itself.

use std::collections::BTreeMap;

use exhibit_assessment::Labels;
use exhibit_assessment::decisions::{CONFIGURATION, LABEL, LABEL_RULES, Told};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{Assessor, Views, ViewsError, read, signed};

/// The labels that rules of the kind see on a target as the tables stand; none where no rule reads them, or of a target that
/// was never enrolled.
pub(super) fn for_rules(
    connection: &Connection,
    assessor: &Assessor,
    (target, kind): (&str, &str),
) -> Result<Option<Labels>, ViewsError> {
    if assessor.reads_labels(kind) { of(connection, assessor, target) } else { Ok(None) }
}

/// All labels of one target.
pub(super) fn of(
    connection: &Connection,
    assessor: &Assessor,
    target: &str,
) -> Result<Option<Labels>, ViewsError> {
    let Some(told) = told_of(connection, target)? else { return Ok(None) };
    let records = [(LABEL_RULES, CONFIGURATION), (LABEL, target)];
    let people = read::people_of(connection, assessor.framework(), &records)?;
    Ok(Some(people.labels_of(target, &told)))
}

/// All labels of every target that was ever enrolled.
pub(super) fn all(
    connection: &Connection,
    assessor: &Assessor,
) -> Result<BTreeMap<String, Labels>, ViewsError> {
    let people = read::people_at(connection, assessor.framework(), u64::MAX)?;
    let labels = told(connection)?.into_iter().map(|(target, told)| {
        let labels = people.labels_of(&target, &told);
        (target, labels)
    });
    Ok(labels.collect())
}

/// Every target that was ever enrolled, by id, with what is known of it without people.
pub(super) fn told(connection: &Connection) -> Result<Vec<(String, Told)>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT id, name, (SELECT labels FROM said_labels s WHERE s.target = t.id AND s.to_index IS NULL)
         FROM targets t ORDER BY id",
    )?;
    Ok(ask.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// The same once the log had so many entries.
pub(super) fn told_at(
    connection: &Connection,
    entries: u64,
) -> Result<Vec<(String, Told)>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT id, name, (SELECT labels FROM said_labels s WHERE s.target = t.id AND s.from_index < ?1
           AND (s.to_index IS NULL OR s.to_index >= ?1))
         FROM targets t WHERE first_index < ?1 ORDER BY id",
    )?;
    Ok(ask.query_map([signed(entries)], row)?.collect::<Result<_, _>>()?)
}

fn told_of(connection: &Connection, target: &str) -> Result<Option<Told>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT id, name, (SELECT labels FROM said_labels s WHERE s.target = t.id AND s.to_index IS NULL)
         FROM targets t WHERE id = ?1",
    )?;
    Ok(ask.query_row([target], row).optional()?.map(|(_, told)| told))
}

fn row(row: &Row<'_>) -> rusqlite::Result<(String, Told)> {
    let labels: Option<String> = row.get(2)?;
    let labels = labels.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok((row.get(0)?, Told { name: row.get(1)?, labels }))
}

impl Views {
    /// What is known of a target without people; nothing of one that was never enrolled.
    pub fn told(&self, target: &str) -> Result<Told, ViewsError> {
        Ok(self.read(|connection| told_of(connection, target))?.unwrap_or_default())
    }
}
