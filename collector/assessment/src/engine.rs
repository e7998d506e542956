//! Runs the rules of a kind over one document. It never decides what a finding means for a control.
//!
//! Whatever goes wrong inside a rule becomes a visible [`Verdict::Error`] of that rule alone.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use jiff::Timestamp;
use regorus::{Engine, Value, utils::limits::ExecutionTimerConfig};

use crate::{
    finding::{Finding, Item, Verdict},
    pack::{PackError, RulePack},
    rule::Rule,
};

/// Most items a finding carries; `item_count` tells the true number.
pub const MAX_ITEMS: usize = 50;
/// Largest document that is judged, in bytes of JSON.
pub const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// Time one rule may take on one document. Far above need, so that a slow machine does not change a verdict.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(1000).expect("1000 is not zero");
const MAX_MESSAGE_CHARS: usize = 500;
const MAX_ID_CHARS: usize = 200;

/// A compiled rule pack. Clones share the compiled rules, so each worker may hold its own.
#[derive(Clone)]
pub struct Judge {
    kinds: Arc<BTreeMap<String, Compiled>>,
    time_limit: Duration,
}

struct Compiled {
    engine: Engine,
    rules: Vec<Rule>,
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
                kinds.insert(rule.kind.clone(), Compiled { engine, rules: vec![rule.clone()] });
            }
        }
        Ok(Self { kinds: Arc::new(kinds), time_limit: TIME_LIMIT })
    }

    /// Whether any rule speaks about the kind.
    #[must_use]
    pub fn knows(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// Judges one whole document (header and body) by every rule of its kind, sorted by rule id.
    ///
    /// `observed_at` is when the document was last observed; rules marked `clock` see it as `input.now`.
    /// A kind without rules gives no findings.
    #[must_use]
    pub fn judge(
        &self,
        kind: &str,
        document: &serde_json::Value,
        observed_at: Timestamp,
    ) -> Vec<Finding> {
        let Some(compiled) = self.kinds.get(kind) else { return Vec::new() };
        let everywhere = |what: &str| compiled.rules.iter().map(|rule| error(rule, what)).collect();
        if document.get("kind").and_then(serde_json::Value::as_str) != Some(kind) {
            return everywhere(&format!("the document's header does not name the kind {kind}"));
        }
        if weight(document) > MAX_DOCUMENT_BYTES {
            return everywhere(&format!(
                "the document is over the limit of {MAX_DOCUMENT_BYTES} bytes"
            ));
        }
        let header = match Header::read(document) {
            Ok(header) => header,
            Err(what) => return everywhere(&what),
        };
        let mut engine = compiled.engine.clone();
        engine.set_execution_timer_config(limit(self.time_limit));
        let mut findings = Vec::with_capacity(compiled.rules.len());
        for rule in &compiled.rules {
            engine.set_input(header.input(rule, observed_at));
            findings.push(match engine.eval_query(format!("data.{}", rule.package), false) {
                Ok(answer) => finding(rule, &answer),
                Err(failure) => {
                    // A failed evaluation may leave half a state behind; the next rule starts afresh.
                    engine = compiled.engine.clone();
                    engine.set_execution_timer_config(limit(self.time_limit));
                    error(
                        rule,
                        &format!(
                            "the rule could not be evaluated: {}",
                            one_line(&failure.to_string())
                        ),
                    )
                }
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
        engine
            .eval_query(format!("data.{}", rule.package), false)
            .map_err(|error| refuse(&rule.path, error.to_string()))?;
    }
    Ok(engine)
}

fn limit(limit: Duration) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit, check_interval: CHECK_INTERVAL }
}

/// An engine with the language of rules: the builtins of regorus, RFC 3339 reading, and nothing that varies by itself.
pub(crate) fn new_engine() -> Result<Engine, String> {
    let mut engine = Engine::new();
    // As in Open Policy Agent: a builtin met by the wrong type is undefined, so the verdict falls back to its default.
    engine.set_strict_builtin_errors(false);
    let nanoseconds = |arguments: Vec<Value>| {
        let text = arguments.first().and_then(|value| value.as_string().ok());
        let time = text.and_then(|text| text.parse::<Timestamp>().ok());
        let nanoseconds = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        // Undefined, as in Open Policy Agent, when the text is no time.
        Ok(nanoseconds.map_or(Value::Undefined, Value::from))
    };
    engine
        .add_extension("time.parse_rfc3339_ns".to_owned(), 1, Box::new(nanoseconds))
        .map_err(|error| error.to_string())?;
    // Shadows the builtin: the same evidence must give the same answer every time.
    let nothing = |_: Vec<Value>| Ok(Value::Undefined);
    engine
        .add_extension("rand.intn".to_owned(), 2, Box::new(nothing))
        .map_err(|error| error.to_string())?;
    Ok(engine)
}

/// What every rule of a kind sees of one document, converted once.
struct Header {
    fields: BTreeMap<Value, Value>,
}

impl Header {
    /// Takes what rules may see. The salt stays out: no verdict may depend on it.
    fn read(document: &serde_json::Value) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        for name in ["body", "kind", "schema", "target"] {
            if let Some(value) = document.get(name) {
                fields.insert(Value::from(name), convert(value, name)?);
            }
        }
        Ok(Self { fields })
    }

    fn input(&self, rule: &Rule, observed_at: Timestamp) -> Value {
        let mut fields = self.fields.clone();
        let parameters = rule
            .parameters
            .iter()
            .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.clone())))
            .collect::<BTreeMap<_, _>>();
        fields.insert(Value::from("parameters"), Value::from(parameters));
        if rule.clock {
            fields.insert(Value::from("now"), Value::from(observed_at.to_string()));
        }
        Value::from(fields)
    }
}

fn convert(value: &serde_json::Value, name: &str) -> Result<Value, String> {
    serde_json::from_value(value.clone()).map_err(|error| {
        format!("the document's {name} could not be read by the rule engine: {error}")
    })
}

/// Roughly the bytes of a value as JSON, without writing it.
fn weight(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => 5,
        serde_json::Value::String(text) => text.len() + 3,
        serde_json::Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        serde_json::Value::Object(map) => {
            map.iter().map(|(key, item)| key.len() + 4 + weight(item)).sum::<usize>() + 2
        }
    }
}

/// Reads what the package of a rule evaluated to. Anything but the agreed shape is an error of the rule.
fn finding(rule: &Rule, answer: &regorus::QueryResults) -> Finding {
    let package = answer
        .result
        .first()
        .and_then(|row| row.expressions.first())
        .map(|expression| expression.value.clone());
    let Some(package) = package else { return error(rule, "the rule gave no answer") };
    let word = package["verdict"].as_string().ok();
    let message = package["message"].as_string().ok().map(ToString::to_string);
    let verdict = match word.map(AsRef::as_ref) {
        Some("pass") => Verdict::Pass,
        Some("fail") => Verdict::Fail,
        Some("not_applicable") => Verdict::NotApplicable,
        Some("error") => {
            let lacking = || {
                "the document lacks something this rule needs, or has it in another form".to_owned()
            };
            return error(rule, &message.unwrap_or_else(lacking));
        }
        Some(other) => {
            return error(rule, &format!("the rule answered {other:?}, which is no verdict"));
        }
        None => return error(rule, "the rule gave no verdict"),
    };
    let Some(message) = message.filter(|text| !text.trim().is_empty()) else {
        return error(rule, "the rule gave a verdict without a message");
    };
    let items = match read_items(&package["items"]) {
        Ok(items) => items,
        Err(what) => return error(rule, &what),
    };
    match (verdict, items.is_empty()) {
        (Verdict::Pass, false) => {
            return error(rule, "the rule passed and named offending items at once");
        }
        (Verdict::Fail, true) => {
            return error(rule, "the rule failed without naming an offending item");
        }
        (Verdict::Pass | Verdict::Fail | Verdict::NotApplicable | Verdict::Error, _) => {}
    }
    let items = if verdict == Verdict::Fail { items } else { Vec::new() };
    Finding {
        rule: rule.id.clone(),
        verdict,
        message: shorten(&message, MAX_MESSAGE_CHARS),
        item_count: u64::try_from(items.len()).unwrap_or(u64::MAX),
        items: items.into_iter().take(MAX_ITEMS).collect(),
    }
}

/// Items are a set of `{"id", "why"}`; a rule that has none may leave the set out.
fn read_items(value: &Value) -> Result<Vec<Item>, String> {
    if *value == Value::Undefined {
        return Ok(Vec::new());
    }
    let rows =
        value.as_set().map_err(|error| format!("the rule's items are not a set: {error}"))?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let text = |name: &str| row[name].as_string().ok().map(ToString::to_string);
        let (Some(id), Some(why)) = (text("id"), text("why")) else {
            return Err("an item of the rule lacks `id` or `why` as text".to_owned());
        };
        items.push(Item { id: shorten(&id, MAX_ID_CHARS), why: shorten(&why, MAX_MESSAGE_CHARS) });
    }
    items.sort();
    Ok(items)
}

fn error(rule: &Rule, message: &str) -> Finding {
    Finding {
        rule: rule.id.clone(),
        verdict: Verdict::Error,
        message: shorten(message, MAX_MESSAGE_CHARS),
        items: Vec::new(),
        item_count: 0,
    }
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.push('…');
    short
}

/// Engine errors draw the source with a caret over several lines; one line keeps place and reason.
fn one_line(text: &str) -> String {
    let place = text.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let reason = text.lines().find_map(|line| line.trim().strip_prefix("error: "));
    match (place, reason) {
        (Some(place), Some(reason)) => format!("{place}: {reason}"),
        (_, _) => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
