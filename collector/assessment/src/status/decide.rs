//! The decision itself, control by control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    AssessmentInput, ControlStatus, Exclusion, Expectation, Gap, Observed,
    tally::{Passes, Tally},
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
            tally.not_scheduled(rule);
        }
        for target in targets {
            let gap = gaps.and_then(|gaps| gaps.get(target)).copied();
            let pair = expected.and_then(|expected| expected.get(target)).copied();
            tally.look_for(rule, strength, target, gap, pair, findings.contains_key(target));
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
