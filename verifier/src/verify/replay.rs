//! Judges the bundle's documents again, by the rule packs that were in force, and holds the findings and statuses that the bundle
//! brings against what follows from them, from heartbeats and from what people decided. It believes no finding and no claim about
//! people; what an item says counts only if the item did not fail.

mod premises;
mod statuses;
mod walk;

use std::collections::BTreeSet;

use exhibit_assessment::{
    FINDINGS_SCHEMA, FindingsClaimed, Framework, Replayed, STATUSES_SCHEMA, StatusesClaimed,
};
use exhibit_proto::bundle::{self, FINDINGS, STATUSES, Selection};
use exhibit_proto::document::{Kind, Target};
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::walk::Walk;
use super::manifest::{self, Period};
use super::tree::Tree;
use crate::files::Folder;
use crate::progress::Progress;
use crate::report::{self, Check, Ledger};

/// Largest file of findings or statuses.
const MAX_CLAIMS: u64 = 1 << 30;
/// What rests on other words than those of documents, rules, heartbeats and decisions.
const LIMITS: [&str; 2] = [
    "heartbeats that the bundle does not bring are taken to promise what the one before them did",
    "since when a verdict or an outcome holds is taken from the claims",
];

/// What a bundle was asked for, and what was found of its log.
pub(super) struct Ground<'a> {
    pub(super) selection: &'a Selection,
    pub(super) period: Period,
    /// Entries that failed, or that came late: they count for nothing.
    pub(super) out: BTreeSet<u64>,
    /// Entries of the log.
    pub(super) size: u64,
    pub(super) tree: &'a Tree,
}

impl Ground<'_> {
    /// The entry at which what held before the period is judged: its first, or the one before where nothing was logged in it. Nothing
    /// where it has no beginning, or the leaves do not show it.
    fn begins(&self) -> Option<u64> {
        self.period.from.filter(|_| self.tree.rebuilt)?;
        Some(match self.tree.begins {
            Some((first, logged)) if self.period.holds(logged) => first,
            Some((first, _)) => first.saturating_sub(1),
            None => self.size.saturating_sub(1),
        })
    }

    /// Whether this kind of this target was asked for.
    fn asks(&self, target: &Target, kind: &Kind) -> bool {
        let Selection { targets, kinds, .. } = self.selection;
        (targets.is_empty() || targets.contains(target))
            && (kinds.is_empty() || kinds.contains(kind))
    }
}

/// Compares; nothing if the bundle brings no findings.
pub(super) fn check(
    folder: &Folder,
    ground: &Ground<'_>,
    ledger: &mut Ledger,
    progress: &dyn Progress,
) -> Option<report::Replay> {
    if !folder.has(FINDINGS) {
        let detail = "the bundle brings no findings to be compared";
        ledger.not_checked(Check::Replay, Some(FINDINGS), detail);
        return None;
    }
    let claimed: FindingsClaimed = read(folder, FINDINGS, FINDINGS_SCHEMA, ledger)?;
    let framework = match Framework::builtin() {
        Ok(framework) => framework,
        Err(error) => {
            ledger.not_checked(Check::Replay, Some(FINDINGS), error.to_string());
            return None;
        }
    };
    let mut walk = Walk::new(folder, (ground, &framework), claimed.findings.clone());
    progress.stage("replay", 0);
    if let Err(error) = manifest::items(folder, &mut |item| walk.item(&item)) {
        ledger.failed(Check::Replay, bundle::MANIFEST, error);
        return None;
    }
    if claimed.size != ground.size {
        let (was, is) = (claimed.size, ground.size);
        let detail = format!("rest on {was} entries, and the bundle's log has {is}");
        ledger.failed(Check::Replay, FINDINGS, detail);
    }
    let (done, end) = walk.finish(ledger);
    findings(&done, ledger);
    let mut found = report::Replay {
        findings: done.findings,
        differences: done.difference_count,
        not_shown: done.not_shown,
        ..report::Replay::default()
    };
    if folder.has(STATUSES) {
        let statuses: StatusesClaimed = read(folder, STATUSES, STATUSES_SCHEMA, ledger)?;
        found.statuses = statuses.statuses.len() as u64;
        let against = (ground, &framework);
        let judged = statuses::judge((&claimed.findings, statuses), against, (&done, end), ledger);
        found.differences += judged.differences;
        found.decisions = judged.decisions;
        found.limits.extend(LIMITS.map(ToOwned::to_owned));
        found.limits.extend(judged.limits);
    }
    let selection = ground.selection;
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
