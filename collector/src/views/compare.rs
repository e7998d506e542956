//! What changed between two moments, and why: controls whose status is another, with the reasons that came and went; and what
//! happened in between: findings that turned, decisions, rule packs, targets. Never judges by itself: both sides are assessed
//! as they stood, or tell what was judged at a full hour; everything else is an entry of the log.

mod happened;
mod turned;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use exhibit_assessment::{ControlId, ControlStatus, Counts, Reason, Status, Strength};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::hours::{Hour, MUCH};
use super::{AsOf, Assessment, Assessor, Moment, Views, ViewsError};
use turned::TurnedRules;

/// Reasons that are told of one control, of those that came and of those that went.
const MOST_REASONS: usize = 50;
/// A moment that is no longer ago is now: what is assessed of the present will do for it.
const NOW: SignedDuration = SignedDuration::from_secs(60);

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
    /// When its statuses were judged, where that is not the moment itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Timestamp>,
}

/// How the sides of a comparison come to their statuses.
#[derive(Clone, Copy)]
enum Judged {
    /// At the very moment, however long that takes.
    Exactly,
    /// As [`Views::shown`] tells them to whoever does not wait, at this time now; up to so many findings are judged anew.
    Shown(Timestamp, u64),
}

/// Views as of a moment, their statuses, and when these were judged where that is not the moment itself.
type OneSide = (Views, Arc<Assessment>, Option<Timestamp>);

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
    /// Compares what stood at two moments, both judged as they stood; the earlier one is told first, however they are given.
    pub fn compare(&self, one: &Moment, other: &Moment) -> Result<Comparison, ViewsError> {
        self.compared(in_order(one, other), Judged::Exactly)
    }

    /// The same without waiting for a judgement: of a moment between two full hours perhaps the statuses of the hour before it, as
    /// [`Side::judged`] tells.
    pub fn compare_shown(
        &self,
        both: (&Moment, &Moment),
        now: Timestamp,
    ) -> Result<Comparison, ViewsError> {
        self.compare_beyond(both, now, MUCH)
    }

    /// The same; up to `few` findings are judged anew.
    pub(in crate::views) fn compare_beyond(
        &self,
        (one, other): (&Moment, &Moment),
        now: Timestamp,
        few: u64,
    ) -> Result<Comparison, ViewsError> {
        self.compared(in_order(one, other), Judged::Shown(now, few))
    }

    fn compared(
        &self,
        (from, to): (&Moment, &Moment),
        judged: Judged,
    ) -> Result<Comparison, ViewsError> {
        let (before, was, told_from) = self.side(from, judged)?;
        let (after, is, told_to) = self.side(to, judged)?;
        let range = (from.entries, to.entries);
        let turned = self.turned_by_rule((from, to))?;
        let mut events = self.decided(range, after.assessor())?;
        events.extend(self.logged(range)?);
        events.extend(went_quiet(&was, &is));
        events.sort_by_key(|event| (event.at, event.index, event.what));
        let mut controls = Vec::new();
        for status in &is.statuses {
            let differs = |was: &&ControlStatus| was.status != status.status;
            let Some(earlier) = was.of(status.control).filter(differs) else { continue };
            let reasons = (
                before.reasons_shown(&was, status.control)?,
                after.reasons_shown(&is, status.control)?,
            );
            let mut change =
                changed(after.assessor(), (earlier, status), reasons, (&turned, &events));
            change.turns = self.newest_turns(&turned, (status.control, range), after.assessor())?;
            controls.push(change);
        }
        let turned = turned.values().sum();
        let (from, to) = (side_of(from, &was, told_from), side_of(to, &is, told_to));
        Ok(Comparison { from, to, controls, turned, events })
    }

    /// The views as they stood at a moment, with their statuses, and when these were judged where that is not the moment itself.
    fn side(&self, moment: &Moment, judged: Judged) -> Result<OneSide, ViewsError> {
        if let Judged::Shown(now, _) = judged
            && self.0.then.is_none()
            && is_now(moment, now)
        {
            return Ok((self.clone(), self.shown(moment.at)?, None));
        }
        let views = self.standing_at(moment)?;
        let found = match judged {
            Judged::Exactly => views.assess(moment.at)?,
            Judged::Shown(_, few) => views.shown_beyond(moment.at, few)?,
        };
        let itself = Hour::of(&found).is_of(moment.entries, moment.at);
        let told = (!itself).then_some(found.now);
        Ok((views, found, told))
    }
}

fn in_order<'a>(one: &'a Moment, other: &'a Moment) -> (&'a Moment, &'a Moment) {
    let key = |moment: &Moment| (moment.entries, moment.at);
    if key(one) <= key(other) { (one, other) } else { (other, one) }
}

/// An entry is itself, however new it is.
fn is_now(moment: &Moment, now: Timestamp) -> bool {
    let by_time = match moment.as_of {
        AsOf::Entry(_) => false,
        AsOf::Time(_) | AsOf::Day(_) => true,
    };
    by_time && now.duration_since(moment.at).abs() < NOW
}

fn side_of(moment: &Moment, assessed: &Assessment, judged: Option<Timestamp>) -> Side {
    Side {
        as_of: moment.as_of.to_string(),
        at: moment.at,
        entries: moment.entries,
        pack_version: assessed.pack_version.clone(),
        pack: assessed.pack.clone(),
        judged,
    }
}

/// A control whose status is another, without what turned lately.
fn changed(
    assessor: &Assessor,
    (was, is): (&ControlStatus, &ControlStatus),
    (had, has): (Vec<Reason>, Vec<Reason>),
    (turned, events): (&TurnedRules, &[Event]),
) -> ControlChange {
    let (came, more_came) = fresh(&has, &had);
    let (went, more_went) = fresh(&had, &has);
    let title = assessor.framework().control(is.control).map(|control| control.title.clone());
    ControlChange {
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
        turned: turned::deciding(turned, is.control, assessor).map(|(_, count)| count).sum(),
        turns: Vec::new(),
        events: places(events, |event| event.controls.contains(&is.control)),
    }
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
