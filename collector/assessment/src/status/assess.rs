//! The decision itself, control by control.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Around, AssessmentInput, Attestation, Board, ControlStatus, Exclusion, ManualEvidence,
    ground::Ground,
    manual,
    tally::{Closing, Tally},
};
use crate::{framework::Framework, ids::ControlId, rule::Strength, selection::Labels};

/// The status of every control of the framework at `now`, in the framework's order.
#[must_use]
pub fn assess(input: &AssessmentInput<'_>, now: Timestamp) -> Vec<ControlStatus> {
    Board::of(input).assess(input.framework, &input.around(), now)
}

impl Board {
    /// The status of every control of the framework at `now`, in the framework's order.
    pub fn assess(
        &mut self,
        framework: &Framework,
        around: &Around<'_>,
        now: Timestamp,
    ) -> Vec<ControlStatus> {
        for known in around.targets {
            self.target(&known.target);
        }
        let nothing = Labels::default();
        let ground = Ground::of(self, around, &nothing, now);
        let mut rules: BTreeMap<ControlId, Vec<(usize, Strength)>> = BTreeMap::new();
        for (place, rule) in self.rules.iter().enumerate() {
            for (control, strength) in &rule.controls {
                rules.entry(*control).or_default().push((place, *strength));
            }
        }
        for rules in rules.values_mut() {
            rules.sort_by_key(|(place, _)| self.rules.get(*place).map(|rule| &rule.kind));
        }
        let people = People::of(around);
        let controls = framework.controls().iter().map(|control| {
            let rules = rules.get(&control.id).map_or(&[][..], Vec::as_slice);
            people.close(Tally::of(&ground, control.id, rules), control.id, now)
        });
        controls.collect()
    }
}

/// What people say, by control.
struct People<'a> {
    exclusions: BTreeMap<ControlId, &'a Exclusion>,
    manual: BTreeMap<ControlId, Vec<&'a ManualEvidence>>,
    duties: BTreeMap<ControlId, Vec<&'a Attestation>>,
}

impl<'a> People<'a> {
    fn of(around: &Around<'a>) -> Self {
        let exclusions = around.exclusions.iter().map(|row| (row.control, row)).collect();
        let mut people = Self { exclusions, manual: BTreeMap::new(), duties: BTreeMap::new() };
        for item in around.manual {
            people.manual.entry(item.control).or_default().push(item);
        }
        for duty in around.attestations {
            people.duties.entry(duty.control).or_default().push(duty);
        }
        people
    }

    fn close(&self, tally: Tally<'_>, control: ControlId, now: Timestamp) -> ControlStatus {
        let manual = self.manual.get(&control).map_or(&[][..], Vec::as_slice);
        let duties = self.duties.get(&control).map_or(&[][..], Vec::as_slice);
        tally.close(Closing {
            control,
            exclusion: self.exclusions.get(&control).copied(),
            brought: manual::weigh(manual, duties, now),
        })
    }
}
