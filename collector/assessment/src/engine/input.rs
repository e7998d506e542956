//! What rules see of one observation. The salt of a document stays out: no verdict may depend on it. A rule is given what its
//! text names and what it declares, nothing else, so all that it can see is known before it runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use regorus::Value;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::memo::Key;
use crate::{language::Reads, rule::Rule, selection::Labels};

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

/// A part of an observation. The kind is none: a rule belongs to one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Body,
    Field(String),
    Target,
    Schema,
    Now,
    Capture,
    Labels,
}

impl Part {
    /// All that a rule is given, in one order.
    pub(super) fn of(rule: &Rule, reads: &Reads) -> Vec<Self> {
        let mut parts: Vec<Self> = match &reads.fields {
            Some(fields) => fields.iter().cloned().map(Self::Field).collect(),
            None => vec![Self::Body],
        };
        let others = [
            (reads.target, Self::Target),
            (reads.schema, Self::Schema),
            (rule.clock, Self::Now),
            (rule.capture, Self::Capture),
            (rule.labels, Self::Labels),
        ];
        parts.extend(others.into_iter().filter_map(|(given, part)| given.then_some(part)));
        parts
    }

    fn name(&self) -> &str {
        match self {
            Self::Body => "body",
            Self::Field(name) => name,
            Self::Target => "target",
            Self::Schema => "schema",
            Self::Now => "now",
            Self::Capture => "capture",
            Self::Labels => "labels",
        }
    }
}

/// One observation, part by part: each is written and converted once for all rules of the kind.
pub(super) struct Input<'a> {
    evidence: &'a Evidence<'a>,
    /// SHA-256 of what each part says; zeros where it is not there.
    digests: BTreeMap<&'a Part, Key>,
    values: BTreeMap<&'a Part, Value>,
    withheld: Key,
}

impl<'a> Input<'a> {
    pub(super) fn new(evidence: &'a Evidence<'a>) -> Self {
        let withheld = evidence.document.get("withheld").map_or([0; 32], digest);
        Self { evidence, digests: BTreeMap::new(), values: BTreeMap::new(), withheld }
    }

    /// Of a rule, by its identity, and all that it is given: equal keys, equal findings.
    pub(super) fn key(&mut self, identity: &Key, parts: &'a [Part]) -> Key {
        let mut whole = Sha256::new();
        whole.update(identity);
        whole.update(self.withheld);
        for part in parts {
            let evidence = self.evidence;
            let digest = self.digests.entry(part).or_insert_with(|| said(evidence, part));
            whole.update(digest);
        }
        whole.finalize().into()
    }

    /// What one rule sees: the parts that it is given, and its parameters.
    pub(super) fn of(&mut self, rule: &Rule, parts: &'a [Part]) -> Result<Value, String> {
        let mut given = BTreeMap::from([(Value::from("kind"), Value::from(rule.kind.as_str()))]);
        let parameters = rule.parameters.iter();
        let parameters = parameters
            .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.clone())))
            .collect::<BTreeMap<_, _>>();
        given.insert(Value::from("parameters"), Value::from(parameters));
        let mut fields = BTreeMap::new();
        for part in parts {
            let Some(value) = self.value(part)? else { continue };
            let into = if matches!(part, Part::Field(_)) { &mut fields } else { &mut given };
            into.insert(Value::from(part.name()), value);
        }
        if !parts.contains(&Part::Body)
            && let Some(body) = self.evidence.document.get("body")
        {
            // What is no object has no fields: whoever asks for one sees that.
            let body = if body.is_object() { Value::from(fields) } else { convert(body, "body")? };
            given.insert(Value::from("body"), body);
        }
        Ok(Value::from(given))
    }

    fn value(&mut self, part: &'a Part) -> Result<Option<Value>, String> {
        if let Some(known) = self.values.get(part) {
            return Ok(Some(known.clone()));
        }
        let Evidence { document, observed_at, capture, labels } = *self.evidence;
        let name = part.name();
        let value = match part {
            Part::Body | Part::Target | Part::Schema => {
                document.get(name).map(|value| convert(value, name))
            }
            Part::Field(_) => {
                let field = document.get("body").and_then(|body| body.get(name));
                field.map(|field| convert(field, name))
            }
            Part::Now => Some(Ok(Value::from(observed_at.to_string()))),
            Part::Capture => capture.map(|capture| convert(&json(capture), "capture facts")),
            Part::Labels => labels.map(|labels| convert(&json(labels), "labels")),
        };
        let Some(value) = value.transpose()? else { return Ok(None) };
        self.values.insert(part, value.clone());
        Ok(Some(value))
    }
}

/// SHA-256 of what a part says.
fn said(evidence: &Evidence<'_>, part: &Part) -> Key {
    let Evidence { document, observed_at, capture, labels } = *evidence;
    let name = part.name();
    let here = match part {
        Part::Body | Part::Target | Part::Schema => document.get(name).map(digest),
        Part::Field(_) => document.get("body").and_then(|body| match body.as_object() {
            Some(fields) => fields.get(name).map(digest),
            // What stands in the place of all fields is no field that says the same.
            None => Some(digest(&serde_json::json!(["no fields", body]))),
        }),
        Part::Now => Some(Sha256::digest(observed_at.to_string()).into()),
        Part::Capture => capture.map(|capture| digest(&json(capture))),
        Part::Labels => labels.map(|labels| digest(&json(labels))),
    };
    here.unwrap_or([0; 32])
}

/// SHA-256 of a value as JSON.
fn digest(value: &serde_json::Value) -> Key {
    // A value always has a JSON form.
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into()
}

fn json(value: &impl Serialize) -> serde_json::Value {
    // Texts and numbers by name always have a JSON form.
    serde_json::to_value(value).unwrap_or_default()
}

fn convert(value: &serde_json::Value, name: &str) -> Result<Value, String> {
    Value::deserialize(value).map_err(|error| {
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
