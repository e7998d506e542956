//! A list out of documents: one line an item, as everybody makes it again.

use std::collections::BTreeSet;

use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::sample;
use serde_json::Value;

use super::{PopulationError, Rows, Wanted};
use crate::decisions::MAX_FILE;
use crate::views::Views;

/// A list, and what it was made from.
pub(super) struct Made {
    pub(super) text: String,
    pub(super) items: u64,
    /// Where the rows were.
    pub(super) rows: Option<String>,
    pub(super) selected: u64,
    pub(super) without: u64,
}

pub(super) fn make(views: &Views, wanted: &Wanted, entries: u64) -> Result<Made, PopulationError> {
    let mut targets = views.targets_at(entries)?;
    targets.retain(|known| wanted.targets.selects(&known.target, &known.labels));
    if targets.is_empty() {
        return Err(PopulationError::NoTarget(wanted.targets.as_str().to_owned()));
    }
    let selected = targets.len() as u64;
    let mut lines = Lines::default();
    let Some(kind) = wanted.kind.as_ref() else {
        for known in &targets {
            let labels = known.labels.iter().map(|(key, value)| (key.to_owned(), value.into()));
            lines.push(sample::target_line(&wanted.fields, &known.target, labels.collect()))?;
        }
        return lines.made(None, selected, 0);
    };
    let chosen: BTreeSet<&str> = targets.iter().map(|known| known.target.as_str()).collect();
    // Twice, so that no more than one body is held: where the rows are, then the rows.
    let pointer = match &wanted.rows {
        Rows::At(pointer) => Some(pointer.clone()),
        Rows::Document => None,
        Rows::Only => Some(only(views, kind.as_str(), entries, &chosen)?),
    };
    let mut with = BTreeSet::new();
    let how = (pointer.as_deref(), wanted.fields.as_slice());
    each(views, kind.as_str(), entries, &chosen, &mut |target, digest, body| {
        let Some(rows) = sample::document_lines(how, (target, digest), &body) else {
            return Ok(());
        };
        with.insert(target.to_owned());
        rows.into_iter().try_for_each(|line| lines.push(line))
    })?;
    if lines.items == 0 {
        let place =
            pointer.as_deref().map_or(String::new(), |at| format!(" with a list at {at:?}"));
        let text = format!("no document of kind {kind}{place} on {selected} selected targets");
        return Err(PopulationError::Empty(text));
    }
    lines.made(pointer, selected, selected - with.len() as u64)
}

/// Hands over each body of the kind that is held, by target.
fn each(
    views: &Views,
    kind: &str,
    entries: u64,
    chosen: &BTreeSet<&str>,
    take: &mut dyn FnMut(&str, &Digest, Value) -> Result<(), PopulationError>,
) -> Result<(), PopulationError> {
    for placed in views.documents_at(kind, entries)? {
        if !chosen.contains(placed.target.as_str()) {
            continue;
        }
        let Ok(digest) = placed.digest.parse() else { continue };
        let Some(bytes) = views.log().document(&digest)? else { continue };
        // What the log admitted is a document; anything else gives no rows and is counted so.
        let Ok(document) = Document::parse(&bytes) else { continue };
        take(&placed.target, &digest, document.body)?;
    }
    Ok(())
}

/// Where the only list of objects is.
fn only(
    views: &Views,
    kind: &str,
    entries: u64,
    chosen: &BTreeSet<&str>,
) -> Result<String, PopulationError> {
    let mut lists: BTreeSet<String> = BTreeSet::new();
    each(views, kind, entries, chosen, &mut |_, _, body| {
        for (key, value) in body.as_object().into_iter().flatten() {
            let rows = value.as_array().filter(|rows| rows.first().is_some_and(Value::is_object));
            if rows.is_some() {
                lists.insert(format!("/{}", key.replace('~', "~0").replace('/', "~1")));
            }
        }
        Ok(())
    })?;
    let mut found = lists.iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => {
            let text = format!("no document of kind {kind} on the selected targets holds a list");
            Err(PopulationError::Empty(text))
        }
        (Some(_), Some(_)) => {
            let lists: Vec<String> = lists.into_iter().collect();
            Err(PopulationError::Several { kind: kind.to_owned(), lists: lists.join(", ") })
        }
    }
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    bytes: u64,
    items: u64,
}

impl Lines {
    fn push(&mut self, line: String) -> Result<(), PopulationError> {
        self.bytes += line.len() as u64 + 1;
        self.items += 1;
        if self.bytes > MAX_FILE {
            return Err(PopulationError::Large);
        }
        self.all.push(line);
        Ok(())
    }

    fn made(
        self,
        rows: Option<String>,
        selected: u64,
        without: u64,
    ) -> Result<Made, PopulationError> {
        let text = sample::list(self.all);
        let items = sample::lines(text.as_bytes())?.len() as u64;
        Ok(Made { text, items, rows, selected, without })
    }
}
