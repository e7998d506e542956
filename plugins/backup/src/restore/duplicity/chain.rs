//! The signatures of a full backup and of what was added to it, as duplicity keeps them in its cache: which regular files
//! the newest backup holds, when they changed, and what each must look like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use exhibit_plugin::OutcomeKind;
use jiff::Timestamp;

use super::super::sample::File;
pub(super) use super::signature::Signed;
use super::tar;
use crate::jobs::Refusal;

/// Most that a manifest says of the whole backup; it comes first.
const HEAD: u64 = 64 * 1024;
/// Largest signature of a file: one of 5 GB has some 30 MB.
const MOST: u64 = 64 * 1024 * 1024;

/// The parts of a chain that lead to one backup, the newest first and the full one last.
#[derive(Debug)]
pub(super) struct Chain {
    parts: Vec<PathBuf>,
    /// The host it was made on.
    pub(super) host: Option<String>,
    /// The folder that was backed up, without a slash at its end; none where the backup does not say its whole path.
    folder: Option<String>,
}

impl Chain {
    /// Looks for it in a cache: one folder for the one repository.
    pub(super) fn find(cache: &Path, id: &str) -> Result<Self, Refusal> {
        let folder = fs::read_dir(cache).ok().and_then(|mut entries| entries.next()?.ok());
        let folder = folder.ok_or_else(|| odd("it left no signatures in its cache"))?.path();
        let entries = fs::read_dir(&folder).map_err(|error| odd(&error.to_string()))?;
        let names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let mut parts = Vec::new();
        let mut id = id.to_owned();
        loop {
            let (start, previous) = match id
                .strip_prefix("inc.")
                .and_then(|rest| rest.split_once(".to."))
            {
                Some((from, to)) => (
                    format!("duplicity-new-signatures.{from}.to.{to}.sigtar"),
                    Some(from.to_owned()),
                ),
                None => (
                    format!("duplicity-full-signatures.{}.sigtar", id.trim_start_matches("full.")),
                    None,
                ),
            };
            let found = names.iter().find(|name| name.starts_with(&start));
            let found =
                found.ok_or_else(|| odd("the signatures of a part of the chain are missing"))?;
            parts.push(folder.join(found));
            let Some(previous) = previous else { break };
            let before = names.iter().find_map(|name| {
                let rest = name.strip_prefix("duplicity-new-signatures.")?;
                let (from, to) = rest.split_once(".to.")?;
                (to.split('.').next()? == previous).then(|| format!("inc.{from}.to.{previous}"))
            });
            id = before.unwrap_or_else(|| format!("full.{previous}"));
            if parts.len() > names.len() {
                return Err(odd("its parts follow each other in a circle"));
            }
        }
        let (host, folder) = told(&folder, &names);
        Ok(Self { parts, host, folder })
    }

    /// Whether the paths of its files are those of their sources.
    pub(super) fn has_paths(&self) -> bool {
        self.folder.is_some()
    }

    /// A path of its files as duplicity knows it.
    pub(super) fn inside<'a>(&self, path: &'a str) -> &'a str {
        let prefix = self.folder.as_deref().unwrap_or_default();
        path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/')
    }

    /// Shows every regular file; none for one whose name is no text.
    pub(super) fn files(
        &self,
        end: Instant,
        each: &mut dyn FnMut(Option<File>),
    ) -> Result<(), Refusal> {
        self.walk(end, &mut |path, entry, content| {
            let Some(path) = path else {
                each(None);
                return Ok(());
            };
            let mut head = [0; 12];
            let size = match content.read_exact(&mut head) {
                Ok(()) => Signed::most(&head, entry.size),
                Err(_) => None,
            };
            each(Some(File { path, size: size.unwrap_or(0), modified: entry.modified }));
            Ok(())
        })
    }

    /// The signatures of some files by their paths.
    pub(super) fn signatures(
        &self,
        files: &[File],
        end: Instant,
    ) -> Result<BTreeMap<String, Signed>, Refusal> {
        let wanted: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let mut found = BTreeMap::new();
        self.walk(end, &mut |path, _, content| {
            if let Some(path) = path.filter(|path| wanted.contains(path.as_str())) {
                let mut bytes = Vec::new();
                content.take(MOST).read_to_end(&mut bytes)?;
                found.insert(path, Signed::new(bytes));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Goes through all parts, the newest first: what a newer one says of a path counts.
    fn walk(&self, end: Instant, each: &mut Each<'_>) -> Result<(), Refusal> {
        let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
        let prefix = self.folder.clone().unwrap_or_default();
        let newer = self.parts.len().saturating_sub(1);
        for (number, part) in self.parts.iter().enumerate() {
            let walked = opened(part).and_then(|stream| {
                tar::entries(stream, &mut |entry, content| {
                    if Instant::now() >= end {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    let Some(at) = entry.path.iter().position(|byte| *byte == b'/') else {
                        return Ok(());
                    };
                    let (what, path) = entry.path.split_at(at);
                    let path = path.strip_prefix(b"/").unwrap_or(path);
                    // The full one comes last and is by far the longest: its own names need not be kept.
                    if seen.contains(path) || (number < newer && !seen.insert(path.to_vec())) {
                        return Ok(());
                    }
                    if what != b"signature" {
                        return Ok(());
                    }
                    let path =
                        std::str::from_utf8(path).ok().map(|path| format!("{prefix}/{path}"));
                    each(path, entry, content)
                })
            });
            match walked {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(late()),
                Err(error) => return Err(odd(&format!("its signatures cannot be read: {error}"))),
            }
        }
        Ok(())
    }
}

type Each<'a> = dyn FnMut(Option<String>, &tar::Entry, &mut dyn io::Read) -> io::Result<()> + 'a;

fn opened(path: &Path) -> io::Result<Box<dyn io::Read>> {
    let file = io::BufReader::new(fs::File::open(path)?);
    let is_packed = path.extension().is_some_and(|end| end == "gz");
    Ok(match is_packed {
        true => Box::new(io::BufReader::new(flate2::read::MultiGzDecoder::new(file))),
        false => Box::new(file),
    })
}

/// Host and folder, by the newest manifest.
fn told(folder: &Path, names: &[String]) -> (Option<String>, Option<String>) {
    let manifest = names.iter().filter(|name| name.contains(".manifest")).max();
    let mut head = Vec::new();
    let opened = manifest.and_then(|name| fs::File::open(folder.join(name)).ok());
    if opened.is_none_or(|file| file.take(HEAD).read_to_end(&mut head).is_err()) {
        head.clear();
    }
    // It names files further down, which may be no text.
    let text = String::from_utf8_lossy(&head);
    let value = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim)
    };
    // What would need quotes is put into them, with escapes.
    let plain = |text: &&str| !text.is_empty() && !text.starts_with('"');
    let folder = value("Localdir").filter(plain).filter(|folder| folder.starts_with('/'));
    let host = value("Hostname").filter(plain).map(str::to_owned);
    (host, folder.map(|folder| folder.trim_end_matches('/').to_owned()))
}

pub(super) fn seconds(text: i64) -> Option<Timestamp> {
    Timestamp::from_second(text).ok()
}

fn odd(why: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("the backup of duplicity cannot be gone through: {why}"),
        "run duplicity collection-status and list-current-files by hand",
    )
}

fn late() -> Refusal {
    Refusal::new(
        OutcomeKind::TimedOut,
        "the signatures of the backup could not be gone through in time",
        "raise the deadline of the agent",
    )
}
