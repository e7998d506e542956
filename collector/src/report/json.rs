//! JSON: one object with the report's facts, its columns and its rows, each row an object by column key. It is written as it
//! comes, so it never holds more than one row.

use std::io::Write;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::cells::{Cell, Column};
use super::rows::Row;
use super::{Head, ReportError, Writer, put_json, utc};

pub(super) struct Json<W: Write> {
    out: W,
    columns: &'static [Column],
    count: u64,
}

#[derive(Serialize)]
struct Facts<'a> {
    report: &'static str,
    v: u8,
    says: &'static str,
    log: Log<'a>,
    rule_pack: Pack<'a>,
    at: String,
    by: &'a str,
    selection: &'a super::Selection,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<&'a super::Frozen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<crate::views::Period>,
    columns: &'static [Column],
}

#[derive(Serialize)]
struct Log<'a> {
    origin: &'a str,
    size: u64,
    root: String,
}

#[derive(Serialize)]
struct Pack<'a> {
    version: &'a str,
    digest: &'a str,
}

impl<W: Write> Json<W> {
    pub(super) fn begin(
        head: &Head,
        columns: &'static [Column],
        mut out: W,
    ) -> Result<Self, ReportError> {
        let facts = Facts {
            report: head.report.as_str(),
            v: 1,
            says: super::SAYS,
            log: Log { origin: &head.origin, size: head.size, root: head.root.to_string() },
            rule_pack: Pack { version: &head.pack_version, digest: &head.pack },
            at: utc(head.at),
            by: &head.by,
            selection: &head.selection,
            frozen: head.frozen.as_ref(),
            period: head.period,
            columns,
        };
        let facts = serde_json::to_string(&facts).map_err(std::io::Error::from)?;
        // The object stays open for the rows.
        out.write_all(facts.trim_end_matches('}').as_bytes())?;
        out.write_all(b",\n\"rows\":[")?;
        Ok(Self { out, columns, count: 0 })
    }
}

impl<W: Write> Writer for Json<W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        self.out.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        Ok(put_json(&mut self.out, &Named(self.columns, &row.cells()))?)
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        write!(self.out, "\n],\"count\":{}}}\n", self.count)?;
        Ok(self.out.flush()?)
    }
}

/// Cells by the keys of their columns.
struct Named<'a>(&'static [Column], &'a [Cell]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in self.0.iter().zip(self.1) {
            map.serialize_entry(column.key, cell)?;
        }
        map.end()
    }
}
