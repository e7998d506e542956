//! A versioned set of rules, checked at the door. Loading never runs a rule.

mod answers;
mod declared;
mod diff;
mod given;
mod manifest;
mod suite;

pub use diff::{Change, PackDiff, RuleChange};
pub use given::GivenRules;
pub use suite::TestOutcome;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use manifest::Named;

use crate::{
    builtin,
    ids::RuleId,
    language,
    rule::Rule,
    scan::{self, Refusal},
    withheld::names,
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
    #[error("pack.json:{line}: {what}")]
    Manifest { line: usize, what: String },
    #[error("the archive cannot be read: {what}; it is a JSON object of path and text")]
    Archive { what: String },
    #[error("{path}: the rule engine refused it: {what}")]
    Compile { path: String, what: String },
}

/// A versioned set of rules.
#[derive(Debug, Clone)]
pub struct RulePack {
    digest: String,
    named: Named,
    rules: Vec<Rule>,
    sources: Vec<(String, String)>,
}

impl RulePack {
    /// The pack that ships with this version of the program.
    pub fn builtin() -> Result<Self, PackError> {
        Self::from_sources(builtin::sources())
    }

    /// Reads a pack from (path, text) pairs. Files ending in `_test.rego` count in the digest and are not compiled.
    pub fn from_sources(sources: Vec<(String, String)>) -> Result<Self, PackError> {
        let given = GivenRules::from_sources(sources)?;
        if let Some(line) = given.extends_at() {
            let what =
                "these files extend the shipped pack and are no pack by themselves".to_owned();
            return Err(PackError::Manifest { line, what });
        }
        Self::of(given.into_sources())
    }

    /// Of sorted files without doubles, none of which is out of place.
    fn of(sources: Vec<(String, String)>) -> Result<Self, PackError> {
        let mut rules = Vec::new();
        for (path, text) in &sources {
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
        let named = manifest::apply(&sources, &mut rules)?;
        Ok(Self { digest: digest(&sources), named, rules, sources })
    }

    /// SHA-256 (hex) over the lines `<hex of the file's SHA-256>  <path>\n` of all files, sorted by path: what
    /// `sha256sum` prints for the files, hashed again.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The name in `pack.json`, or `unnamed`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.named.name
    }

    /// The version that `pack.json` names, or `unversioned`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.named.version
    }

    /// What a person signs to vouch for the pack: the text of a C2SP signed note. It names the digest, and so every file.
    #[must_use]
    pub fn statement(&self) -> String {
        statement((self.name(), self.version()), &self.digest)
    }

    /// The digest of the shipped pack that this one extends, if any.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.named.base.as_deref()
    }

    /// Reads a pack from its archive: a JSON object of path and text, as it stands beside the log.
    pub fn from_archive(bytes: &[u8]) -> Result<Self, PackError> {
        Self::from_sources(unpack(bytes)?)
    }

    /// The archive of the pack.
    #[must_use]
    pub fn to_archive(&self) -> Vec<u8> {
        archive(&self.sources)
    }

    /// Rules about a kind that is neither known nor declared under `kinds` in `pack.json`: each with file and line.
    #[must_use]
    pub fn unknown_kinds(&self, known: &BTreeSet<&str>) -> Vec<PackError> {
        let unknown = self.rules.iter().filter(|rule| {
            !known.contains(rule.kind.as_str()) && !self.named.kinds.contains(&rule.kind)
        });
        let told = unknown.map(|rule| {
            let text = self.sources.iter().find(|(path, _)| *path == rule.path);
            let line = text.and_then(|(_, text)| {
                text.lines().position(|line| line.trim_start_matches(['#', ' ']).starts_with("kind:"))
            });
            let what = format!(
                "no plugin is known to emit {}; mend the kind, or list a kind of your own plugin under `kinds` in pack.json",
                rule.kind
            );
            source(&rule.path, line.map_or(1, |line| line + 1), &what)
        });
        told.collect()
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

    /// What the engine compiles for a rule: its file, then the libraries that it imports, which may import others.
    pub(crate) fn files_of(&self, rule: &Rule) -> Vec<(&str, &str)> {
        let own = self.sources.iter().filter(|(path, _)| *path == rule.path);
        let own = own.map(|(path, text)| (path.as_str(), text.as_str())).collect();
        with_libraries(own, self.libraries().collect())
    }

    /// Path and text of each library file.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = (&str, &str)> {
        let library = |path: &str| {
            let judged = path.ends_with(".rego") && !path.ends_with("_test.rego");
            judged && path.starts_with(LIBRARY)
        };
        let files = self.sources.iter().filter(move |(path, _)| library(path));
        files.map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn with_libraries<'a>(
    mut files: Vec<(&'a str, &'a str)>,
    mut libraries: Vec<(&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let imported = |files: &[(&str, &str)], path: &str| {
        let name = path.strip_prefix(LIBRARY).and_then(|name| name.strip_suffix(".rego"));
        let name = name.map(|name| format!("data.exhibit.lib.{name}"));
        name.is_some_and(|name| files.iter().any(|(_, text)| names(text, &name)))
    };
    while let Some(place) = libraries.iter().position(|(path, _)| imported(&files, path)) {
        files.push(libraries.remove(place));
    }
    files
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

fn statement((name, version): (&str, &str), digest: &str) -> String {
    format!("exhibit-rule-pack/v1\n{name}\n{version}\nsha256:{digest}\n")
}

fn unpack(bytes: &[u8]) -> Result<Vec<(String, String)>, PackError> {
    let files: BTreeMap<String, String> = serde_json::from_slice(bytes)
        .map_err(|error| PackError::Archive { what: error.to_string() })?;
    Ok(files.into_iter().collect())
}

fn archive(sources: &[(String, String)]) -> Vec<u8> {
    let files: BTreeMap<&String, &String> =
        sources.iter().map(|(path, text)| (path, text)).collect();
    // A map of texts always has a JSON form.
    serde_json::to_vec(&files).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_reads_is_read_by_who_imports_it() {
        let libraries =
            [("lib/one.rego", "import data.exhibit.lib.two\n"), ("lib/two.rego", "row.home\n")];
        let files = |text| {
            let files = with_libraries(vec![("a/rule.rego", text)], libraries.into());
            files.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(
            files("import data.exhibit.lib.one\n"),
            ["a/rule.rego", "lib/one.rego", "lib/two.rego"]
        );
        assert_eq!(files("import data.exhibit.lib.ones\n"), ["a/rule.rego"]);
    }
}
