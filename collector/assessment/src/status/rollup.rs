//! Statuses of many controls told together: by theme and for the whole framework. It never averages: a part is as bad as the
//! worst control in it, and the numbers stand beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ControlStatus, Status};
use crate::framework::{Framework, Theme};

/// Controls told together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The worst status in it, in this order: not_met, no_evidence, stale, manual, met. `excluded` only where every control is
    /// excluded.
    pub worst: Status,
    pub controls: u64,
    /// How many controls have each status; a status that none has is left out.
    pub counts: BTreeMap<Status, u64>,
    /// Sums over the controls: (control, target) pairs that are judged, and those that pass.
    pub judged: u64,
    pub passing: u64,
}

/// A framework told by theme and as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    pub whole: Part,
    /// The four themes in the order of Annex A.
    pub themes: Vec<(Theme, Part)>,
}

/// Rolls the statuses of a framework's controls up.
#[must_use]
pub fn rollup(framework: &Framework, statuses: &[ControlStatus]) -> Rollup {
    let theme = |status: &ControlStatus| framework.control(status.control).map(|row| row.theme);
    let of = |wanted: Theme| {
        (wanted, part(statuses.iter().filter(|status| theme(status) == Some(wanted))))
    };
    Rollup { whole: part(statuses.iter()), themes: Theme::ALL.map(of).into() }
}

fn part<'a>(statuses: impl Iterator<Item = &'a ControlStatus>) -> Part {
    let mut part = Part {
        worst: Status::Excluded,
        controls: 0,
        counts: BTreeMap::new(),
        judged: 0,
        passing: 0,
    };
    for status in statuses {
        part.controls += 1;
        *part.counts.entry(status.status).or_default() += 1;
        part.judged += status.counts.targets;
        part.passing += status.counts.targets_passing;
        if badness(status.status) > badness(part.worst) {
            part.worst = status.status;
        }
    }
    part
}

fn badness(status: Status) -> u8 {
    match status {
        Status::Excluded => 0,
        Status::Met => 1,
        Status::Manual => 2,
        Status::Stale => 3,
        Status::NoEvidence => 4,
        Status::NotMet => 5,
    }
}

/// What the single score says, in words; pages that show the score show this beside it.
pub const SCORE_DEFINITION: &str = "Of the controls that are not excluded, how many are met, in percent and rounded down: 100 stands only where all are met. A control that is not met, stale, without evidence or manual counts as not met. The score says nothing about conformity, and no score replaces the list of controls.";

/// One number for a whole framework, see [`SCORE_DEFINITION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Whole percent, 0 to 100.
    pub percent: u64,
    pub met: u64,
    /// Controls that are not excluded.
    pub of: u64,
}

/// The score, unless it is switched off or every control is excluded.
#[must_use]
pub fn score(statuses: &[ControlStatus], shown: bool) -> Option<Score> {
    let whole = part(statuses.iter());
    let count = |status: Status| whole.counts.get(&status).copied().unwrap_or(0);
    let (met, of) = (count(Status::Met), whole.controls - count(Status::Excluded));
    (shown && of > 0).then(|| Score { percent: met * 100 / of, met, of })
}
