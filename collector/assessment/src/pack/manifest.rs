//! `pack.json`: what a pack is called, and the organisation's own values for parameters, each held to type and range.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MANIFEST, PackError};
use crate::rule::Rule;

/// Name and version of a pack without `pack.json`.
pub(super) const UNNAMED: &str = "unnamed";
pub(super) const UNVERSIONED: &str = "unversioned";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) version: String,
    /// `builtin`: the files are additions to the shipped pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) extends: Option<String>,
    /// Rules of the shipped pack that are left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) without: BTreeSet<String>,
    /// In what came of such additions: the digest of the shipped pack below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<String>,
    /// Kinds of the organisation's own plugins.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) kinds: BTreeSet<String>,
    /// Rule id → parameter → value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Manifest {
    /// Of these files; none where they have none. Names are held to one short line each.
    pub(super) fn read(sources: &[(String, String)]) -> Result<Option<Self>, PackError> {
        let Some((_, text)) = sources.iter().find(|(path, _)| path == MANIFEST) else {
            return Ok(None);
        };
        let manifest: Self = serde_json::from_str(text)
            .map_err(|error| PackError::Manifest { line: error.line(), what: error.to_string() })?;
        let words = [("name", manifest.name.as_deref()), ("version", Some(&*manifest.version))];
        for (what, word) in words {
            if word.is_some_and(|word| {
                word.trim().is_empty() || word.len() > 200 || word.contains(char::is_control)
            }) {
                let what_it_must = format!("{what} must have 1 to 200 characters on one line");
                let line = line_of(text, &[what]);
                return Err(PackError::Manifest { line, what: what_it_must });
            }
        }
        Ok(Some(manifest))
    }
}

/// What `pack.json` says besides parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) base: Option<String>,
    pub(super) kinds: BTreeSet<String>,
}

/// Applies the overrides of `pack.json`. An override keeps the type of the default and stays in the rule's limits, so that a
/// rule never meets a surprise.
pub(super) fn apply(sources: &[(String, String)], rules: &mut [Rule]) -> Result<Named, PackError> {
    let Some(manifest) = Manifest::read(sources)? else {
        return Ok(Named {
            name: UNNAMED.to_owned(),
            version: UNVERSIONED.to_owned(),
            base: None,
            kinds: BTreeSet::new(),
        });
    };
    let text = sources.iter().find(|(path, _)| path == MANIFEST).map_or("", |(_, text)| text);
    let refuse = |line: usize, what: String| PackError::Manifest { line, what };
    let known: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    if let Some(id) = manifest.parameters.keys().find(|id| !known.contains(id.as_str())) {
        let what =
            format!("parameters for {id:?}, which is no rule of this pack; remove or rename it");
        return Err(refuse(line_of(text, &[id]), what));
    }
    for rule in rules {
        for (name, value) in manifest.parameters.get(rule.id.as_str()).into_iter().flatten() {
            override_one(rule, name, value)
                .map_err(|what| refuse(line_of(text, &[rule.id.as_str(), name]), what))?;
        }
    }
    Ok(Named {
        name: manifest.name.unwrap_or_else(|| UNNAMED.to_owned()),
        version: manifest.version,
        base: manifest.base,
        kinds: manifest.kinds,
    })
}

fn override_one(rule: &mut Rule, name: &str, value: &Value) -> Result<(), String> {
    let default = rule.parameters.get(name).ok_or_else(|| {
        let known: Vec<&str> = rule.parameters.keys().map(String::as_str).collect();
        format!("{} has no parameter {name:?}; it has: {}", rule.id, known.join(", "))
    })?;
    if !same_type(default, value) {
        return Err(format!(
            "{}.{name} = {value} must be of the type of its default {default}",
            rule.id
        ));
    }
    in_limits(rule, name, value)?;
    rule.parameters.insert(name.to_owned(), value.clone());
    Ok(())
}

/// Refuses a number outside of the rule's declared limits; without limits, a negative one where the default is not.
pub(super) fn in_limits(rule: &Rule, name: &str, value: &Value) -> Result<(), String> {
    let Some(number) = value.as_f64() else { return Ok(()) };
    let (least, most) = rule.limits.get(name).copied().unwrap_or_else(|| {
        let default = rule.parameters.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        (if default < 0.0 { f64::MIN } else { 0.0 }, f64::MAX)
    });
    if (least..=most).contains(&number) {
        return Ok(());
    }
    let range = if most == f64::MAX {
        format!("{least} or more")
    } else {
        format!("from {least} to {most}")
    };
    Err(format!("{}.{name} = {value} is out of range; use {range}", rule.id))
}

/// Whether a value may stand for a default: the same sort of JSON, whole numbers for whole numbers, and in lists the
/// sort of the default's items (texts where the default is empty).
fn same_type(default: &Value, value: &Value) -> bool {
    match (default, value) {
        (Value::Number(default), Value::Number(value)) => {
            default.is_f64() || value.is_i64() || value.is_u64()
        }
        (Value::Array(defaults), Value::Array(values)) => {
            let text = Value::String(String::new());
            let sample = defaults.first().unwrap_or(&text);
            values.iter().all(|value| same_type(sample, value))
        }
        (Value::Null, Value::Null)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::String(_), Value::String(_))
        | (Value::Object(_), Value::Object(_)) => true,
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            _,
        ) => false,
    }
}

/// The line (1-based) of the last of these keys, each sought behind the one before.
pub(super) fn line_of(text: &str, keys: &[&str]) -> usize {
    let mut place = 0;
    for key in keys {
        let rest = text.get(place..).unwrap_or_default();
        place += rest.find(&format!("\"{key}\"")).unwrap_or(0);
    }
    text.get(..place).unwrap_or_default().matches('\n').count() + 1
}
