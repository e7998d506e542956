//! Who is to look where. Mostly one agent speaks for a target; where several do, a speaking one suffices.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;

use super::Names;

/// An agent as far as statuses need it.
#[derive(Debug, Clone, Default)]
pub(in crate::status) struct Watch {
    /// For people.
    pub(in crate::status) name: String,
    pub(in crate::status) silent_since: Option<Timestamp>,
    /// (kind, target) each.
    places: Vec<(usize, usize)>,
}

#[derive(Debug, Clone, Default)]
pub(in crate::status) struct Schedule {
    ids: Names,
    agents: Vec<Watch>,
    /// By kind, then by target.
    first: Vec<Vec<Option<usize>>>,
    /// Agents after the first of a place.
    more: BTreeMap<(usize, usize), Vec<usize>>,
}

impl Schedule {
    pub(super) fn agent(&mut self, id: &str, name: &str) -> usize {
        let agent = self.ids.number(id);
        if self.agents.len() <= agent {
            self.agents.resize_with(agent + 1, Watch::default);
        }
        if let Some(watch) = self.agents.get_mut(agent) {
            name.clone_into(&mut watch.name);
        }
        agent
    }

    pub(super) fn silent(&mut self, agent: usize, since: Option<Timestamp>) {
        if let Some(watch) = self.agents.get_mut(agent) {
            watch.silent_since = since;
        }
    }

    pub(super) fn add(&mut self, agent: usize, (kind, target): (usize, usize)) {
        if self.first.len() <= kind {
            self.first.resize_with(kind + 1, Vec::new);
        }
        let (Some(row), Some(watch)) = (self.first.get_mut(kind), self.agents.get_mut(agent))
        else {
            return;
        };
        if row.len() <= target {
            row.resize(target + 1, None);
        }
        match row.get_mut(target) {
            Some(slot @ None) => *slot = Some(agent),
            Some(_) | None => self.more.entry((kind, target)).or_default().push(agent),
        }
        watch.places.push((kind, target));
    }

    /// The agent looks nowhere any more.
    pub(super) fn clear(&mut self, agent: usize) {
        let places = self.agents.get_mut(agent).map(|watch| std::mem::take(&mut watch.places));
        for (kind, target) in places.unwrap_or_default() {
            let mut others = self.more.remove(&(kind, target)).unwrap_or_default();
            others.retain(|other| *other != agent);
            let slot = self.first.get_mut(kind).and_then(|row| row.get_mut(target));
            if let Some(slot) = slot
                && *slot == Some(agent)
            {
                *slot = others.pop();
            }
            if !others.is_empty() {
                self.more.insert((kind, target), others);
            }
        }
    }

    /// Targets at which somebody is to look, some of them several times.
    pub(super) fn targets(&self) -> impl Iterator<Item = usize> {
        self.agents.iter().flat_map(|watch| watch.places.iter().map(|(_, target)| *target))
    }

    /// Whether anybody is to look at the kind anywhere.
    pub(in crate::status) fn has(&self, kind: usize) -> bool {
        self.first.get(kind).is_some_and(|row| row.iter().any(Option::is_some))
    }

    /// Who is to look there: of several agents a speaking one, of silent ones the one that was heard last.
    pub(in crate::status) fn watch(&self, kind: usize, target: usize) -> Option<&Watch> {
        let first = self.agents.get((*self.first.get(kind)?.get(target)?)?)?;
        let more = if self.more.is_empty() { None } else { self.more.get(&(kind, target)) };
        let others = more.into_iter().flatten().filter_map(|agent| self.agents.get(*agent));
        others.chain([first]).min_by_key(|watch| {
            (watch.silent_since.is_some(), Reverse(watch.silent_since), watch.name.as_str())
        })
    }
}
