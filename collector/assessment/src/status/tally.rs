//! Sums up what the rules say about one control and words the reasons.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Cause, ControlStatus, Counts, Exclusion, Expectation, Gap, MAX_REASONS, Observed, Outcome,
    Reason, Status,
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
    /// A direct rule has no verdict.
    direct_missing: bool,
    /// Any rule has no verdict.
    missing: bool,
}

impl Sight {
    fn unseen(&self) -> bool {
        self.direct_missing || (self.missing && self.verdicts == 0)
    }

    fn miss(&mut self, strength: Strength) {
        self.missing = true;
        self.direct_missing |= strength == Strength::Direct;
    }
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
        self.oldest =
            Some(self.oldest.map_or(found.observed_at, |oldest| oldest.min(found.observed_at)));
        self.since = Some(self.since.map_or(found.since, |since| since.max(found.since)));
    }
}

/// What has been weighed for one control so far.
#[derive(Default)]
pub(super) struct Tally<'a> {
    counts: Counts,
    sights: BTreeMap<&'a str, Sight>,
    reasons: Vec<Reason>,
    freshest: Option<Timestamp>,
    oldest: Option<Timestamp>,
}

impl<'a> Tally<'a> {
    pub(super) fn found(
        &mut self,
        rule: &'a Rule,
        strength: Strength,
        target: &'a str,
        found: &Observed,
        stale: bool,
    ) {
        let cause = match found.verdict {
            Verdict::Fail => Some(Cause::Fail),
            Verdict::Error => Some(Cause::RuleError),
            Verdict::NotApplicable => Some(Cause::NotApplicable),
            Verdict::Pass => stale.then_some(Cause::Stale),
        };
        if let Some(cause) = cause {
            let age = if stale && cause == Cause::Fail {
                ", from evidence past its freshness window"
            } else {
                ""
            };
            let text = if cause == Cause::Stale {
                format!("passed, but the evidence is older than {} hours", rule.freshness)
            } else if found.item_count > 1 {
                format!("{} ({} items{age})", found.message, found.item_count)
            } else {
                format!("{}{age}", found.message)
            };
            self.reasons.push(Reason {
                since: Some(found.since),
                observed_at: Some(found.observed_at),
                ..reason(cause, rule, strength, Some(target), text)
            });
        }
        if !strength.decides() {
            return;
        }
        self.counts.add(found.verdict);
        if found.verdict == Verdict::NotApplicable {
            return;
        }
        self.freshest =
            Some(self.freshest.map_or(found.observed_at, |known| known.max(found.observed_at)));
        self.oldest =
            Some(self.oldest.map_or(found.observed_at, |known| known.min(found.observed_at)));
        let sight = self.sights.entry(target).or_default();
        match found.verdict {
            Verdict::Pass => {
                sight.verdicts += 1;
                sight.stale |= stale;
                self.counts.stale += u64::from(stale);
            }
            Verdict::Fail => {
                sight.verdicts += 1;
                sight.failed = true;
            }
            Verdict::Error => sight.miss(strength),
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
                ..reason(Cause::Pass, rule, strength, None, text)
            });
        }
    }

    pub(super) fn not_scheduled(&mut self, rule: &'a Rule) {
        let text = format!("no agent is asked to collect {}; add it to a schedule", rule.kind);
        self.reasons.push(about(Cause::NotScheduled, rule, None, text));
    }

    /// Weighs what is known about a target beside or instead of a finding.
    pub(super) fn look_for(
        &mut self,
        rule: &'a Rule,
        strength: Strength,
        target: &'a str,
        gap: Option<&Gap>,
        pair: Option<&Expectation>,
        found: bool,
    ) {
        if let Some(gap) = gap {
            let text =
                format!("{} {}: {}; {}", gap.kind, gap.outcome.as_str(), gap.detail, gap.remedy);
            let cause = if gap.outcome == Outcome::NotApplicable {
                Cause::NotApplicable
            } else {
                Cause::NotCollected
            };
            self.reasons.push(Reason {
                since: Some(gap.since),
                observed_at: Some(gap.observed_at),
                ..about(cause, rule, Some(target), text)
            });
        }
        let silent = pair.and_then(|pair| pair.silent_since.map(|since| (&pair.agent, since)));
        if let Some((agent, since)) = silent {
            let text = format!("agent {agent} has been silent since {since}");
            self.reasons.push(Reason {
                since: Some(since),
                ..about(Cause::SilentAgent, rule, Some(target), text)
            });
        }
        if found || gap.is_some_and(|gap| gap.outcome == Outcome::NotApplicable) {
            return;
        }
        if gap.is_none() && silent.is_none() {
            let text = format!("{} is scheduled and nothing has arrived yet", rule.kind);
            self.reasons.push(about(Cause::NothingArrived, rule, Some(target), text));
        }
        if strength.decides() {
            self.counts.missing += 1;
            self.sights.entry(target).or_default().miss(strength);
        }
    }

    pub(super) fn close(
        mut self,
        control: ControlId,
        decisive: bool,
        exclusion: Option<&Exclusion>,
    ) -> ControlStatus {
        let judged = self.sights.values();
        self.counts.targets = length(judged.len());
        let passing = |sight: &&Sight| !sight.failed && !sight.unseen() && !sight.stale;
        self.counts.targets_passing = length(judged.filter(passing).count());
        let status = if exclusion.is_some() {
            Status::Excluded
        } else if !decisive {
            Status::Manual
        } else if self.counts.fail > 0 {
            Status::NotMet
        } else if self.counts.pass == 0 || self.sights.values().any(Sight::unseen) {
            Status::NoEvidence
        } else if self.counts.stale > 0 {
            Status::Stale
        } else {
            Status::Met
        };
        if let Some(exclusion) = exclusion {
            let since = Some(exclusion.since);
            self.reasons
                .push(Reason { since, ..plain(Cause::Excluded, exclusion.justification.clone()) });
        } else if !decisive {
            let text = "no rule can decide this control; a person assesses it".to_owned();
            self.reasons.push(plain(Cause::NoRule, text));
        }
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
            freshest: self.freshest,
            oldest: self.oldest,
        }
    }
}

/// A reason about the evidence of a kind, whichever rules need it.
fn about(cause: Cause, rule: &Rule, target: Option<&str>, text: String) -> Reason {
    Reason {
        kind: Some(rule.kind.clone()),
        target: target.map(str::to_owned),
        ..plain(cause, text)
    }
}

fn reason(
    cause: Cause,
    rule: &Rule,
    strength: Strength,
    target: Option<&str>,
    text: String,
) -> Reason {
    Reason {
        rule: Some(rule.id.clone()),
        strength: Some(strength),
        kind: Some(rule.kind.clone()),
        target: target.map(str::to_owned),
        ..plain(cause, text)
    }
}

fn plain(cause: Cause, text: String) -> Reason {
    Reason {
        cause,
        rule: None,
        strength: None,
        kind: None,
        target: None,
        text,
        since: None,
        observed_at: None,
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
