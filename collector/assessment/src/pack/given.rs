//! What somebody gives as rules: a whole pack, or additions to the one that ships. It never runs a rule.
//!
//! Additions (`"extends": "builtin"` in `pack.json`) keep their own files apart, so that a later shipped pack can be put below
//! them: an upgrade of the program loses neither the organisation's rules nor its parameters.

use std::collections::BTreeMap;

use super::{
    MANIFEST, PackError, RulePack, archive, check_place, digest,
    manifest::{Manifest, UNNAMED, UNVERSIONED, line_of},
    statement, unpack,
};

/// The one word that `extends` knows.
const BUILTIN: &str = "builtin";

/// Files of rules as they were given.
#[derive(Debug, Clone)]
pub struct GivenRules {
    digest: String,
    manifest: Manifest,
    sources: Vec<(String, String)>,
}

impl GivenRules {
    /// Reads (path, text) pairs. Rules are read when a pack is made of them.
    pub fn from_sources(mut sources: Vec<(String, String)>) -> Result<Self, PackError> {
        sources.sort();
        for pair in sources.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(PackError::Duplicate { path: pair[0].0.clone() });
            }
        }
        for (path, _) in &sources {
            check_place(path)?;
        }
        let manifest = Manifest::read(&sources)?
            .unwrap_or_else(|| Manifest { version: UNVERSIONED.to_owned(), ..Manifest::default() });
        let given = Self { digest: digest(&sources), manifest, sources };
        if let Some(other) = given.manifest.extends.as_ref().filter(|other| *other != BUILTIN) {
            let what = format!("extends {other:?} is not known; a pack may extend {BUILTIN:?}");
            return Err(given.refused(&["extends"], what));
        }
        if given.manifest.extends.is_none() && !given.manifest.without.is_empty() {
            let what =
                "`without` leaves out rules of the shipped pack; add \"extends\": \"builtin\"";
            return Err(given.refused(&["without"], what.to_owned()));
        }
        Ok(given)
    }

    /// Reads an archive: a JSON object of path and text.
    pub fn from_archive(bytes: &[u8]) -> Result<Self, PackError> {
        Self::from_sources(unpack(bytes)?)
    }

    /// The archive of the files.
    #[must_use]
    pub fn to_archive(&self) -> Vec<u8> {
        archive(&self.sources)
    }

    /// As [`RulePack::digest`], over these files.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What a person signs to vouch for the files: the text of a C2SP signed note.
    #[must_use]
    pub fn statement(&self) -> String {
        statement((self.name(), &self.manifest.version), &self.digest)
    }

    /// Whether a file of this path is among them.
    #[must_use]
    pub fn brings(&self, path: &str) -> bool {
        self.sources.iter().any(|(known, _)| known == path)
    }

    /// Whether they are additions to the shipped pack.
    #[must_use]
    pub fn extends(&self) -> bool {
        self.manifest.extends.is_some()
    }

    /// The pack that they are, or that they make of the shipped one.
    ///
    /// Two rules with one id are refused; `without` leaves a shipped rule out, and makes its name free.
    pub fn over(&self, shipped: &RulePack) -> Result<RulePack, PackError> {
        if !self.extends() {
            return RulePack::of(self.sources.clone());
        }
        let mut files = self.shipped_files(shipped)?;
        for (path, text) in self.sources.iter().filter(|(path, _)| path != MANIFEST) {
            if files.insert(path.clone(), text.clone()).is_some() {
                let what = "the shipped pack has a file of this name; rename it, or list the rule under `without` in pack.json";
                return Err(super::source(path, 1, what));
            }
        }
        let base = Manifest::read(shipped.sources())?.unwrap_or_default();
        let mut parameters = base.parameters;
        for (rule, values) in &self.manifest.parameters {
            parameters.entry(rule.clone()).or_default().extend(values.clone());
        }
        parameters.retain(|rule, _| {
            !self.manifest.without.contains(rule) || self.manifest.parameters.contains_key(rule)
        });
        let merged = Manifest {
            name: Some(self.name().to_owned()),
            version: format!("{}+{}", self.manifest.version, shipped.version()),
            base: Some(shipped.digest().to_owned()),
            kinds: base.kinds.union(&self.manifest.kinds).cloned().collect(),
            parameters,
            ..Manifest::default()
        };
        let text = serde_json::to_string_pretty(&merged).unwrap_or_default();
        files.insert(MANIFEST.to_owned(), text);
        RulePack::of(files.into_iter().collect()).map_err(|error| self.own_line(error))
    }

    /// What stays of the shipped files.
    fn shipped_files(&self, shipped: &RulePack) -> Result<BTreeMap<String, String>, PackError> {
        let mut files: BTreeMap<String, String> = shipped.sources().iter().cloned().collect();
        for id in &self.manifest.without {
            let rule = shipped.rules().iter().find(|rule| rule.id.as_str() == id);
            let Some(rule) = rule else {
                let what = format!("{id:?} is no rule of the shipped pack; remove it");
                return Err(self.refused(&["without", id], what));
            };
            files.remove(&rule.path);
            files.remove(&rule.path.replace(".rego", "_test.rego"));
        }
        Ok(files)
    }

    /// The line of `extends` in `pack.json`, if the files are additions.
    pub(super) fn extends_at(&self) -> Option<usize> {
        self.extends().then(|| line_of(self.text(), &["extends"]))
    }

    pub(super) fn into_sources(self) -> Vec<(String, String)> {
        self.sources
    }

    fn name(&self) -> &str {
        self.manifest.name.as_deref().unwrap_or(UNNAMED)
    }

    fn text(&self) -> &str {
        self.sources.iter().find(|(path, _)| path == MANIFEST).map_or("", |(_, text)| text)
    }

    fn refused(&self, keys: &[&str], what: String) -> PackError {
        PackError::Manifest { line: line_of(self.text(), keys), what }
    }

    /// A refusal of the merged `pack.json` names the line of what was given.
    fn own_line(&self, error: PackError) -> PackError {
        let PackError::Manifest { what, .. } = error else { return error };
        for (rule, values) in &self.manifest.parameters {
            if !what.contains(rule.as_str()) {
                continue;
            }
            let names = values.keys().map(String::as_str).collect::<Vec<_>>();
            let named = names.into_iter().find(|name| what.contains(name));
            let keys: Vec<&str> = [rule.as_str()].into_iter().chain(named).collect();
            return self.refused(&keys, what);
        }
        self.refused(&[], what)
    }
}
