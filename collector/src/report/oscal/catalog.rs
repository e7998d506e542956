//! Catalogue reference: ids and titles, so that other documents can refer to controls. No text of the standard.

use std::io::Write;

use serde_json::{Value, json};

use super::super::rows::{CatalogRow, Row, Source};
use super::super::{ReportError, Writer, put_json};
use super::{Common, STANDARD};

/// Groups in the order of the standard.
const GROUPS: [(&str, &str); 5] = [
    ("clauses", "Clauses of the management system"),
    ("organizational", "Organizational controls"),
    ("people", "People controls"),
    ("physical", "Physical controls"),
    ("technological", "Technological controls"),
];

pub(super) struct Catalog<'a, W: Write> {
    common: Common<'a>,
    groups: [Vec<Value>; 5],
    out: W,
}

impl<'a, W: Write> Catalog<'a, W> {
    pub(super) fn begin(source: &'a Source, out: W) -> Self {
        Self { common: Common::of(source), groups: Default::default(), out }
    }
}

impl<W: Write> Writer for Catalog<'_, W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        let Row::Catalog(CatalogRow { id, title, group }) = row else { return Ok(()) };
        // An identifier of OSCAL begins with a letter.
        let (id, group) = match group {
            "clause" | "heading" => (format!("clause-{id}"), "clauses"),
            group => (id, group),
        };
        let at = GROUPS.iter().position(|(name, _)| *name == group);
        if let Some(controls) = at.and_then(|at| self.groups.get_mut(at)) {
            controls.push(json!({
                "id": id, "title": title,
                // A place for findings to point at; its words stand in the standard.
                "parts": [{ "id": format!("{id}_smt"), "name": "statement" }],
            }));
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        let named = GROUPS.iter().zip(std::mem::take(&mut self.groups));
        let groups: Vec<Value> = named
            .filter(|(_, controls)| !controls.is_empty())
            .map(
                |((id, title), controls)| json!({ "id": id, "title": title, "controls": controls }),
            )
            .collect();
        let catalog = json!({ "catalog": {
            "uuid": self.common.document(),
            "metadata": self.common.metadata(&format!("{STANDARD}: identifiers and titles")),
            "groups": groups, "back-matter": self.common.back_matter(),
        }});
        put_json(&mut self.out, &catalog)?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }
}
