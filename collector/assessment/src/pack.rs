//! A versioned set of rules, checked at the door. Loading never runs a rule.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    builtin,
    ids::{ControlId, RuleId},
    metadata::{self, Metadata},
    rule::{Rule, Strength},
    scan::{self, Refusal},
};

/// File in a pack that names its version and overrides parameters; optional.
const MANIFEST: &str = "pack.json";
/// Folder of functions that several rules share.
const LIBRARY: &str = "lib/";

/// Why a pack was refused. Each variant names the file and the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("{path}:{line}: {what}")]
    Source { path: String, line: usize, what: String },
    #[error("{path} stands twice in the pack; keep one")]
    Duplicate { path: String },
    #[error(
        "{path} is not a place for a pack file; use <kind>/<name>.rego, lib/<name>.rego or pack.json"
    )]
    Place { path: String },
    #[error("the pack holds no rule; add at least one <kind>/<name>.rego")]
    Empty,
    #[error("pack.json: {what}")]
    Manifest { what: String },
    #[error("{path}: the rule engine refused it: {what}")]
    Compile { path: String, what: String },
}

/// A versioned set of rules.
#[derive(Debug, Clone)]
pub struct RulePack {
    digest: String,
    version: String,
    rules: Vec<Rule>,
    sources: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: String,
    /// Rule id → parameter → value.
    #[serde(default)]
    parameters: BTreeMap<String, BTreeMap<String, Value>>,
}

impl RulePack {
    /// The pack that ships with this version of the program.
    pub fn builtin() -> Result<Self, PackError> {
        Self::from_sources(builtin::sources())
    }

    /// Reads a pack from (path, text) pairs. Files ending in `_test.rego` count in the digest and are not compiled.
    pub fn from_sources(mut sources: Vec<(String, String)>) -> Result<Self, PackError> {
        sources.sort();
        for pair in sources.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(PackError::Duplicate { path: pair[0].0.clone() });
            }
        }
        let mut rules = Vec::new();
        for (path, text) in &sources {
            check_place(path)?;
            if path == MANIFEST {
                continue;
            }
            scan::scan(text).map_err(|refusal| at(path, refusal))?;
            if !path.starts_with(LIBRARY) && !path.ends_with("_test.rego") {
                rules.push(read_rule(path, text)?);
            }
        }
        if rules.is_empty() {
            return Err(PackError::Empty);
        }
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let version = apply_manifest(&sources, &mut rules)?;
        Ok(Self { digest: digest(&sources), version, rules, sources })
    }

    /// SHA-256 (hex) over the lines `<hex of the file's SHA-256>  <path>\n` of all files, sorted by path: what
    /// `sha256sum` prints for the files, hashed again.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The version that `pack.json` names, or `unversioned`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All rules, sorted by id.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().map(|place| &self.rules[place])
    }

    /// Every file as (path, text), sorted by path: enough to load the same pack again elsewhere.
    #[must_use]
    pub fn sources(&self) -> &[(String, String)] {
        &self.sources
    }

    /// The files that the engine compiles for a kind: the rules of the kind and the library.
    pub(crate) fn compiled_sources<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.sources
            .iter()
            .filter(move |(path, _)| {
                let folder = path.split('/').next().unwrap_or_default();
                path.ends_with(".rego")
                    && !path.ends_with("_test.rego")
                    && (path.starts_with(LIBRARY) || folder == kind)
            })
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn check_place(path: &str) -> Result<(), PackError> {
    let word = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.')
    };
    let fits = path == MANIFEST
        || path
            .split_once('/')
            .is_some_and(|(folder, file)| word(folder) && word(file) && file.ends_with(".rego"));
    if fits { Ok(()) } else { Err(PackError::Place { path: path.to_owned() }) }
}

fn read_rule(path: &str, text: &str) -> Result<Rule, PackError> {
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
    Ok(Rule {
        title: reader.text("title")?,
        description: reader.text("description")?,
        kind: kind.to_owned(),
        controls: reader.controls()?,
        severity: reader.parsed("custom.severity")?,
        freshness: reader.hours("custom.freshness")?,
        why: reader.text("custom.why")?,
        fix: reader.text("custom.fix")?,
        clock: reader.flag("custom.clock")?,
        parameters: reader.parameters()?,
        path: path.to_owned(),
        package,
        id,
    })
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
        const CUSTOM: [&str; 9] = [
            "id",
            "kind",
            "controls",
            "severity",
            "freshness",
            "why",
            "fix",
            "clock",
            "parameters",
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
        for place in 0..rows.len() {
            let word = |name: &str| {
                rows[place].get(name).and_then(Value::as_str).ok_or_else(|| {
                    self.error(
                        &format!("{KEY}.{place}"),
                        "each control needs `id` and `relation` as text",
                    )
                })
            };
            let id: ControlId = word("id")?.parse().map_err(|error: crate::IdError| {
                self.error(&format!("{KEY}.{place}.id"), &error.to_string())
            })?;
            let strength: Strength =
                word("relation")?.parse().map_err(|error: crate::rule::UnknownWord| {
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

/// Applies version and overrides. An override keeps the type of the default, so that a rule never meets a surprise.
fn apply_manifest(sources: &[(String, String)], rules: &mut [Rule]) -> Result<String, PackError> {
    let Some((_, text)) = sources.iter().find(|(path, _)| path == MANIFEST) else {
        return Ok("unversioned".to_owned());
    };
    let refuse = |what: String| PackError::Manifest { what };
    let manifest: Manifest =
        serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let known: BTreeSet<String> = rules.iter().map(|rule| rule.id.to_string()).collect();
    if let Some(id) = manifest.parameters.keys().find(|id| !known.contains(*id)) {
        return Err(refuse(format!(
            "parameters for {id:?}, which is no rule of this pack; remove or rename it"
        )));
    }
    for rule in rules {
        for (name, value) in manifest.parameters.get(rule.id.as_str()).into_iter().flatten() {
            let default = rule.parameters.get(name).ok_or_else(|| {
                let known: Vec<&str> = rule.parameters.keys().map(String::as_str).collect();
                refuse(format!(
                    "{} has no parameter {name:?}; it has: {}",
                    rule.id,
                    known.join(", ")
                ))
            })?;
            if std::mem::discriminant(default) != std::mem::discriminant(value) {
                return Err(refuse(format!(
                    "{}.{name} = {value} must be of the type of its default {default}",
                    rule.id
                )));
            }
            rule.parameters.insert(name.clone(), value.clone());
        }
    }
    Ok(manifest.version)
}

fn digest(sources: &[(String, String)]) -> String {
    let mut whole = Sha256::new();
    for (path, text) in sources {
        whole.update(hex::encode(Sha256::digest(text.as_bytes())));
        whole.update(format!("  {path}\n"));
    }
    hex::encode(whole.finalize())
}

fn at(path: &str, refusal: Refusal) -> PackError {
    PackError::Source { path: path.to_owned(), line: refusal.line, what: refusal.what }
}

fn source(path: &str, line: usize, what: &str) -> PackError {
    PackError::Source { path: path.to_owned(), line, what: what.to_owned() }
}
