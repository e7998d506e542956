//! Sums up what the rules say about one control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Cause, ControlStatus, Counts, Exclusion, Expectation, Gap, MAX_REASONS, Observed, Outcome,
    Reason, Status, Unseen, UnseenCount, Waiver,
    manual::Brought,
    words::{self, about, of_rule, plain},
};
use crate::{
    finding::Verdict,
    ids::ControlId,
    rule::{Rule, Strength},
};

/// What the rules of a control say about one target.
#[derive(Default)]
struct Sight {
    verdicts: u64,
    stale: bool,
    failed: bool,
    waived: bool,
    /// A direct rule has no verdict.
    direct_missing: bool,
    /// The most telling reason why any rule has no verdict.
    missing: Option<Unseen>,
}

impl Sight {
    fn unseen(&self) -> bool {
        self.direct_missing || (self.missing.is_some() && self.verdicts == 0)
    }

    fn miss(&mut self, strength: Strength, why: Unseen) {
        self.missing = Some(self.missing.map_or(why, |known| known.min(why)));
        self.direct_missing |= strength == Strength::Direct;
    }
}

/// A finding that takes part.
pub(super) struct Found<'a> {
    pub(super) found: &'a Observed,
    /// Its evidence is older than the rule's window.
    pub(super) stale: bool,
    /// In effect, and covering this failure.
    pub(super) waiver: Option<&'a Waiver>,
    /// Ended; without one in effect it is told.
    pub(super) expired: Option<&'a Waiver>,
}

/// What is known about a target beside or instead of a finding.
pub(super) struct Sighting<'a> {
    pub(super) target: &'a str,
    pub(super) gap: Option<&'a Gap>,
    pub(super) pair: Option<&'a Expectation>,
    /// There is a finding.
    pub(super) found: bool,
}

/// All passes of one rule, told in one reason.
#[derive(Default)]
pub(super) struct Passes {
    count: u64,
    oldest: Option<Timestamp>,
    since: Option<Timestamp>,
}

impl Passes {
    pub(super) fn add(&mut self, found: &Observed) {
        self.count += 1;
        self.oldest = Some(least(self.oldest, found.observed_at));
        self.since = Some(self.since.map_or(found.since, |since| since.max(found.since)));
    }
}

/// What decides besides the rules.
pub(super) struct Closing<'a> {
    pub(super) control: ControlId,
    /// A rule of relation direct or supporting speaks about it.
    pub(super) decisive: bool,
    pub(super) exclusion: Option<&'a Exclusion>,
    pub(super) brought: Brought,
}

/// What has been weighed for one control so far.
#[derive(Default)]
pub(super) struct Tally<'a> {
    counts: Counts,
    sights: BTreeMap<&'a str, Sight>,
    outside: BTreeSet<&'a str>,
    reasons: Vec<Reason>,
    freshest: Option<Timestamp>,
    oldest: Option<Timestamp>,
    fresh_until: Option<Timestamp>,
}

impl<'a> Tally<'a> {
    /// A target that the scope leaves out.
    pub(super) fn outside(&mut self, target: &'a str, strength: Strength) {
        if strength.decides() {
            self.outside.insert(target);
        }
    }

    /// A rule, and whether it gave a verdict anywhere.
    pub(super) fn rule(&mut self, strength: Strength, heard: bool) {
        if strength.decides() {
            self.counts.rules += 1;
            self.counts.rules_heard += u64::from(heard);
        }
    }

    pub(super) fn found(&mut self, rule: &'a Rule, strength: Strength, finding: &Found<'a>) {
        let Found { found, stale, waiver, expired } = *finding;
        let cause = match found.verdict {
            Verdict::Fail if waiver.is_some() => Some(Cause::Waived),
            Verdict::Fail => Some(Cause::Fail),
            Verdict::Error => Some(Cause::RuleError),
            Verdict::NotApplicable => Some(Cause::NotApplicable),
            Verdict::Pass => stale.then_some(Cause::Stale),
        };
        if let Some(cause) = cause {
            let said = words::finding(cause, rule, found, stale);
            let text = match waiver {
                Some(waiver) => format!(
                    "{said}; waived by {} until {} ({}): {}",
                    waiver.approver, waiver.until, waiver.id, waiver.reason
                ),
                None => said,
            };
            self.tell(cause, rule, strength, found, text);
        }
        if let Some(waiver) = expired {
            let text =
                format!("waiver {} ended on {}; the failure counts again", waiver.id, waiver.until);
            self.tell(Cause::WaiverExpired, rule, strength, found, text);
        }
        if strength.decides() {
            self.count(rule, strength, finding);
        }
    }

    fn tell(
        &mut self,
        cause: Cause,
        rule: &Rule,
        strength: Strength,
        found: &Observed,
        text: String,
    ) {
        self.reasons.push(Reason {
            since: Some(found.since),
            observed_at: Some(found.observed_at),
            ..of_rule(cause, rule, strength, Some(&found.target), text)
        });
    }

    fn count(&mut self, rule: &Rule, strength: Strength, finding: &Found<'a>) {
        let Found { found, stale, waiver, .. } = *finding;
        if waiver.is_some() {
            self.counts.waived += 1;
        } else {
            self.counts.add(found.verdict);
        }
        if found.verdict == Verdict::NotApplicable {
            return;
        }
        self.freshest =
            Some(self.freshest.map_or(found.observed_at, |known| known.max(found.observed_at)));
        self.oldest = Some(least(self.oldest, found.observed_at));
        let sight = self.sights.entry(&found.target).or_default();
        match found.verdict {
            Verdict::Pass => {
                sight.verdicts += 1;
                sight.stale |= stale;
                self.counts.stale += u64::from(stale);
                let window = SignedDuration::from_hours(i64::from(rule.freshness));
                if let Ok(end) = found.observed_at.checked_add(window) {
                    self.fresh_until = Some(least(self.fresh_until, end));
                }
            }
            Verdict::Fail => {
                sight.verdicts += 1;
                sight.failed |= waiver.is_none();
                sight.waived |= waiver.is_some();
            }
            Verdict::Error => sight.miss(strength, Unseen::RuleError),
            Verdict::NotApplicable => {}
        }
    }

    pub(super) fn passes(&mut self, rule: &'a Rule, strength: Strength, passes: &Passes) {
        if passes.count > 0 {
            let targets = if passes.count == 1 { "target" } else { "targets" };
            let text = format!("{}: passes on {} {targets}", rule.title, passes.count);
            self.reasons.push(Reason {
                since: passes.since,
                observed_at: passes.oldest,
                ..of_rule(Cause::Pass, rule, strength, None, text)
            });
        }
    }

    pub(super) fn scheduled_nowhere(&mut self, rule: &'a Rule) {
        let text = format!("no agent is asked to collect {}; add it to a schedule", rule.kind);
        self.reasons.push(about(Cause::NotScheduled, rule, None, text));
    }

    /// Weighs what is known about a target beside or instead of a finding.
    pub(super) fn look_for(&mut self, rule: &'a Rule, strength: Strength, sighting: &Sighting<'a>) {
        let Sighting { target, gap, pair, found } = *sighting;
        let mut why: Option<Unseen> = None;
        let mut because = |cause: Unseen| why = Some(why.map_or(cause, |known| known.min(cause)));
        if let Some(gap) = gap {
            let cause = if gap.outcome == Outcome::NotApplicable {
                Cause::NotApplicable
            } else {
                because(Unseen::NotCollected(gap.outcome));
                Cause::NotCollected
            };
            self.reasons.push(Reason {
                since: Some(gap.since),
                observed_at: Some(gap.observed_at),
                outcome: Some(gap.outcome),
                ..about(cause, rule, Some(target), words::gap(gap))
            });
        }
        if let Some((agent, since)) =
            pair.and_then(|pair| pair.silent_since.map(|since| (&pair.agent, since)))
        {
            because(Unseen::SilentAgent);
            let text = format!("agent {agent} has been silent since {since}");
            self.reasons.push(Reason {
                since: Some(since),
                ..about(Cause::SilentAgent, rule, Some(target), text)
            });
        }
        if found || gap.is_some_and(|gap| gap.outcome == Outcome::NotApplicable) {
            return;
        }
        if why.is_none() {
            let (unseen, cause, text) = if pair.is_some() {
                let text = format!("{} is scheduled and nothing has arrived yet", rule.kind);
                (Unseen::NothingArrived, Cause::NothingArrived, text)
            } else {
                let text = format!(
                    "{} is not scheduled here; add it to the agent's schedule, or select the targets that the rule is about",
                    rule.kind
                );
                (Unseen::NotScheduled, Cause::NotScheduled, text)
            };
            why = Some(unseen);
            self.reasons.push(about(cause, rule, Some(target), text));
        }
        if strength.decides() {
            self.counts.missing += 1;
            let why = why.unwrap_or(Unseen::NothingArrived);
            self.sights.entry(target).or_default().miss(strength, why);
        }
    }

    pub(super) fn close(mut self, closing: Closing<'_>) -> ControlStatus {
        let unseen = self.count_targets();
        let status = self.decide(&closing);
        let Closing { control, decisive, exclusion, brought } = closing;
        if let Some(exclusion) = exclusion {
            let since = Some(exclusion.since);
            let text = exclusion.justification.clone();
            self.reasons.push(Reason { since, ..plain(Cause::Excluded, text) });
        } else if !decisive && brought.reasons.is_empty() {
            let text = "no rule can decide this control, and nobody brought evidence; a person assesses it";
            self.reasons.push(plain(Cause::NoRule, text.to_owned()));
        }
        if self.counts.targets_outside > 0 {
            let text = format!("targets outside of the scope: {}", self.counts.targets_outside);
            self.reasons.push(plain(Cause::OutsideScope, text));
        }
        self.reasons.extend(brought.reasons);
        self.reasons.sort_by(|a, b| {
            let key = |reason: &'_ Reason| (reason.cause, reason.strength);
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.rule, &a.target, &a.text).cmp(&(&b.rule, &b.target, &b.text)))
        });
        // Several rules of a kind miss the same evidence; it is told once.
        self.reasons.dedup();
        let reason_count = length(self.reasons.len());
        self.reasons.truncate(MAX_REASONS);
        ControlStatus {
            control,
            status,
            reasons: self.reasons,
            reason_count,
            counts: self.counts,
            unseen,
            freshest: self.freshest,
            oldest: self.oldest,
            fresh_until: self.fresh_until,
        }
    }

    fn decide(&self, closing: &Closing<'_>) -> Status {
        let Closing { decisive, exclusion, brought, .. } = closing;
        let expects_nothing = self.sights.is_empty() && brought.valid;
        if exclusion.is_some() {
            Status::Excluded
        } else if !decisive || expects_nothing {
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

    /// Puts each target into one of the five numbers, and the unseen ones under their reason.
    fn count_targets(&mut self) -> Vec<UnseenCount> {
        let mut unseen: BTreeMap<Unseen, u64> = BTreeMap::new();
        let counts = &mut self.counts;
        counts.targets = length(self.sights.len());
        for sight in self.sights.values() {
            let number = if sight.failed {
                &mut counts.targets_failing
            } else if sight.unseen() {
                *unseen.entry(sight.missing.unwrap_or(Unseen::NothingArrived)).or_default() += 1;
                &mut counts.targets_unseen
            } else if sight.waived {
                &mut counts.targets_waived
            } else if sight.stale {
                &mut counts.targets_stale
            } else {
                &mut counts.targets_passing
            };
            *number += 1;
        }
        let outside = self.outside.iter().filter(|target| !self.sights.contains_key(*target));
        counts.targets_outside = length(outside.count());
        unseen.into_iter().map(|(why, targets)| UnseenCount { why, targets }).collect()
    }
}

fn least(known: Option<Timestamp>, other: Timestamp) -> Timestamp {
    known.map_or(other, |known| known.min(other))
}

pub(super) fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
