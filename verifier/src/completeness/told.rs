//! What statements say that completeness rests on, taken in one after another once their signatures held.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_proto::document::{Kind, Target};
use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::{Closed, Enrol, Heartbeat, Run, Vetoes};
use jiff::{SignedDuration, Timestamp};

use super::Window;
use crate::report::Gap;

/// A statement sealed this long before it was logged waited somewhere.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// One statement's leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub index: u64,
    pub seq: u64,
    pub at: Timestamp,
}

/// The statements of one key and epoch, in the log's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    pub key: KeyId,
    pub epoch: u64,
    pub seen: Vec<Arrival>,
    /// Numbers that the log does not hold.
    pub gaps: Vec<Gap>,
}

/// What verified statements say, by agent.
#[derive(Clone, Debug)]
pub struct Told {
    window: Window,
    pub(super) agents: BTreeMap<String, Facts>,
}

#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) host_name: String,
    pub(super) enrolled: Timestamp,
    pub(super) revoked: Option<Timestamp>,
    pub(super) keys: BTreeSet<KeyId>,
    pub(super) targets: Vec<Target>,
    /// Intervals promised from a time on, in the log's order; one that repeats the last is left out.
    pub(super) promises: Vec<(Timestamp, u64)>,
    /// Newest cron line of everything that a heartbeat of the period schedules.
    pub(super) scheduled: BTreeMap<(Kind, Target), String>,
    pub(super) seen: BTreeMap<(Kind, Target), Seen>,
    /// When statements claim to have been sealed that came late.
    pub(super) late: Vec<Timestamp>,
    pub(super) closed: Vec<(KeyId, u64, Closed)>,
    /// What its host's operator forbids, from when on; in the log's order, each that differs from the one before.
    pub(super) vetoes: Vec<(Timestamp, Vetoes)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) observed: u64,
    pub(super) otherwise: u64,
    pub(super) last: Option<Timestamp>,
}

impl Told {
    pub fn new(window: Window) -> Self {
        Self { window, agents: BTreeMap::new() }
    }

    /// Each takes what the entry says, and when it was logged.
    pub fn enrolled(&mut self, logged: &str, enrol: &Enrol) {
        let Some(at) = time(logged) else { return };
        let facts = self.agents.entry(enrol.agent.clone()).or_insert_with(|| Facts {
            host_name: enrol.host_name.clone(),
            enrolled: at,
            revoked: None,
            keys: BTreeSet::new(),
            targets: Vec::new(),
            promises: Vec::new(),
            scheduled: BTreeMap::new(),
            seen: BTreeMap::new(),
            late: Vec::new(),
            closed: Vec::new(),
            vetoes: Vec::new(),
        });
        facts.targets.clone_from(&enrol.targets);
        facts.revoked = None;
    }

    /// The agent's end, unless a statement under another key follows.
    pub fn revoked(&mut self, logged: &str, agent: &str) {
        if let Some(facts) = self.agents.get_mut(agent) {
            facts.revoked = time(logged);
        }
    }

    /// Says whose statements a key signs.
    pub fn speaks(&mut self, agent: &str, key: KeyId) {
        if let Some(facts) = self.agents.get_mut(agent) {
            facts.keys.insert(key);
        }
    }

    pub fn heartbeat(&mut self, logged: &str, key: KeyId, beat: &Heartbeat) {
        let (window, Some(at)) = (self.window, time(logged)) else { return };
        let Some(facts) = self.agents.get_mut(&beat.capsule.agent) else { return };
        facts.host_name.clone_from(&beat.host_name);
        facts.revoked = None;
        if facts.promises.last().is_none_or(|(_, known)| *known != beat.interval_seconds) {
            facts.promises.push((at, beat.interval_seconds));
        }
        if at > window.to {
            return;
        }
        // What an older one scheduled and this one does not is not expected any more.
        if window.from.is_none_or(|from| at < from) {
            facts.scheduled.clear();
        }
        for line in &beat.schedule {
            facts.scheduled.insert((line.kind.clone(), line.target.clone()), line.cron.clone());
        }
        if let Some(closed) = &beat.closes
            && window.from.is_none_or(|from| from <= at)
        {
            facts.closed.push((key, beat.capsule.epoch, closed.clone()));
        }
        facts.forbidden(at, &beat.capsule.vetoes);
        facts.sealed(at, &beat.capsule.sealed_at);
    }

    pub fn run(&mut self, logged: &str, run: &Run) {
        let (window, Some(at)) = (self.window, time(logged)) else { return };
        let Some(facts) = self.agents.get_mut(&run.capsule.agent) else { return };
        facts.revoked = None;
        facts.sealed(at, &run.capsule.sealed_at);
        if at > window.to || window.from.is_some_and(|from| at < from) {
            return;
        }
        facts.forbidden(at, &run.capsule.vetoes);
        for document in &run.documents {
            let seen = facts.seen(&document.kind, &document.target);
            seen.observed += 1;
            seen.last = Some(at);
        }
        for outcome in &run.outcomes {
            facts.seen(&outcome.kind, &outcome.target).otherwise += 1;
        }
    }
}

impl Facts {
    fn seen(&mut self, kind: &Kind, target: &Target) -> &mut Seen {
        self.seen.entry((kind.clone(), target.clone())).or_default()
    }

    fn forbidden(&mut self, logged: Timestamp, vetoes: &Vetoes) {
        let known = self.vetoes.last().map(|(_, known)| known);
        if known.map_or(!vetoes.is_empty(), |known| known != vetoes) {
            self.vetoes.push((logged, vetoes.clone()));
        }
    }

    fn sealed(&mut self, logged: Timestamp, claimed: &str) {
        if let Some(sealed) = time(claimed).filter(|sealed| sealed.duration_until(logged) > LATE) {
            self.late.push(sealed);
        }
    }
}

/// What is no time was told of where it was checked.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
