//! Goes through a tree of files, and opens one of it, without ever following a link or waiting for a pipe.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use jiff::Timestamp;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

use super::super::sample::File;

/// Folders within folders, each of which is held open: deeper ones count as left out.
const DEEPEST: usize = 200;
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// Shows each regular file by its path below the folder, with a leading slash; none for one whose name is no text, and for a
/// folder that is too deep. Ends when it is told to, and then says false.
pub(super) fn files(
    folder: &OwnedFd,
    each: &mut dyn FnMut(Option<File>) -> bool,
) -> io::Result<bool> {
    below(folder, "", 0, each)
}

fn below(
    folder: &OwnedFd,
    path: &str,
    depth: usize,
    each: &mut dyn FnMut(Option<File>) -> bool,
) -> io::Result<bool> {
    let mut folders: Vec<OsString> = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let facts = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(facts) => facts,
            // It went while we looked.
            Err(rustix::io::Errno::NOENT) => continue,
            Err(error) => return Err(error.into()),
        };
        let goes_on = match FileType::from_raw_mode(facts.st_mode) {
            FileType::Directory => {
                folders.push(OsString::from_vec(name.to_bytes().to_vec()));
                continue;
            }
            FileType::RegularFile => each(name.to_str().ok().map(|name| File {
                path: format!("{path}/{name}"),
                size: u64::try_from(facts.st_size).unwrap_or(0),
                modified: time(&facts),
            })),
            FileType::Symlink | FileType::Fifo | FileType::Socket => continue,
            FileType::CharacterDevice | FileType::BlockDevice | FileType::Unknown => continue,
        };
        if !goes_on {
            return Ok(false);
        }
    }
    for name in folders {
        let goes_on = match (name.to_str(), depth < DEEPEST) {
            (Some(text), true) => match openat(folder, name.as_os_str(), FOLDER, Mode::empty()) {
                Ok(found) => below(&found, &format!("{path}/{text}"), depth + 1, each)?,
                Err(rustix::io::Errno::NOENT) => true,
                Err(error) => return Err(error.into()),
            },
            (None, _) | (_, false) => each(None),
        };
        if !goes_on {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn time(facts: &rustix::fs::Stat) -> Option<Timestamp> {
    Timestamp::new(facts.st_mtime, i32::try_from(facts.st_mtime_nsec).unwrap_or(0)).ok()
}

/// Opens a regular file below a folder: no part of the path may be a link.
pub(super) fn open(folder: &OwnedFd, inside: &str) -> io::Result<std::fs::File> {
    let mut parts: Vec<&str> = inside.split('/').filter(|part| !part.is_empty()).collect();
    let climbs = parts.iter().any(|part| matches!(*part, "." | ".."));
    let Some(name) = parts.pop().filter(|_| !climbs) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut at: Option<OwnedFd> = None;
    for part in parts {
        let part = OsStr::from_bytes(part.as_bytes());
        at = Some(openat(at.as_ref().unwrap_or(folder), part, FOLDER, Mode::empty())?);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let found = openat(at.as_ref().unwrap_or(folder), name, flags, Mode::empty())?;
    let found = std::fs::File::from(found);
    if found.metadata()?.is_file() { Ok(found) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
