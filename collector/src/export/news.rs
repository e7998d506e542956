//! Which heartbeats belong into a bundle: those that promise something new, of a host with another name or other
//! labels, and those that
//! close a day of the period. That the others came, and when, stands in the log's leaves.

use std::collections::{BTreeMap, HashMap};

use exhibit_proto::document::{Kind, Target};
use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::{Heartbeat, Scheduled};

/// What the newest heartbeat of each key said that came along, as far as it is asked for.
#[derive(Default)]
pub(super) struct News {
    said: HashMap<KeyId, Said>,
    /// By agent: a rotated key changes nothing about its targets.
    labels: HashMap<String, Labels>,
}

/// Of targets.
type Labels = BTreeMap<Target, BTreeMap<String, String>>;

#[derive(PartialEq, Eq)]
struct Said {
    host_name: String,
    interval_seconds: u64,
    schedule: Vec<Scheduled>,
}

impl News {
    /// Whether `beat`, signed by `key`, is to be shipped. `within`: whether it was logged in the period asked for.
    /// `wanted`: whether a kind of a target is asked for. `named`: the name of the agent's host so far, if it is asked about.
    pub(super) fn ships(
        &mut self,
        key: KeyId,
        beat: &Heartbeat,
        within: bool,
        (named, wanted): (Option<&str>, impl Fn(&Kind, &Target) -> bool),
    ) -> bool {
        let asked = beat.schedule.iter().filter(|line| wanted(&line.kind, &line.target));
        let said = Said {
            host_name: beat.host_name.clone(),
            interval_seconds: beat.interval_seconds,
            schedule: asked.cloned().collect(),
        };
        let before = self.said.get(&key);
        // What schedules nothing is still alive, and no selection by kind or target can mean it.
        let about = !said.schedule.is_empty() || beat.schedule.is_empty();
        // Nor may it stay hidden that what was asked for is not on schedule any more, or that a host has another name.
        let ends = before.is_some_and(|before| !before.schedule.is_empty());
        let name = before.map_or(named, |before| Some(&before.host_name));
        let renamed = named.is_some() && name != Some(&beat.host_name);
        // Labels say which rules and selections are about a target.
        let agent = &beat.capsule.agent;
        let relabelled =
            self.labels.get(agent).map_or(!beat.labels.is_empty(), |before| *before != beat.labels);
        let ships = about || ends || renamed || (named.is_some() && relabelled);
        if !ships {
            return false;
        }
        if relabelled {
            self.labels.insert(agent.clone(), beat.labels.clone());
        }
        let same = before == Some(&said);
        if !same {
            self.said.insert(key, said);
        }
        !same || relabelled || (within && beat.closes.is_some())
    }
}
