//! OSCAL (NIST, 1.2.3) as JSON: catalogue reference, component definition, assessment results, plan of action and milestones.
//! Identifiers and titles only, no text of the standard. "Satisfied" is OSCAL's word for a control whose rules all pass; the
//! documents say so, and what no rule decides is left out.

mod catalog;
mod component;
mod plan;
mod results;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::Source;
use super::uuids::Uuids;
use super::{Head, Kind, ReportError, Writer, put_json, utc};

const VERSION: &str = "1.2.3";
/// The namespace of our own properties.
const NS: &str = "urn:exhibit:oscal";
const STANDARD: &str = "ISO/IEC 27001:2022";

/// The document that a kind of report becomes.
pub(super) fn begin<'a, W: Write + 'a>(
    source: &'a Source,
    out: W,
) -> Result<Box<dyn Writer + 'a>, ReportError> {
    Ok(match source.head.report {
        Kind::Catalog => Box::new(catalog::Catalog::begin(source, out)),
        Kind::Soa => Box::new(component::Component::begin(source, out)),
        Kind::Poam => Box::new(plan::Plan::begin(source, out)),
        Kind::Findings | Kind::Controls | Kind::Gap | Kind::Evidence | Kind::Lapses => {
            Box::new(results::Results::begin(source, out)?)
        }
    })
}

/// What documents have in common.
#[derive(Clone, Copy)]
struct Common<'a> {
    head: &'a Head,
    uuids: Uuids,
}

impl<'a> Common<'a> {
    fn of(source: &'a Source) -> Self {
        Self { head: &source.head, uuids: Uuids::of(&source.head.origin) }
    }

    /// The document's own: another for another question, log size, pack or time.
    fn document(&self) -> Uuid {
        let Head { report, size, pack, at, selection, .. } = self.head;
        let (size, at, selection) = (size.to_string(), utc(*at), selection.to_string());
        self.uuids.named(&["document", report.as_str(), &size, pack, &at, &selection])
    }

    fn metadata(&self, title: &str) -> Value {
        let Head { origin, size, root, pack, pack_version, at, by, selection, frozen, .. } =
            self.head;
        let frozen = frozen.as_ref().map(|frozen| frozen.version.sha256.to_string());
        json!({
            "title": title, "last-modified": utc(*at), "version": format!("log {size}, rule pack {pack_version}"),
            "oscal-version": VERSION,
            "props": props(&[
                ("log-origin", origin), ("log-size", &size.to_string()), ("log-root", &root.to_string()),
                ("rule-pack-version", pack_version), ("rule-pack-digest", pack),
                ("selection", &selection.to_string()), ("made-by", by),
                ("frozen-document-sha256", frozen.as_deref().unwrap_or_default()),
            ]),
            "parties": [{ "uuid": self.party(), "type": "organization", "name": origin }],
            "remarks": super::SAYS,
        })
    }

    fn party(&self) -> Uuid {
        self.uuids.named(&["party"])
    }

    /// The program that observed and judged.
    fn tool(&self) -> Uuid {
        self.uuids.named(&["tool"])
    }

    fn standard(&self) -> Uuid {
        self.uuids.named(&["standard"])
    }

    fn origins(&self) -> Value {
        json!([{ "actors": [{ "type": "tool", "actor-uuid": self.tool() }] }])
    }

    /// The program as the platform of an assessment.
    fn assets(&self) -> Value {
        json!({
            "components": [{
                "uuid": self.tool(), "type": "software", "title": "Exhibit",
                "description": "Agents observe, a collector keeps one append-only log and judges by a rule pack.",
                "props": props(&[("version", env!("CARGO_PKG_VERSION"))]),
                "status": { "state": "operational" },
            }],
            "assessment-platforms": [{
                "uuid": self.uuids.named(&["platform"]), "title": "Exhibit",
                "uses-components": [{ "component-uuid": self.tool() }],
            }],
        })
    }

    /// Where the standard is named, to be referred to.
    fn back_matter(&self) -> Value {
        json!({ "resources": [{
            "uuid": self.standard(), "title": STANDARD,
            "description": "Annex A with Amendment 1:2024, by identifier and title. The standard's text is copyrighted and not in here.",
            "citation": { "text": "ISO/IEC 27001:2022, Information security management systems: Requirements" },
        }]})
    }

    fn standard_href(&self) -> String {
        format!("#{}", self.standard())
    }

    /// A target as part of an inventory.
    fn inventory(&self, id: &str, name: &str) -> Value {
        json!({
            "uuid": self.uuids.target(id), "description": line(name),
            "props": [{ "name": "asset-id", "value": line(id) }],
        })
    }

    fn subject(&self, id: &str, name: &str) -> Value {
        json!({ "subject-uuid": self.uuids.target(id), "type": "inventory-item", "title": line(name) })
    }
}

/// Properties of ours; what has no value is left out.
fn props(pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs.iter().filter(|(_, value)| !value.trim().is_empty());
    pairs.map(|(name, value)| json!({ "name": name, "ns": NS, "value": line(value) })).collect()
}

/// One line without blanks at its ends and never empty, as OSCAL's strings are.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// Writes a list that is left out where it is empty, one item after the other.
struct List {
    name: &'static str,
    open: bool,
}

impl List {
    fn new(name: &'static str) -> Self {
        Self { name, open: false }
    }

    /// `out` must stand behind a member of the object.
    fn put(&mut self, out: &mut impl Write, item: &impl Serialize) -> io::Result<()> {
        if self.open {
            out.write_all(b",\n")?;
        } else {
            write!(out, ",\n\"{}\":[\n", self.name)?;
            self.open = true;
        }
        put_json(out, item)
    }

    fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        if std::mem::take(&mut self.open) { out.write_all(b"]") } else { Ok(()) }
    }
}

/// Writes an object but for the brace that ends it.
fn open(out: &mut impl Write, object: &Value) -> io::Result<()> {
    let text = serde_json::to_string(object)?;
    out.write_all(text.strip_suffix('}').unwrap_or(&text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_line_that_oscal_takes() {
        assert_eq!(line(" a\n\tb\u{0} "), "a b");
        assert_eq!(line(" \n"), "-");
    }

    #[test]
    fn an_empty_list_is_left_out() {
        let mut out = Vec::new();
        let mut list = List::new("rows");
        list.end(&mut out).unwrap();
        assert!(out.is_empty());
        list.put(&mut out, &1).unwrap();
        list.put(&mut out, &2).unwrap();
        list.end(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), ",\n\"rows\":[\n1,\n2]");
    }
}
