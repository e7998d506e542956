//! What statuses rest on besides findings, folded from the entries themselves: what people decided, which targets there are,
//! who is to look where and who is silent. It never looks at a claim.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::PeopleClaimed;
use crate::{
    decisions::{CONFIGURATION, Decided, Decisions, LABEL, LABEL_RULES, People, Told},
    framework::Framework,
    selection::Labels,
    status::{Expectation, is_silent},
};

/// Takes entries in the order of the log.
#[derive(Debug, Clone, Default)]
pub struct Premises {
    decisions: Decisions,
    agents: BTreeMap<String, Agent>,
    /// Of each target what is known of it, and the agent that was granted it last.
    targets: BTreeMap<String, (Told, String)>,
}

#[derive(Debug, Clone)]
struct Agent {
    host_name: String,
    targets: BTreeSet<String>,
    /// Target and kind of everything that it is to observe.
    expected: BTreeSet<(String, String)>,
    interval_seconds: Option<u64>,
    last_seen: Timestamp,
    revoked: bool,
}

impl Premises {
    /// A person decided; a decision that breaks the rules of its record does nothing.
    pub fn decided(&mut self, decided: Decided) {
        // What it comes to stands in what is in force afterwards.
        drop(self.decisions.apply(decided));
    }

    /// From here on an agent may speak for these targets.
    pub fn enrolled(&mut self, at: Timestamp, agent: &str, host_name: &str, targets: &[&str]) {
        let known = self.agents.entry(agent.to_owned()).or_insert_with(|| Agent {
            host_name: String::new(),
            targets: BTreeSet::new(),
            expected: BTreeSet::new(),
            interval_seconds: None,
            last_seen: at,
            revoked: false,
        });
        host_name.clone_into(&mut known.host_name);
        known.targets = targets.iter().map(|target| (*target).to_owned()).collect();
        known.revoked = false;
        for target in targets {
            let (told, of) = self.targets.entry((*target).to_owned()).or_default();
            host_name.clone_into(&mut told.name);
            agent.clone_into(of);
        }
    }

    /// What nobody is to observe any more is not expected any more.
    pub fn revoked(&mut self, agent: &str) {
        if let Some(known) = self.agents.get_mut(agent) {
            known.revoked = true;
            known.expected.clear();
        }
    }

    /// A heartbeat says its host's name, how long the agent will be silent at most, what it is to observe (target and kind),
    /// and the labels of its targets.
    pub fn beat<'a>(
        &mut self,
        agent: &str,
        (host_name, interval_seconds): (&str, u64),
        schedule: impl IntoIterator<Item = (&'a str, &'a str)>,
        labels: &BTreeMap<String, Labels>,
    ) {
        let Some(known) = self.agents.get_mut(agent) else { return };
        host_name.clone_into(&mut known.host_name);
        known.interval_seconds = Some(interval_seconds);
        let granted = schedule.into_iter().filter(|(target, _)| known.targets.contains(*target));
        known.expected =
            granted.map(|(target, kind)| (target.to_owned(), kind.to_owned())).collect();
        for (target, (told, _)) in self.targets.iter_mut().filter(|(_, (_, of))| of == agent) {
            if target.starts_with("host:") {
                host_name.clone_into(&mut told.name);
            }
            told.labels = labels.get(target).cloned().unwrap_or_default();
        }
    }

    /// A statement of the agent came then.
    pub fn heard(&mut self, agent: &str, at: Timestamp) {
        if let Some(known) = self.agents.get_mut(agent) {
            known.last_seen = known.last_seen.max(at);
        }
    }

    /// Targets that an agent was granted last.
    #[must_use]
    pub fn targets_of(&self, agent: &str) -> Vec<String> {
        let own = self.targets.iter().filter(|(_, (_, of))| of == agent);
        own.map(|(target, _)| target.clone()).collect()
    }

    /// The labels of one known target, or of all, whoever gives them.
    #[must_use]
    pub fn labels(&self, framework: &Framework, target: Option<&str>) -> BTreeMap<String, Labels> {
        let people = |given: Option<&str>| {
            let rules = self.decisions.at(LABEL_RULES, CONFIGURATION);
            let given = given.and_then(|target| self.decisions.at(LABEL, target));
            People::read(framework, rules.into_iter().chain(given))
        };
        let rules = people(None);
        let asked = self.targets.iter().filter(|(known, _)| target.is_none_or(|one| one == *known));
        let labels = asked.map(|(target, (told, _))| {
            let given = self.decisions.at(LABEL, target).is_some();
            let people = if given { &people(Some(target)) } else { &rules };
            (target.clone(), people.labels_of(target, told))
        });
        labels.collect()
    }

    /// What people decided, typed.
    #[must_use]
    pub fn people(&self, framework: &Framework) -> People {
        People::read(framework, self.decisions.in_force())
    }

    /// Each decision in its place.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// What should be claimed about people, of wanted targets.
    #[must_use]
    pub fn claimed(&self, people: &People, wanted: impl Fn(&str) -> bool) -> PeopleClaimed {
        let known = self.targets.iter().filter(|(target, _)| wanted(target));
        let known = known.map(|(target, (told, _))| (target.clone(), told.clone()));
        PeopleClaimed::of(people, people.targets(known))
    }

    /// What should be claimed to be on schedule at `now`, of wanted targets and kinds.
    #[must_use]
    pub fn expected(
        &self,
        people: &People,
        now: Timestamp,
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Vec<Expectation> {
        let mut all = Vec::new();
        for agent in self.agents.values() {
            let silent = is_silent(now, agent.last_seen, agent.interval_seconds) && !agent.revoked;
            let asked = agent.expected.iter().filter(|(target, kind)| {
                wanted(target, kind) && !people.retired.contains_key(target)
            });
            all.extend(asked.map(|(target, kind)| Expectation {
                target: target.clone(),
                kind: kind.clone(),
                agent: agent.host_name.clone(),
                silent_since: silent.then_some(agent.last_seen),
            }));
        }
        all
    }
}
