//! `report`: a report to a file or to standard output; the log says that it was made, before anybody has it.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use serde::Serialize;

use super::open::views;
use super::{Keys, desk};
use crate::config::Config;
use crate::report::{self, Ask, Draft, Scratch, Written};
use crate::views::Views;

/// A report that was made.
#[derive(Debug, Serialize)]
pub struct Reported {
    pub report: &'static str,
    pub format: &'static str,
    /// Absent: it went to standard output.
    pub output: Option<PathBuf>,
    pub sha256: Digest,
    pub bytes: u64,
    pub rows: u64,
    /// Entries of the log that it rests on.
    pub size: u64,
    /// Digest of the rule pack in force.
    pub pack: String,
    /// The moment that it tells of.
    pub at: Timestamp,
    /// Index of the entry that says so.
    pub entry: u64,
}

/// Makes a report, of now or of the moment that `as_of` names, of lapses from the moment on that `from` names; works while `serve` runs. `out` absent: to standard output, once the log says that it was made.
pub fn report(
    config: &Config,
    (mut ask, as_of, from): (Ask, Option<&str>, Option<&str>),
    (out, force): (Option<&Path>, bool),
    now: Timestamp,
) -> anyhow::Result<Reported> {
    desk::texts(&[("--by", &ask.by)])?;
    let keys = Keys::load(config)?;
    let views = views(config, &keys)?;
    ask.from = from.map(|from| views.moment(from, now)).transpose()?.map(|from| from.at);
    let (views, at) = standing(views, as_of, now)?;
    let Some(out) = out else {
        let mut scratch = Scratch::new(&config.data)?;
        let written = report::write(&views, &ask, at, scratch.file())?;
        drop(views);
        let (mut file, sha256, bytes) = scratch.settle()?;
        let made = log(config, &written, (None, sha256, bytes), now)?;
        match io::copy(&mut file, &mut io::stdout().lock()).and_then(|_| io::stdout().flush()) {
            // Whoever reads has read enough (`| head`).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            copied => copied.context("writing to standard output")?,
        }
        return Ok(made);
    };
    let mut draft = Draft::begin(out, force)?;
    let written = report::write(&views, &ask, at, draft.file())?;
    drop(views);
    let (sha256, bytes) = draft.settle()?;
    // In the log first: no report is anywhere that the log does not know of.
    let made = log(config, &written, (Some(out.to_owned()), sha256, bytes), now)?;
    draft.keep()?;
    Ok(made)
}

/// The views as they stood at the moment that a text names, and when that was; as they stand, if there is none.
pub(super) fn standing(
    views: Views,
    as_of: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<(Views, Timestamp)> {
    let Some(text) = as_of else { return Ok((views, now)) };
    let moment = views.moment(text, now)?;
    Ok((views.standing_at(&moment)?, moment.at))
}

fn log(
    config: &Config,
    written: &Written,
    (output, sha256, bytes): (Option<PathBuf>, Digest, u64),
    now: Timestamp,
) -> anyhow::Result<Reported> {
    let (head, detail) = (&written.head, written.claims(sha256, bytes));
    let entry = desk::log_activity(config, (&head.by, report::ACTION, detail), now)?;
    Ok(Reported {
        report: head.report.as_str(),
        format: written.format.as_str(),
        output,
        sha256,
        bytes,
        rows: written.rows,
        size: head.size,
        pack: head.pack.clone(),
        at: head.at,
        entry,
    })
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, format, output, sha256, bytes, rows, size, pack, at, entry } = self;
        let place = output.as_ref().map_or_else(|| "-".into(), |path| path.display().to_string());
        writeln!(f, "sha256   {sha256}  {place}")?;
        writeln!(f, "report   {report} as {format}: {rows} rows, {bytes} bytes")?;
        writeln!(f, "as of    {at}")?;
        writeln!(f, "rests on {size} entries of the log and rule pack {pack}")?;
        write!(f, "logged   as entry {entry}")
    }
}
