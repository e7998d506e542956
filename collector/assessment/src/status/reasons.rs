//! The reasons of one control: all are counted, and only those that are told are put into words.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{
    Board, Cause, MAX_REASONS, Reason, Waiver,
    board::time,
    words::{self, about, of_rule},
};
use crate::rule::Strength;

/// What there is to tell, by number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tell<'a> {
    /// A finding of a rule about a target.
    Finding {
        stale: bool,
        waiver: Option<&'a Waiver>,
    },
    /// A waiver that covered the finding has ended.
    Expired(&'a Waiver),
    /// Passes of a rule: how many, the oldest observation, the last change to a pass (microseconds since 1970).
    Passes {
        count: u64,
        oldest: i64,
        since: i64,
    },
    /// A kind was not collected from a target.
    Gap,
    Silent,
    NothingArrived,
    NotScheduled,
    NotScheduledAnywhere,
}

/// Where in the list a reason stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) cause: Cause,
    pub(super) strength: Option<Strength>,
    /// Place of the rule on the board, whose rules are sorted.
    pub(super) rule: Option<usize>,
    /// Place of the target in the alphabet.
    pub(super) rank: Option<usize>,
    pub(super) kind: usize,
    pub(super) target: usize,
}

struct Kept<'a>(Place, Tell<'a>);

impl Ord for Kept<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Kept<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Kept<'_> {}

/// The first [`MAX_REASONS`] and the number of all.
#[derive(Default)]
pub(super) struct Reasons<'a> {
    first: BinaryHeap<Kept<'a>>,
    count: u64,
}

impl<'a> Reasons<'a> {
    pub(super) fn add(&mut self, place: Place, tell: Tell<'a>) {
        self.count += 1;
        if self.first.len() < MAX_REASONS {
            self.first.push(Kept(place, tell));
        } else if let Some(mut last) = self.first.peek_mut()
            && place < last.0
        {
            *last = Kept(place, tell);
        }
    }

    /// All that is told, with what people say, in order; and how many there are.
    pub(super) fn told(self, board: &Board, people: Vec<Reason>) -> (Vec<Reason>, u64) {
        let mut reasons: Vec<Reason> = self
            .first
            .into_iter()
            .filter_map(|Kept(place, tell)| say(board, place, tell))
            .collect();
        let count = self.count + super::length(people.len());
        reasons.extend(people);
        reasons.sort_by(|a, b| {
            let key = |reason: &'_ Reason| (reason.cause, reason.strength);
            key(a).cmp(&key(b)).then_with(|| {
                (&a.rule, &a.target, &a.text, &a.kind).cmp(&(&b.rule, &b.target, &b.text, &b.kind))
            })
        });
        reasons.truncate(MAX_REASONS);
        (reasons, count)
    }
}

fn say(board: &Board, place: Place, tell: Tell<'_>) -> Option<Reason> {
    let target = place.rank.map(|_| board.targets.text(place.target));
    let kind = board.kinds.text(place.kind);
    match (tell, place.rule.zip(place.strength)) {
        (Tell::Finding { stale, waiver }, Some((rule, strength))) => {
            finding(board, place, (rule, strength), (stale, waiver))
        }
        (Tell::Expired(waiver), Some((rule, strength))) => {
            let cell = board.columns.get(rule)?.get(place.target)?;
            let text =
                format!("waiver {} ended on {}; the failure counts again", waiver.id, waiver.until);
            Some(Reason {
                since: Some(time(cell.since)),
                observed_at: Some(time(cell.observed_at)),
                ..of_rule(place.cause, board.rules.get(rule)?, strength, target, text)
            })
        }
        (Tell::Passes { count, oldest, since }, Some((rule, strength))) => {
            let rule = board.rules.get(rule)?;
            let targets = if count == 1 { "target" } else { "targets" };
            let text = format!("{}: passes on {count} {targets}", rule.title);
            Some(Reason {
                since: Some(time(since)),
                observed_at: Some(time(oldest)),
                ..of_rule(place.cause, rule, strength, None, text)
            })
        }
        (Tell::Gap, _) => {
            let gap = board.gaps.get(place.kind)?.get(&place.target)?;
            Some(Reason {
                since: Some(gap.since),
                observed_at: Some(gap.observed_at),
                outcome: Some(gap.outcome),
                ..about(place.cause, kind, target, words::gap(gap))
            })
        }
        (Tell::Silent, _) => {
            let watch = board.schedule.watch(place.kind, place.target)?;
            let since = watch.silent_since?;
            let text = format!("agent {} has been silent since {since}", watch.name);
            Some(Reason { since: Some(since), ..about(place.cause, kind, target, text) })
        }
        (Tell::NothingArrived, _) => {
            let text = format!("{kind} is scheduled and nothing has arrived yet");
            Some(about(place.cause, kind, target, text))
        }
        (Tell::NotScheduled, _) => {
            let text = format!(
                "{kind} is not scheduled here; add it to the agent's schedule, or select the targets that the rule is about"
            );
            Some(about(place.cause, kind, target, text))
        }
        (Tell::NotScheduledAnywhere, _) => {
            let text = format!("no agent is asked to collect {kind}; add it to a schedule");
            Some(about(place.cause, kind, None, text))
        }
        (Tell::Finding { .. } | Tell::Expired(_) | Tell::Passes { .. }, None) => None,
    }
}

fn finding(
    board: &Board,
    place: Place,
    (number, strength): (usize, Strength),
    (stale, waiver): (bool, Option<&Waiver>),
) -> Option<Reason> {
    let (rule, column) = (board.rules.get(number)?, board.columns.get(number)?);
    let cell = column.get(place.target)?;
    let said = words::finding(place.cause, rule, column.words(place.target), stale);
    let text = match waiver {
        Some(waiver) => format!(
            "{said}; waived by {} until {} ({}): {}",
            waiver.approver,
            words::end(waiver.until),
            waiver.id,
            waiver.reason
        ),
        None => said,
    };
    let target = Some(board.targets.text(place.target));
    Some(Reason {
        since: Some(time(cell.since)),
        observed_at: Some(time(cell.observed_at)),
        ..of_rule(place.cause, rule, strength, target, text)
    })
}
