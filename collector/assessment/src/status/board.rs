//! What holds now, by numbers instead of names: findings, what could not be seen, who is to look. One fact changes one
//! place, and judging ten thousand targets takes a fraction of a second. It never judges.

mod column;
mod names;
mod schedule;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{AssessmentInput, Expectation, Gap, Observed};
use crate::{finding::Verdict, ids::RuleId, rule::Rule};

pub(super) use column::{Cell, Column, time};
pub(super) use names::Names;
pub(super) use schedule::Schedule;

/// Everything that agents and rules say, kept up to date fact by fact. What people decide is given when it is judged.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// Sorted by id.
    pub(super) rules: Vec<Rule>,
    by_id: HashMap<RuleId, usize>,
    pub(super) kinds: Names,
    /// The rules about each kind.
    pub(super) of_kind: Vec<Vec<usize>>,
    pub(super) targets: Names,
    sorts: Names,
    /// Of each target: what it is (`host`, `aws`, …).
    pub(super) sort_of: Vec<usize>,
    /// By rule.
    pub(super) columns: Vec<Column>,
    /// By kind, then by target.
    pub(super) gaps: Vec<BTreeMap<usize, Gap>>,
    pub(super) schedule: Schedule,
}

impl Board {
    /// An empty board for these rules.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut board = Self { rules: rules.to_vec(), ..Self::default() };
        board.rules.sort_by(|a, b| a.id.cmp(&b.id));
        board.columns = vec![Column::default(); board.rules.len()];
        let of_kinds: Vec<(usize, String)> =
            board.rules.iter().map(|rule| rule.kind.clone()).enumerate().collect();
        for (rule, kind) in of_kinds {
            let kind = board.kind(&kind);
            if let Some(rules) = board.of_kind.get_mut(kind) {
                rules.push(rule);
            }
        }
        board.by_id =
            board.rules.iter().enumerate().map(|(place, rule)| (rule.id.clone(), place)).collect();
        board
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A board with the facts of `input`; their order does not matter.
    #[must_use]
    pub fn of(input: &AssessmentInput<'_>) -> Self {
        let mut board = Self::new(input.rules);
        input.findings.iter().for_each(|found| board.offer(found));
        input.gaps.iter().for_each(|gap| board.offer_gap(gap));
        input.expected.iter().for_each(|pair| board.expect(pair));
        board
    }

    /// The finding of a rule on a target is this from now on. One of a rule that the board does not have has no say.
    pub fn set(&mut self, found: &Observed) {
        if let Some(rule) = self.by_id.get(&found.rule).copied() {
            let target = self.target(&found.target);
            if let Some(column) = self.columns.get_mut(rule) {
                column.set(target, found);
            }
        }
    }

    /// [`Board::set`], unless a finding that was observed later stands there. A tie goes to the worse verdict, so that
    /// neither the order of a list nor a tie hides a failure.
    pub fn offer(&mut self, found: &Observed) {
        let held = self
            .by_id
            .get(&found.rule)
            .and_then(|rule| self.columns.get(*rule)?.get(self.targets.find(&found.target)?));
        let offered = (found.observed_at.as_microsecond(), weight(found.verdict));
        if held.is_none_or(|held| offered > (held.observed_at, weight(held.verdict))) {
            self.set(found);
        }
    }

    /// A rule says nothing of a target any more.
    pub fn remove(&mut self, rule: &RuleId, target: &str) {
        let place = self.by_id.get(rule).copied().zip(self.targets.find(target));
        if let Some((rule, target)) = place
            && let Some(column) = self.columns.get_mut(rule)
        {
            column.remove(target);
        }
    }

    /// No rule about the kind says anything of the target any more.
    pub fn clear(&mut self, kind: &str, target: &str) {
        let Some((kind, target)) = self.kinds.find(kind).zip(self.targets.find(target)) else {
            return;
        };
        for rule in self.of_kind.get(kind).into_iter().flatten() {
            if let Some(column) = self.columns.get_mut(*rule) {
                column.remove(target);
            }
        }
    }

    /// The document behind the findings about a kind on a target was observed again, and all that they say holds.
    pub fn seen(&mut self, kind: &str, target: &str, at: Timestamp) {
        let Some((kind, target)) = self.kinds.find(kind).zip(self.targets.find(target)) else {
            return;
        };
        for rule in self.of_kind.get(kind).into_iter().flatten() {
            if let Some(column) = self.columns.get_mut(*rule) {
                column.seen(target, at);
            }
        }
    }

    /// A kind was not, or not wholly, collected from a target: the last run's word replaces the one before.
    pub fn set_gap(&mut self, gap: &Gap) {
        let (kind, target) = (self.kind(&gap.kind), self.target(&gap.target));
        if let Some(gaps) = self.gaps.get_mut(kind) {
            gaps.insert(target, gap.clone());
        }
    }

    /// [`Board::set_gap`], unless a later word stands there.
    pub fn offer_gap(&mut self, gap: &Gap) {
        let held = self.kinds.find(&gap.kind).zip(self.targets.find(&gap.target));
        let held = held.and_then(|(kind, target)| self.gaps.get(kind)?.get(&target));
        if held.is_none_or(|held| (gap.observed_at, gap.outcome) > (held.observed_at, held.outcome))
        {
            self.set_gap(gap);
        }
    }

    /// The last run collected the kind wholly.
    pub fn remove_gap(&mut self, kind: &str, target: &str) {
        if let Some((kind, target)) = self.kinds.find(kind).zip(self.targets.find(target))
            && let Some(gaps) = self.gaps.get_mut(kind)
        {
            gaps.remove(&target);
        }
    }

    /// Replaces where an agent is to look: (kind, target) each.
    pub fn schedule<'a>(
        &mut self,
        (agent, name): (&str, &str),
        places: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let agent = self.schedule.agent(agent, name);
        self.schedule.clear(agent);
        for (kind, target) in places {
            let place = (self.kind(kind), self.target(target));
            self.schedule.add(agent, place);
        }
    }

    /// Since when an agent is silent that should have spoken; `None`: it speaks.
    pub fn silent(&mut self, (agent, name): (&str, &str), since: Option<Timestamp>) {
        let agent = self.schedule.agent(agent, name);
        self.schedule.silent(agent, since);
    }

    pub(super) fn expect(&mut self, pair: &Expectation) {
        // One name may stand for several agents, of which one is silent.
        let id = match pair.silent_since {
            None => pair.agent.clone(),
            Some(since) => format!("{}\n{since}", pair.agent),
        };
        let agent = self.schedule.agent(&id, &pair.agent);
        self.schedule.silent(agent, pair.silent_since);
        let place = (self.kind(&pair.kind), self.target(&pair.target));
        self.schedule.add(agent, place);
    }

    /// Every failure: the rule and the target.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&Rule, &str)> {
        self.rules.iter().zip(&self.columns).flat_map(move |(rule, column)| {
            let failing = column.cells().filter(|(_, cell)| cell.verdict == Verdict::Fail);
            failing.map(move |(target, _)| (rule, self.targets.text(target)))
        })
    }

    /// Targets of which anything is known here.
    pub(super) fn targets(&self) -> impl Iterator<Item = (usize, &str)> {
        let gaps = self.gaps.iter().flat_map(BTreeMap::keys).copied();
        let found = self.columns.iter().flat_map(|column| column.cells().map(|(target, _)| target));
        let mut there = vec![false; self.targets.count()];
        for target in gaps.chain(found).chain(self.schedule.targets()) {
            if let Some(slot) = there.get_mut(target) {
                *slot = true;
            }
        }
        let numbers = there.into_iter().enumerate().filter(|(_, there)| *there);
        numbers.map(|(number, _)| (number, self.targets.text(number)))
    }

    pub(super) fn kind(&mut self, kind: &str) -> usize {
        let number = self.kinds.number(kind);
        if number == self.of_kind.len() {
            self.of_kind.push(Vec::new());
            self.gaps.push(BTreeMap::new());
        }
        number
    }

    pub(super) fn target(&mut self, target: &str) -> usize {
        let number = self.targets.number(target);
        if number == self.sort_of.len() {
            let sort = self.sorts.number(target.split(':').next().unwrap_or(target));
            self.sort_of.push(sort);
        }
        number
    }
}

fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Pass => 1,
        Verdict::Error => 2,
        Verdict::Fail => 3,
    }
}
