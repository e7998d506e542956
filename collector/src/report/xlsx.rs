//! XLSX: one sheet with the rows (frozen heads, filters, times as times in UTC) and one with the report's facts. Every text is a
//! string cell, never a formula. Rows go to a temporary file as they come.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format as Look, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::ask::Format;
use super::cells::{Cell, Column};
use super::rows::Row;
use super::{Head, ReportError, Writer, utc};

/// Most rows below the heads that the format holds.
const MOST_ROWS: u32 = 1_048_575;
/// Most characters (UTF-16 units) of a cell that the format holds.
const MOST_CHARS: usize = 32_767;
const CUT: &str = " … (cut: the whole text is in the other forms)";

pub(super) struct Xlsx<'a> {
    workbook: Workbook,
    file: &'a mut File,
    looks: Looks,
    columns: &'static [Column],
    facts: Vec<(&'static str, String)>,
    rows: u32,
}

struct Looks {
    head: Look,
    text: Look,
    time: Look,
}

impl<'a> Xlsx<'a> {
    pub(super) fn begin(
        head: &Head,
        columns: &'static [Column],
        file: &'a mut File,
    ) -> Result<Self, ReportError> {
        let looks = Looks {
            head: Look::new()
                .set_bold()
                .set_background_color("#E6ECF2")
                .set_align(FormatAlign::Top),
            text: Look::new().set_align(FormatAlign::Top).set_text_wrap(),
            time: Look::new().set_align(FormatAlign::Top).set_num_format("yyyy-mm-dd hh:mm:ss"),
        };
        let mut workbook = Workbook::new();
        let made = ExcelDateTime::from_timestamp(head.at.as_second())?;
        let properties = DocProperties::new()
            .set_title(head.report.title())
            .set_author(&head.by)
            .set_comment(super::SAYS)
            .set_creation_datetime(&made);
        workbook.set_properties(&properties);
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(head.report.title())?;
        for (at, column) in (0_u16..).zip(columns) {
            sheet.set_column_width(at, f64::from(column.width.clamp(8, 60)))?;
        }
        sheet.set_freeze_panes(1, 0)?;
        for (at, column) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(0, at, column.label, &looks.head)?;
        }
        let mut facts = head.facts();
        facts.push(("Times", "UTC".to_owned()));
        Ok(Self { workbook, file, looks, columns, facts, rows: 0 })
    }

    fn facts(&mut self) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name("About")?;
        sheet.set_column_width(0, 26)?.set_column_width(1, 100)?;
        for (at, (name, value)) in (0_u32..).zip(&self.facts) {
            sheet.write_string_with_format(at, 0, *name, &self.looks.head)?;
            sheet.write_string_with_format(at, 1, fitting(value), &self.looks.text)?;
        }
        Ok(())
    }
}

impl Writer for Xlsx<'_> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        if self.rows == MOST_ROWS {
            let most = u64::from(MOST_ROWS);
            return Err(ReportError::TooMany { format: Format::Xlsx, most });
        }
        self.rows += 1;
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (at, cell) in (0_u16..).zip(row.cells()) {
            put(sheet, (self.rows, at), &cell, &self.looks)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        let last = u16::try_from(self.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
        self.workbook.worksheet_from_index(0)?.autofilter(0, 0, self.rows, last)?;
        self.facts()?;
        let mut out = BufWriter::new(self.file);
        self.workbook.save_to_writer(&mut out)?;
        Ok(out.flush()?)
    }
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    looks: &Looks,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Number(number) => {
            // A spreadsheet would round a number that is larger than this, so it stays a text.
            match u32::try_from(*number) {
                Ok(small) => sheet.write_number_with_format(row, column, small, &looks.text)?,
                Err(_) => {
                    sheet.write_string_with_format(row, column, number.to_string(), &looks.text)?
                }
            };
        }
        Cell::Time(at) => {
            // A time that the format does not know (before 1900) stays a text.
            match ExcelDateTime::from_timestamp(at.as_second()) {
                Ok(time) => sheet.write_datetime_with_format(row, column, &time, &looks.time)?,
                Err(_) => sheet.write_string_with_format(row, column, utc(*at), &looks.text)?,
            };
        }
        Cell::Text(_) | Cell::List(_) => {
            let text = fitting(&cell.text());
            sheet.write_string_with_format(row, column, text, &looks.text)?;
        }
    }
    Ok(())
}

/// The text, cut where the format ends.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= MOST_CHARS {
        return text.to_owned();
    }
    let (mut cut, mut units) = (String::new(), 0);
    for letter in text.chars() {
        units += letter.len_utf16();
        if units > MOST_CHARS - CUT.encode_utf16().count() {
            break;
        }
        cut.push(letter);
    }
    cut + CUT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_what_a_cell_holds_and_says_so() {
        assert_eq!(fitting("short"), "short");
        let long = fitting(&"𝄞".repeat(30_000));
        assert!(long.encode_utf16().count() <= MOST_CHARS && long.ends_with(CUT));
    }
}
