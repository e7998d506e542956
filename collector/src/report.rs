//! Reports: what the views say, as files for people and for other tools. Each kind of report has one row model and each format is
//! a writer of it; no format asks the views by itself, and nothing here judges or changes anything.
//!
//! | part | does |
//! |---|---|
//! | `ask` | which report, in which form, about what |
//! | `cells` | columns and cells, the shape that every row has |
//! | `rows` | the row model of each kind, streamed from the views |
//! | `csv`, `json`, `xlsx`, `oscal`, `ocsf`, `pdf` | writers of rows |
//! | `draft` | a file that is nobody's until it is whole |

mod ask;
mod cells;
pub(crate) mod csv;
mod draft;
mod frozen;
mod json;
mod ocsf;
mod oscal;
mod pdf;
mod rows;
#[cfg(test)]
mod tests;
mod uuids;
mod xlsx;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use exhibit_assessment::FrameworkError;
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::log::LogError;
use crate::views::{Period, Views, ViewsError};
pub use ask::{Format, Kind, Selection, UnknownReport};
pub use draft::{Draft, Scratch};
pub use frozen::{
    Approved, Difference, Frozen, SOA_MEDIA_TYPE, Version, diff, document, version_value, versions,
};
pub(crate) use rows::{GapRow, SoaRow};
use rows::{Row, Source};

/// Why there is no report. Nothing stands under the asked name then.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{} exists: name another file, or overwrite it with --force", .0.display())]
    Exists(PathBuf),
    #[error("{} is not a place for a file: give a path with a name at its end", .0.display())]
    NoName(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the report could not be written: {0}")]
    Write(#[from] io::Error),
    #[error("a report of {kind} has no form {format}: choose from {known}")]
    Form { kind: Kind, format: Format, known: String },
    #[error(
        "the report has more than {most} rows, which is all that {format} holds: use csv or json, or select less"
    )]
    TooMany { format: Format, most: u64 },
    #[error("entry {0} froze no version: `exhibit-collector soa list` shows those that did")]
    NotFrozen(u64),
    #[error(
        "entry {0} only proposes a version: another person approves it first (`exhibit-collector soa list`)"
    )]
    Proposed(u64),
    #[error("the document {0} of a frozen version is not held; `exhibit-collector check` says why")]
    NotHeld(Digest),
    #[error("the frozen version of entry {0} cannot be read: {1}")]
    Unreadable(u64, String),
    #[error("only the statement of applicability has frozen versions: use --kind soa")]
    OnlySoa,
    #[error("lapses are those of a period: say from when on (--from)")]
    NoPeriod,
    #[error("the period would begin at {from}, not before its end at {to}; give an earlier begin")]
    Period { from: Timestamp, to: Timestamp },
    #[error("only lapses have a period: use --kind lapses, or --as-of for another moment")]
    OnlyLapses,
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Framework(#[from] FrameworkError),
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub kind: Kind,
    pub format: Format,
    pub selection: Selection,
    /// Who asks; stands in the report and in the log.
    pub by: String,
    /// Of the statement of applicability: the entry of a frozen version, instead of how it is now.
    pub frozen: Option<u64>,
    /// Of lapses: the begin of the period, which ends with the report's moment.
    pub from: Option<Timestamp>,
}

/// What a report says about itself, whatever its form.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    pub report: Kind,
    /// Name of the log.
    pub origin: String,
    /// Entries of the log that the report rests on, and their root.
    pub size: u64,
    pub root: Digest,
    pub pack_version: String,
    /// Digest of the rule pack in force.
    pub pack: String,
    /// The moment of the statuses.
    pub at: Timestamp,
    pub by: String,
    pub selection: Selection,
    /// The frozen version that the report repeats.
    pub frozen: Option<Frozen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    pub head: Head,
    pub format: Format,
    pub rows: u64,
}

/// A form that takes rows one after the other.
trait Writer {
    fn row(&mut self, row: Row) -> Result<(), ReportError>;

    fn end(self: Box<Self>) -> Result<(), ReportError>;
}

/// Writes a report of the views as they are now to an empty file. Blocking; memory does not grow with the rows.
pub fn write(
    views: &Views,
    ask: &Ask,
    now: Timestamp,
    file: &mut File,
) -> Result<Written, ReportError> {
    if !ask.kind.formats().contains(&ask.format) {
        let known: Vec<&str> = ask.kind.formats().iter().map(|format| format.as_str()).collect();
        let (kind, format, known) = (ask.kind, ask.format, known.join(", "));
        return Err(ReportError::Form { kind, format, known });
    }
    let source = Source::of(views.pinned()?, ask, now)?;
    let mut writer = begin(ask.format, &source, file)?;
    let mut count = 0;
    rows::each(&source, &mut |row| {
        count += 1;
        writer.row(row)
    })?;
    writer.end()?;
    Ok(Written { head: source.head, format: ask.format, rows: count })
}

/// What the entry is called that says who made a report.
pub const ACTION: &str = "report_exported";

impl Written {
    /// What that entry says.
    #[must_use]
    pub fn claims(&self, sha256: Digest, bytes: u64) -> Value {
        let Head { report, size, root, pack, at, selection, frozen, period, .. } = &self.head;
        let frozen = frozen.as_ref().map(|frozen| frozen.version.sha256);
        let mut claims = json!({
            "report": report, "format": self.format.as_str(), "sha256": sha256, "bytes": bytes, "rows": self.rows,
            "size": size, "root": root, "pack": pack, "at": utc(*at), "selection": selection, "frozen_sha256": frozen,
        });
        if let Some(Period { from, .. }) = period {
            claims["from"] = json!(utc(*from));
        }
        claims
    }
}

/// What each control has and lacks now, for pages.
pub(crate) fn gaps(views: &Views, now: Timestamp) -> Result<Vec<GapRow>, ReportError> {
    let (kind, format) = (Kind::Gap, Format::Json);
    let selection = Selection::default();
    let ask = Ask { kind, format, selection, by: String::new(), frozen: None, from: None };
    rows::gaps(&Source::of(views.clone(), &ask, now)?)
}

/// The statement of applicability now, for pages.
pub(crate) fn soa(views: &Views, now: Timestamp) -> Result<Vec<SoaRow>, ReportError> {
    Ok(rows::soa(&present(views.clone(), "", now)?))
}

/// The statement of applicability now, as the document that a frozen version is.
pub(crate) fn present_soa(views: &Views, now: Timestamp) -> Result<Vec<u8>, ReportError> {
    document_of(&present(views.clone(), "", now)?)
}

/// The statement of applicability as somebody is to freeze it.
pub(crate) fn frozen_soa(views: &Views, by: &str, now: Timestamp) -> Result<String, ReportError> {
    let bytes = document_of(&present(views.pinned()?, by, now)?)?;
    String::from_utf8(bytes).map_err(|error| ReportError::Unreadable(0, error.to_string()))
}

fn document_of(source: &Source) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::new();
    let mut json = Box::new(json::Json::begin(&source.head, rows::columns(Kind::Soa), &mut bytes)?);
    rows::each(source, &mut |row| json.row(row))?;
    json.end()?;
    Ok(bytes)
}

/// All that it says follows from one assessment, so views that move on serve as well.
fn present(views: Views, by: &str, now: Timestamp) -> Result<Source, ReportError> {
    let (kind, format, selection) = (Kind::Soa, Format::Json, Selection::default());
    let ask = Ask { kind, format, selection, by: by.to_owned(), frozen: None, from: None };
    Source::of(views, &ask, now)
}

fn begin<'a>(
    format: Format,
    source: &'a Source,
    file: &'a mut File,
) -> Result<Box<dyn Writer + 'a>, ReportError> {
    let columns = rows::columns(source.head.report);
    Ok(match format {
        Format::Csv => Box::new(csv::Csv::begin(columns, BufWriter::new(file))?),
        Format::Json => Box::new(json::Json::begin(&source.head, columns, BufWriter::new(file))?),
        Format::Xlsx => Box::new(xlsx::Xlsx::begin(&source.head, columns, file)?),
        Format::Pdf => Box::new(pdf::Pdf::begin(source, file)),
        Format::Oscal => oscal::begin(source, BufWriter::new(file))?,
        Format::Ocsf => Box::new(ocsf::Ocsf::begin(source, BufWriter::new(file))),
    })
}

impl Head {
    /// What a person reads about the report, as pairs.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("Report", self.report.title().to_owned()),
            ("Log", self.origin.clone()),
            ("Entries of the log", self.size.to_string()),
            ("Root of these entries", self.root.to_string()),
            ("Rule pack", format!("{} ({})", self.pack_version, self.pack)),
            ("As of", utc(self.at)),
            ("Selection", self.selection.to_string()),
            ("Made by", self.by.clone()),
            ("What it says", SAYS.to_owned()),
        ];
        if let Some(Period { from, to }) = &self.period {
            facts.push(("Period", format!("{} to {}", utc(*from), utc(*to))));
        }
        if let Some(Frozen { version, made_by }) = &self.frozen {
            let text = format!("entry {}, {}", version.entry, version.hands());
            facts.push(("Frozen version", format!("{text} (document made by {made_by})")));
            facts.push(("Its document (SHA-256)", version.sha256.to_string()));
        }
        facts
    }
}

/// What a reader must know of every report.
const SAYS: &str =
    "What rules found in evidence. It says nothing about conformity: that, a person decides.";

/// A time as reports write it.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes a JSON value.
fn put_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(out, value).map_err(io::Error::from)
}
