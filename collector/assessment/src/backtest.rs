//! Tries a pack on evidence that is there: which findings and statuses would differ. It changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Evidence, Judge},
    finding::{Finding, Verdict},
    ids::{ControlId, RuleId},
    pack::{PackError, RulePack},
    status::{AssessmentInput, Observed, Status, assess},
};

/// Most changed findings that are told in full; `finding_count` tells the true number.
pub const MAX_CHANGES: usize = 1000;

/// One observation to try packs on: the last of its kind on its target in the period.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    pub kind: &'a str,
    pub target: &'a str,
    pub evidence: Evidence<'a>,
}

/// A finding that differs; none on one side where only the other pack has the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingChange {
    pub target: String,
    pub rule: RuleId,
    pub before: Option<Finding>,
    pub after: Option<Finding>,
}

/// A control whose status differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    pub control: ControlId,
    pub before: Status,
    pub after: Status,
}

/// What another pack would have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackTest {
    /// Observations that were judged, by both packs.
    pub samples: u64,
    /// Sorted by rule and target, at most [`MAX_CHANGES`].
    pub findings: Vec<FindingChange>,
    pub finding_count: u64,
    /// Verdicts (before, after) of the changed findings, counted.
    pub verdicts: BTreeMap<String, u64>,
    /// In the framework's order.
    pub statuses: Vec<StatusChange>,
}

/// Judges the samples by both packs and assesses at `now`. Of `around` everything but rules and findings is used: gaps,
/// expectations, targets, scope, waivers and what people brought.
pub fn back_test(
    packs: (&RulePack, &RulePack),
    samples: &[Sample<'_>],
    around: &AssessmentInput<'_>,
    now: Timestamp,
) -> Result<BackTest, PackError> {
    let mut trial = Trial::new(packs)?;
    for sample in samples {
        let judged = trial.judge(sample);
        trial.take((sample.target, sample.evidence.observed_at, true), judged);
    }
    Ok(trial.finish(packs, around, now))
}

/// A back-test under way, for evidence that comes bit by bit.
pub struct Trial {
    old: Judge,
    new: Judge,
    told: BackTest,
    seen_before: Vec<Observed>,
    seen_after: Vec<Observed>,
}

/// What both packs say of one observation.
pub struct Both {
    before: Vec<Finding>,
    after: Vec<Finding>,
}

impl Trial {
    pub fn new((before, after): (&RulePack, &RulePack)) -> Result<Self, PackError> {
        let told = BackTest {
            samples: 0,
            findings: Vec::new(),
            finding_count: 0,
            verdicts: BTreeMap::new(),
            statuses: Vec::new(),
        };
        let old = Judge::new(before)?;
        // A rule that both have is asked once.
        let new = old.beside(after)?;
        Ok(Self { old, new, told, seen_before: Vec::new(), seen_after: Vec::new() })
    }

    /// May run on several threads at once.
    #[must_use]
    pub fn judge(&self, sample: &Sample<'_>) -> Both {
        let judge = |judge: &Judge| judge.judge_evidence(sample.kind, &sample.evidence);
        Both { before: judge(&self.old), after: judge(&self.new) }
    }

    /// Takes what was found of a target at a time; only the last observation of a kind has a say in the statuses.
    pub fn take(&mut self, (target, observed_at, is_last): (&str, Timestamp, bool), both: Both) {
        self.told.samples += 1;
        if is_last {
            observe((target, observed_at), &both.before, &mut self.seen_before);
            observe((target, observed_at), &both.after, &mut self.seen_after);
        }
        compare(target, both.before, both.after, &mut self.told);
    }

    /// Assesses at `now`, with everything of `around` but rules and findings.
    #[must_use]
    pub fn finish(
        self,
        (before, after): (&RulePack, &RulePack),
        around: &AssessmentInput<'_>,
        now: Timestamp,
    ) -> BackTest {
        let Self { mut told, seen_before, seen_after, .. } = self;
        told.findings.sort_by(|a, b| (&a.rule, &a.target).cmp(&(&b.rule, &b.target)));
        told.findings.truncate(MAX_CHANGES);
        let statuses = |pack: &RulePack, findings: &[Observed]| {
            assess(&AssessmentInput { rules: pack.rules(), findings, ..*around }, now)
        };
        let (was, is) = (statuses(before, &seen_before), statuses(after, &seen_after));
        let pairs = was.into_iter().zip(is).filter(|(was, is)| was.status != is.status);
        told.statuses = pairs
            .map(|(was, is)| StatusChange {
                control: was.control,
                before: was.status,
                after: is.status,
            })
            .collect();
        told
    }
}

fn observe((target, at): (&str, Timestamp), findings: &[Finding], seen: &mut Vec<Observed>) {
    seen.extend(findings.iter().map(|finding| Observed {
        rule: finding.rule.clone(),
        target: target.to_owned(),
        verdict: finding.verdict,
        message: finding.message.clone(),
        item_count: finding.item_count,
        since: at,
        observed_at: at,
    }));
}

fn compare(target: &str, before: Vec<Finding>, after: Vec<Finding>, told: &mut BackTest) {
    let by_rule = |findings: Vec<Finding>| -> BTreeMap<RuleId, Finding> {
        findings.into_iter().map(|finding| (finding.rule.clone(), finding)).collect()
    };
    let (mut before, mut after) = (by_rule(before), by_rule(after));
    let rules: BTreeSet<RuleId> = before.keys().chain(after.keys()).cloned().collect();
    for rule in rules {
        let (before, after) = (before.remove(&rule), after.remove(&rule));
        if before == after {
            continue;
        }
        told.finding_count += 1;
        let word = |finding: &Option<Finding>| {
            finding.as_ref().map_or("none", |finding| Verdict::as_str(finding.verdict))
        };
        let pair = format!("{} to {}", word(&before), word(&after));
        *told.verdicts.entry(pair).or_default() += 1;
        // Twice the cap is kept until all are sorted, so that memory stays bounded.
        if told.findings.len() >= 2 * MAX_CHANGES {
            told.findings.sort_by(|a, b| (&a.rule, &a.target).cmp(&(&b.rule, &b.target)));
            told.findings.truncate(MAX_CHANGES);
        }
        told.findings.push(FindingChange { target: target.to_owned(), rule, before, after });
    }
}
