//! The decision itself, control by control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    AssessmentInput, Cause, ControlStatus, Counts, Exclusion, Expectation, Gap, MAX_REASONS,
    Observed, Outcome, Reason, Status,
};
use crate::{
    finding::Verdict,
    ids::{ControlId, RuleId},
    rule::{Rule, Strength},
};

/// The status of every control of the framework at `now`, in the framework's order.
#[must_use]
pub fn assess(input: &AssessmentInput<'_>, now: Timestamp) -> Vec<ControlStatus> {
    let facts = Facts::index(input);
    input.framework.controls().iter().map(|control| facts.control(control.id, now)).collect()
}

/// The input by rule and by kind.
struct Facts<'a> {
    rules: &'a [Rule],
    findings: BTreeMap<&'a RuleId, BTreeMap<&'a str, &'a Observed>>,
    gaps: BTreeMap<&'a str, BTreeMap<&'a str, &'a Gap>>,
    expected: BTreeMap<&'a str, BTreeMap<&'a str, &'a Expectation>>,
    exclusions: BTreeMap<ControlId, &'a Exclusion>,
}

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

impl<'a> Facts<'a> {
    fn index(input: &AssessmentInput<'a>) -> Self {
        let mut facts = Facts {
            rules: input.rules,
            findings: BTreeMap::new(),
            gaps: BTreeMap::new(),
            expected: BTreeMap::new(),
            exclusions: input
                .exclusions
                .iter()
                .map(|exclusion| (exclusion.control, exclusion))
                .collect(),
        };
        for found in input.findings {
            let slot = facts
                .findings
                .entry(&found.rule)
                .or_default()
                .entry(&found.target)
                .or_insert(found);
            // A tie goes to the worse verdict, so that neither the order of the list nor a tie hides a failure.
            if (found.observed_at, weight(found.verdict)) > (slot.observed_at, weight(slot.verdict))
            {
                *slot = found;
            }
        }
        for gap in input.gaps {
            let slot = facts.gaps.entry(&gap.kind).or_default().entry(&gap.target).or_insert(gap);
            if (gap.observed_at, gap.outcome) > (slot.observed_at, slot.outcome) {
                *slot = gap;
            }
        }
        for pair in input.expected {
            let slot =
                facts.expected.entry(&pair.kind).or_default().entry(&pair.target).or_insert(pair);
            // Two agents on one target: a speaking one suffices.
            if (pair.silent_since.is_some(), &pair.agent)
                < (slot.silent_since.is_some(), &slot.agent)
            {
                *slot = pair;
            }
        }
        facts
    }

    fn control(&self, control: ControlId, now: Timestamp) -> ControlStatus {
        let mut tally = Tally::default();
        let mut decisive = false;
        for rule in self.rules {
            if let Some(strength) = rule.strength(control) {
                decisive |= strength.decides();
                self.weigh(rule, strength, now, &mut tally);
            }
        }
        tally.close(control, decisive, self.exclusions.get(&control).copied())
    }

    fn weigh(&self, rule: &'a Rule, strength: Strength, now: Timestamp, tally: &mut Tally<'a>) {
        let nothing = BTreeMap::new();
        let findings = self.findings.get(&rule.id).unwrap_or(&nothing);
        let mut passes = Passes::default();
        for (target, found) in findings {
            let stale = is_stale(rule, found.observed_at, now);
            tally.found(rule, strength, target, found, stale);
            if found.verdict == Verdict::Pass {
                passes.add(found);
            }
        }
        tally.passes(rule, strength, &passes);
        let gaps = self.gaps.get(rule.kind.as_str());
        let expected = self.expected.get(rule.kind.as_str());
        let mut targets: BTreeSet<&str> = BTreeSet::new();
        targets.extend(gaps.into_iter().flat_map(BTreeMap::keys));
        targets.extend(expected.into_iter().flat_map(BTreeMap::keys));
        if targets.is_empty() && findings.is_empty() {
            tally.not_scheduled(rule, strength);
        }
        for target in targets {
            let gap = gaps.and_then(|gaps| gaps.get(target)).copied();
            let pair = expected.and_then(|expected| expected.get(target)).copied();
            tally.look_for(rule, strength, target, gap, pair, findings.contains_key(target));
        }
    }
}

/// All passes of one rule, told in one reason.
#[derive(Default)]
struct Passes {
    count: u64,
    oldest: Option<Timestamp>,
    since: Option<Timestamp>,
}

impl Passes {
    fn add(&mut self, found: &Observed) {
        self.count += 1;
        self.oldest =
            Some(self.oldest.map_or(found.observed_at, |oldest| oldest.min(found.observed_at)));
        self.since = Some(self.since.map_or(found.since, |since| since.max(found.since)));
    }
}

/// What has been weighed for one control so far.
#[derive(Default)]
struct Tally<'a> {
    counts: Counts,
    sights: BTreeMap<&'a str, Sight>,
    reasons: Vec<Reason>,
    freshest: Option<Timestamp>,
    oldest: Option<Timestamp>,
}

impl<'a> Tally<'a> {
    fn found(
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

    fn passes(&mut self, rule: &'a Rule, strength: Strength, passes: &Passes) {
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

    fn not_scheduled(&mut self, rule: &'a Rule, strength: Strength) {
        let text = format!("no agent is asked to collect {}; add it to a schedule", rule.kind);
        self.reasons.push(reason(Cause::NotScheduled, rule, strength, None, text));
    }

    /// Weighs what is known about a target beside or instead of a finding.
    fn look_for(
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
                ..reason(cause, rule, strength, Some(target), text)
            });
        }
        let silent = pair.and_then(|pair| pair.silent_since.map(|since| (&pair.agent, since)));
        if let Some((agent, since)) = silent {
            let text = format!("agent {agent} has been silent since {since}");
            self.reasons.push(Reason {
                since: Some(since),
                ..reason(Cause::SilentAgent, rule, strength, Some(target), text)
            });
        }
        if found || gap.is_some_and(|gap| gap.outcome == Outcome::NotApplicable) {
            return;
        }
        if gap.is_none() && silent.is_none() {
            let text = format!("{} is scheduled and nothing has arrived yet", rule.kind);
            self.reasons.push(reason(Cause::NothingArrived, rule, strength, Some(target), text));
        }
        if strength.decides() {
            self.counts.missing += 1;
            self.sights.entry(target).or_default().miss(strength);
        }
    }

    fn close(
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

fn is_stale(rule: &Rule, observed_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(observed_at) > SignedDuration::from_hours(i64::from(rule.freshness))
}

fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Pass => 1,
        Verdict::Error => 2,
        Verdict::Fail => 3,
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
