//! The statement of applicability: versions frozen in the log, listed, shown, compared.

use std::fmt;

use anyhow::Context as _;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{ACTIVITY, Activity, SOA_FILE, Subject};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::report::views;
use super::{Keys, desk};
use crate::config::Config;
use crate::identity::Collector;
use crate::log::LogWriter;
use crate::report::{self, Ask, Difference, Format, Kind, SOA_MEDIA_TYPE, Selection, Version};
use crate::requests::{Done, Freeze, Request};

/// A version that was frozen.
#[derive(Debug, Serialize)]
pub struct FrozenNow {
    /// Its entry, which is also its name.
    pub entry: u64,
    pub sha256: Digest,
}

/// Versions, newest first.
#[derive(Debug, Serialize)]
pub struct Versions {
    pub versions: Vec<Version>,
}

/// What changed between two versions.
#[derive(Debug, Serialize)]
pub struct Compared {
    pub older: String,
    pub newer: String,
    pub differences: Vec<Difference>,
}

/// Freezes the statement as it is now; works while `serve` runs.
pub fn freeze(
    config: &Config,
    (by, reason): (String, String),
    now: Timestamp,
) -> anyhow::Result<FrozenNow> {
    desk::texts(&[("--by", &by), ("--reason", &reason)])?;
    let document = present(config, &by, now)?;
    let sha256 = Digest::of(document.as_bytes());
    let done = desk::ask(config, Request::FreezeSoa(Freeze { document, by, reason }), now)?;
    let Done::Recorded { entry } = done else { return Err(desk::unexpected(&done)) };
    Ok(FrozenNow { entry, sha256 })
}

/// Logs a version: the entry names the document, and the log's key signs the entry.
pub(super) async fn frozen(
    collector: &Collector,
    writer: &LogWriter,
    asked: Freeze,
) -> anyhow::Result<Done> {
    let Freeze { document, by, reason } = asked;
    let digest = Digest::of(document.as_bytes());
    let log = collector.verifier().name().to_owned();
    let subject = vec![
        Subject::new(log, collector.public().id(), None),
        Subject::new(SOA_FILE, digest, Some(SOA_MEDIA_TYPE)),
    ];
    let detail = json!({"reason": reason, "sha256": digest, "bytes": document.len()});
    let done = Activity { by, action: report::FROZEN.to_owned(), detail };
    let mut entry = collector.entry(EntryType::Activity, ACTIVITY, subject, done)?;
    entry.documents.push(document.into_bytes());
    Ok(Done::Recorded { entry: writer.append(entry).await?.index })
}

/// The statement as it is now, as the document that a version is.
fn present(config: &Config, by: &str, now: Timestamp) -> anyhow::Result<String> {
    let views = views(config, &Keys::load(config)?)?;
    let (kind, format) = (Kind::Soa, Format::Json);
    let ask =
        Ask { kind, format, selection: Selection::default(), by: by.to_owned(), frozen: None };
    let mut scratch = report::Scratch::new(&config.data)?;
    report::write(&views, &ask, now, scratch.file())?;
    let (file, _, _) = scratch.settle()?;
    std::io::read_to_string(file).context("reading the statement back")
}

/// All versions.
pub fn versions(config: &Config) -> anyhow::Result<Versions> {
    let views = views(config, &Keys::load(config)?)?;
    Ok(Versions { versions: report::versions(&views)? })
}

/// A version and its document, exactly as stored.
pub fn version(config: &Config, entry: u64) -> anyhow::Result<(Version, Vec<u8>)> {
    let reader = super::tools::reader(config, &Keys::load(config)?)?;
    Ok(report::document(&reader, entry)?)
}

/// What changed between two versions; `now` is the statement as it is.
pub fn compare(
    config: &Config,
    older: &str,
    newer: &str,
    now: Timestamp,
) -> anyhow::Result<Compared> {
    let document = |name: &str| -> anyhow::Result<Vec<u8>> {
        if name == "now" {
            return Ok(present(config, "nobody", now)?.into_bytes());
        }
        let entry = name.parse().with_context(|| {
            format!("{name:?} is no version: give the entry that froze it, as `soa list` shows it, or `now`")
        })?;
        Ok(version(config, entry)?.1)
    };
    let differences = report::diff(&document(older)?, &document(newer)?)?;
    Ok(Compared { older: older.to_owned(), newer: newer.to_owned(), differences })
}

impl fmt::Display for FrozenNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frozen as entry {}, sha256 {}", self.entry, self.sha256)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.versions.is_empty() {
            return write!(f, "no version is frozen: `exhibit-collector soa freeze` does it");
        }
        let lines = self.versions.iter().map(|one| {
            let Version { entry, at, by, reason, sha256 } = one;
            format!("{entry:>8}  {at}  {by}: {reason}\n          sha256 {sha256}")
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.differences.is_empty() {
            return write!(f, "{} and {} say the same", self.older, self.newer);
        }
        let lines = self.differences.iter().map(|one| {
            let Difference { control, title, label, was, is, .. } = one;
            format!("{control} {title}\n  {label}: {was:?} -> {is:?}")
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}
