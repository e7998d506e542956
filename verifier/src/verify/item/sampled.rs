//! Populations and their samples: every list is held against the documents that it names, every sample is drawn again.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, MAX_BYTES};
use exhibit_proto::leaf::Leaf;
use exhibit_proto::sample::{self, Drawn, POPULATION, Population, SAMPLE};
use exhibit_proto::statement::{Act, Decision};
use serde::Deserialize;

use super::Reader;
use crate::report::{Check, Found, Item, Ledger, Sampled, State};

/// What was frozen so far, by the entry that did it.
#[derive(Default)]
pub(super) struct Sampling {
    frozen: BTreeMap<u64, Frozen>,
    pub(super) all: Vec<Sampled>,
}

struct Frozen {
    population: Population,
    leaf: Digest,
    by: String,
    /// Where it stands among all.
    place: usize,
}

impl Reader<'_> {
    /// Holds a population or a sample against what the bundle brings; other decisions pass.
    pub(super) fn sampled(
        &mut self,
        item: &mut Item,
        leaf: &Leaf,
        decision: &Decision,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let (Act::Put, Some(value)) = (decision.act, &decision.value) else { return Ok(()) };
        let unread = |error: serde_json::Error| format!("its value: {error}");
        match decision.register.as_str() {
            POPULATION => {
                let population = Population::deserialize(value).map_err(unread)?;
                population.draw.check().map_err(|error| error.to_string())?;
                self.population(item, leaf, (decision, population), ledger);
            }
            SAMPLE => {
                let drawn = Drawn::deserialize(value).map_err(unread)?;
                self.draw(item, (decision, drawn), ledger)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn population(
        &mut self,
        item: &mut Item,
        leaf: &Leaf,
        (decision, population): (&Decision, Population),
        ledger: &mut Ledger,
    ) {
        if let Some(list) = self.list(&population.digest) {
            let path = bundle::file(&population.digest);
            match self.rows(&population, &list, ledger) {
                Ok(Some(note)) => item.notes.push(note),
                Ok(None) => {}
                Err(error) => ledger.failed(Check::Documents, &path, error),
            }
        }
        let place = self.sampling.all.len();
        self.sampling.all.push(Sampled {
            population: item.index,
            id: decision.id.clone(),
            title: population.title.clone(),
            audit: population.audit.clone(),
            by: decision.by.clone(),
            items: population.items,
            list: population.digest,
            plan: population.draw.to_string(),
            sealed: population.sealed.is_some(),
            sample: None,
        });
        let by = decision.by.clone();
        let frozen = Frozen { population, leaf: sample::leaf(leaf), by, place };
        self.sampling.frozen.insert(item.index, frozen);
    }

    /// A file of the bundle that has its digest; what else is wrong with it is told where it is named.
    fn list(&self, digest: &Digest) -> Option<Vec<u8>> {
        let bytes = self.folder.read(&bundle::file(digest), MAX_BYTES).ok()?;
        (Digest::of(&bytes) == *digest).then_some(bytes)
    }

    /// Makes the lines of each document that the bundle holds again. Answers what could not be looked at.
    fn rows(
        &self,
        population: &Population,
        list: &[u8],
        ledger: &mut Ledger,
    ) -> Result<Option<String>, String> {
        #[derive(Deserialize)]
        struct Line {
            document: Option<Digest>,
            target: String,
        }
        let lines = sample::lines(list).map_err(|error| error.to_string())?;
        if lines.len() as u64 != population.items {
            let (said, found) = (population.items, lines.len());
            return Err(format!("has {found} lines, the decision says {said}"));
        }
        let source = &population.source;
        let Some(kind) = &source.kind else { return Ok(None) };
        let mut said: BTreeMap<Digest, (String, BTreeSet<&str>)> = BTreeMap::new();
        for line in lines {
            let read: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
            let document = read.document.ok_or("a line names no document")?;
            said.entry(document).or_insert_with(|| (read.target, BTreeSet::new())).1.insert(line);
        }
        let (all, mut absent) = (said.len(), 0);
        for (digest, (target, lines)) in said {
            let path = bundle::document(&digest);
            let Ok(bytes) = self.folder.read(&path, MAX_BYTES) else {
                absent += 1;
                continue;
            };
            // Another digest than its name's is told by the item that names the document.
            if Digest::of(&bytes) != digest {
                continue;
            }
            let document = Document::parse(&bytes).map_err(|error| format!("{path}: {error}"))?;
            if document.kind != *kind || document.target.as_str() != target {
                return Err(format!("names {path}, which is about another kind or target"));
            }
            let how = (source.rows.as_deref(), source.fields.as_slice());
            let rows = sample::document_lines(how, (&target, &digest), &document.body);
            let rows = rows.ok_or_else(|| format!("{path} holds no such list"))?;
            if rows.iter().map(String::as_str).collect::<BTreeSet<_>>() != lines {
                return Err(format!("its lines of {path} are not those that the document gives"));
            }
            ledger.verified(Check::Documents);
        }
        Ok((absent > 0).then(|| {
            format!("the lines of {absent} of {all} documents were not held against them: they are not in this bundle")
        }))
    }

    fn draw(
        &mut self,
        item: &mut Item,
        (decision, drawn): (&Decision, Drawn),
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let path = bundle::file(&drawn.digest);
        let Some(frozen) = self.sampling.frozen.get(&drawn.entry) else {
            let detail = format!(
                "entry {}, which froze the population, is not in this bundle, so nothing was drawn again",
                drawn.entry
            );
            ledger.not_checked(Check::Statement, Some(&path), detail);
            return Ok(());
        };
        let before = self.sampling.all.get(frozen.place).and_then(|all| all.sample.as_ref());
        if let Some(before) = before {
            return Err(format!(
                "population {} was drawn before, by entry {}: whoever draws twice may choose",
                decision.id, before.index
            ));
        }
        let place = (self.head.log.name(), drawn.entry, frozen.leaf);
        let state = match self.list(&frozen.population.digest) {
            Some(list) => {
                let again = frozen.population.drawn(place, &list, &drawn.number);
                let (again, _) = again.map_err(|error| error.to_string())?;
                drawn.is(&again).map_err(|error| error.to_string())?;
                State::Verified
            }
            None => {
                let detail =
                    "the list of its population is not in this bundle, so nothing was drawn again";
                ledger.not_checked(Check::Statement, Some(&path), detail);
                State::NotChecked
            }
        };
        if frozen.population.sealed.is_none() && frozen.by == decision.by {
            item.notes.push(format!(
                "{} froze population {} and brought its number too: nothing here shows that it was not known before",
                decision.by, decision.id
            ));
        }
        let Drawn { number, seed, items, digest, .. } = drawn;
        let by = decision.by.clone();
        let found = Found { index: item.index, by, number, seed, items, digest, state };
        if let Some(sampled) = self.sampling.all.get_mut(frozen.place) {
            sampled.sample = Some(found);
        }
        Ok(())
    }
}
