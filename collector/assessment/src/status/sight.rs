//! What is seen of each target, and how many targets are seen how.

use std::collections::BTreeMap;

use super::{Counts, Unseen, UnseenCount};
use crate::rule::Strength;

/// What the rules of a control say about one target.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sight {
    /// It takes part.
    pub(super) present: bool,
    /// A rule of it is heard or expected on the target, outside of the scope.
    pub(super) outside: bool,
    /// Some rule passes or fails.
    pub(super) verdict: bool,
    pub(super) stale: bool,
    pub(super) failed: bool,
    pub(super) waived: bool,
    /// A direct rule has no verdict.
    pub(super) direct_missing: bool,
    /// The most telling reason why any rule has no verdict.
    pub(super) missing: Option<Unseen>,
}

impl Sight {
    fn unseen(&self) -> bool {
        self.direct_missing || (self.missing.is_some() && !self.verdict)
    }

    pub(super) fn miss(&mut self, strength: Strength, why: Unseen) {
        self.present = true;
        self.missing = Some(self.missing.map_or(why, |known| known.min(why)));
        self.direct_missing |= strength == Strength::Direct;
    }
}

/// Puts each target into one of the five numbers, and the unseen ones under their reason.
pub(super) fn count(sights: &[Sight], counts: &mut Counts) -> Vec<UnseenCount> {
    let mut unseen: BTreeMap<Unseen, u64> = BTreeMap::new();
    for sight in sights {
        if !sight.present {
            counts.targets_outside += u64::from(sight.outside);
            continue;
        }
        counts.targets += 1;
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
    unseen.into_iter().map(|(why, targets)| UnseenCount { why, targets }).collect()
}
