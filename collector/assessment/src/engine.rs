//! Runs the rules of a kind over one document. It never decides what a finding means for a control.
//!
//! Whatever goes wrong inside a rule becomes a visible [`crate::Verdict::Error`] of that rule alone. An evaluation is bounded
//! three times over: by the language that rules may use (`language.rs`, at load), by the bytes that its functions may make
//! (`engine/builtins.rs`), and by time.

mod answer;
mod builtins;
mod compiled;
mod format;
mod input;
mod memo;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use regorus::{Engine, Value, utils::limits::ExecutionTimerConfig};

pub(crate) use self::answer::one_line;
pub use self::input::{Capture, Evidence};
use self::{
    answer::error,
    compiled::Compiled,
    input::{Input, weight},
    memo::Memo,
};
use crate::{
    finding::Finding,
    pack::{PackError, RulePack},
    rule::Rule,
    withheld,
};

/// Most items a finding carries; `item_count` tells the true number.
pub const MAX_ITEMS: usize = 50;
/// Largest document that is judged, in bytes of JSON.
pub const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// The version of every kind's schema that rules read. A field may have another meaning in a later one, so none is guessed at.
const READS: u64 = 1;

/// Time one rule may take on one document. Far above need, so that a slow machine does not change a verdict.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Statements between two looks at the time: one statement may take long.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(16).expect("16 is not zero");

/// A compiled rule pack. Clones share the compiled rules and what was found by them, so each worker may hold its own.
#[derive(Clone)]
pub struct Judge {
    kinds: Arc<BTreeMap<String, Vec<Compiled>>>,
    memo: Arc<Memo>,
    time_limit: Duration,
}

impl Judge {
    /// Compiles every rule of the pack once.
    pub fn new(pack: &RulePack) -> Result<Self, PackError> {
        Self::with_memo(pack, Arc::default())
    }

    /// Another pack, which need not judge again what a rule of this one was asked that is its own, too.
    pub fn beside(&self, pack: &RulePack) -> Result<Self, PackError> {
        Self::with_memo(pack, Arc::clone(&self.memo))
    }

    fn with_memo(pack: &RulePack, memo: Arc<Memo>) -> Result<Self, PackError> {
        let mut kinds: BTreeMap<String, Vec<Compiled>> = BTreeMap::new();
        compiled::libraries(pack)?;
        for rule in pack.rules() {
            kinds.entry(rule.kind.clone()).or_default().push(Compiled::of(pack, rule)?);
        }
        Ok(Self { kinds: Arc::new(kinds), memo, time_limit: TIME_LIMIT })
    }

    /// Whether any rule speaks about the kind.
    #[must_use]
    pub fn knows(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// Whether both say the same of whatever they are asked by the rule: its text, its libraries and its parameters are equal.
    #[must_use]
    pub fn agrees(&self, other: &Self, rule: &Rule) -> bool {
        let of = |judge: &Self| {
            let rules = judge.kinds.get(&rule.kind)?;
            rules.iter().find(|compiled| compiled.rule.id == rule.id).map(|found| found.identity)
        };
        of(self).is_some_and(|identity| of(other) == Some(identity))
    }

    /// How many times a rule was evaluated so far; findings that were given before need no evaluation.
    #[must_use]
    pub fn evaluated(&self) -> u64 {
        self.memo.evaluated()
    }

    /// Judges a document of which nothing but the time of its observation is known; see [`Judge::judge_evidence`].
    #[must_use]
    pub fn judge(
        &self,
        kind: &str,
        document: &serde_json::Value,
        observed_at: Timestamp,
    ) -> Vec<Finding> {
        self.judge_evidence(kind, &Evidence { document, observed_at, capture: None, labels: None })
    }

    /// Judges one observation by every rule of its kind, sorted by rule id. A kind without rules gives no findings.
    #[must_use]
    pub fn judge_evidence(&self, kind: &str, evidence: &Evidence<'_>) -> Vec<Finding> {
        self.judge_by(kind, evidence, |_| true)
    }

    /// Judges one observation by those rules of its kind that are wanted.
    #[must_use]
    pub fn judge_by(
        &self,
        kind: &str,
        evidence: &Evidence<'_>,
        wanted: impl Fn(&Rule) -> bool,
    ) -> Vec<Finding> {
        let rules = self.kinds.get(kind).map(Vec::as_slice).unwrap_or_default();
        let rules = rules.iter().filter(|compiled| wanted(&compiled.rule));
        if let Some(what) = refused(kind, evidence.document) {
            return rules.map(|compiled| error(&compiled.rule, &what)).collect();
        }
        let withheld = withheld::of(evidence.document);
        let mut input = Input::new(evidence);
        let mut findings = Vec::new();
        for compiled in rules {
            let key = input.key(&compiled.identity, &compiled.parts);
            if let Some(known) = self.memo.get(&key) {
                findings.push(Finding::clone(&known));
                continue;
            }
            self.memo.count();
            let found = match compiled.evaluate(&mut input, self.time_limit) {
                Ok(found) => compiled.unless_spoilt(found, &withheld),
                // Another time it may be evaluated, so this is not kept.
                Err(what) => {
                    findings.push(error(&compiled.rule, &what));
                    continue;
                }
            };
            self.memo.put(key, Arc::new(found.clone()));
            findings.push(found);
        }
        findings
    }

    /// The same judge with another time limit per rule, to show that a runaway rule ends.
    #[cfg(test)]
    pub(crate) fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

/// Why no rule can judge the document.
fn refused(kind: &str, document: &serde_json::Value) -> Option<String> {
    if document.get("kind").and_then(serde_json::Value::as_str) != Some(kind) {
        return Some(format!("the document's header does not name the kind {kind}"));
    }
    if let Some(schema) = newer(document) {
        return Some(format!(
            "the document is of the schema {schema}, and rules read version {READS}; it is kept, and is judged once a rule pack is in force that reads it: upgrade the collector"
        ));
    }
    (weight(document) > MAX_DOCUMENT_BYTES)
        .then(|| format!("the document is over the limit of {MAX_DOCUMENT_BYTES} bytes"))
}

/// The schema of a document, if it is of a later version (`urn:exhibit:kind:patch.status:v2`) than rules read.
fn newer(document: &serde_json::Value) -> Option<&str> {
    let schema = document.get("schema")?.as_str()?;
    let (_, version) = schema.strip_prefix("urn:exhibit:kind:")?.rsplit_once(":v")?;
    // A number that does not fit is later than any that does.
    let later = version.parse::<u64>().map_or_else(
        |_| !version.is_empty() && version.bytes().all(|digit| digit.is_ascii_digit()),
        |version| version > READS,
    );
    later.then_some(schema)
}

/// Evaluates one rule by its path, e.g. a test, held to the same bounds as a judgement.
pub(crate) fn bounded(engine: &mut Engine, path: &str) -> Result<Value, String> {
    builtins::begin();
    engine.set_execution_timer_config(limit(TIME_LIMIT));
    let answer = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(path.to_owned())));
    match answer {
        Ok(answer) => answer.map_err(|failure| one_line(&failure.to_string())),
        Err(_panic) => Err("the rule engine broke off".to_owned()),
    }
}

fn limit(limit: Duration) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit, check_interval: CHECK_INTERVAL }
}

/// An engine with the language of rules: the bounded functions, and nothing that varies by itself.
pub(crate) fn new_engine() -> Result<Engine, String> {
    let mut engine = Engine::new();
    // As in Open Policy Agent: a builtin met by the wrong type is undefined, so the verdict falls back to its default.
    engine.set_strict_builtin_errors(false);
    builtins::install(&mut engine)?;
    Ok(engine)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn a_rule_that_runs_away_ends_as_an_error_within_its_time() {
        let text = r#"# METADATA
# title: t
# description: d
# custom:
#   id: time.sync.loop
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: context
#   severity: low
#   freshness: 1
#   why: w
#   fix: f
package exhibit.time.sync.loop
verdict := "pass" if count([1 |
	input.kind
	some a in numbers.range(1, 3000)
	some b in numbers.range(1, 3000)
	some c in numbers.range(1, 3000)
	a + b + c == 0
]) == 0
message := "m"
"#;
        let pack =
            RulePack::from_sources(vec![("time.sync/loop.rego".to_owned(), text.to_owned())])
                .unwrap();
        let judge = Judge::new(&pack).unwrap().with_time_limit(Duration::from_millis(50));
        let document = json!({"body": {}, "kind": "time.sync"});
        let findings = judge.judge("time.sync", &document, Timestamp::UNIX_EPOCH);
        assert_eq!(findings[0].verdict, Verdict::Error);
        assert!(findings[0].message.contains("time limit"), "{}", findings[0].message);
    }
}
