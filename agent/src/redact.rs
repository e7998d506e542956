//! Takes secrets out of what was observed before anything touches disk, and says which rules did it.
//! It never judges and never keeps what it removed.

mod look;
mod names;
mod pattern;
mod rules;
mod veto;

use exhibit_plugin::kinds::personal;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Kind;
use look::Look;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub use pattern::{Pattern, PatternError, compile};
pub use veto::{Veto, VetoError};

/// Starts every replacement; what starts with it is not replaced again.
const MARK: &str = "redacted:";

/// Characters of the digest in a replacement.
const DIGEST: usize = 16;

/// Starts the name of a veto among the rules that changed something.
const VETO: &str = "veto:";

/// Applies the built-in rules and the operator's patterns. The digest in a replacement is keyed, so equal secrets show as
/// equal on one host and cannot be guessed by somebody who holds the document.
#[derive(Clone)]
pub struct Redactor {
    patterns: Vec<Pattern>,
    vetoes: BTreeMap<Kind, Vec<Veto>>,
    /// Whether names of persons are replaced too.
    personal_names: bool,
    key: [u8; 32],
}

impl Redactor {
    /// `key` stays on the host.
    pub fn new(key: [u8; 32], extra: &[Pattern]) -> Self {
        let patterns = rules::builtin().into_iter().chain(extra.iter().cloned()).collect();
        Self { patterns, vetoes: BTreeMap::new(), personal_names: false, key }
    }

    /// Adds the operator's vetoes over fields.
    pub fn with_vetoes(self, vetoes: &BTreeMap<Kind, Vec<Veto>>) -> Self {
        Self { vetoes: vetoes.clone(), ..self }
    }

    /// Sets whether names of persons are replaced.
    pub fn with_personal_names(self, personal_names: bool) -> Self {
        Self { personal_names, ..self }
    }

    /// The vetoes in force over fields of a kind.
    pub fn vetoes(&self, kind: &Kind) -> &[Veto] {
        self.vetoes.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Takes vetoed fields and secrets out of a document of this kind; answers the names of what changed something.
    pub fn document(&self, kind: &Kind, body: &mut Value) -> BTreeSet<String> {
        let vetoed: Vec<String> = self
            .vetoes(kind)
            .iter()
            .filter(|veto| veto.apply(body))
            .map(|veto| format!("{VETO}{veto}"))
            .collect();
        let mut applied = self.value(body);
        applied.extend(vetoed);
        if self.personal_names {
            let mut replace =
                |text: &mut String| *text = self.mark(text, rules::PERSONAL_NAME, &mut applied);
            for field in personal::fields(kind.as_str()) {
                names::each(body, field, &mut replace);
            }
        }
        applied
    }

    /// The vetoes among the rules that changed something, as the operator wrote them.
    pub fn withheld(&self, applied: &BTreeSet<String>) -> Vec<String> {
        applied.iter().filter_map(|name| name.strip_prefix(VETO)).map(str::to_owned).collect()
    }

    /// Replaces secrets in a document's body; answers the names of the rules that changed something.
    pub fn value(&self, value: &mut Value) -> BTreeSet<String> {
        let mut applied = BTreeSet::new();
        self.walk(value, &mut applied);
        applied
    }

    /// Replaces secrets in one text, such as a command line or an error message.
    pub fn text(&self, text: &str) -> String {
        self.text_noted(text, &mut BTreeSet::new())
    }

    /// The same, noting the names of the rules that changed something.
    pub fn text_noted(&self, text: &str, applied: &mut BTreeSet<String>) -> String {
        self.replaced(text, applied).unwrap_or_else(|| text.to_owned())
    }

    fn walk(&self, value: &mut Value, applied: &mut BTreeSet<String>) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                if let Some(replaced) = self.replaced(text, applied) {
                    *text = replaced;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.walk(value, applied)),
            Value::Object(map) => {
                // `{"name": "DB_PASSWORD", "value": "…"}` names the secret beside it.
                let named = ["name", "key", "option", "variable"].iter().any(|field| {
                    map.get(*field).and_then(Value::as_str).is_some_and(rules::names_a_secret)
                });
                for (key, value) in map.iter_mut() {
                    let secret = rules::names_a_secret(key) || (named && key == "value");
                    match value {
                        Value::String(text) if secret && !text.is_empty() => {
                            *text = self.mark(text, rules::SECRET_KEY, applied);
                        }
                        Value::Array(values) if secret => {
                            for value in values {
                                self.secret_element(value, applied);
                            }
                        }
                        Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::String(_)
                        | Value::Array(_)
                        | Value::Object(_) => self.walk(value, applied),
                    }
                }
            }
        }
    }

    fn secret_element(&self, value: &mut Value, applied: &mut BTreeSet<String>) {
        if let Value::String(text) = value {
            *text = self.mark(text, rules::SECRET_KEY, applied);
        } else {
            self.walk(value, applied);
        }
    }

    /// The text without its secrets; none when it has none.
    fn replaced(&self, text: &str, applied: &mut BTreeSet<String>) -> Option<String> {
        let mut current: Option<String> = None;
        let mut look = Look::at(text);
        for pattern in &self.patterns {
            if !pattern.may_match(&look) {
                continue;
            }
            if let Some(next) = self.apply(pattern, look.text, applied) {
                look = Look::at(current.insert(next));
            }
        }
        current
    }

    /// The text after one pattern; none when nothing fits.
    fn apply(
        &self,
        pattern: &Pattern,
        text: &str,
        applied: &mut BTreeSet<String>,
    ) -> Option<String> {
        let mut out = String::new();
        let mut end = 0;
        for captures in pattern.regex().captures_iter(text) {
            // The group `secret` where the pattern has one, else the whole match.
            let Some(found) = captures.name("secret").or_else(|| captures.get(0)) else {
                continue;
            };
            // A replacement, or the digest in one.
            let (before, rest) = text.split_at(found.start());
            if rest.starts_with(MARK) || (found.len() == DIGEST && before.ends_with(MARK)) {
                continue;
            }
            out.push_str(text.get(end..found.start()).unwrap_or_default());
            out.push_str(&self.mark(found.as_str(), pattern.name(), applied));
            end = found.end();
        }
        (end > 0).then(|| {
            out.push_str(text.get(end..).unwrap_or_default());
            out
        })
    }

    fn mark(&self, secret: &str, rule: &str, applied: &mut BTreeSet<String>) -> String {
        if secret.starts_with(MARK) {
            return secret.to_owned();
        }
        applied.insert(rule.to_owned());
        let inner = Digest::of_parts(&[&self.key, b"redaction inner", secret.as_bytes()]);
        let outer = Digest::of_parts(&[&self.key, b"redaction outer", inner.as_bytes()]);
        let digest: String = outer.to_string().chars().take(DIGEST).collect();
        format!("{MARK}{digest}")
    }
}

#[cfg(test)]
mod tests;
