//! The framework, the rule pack and its judge, together; and the findings that a document gives. Never decides a status.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use exhibit_assessment::{
    Capture, Evidence, Finding, Framework, FrameworkError, Judge, Labels, PackError, Rule,
    RulePack, Verdict,
};
use exhibit_proto::document::Document;
use exhibit_proto::statement::{Observed, Run, Statement};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction};
use serde_json::Value;

use super::{ViewsError, live, signed};
use crate::log::LogReader;

/// The framework with one pack of rules, compiled. Clones share everything.
#[derive(Clone)]
pub struct Assessor(Arc<Parts>);

struct Parts {
    /// Documents that were judged, for whoever counts; by this pack and by those that it was made beside.
    judged: Arc<AtomicU64>,
    framework: Arc<Framework>,
    pack: RulePack,
    judge: Judge,
    kinds: BTreeMap<String, Reads>,
}

/// What rules of a kind read besides the document.
#[derive(Clone, Copy, Default)]
struct Reads {
    clock: bool,
    capture: bool,
    labels: bool,
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
        Ok(Self::made((Arc::default(), Arc::new(framework)), pack, judge))
    }

    /// The same framework with another pack.
    pub fn with(&self, pack: RulePack) -> Result<Self, PackError> {
        let judge = self.0.judge.beside(&pack)?;
        let (judged, framework) = (Arc::clone(&self.0.judged), Arc::clone(&self.0.framework));
        Ok(Self::made((judged, framework), pack, judge))
    }

    fn made(
        (judged, framework): (Arc<AtomicU64>, Arc<Framework>),
        pack: RulePack,
        judge: Judge,
    ) -> Self {
        let mut kinds: BTreeMap<String, Reads> = BTreeMap::new();
        for rule in pack.rules() {
            let reads = kinds.entry(rule.kind.clone()).or_default();
            reads.clock |= rule.clock;
            reads.capture |= rule.capture;
            reads.labels |= rule.labels;
        }
        Self(Arc::new(Parts { judged, framework, pack, judge, kinds }))
    }

    pub fn framework(&self) -> &Framework {
        &self.0.framework
    }

    pub fn pack(&self) -> &RulePack {
        &self.0.pack
    }

    /// How many documents were judged so far, by this process, whatever pack was in force.
    pub fn judged(&self) -> u64 {
        self.0.judged.load(Ordering::Relaxed)
    }

    /// How many times a rule was evaluated so far, by this process: what was found of the same content before is not.
    pub fn evaluated(&self) -> u64 {
        self.0.judge.evaluated()
    }

    /// Whether this and another pack have the rule, and one says what the other says.
    pub(super) fn agrees(&self, other: &Self, rule: &Rule) -> bool {
        self.0.judge.agrees(&other.0.judge, rule)
    }

    /// The rule of that id, if the pack has it.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        id.parse().ok().and_then(|id| self.0.pack.rule(&id))
    }

    /// Whether any rule speaks about the kind.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.0.kinds.contains_key(kind)
    }

    /// Whether rules of the kind read what differs at each observation of an unchanged document; see [`moves`].
    pub(super) fn reads_clock(&self, kind: &str) -> bool {
        self.0.kinds.get(kind).is_some_and(|reads| reads.clock || reads.capture)
    }

    /// Whether a rule of the kind reads how a document was obtained.
    pub(super) fn reads_capture(&self, kind: &str) -> bool {
        self.0.kinds.get(kind).is_some_and(|reads| reads.capture)
    }

    /// Whether a rule of the kind reads the labels of the target.
    pub(super) fn reads_labels(&self, kind: &str) -> bool {
        self.0.kinds.get(kind).is_some_and(|reads| reads.labels)
    }

    /// The kinds of which that is so.
    pub(super) fn labelled_kinds(&self) -> impl Iterator<Item = &str> {
        let kinds = self.0.kinds.iter().filter(|(_, reads)| reads.labels);
        kinds.map(|(kind, _)| kind.as_str())
    }

    /// What the wanted rules say of a document that was seen then, in milliseconds since 1970.
    pub(super) fn judge(
        &self,
        kind: &str,
        (document, seen, capture, labels): (&Value, i64, Option<&Capture>, Option<&Labels>),
        wanted: impl Fn(&Rule) -> bool,
    ) -> Vec<Finding> {
        let observed_at = Timestamp::from_millisecond(seen).unwrap_or_default();
        let evidence = Evidence { document, observed_at, capture, labels };
        self.0.judged.fetch_add(1, Ordering::Relaxed);
        self.0.judge.judge_by(kind, &evidence, wanted)
    }
}

/// Whether a rule's answer to an unchanged document may differ at its next observation.
pub(super) fn moves(rule: &Rule) -> bool {
    rule.clock || rule.capture
}

/// One observation of a document that is held.
pub(super) struct Observation<'a> {
    pub(super) target: &'a str,
    pub(super) kind: &'a str,
    pub(super) digest: &'a str,
    pub(super) index: u64,
    /// Milliseconds since 1970.
    pub(super) at: i64,
}

/// Opens a new interval for each finding that changed.
pub(super) fn observe(
    tx: &Transaction<'_>,
    seen: &Observation<'_>,
    findings: &[Finding],
) -> Result<(), ViewsError> {
    let mut held = held(tx, seen)?;
    for finding in findings {
        let items = serde_json::to_string(&finding.items).unwrap_or_default();
        let rule = finding.rule.as_str();
        let held = held.remove(rule);
        if held.as_ref().is_some_and(|held| held.says(finding, &items, signed(seen.index))) {
            continue;
        }
        let (verdict, count) = (finding.verdict.as_str(), signed(finding.item_count));
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
    let mut since = seen.at;
    live::touch(tx, (seen.target, seen.kind))?;
    if let Some(held) = &held {
        tx.prepare_cached(
            "UPDATE findings SET to_index = ?4 WHERE rule = ?1 AND target = ?2 AND from_index = ?3",
        )?
        .execute((rule, seen.target, held.from, signed(seen.index)))?;
        if held.verdict == verdict {
            since = held.verdict_since;
        }
    }
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
        since,
        erased.map(|(index, _)| index),
        erased.map(|(_, until)| until),
    ])?;
    tx.prepare_cached(
        "INSERT INTO finding_counts VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET findings = findings + 1",
    )?
    .execute((rule, verdict))?;
    if matches!(verdict, "fail" | "error") {
        tx.prepare_cached(
            "INSERT INTO bad_words VALUES (?1, ?2, ?3, 1) ON CONFLICT DO UPDATE SET findings = findings + 1",
        )?
        .execute((rule, verdict, message))?;
    }
    Ok(())
}

pub(super) struct Held {
    /// The entry that the interval began at.
    from: i64,
    verdict: String,
    message: String,
    items: String,
    item_count: i64,
    verdict_since: i64,
    /// Of an erased one.
    until: Option<i64>,
}

impl Held {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            from: row.get(1)?,
            verdict: row.get(2)?,
            message: row.get(3)?,
            items: row.get(4)?,
            item_count: row.get(5)?,
            verdict_since: row.get(6)?,
            until: row.get(7)?,
        })
    }

    /// Whether a finding at entry `index` is the same.
    pub(super) fn says(&self, finding: &Finding, items: &str, index: i64) -> bool {
        let verdict = self.verdict == finding.verdict.as_str()
            && self.item_count == signed(finding.item_count);
        match self.until {
            // Its words are gone; that nothing else was found before `until` is known.
            Some(until) => verdict && index < until,
            None => verdict && self.message == finding.message && self.items == items,
        }
    }
}

const HELD: &str = "SELECT rule, from_index, verdict, message, items, item_count, verdict_since, until FROM findings
    WHERE to_index IS NULL";

/// What holds of a kind on a target, by rule.
fn held(tx: &Transaction<'_>, seen: &Observation<'_>) -> Result<HashMap<String, Held>, ViewsError> {
    let mut ask = tx.prepare_cached(&format!("{HELD} AND target = ?1 AND kind = ?2"))?;
    let held =
        ask.query_map((seen.target, seen.kind), |row| Ok((row.get(0)?, Held::read(row)?)))?;
    Ok(held.collect::<Result<_, _>>()?)
}

/// What holds of a rule on a target.
pub(super) fn current(
    tx: &Transaction<'_>,
    (rule, kind, target): (&str, &str, &str),
) -> Result<Option<Held>, ViewsError> {
    let sql = format!("{HELD} AND target = ?1 AND kind = ?2 AND rule = ?3");
    let mut ask = tx.prepare_cached(&sql)?;
    Ok(ask.query_row((target, kind, rule), Held::read).optional()?)
}

/// How a run obtained a document.
pub(super) fn capture_of(observed: &Observed) -> Capture {
    Capture {
        method: observed.method.clone(),
        privileges: observed.privileges.clone(),
        rows: observed.rows,
        truncated: observed.truncated,
        expected: observed.expected,
        redactions: observed.redactions.clone(),
        duration_ms: observed.duration_ms,
    }
}

/// How the run of entry `index` obtained its document of a kind; none where its envelope is not held any more.
pub(super) fn capture_at(
    log: &LogReader,
    index: u64,
    (target, kind): (&str, &str),
) -> Result<Option<Capture>, ViewsError> {
    let envelope = log.entry(index)?.and_then(|entry| entry.envelope);
    // Whether it is to be believed was said when the entry was applied.
    let payload = envelope.and_then(|envelope| {
        let envelope = exhibit_proto::dsse::Envelope::parse(&envelope).ok()?;
        envelope.unverified_payload().ok()
    });
    let run = payload.and_then(|payload| Statement::<Run>::from_payload(&payload).ok());
    let documents = run.map(|run| run.predicate.documents).unwrap_or_default();
    let mut of = documents
        .iter()
        .filter(|document| document.target.as_str() == target && document.kind.as_str() == kind);
    Ok(of.next().map(capture_of))
}

/// The document for the rules; one that is of another kind or target reads as null, which every rule refuses.
pub(super) fn own_words(bytes: &[u8], kind: &str, target: &str) -> Value {
    match Document::parse(bytes) {
        Ok(document) if document.kind.as_str() == kind && document.target.as_str() == target => {
            document.into_value()
        }
        Ok(_) | Err(_) => Value::Null,
    }
}

/// Reads a stored verdict; another word means that the tables are damaged.
pub(super) fn verdict(word: &str) -> Result<Verdict, ViewsError> {
    [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
        .ok_or_else(|| ViewsError::Row { expected: "a verdict", found: word.to_owned() })
}
