//! Judges the bundle's documents again, by the rule packs that were in force, and holds the findings and statuses that the bundle
//! brings against what follows. It believes no finding; what an item says counts only if the item did not fail.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{
    Capture, FINDINGS_SCHEMA, FindingClaim, FindingsClaimed, Framework, Gap, Observed, Outcome,
    Replay, Replayed, RulePack, STATUSES_SCHEMA, Sight, StatusesClaimed,
};
use exhibit_proto::bundle::{self, Absence, FINDINGS, STATUSES, Selection};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{
    self, MAX_ENVELOPE, RULE_PACK, RulePackInForce, Run, Statement, Tombstone,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::manifest::{self, Period};
use crate::files::Folder;
use crate::progress::Progress;
use crate::report::{self, Check, Ledger};

/// Largest file of findings or statuses, and largest archive of rules.
const MAX_CLAIMS: u64 = 1 << 30;
const MAX_PACK: u64 = 64 << 20;
const MAX_DOCUMENT: u64 = exhibit_proto::document::MAX_BYTES;
/// What rests on other words than those of documents and rules.
const PEOPLE: &str =
    "schedules, silence of agents and what people decided are taken from statuses.json";

/// One walk through the items.
struct Walk<'a> {
    folder: &'a Folder,
    /// Entries that failed, or that came late: they count for nothing.
    out: &'a BTreeSet<u64>,
    selection: &'a Selection,
    period: Period,
    replay: Replay,
    /// The pack in force, and whether it can be judged by.
    pack: Option<(Digest, Option<RulePack>)>,
    /// What could not be read, and what is not what it should be: told once each.
    problems: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

/// Compares; nothing if the bundle brings no findings.
pub(super) fn check(
    folder: &Folder,
    (selection, period): (&Selection, Period),
    out: &BTreeSet<u64>,
    ledger: &mut Ledger,
    progress: &dyn Progress,
) -> Option<report::Replay> {
    if !folder.has(FINDINGS) {
        let detail = "the bundle brings no findings to be compared";
        ledger.not_checked(Check::Replay, Some(FINDINGS), detail);
        return None;
    }
    let claimed: FindingsClaimed = read(folder, FINDINGS, FINDINGS_SCHEMA, ledger)?;
    let mut walk = Walk {
        folder,
        out,
        selection,
        period,
        replay: Replay::new(claimed.findings.clone()),
        pack: None,
        problems: BTreeSet::new(),
        wrong: BTreeSet::new(),
    };
    progress.stage("replay", 0);
    if let Err(error) = manifest::items(folder, &mut |item| walk.item(&item)) {
        ledger.failed(Check::Replay, bundle::MANIFEST, error);
        return None;
    }
    let Walk { replay, pack, problems, wrong, .. } = walk;
    let done = replay.finish();
    for problem in &problems {
        ledger.not_checked(Check::Replay, None, problem.clone());
    }
    for wrong in &wrong {
        ledger.failed(Check::Replay, FINDINGS, wrong.clone());
    }
    findings(&done, ledger);
    let mut found = report::Replay {
        findings: done.findings,
        differences: done.difference_count,
        not_shown: done.not_shown,
        ..report::Replay::default()
    };
    if folder.has(STATUSES) {
        let statuses: StatusesClaimed = read(folder, STATUSES, STATUSES_SCHEMA, ledger)?;
        let named = (claimed.findings.as_slice(), &statuses);
        found.differences += judged(named, selection, &done, pack, ledger);
        found.statuses = statuses.statuses.len() as u64;
        found.limits.push(PEOPLE.to_owned());
    }
    if !selection.targets.is_empty() || !selection.kinds.is_empty() {
        found
            .limits
            .push("the statuses are those of what was selected, not of everything".to_owned());
    }
    Some(found)
}

fn read<T: DeserializeOwned>(
    folder: &Folder,
    path: &str,
    schema: &str,
    ledger: &mut Ledger,
) -> Option<T> {
    let value = folder.read(path, MAX_CLAIMS).map_err(|error| error.to_string());
    let value = value.and_then(|bytes| {
        serde_json::from_slice::<Value>(&bytes).map_err(|error| error.to_string())
    });
    let read = value.and_then(|value| {
        if value.get("schema").and_then(Value::as_str) != Some(schema) {
            return Err(format!("is not of the form {schema:?}"));
        }
        T::deserialize(value).map_err(|error| error.to_string())
    });
    read.map_err(|error| ledger.failed(Check::Replay, path, error)).ok()
}

fn findings(done: &Replayed, ledger: &mut Ledger) {
    for difference in &done.differences {
        let (rule, target) = (&difference.rule, &difference.target);
        let detail =
            format!("{rule} on {target} at entry {}: {}", difference.index, difference.detail);
        ledger.failed(Check::Replay, FINDINGS, detail);
    }
    let more = done.difference_count.saturating_sub(done.differences.len() as u64);
    if more > 0 {
        ledger.failed(Check::Replay, FINDINGS, format!("{more} more findings differ"));
    }
    if done.not_shown > 0 {
        let detail = format!(
            "{} findings rest on documents or rule packs that the bundle does not hold",
            done.not_shown
        );
        ledger.not_checked(Check::Replay, Some(FINDINGS), detail);
    }
    if done.difference_count == 0 {
        let detail = format!("{} findings were made again from the documents", done.findings);
        ledger.shown(Check::Replay, detail);
    }
}

/// Assesses the statuses again; answers how many things differ.
fn judged(
    (claims, claimed): (&[FindingClaim], &StatusesClaimed),
    selection: &Selection,
    done: &Replayed,
    pack: Option<(Digest, Option<RulePack>)>,
    ledger: &mut Ledger,
) -> u64 {
    let mut told = Vec::new();
    let Some((digest, Some(pack))) = pack else {
        let detail =
            "the rule pack in force at the end is not in the bundle: statuses cannot be assessed";
        ledger.not_checked(Check::Replay, Some(STATUSES), detail);
        return 0;
    };
    if claimed.pack != digest.to_string() {
        told.push(format!("names the rule pack {}, and {digest} was in force", claimed.pack));
    }
    told.extend(gaps(&claimed.gaps, &done.gaps));
    let kinds: BTreeSet<String> = selection.kinds.iter().map(ToString::to_string).collect();
    let findings = current(claims, &done.current);
    match Framework::builtin() {
        Err(error) => told.push(error.to_string()),
        Ok(framework) => {
            let statuses = claimed.follow(&framework, (&pack, &kinds), &findings);
            if statuses.len() != claimed.statuses.len() {
                let (is, was) = (statuses.len(), claimed.statuses.len());
                told.push(format!("{was} controls are named, there are {is}"));
            }
            let pairs = statuses.iter().zip(&claimed.statuses);
            for (is, was) in pairs.filter(|(is, was)| is != was) {
                let (control, claim, follows) =
                    (is.control, was.status.as_str(), is.status.as_str());
                told.push(if claim == follows && was.control == control {
                    format!("{control}: {claim} rests on other reasons than are claimed")
                } else {
                    format!("{control}: {claim} is claimed, {follows} follows")
                });
            }
        }
    }
    if told.is_empty() {
        let (count, size, now) = (claimed.statuses.len(), claimed.size, claimed.now);
        let detail = format!(
            "{count} statuses follow from them at entry {size}, {now}, under rule pack {} ({digest})",
            claimed.version
        );
        ledger.shown(Check::Replay, detail);
    }
    let count = told.len() as u64;
    told.into_iter().for_each(|detail| ledger.failed(Check::Replay, STATUSES, detail));
    count
}

/// The findings that hold at the end: as they were made again, and as they are claimed where the bundle does not show them.
fn current(claims: &[FindingClaim], made: &[Observed]) -> Vec<Observed> {
    let mut all: BTreeMap<(&str, &str), Observed> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.to.is_none()) {
        let observed = Observed {
            rule: claim.rule.clone(),
            target: claim.target.clone(),
            verdict: claim.verdict,
            message: claim.message.clone(),
            item_count: claim.item_count,
            since: claim.since,
            observed_at: claim.observed_at.unwrap_or(claim.since),
        };
        all.insert((claim.rule.as_str(), claim.target.as_str()), observed);
    }
    for observed in made {
        all.insert((observed.rule.as_str(), observed.target.as_str()), observed.clone());
    }
    all.into_values().collect()
}

/// What is claimed not to have been seen, against what the last runs say; since when is not compared.
fn gaps(claimed: &[Gap], made: &[Gap]) -> Vec<String> {
    let words = |gap: &Gap| {
        let (outcome, detail) = (gap.outcome.as_str(), &gap.detail);
        (gap.target.clone(), gap.kind.clone(), format!("{outcome}: {detail}"))
    };
    let places: BTreeSet<(&str, &str)> =
        made.iter().map(|gap| (gap.target.as_str(), gap.kind.as_str())).collect();
    let was: BTreeSet<_> = claimed.iter().map(words).collect();
    let is: BTreeSet<_> = made.iter().map(words).collect();
    let missing = is.difference(&was).map(|(target, kind, what)| {
        format!("{kind} of {target}: {what:?} was said by the last run, and is not claimed")
    });
    // What no run of the bundle speaks about cannot be compared.
    let extra = was
        .difference(&is)
        .filter(|(target, kind, _)| places.contains(&(target.as_str(), kind.as_str())));
    let extra = extra.map(|(target, kind, what)| {
        format!("{kind} of {target}: {what:?} is claimed, and the last run does not say so")
    });
    missing.chain(extra).collect()
}

impl Walk<'_> {
    fn item(&mut self, item: &bundle::Item) {
        if self.out.contains(&item.index) {
            return;
        }
        match item.entry_type {
            EntryType::RulePack => self.pack(item),
            EntryType::Evidence => self.run(item),
            EntryType::Tombstone => self.deleted(item),
            EntryType::Heartbeat
            | EntryType::Enrol
            | EntryType::Revoke
            | EntryType::Rotate
            | EntryType::Activity
            | EntryType::Gap
            | EntryType::Conflict
            | EntryType::Fork
            | EntryType::Hold
            | EntryType::Decision
            | EntryType::LogKey
            | EntryType::Time
            | EntryType::Continues
            | EntryType::Other(_) => {}
        }
    }

    fn pack(&mut self, item: &bundle::Item) {
        // What came into force after the period has judged nothing in it.
        let after = |to: Timestamp| item.logged.parse::<Timestamp>().is_ok_and(|at| at > to);
        if self.period.to.is_some_and(after) {
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
        let path = bundle::pack(&digest);
        let Ok(bytes) = self.folder.read(&path, MAX_PACK) else {
            self.pack = Some((digest, None));
            return self.replay.unknown_pack();
        };
        let pack = match RulePack::from_archive(&bytes) {
            Ok(pack) if pack.digest() == digest.to_string() => pack,
            Ok(pack) => {
                let found = pack.digest();
                self.wrong.insert(format!("{path} is the pack {found}: another than was in force"));
                self.pack = Some((digest, None));
                return self.replay.unknown_pack();
            }
            // Nothing could judge by it there either: the pack before it stayed in force.
            Err(error) => {
                self.problems.insert(format!("{path}: {error}"));
                return;
            }
        };
        let folder = self.folder;
        let found = |digest: &str, kind: &str, target: &str| document(folder, digest, kind, target);
        if let Err(error) = self.replay.pack(item.index, &pack, &found) {
            self.problems.insert(format!("{path}: {error}"));
            return;
        }
        self.pack = Some((digest, Some(pack)));
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
            if listed.is_none_or(|listed| listed.absent == Some(Absence::NotSelected)) {
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
        let Selection { targets, kinds, .. } = self.selection;
        let asked = |outcome: &&statement::Outcome| {
            (targets.is_empty() || targets.contains(&outcome.target))
                && (kinds.is_empty() || kinds.contains(&outcome.kind))
                && outcome.outcome != "collected"
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
    fn statement(&mut self, item: &bundle::Item) -> Option<Statement<Value>> {
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
fn millis(time: Timestamp) -> Timestamp {
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
fn document(folder: &Folder, digest: &str, kind: &str, target: &str) -> Option<Value> {
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
