//! PDF for people who sign: the control report, the statement of applicability and lapses, tagged for reading programs (PDF/UA-1). The
//! font is embedded and brings Latin, Greek and Cyrillic; a letter that it lacks stands as its code point, and the file says so.

mod controls;
mod draw;
mod lapses;
mod letters;
mod paper;
mod soa;

use std::fs::File;
use std::io::Write as _;

use exhibit_assessment::{Status, Theme};
use jiff::tz::TimeZone;
use krilla::text::Font;

use super::rows::{ControlRow, LapseRow, Row, SoaRow, Source};
use super::uuids::Uuids;
use super::{Format, Head, Kind, ReportError, Writer, utc};
use draw::{About, Fonts};
use letters::Letters;
use paper::{Ink, Paper, cell};

/// A4, upright; the statement of applicability and lapses lie on their side.
const A4: (f32, f32) = (595.28, 841.89);

/// A file for people holds no more lapses than this: it is drawn in memory.
const MOST_LAPSES: usize = 5_000;

/// Collects the rows: 93 at most, but for lapses.
pub(super) struct Pdf<'a> {
    head: &'a Head,
    file: &'a mut File,
    controls: Vec<ControlRow>,
    soa: Vec<SoaRow>,
    lapses: Vec<LapseRow>,
}

impl<'a> Pdf<'a> {
    pub(super) fn begin(source: &'a Source, file: &'a mut File) -> Self {
        let (controls, soa, lapses) = (Vec::new(), Vec::new(), Vec::new());
        Self { head: &source.head, file, controls, soa, lapses }
    }
}

impl Writer for Pdf<'_> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        match row {
            Row::Control(row) => self.controls.push(row),
            Row::Soa(row) => self.soa.push(row),
            Row::Lapse(_) if self.lapses.len() == MOST_LAPSES => {
                let (format, most) = (Format::Pdf, MOST_LAPSES as u64);
                return Err(ReportError::TooMany { format, most });
            }
            Row::Lapse(row) => self.lapses.push(row),
            Row::Finding(_) | Row::Gap(_) | Row::Evidence(_) | Row::Plan(_) | Row::Catalog(_) => {}
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<(), ReportError> {
        let (regular, bold) = (dejavu::sans_condensed::regular(), dejavu::sans_condensed::bold());
        let font = |data: &'static [u8]| {
            Font::new(data.into(), 0).ok_or_else(|| ReportError::Pdf("the font is damaged".into()))
        };
        let letters = |data: &'static [u8]| {
            Letters::of(data).ok_or_else(|| ReportError::Pdf("the font is damaged".into()))
        };
        let fonts = Fonts { regular: font(regular)?, bold: font(bold)? };
        let lying = matches!(self.head.report, Kind::Soa | Kind::Lapses);
        let size = if lying { (A4.1, A4.0) } else { A4 };
        let mut paper = Paper::new(size, letters(regular)?, letters(bold)?);
        begin(&mut paper, self.head);
        match self.head.report {
            Kind::Soa => soa::body(&mut paper, &self.soa),
            Kind::Lapses => lapses::body(&mut paper, &self.lapses),
            Kind::Controls
            | Kind::Findings
            | Kind::Gap
            | Kind::Evidence
            | Kind::Poam
            | Kind::Catalog => controls::body(&mut paper, &self.controls),
        }
        if paper.lacking {
            paper.gap(8.0);
            let says = "Letters that the embedded font lacks stand as their Unicode code points, like [U+6771]. The other forms of this report hold them as they are.";
            paper.paragraph(says, Ink::Quiet);
        }
        let Head { report, origin, size, root, pack, pack_version, at, by, .. } = self.head;
        paper.feet(&[
            format!("{}: {origin}, {size} entries, root {root}", report.title()),
            format!("as of {}; rule pack {pack_version} ({pack})", utc(*at)),
        ]);
        let uuids = Uuids::of(origin);
        let time = at.to_zoned(TimeZone::UTC).datetime();
        let small = |number: i8| u8::try_from(number).unwrap_or(0);
        let about = About {
            title: report.title(),
            author: by,
            at: (
                u16::try_from(time.year()).unwrap_or(1970),
                [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(small),
            ),
            id: uuids
                .named(&["pdf", report.as_str(), &size.to_string(), pack, &utc(*at)])
                .to_string(),
        };
        let bytes = draw::draw(&paper, &fonts, &about);
        let bytes = bytes.map_err(|error| ReportError::Pdf(error.to_string()))?;
        Ok(self.file.write_all(&bytes)?)
    }
}

/// What the report is and what it rests on.
fn begin(paper: &mut Paper, head: &Head) {
    paper.title(head.report.title());
    paper.paragraph(super::SAYS, Ink::Quiet);
    let facts =
        head.facts().into_iter().filter(|(name, _)| !["Report", "What it says"].contains(name));
    let facts: Vec<Vec<paper::Cell>> =
        facts.map(|(name, value)| vec![cell(name).bold(), cell(value)]).collect();
    paper.table(&[("About this report", 1.0), ("", 4.0)], &facts);
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Organizational => "Organizational controls",
        Theme::People => "People controls",
        Theme::Physical => "Physical controls",
        Theme::Technological => "Technological controls",
    }
}

/// A status as people read it, in its colour.
fn status(status: Status) -> (&'static str, Ink) {
    match status {
        Status::Met => ("met", Ink::Good),
        Status::NotMet => ("not met", Ink::Bad),
        Status::Stale => ("stale", Ink::Warn),
        Status::NoEvidence => ("no evidence", Ink::Unknown),
        Status::Manual => ("manual", Ink::Text),
        Status::Excluded => ("excluded", Ink::Quiet),
    }
}

/// A time to the minute.
fn minute(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
