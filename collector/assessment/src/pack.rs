//! A versioned set of rules, checked at the door. Loading never runs a rule.

mod declared;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    builtin,
    ids::RuleId,
    language,
    rule::Rule,
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
                rules.push(declared::read_rule(path, text)?);
            }
        }
        if rules.is_empty() {
            return Err(PackError::Empty);
        }
        language::check(&sources).map_err(|(path, refusal)| at(&path, refusal))?;
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
