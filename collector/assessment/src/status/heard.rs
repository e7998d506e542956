//! Which rules are heard at all, and of which kinds anything arrives. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Around, Board};
use crate::{finding::Verdict, ids::RuleId, rule::Rule};

/// What is heard on a board.
pub(crate) struct Heard<'a> {
    pub(crate) rules: &'a [Rule],
    /// Targets in the ISMS scope with a verdict, by rule; a rule without any is left out.
    pub(crate) verdicts: BTreeMap<&'a RuleId, u64>,
    /// Kinds of which something arrived or is scheduled.
    pub(crate) collected: BTreeSet<&'a str>,
}

impl Board {
    pub(crate) fn heard(&self, around: &Around<'_>) -> Heard<'_> {
        let outside: BTreeSet<usize> =
            self.outside(around).iter().filter_map(|row| self.targets.find(&row.target)).collect();
        let mut verdicts = BTreeMap::new();
        let mut collected = BTreeSet::new();
        for (rule, column) in self.rules.iter().zip(&self.columns) {
            let judged = column.cells().filter(|(target, cell)| {
                matches!(cell.verdict, Verdict::Pass | Verdict::Fail) && !outside.contains(target)
            });
            let count = super::length(judged.count());
            if count > 0 {
                verdicts.insert(&rule.id, count);
                collected.insert(rule.kind.as_str());
            }
        }
        for (kind, gaps) in self.gaps.iter().enumerate() {
            if !gaps.is_empty() || self.schedule.has(kind) {
                collected.insert(self.kinds.text(kind));
            }
        }
        Heard { rules: &self.rules, verdicts, collected }
    }
}
