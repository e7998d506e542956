//! Intervals of a period in which there was no valid evidence: no observation of a kind on a target that was still inside of the
//! kind's freshness window. By when things were observed, not by when that arrived. Pauses inside of an unchanged interval stand
//! in no row: the agents' statements tell them, and of these it reads about one for each freshness window.
//!
//! What is expected, of targets inside of the scope, from their enrolment to their retirement: kinds by which a rule decides about
//! a control that is not excluded, where they were scheduled or observed, or are collected on any other target of the same sort.
//! The window of a kind is the shortest of those rules; a control that lives with a longer one has the shorter lapse, or none.

mod cause;
mod chain;
mod expected;

use std::collections::HashMap;

use exhibit_assessment::ControlId;
use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::read::time;
use super::{Views, ViewsError};
use cause::Causes;
use chain::{Break, Runs};
use expected::{Expected, Wanted};

pub use cause::LapseCause;
pub use expected::Among;

/// From when to when; its end is no later than now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// An interval without valid evidence of one kind on one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lapse {
    pub target: String,
    /// The target's name for people.
    pub name: String,
    pub kind: String,
    pub from: Timestamp,
    /// The observation that ended it, or the end of the period.
    pub to: Timestamp,
    /// Still so at the end of the period, or when the target was retired.
    pub open: bool,
    /// The observation before it; none within the window before the period, or ever.
    pub last_seen: Option<Timestamp>,
    /// The shortest window of the rules that decide by the kind, in hours.
    pub window_hours: u32,
    pub cause: LapseCause,
    /// What the plugin said, where that is the cause.
    pub detail: String,
    pub remedy: String,
    /// Controls that were without evidence, each from when on.
    pub controls: Vec<(ControlId, Timestamp)>,
}

/// All lapses of one target, by kind and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LapsesOf {
    pub target: String,
    pub name: String,
    /// Kinds that were expected of it.
    pub kinds: u64,
    pub lapses: Vec<Lapse>,
}

impl Views {
    /// How many targets there are, inside of the scope or not.
    pub fn targets_known(&self) -> Result<u64, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT count(*) FROM targets")?;
            Ok(super::unsigned(ask.query_row([], |row| row.get(0))?))
        })
    }

    /// Hands over the lapses of each expected target of these, by its id. `each` says whether to go on, and hears how many
    /// statements were read so far.
    pub fn lapses<E: From<ViewsError>>(
        &self,
        period: Period,
        among: Among<'_>,
        mut each: impl FnMut(LapsesOf, u64) -> Result<bool, E>,
    ) -> Result<(), E> {
        let entries = self.entries_at(period.to)?;
        let (end, assessment) = match self.assessed_then(entries, period.to) {
            Some(now) => (self.clone(), now),
            None => {
                let end = self.as_of(entries, period.to)?;
                let assessment = end.assess(period.to)?;
                (end, assessment)
            }
        };
        let wanted = Wanted::of(&end, &assessment, among)?;
        let mut runs = Runs::new(end.log().clone());
        let mut looked = Ok(true);
        for mut expected in wanted.targets() {
            let found = end.read(|connection| {
                expected.look(connection)?;
                runs.begin(
                    connection,
                    (&expected, wanted.agents(&expected.id)),
                    (period, wanted.longest()),
                )?;
                of_target(connection, &wanted, &expected, period, &mut runs)
            })?;
            looked = each(found, runs.read);
            if !matches!(looked, Ok(true)) {
                break;
            }
        }
        looked.map(|_| ())
    }
}

fn of_target(
    connection: &Connection,
    wanted: &Wanted,
    expected: &Expected,
    period: Period,
    runs: &mut Runs,
) -> Result<LapsesOf, ViewsError> {
    let until = expected.retired.map_or(period.to, |retired| retired.min(period.to));
    let until = until.as_millisecond();
    let mut causes = Causes::of(connection, expected, wanted.agents(&expected.id))?;
    let intervals = chain::intervals(connection, &expected.id)?;
    let (mut lapses, mut kinds) = (Vec::new(), 0);
    let none = Vec::new();
    for (kind, need) in wanted.kinds_of(expected) {
        kinds += 1;
        let window = i64::from(need.hours) * 3_600_000;
        let start = (period.from.as_millisecond() - window).max(expected.enrolled);
        let place = (expected.id.clone(), kind.to_owned());
        let here = intervals.get(kind).unwrap_or(&none);
        for found in chain::breaks(runs, &place, here, (start, until, window))? {
            let Break { last, next } = found;
            let from = last.unwrap_or(start) + window;
            let to = next.unwrap_or(until);
            let why = causes.why(kind, (last.unwrap_or(start), from, to))?;
            let controls = need.controls.iter().filter_map(|(control, hours)| {
                let since = last.unwrap_or_else(|| first_due(period, expected, *hours))
                    + if last.is_some() { i64::from(*hours) * 3_600_000 } else { 0 };
                (since < to).then_some((*control, time(since)))
            });
            lapses.push(Lapse {
                target: expected.id.clone(),
                name: expected.name.clone(),
                kind: kind.to_owned(),
                from: time(from),
                to: time(to),
                open: next.is_none(),
                last_seen: last.map(time),
                window_hours: need.hours,
                cause: why.cause,
                detail: why.detail,
                remedy: why.remedy,
                controls: controls.collect(),
            });
        }
    }
    Ok(LapsesOf { target: expected.id.clone(), name: expected.name.clone(), kinds, lapses })
}

/// When evidence was due first under a window: at the period's begin, or that long after the target's enrolment.
fn first_due(period: Period, expected: &Expected, hours: u32) -> i64 {
    period.from.as_millisecond().max(expected.enrolled + i64::from(hours) * 3_600_000)
}

/// Milliseconds of entries that were asked for.
type Received = HashMap<i64, i64>;
