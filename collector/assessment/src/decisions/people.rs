//! What people decided, typed, as the judgement and the pages take it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Applicability, Audits, LabelRule};
use super::{Revision, registers, values::Brought};
use crate::{
    framework::Framework,
    ids::ControlId,
    selection::Labels,
    status::{Attestation, Exclusion, KnownTarget, ManualEvidence, Scope, Waiver},
};

/// Everything that is in force at one index.
#[derive(Debug, Clone, Default)]
pub struct People {
    pub scope: Scope,
    /// Excluded controls, out of `controls`.
    pub exclusions: Vec<Exclusion>,
    /// Each by its record's id.
    pub waivers: Vec<Waiver>,
    pub manual: Vec<ManualEvidence>,
    /// Of each piece of `manual`: its file.
    pub files: BTreeMap<String, Brought>,
    /// Duties by id, with their last attestation.
    pub duties: BTreeMap<String, Attestation>,
    pub labels: BTreeMap<String, Labels>,
    pub label_rules: Vec<LabelRule>,
    /// Targets that are gone for good, since when.
    pub retired: BTreeMap<String, Timestamp>,
    /// What is decided about each control.
    pub controls: BTreeMap<ControlId, ControlDecisions>,
    pub audits: Audits,
    /// Registers that ask for a second person.
    pub second_person: BTreeSet<String>,
    /// What is in force and cannot be read; it decides nothing.
    pub unread: Vec<Unread>,
    pub(super) attested: BTreeMap<String, (Timestamp, String)>,
}

/// What is decided about one control.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ControlDecisions {
    pub applicability: Option<Applicability>,
    pub owner: Option<String>,
    pub note: Option<String>,
}

/// A record in force whose value this version does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub register: String,
    pub id: String,
    pub index: u64,
    pub why: String,
}

impl People {
    /// Reads what is in force. The order does not matter.
    pub fn read<'a>(
        framework: &Framework,
        in_force: impl IntoIterator<Item = &'a Revision>,
    ) -> Self {
        let mut people = Self::default();
        for revision in in_force {
            if let Err(why) = registers::read(framework, revision, &mut people) {
                let Revision { register, id, index, .. } = revision;
                let (register, id, index) = (register.clone(), id.clone(), *index);
                people.unread.push(Unread { register, id, index, why });
            }
        }
        for (id, duty) in &mut people.duties {
            duty.last = people.attested.get(id).cloned();
        }
        people
    }

    /// Duties as the judgement takes them.
    #[must_use]
    pub fn attestations(&self) -> Vec<Attestation> {
        self.duties.values().cloned().collect()
    }

    /// The labels of a target, out of what is known of it without people. Where two give one label, the later of this order
    /// stands: what it is of itself (`name`, `sort`), the configuration, people.
    #[must_use]
    pub fn labels_of(&self, target: &str, of_itself: &Labels) -> Labels {
        // What would be too many labels together stays as it was without those.
        let above = |labels: &mut Labels, more: &Labels| {
            if let Ok(both) = labels.with(more) {
                *labels = both;
            }
        };
        let mut labels = of_itself.clone();
        for rule in &self.label_rules {
            if rule.targets.selects(target, of_itself) {
                above(&mut labels, &rule.set);
            }
        }
        if let Some(given) = self.labels.get(target) {
            above(&mut labels, given);
        }
        labels
    }

    /// The population: known targets that are not retired, with all their labels.
    #[must_use]
    pub fn targets(&self, known: impl IntoIterator<Item = (String, Labels)>) -> Vec<KnownTarget> {
        let stays = known.into_iter().filter(|(target, _)| !self.retired.contains_key(target));
        let labelled = stays.map(|(target, of_itself)| {
            let labels = self.labels_of(&target, &of_itself);
            KnownTarget { target, labels }
        });
        labelled.collect()
    }
}

/// The labels that a target has of itself: its `name`, and the `sort` that it is of. A name that cannot be a label is none.
#[must_use]
pub fn own_labels(target: &str, name: String) -> Labels {
    let sort = target.split(':').next().unwrap_or_default().to_owned();
    let labels = BTreeMap::from([("name".to_owned(), name), ("sort".to_owned(), sort)]);
    Labels::try_from(labels).unwrap_or_default()
}
