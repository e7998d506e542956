//! The framework, the rule pack and its judge, together; and the findings that a document gives. Never decides a status.

use std::collections::BTreeMap;
use std::sync::Arc;

use exhibit_assessment::{Framework, FrameworkError, Judge, PackError, Rule, RulePack, Verdict};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction};
use serde_json::Value;

use super::{ViewsError, signed};

/// What the collector judges with. Clones share everything.
#[derive(Clone)]
pub struct Assessor(Arc<Parts>);

struct Parts {
    framework: Framework,
    pack: RulePack,
    judge: Judge,
    /// Kinds with a rule that reads the time.
    clocks: BTreeMap<String, bool>,
}

/// Why there is nothing to judge with.
#[derive(Debug, thiserror::Error)]
pub enum AssessorError {
    #[error(transparent)]
    Framework(#[from] FrameworkError),
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl Assessor {
    /// Framework and rules that ship with this program.
    pub fn builtin() -> Result<Self, AssessorError> {
        Self::new(Framework::builtin()?, RulePack::builtin()?)
    }

    pub fn new(framework: Framework, pack: RulePack) -> Result<Self, AssessorError> {
        let judge = Judge::new(&pack)?;
        let mut clocks = BTreeMap::new();
        for rule in pack.rules() {
            *clocks.entry(rule.kind.clone()).or_insert(false) |= rule.clock || rule.capture;
        }
        Ok(Self(Arc::new(Parts { framework, pack, judge, clocks })))
    }

    pub fn framework(&self) -> &Framework {
        &self.0.framework
    }

    pub fn pack(&self) -> &RulePack {
        &self.0.pack
    }

    /// The rule of that id, if the pack has it.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        id.parse().ok().and_then(|id| self.0.pack.rule(&id))
    }

    /// Whether an unchanged document of the kind must be judged again at each observation.
    pub(super) fn reads_clock(&self, kind: &str) -> bool {
        self.0.clocks.get(kind).copied().unwrap_or(false)
    }
}

/// One observation of a document that is held.
pub(super) struct Observation<'a> {
    pub(super) target: &'a str,
    pub(super) kind: &'a str,
    pub(super) digest: &'a str,
    pub(super) index: u64,
    /// Milliseconds since 1970.
    pub(super) at: i64,
    /// False: the same digest was judged before.
    pub(super) is_new: bool,
}

/// Judges when there is reason to, and opens a new interval for each finding that changed.
pub(super) fn observe(
    tx: &Transaction<'_>,
    assessor: &Assessor,
    seen: &Observation<'_>,
    document: impl FnOnce() -> Result<Value, ViewsError>,
) -> Result<(), ViewsError> {
    if !seen.is_new && !assessor.reads_clock(seen.kind) {
        return Ok(());
    }
    let moment = Timestamp::from_millisecond(seen.at).unwrap_or_default();
    for finding in assessor.0.judge.judge(seen.kind, &document()?, moment) {
        let items = serde_json::to_string(&finding.items).unwrap_or_default();
        let count = signed(finding.item_count);
        let rule = finding.rule.as_str();
        let held = current(tx, rule, seen.target)?;
        let same = held.as_ref().is_some_and(|held| match held.until {
            // Its words are gone; that nothing else was found before `until` is known.
            Some(until) => {
                held.verdict == finding.verdict.as_str()
                    && held.item_count == count
                    && signed(seen.index) < until
            }
            None => {
                held.verdict == finding.verdict.as_str()
                    && held.message == finding.message
                    && held.items == items
                    && held.item_count == count
            }
        });
        if same {
            continue;
        }
        let verdict = finding.verdict.as_str();
        let words = (finding.message.as_str(), items.as_str(), None);
        open(tx, seen, held, (rule, verdict, count), words)?;
    }
    Ok(())
}

/// Ends the interval that holds and opens one with message, items and, where a tombstone took those, its index and the entry
/// before which nothing else was found.
pub(super) fn open(
    tx: &Transaction<'_>,
    seen: &Observation<'_>,
    held: Option<Held>,
    (rule, verdict, count): (&str, &str, i64),
    (message, items, erased): (&str, &str, Option<(i64, i64)>),
) -> Result<(), ViewsError> {
    tx.prepare_cached(
        "UPDATE findings SET to_index = ?3 WHERE rule = ?1 AND target = ?2 AND to_index IS NULL",
    )?
    .execute((rule, seen.target, signed(seen.index)))?;
    let verdict_since = held
        .as_ref()
        .filter(|held| held.verdict == verdict)
        .map_or(seen.at, |held| held.verdict_since);
    tx.prepare_cached(
        "INSERT INTO findings VALUES
         (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(rusqlite::params![
        rule,
        seen.target,
        signed(seen.index),
        seen.kind,
        verdict,
        held.map(|held| held.verdict),
        message,
        items,
        count,
        seen.digest,
        seen.at,
        verdict_since,
        erased.map(|(index, _)| index),
        erased.map(|(_, until)| until),
    ])?;
    Ok(())
}

pub(super) struct Held {
    verdict: String,
    message: String,
    items: String,
    item_count: i64,
    verdict_since: i64,
    /// Of an erased one.
    until: Option<i64>,
}

pub(super) fn current(
    tx: &Transaction<'_>,
    rule: &str,
    target: &str,
) -> Result<Option<Held>, ViewsError> {
    let mut ask = tx.prepare_cached(
        "SELECT verdict, message, items, item_count, verdict_since, until FROM findings
         WHERE rule = ?1 AND target = ?2 AND to_index IS NULL",
    )?;
    let held = ask.query_row((rule, target), |row| {
        Ok(Held {
            verdict: row.get(0)?,
            message: row.get(1)?,
            items: row.get(2)?,
            item_count: row.get(3)?,
            verdict_since: row.get(4)?,
            until: row.get(5)?,
        })
    });
    Ok(held.optional()?)
}

/// Reads a stored verdict; another word means that the tables are damaged.
pub(super) fn verdict(word: &str) -> Result<Verdict, ViewsError> {
    [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
        .ok_or_else(|| ViewsError::Row { expected: "a verdict", found: word.to_owned() })
}
