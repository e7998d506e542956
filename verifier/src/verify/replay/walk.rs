//! The walk through the items, in the order of the log: each run, deletion and rule pack goes into the replay, each decision and
//! heartbeat into what statuses rest on besides.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{
    Capture, FindingClaim, Framework, Gap, Outcome, Premises, Replay, Replayed, RulePack, Sight,
};
use exhibit_proto::bundle::{self, Absence, FINDINGS};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{
    self, MAX_ENVELOPE, RULE_PACK, RulePackInForce, Run, Statement, Tombstone,
};
use jiff::Timestamp;
use serde_json::Value;

use super::Ground;
use crate::files::Folder;
use crate::report::{Check, Ledger};

/// Largest archive of rules.
const MAX_PACK: u64 = 64 << 20;
const MAX_DOCUMENT: u64 = exhibit_proto::document::MAX_BYTES;

/// The pack in force, and whether it can be judged by.
pub(super) type InForce = Option<(Digest, Option<RulePack>)>;

pub(super) struct Walk<'a> {
    pub(super) folder: &'a Folder,
    ground: &'a Ground<'a>,
    pub(super) framework: &'a Framework,
    pub(super) replay: Replay,
    pack: InForce,
    pub(super) premises: Premises,
    /// Whose statements a key signs, and the entry that ended it.
    pub(super) keys: BTreeMap<KeyId, (String, Option<u64>)>,
    /// What could not be read, and what is not what it should be: told once each.
    problems: BTreeSet<String>,
    pub(super) wrong: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    /// Against these claims.
    pub(super) fn new(
        folder: &'a Folder,
        (ground, framework): (&'a Ground<'a>, &'a Framework),
        claims: Vec<FindingClaim>,
    ) -> Self {
        let replay = Replay::new(claims);
        let replay = match ground.begins() {
            Some(start) => replay.beginning(start),
            None => replay,
        };
        Self {
            folder,
            ground,
            framework,
            replay,
            pack: None,
            premises: Premises::default(),
            keys: BTreeMap::new(),
            problems: BTreeSet::new(),
            wrong: BTreeSet::new(),
        }
    }

    /// What was found, and what was in force at the end.
    pub(super) fn finish(mut self, ledger: &mut Ledger) -> (Replayed, (InForce, Premises)) {
        self.arrivals(self.ground);
        for problem in self.problems {
            ledger.not_checked(Check::Replay, None, problem);
        }
        for wrong in self.wrong {
            ledger.failed(Check::Replay, FINDINGS, wrong);
        }
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        (self.replay.finish(&found), (self.pack, self.premises))
    }

    pub(super) fn item(&mut self, item: &bundle::Item) {
        if self.ground.out.contains(&item.index) {
            return;
        }
        match item.entry_type {
            EntryType::RulePack => self.pack(item),
            EntryType::Evidence => self.run(item),
            EntryType::Tombstone => self.deleted(item),
            EntryType::Decision => self.decision(item),
            EntryType::Enrol => self.enrol(item),
            EntryType::Revoke => self.revoke(item),
            EntryType::Rotate => self.rotate(item),
            EntryType::Heartbeat => self.heartbeat(item),
            EntryType::Activity
            | EntryType::Gap
            | EntryType::Conflict
            | EntryType::Fork
            | EntryType::Hold
            | EntryType::LogKey
            | EntryType::Time
            | EntryType::Continues
            | EntryType::Other(_) => {}
        }
    }

    fn pack(&mut self, item: &bundle::Item) {
        if self.after_period(item) {
            return;
        }
        let Some(statement) = self.statement(item) else { return };
        if statement.predicate_type != RULE_PACK {
            return;
        }
        let Ok(said) = statement.predicate_as::<RulePackInForce>() else { return };
        let digest = said.pack;
        if self.pack.as_ref().is_some_and(|(before, _)| *before == digest) {
            return;
        }
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        let path = bundle::pack(&digest);
        let Ok(bytes) = self.folder.read(&path, MAX_PACK) else {
            self.pack = Some((digest, None));
            return self.replay.unknown_pack(item.index, &found);
        };
        let pack = match RulePack::from_archive(&bytes) {
            Ok(pack) if pack.digest() == digest.to_string() => pack,
            Ok(pack) => {
                let is = pack.digest();
                self.wrong.insert(format!("{path} is the pack {is}: another than was in force"));
                self.pack = Some((digest, None));
                return self.replay.unknown_pack(item.index, &found);
            }
            // Nothing could judge by it there either: the pack before it stayed in force.
            Err(error) => {
                self.problems.insert(format!("{path}: {error}"));
                return;
            }
        };
        if let Err(error) = self.replay.pack(item.index, &pack, &found) {
            self.problems.insert(format!("{path}: {error}"));
            return;
        }
        self.pack = Some((digest, Some(pack)));
    }

    /// What came into force after the period has judged nothing in it.
    pub(super) fn after_period(&self, item: &bundle::Item) -> bool {
        let after = |to: Timestamp| item.logged.parse::<Timestamp>().is_ok_and(|at| at > to);
        self.ground.period.to.is_some_and(after)
    }

    /// Whether the verdicts of the period rest on this run: it is of the period, or was the last before it that spoke of something. A run
    /// that an audit only refers to decides nothing.
    fn decides(&self, item: &bundle::Item) -> bool {
        let Ok(logged) = item.logged.parse::<Timestamp>() else { return true };
        let Ground { period, selection, .. } = self.ground;
        let before = period.from.is_some_and(|from| logged < from);
        let carried = before && selection.audit.is_none() && self.ground.begins().is_some();
        carried || period.holds(logged)
    }

    fn deleted(&mut self, item: &bundle::Item) {
        let Some(statement) = self.statement(item) else { return };
        let Ok(stone) = statement.predicate_as::<Tombstone>() else { return };
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        for gone in stone.documents {
            let digest = gone.digest.to_string();
            let place = (gone.target.as_str(), gone.kind.as_str(), digest.as_str());
            self.replay.deleted(item.index, place, &found);
        }
    }

    fn run(&mut self, item: &bundle::Item) {
        if !self.decides(item) {
            return;
        }
        let Some(statement) = self.statement(item) else { return };
        let Ok(run) = statement.predicate_as::<Run>() else { return };
        let arrived = item.logged.parse::<Timestamp>().unwrap_or_default();
        let at = |text: &str| text.parse::<Timestamp>().map_or(arrived, |time| time.min(arrived));
        let named = |kind: &str, target: &str| {
            let mut listed = item.documents.iter();
            listed.find(|one| one.kind.as_str() == kind && one.target.as_str() == target)
        };
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        let mut ends: BTreeMap<(&str, &str), Vec<Gap>> = BTreeMap::new();
        for document in &run.documents {
            let (target, kind) = (document.target.as_str(), document.kind.as_str());
            let listed = named(kind, target);
            if !self.ground.asks(&document.target, &document.kind)
                || listed.is_none_or(|listed| listed.absent == Some(Absence::NotSelected))
            {
                continue;
            }
            ends.entry((target, kind)).or_default();
            let sight = Sight {
                target: target.to_owned(),
                kind: kind.to_owned(),
                digest: document.digest.to_string(),
                observed_at: millis(at(&document.started)),
                capture: Capture {
                    method: document.method.clone(),
                    privileges: document.privileges.clone(),
                    rows: document.rows,
                    truncated: document.truncated,
                    expected: document.expected,
                    redactions: document.redactions.clone(),
                    duration_ms: document.duration_ms,
                },
            };
            self.replay.observed(item.index, sight, &found);
        }
        let finished = millis(at(&run.finished));
        let ground = self.ground;
        let asked = |outcome: &&statement::Outcome| {
            ground.asks(&outcome.target, &outcome.kind) && outcome.outcome != "collected"
        };
        for outcome in run.outcomes.iter().filter(asked) {
            let place = (outcome.target.as_str(), outcome.kind.as_str());
            ends.entry(place).or_default().push(gap(outcome, finished));
        }
        for ((target, kind), gaps) in ends {
            self.replay.ended(target, kind, gaps);
        }
    }

    /// What an item's envelope says; the item was verified before, so only its bytes are looked at again.
    pub(super) fn statement(&mut self, item: &bundle::Item) -> Option<Statement<Value>> {
        let path = bundle::envelope(&item.envelope);
        let bytes = self.folder.read(&path, MAX_ENVELOPE as u64).ok()?;
        let payload = Envelope::parse(&bytes).ok()?.unverified_payload().ok()?;
        let statement = Statement::<Value>::from_payload(&payload).ok()?;
        if Digest::of(&bytes) == item.envelope {
            Some(statement)
        } else {
            self.wrong.insert(format!("{path} was changed while it was read"));
            None
        }
    }
}

/// Views keep milliseconds.
pub(super) fn millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn gap(outcome: &statement::Outcome, finished: Timestamp) -> Gap {
    let (word, detail) = match outcome.outcome.parse::<Outcome>() {
        Ok(word) => (word, outcome.detail.clone()),
        Err(_unknown) => (Outcome::Failed, format!("{}: {}", outcome.outcome, outcome.detail)),
    };
    Gap {
        target: outcome.target.to_string(),
        kind: outcome.kind.to_string(),
        outcome: word,
        detail,
        remedy: outcome.remedy.clone(),
        since: finished,
        observed_at: finished,
    }
}

/// The document for the rules; null where it is not what its statement says, nothing where the bundle does not hold it.
pub(super) fn document(folder: &Folder, digest: &str, kind: &str, target: &str) -> Option<Value> {
    let digest: Digest = digest.parse().ok()?;
    let bytes = folder.read(&bundle::document(&digest), MAX_DOCUMENT).ok()?;
    let fits = |document: &Document| {
        document.kind.as_str() == kind
            && document.target.as_str() == target
            && Digest::of(&bytes) == digest
    };
    let document = Document::parse(&bytes).ok().filter(fits);
    Some(document.and_then(|document| serde_json::to_value(document).ok()).unwrap_or(Value::Null))
}
