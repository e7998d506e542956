//! Sums up what the rules say about one control.

use super::{
    Board, Cause, ControlStatus, Counts, Exclusion, Outcome, Standing, Status, Unseen,
    board::{Cell, Column, time},
    ground::Ground,
    manual::Brought,
    reasons::{Place, Reasons, Tell},
    sight::{self, Sight},
    words::plain,
};
use crate::{
    finding::Verdict,
    ids::ControlId,
    rule::{Rule, Strength},
    status::{Reason, Waiver},
};

const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;

/// What was told of a kind already: several rules of a kind miss the same evidence, and it is told once.
#[derive(Debug, Default)]
struct Told {
    kind: Option<usize>,
    nowhere: bool,
    targets: Vec<ToldOf>,
}

/// Of one target.
#[derive(Debug, Clone, Copy, Default)]
struct ToldOf {
    gap: bool,
    silent: bool,
    missing: bool,
}

/// One rule as it is weighed for the control.
struct Weighed<'a> {
    place: usize,
    rule: &'a Rule,
    column: &'a Column,
    kind: usize,
    strength: Strength,
    /// Targets that take part; `None`: all.
    selected: Option<Vec<bool>>,
    waivers: Vec<&'a Waiver>,
}

impl Weighed<'_> {
    fn takes(&self, target: usize) -> bool {
        self.selected.as_ref().is_none_or(|mask| mask.get(target).copied().unwrap_or(false))
    }
}

/// What decides besides the rules.
pub(super) struct Closing<'a> {
    pub(super) control: ControlId,
    pub(super) exclusion: Option<&'a Exclusion>,
    pub(super) brought: Brought,
}

/// What has been weighed for one control so far.
pub(super) struct Tally<'a> {
    ground: &'a Ground<'a>,
    counts: Counts,
    /// By target.
    sights: Vec<Sight>,
    reasons: Reasons<'a>,
    /// A rule of relation direct or supporting speaks about it.
    decisive: bool,
    /// Microseconds since 1970, as the two after it.
    freshest: Option<i64>,
    oldest: Option<i64>,
    fresh_until: Option<i64>,
}

impl<'a> Tally<'a> {
    /// Weighs the rules, by their place on the board, that speak about a control; rules of a kind follow each other.
    pub(super) fn of(
        ground: &'a Ground<'a>,
        control: ControlId,
        rules: &[(usize, Strength)],
    ) -> Self {
        let board: &Board = ground.board;
        let mut tally = Self {
            ground,
            counts: Counts::default(),
            sights: vec![Sight::default(); board.targets.count()],
            reasons: Reasons::default(),
            decisive: false,
            freshest: None,
            oldest: None,
            fresh_until: None,
        };
        let mut told = Told::default();
        for (place, strength) in rules {
            let (Some(rule), Some(column)) = (board.rules.get(*place), board.columns.get(*place))
            else {
                continue;
            };
            let Some(kind) = board.kinds.find(&rule.kind) else { continue };
            if told.kind != Some(kind) {
                let targets = vec![ToldOf::default(); board.targets.count()];
                told = Told { kind: Some(kind), nowhere: false, targets };
            }
            let weighed = Weighed {
                place: *place,
                rule,
                column,
                kind,
                strength: *strength,
                selected: ground.selected(&rule.id, control),
                waivers: ground.waivers(rule, control),
            };
            tally.decisive |= strength.decides();
            tally.weigh(&weighed);
            tally.look_around(&weighed, &mut told);
        }
        tally
    }

    /// Everything that the rule found.
    fn weigh(&mut self, weighed: &Weighed<'a>) {
        let window = i64::from(weighed.rule.freshness).saturating_mul(MICROSECONDS_AN_HOUR);
        let (mut heard, mut passes, mut oldest, mut since) = (false, 0, i64::MAX, i64::MIN);
        for (target, cell) in weighed.column.cells() {
            if !weighed.takes(target) {
                self.outside(target, weighed.strength);
                continue;
            }
            let stale = self.ground.now_us.saturating_sub(cell.observed_at) > window;
            heard |= matches!(cell.verdict, Verdict::Pass | Verdict::Fail);
            if cell.verdict == Verdict::Pass {
                passes += 1;
                (oldest, since) = (oldest.min(cell.observed_at), since.max(cell.since));
            }
            let waived = self.tell(weighed, target, cell, stale);
            if weighed.strength.decides() {
                self.count(weighed, target, cell, (stale, waived, window));
            }
        }
        if passes > 0 {
            let tell = Tell::Passes { count: passes, oldest, since };
            self.reasons.add(self.place(Cause::Pass, weighed, None), tell);
        }
        if weighed.strength.decides() {
            self.counts.rules += 1;
            self.counts.rules_heard += u64::from(heard);
        }
    }

    /// Tells a finding that is worth a word; answers whether a waiver covers it.
    fn tell(&mut self, weighed: &Weighed<'a>, target: usize, cell: Cell, stale: bool) -> bool {
        let cause = match cell.verdict {
            Verdict::Pass if !stale => return false,
            Verdict::Pass => Cause::Stale,
            Verdict::Fail => Cause::Fail,
            Verdict::Error => Cause::RuleError,
            Verdict::NotApplicable => Cause::NotApplicable,
        };
        let mut waiver = None;
        if cause == Cause::Fail && !weighed.waivers.is_empty() {
            let now = self.ground.now;
            let standing = |wanted: Standing| {
                let covering = self.ground.covering(&weighed.waivers, target);
                covering
                    .filter(|waiver| waiver.standing(now) == wanted)
                    .max_by_key(|waiver| (waiver.until, &waiver.id))
            };
            waiver = standing(Standing::InEffect);
            if waiver.is_none()
                && let Some(expired) = standing(Standing::Expired)
            {
                let place = self.place(Cause::WaiverExpired, weighed, Some(target));
                self.reasons.add(place, Tell::Expired(expired));
            }
        }
        let cause = if waiver.is_some() { Cause::Waived } else { cause };
        let place = self.place(cause, weighed, Some(target));
        self.reasons.add(place, Tell::Finding { stale, waiver });
        waiver.is_some()
    }

    fn count(
        &mut self,
        weighed: &Weighed<'_>,
        target: usize,
        cell: Cell,
        (stale, waived, window): (bool, bool, i64),
    ) {
        if waived {
            self.counts.waived += 1;
        } else {
            self.counts.add(cell.verdict);
        }
        let Some(sight) = self.sights.get_mut(target) else { return };
        if cell.verdict == Verdict::NotApplicable {
            return;
        }
        sight.present = true;
        let observed = cell.observed_at;
        self.freshest = self.freshest.max(Some(observed));
        self.oldest = Some(self.oldest.map_or(observed, |known| known.min(observed)));
        match cell.verdict {
            Verdict::Pass => {
                sight.verdict = true;
                sight.stale |= stale;
                self.counts.stale += u64::from(stale);
                let end = observed.saturating_add(window);
                self.fresh_until = Some(self.fresh_until.map_or(end, |known| known.min(end)));
            }
            Verdict::Fail => {
                sight.verdict = true;
                sight.failed |= !waived;
                sight.waived |= waived;
            }
            Verdict::Error => sight.miss(weighed.strength, Unseen::RuleError),
            Verdict::NotApplicable => {}
        }
    }

    /// What is known of the rule's kind beside or instead of findings.
    fn look_around(&mut self, weighed: &Weighed<'a>, told: &mut Told) {
        let (kind, strength) = (weighed.kind, weighed.strength);
        if weighed.column.is_empty() && !self.ground.is_expected(kind) {
            if !std::mem::replace(&mut told.nowhere, true) {
                let place = self.of_kind(Cause::NotScheduled, kind, None);
                self.reasons.add(place, Tell::NotScheduledAnywhere);
            }
            return;
        }
        let ground = self.ground;
        for ((target, here), told) in ground.here(kind).iter().enumerate().zip(&mut told.targets) {
            if !here.is_expected() {
                continue;
            }
            if !weighed.takes(target) {
                self.outside(target, strength);
                continue;
            }
            let applies = here.gap != Some(Outcome::NotApplicable);
            if here.gap.is_some() && !std::mem::replace(&mut told.gap, true) {
                let cause = if applies { Cause::NotCollected } else { Cause::NotApplicable };
                self.reasons.add(self.of_kind(cause, kind, Some(target)), Tell::Gap);
            }
            if here.silent && !std::mem::replace(&mut told.silent, true) {
                let place = self.of_kind(Cause::SilentAgent, kind, Some(target));
                self.reasons.add(place, Tell::Silent);
            }
            if !applies || weighed.column.get(target).is_some() {
                continue;
            }
            let why = match here.gap {
                _ if here.silent => Unseen::SilentAgent,
                Some(outcome) => Unseen::NotCollected(outcome),
                None => {
                    let (why, cause, tell) = if here.scheduled {
                        (Unseen::NothingArrived, Cause::NothingArrived, Tell::NothingArrived)
                    } else {
                        (Unseen::NotScheduled, Cause::NotScheduled, Tell::NotScheduled)
                    };
                    if !std::mem::replace(&mut told.missing, true) {
                        self.reasons.add(self.of_kind(cause, kind, Some(target)), tell);
                    }
                    why
                }
            };
            if strength.decides() {
                self.counts.missing += 1;
                if let Some(sight) = self.sights.get_mut(target) {
                    sight.miss(strength, why);
                }
            }
        }
    }

    /// A target that the scope leaves out.
    fn outside(&mut self, target: usize, strength: Strength) {
        if let Some(sight) = self.sights.get_mut(target) {
            sight.outside |= strength.decides();
        }
    }

    fn place(&self, cause: Cause, weighed: &Weighed<'_>, target: Option<usize>) -> Place {
        Place {
            strength: Some(weighed.strength),
            rule: Some(weighed.place),
            ..self.of_kind(cause, weighed.kind, target)
        }
    }

    fn of_kind(&self, cause: Cause, kind: usize, target: Option<usize>) -> Place {
        let rank = target.map(|target| self.ground.rank(target));
        Place { cause, strength: None, rule: None, rank, kind, target: target.unwrap_or(0) }
    }

    pub(super) fn close(mut self, closing: Closing<'_>) -> ControlStatus {
        let unseen = sight::count(&self.sights, &mut self.counts);
        let status = self.decide(&closing);
        let Closing { control, exclusion, brought } = closing;
        let mut people: Vec<Reason> = Vec::new();
        if let Some(exclusion) = exclusion {
            let since = Some(exclusion.since);
            let text = exclusion.justification.clone();
            people.push(Reason { since, ..plain(Cause::Excluded, text) });
        } else if !self.decisive && brought.reasons.is_empty() {
            let text = "no rule can decide this control, and nobody brought evidence; a person assesses it";
            people.push(plain(Cause::NoRule, text.to_owned()));
        }
        if self.counts.targets_outside > 0 {
            let text = format!("targets outside of the scope: {}", self.counts.targets_outside);
            people.push(plain(Cause::OutsideScope, text));
        }
        people.extend(brought.reasons);
        let (reasons, reason_count) = self.reasons.told(self.ground.board, people);
        ControlStatus {
            control,
            status,
            reasons,
            reason_count,
            counts: self.counts,
            unseen,
            freshest: self.freshest.map(time),
            oldest: self.oldest.map(time),
            fresh_until: self.fresh_until.map(time),
        }
    }

    fn decide(&self, closing: &Closing<'_>) -> Status {
        let Closing { exclusion, brought, .. } = closing;
        let expects_nothing = self.counts.targets == 0 && brought.valid;
        if exclusion.is_some() {
            Status::Excluded
        } else if !self.decisive || expects_nothing {
            brought.status
        } else if self.counts.fail > 0 || (self.counts.pass == 0 && self.counts.waived > 0) {
            Status::NotMet
        } else if self.counts.pass == 0 || self.counts.targets_unseen > 0 {
            Status::NoEvidence
        } else if self.counts.stale > 0 {
            Status::Stale
        } else {
            Status::Met
        }
    }
}
