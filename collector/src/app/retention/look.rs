//! `retention`: what becomes of each document and why; with `--now` what is due is asked for, batch by batch.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use serde::Serialize;

use super::{Keys, desk, views};
use crate::app::bar::Bar;
use crate::config::Config;
use crate::requests::{Done, Request};
use crate::retention::{Decision, Fate, Retention};
use crate::views::Views;

/// Documents that are listed; the rest is counted.
const LISTED: usize = 1000;

/// What a look, or a pass, came to.
#[derive(Debug, Default, Serialize)]
pub struct Retained {
    /// Documents that may go, or went.
    pub due: u64,
    pub bytes: u64,
    /// Their time has come, and a legal hold keeps them.
    pub held: u64,
    /// Their time has not come.
    pub until: u64,
    /// No rule lets them go.
    pub kept: u64,
    /// Due, by rule.
    pub rules: BTreeMap<String, u64>,
    /// When nothing was deleted, at most 1000: first those that are due, then those that a hold keeps, then those whose time
    /// comes first, then those that no rule lets go.
    pub documents: Vec<Listed>,
    /// Entries that say what was deleted; empty: nothing was.
    pub entries: Vec<u64>,
    pub deleted: bool,
}

/// A document and its fate. Where several places name it: the one that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub digest: Digest,
    pub kind: String,
    pub target: String,
    /// When the last statement that names it was received: its period runs from then on.
    pub since: Timestamp,
    #[serde(flatten)]
    pub fate: Fate,
    /// The fate in words.
    pub why: String,
}

/// Shows what the rules let go, or deletes it; works while `serve` runs and while it does not.
pub fn retention(config: &Config, delete: bool, now: Timestamp) -> anyhow::Result<Retained> {
    if !delete {
        let views = views(config, &Keys::load(config)?)?;
        return look(&views, &config.retention, now);
    }
    let mut bar = Bar::new("documents deleted", Instant::now());
    let batch = || desk::ask(config, Request::Retain, now);
    let found = delete_due(batch, |done, all| bar.show(done, all, Instant::now()));
    bar.clear();
    found
}

/// Looks at every document that is held; deletes none.
pub(super) fn look(views: &Views, rules: &Retention, now: Timestamp) -> anyhow::Result<Retained> {
    let holds = views.holds()?;
    let mut found = Retained::default();
    let mut listed = BTreeMap::new();
    views.each_held(|digest, places| {
        let Some(decided) = rules.decide(&places, &holds, now) else { return };
        let key = (found.count(&decided), digest);
        if listed.len() >= LISTED && listed.last_key_value().is_some_and(|(last, _)| key > *last) {
            return;
        }
        let Decision { fate, place } = decided;
        let (kind, target, since) = (place.kind.clone(), place.target.clone(), place.last);
        let why = fate.to_string();
        listed.insert(key, Listed { digest, kind, target, since, fate, why });
        if listed.len() > LISTED {
            listed.pop_last();
        }
    })?;
    found.documents = listed.into_values().collect();
    Ok(found)
}

/// Has batch after batch deleted; `told` hears how many of how many are gone.
pub(super) fn delete_due(
    mut batch: impl FnMut() -> anyhow::Result<Done>,
    mut told: impl FnMut(u64, u64),
) -> anyhow::Result<Retained> {
    let mut found = Retained { deleted: true, ..Retained::default() };
    loop {
        let done = batch()?;
        let Done::Deleted { entry, documents, left } = done else {
            return Err(desk::unexpected(&done));
        };
        found.due += documents;
        found.entries.extend(entry);
        told(found.due, found.due + left);
        if left == 0 {
            return Ok(found);
        }
    }
}

impl Retained {
    /// Counts a document; answers where it stands in the list.
    fn count(&mut self, Decision { fate, place }: &Decision<'_>) -> (u8, Timestamp) {
        match fate {
            Fate::Due { rule } => {
                self.due += 1;
                self.bytes += place.size;
                *self.rules.entry(rule.clone()).or_default() += 1;
                (0, place.last)
            }
            Fate::Held { .. } => {
                self.held += 1;
                (1, place.last)
            }
            Fate::Until { until, .. } => {
                self.until += 1;
                (2, *until)
            }
            Fate::Kept => {
                self.kept += 1;
                (3, place.last)
            }
        }
    }
}

impl fmt::Display for Retained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.deleted {
            return match self.entries.as_slice() {
                [] => write!(f, "nothing was due"),
                entries => write!(f, "{} documents deleted, entries {entries:?} say so", self.due),
            };
        }
        self.documents.iter().try_for_each(|document| writeln!(f, "{document}"))?;
        let all = self.due + self.held + self.until + self.kept;
        let unlisted = all - self.documents.len() as u64;
        if unlisted > 0 {
            writeln!(f, "and {unlisted} more that are counted and not listed")?;
        }
        write!(f, "{} documents ({} bytes) may go", self.due, self.bytes)?;
        for (rule, count) in &self.rules {
            write!(f, "\n  {count} under the rule {rule}")?;
        }
        for (count, why) in [
            (self.held, "are due and kept by a legal hold"),
            (self.until, "are kept until their period ends"),
            (self.kept, "are kept because no rule lets them go"),
        ] {
            if count > 0 {
                write!(f, "\n  {count} more {why}")?;
            }
        }
        if self.due > 0 {
            write!(
                f,
                "\n`exhibit-collector retention --now` deletes them; their digests and proofs stay"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digest, kind, target, since, why, .. } = self;
        write!(f, "{digest}\t{kind}\t{target}\tlast named {since}\t{why}")
    }
}
