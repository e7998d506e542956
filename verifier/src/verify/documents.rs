//! The documents that a statement names: there or not, unchanged or not, about what the statement says or not.

use std::collections::HashMap;

use exhibit_proto::bundle::{Absence, Listed, MANIFEST, document};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, MAX_BYTES};
use exhibit_proto::statement::{Observed, Run, Subject};

use super::tombstones::Tombstones;
use crate::files::Folder;
use crate::report::{Check, Ledger, State, Tally};

/// Documents remembered at a time: some ten MiB.
const KEPT: usize = 50_000;

pub(super) struct Documents<'a> {
    folder: &'a Folder,
    stones: Tombstones,
    /// One document serves many statements; it is read once, or again when very many were read between.
    read: HashMap<Digest, Result<Facts, String>>,
    pub(super) tally: Tally,
}

/// What a document says about itself.
pub(super) struct Facts {
    kind: String,
    target: String,
    schema: String,
    size: u64,
}

impl<'a> Documents<'a> {
    pub(super) fn new(folder: &'a Folder, stones: Tombstones) -> Self {
        Self { folder, stones, read: HashMap::new(), tally: Tally::default() }
    }

    pub(super) fn knows(&self, digest: &Digest) -> bool {
        self.read.contains_key(digest)
    }

    /// What the document of this digest says about itself; `None` if the bundle does not hold it.
    pub(super) fn read(&self, digest: Digest) -> Option<Result<Facts, String>> {
        let path = document(&digest);
        self.folder.has(&path).then(|| read(self.folder, &path, digest))
    }

    /// Takes what was read ahead.
    pub(super) fn remember(&mut self, found: Vec<(Digest, Result<Facts, String>)>) {
        if self.read.len() + found.len() > KEPT {
            self.read.clear();
        }
        self.read.extend(found);
    }

    pub(super) fn check(
        &mut self,
        index: u64,
        run: &Run,
        subjects: &[Subject],
        listed: &[Listed],
        ledger: &mut Ledger,
    ) {
        let mut named: Vec<Digest> = run.documents.iter().map(|document| document.digest).collect();
        let mut signed: Vec<Digest> =
            subjects.iter().map(|subject| subject.digest.sha256).collect();
        let claims = listed.iter().map(|l| (&l.digest, &l.kind, &l.target));
        if !claims.eq(run.documents.iter().map(|d| (&d.digest, &d.kind, &d.target))) {
            let detail = "lists other documents than the statement names";
            ledger.failed(Check::Manifest, MANIFEST, detail);
        }
        named.sort_unstable();
        signed.sort_unstable();
        if named != signed {
            let detail =
                "the statement's subjects are not the documents that its predicate describes";
            ledger.failed(Check::Statement, MANIFEST, detail);
        }
        ledger.verified(Check::Documents);
        for observed in &run.documents {
            let claim = listed.iter().find(|claim| claim.digest == observed.digest);
            let state = self.one(index, observed, claim.and_then(|claim| claim.absent), ledger);
            self.tally.count(state);
        }
    }

    fn one(
        &mut self,
        index: u64,
        observed: &Observed,
        absent: Option<Absence>,
        ledger: &mut Ledger,
    ) -> State {
        let path = document(&observed.digest);
        self.folder.claim(&path);
        let what = format!("{} of {}", observed.kind, observed.target);
        if !self.folder.has(&path) {
            let why = match absent {
                Some(Absence::NotSelected) => "it was not selected for this bundle",
                Some(Absence::NotHeld) => self.stones.after(index, &observed.digest).unwrap_or(
                    "the collector does not hold it, and no entry of the bundle says that it was deleted: given up by the agent when its spool was full, or lost",
                ),
                None => {
                    let detail =
                        format!("{what} is missing, and the manifest says that it is here");
                    ledger.failed(Check::Documents, &path, detail);
                    return State::Failed;
                }
            };
            ledger.not_checked(Check::Documents, Some(&path), format!("{what}: {why}"));
            return State::NotChecked;
        }
        if absent.is_some() {
            ledger.failed(Check::Manifest, MANIFEST, format!("says that {path} is not here"));
        }
        let folder = self.folder;
        let facts = self
            .read
            .entry(observed.digest)
            .or_insert_with(|| read(folder, &path, observed.digest));
        let wrong = match facts {
            Ok(facts) => differences(observed, facts),
            Err(error) => Some(error.clone()),
        };
        match wrong {
            Some(error) => {
                ledger.failed(Check::Documents, &path, format!("{what}: {error}"));
                State::Failed
            }
            None => State::Verified,
        }
    }
}

fn read(folder: &Folder, path: &str, expected: Digest) -> Result<Facts, String> {
    let bytes = folder.read(path, MAX_BYTES).map_err(|error| error.to_string())?;
    let found = Digest::of(&bytes);
    if found != expected {
        return Err(format!("digest is {found}: not the document that the statement names"));
    }
    let document = Document::parse(&bytes).map_err(|error| error.to_string())?;
    let (kind, target) = (document.kind.to_string(), document.target.to_string());
    Ok(Facts { kind, target, schema: document.schema, size: bytes.len() as u64 })
}

fn differences(observed: &Observed, facts: &Facts) -> Option<String> {
    let schema = format!("urn:exhibit:kind:{}:v", observed.kind);
    if facts.kind != observed.kind.as_str() || facts.target != observed.target.as_str() {
        return Some(format!("the document says that it is {} of {}", facts.kind, facts.target));
    }
    if !facts.schema.starts_with(&schema) {
        let found: String = facts.schema.chars().take(120).collect();
        return Some(format!("the document has schema {found:?}, expected {schema}…"));
    }
    let sizes = (facts.size, observed.size);
    (sizes.0 != sizes.1).then(|| format!("has {} bytes, the statement says {}", sizes.0, sizes.1))
}
