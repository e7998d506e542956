//! What rules see of one observation. The salt of a document stays out: no verdict may depend on it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use regorus::Value;
use serde::{Deserialize, Serialize};

use crate::{rule::Rule, selection::Labels};

/// One observation as rules may see it. What a rule does not declare (`clock`, `capture`, `labels`) is undefined for it.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The whole document, header and body.
    pub document: &'a serde_json::Value,
    /// When the document was last observed: `input.now` of rules marked `clock`.
    pub observed_at: Timestamp,
    /// How it was obtained: `input.capture` of rules marked `capture`.
    pub capture: Option<&'a Capture>,
    /// The labels of its target: `input.labels` of rules marked `labels`.
    pub labels: Option<&'a Labels>,
}

/// How a document was obtained, as its statement says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Exact commands, files or API calls with parameters.
    pub method: Vec<String>,
    /// Identity and rights in effect.
    pub privileges: String,
    pub rows: Option<u64>,
    /// Rows are missing because a limit cut them.
    pub truncated: bool,
    /// How many rows there should be, where that is known.
    pub expected: Option<u64>,
    /// Redaction rules that changed something.
    pub redactions: Vec<String>,
    pub duration_ms: u64,
}

/// The parts of one observation, converted once for all rules of the kind.
pub(super) struct Input {
    document: BTreeMap<Value, Value>,
    now: Value,
    capture: Option<Value>,
    labels: Option<Value>,
}

impl Input {
    pub(super) fn read(evidence: &Evidence<'_>) -> Result<Self, String> {
        let mut document = BTreeMap::new();
        for name in ["body", "kind", "schema", "target"] {
            if let Some(value) = evidence.document.get(name) {
                document.insert(Value::from(name), convert(value, name)?);
            }
        }
        Ok(Self {
            document,
            now: Value::from(evidence.observed_at.to_string()),
            capture: evidence
                .capture
                .map(|capture| convert(capture, "capture facts"))
                .transpose()?,
            labels: evidence.labels.map(|labels| convert(labels, "labels")).transpose()?,
        })
    }

    /// What one rule sees: the document, its parameters, and of the rest what it declares.
    pub(super) fn of(&self, rule: &Rule) -> Value {
        let mut fields = self.document.clone();
        let parameters = rule
            .parameters
            .iter()
            .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.clone())))
            .collect::<BTreeMap<_, _>>();
        fields.insert(Value::from("parameters"), Value::from(parameters));
        let mut declared = |name: &str, declares: bool, value: Option<&Value>| {
            if let Some(value) = value.filter(|_| declares) {
                fields.insert(Value::from(name), value.clone());
            }
        };
        declared("now", rule.clock, Some(&self.now));
        declared("capture", rule.capture, self.capture.as_ref());
        declared("labels", rule.labels, self.labels.as_ref());
        Value::from(fields)
    }
}

fn convert(value: &impl Serialize, name: &str) -> Result<Value, String> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(|error| {
        format!("the document's {name} could not be read by the rule engine: {error}")
    })
}

/// Roughly the bytes of a value as JSON, without writing it.
pub(super) fn weight(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => 5,
        serde_json::Value::String(text) => text.len() + 3,
        serde_json::Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        serde_json::Value::Object(map) => {
            map.iter().map(|(key, item)| key.len() + 4 + weight(item)).sum::<usize>() + 2
        }
    }
}
