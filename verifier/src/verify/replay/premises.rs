//! What entries besides runs say that statuses rest on: decisions of people, who may speak for what, and heartbeats.

use std::collections::BTreeMap;

use exhibit_assessment::Labels;
use exhibit_assessment::decisions::{self, Decided, LABEL, LABEL_RULES};
use exhibit_proto::bundle;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::rotation::Rotate;
use exhibit_proto::statement::{Act, DECISION, Decision, Enrol, Heartbeat, Revoke};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Ground;
use super::walk::{Walk, document, millis};

impl Walk<'_> {
    pub(super) fn decision(&mut self, item: &bundle::Item) {
        let Some(statement) = self.statement(item) else {
            let index = item.index;
            let detail = format!(
                "what entry {index} decides is not in the bundle, so nothing can be judged by it"
            );
            self.wrong.insert(detail);
            return;
        };
        if statement.predicate_type != DECISION {
            return;
        }
        let said = statement.predicate_as::<Decision>().ok();
        let Some(said) = said.and_then(|said| said.checked().ok()) else { return };
        let Decision { register, id, after, act, value, by, reason } = said;
        let act = match act {
            Act::Put => decisions::Act::Put,
            Act::Withdraw => decisions::Act::Withdraw,
            Act::Approve => decisions::Act::Approve,
        };
        let whose = match register.as_str() {
            LABEL => Some(vec![id.clone()]),
            LABEL_RULES => None,
            _ => Some(Vec::new()),
        };
        let (index, at, value) = (item.index, logged(item), value.unwrap_or_default());
        self.premises.decided(Decided { index, at, register, id, after, act, value, by, reason });
        self.labels(item, whose.as_deref());
    }

    pub(super) fn enrol(&mut self, item: &bundle::Item) {
        let Some(enrol) = self.said::<Enrol>(item) else { return };
        let Ok(key) = PublicKey::from_pem(&enrol.evidence_key) else { return };
        let targets: Vec<&str> = enrol.targets.iter().map(|target| target.as_str()).collect();
        self.premises.enrolled(logged(item), &enrol.agent, &enrol.host_name, &targets);
        let whose: Vec<String> = targets.into_iter().map(ToOwned::to_owned).collect();
        self.labels(item, Some(&whose));
        self.keys.insert(key.id(), (enrol.agent, None));
    }

    pub(super) fn revoke(&mut self, item: &bundle::Item) {
        let Some(revoke) = self.said::<Revoke>(item) else { return };
        self.premises.revoked(&revoke.agent);
        if let Some((_, ended)) = self.keys.get_mut(&revoke.key) {
            ended.get_or_insert(item.index);
        }
    }

    pub(super) fn rotate(&mut self, item: &bundle::Item) {
        let Some(rotate) = self.said::<Rotate>(item) else { return };
        if let Ok(key) = PublicKey::from_pem(&rotate.new_key) {
            self.keys.insert(key.id(), (rotate.capsule.agent, None));
        }
    }

    pub(super) fn heartbeat(&mut self, item: &bundle::Item) {
        let Some(beat) = self.said::<Heartbeat>(item) else { return };
        let schedule = beat.schedule.iter().map(|line| (line.target.as_str(), line.kind.as_str()));
        let said = (beat.host_name.as_str(), beat.interval_seconds);
        let labels = beat.labels.iter().filter_map(|(target, given)| {
            // What cannot be labels is none.
            Some((target.to_string(), Labels::try_from(given.clone()).ok()?))
        });
        self.premises.beat(&beat.capsule.agent, said, schedule, &labels.collect());
        let whose = self.premises.targets_of(&beat.capsule.agent);
        self.labels(item, Some(&whose));
    }

    /// Labels of these targets, or of all, may be others from this item on.
    fn labels(&mut self, item: &bundle::Item, whose: Option<&[String]>) {
        if self.after_period(item) {
            return;
        }
        let (premises, framework) = (&self.premises, self.framework);
        let labels: BTreeMap<String, Labels> = match whose {
            None => premises.labels(framework, None),
            Some(some) => {
                some.iter().flat_map(|one| premises.labels(framework, Some(one))).collect()
            }
        };
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        self.replay.labelled(item.index, labels, &found);
    }

    /// When each agent was heard stands in the leaves of the whole log.
    pub(super) fn arrivals(&mut self, ground: &Ground<'_>) {
        for chain in &ground.tree.arrivals {
            let Some((agent, ended)) = self.keys.get(&chain.key) else { continue };
            let counts =
                |index| !ground.out.contains(&index) && ended.is_none_or(|ended| index < ended);
            let heard = chain.seen.iter().filter(|arrival| counts(arrival.index));
            if let Some(last) = heard.map(|arrival| arrival.at).max() {
                self.premises.heard(agent, millis(last));
            }
        }
    }

    fn said<P: Serialize + DeserializeOwned>(&mut self, item: &bundle::Item) -> Option<P> {
        self.statement(item)?.predicate_as().ok()
    }
}

/// When the entry came, as views keep it.
fn logged(item: &bundle::Item) -> Timestamp {
    millis(item.logged.parse().unwrap_or_default())
}
