//! What changed between two moments, and why: controls whose status is another, with the reasons that came and went; and what
//! happened in between: findings that turned, decisions, rule packs, targets. Never judges by itself: both sides are assessed
//! as they stood, and everything else is an entry of the log.

mod happened;
mod turned;

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{ControlId, Counts, Reason, Status, Strength};
use jiff::Timestamp;
use serde::Serialize;

use super::{Assessment, Assessor, Moment, Views, ViewsError};
use turned::TurnedRules;

/// Reasons that are told of one control, of those that came and of those that went.
const MOST_REASONS: usize = 50;

/// Both sides, and what lies between them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub from: Side,
    pub to: Side,
    /// Controls whose status is another, in the framework's order.
    pub controls: Vec<ControlChange>,
    /// Findings that turned: which, [`Views::turned`] tells.
    pub turned: u64,
    pub events: Vec<Event>,
}

/// One of the two moments.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// As it was asked for.
    pub as_of: String,
    pub at: Timestamp,
    pub entries: u64,
    /// Version and digest of the rule pack in force.
    pub pack_version: String,
    pub pack: String,
}

/// A control whose status is another.
#[derive(Clone, Debug, Serialize)]
pub struct ControlChange {
    pub control: ControlId,
    pub title: String,
    pub was: Status,
    pub is: Status,
    pub counts_was: Counts,
    pub counts_is: Counts,
    /// Reasons of the second moment that the first did not have.
    pub came: Vec<Reason>,
    pub more_came: u64,
    pub went: Vec<Reason>,
    pub more_went: u64,
    /// Findings of the control's rules that decide: how many turned, and the newest of them, in the order of their entries.
    pub turned: u64,
    pub turns: Vec<Turn>,
    /// Places in [`Comparison::events`] that name the control, or a rule of it.
    pub events: Vec<usize>,
}

/// A finding that turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The entry that turned it.
    pub index: u64,
    pub at: Timestamp,
    pub rule: String,
    pub title: String,
    pub target: String,
    pub name: String,
    pub kind: String,
    /// None: it is the first finding of the rule about the target.
    pub was: Option<String>,
    pub is: String,
    pub message: String,
    /// Controls that the rule speaks about, and how closely.
    pub controls: Vec<(ControlId, Strength)>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    Decided,
    Pack,
    Enrolled,
    Revoked,
    Retired,
    Silent,
    Speaks,
}

impl Happened {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Pack => "pack",
            Self::Enrolled => "enrolled",
            Self::Revoked => "revoked",
            Self::Retired => "retired",
            Self::Silent => "silent",
            Self::Speaks => "speaks",
        }
    }
}

/// Something that happened between the two moments, or is so at the second and was not at the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    pub what: Happened,
    /// Its entry; none of silence, which has no entry.
    pub index: Option<u64>,
    pub at: Timestamp,
    pub by: Option<String>,
    /// The target or agent that it is about.
    pub target: Option<String>,
    pub text: String,
    /// Controls that it names, itself or by a rule.
    pub controls: Vec<ControlId>,
}

impl Views {
    /// Compares what stood at two moments; the earlier one is told first, however they are given.
    pub fn compare(&self, one: &Moment, other: &Moment) -> Result<Comparison, ViewsError> {
        let key = |moment: &Moment| (moment.entries, moment.at);
        let (from, to) = if key(one) <= key(other) { (one, other) } else { (other, one) };
        let (before, after) = (self.standing_at(from)?, self.standing_at(to)?);
        let (was, is) = (before.assess(from.at)?, after.assess(to.at)?);
        let range = (from.entries, to.entries);
        let turned = self.turned_by_rule(range)?;
        let mut events = self.decided(range, after.assessor())?;
        events.extend(self.logged(range)?);
        events.extend(went_quiet(&was, &is));
        events.sort_by_key(|event| (event.at, event.index, event.what));
        let mut controls = changed(after.assessor(), (&was, &is), &turned, &events);
        for change in &mut controls {
            change.turns = self.newest_turns(&turned, change.control, after.assessor())?;
        }
        let turned = turned.values().map(|of| of.count).sum();
        let side = |moment: &Moment, assessed: &Assessment| Side {
            as_of: moment.as_of.to_string(),
            at: moment.at,
            entries: moment.entries,
            pack_version: assessed.pack_version.clone(),
            pack: assessed.pack.clone(),
        };
        let (from, to) = (side(from, &was), side(to, &is));
        Ok(Comparison { from, to, controls, turned, events })
    }
}

fn changed(
    assessor: &Assessor,
    (was, is): (&Assessment, &Assessment),
    turned: &TurnedRules,
    events: &[Event],
) -> Vec<ControlChange> {
    let mut changes = Vec::new();
    for is in &is.statuses {
        let Some(was) = was.of(is.control).filter(|was| was.status != is.status) else { continue };
        let (came, more_came) = fresh(&is.reasons, &was.reasons);
        let (went, more_went) = fresh(&was.reasons, &is.reasons);
        let title = assessor.framework().control(is.control).map(|control| control.title.clone());
        changes.push(ControlChange {
            control: is.control,
            title: title.unwrap_or_default(),
            was: was.status,
            is: is.status,
            counts_was: was.counts,
            counts_is: is.counts,
            came,
            more_came,
            went,
            more_went,
            turned: turned::deciding(turned, is.control, assessor).map(|(_, of)| of.count).sum(),
            turns: Vec::new(),
            events: places(events, |event| event.controls.contains(&is.control)),
        });
    }
    changes
}

fn places<T>(all: &[T], fits: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, one)| fits(one)).map(|(place, _)| place).collect()
}

/// Reasons that the other side does not have: some, and how many more.
fn fresh(here: &[Reason], there: &[Reason]) -> (Vec<Reason>, u64) {
    let key = |reason: &Reason| (reason.cause.as_str(), reason.rule.clone(), reason.target.clone());
    let there: BTreeSet<_> = there.iter().map(key).collect();
    let mut fresh: Vec<Reason> =
        here.iter().filter(|reason| !there.contains(&key(reason))).cloned().collect();
    let more = fresh.len().saturating_sub(MOST_REASONS);
    fresh.truncate(MOST_REASONS);
    (fresh, more as u64)
}

/// Agents that are silent at the second moment alone, and those that speak again.
fn went_quiet(was: &Assessment, is: &Assessment) -> Vec<Event> {
    let quiet = |assessed: &Assessment| -> BTreeMap<String, (String, Timestamp)> {
        let silent = assessed.silent.iter();
        silent.map(|one| (one.agent.clone(), (one.host_name.clone(), one.since))).collect()
    };
    let (was, is) = (quiet(was), quiet(is));
    let event = |what, (agent, (name, at)): (&String, &(String, Timestamp)), text: &str| Event {
        what,
        index: None,
        at: *at,
        by: None,
        target: Some(agent.clone()),
        text: format!("{name} {text}"),
        controls: Vec::new(),
    };
    let silent = is.iter().filter(|(agent, _)| !was.contains_key(*agent));
    let speaks = was.iter().filter(|(agent, _)| !is.contains_key(*agent));
    let silent =
        silent.map(|one| event(Happened::Silent, one, "was heard last then and is silent"));
    let speaks = speaks
        .map(|one| event(Happened::Speaks, one, "had been silent since then and is not any more"));
    silent.chain(speaks).collect()
}
