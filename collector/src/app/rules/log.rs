//! The commands about packs in the log. Reading works beside `serve`; what changes something goes through the desk.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use serde::Serialize;

use super::files;
use super::shown::{PackShown, shown};
use crate::app::{Keys, desk, open};
use crate::config::Config;
use crate::packs::{LoggedPack, history};
use crate::requests::{Done, PackApproved, PackGiven, Request};

/// What cannot even be read changes nothing.
const STAYS: &str = "the pack in force stays";

/// What came of a pack.
#[derive(Debug, Serialize)]
pub struct Activated {
    pub entry: u64,
    /// It waits for somebody else's approval.
    pub proposed: bool,
    pub version: String,
    pub digest: String,
    /// No key of the configuration signed it.
    pub unsigned: bool,
    pub tests: usize,
}

/// Puts the pack at `pack` in force, or proposes it; works while `serve` runs.
pub fn activate(
    config: &Config,
    (pack, signature): (&Path, Option<&Path>),
    (by, reason): (String, String),
    now: Timestamp,
) -> anyhow::Result<Activated> {
    desk::texts(&[("--by", &by), ("--reason", &reason)])?;
    let given = files::given(pack).context(STAYS)?;
    let note = files::signature(pack, signature).context(STAYS)?;
    let archive = given.map(|given| String::from_utf8(given.to_archive())).transpose()?;
    let asked = PackGiven { archive, note, by, reason };
    done(desk::ask(config, Request::ActivatePack(asked), now)?)
}

/// Puts a proposed pack in force; works while `serve` runs.
pub fn approve(
    config: &Config,
    proposed: u64,
    (by, reason): (String, String),
    now: Timestamp,
) -> anyhow::Result<Activated> {
    desk::texts(&[("--by", &by), ("--reason", &reason)])?;
    let asked = PackApproved { proposed, by, reason };
    done(desk::ask(config, Request::ApprovePack(asked), now)?)
}

fn done(done: Done) -> anyhow::Result<Activated> {
    if let Done::Pack { entry, proposed, version, pack, unsigned, tests } = done {
        Ok(Activated { entry, proposed, version, digest: pack, unsigned, tests })
    } else {
        Err(desk::unexpected(&done))
    }
}

/// Every pack of the log, newest first.
pub fn packs(config: &Config) -> anyhow::Result<Vec<PackShown>> {
    let reader = open::reader(config, &Keys::load(config)?)?;
    let mut all = shown(&history(&reader)?);
    all.reverse();
    Ok(all)
}

/// One pack, with what it changes against the one before it.
pub fn show(config: &Config, entry: u64) -> anyhow::Result<PackShown> {
    let reader = open::reader(config, &Keys::load(config)?)?;
    let history = history(&reader)?;
    let mut found = shown(&history).into_iter().find(|pack| pack.entry == entry);
    let found = found.take().with_context(|| unknown(entry))?;
    let place =
        history.iter().position(|pack| pack.index == entry).with_context(|| unknown(entry))?;
    let before = history.iter().take(place).rev().find(|pack| !pack.proposed);
    let pack = history.get(place).with_context(|| unknown(entry))?.pack(&reader)?;
    let diff = before.map(|before| before.pack(&reader)).transpose()?.map(|it| it.diff(&pack));
    Ok(PackShown { diff, ..found })
}

/// Writes the archive of a pack, or of what people gave for it.
pub fn export(config: &Config, (entry, given): (u64, bool), out: &Path) -> anyhow::Result<u64> {
    let reader = open::reader(config, &Keys::load(config)?)?;
    let history = history(&reader)?;
    let found: Option<&LoggedPack> = history.iter().find(|pack| pack.index == entry);
    let found = found.with_context(|| unknown(entry))?;
    let bytes = if given { found.given_bytes(&reader)? } else { found.archive_bytes(&reader)? };
    let mut file = File::create_new(out)
        .with_context(|| format!("writing {}, which must not be there yet", out.display()))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    ensure!(!bytes.is_empty(), "entry {entry} holds an empty archive");
    Ok(bytes.len() as u64)
}

fn unknown(entry: u64) -> String {
    format!("entry {entry} is about no rule pack: `exhibit-collector rules list` shows them")
}

impl fmt::Display for Activated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, entry) = (&self.version, self.entry);
        if self.proposed {
            writeln!(
                f,
                "pack {version} is proposed by entry {entry}; somebody else puts it in force:\n  exhibit-collector rules approve {entry} --reason …"
            )?;
        } else {
            writeln!(f, "pack {version} is in force from entry {entry} on")?;
        }
        write!(f, "{} tests of its own hold; digest {}", self.tests, self.digest)?;
        if self.unsigned {
            write!(f, "\nnobody signed it ([rules] signers is empty)")?;
        }
        Ok(())
    }
}
