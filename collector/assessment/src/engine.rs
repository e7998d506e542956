//! Runs the rules of a kind over one document. It never decides what a finding means for a control.
//!
//! Whatever goes wrong inside a rule becomes a visible [`crate::Verdict::Error`] of that rule alone. An evaluation is bounded
//! three times over: by the language that rules may use (`language.rs`, at load), by the bytes that its functions may make
//! (`engine/builtins.rs`), and by time.

mod answer;
mod builtins;
mod format;
mod input;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use regorus::{Engine, QueryResults, Value, utils::limits::ExecutionTimerConfig};

pub(crate) use self::answer::one_line;
pub use self::input::{Capture, Evidence};
use self::{
    answer::{error, finding},
    input::{Input, weight},
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

/// Time one rule may take on one document. Far above need, so that a slow machine does not change a verdict.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Statements between two looks at the time: one statement may take long.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(16).expect("16 is not zero");

/// A compiled rule pack. Clones share the compiled rules, so each worker may hold its own.
#[derive(Clone)]
pub struct Judge {
    kinds: Arc<BTreeMap<String, Compiled>>,
    time_limit: Duration,
}

struct Compiled {
    engine: Engine,
    rules: Vec<Rule>,
    /// Text of each file with the libraries that it imports, by its path.
    texts: BTreeMap<String, String>,
}

impl Judge {
    /// Compiles every rule of the pack once.
    pub fn new(pack: &RulePack) -> Result<Self, PackError> {
        let mut kinds: BTreeMap<String, Compiled> = BTreeMap::new();
        for rule in pack.rules() {
            if let Some(compiled) = kinds.get_mut(&rule.kind) {
                compiled.rules.push(rule.clone());
            } else {
                let engine = compile(pack, &rule.kind)?;
                let texts = withheld::texts(&pack.compiled_sources(&rule.kind).collect::<Vec<_>>());
                let compiled = Compiled { engine, rules: vec![rule.clone()], texts };
                kinds.insert(rule.kind.clone(), compiled);
            }
        }
        Ok(Self { kinds: Arc::new(kinds), time_limit: TIME_LIMIT })
    }

    /// Whether any rule speaks about the kind.
    #[must_use]
    pub fn knows(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
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
        let Some(compiled) = self.kinds.get(kind) else { return Vec::new() };
        let everywhere = |what: &str| compiled.rules.iter().map(|rule| error(rule, what)).collect();
        if evidence.document.get("kind").and_then(serde_json::Value::as_str) != Some(kind) {
            return everywhere(&format!("the document's header does not name the kind {kind}"));
        }
        if weight(evidence.document) > MAX_DOCUMENT_BYTES {
            return everywhere(&format!(
                "the document is over the limit of {MAX_DOCUMENT_BYTES} bytes"
            ));
        }
        let input = match Input::read(evidence) {
            Ok(input) => input,
            Err(what) => return everywhere(&what),
        };
        let mut engine = compiled.engine.clone();
        engine.set_execution_timer_config(limit(self.time_limit));
        let mut findings = Vec::with_capacity(compiled.rules.len());
        let withheld = withheld::of(evidence.document);
        for rule in &compiled.rules {
            engine.set_input(input.of(rule));
            let found = match evaluate(&mut engine, rule) {
                Ok(answer) => finding(rule, &answer),
                Err(failure) => {
                    // A failed evaluation may leave half a state behind; the next rule starts afresh.
                    engine = compiled.engine.clone();
                    engine.set_execution_timer_config(limit(self.time_limit));
                    error(rule, &format!("the rule could not be evaluated: {failure}"))
                }
            };
            let text = compiled.texts.get(&rule.path).map(String::as_str).unwrap_or_default();
            let spoilt = withheld::spoils(found.verdict, rule, text, &withheld);
            findings.push(match spoilt {
                Some(field) => error(
                    rule,
                    &format!("the rule reads {field}, which the operator of the target keeps back"),
                ),
                None => found,
            });
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

fn compile(pack: &RulePack, kind: &str) -> Result<Engine, PackError> {
    let refuse = |path: &str, what: String| PackError::Compile {
        path: path.to_owned(),
        what: one_line(&what),
    };
    let mut engine = new_engine().map_err(|what| refuse(kind, what))?;
    for (path, text) in pack.compiled_sources(kind) {
        engine
            .add_policy(path.to_owned(), text.to_owned())
            .map_err(|error| refuse(path, error.to_string()))?;
    }
    // Analysing all rules happens at the first query; doing it here costs once and shows what a rule calls in vain.
    engine.set_execution_timer_config(limit(TIME_LIMIT));
    engine.set_input(Value::new_object());
    for rule in pack.rules().iter().filter(|rule| rule.kind == kind) {
        evaluate(&mut engine, rule).map_err(|what| refuse(&rule.path, what))?;
    }
    Ok(engine)
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

/// Evaluates all that a rule's package says of the input in place, with a budget of its own.
fn evaluate(engine: &mut Engine, rule: &Rule) -> Result<QueryResults, String> {
    builtins::begin();
    // The engine is dropped after a failure, so nothing half done in it is seen again.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        engine.eval_query(format!("data.{}", rule.package), false)
    }));
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => Err(one_line(&failure.to_string())),
        Err(_panic) => Err("the rule engine broke off; report the rule to its author".to_owned()),
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
