//! What can say that a file of a snapshot is what it was: its source, a list of checksums, an older copy. It never takes a
//! file for its own proof: snapshots share the files that did not change.

use std::collections::BTreeMap;
use std::path::Path;

use exhibit_plugin::OutcomeKind;
use rustix::fd::OwnedFd;
use rustix::fs::fstat;

use super::super::compare::{self, Verdict};
use super::super::sample::File;
use super::walk;
use crate::host::Host;
use crate::jobs::rsnapshot::{self, Kept};
use crate::jobs::{self, Refusal};
use crate::look::Look;
use crate::settings::{Repository, RestoreTest};

/// Older snapshots that are asked for a copy.
const OLDER: usize = 100;

/// What there is to compare with.
pub(super) struct Proofs {
    kept: Vec<Kept>,
    /// SHA-256 by path, where the test names a list.
    listed: Option<BTreeMap<String, [u8; 32]>>,
    /// The same point in other snapshots, the newest first, each with its name.
    older: Vec<(String, OwnedFd)>,
}

impl Proofs {
    pub(super) fn new(
        look: &mut Look<'_>,
        (named, id): (&Repository, &str),
        wanted: &RestoreTest,
    ) -> Result<Self, Refusal> {
        let root = named.location.trim_end_matches('/');
        let point = id.split_once('/').map_or(id, |(_, point)| point);
        let listed = match &wanted.checksums {
            Some(list) => Some(listed(look, &format!("{root}/{id}{list}"))?),
            None => None,
        };
        let kept =
            if look.host.is_live() { rsnapshot::kept(look, named, point) } else { Vec::new() };
        let mut backups = jobs::list(look, named, std::time::Duration::ZERO)?.backups;
        backups.retain(|backup| backup.host == point && backup.id != id);
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.time));
        let open = |backup: jobs::Backup| {
            let opened = look.host.directory(&format!("{root}/{}", backup.id));
            Some((backup.id, opened.ok().flatten()?))
        };
        let older = backups.into_iter().take(OLDER).filter_map(open).collect();
        Ok(Self { kept, listed, older })
    }

    /// Whether a file belongs to what is drawn from: with a list of checksums only what it names.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.listed.as_ref().is_none_or(|listed| listed.contains_key(path))
    }

    /// What is known of a file that was restored to a path.
    pub(super) fn judge(
        &self,
        host: &Host,
        newest: &OwnedFd,
        (file, restored): (&File, &Path),
    ) -> Result<Verdict, String> {
        let source = self.kept.iter().find_map(|kept| kept.source(&file.path));
        if source.is_some_and(|source| compare::is_shorter_or_longer(source, file)) {
            let why = "has another size than its source, whose time is the same";
            return Ok(Verdict::Different(why.to_owned()));
        }
        let source = source.map(|source| (host, source.to_owned()));
        match compare::one(file, restored, source)? {
            Verdict::NoSource => {}
            verdict @ (Verdict::Same | Verdict::Whole | Verdict::Different(_)) => {
                return Ok(verdict);
            }
        }
        if let Some(expected) = self.listed.as_ref().and_then(|listed| listed.get(&file.path)) {
            let is_right = compare::of_restored(restored)? == *expected;
            return Ok(match is_right {
                true => Verdict::Whole,
                false => Verdict::Different("differs from the list of checksums".to_owned()),
            });
        }
        self.by_older(newest, file, restored)
    }

    fn by_older(&self, newest: &OwnedFd, file: &File, restored: &Path) -> Result<Verdict, String> {
        let inside = file.path.trim_start_matches('/');
        let which = |file: &std::fs::File| {
            fstat(file).ok().map(|facts| (facts, (facts.st_dev, facts.st_ino)))
        };
        let newest = walk::open(newest, inside).ok().and_then(|file| which(&file));
        let Some((_, newest)) = newest else { return Ok(Verdict::NoSource) };
        for (name, folder) in &self.older {
            let Ok(copy) = walk::open(folder, inside) else { continue };
            let Some((facts, copied)) = which(&copy) else { continue };
            let same = u64::try_from(facts.st_size) == Ok(file.size)
                && file.modified.is_some()
                && walk::time(&facts) == file.modified;
            if !same || copied == newest {
                continue;
            }
            let Ok(expected) = compare::checksum(copy) else { continue };
            return Ok(match compare::of_restored(restored)? == expected {
                true => Verdict::Whole,
                false => Verdict::Different(format!(
                    "differs from the copy in {name}, though neither size nor time did"
                )),
            });
        }
        Ok(Verdict::NoSource)
    }
}

/// A list as sha256sum writes it; lines with escapes name files that cannot be asked for either.
fn listed(look: &mut Look<'_>, path: &str) -> Result<BTreeMap<String, [u8; 32]>, Refusal> {
    let text = look.text(path).here().ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("the list of checksums {path} cannot be read"),
            "let the backed up machine write it before each backup, or correct checksums in the test",
        )
    })?;
    Ok(text.lines().filter_map(sum).collect())
}

pub(super) fn sum(line: &str) -> Option<(String, [u8; 32])> {
    let (digits, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
    let name = name.strip_prefix("./").unwrap_or(name).trim_start_matches('/');
    let mut sum = [0; 32];
    hex::decode_to_slice(digits, &mut sum).ok()?;
    Some((format!("/{name}"), sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_sha256sum_writes_it() {
        let digits = "0f".repeat(32);
        for (rest, expected) in [
            ("  /etc/hosts", Some("/etc/hosts")),
            (" *./my file", Some("/my file")),
            (" one space", None),
        ] {
            let found = sum(&format!("{digits}{rest}"));
            assert_eq!(found.as_ref().map(|(path, _)| path.as_str()), expected, "{rest}");
        }
        assert!(sum("").is_none() && sum(&format!("{}  /x", "zz".repeat(32))).is_none());
        assert!(sum(&format!("\\{digits}  /x")).is_none());
    }
}
