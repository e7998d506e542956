//! Of which targets which kinds are expected, how fresh, and for which controls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    agents: HashMap<String, Vec<Speaker>>,
}

/// An agent that may speak for a target, and since when it may not any more, in milliseconds since 1970.
pub(super) type Speaker = (String, Option<i64>);

/// Which targets are looked at, in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among<'a> {
    All,
    One(&'a str),
    /// Of all, so many after so many others.
    Part {
        before: u32,
        most: u32,
    },
}

impl<'a> Among<'a> {
    /// The target that is named, or all.
    #[must_use]
    pub fn named(target: Option<&'a str>) -> Self {
        target.map_or(Self::All, Self::One)
    }
}

const TARGETS: &str = "SELECT id, name, first_seen FROM targets WHERE ?1 IS NULL OR id = ?1 ORDER BY id LIMIT ?2 OFFSET ?3";
const OWN: &str = "SELECT kind FROM schedules WHERE target = ?1 UNION SELECT kind FROM document_rows WHERE target = ?1
    UNION SELECT kind FROM outcomes WHERE target = ?1";
const AGENTS: &str = "SELECT granted.value, agents.id, agents.revoked FROM agents, json_each(agents.targets) granted ORDER BY agents.id";

impl Expected {
    /// Reads what was scheduled or observed here.
    pub(super) fn look(&mut self, connection: &Connection) -> Result<(), ViewsError> {
        let mut ask = connection.prepare_cached(OWN)?;
        let kinds = ask.query_map([&self.id], |row| row.get(0))?;
        self.own = kinds.collect::<Result<_, _>>()?;
        Ok(())
    }
}

impl Wanted {
    /// `end` stands at the end of the period.
    pub(super) fn of(
        end: &Views,
        assessment: &Assessment,
        among: Among<'_>,
    ) -> Result<Self, ViewsError> {
        let needs = needs(end, assessment);
        let outside: BTreeSet<&str> =
            assessment.outside.iter().map(|outside| outside.target.as_str()).collect();
        let (sorts, mut targets, agents) = end.at_once(|connection| {
            Ok((sorts(connection)?, targets(connection, among)?, agents(connection)?))
        })?;
        targets.retain(|target| !outside.contains(target.id.as_str()));
        for target in &mut targets {
            target.retired = assessment.people.retired.get(&target.id).copied();
        }
        Ok(Self { needs, sorts, targets, agents })
    }

    /// Whoever may speak for a target.
    pub(super) fn agents(&self, target: &str) -> &[Speaker] {
        self.agents.get(target).map_or(&[], Vec::as_slice)
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
    let mut ask = connection.prepare_cached("SELECT sort, kind FROM sort_kinds")?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        sorts.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(sorts)
}

fn agents(connection: &Connection) -> Result<HashMap<String, Vec<Speaker>>, ViewsError> {
    let mut agents: HashMap<String, Vec<Speaker>> = HashMap::new();
    let mut ask = connection.prepare_cached(AGENTS)?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        agents.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(agents)
}

fn targets(connection: &Connection, among: Among<'_>) -> Result<Vec<Expected>, ViewsError> {
    let (only, most, before) = match among {
        Among::All => (None, -1, 0),
        Among::One(id) => (Some(id), 1, 0),
        Among::Part { before, most } => (None, i64::from(most), i64::from(before)),
    };
    let mut ask = connection.prepare_cached(TARGETS)?;
    let rows = ask.query_map((only, most, before), |row| {
        Ok(Expected {
            id: row.get(0)?,
            name: row.get(1)?,
            enrolled: row.get(2)?,
            retired: None,
            own: BTreeSet::new(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
