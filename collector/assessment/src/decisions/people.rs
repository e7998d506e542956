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
    /// Names of labels that are taken from agents; absent: whatever they give.
    pub from_agents: Option<BTreeSet<String>>,
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

    /// The labels of a target by who gives them, each above the one before: its agent (of those that the configuration takes
    /// from agents), what it is of itself (`name`, `sort`), the configuration's selections over both, people.
    #[must_use]
    pub fn layers(&self, target: &str, told: &Told) -> Vec<(LabelSource, Labels)> {
        let taken = self.from_agents.as_ref();
        let said = told.labels.only(|key| taken.is_none_or(|taken| taken.contains(key)));
        let own = own_labels(target, told.name.clone());
        let known = above(said.clone(), &own);
        let mut layers = vec![(LabelSource::Agent, said), (LabelSource::Itself, own)];
        let rules = self.label_rules.iter().filter(|rule| rule.targets.selects(target, &known));
        layers.extend(rules.map(|rule| (LabelSource::Configuration, rule.set.clone())));
        let given = self.labels.get(target);
        layers.extend(given.map(|given| (LabelSource::People, given.clone())));
        layers
    }

    /// The labels of a target, whoever gives them.
    #[must_use]
    pub fn labels_of(&self, target: &str, told: &Told) -> Labels {
        let layers = self.layers(target, told).into_iter();
        layers.fold(Labels::default(), |labels, (_, more)| above(labels, &more))
    }

    /// The population: known targets that are not retired, with all their labels.
    #[must_use]
    pub fn targets(&self, known: impl IntoIterator<Item = (String, Told)>) -> Vec<KnownTarget> {
        let stays = known.into_iter().filter(|(target, _)| !self.retired.contains_key(target));
        let labelled = stays.map(|(target, told)| {
            let labels = self.labels_of(&target, &told);
            KnownTarget { target, labels }
        });
        labelled.collect()
    }
}

/// What is known of a target without people: the name of its host, and the labels that its agent gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    pub name: String,
    pub labels: Labels,
}

/// Who gives a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelSource {
    /// The configuration of the agent that observes the target.
    Agent,
    /// What the target is of itself: its `name` and its `sort`.
    Itself,
    /// The collector's configuration.
    Configuration,
    People,
}

impl LabelSource {
    /// In words for a person.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "its agent",
            Self::Itself => "itself",
            Self::Configuration => "configuration",
            Self::People => "people",
        }
    }
}

/// What would be too many labels together stays as it was without the ones above.
fn above(labels: Labels, more: &Labels) -> Labels {
    labels.with(more).unwrap_or(labels)
}

/// The labels that a target has of itself: its `name`, and the `sort` that it is of. A name that cannot be a label is none.
fn own_labels(target: &str, name: String) -> Labels {
    let sort = target.split(':').next().unwrap_or_default().to_owned();
    let labels = BTreeMap::from([("name".to_owned(), name), ("sort".to_owned(), sort)]);
    Labels::try_from(labels).unwrap_or_default()
}
