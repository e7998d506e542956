//! What is claimed that people decided, held against what they did decide: each record by name, each field that differs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    decisions::{Decisions, ISMS, People, Revision},
    status::{Attestation, Exclusion, Expectation, KnownTarget, ManualEvidence, Scope, Waiver},
};

/// Longest value that a difference quotes.
const MAX_QUOTED: usize = 200;

/// What people decided and brought.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeopleClaimed {
    pub targets: Vec<KnownTarget>,
    /// What is gone for good decides nothing, whatever was found there.
    pub retired: BTreeSet<String>,
    pub scope: Scope,
    pub exclusions: Vec<Exclusion>,
    pub waivers: Vec<Waiver>,
    pub manual: Vec<ManualEvidence>,
    pub attestations: Vec<Attestation>,
}

/// What a record is called, and its name.
type Name = (&'static str, String);

/// What is claimed under a name, and what follows.
#[derive(Default)]
struct Pair {
    claimed: Vec<Value>,
    follows: Vec<Value>,
}

impl PeopleClaimed {
    /// What is in force, for these targets.
    #[must_use]
    pub fn of(people: &People, targets: Vec<KnownTarget>) -> Self {
        Self {
            targets,
            retired: people.retired.keys().cloned().collect(),
            scope: people.scope.clone(),
            exclusions: people.exclusions.clone(),
            waivers: people.waivers.clone(),
            manual: people.manual.clone(),
            attestations: people.attestations(),
        }
    }

    /// What is claimed otherwise than it follows from the decisions, each in one sentence that names the record.
    #[must_use]
    pub fn differences(&self, follows: &Self, decisions: &Decisions) -> Vec<String> {
        let mut pairs: BTreeMap<Name, Pair> = BTreeMap::new();
        for (name, value) in self.rows() {
            pairs.entry(name).or_default().claimed.push(value);
        }
        for (name, value) in follows.rows() {
            pairs.entry(name).or_default().follows.push(value);
        }
        pairs.into_iter().flat_map(|(name, pair)| told(&name, pair, decisions)).collect()
    }

    fn rows(&self) -> Vec<(Name, Value)> {
        let mut rows = vec![(("scope", ISMS.to_owned()), json(&self.scope))];
        rows.extend(self.targets.iter().map(|one| (("target", one.target.clone()), json(one))));
        rows.extend(self.retired.iter().map(|one| (("retired target", one.clone()), Value::Null)));
        let exclusion = |one: &Exclusion| (("exclusion", one.control.to_string()), json(one));
        rows.extend(self.exclusions.iter().map(exclusion));
        rows.extend(self.waivers.iter().map(|one| (("waiver", one.id.clone()), json(one))));
        rows.extend(self.manual.iter().map(|one| (("manual evidence", one.id.clone()), json(one))));
        let duty = |one: &Attestation| (("attestation", one.control.to_string()), json(one));
        rows.extend(self.attestations.iter().map(duty));
        rows
    }
}

/// What is claimed to be on schedule, against what heartbeats said.
#[must_use]
pub fn schedule_differences(claimed: &[Expectation], follows: &[Expectation]) -> Vec<String> {
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    let name = |one: &Expectation| format!("{} of {} by {}", one.kind, one.target, one.agent);
    for one in claimed {
        pairs.entry(name(one)).or_default().claimed.push(json(&one.silent_since));
    }
    for one in follows {
        pairs.entry(name(one)).or_default().follows.push(json(&one.silent_since));
    }
    let mut told = Vec::new();
    for (name, pair) in pairs {
        let (claimed, follows) = without_equal(pair);
        for at in 0..claimed.len().max(follows.len()) {
            told.push(match (claimed.get(at), follows.get(at)) {
                (Some(was), Some(is)) => format!(
                    "schedule: {name}: silent since {} is claimed, {} follows from when its statements came",
                    quoted(was), quoted(is)
                ),
                (Some(_), None) => format!(
                    "schedule: {name} is claimed, and no heartbeat in force says so"
                ),
                (None, _) => {
                    format!("schedule: {name} is what its last heartbeat says, and is not claimed")
                }
            });
        }
    }
    told
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What stands on one side only.
fn without_equal(Pair { mut claimed, mut follows }: Pair) -> (Vec<Value>, Vec<Value>) {
    claimed.retain(|one| match follows.iter().position(|other| other == one) {
        Some(at) => {
            follows.swap_remove(at);
            false
        }
        None => true,
    });
    (claimed, follows)
}

fn told(name: &Name, pair: Pair, decisions: &Decisions) -> Vec<String> {
    let (claimed, follows) = without_equal(pair);
    let (what, id) = name;
    let mut told = Vec::new();
    for at in 0..claimed.len().max(follows.len()) {
        told.push(match (claimed.get(at), follows.get(at)) {
            (Some(was), Some(is)) => {
                let decided = revision(name, decisions)
                    .map_or_else(String::new, |at| format!(" (entry {})", at.since_index()));
                format!("{what} {id}{decided}: {}", fields(was, is))
            }
            (Some(_), None) => {
                format!("{what} {id} is claimed, and {}", missing(name, decisions))
            }
            (None, _) => match revision(name, decisions) {
                Some(decided) => {
                    let (index, by) = (decided.since_index(), decided.approver());
                    format!("{what} {id} is in force since entry {index}, decided by {by}, and is not claimed")
                }
                None => format!("{what} {id} follows from the entries, and is not claimed"),
            },
        });
    }
    told
}

/// The fields of two values that differ.
fn fields(claimed: &Value, follows: &Value) -> String {
    let (Value::Object(was), Value::Object(is)) = (claimed, follows) else {
        return format!("{} is claimed, {} follows", quoted(claimed), quoted(follows));
    };
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let differ = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    let nothing = Value::Null;
    let words = differ.map(|name| {
        let (was, is) = (was.get(name).unwrap_or(&nothing), is.get(name).unwrap_or(&nothing));
        format!("{name}: {} is claimed, {} was decided", quoted(was), quoted(is))
    });
    words.collect::<Vec<_>>().join("; ")
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_QUOTED {
        return text;
    }
    text.chars().take(MAX_QUOTED).chain(['…']).collect()
}

/// Where in the log a record stands, by what it is called here.
fn place((what, id): &Name) -> Option<(&'static str, &str)> {
    let register = match *what {
        "waiver" => "waiver",
        "scope" => "scope",
        "exclusion" => "applicability",
        "manual evidence" => "manual_evidence",
        "retired target" => "retired",
        "target" => "label",
        _ => return None,
    };
    Some((register, id))
}

fn revision<'a>(name: &Name, decisions: &'a Decisions) -> Option<&'a Revision> {
    if let Some((register, id)) = place(name) {
        return decisions.at(register, id);
    }
    // A duty has a name of its own, and is told by its control.
    let about = |duty: &&Revision| {
        duty.value.get("control").and_then(Value::as_str) == Some(name.1.as_str())
    };
    decisions.in_force().filter(|held| held.register == "attestation").find(about)
}

/// Why nothing is in force under a name.
fn missing(name: &Name, decisions: &Decisions) -> String {
    let place = place(name);
    let newest = place.and_then(|(register, id)| decisions.newest(register, id));
    let waits =
        decisions.proposed().any(|held| place == Some((held.register.as_str(), held.id.as_str())));
    match newest {
        Some(entry) if waits => format!("what entry {entry} proposes nobody approved"),
        Some(entry) => format!("entry {entry} decides otherwise"),
        None => "no entry decides it".to_owned(),
    }
}
