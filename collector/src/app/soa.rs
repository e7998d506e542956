//! The statement of applicability: versions frozen in the log, listed, shown, compared.

use std::fmt;

use anyhow::Context as _;
use exhibit_assessment::decisions::SOA;
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use serde::Serialize;

use super::open::views;
use super::{Keys, decided, desk};
use crate::config::Config;
use crate::decisions::Attached;
use crate::report::{self, Ask, Difference, Format, Kind, Selection, Version};

/// A version that was frozen.
#[derive(Debug, Serialize)]
pub struct FrozenNow {
    /// Its entry, which is also its name.
    pub entry: u64,
    /// Its record in the register `soa`.
    pub record: String,
    /// It waits for another person.
    pub proposed: bool,
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

/// Freezes the statement as it is now, or proposes it where a second person is asked for; works while `serve` runs.
pub fn freeze(
    config: &Config,
    (by, reason): (String, String),
    now: Timestamp,
) -> anyhow::Result<FrozenNow> {
    desk::texts(&[("--by", &by), ("--reason", &reason)])?;
    let document = present(config, &by, now)?.into_bytes();
    let (sha256, value) = (Digest::of(&document), report::version_value(&document));
    let (register, id) = (SOA.to_owned(), decided::next_id(config, SOA, now)?);
    let (act, value) = (Act::Put, Some(value));
    let decision = Decision { register, id: id.clone(), after: None, act, value, by, reason };
    let made = decided::decide(config, decision, Some(Attached::new(document)?), now)?;
    Ok(FrozenNow { entry: made.entry, record: id, proposed: made.proposed, sha256 })
}

/// The statement as it is now, as the document that a version is.
fn present(config: &Config, by: &str, now: Timestamp) -> anyhow::Result<String> {
    let views = views(config, &Keys::load(config)?)?;
    let (kind, format) = (Kind::Soa, Format::Json);
    let ask = Ask {
        kind,
        format,
        selection: Selection::default(),
        by: by.to_owned(),
        frozen: None,
        from: None,
    };
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
    Ok(report::document(&views(config, &Keys::load(config)?)?, entry)?)
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
        let Self { entry, record, sha256, .. } = self;
        if !self.proposed {
            return write!(f, "frozen as entry {entry}, sha256 {sha256}");
        }
        write!(
            f,
            "proposed as entry {entry}, sha256 {sha256}\nit is frozen once another person approves it: exhibit-collector decision approve {SOA} {record} --by NAME --reason TEXT"
        )
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.versions.is_empty() {
            return write!(f, "no version is frozen: `exhibit-collector soa freeze` does it");
        }
        let lines = self.versions.iter().map(|one| {
            let Version { entry, sha256, .. } = one;
            format!("{entry:>8}  {}\n          sha256 {sha256}", one.hands())
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
