//! Which rules are heard at all, and of which kinds anything arrives. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Around, Board};
use crate::{finding::Verdict, ids::RuleId};

/// What is heard on a board.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// Targets in the ISMS scope with a verdict, by rule; a rule without any is left out.
    pub verdicts: BTreeMap<RuleId, u64>,
    /// Kinds of which something arrived or is scheduled.
    pub collected: BTreeSet<String>,
}

impl Board {
    /// What is heard here, as far as the scope goes.
    #[must_use]
    pub fn heard(&self, around: &Around<'_>) -> Heard {
        let outside: BTreeSet<usize> =
            self.outside(around).iter().filter_map(|row| self.targets.find(&row.target)).collect();
        let mut heard = Heard::default();
        for (rule, column) in self.rules.iter().zip(&self.columns) {
            let judged = column.cells().filter(|(target, cell)| {
                matches!(cell.verdict, Verdict::Pass | Verdict::Fail) && !outside.contains(target)
            });
            let count = super::length(judged.count());
            if count > 0 {
                heard.verdicts.insert(rule.id.clone(), count);
                heard.collected.insert(rule.kind.clone());
            }
        }
        for (kind, gaps) in self.gaps.iter().enumerate() {
            if !gaps.is_empty() || self.schedule.has(kind) {
                heard.collected.insert(self.kinds.text(kind).to_owned());
            }
        }
        heard
    }
}
