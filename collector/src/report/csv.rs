//! CSV (RFC 4180): one row a line, UTF-8. It never lets a spreadsheet take a cell for a formula.

use std::io::{self, Write};

use super::cells::Column;
use super::rows::Row;
use super::{ReportError, Writer};

pub(super) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub(super) fn begin(columns: &[Column], out: W) -> Result<Self, ReportError> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(columns.iter().map(|column| column.key)).map_err(broken)?;
        Ok(Self(writer))
    }
}

impl<W: Write> Writer for Csv<W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        let cells = row.cells();
        let cells = cells.iter().map(|cell| harmless(&cell.text()));
        Ok(self.0.write_record(cells).map_err(broken)?)
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        Ok(self.0.flush()?)
    }
}

fn broken(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        return error;
    }
    // Texts of one number a row: nothing else can be wrong.
    io::Error::other("a row of another width")
}

/// A spreadsheet must not take a cell for a formula.
pub(crate) fn harmless(text: &str) -> String {
    match text.chars().next() {
        // The wide forms too: some programs read them as the narrow ones.
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        Some(_) | None => text.to_owned(),
    }
}
