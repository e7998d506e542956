//! A report as JSON, its items written as they are judged, so that a million of them need no memory. What is written is one
//! object of the schema `urn:exhibit:verification:v1`: `items` first, the rest after them.

use std::io::{self, Write};

use crate::report::{Item, Report};

/// Writes to `out`; after a failed write nothing more is written, and [`Writer::finish`] says why.
pub struct Writer<W> {
    out: W,
    items: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Self {
        Self { out, items: 0, failed: None }
    }

    /// One line an item.
    pub fn item(&mut self, item: &Item) {
        if self.failed.is_none()
            && let Err(error) = self.write(item)
        {
            self.failed = Some(error);
        }
        self.items += 1;
    }

    fn write(&mut self, item: &Item) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"{\n\"items\": [\n" } else { b",\n" })?;
        Ok(serde_json::to_writer(&mut self.out, item)?)
    }

    /// Everything but the items, which `report` does not hold.
    pub fn finish(mut self, report: &Report) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.items == 0 {
            self.out.write_all(b"{\n\"items\": [")?;
        }
        self.out.write_all(b"\n]")?;
        let serde_json::Value::Object(fields) = serde_json::to_value(report)? else {
            return Err(io::Error::other("a report is an object"));
        };
        for (name, value) in fields.iter().filter(|(name, _)| *name != "items") {
            write!(self.out, ",\n\"{name}\": ")?;
            serde_json::to_writer_pretty(&mut self.out, value)?;
        }
        self.out.write_all(b"\n}\n")?;
        self.out.flush()
    }
}
