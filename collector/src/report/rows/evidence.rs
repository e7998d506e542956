//! Evidence: the newest document of each kind on each target.

use super::Source;
use crate::report::ReportError;
use crate::report::cells::{Cell, Column, column};
use crate::views::DocumentRow;

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("target", "Target", 38),
    column("target_name", "Name", 24),
    column("kind", "Kind", 26),
    column("document_sha256", "Document (SHA-256)", 60),
    column("bytes", "Bytes", 9),
    column("held", "Held", 7),
    column("agent", "Agent", 38),
    column("first_seen", "First seen", 20),
    column("last_seen", "Last seen", 20),
    column("runs", "Runs", 8),
    column("first_index", "First log index", 10),
    column("last_index", "Last log index", 10),
];

/// A document that holds now.
pub(in crate::report) struct EvidenceRow {
    pub(in crate::report) name: String,
    pub(in crate::report) document: DocumentRow,
}

pub(super) fn each(
    source: &Source,
    put: &mut dyn FnMut(EvidenceRow) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let selection = &source.head.selection;
    let speaks = |kind: &str| {
        let rules = source.pack().rules().iter().filter(|rule| rule.kind == kind);
        let mut controls = rules.flat_map(|rule| &rule.controls);
        selection.controls.is_empty() || controls.any(|(control, _)| selection.control(*control))
    };
    source.views.each_document(|document| {
        if !selection.target(&document.target) || !speaks(&document.kind) {
            return Ok(());
        }
        put(EvidenceRow { name: source.name(&document.target).to_owned(), document })
    })
}

impl EvidenceRow {
    pub(super) fn cells(&self) -> Vec<Cell> {
        let document = &self.document;
        vec![
            (&document.target).into(),
            (&self.name).into(),
            (&document.kind).into(),
            (&document.digest).into(),
            document.size.into(),
            if document.held { "yes" } else { "no" }.into(),
            (&document.agent).into(),
            document.first_seen.into(),
            document.last_seen.into(),
            document.seen.into(),
            document.from_index.into(),
            document.last_index.into(),
        ]
    }
}
