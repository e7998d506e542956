//! A snapshot of rsnapshot, which is a tree of plain files: restored by copying, as people do. Nothing in it says whether
//! a file is what it was, so each is held against its source, a list of checksums in the backup, or an older copy that is
//! a file of its own. It never follows a link, and never calls a file right that nothing proves.

mod proof;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Instant;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::Test;
use rustix::fd::OwnedFd;

use self::proof::Proofs;
use super::compare::Compared;
use super::sample::{Draw, Drawn, File};
use super::scratch::Scratch;
use super::{seconds, told};
use crate::jobs::Refusal;
use crate::look::Look;
use crate::settings::{Repository, RestoreTest};

/// Restores a sample of one point of a snapshot and compares it.
pub(super) fn restore(
    look: &mut Look<'_>,
    (named, id): (&Repository, &str),
    wanted: &RestoreTest,
    scratch: &Scratch,
    test: &mut Test,
    (clock, end): (Instant, Instant),
) -> Result<(), Refusal> {
    let path = format!("{}/{id}", named.location.trim_end_matches('/'));
    let folder = look.host.directory(&path);
    let folder =
        folder.map_err(|error| Refusal::new(error.outcome(), error.to_string(), error.remedy()))?;
    let folder = folder.ok_or_else(|| gone(&path))?;
    let proofs = Proofs::new(look, (named, id), wanted)?;
    look.seen.method(format!("copy of a sample of {path}"));
    let drawn = draw(look, (&folder, &path), wanted, &proofs, end)?;
    scratch.demand(drawn.bytes)?;
    let unread = copy(&drawn, &folder, scratch.path(), end)?;
    test.recovery_time.achieved_seconds = seconds(clock);
    let mut compared = Compared::default();
    for file in &drawn.files {
        let restored = scratch.path().join(file.path.trim_start_matches('/'));
        let verdict = match unread.get(&file.path) {
            Some(why) => Err(why.clone()),
            None => proofs.judge(&look.host, &folder, (file, &restored)),
        };
        compared.count(file, &restored, verdict, None);
    }
    let unproven = compared.counts.unproven;
    if unproven > 0 && usize::try_from(unproven) == Ok(drawn.files.len()) {
        return Err(Refusal::new(
            OutcomeKind::NotApplicable,
            format!(
                "{unproven} files came back and nothing says that they are what they were: rsnapshot keeps no checksums, and neither an unchanged source on this host nor an older copy of its own is there"
            ),
            "let the backed up machine write a list with sha256sum before each backup, and name it as checksums in the test",
        ));
    }
    told(test, wanted, drawn, compared, Ok(()));
    Ok(())
}

/// For the fuzzer: whether a line of a list of checksums names a file.
pub(super) fn names(line: &str) -> bool {
    proof::sum(line).is_some()
}

fn gone(path: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("{path} was there a moment ago and cannot be opened"),
        "let the test run when rsnapshot does not",
    )
}

fn late() -> Refusal {
    Refusal::new(
        OutcomeKind::TimedOut,
        "the snapshot could not be gone through in time",
        "raise the deadline of the agent, or name paths in the test",
    )
}

fn draw(
    look: &Look<'_>,
    (folder, path): (&OwnedFd, &str),
    wanted: &RestoreTest,
    proofs: &Proofs,
    end: Instant,
) -> Result<Drawn, Refusal> {
    let mut draw = Draw::new(wanted, look.job.vetoes.clone())?;
    let walked = walk::files(folder, &mut |file| {
        if Instant::now() >= end {
            return false;
        }
        match file {
            // What the operator forbids by the name it has in the snapshot.
            Some(file) if !look.host.allows(&format!("{path}{}", file.path)) => draw.offer(None),
            Some(file) if proofs.covers(&file.path) => draw.offer(Some(file)),
            Some(_) => {}
            None => draw.offer(None),
        }
        true
    });
    match walked {
        Ok(true) => Ok(draw.drawn(wanted)),
        Ok(false) => Err(late()),
        Err(error) => Err(Refusal::new(
            OutcomeKind::Failed,
            format!("{path} cannot be gone through: {error}"),
            "give the plugin CAP_DAC_READ_SEARCH, and let the test run when rsnapshot does not",
        )),
    }
}

/// Copies the sample; what cannot be read is told by its path.
fn copy(
    drawn: &Drawn,
    folder: &OwnedFd,
    scratch: &Path,
    end: Instant,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut unread = BTreeMap::new();
    for file in &drawn.files {
        let inside = file.path.trim_start_matches('/');
        let from = match walk::open(folder, inside) {
            Ok(from) => from,
            Err(error) => {
                unread.insert(file.path.clone(), format!("cannot be opened: {error}"));
                continue;
            }
        };
        match write(from, &scratch.join(inside), file, end) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                return Err(super::database::full());
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(late()),
            Err(error) => {
                unread.insert(file.path.clone(), format!("cannot be copied: {error}"));
            }
        }
    }
    Ok(unread)
}

/// One byte more than it should have tells that it has grown, and no more is needed.
fn write(from: fs::File, to: &Path, file: &File, end: Instant) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut to = fs::File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let mut from = from.take(file.size.saturating_add(1));
    loop {
        if io::copy(&mut (&mut from).take(8 << 20), &mut to)? == 0 {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

#[cfg(test)]
mod tests;
