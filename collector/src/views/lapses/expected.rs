//! Of which targets which kinds are expected, how fresh, and for which controls.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::ControlId;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::views::{Assessment, Views, ViewsError};

/// A target that is judged.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) name: String,
    /// Milliseconds since 1970.
    pub(super) enrolled: i64,
    pub(super) retired: Option<Timestamp>,
    /// Kinds that were scheduled or observed here.
    own: BTreeSet<String>,
}

/// How fresh a kind must be.
#[derive(Default)]
pub(super) struct Need {
    /// The shortest window of all.
    pub(super) hours: u32,
    pub(super) controls: BTreeMap<ControlId, u32>,
}

/// What is expected.
pub(super) struct Wanted {
    needs: BTreeMap<String, Need>,
    /// Of each sort of target: kinds that are collected on any.
    sorts: BTreeMap<String, BTreeSet<String>>,
    targets: Vec<Expected>,
}

/// Of one target, or of all.
const PLACES: &str = "SELECT target, kind FROM schedules WHERE ?1 IS NULL OR target = ?1
    UNION SELECT target, kind FROM document_rows WHERE ?1 IS NULL OR target = ?1
    UNION SELECT target, kind FROM outcomes WHERE ?1 IS NULL OR target = ?1";
const SORTS: &str = "SELECT DISTINCT substr(target, 1, instr(target, ':') - 1), kind FROM schedules
    UNION SELECT DISTINCT substr(target, 1, instr(target, ':') - 1), kind FROM document_rows";

impl Wanted {
    /// `end` stands at the end of the period.
    pub(super) fn of(
        end: &Views,
        assessment: &Assessment,
        only: Option<&str>,
    ) -> Result<Self, ViewsError> {
        let needs = needs(end, assessment);
        let outside: BTreeSet<&str> =
            assessment.outside.iter().map(|outside| outside.target.as_str()).collect();
        let (sorts, mut targets) =
            end.at_once(|connection| Ok((sorts(connection)?, targets(connection, only)?)))?;
        targets.retain(|target| !outside.contains(target.id.as_str()));
        for target in &mut targets {
            target.retired = assessment.people.retired.get(&target.id).copied();
        }
        Ok(Self { needs, sorts, targets })
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = Expected> + '_ {
        self.targets.iter().cloned()
    }

    /// The kinds that are expected of a target.
    pub(super) fn kinds_of<'a>(
        &'a self,
        target: &'a Expected,
    ) -> impl Iterator<Item = (&'a str, &'a Need)> {
        let sort = target.id.split(':').next().unwrap_or_default();
        let sort = self.sorts.get(sort);
        self.needs.iter().map(|(kind, need)| (kind.as_str(), need)).filter(move |(kind, _)| {
            target.own.contains(*kind) || sort.is_some_and(|kinds| kinds.contains(*kind))
        })
    }

    /// The longest of all windows, in milliseconds.
    pub(super) fn longest(&self) -> i64 {
        let hours = self.needs.values().flat_map(|need| need.controls.values()).max();
        i64::from(hours.copied().unwrap_or(0)) * 3_600_000
    }
}

/// Kinds by which the pack of then decides about controls that nobody excluded.
fn needs(end: &Views, assessment: &Assessment) -> BTreeMap<String, Need> {
    let excluded: BTreeSet<ControlId> =
        assessment.people.exclusions.iter().map(|excluded| excluded.control).collect();
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    for rule in end.assessor().pack().rules() {
        for (control, strength) in &rule.controls {
            if !strength.decides() || excluded.contains(control) {
                continue;
            }
            let need = needs.entry(rule.kind.clone()).or_default();
            let hours = need.controls.entry(*control).or_insert(rule.freshness);
            *hours = rule.freshness.min(*hours);
        }
    }
    for need in needs.values_mut() {
        need.hours = need.controls.values().min().copied().unwrap_or(0);
    }
    needs
}

fn sorts(connection: &Connection) -> Result<BTreeMap<String, BTreeSet<String>>, ViewsError> {
    let mut sorts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut ask = connection.prepare(SORTS)?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        sorts.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(sorts)
}

fn targets(connection: &Connection, only: Option<&str>) -> Result<Vec<Expected>, ViewsError> {
    let mut ask = connection.prepare(
        "SELECT id, name, first_seen FROM targets WHERE ?1 IS NULL OR id = ?1 ORDER BY id",
    )?;
    let rows = ask.query_map([only], |row| {
        Ok(Expected {
            id: row.get(0)?,
            name: row.get(1)?,
            enrolled: row.get(2)?,
            retired: None,
            own: BTreeSet::new(),
        })
    })?;
    let mut targets: Vec<Expected> = rows.collect::<Result<_, _>>()?;
    let mut own: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut ask = connection.prepare(PLACES)?;
    let mut rows = ask.query([only])?;
    while let Some(row) = rows.next()? {
        own.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    for target in &mut targets {
        target.own = own.remove(&target.id).unwrap_or_default();
    }
    Ok(targets)
}
