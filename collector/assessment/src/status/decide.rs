//! The decision itself, control by control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    AssessmentInput, Attestation, ControlStatus, Exclusion, Expectation, Gap, ManualEvidence,
    Observed, Scope, Standing, Waiver, manual, scope,
    tally::{Closing, Found, Passes, Sighting, Tally},
};
use crate::{
    finding::Verdict,
    ids::{ControlId, RuleId},
    rule::{Rule, Strength},
    selection::Labels,
};

/// The status of every control of the framework at `now`, in the framework's order.
#[must_use]
pub fn assess(input: &AssessmentInput<'_>, now: Timestamp) -> Vec<ControlStatus> {
    let nothing = Labels::default();
    let facts = Facts::index(input, &nothing, now);
    input.framework.controls().iter().map(|control| facts.control(control.id)).collect()
}

/// The input by rule, by kind and by control.
struct Facts<'a> {
    now: Timestamp,
    rules: &'a [Rule],
    findings: Latest<'a>,
    gaps: BTreeMap<&'a str, BTreeMap<&'a str, &'a Gap>>,
    expected: BTreeMap<&'a str, BTreeMap<&'a str, &'a Expectation>>,
    /// Known targets of a sort on which the kind is collected anywhere.
    population: BTreeMap<&'a str, BTreeSet<&'a str>>,
    labels: BTreeMap<&'a str, &'a Labels>,
    nothing: &'a Labels,
    scope: &'a Scope,
    exclusions: BTreeMap<ControlId, &'a Exclusion>,
    waivers: &'a [Waiver],
    manual: BTreeMap<ControlId, Vec<&'a ManualEvidence>>,
    duties: BTreeMap<ControlId, Vec<&'a Attestation>>,
}

type Latest<'a> = BTreeMap<&'a RuleId, BTreeMap<&'a str, &'a Observed>>;

/// The last observed finding of each rule on each target.
pub(super) fn latest(findings: &[Observed]) -> Latest<'_> {
    let mut latest: Latest<'_> = BTreeMap::new();
    for found in findings {
        let slot =
            latest.entry(&found.rule).or_default().entry(found.target.as_str()).or_insert(found);
        // A tie goes to the worse verdict, so that neither the order of the list nor a tie hides a failure.
        if (found.observed_at, weight(found.verdict)) > (slot.observed_at, weight(slot.verdict)) {
            *slot = found;
        }
    }
    latest
}

impl<'a> Facts<'a> {
    fn index(input: &AssessmentInput<'a>, nothing: &'a Labels, now: Timestamp) -> Self {
        let mut facts = Facts {
            now,
            rules: input.rules,
            findings: latest(input.findings),
            gaps: BTreeMap::new(),
            expected: BTreeMap::new(),
            population: BTreeMap::new(),
            labels: scope::labels(input),
            nothing,
            scope: input.scope,
            exclusions: input.exclusions.iter().map(|row| (row.control, row)).collect(),
            waivers: input.waivers,
            manual: BTreeMap::new(),
            duties: BTreeMap::new(),
        };
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
        for item in input.manual {
            facts.manual.entry(item.control).or_default().push(item);
        }
        for duty in input.attestations {
            facts.duties.entry(duty.control).or_default().push(duty);
        }
        facts.populate(input);
        facts
    }

    /// A kind that is collected on one host is expected of every known host, unless a selection says otherwise.
    fn populate(&mut self, input: &AssessmentInput<'a>) {
        let mut sorts: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for gap in input.gaps {
            sorts.entry(&gap.kind).or_default().insert(sort(&gap.target));
        }
        for pair in input.expected {
            sorts.entry(&pair.kind).or_default().insert(sort(&pair.target));
        }
        for rule in input.rules {
            let seen = self.findings.get(&rule.id).into_iter().flat_map(BTreeMap::keys);
            sorts.entry(&rule.kind).or_default().extend(seen.map(|target| sort(target)));
        }
        for (kind, sorts) in sorts {
            let known = self.labels.keys().copied().filter(|target| sorts.contains(sort(target)));
            self.population.insert(kind, known.collect());
        }
    }

    fn labels(&self, target: &str) -> &'a Labels {
        self.labels.get(target).copied().unwrap_or(self.nothing)
    }

    fn in_scope(&self, rule: &Rule, control: ControlId, target: &str) -> bool {
        let labels = self.labels(target);
        self.scope.isms.selects(target, labels)
            && self.scope.applies(&rule.id, control, target, labels)
    }

    fn control(&self, control: ControlId) -> ControlStatus {
        let mut tally = Tally::default();
        let mut decisive = false;
        for rule in self.rules {
            if let Some(strength) = rule.strength(control) {
                decisive |= strength.decides();
                self.weigh(rule, strength, control, &mut tally);
            }
        }
        fn of<T>(rows: &BTreeMap<ControlId, Vec<T>>, control: ControlId) -> &[T] {
            rows.get(&control).map_or(&[], Vec::as_slice)
        }
        let brought = manual::weigh(of(&self.manual, control), of(&self.duties, control), self.now);
        tally.close(Closing {
            control,
            decisive,
            exclusion: self.exclusions.get(&control).copied(),
            brought,
        })
    }

    fn weigh(&self, rule: &'a Rule, strength: Strength, control: ControlId, tally: &mut Tally<'a>) {
        let nothing = BTreeMap::new();
        let findings = self.findings.get(&rule.id).unwrap_or(&nothing);
        let mut passes = Passes::default();
        let mut heard = false;
        for (target, found) in findings {
            if !self.in_scope(rule, control, target) {
                tally.outside(target, strength);
                continue;
            }
            let stale = is_stale(rule, found.observed_at, self.now);
            let (waiver, expired) = self.waivers_of(rule, control, found);
            tally.found(rule, strength, &Found { found, stale, waiver, expired });
            heard |= matches!(found.verdict, Verdict::Pass | Verdict::Fail);
            if found.verdict == Verdict::Pass {
                passes.add(found);
            }
        }
        tally.passes(rule, strength, &passes);
        tally.rule(strength, heard);
        let gaps = self.gaps.get(rule.kind.as_str());
        let expected = self.expected.get(rule.kind.as_str());
        let population = self.population.get(rule.kind.as_str());
        let mut targets: BTreeSet<&str> = BTreeSet::new();
        targets.extend(gaps.into_iter().flat_map(BTreeMap::keys));
        targets.extend(expected.into_iter().flat_map(BTreeMap::keys));
        targets.extend(population.into_iter().flatten());
        if targets.is_empty() && findings.is_empty() {
            tally.scheduled_nowhere(rule);
        }
        for target in targets {
            if !self.in_scope(rule, control, target) {
                tally.outside(target, strength);
                continue;
            }
            let sighting = Sighting {
                target,
                gap: gaps.and_then(|gaps| gaps.get(target)).copied(),
                pair: expected.and_then(|expected| expected.get(target)).copied(),
                found: findings.contains_key(target),
            };
            tally.look_for(rule, strength, &sighting);
        }
    }

    /// The waiver in effect that covers a failure; without one, the waiver that covered it last and has ended.
    fn waivers_of(
        &self,
        rule: &Rule,
        control: ControlId,
        found: &Observed,
    ) -> (Option<&'a Waiver>, Option<&'a Waiver>) {
        if found.verdict != Verdict::Fail {
            return (None, None);
        }
        let labels = self.labels(&found.target);
        let covering = |waiver: &&Waiver| waiver.covers(&rule.id, control, &found.target, labels);
        let standing = |wanted: Standing| {
            let of = self.waivers.iter().filter(covering);
            of.filter(move |waiver| waiver.standing(self.now) == wanted)
                .max_by_key(|waiver| (waiver.until, &waiver.id))
        };
        match standing(Standing::InEffect) {
            Some(waiver) => (Some(waiver), None),
            None => (None, standing(Standing::Expired)),
        }
    }
}

/// What a target is: `host`, `aws`, …
fn sort(target: &str) -> &str {
    target.split(':').next().unwrap_or(target)
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
