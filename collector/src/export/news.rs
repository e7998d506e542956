//! Which heartbeats belong into a bundle: those that promise something new, and those that close a day of the period. That
//! the others came, and when, stands in the log's leaves.

use std::collections::HashMap;

use exhibit_proto::document::{Kind, Target};
use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::{Heartbeat, Scheduled};

/// What the newest heartbeat of each key promised.
#[derive(Default)]
pub(super) struct News(HashMap<KeyId, (u64, Vec<Scheduled>)>);

impl News {
    /// Whether `beat`, signed by `key`, is to be shipped. `within`: whether it was logged in the period asked for.
    /// `wanted`: whether a kind of a target is asked for.
    pub(super) fn ships(
        &mut self,
        key: KeyId,
        beat: &Heartbeat,
        within: bool,
        wanted: impl Fn(&Kind, &Target) -> bool,
    ) -> bool {
        let about = beat.schedule.iter().any(|line| wanted(&line.kind, &line.target));
        // What schedules nothing is still alive, and no selection by kind or target can mean it.
        if !about && !beat.schedule.is_empty() {
            return false;
        }
        let promise = (beat.interval_seconds, beat.schedule.clone());
        let same = self.0.get(&key) == Some(&promise);
        if !same {
            self.0.insert(key, promise);
        }
        !same || (within && beat.closes.is_some())
    }
}
