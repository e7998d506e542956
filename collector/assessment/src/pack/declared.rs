//! What a rule file declares about itself, checked key by key; each refusal names the file and the line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{PackError, at, manifest, source};
use crate::{
    ids::{ControlId, IdError, RuleId},
    metadata::{self, Metadata},
    rule::{Rule, Strength, UnknownWord},
};

/// Reads one rule file: its metadata block and its package line.
pub(super) fn read_rule(path: &str, text: &str) -> Result<Rule, PackError> {
    let metadata = metadata::read(text).map_err(|refusal| at(path, refusal))?.ok_or_else(|| {
        source(
            path,
            1,
            "no `# METADATA` block; every rule declares title, kind, controls and the rest",
        )
    })?;
    let (kind, file) = path.split_once('/').unwrap_or_default();
    let name = file.trim_end_matches(".rego");
    let reader = Declared { path, metadata: &metadata };
    reader.known_keys()?;
    let id: RuleId = reader.parsed("custom.id")?;
    if id.as_str() != format!("{kind}.{name}") {
        return Err(
            reader.error("custom.id", &format!("{id} must be {kind}.{name}, after its file"))
        );
    }
    if reader.text("custom.kind")? != kind {
        return Err(reader.error("custom.kind", &format!("must be {kind}, after its folder")));
    }
    let package = format!("exhibit.{id}");
    let declared = text.lines().position(|line| line.trim_end() == format!("package {package}"));
    if declared.is_none() {
        let line =
            text.lines().position(|line| line.starts_with("package")).map_or(1, |index| index + 1);
        return Err(source(
            path,
            line,
            &format!("the package must be `package {package}`, after its file"),
        ));
    }
    let rule = Rule {
        title: reader.text("title")?,
        description: reader.text("description")?,
        kind: kind.to_owned(),
        controls: reader.controls()?,
        severity: reader.parsed("custom.severity")?,
        freshness: reader.hours("custom.freshness")?,
        why: reader.text("custom.why")?,
        fix: reader.text("custom.fix")?,
        clock: reader.flag("custom.clock")?,
        capture: reader.flag("custom.capture")?,
        labels: reader.flag("custom.labels")?,
        parameters: reader.parameters()?,
        limits: reader.limits()?,
        path: path.to_owned(),
        package,
        id,
    };
    for (name, default) in &rule.parameters {
        manifest::in_limits(&rule, name, default)
            .map_err(|what| reader.error(&format!("custom.parameters.{name}"), &what))?;
    }
    Ok(rule)
}

/// Typed access to a metadata block; each refusal names the line of its key.
struct Declared<'a> {
    path: &'a str,
    metadata: &'a Metadata,
}

impl Declared<'_> {
    fn error(&self, key: &str, what: &str) -> PackError {
        source(self.path, self.metadata.line(key), &format!("{key}: {what}"))
    }

    fn known_keys(&self) -> Result<(), PackError> {
        const TOP: [&str; 3] = ["title", "description", "custom"];
        const CUSTOM: [&str; 12] = [
            "id",
            "kind",
            "controls",
            "severity",
            "freshness",
            "why",
            "fix",
            "clock",
            "capture",
            "labels",
            "parameters",
            "limits",
        ];
        let keys = |value: Option<&Value>| -> Vec<String> {
            value
                .and_then(Value::as_object)
                .map(|map| map.keys().cloned().collect())
                .unwrap_or_default()
        };
        for key in keys(Some(&self.metadata.value)) {
            if !TOP.contains(&key.as_str()) {
                return Err(self.error(&key, &format!("unknown key; known are {}", TOP.join(", "))));
            }
        }
        for key in keys(self.metadata.get("custom")) {
            if !CUSTOM.contains(&key.as_str()) {
                let what = format!("unknown key; known are {}", CUSTOM.join(", "));
                return Err(self.error(&format!("custom.{key}"), &what));
            }
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Result<String, PackError> {
        match self.metadata.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            Some(other) => {
                Err(self.error(key, &format!("{other} is not text; put it in double quotes")))
            }
            None => Err(self.error(key, "missing; add it to the metadata")),
        }
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
    ) -> Result<T, PackError> {
        self.text(key)?.parse().map_err(|error: T::Err| self.error(key, &error.to_string()))
    }

    fn hours(&self, key: &str) -> Result<u32, PackError> {
        let hours = self
            .metadata
            .get(key)
            .and_then(Value::as_u64)
            .and_then(|hours| u32::try_from(hours).ok());
        hours
            .filter(|hours| (1..=87_600).contains(hours))
            .ok_or_else(|| self.error(key, "must be whole hours from 1 to 87600"))
    }

    fn flag(&self, key: &str) -> Result<bool, PackError> {
        match self.metadata.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.error(key, &format!("{other} is neither true nor false"))),
        }
    }

    fn controls(&self) -> Result<Vec<(ControlId, Strength)>, PackError> {
        const KEY: &str = "custom.controls";
        let rows = self.metadata.get(KEY).and_then(Value::as_array).filter(|rows| !rows.is_empty());
        let rows =
            rows.ok_or_else(|| self.error(KEY, "list at least one control as `- id: A.8.8`"))?;
        let mut controls = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            let word = |name: &str| {
                row.get(name).and_then(Value::as_str).ok_or_else(|| {
                    self.error(
                        &format!("{KEY}.{place}"),
                        "each control needs `id` and `relation` as text",
                    )
                })
            };
            let id: ControlId = word("id")?.parse().map_err(|error: IdError| {
                self.error(&format!("{KEY}.{place}.id"), &error.to_string())
            })?;
            let strength: Strength = word("relation")?.parse().map_err(|error: UnknownWord| {
                self.error(&format!("{KEY}.{place}.relation"), &error.to_string())
            })?;
            if controls.insert(id, strength).is_some() {
                return Err(self.error(
                    &format!("{KEY}.{place}"),
                    &format!("{id} stands twice; keep one relation"),
                ));
            }
        }
        Ok(controls.into_iter().collect())
    }

    /// `limits` names least and greatest value of parameters that are numbers: `max_hours: [1, 8760]`.
    fn limits(&self) -> Result<BTreeMap<String, (f64, f64)>, PackError> {
        const KEY: &str = "custom.limits";
        let mut limits = BTreeMap::new();
        let rows = match self.metadata.get(KEY) {
            None => return Ok(limits),
            Some(Value::Object(map)) => map,
            Some(other) => {
                return Err(
                    self.error(KEY, &format!("{other} is not a list of `name: [least, greatest]`"))
                );
            }
        };
        for (name, range) in rows {
            let key = format!("{KEY}.{name}");
            let number = |place: usize| range.get(place).and_then(Value::as_f64);
            let pair = number(0).zip(number(1)).filter(|(least, most)| least <= most);
            let pair = pair.filter(|_| range.as_array().is_some_and(|range| range.len() == 2));
            let pair = pair.ok_or_else(|| self.error(&key, "must be [least, greatest]"))?;
            let default = self.metadata.get("custom.parameters").and_then(|map| map.get(name));
            if !default.is_some_and(Value::is_number) {
                return Err(self.error(&key, "names no parameter of this rule that is a number"));
            }
            limits.insert(name.clone(), pair);
        }
        Ok(limits)
    }

    fn parameters(&self) -> Result<BTreeMap<String, Value>, PackError> {
        match self.metadata.get("custom.parameters") {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(map)) => Ok(map.clone().into_iter().collect()),
            Some(other) => {
                Err(self
                    .error("custom.parameters", &format!("{other} is not a list of `name: value`")))
            }
        }
    }
}
