//! One walk over a directory tree by directory descriptors: no link is followed, no mount is entered, nothing but
//! directories is opened, and time, rate and depth are bounded. It holds one open directory a level and nothing else.

use std::{
    collections::BTreeSet,
    ffi::CStr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    thread,
    time::{Duration, Instant},
};

use exhibit_plugin::plugin::Vetoes;
use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};

/// Open directories at a time; deeper trees are counted as skipped.
const MAX_DEPTH: usize = 400;
/// Entries between two looks at the clock.
const BATCH: u64 = 256;

/// What bounds a walk.
#[derive(Debug)]
pub(super) struct Bounds {
    /// When it must end.
    pub(super) end: Instant,
    /// Entries a second, at most.
    pub(super) rate: u32,
    /// Directories, as paths, that are not entered.
    pub(super) excluded: BTreeSet<Vec<u8>>,
    /// What the operator forbids: neither shown nor entered.
    pub(super) vetoes: Vetoes,
}

/// One thing that was met. Symbolic links are not shown: their mode means nothing.
pub(super) struct Met<'a> {
    /// Directory that holds it, and its name there; none for the start itself.
    pub(super) place: Option<(BorrowedFd<'a>, &'a CStr)>,
    pub(super) path: &'a [u8],
    pub(super) stat: &'a Stat,
}

/// How a walk went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) seen: u64,
    pub(super) denied: u64,
    pub(super) skipped: u64,
    /// Directories on other file systems: mount points.
    pub(super) mounts: u64,
    /// Anything else that went wrong, such as a directory that vanished or a fault of the disk.
    pub(super) faults: u64,
    /// Whether the time was up first.
    pub(super) cut: bool,
}

struct Level {
    dir: Dir,
    /// Length of the directory's path in the shared buffer.
    length: usize,
    device: u64,
}

/// Walks below `start`, whose path is `path`, and shows everything to `visit`.
pub(super) fn walk(
    start: OwnedFd,
    path: &str,
    bounds: &Bounds,
    visit: &mut dyn FnMut(&Met<'_>),
) -> Result<Summary, Errno> {
    let stat = rustix::fs::fstat(&start)?;
    let mut summary = Summary { seen: 1, ..Summary::default() };
    let mut at = path.trim_end_matches('/').as_bytes().to_vec();
    visit(&Met { place: None, path: path.as_bytes(), stat: &stat });
    let (device, length) = (stat.st_dev, at.len());
    let mut levels = vec![Level { dir: Dir::new(start)?, length, device }];
    let began = Instant::now();
    while let Some(level) = levels.last_mut() {
        at.truncate(level.length);
        let entry = match level.dir.next() {
            Some(Ok(entry)) => entry,
            Some(Err(_)) => {
                summary.faults += 1;
                levels.pop();
                continue;
            }
            None => {
                levels.pop();
                continue;
            }
        };
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        summary.seen += 1;
        if summary.seen.is_multiple_of(BATCH) && !keep_pace(began, summary.seen, bounds) {
            summary.cut = true;
            break;
        }
        at.push(b'/');
        at.extend_from_slice(name.to_bytes());
        if !bounds.vetoes.is_empty()
            && bounds.vetoes.forbids(&String::from_utf8_lossy(&at)).is_some()
        {
            summary.skipped += 1;
            continue;
        }
        let known = entry.file_type();
        if known == FileType::Symlink {
            continue;
        }
        let Ok(fd) = level.dir.fd() else { continue };
        let stat =
            match rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT) {
                Ok(stat) => stat,
                Err(errno) => {
                    count(&mut summary, errno);
                    continue;
                }
            };
        visit(&Met { place: Some((fd, name)), path: &at, stat: &stat });
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            continue;
        }
        if bounds.excluded.contains(&at) || levels.len() >= MAX_DEPTH {
            summary.skipped += 1;
            continue;
        }
        if let Some(next) = enter(&levels, name, &mut summary) {
            let length = at.len();
            levels.push(Level { length, ..next });
        }
    }
    Ok(summary)
}

/// Opens a directory of the deepest level; none when it must not or cannot be entered, which is counted.
fn enter(levels: &[Level], name: &CStr, summary: &mut Summary) -> Option<Level> {
    let parent = levels.last()?;
    let fd = match open(parent.dir.fd().ok()?.as_fd(), name, parent.device) {
        Ok(fd) => fd,
        Err(Errno::XDEV) => {
            summary.mounts += 1;
            return None;
        }
        Err(errno) => {
            count(summary, errno);
            return None;
        }
    };
    let device = rustix::fs::fstat(&fd).map_or(parent.device, |stat| stat.st_dev);
    match Dir::new(fd) {
        Ok(dir) => Some(Level { dir, length: 0, device }),
        Err(errno) => {
            count(summary, errno);
            None
        }
    }
}

fn open(parent: BorrowedFd<'_>, name: &CStr, device: u64) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY
        | OFlags::DIRECTORY
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    // Mounts are told by the kernel, so that subvolumes of btrfs, which have other device numbers, are still entered.
    let bounds = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
    match rustix::fs::openat2(parent, name, flags, Mode::empty(), bounds) {
        // Kernels before 5.6, and sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => {
            let fd = rustix::fs::openat(parent, name, flags, Mode::empty())?;
            if rustix::fs::fstat(&fd)?.st_dev == device { Ok(fd) } else { Err(Errno::XDEV) }
        }
        answer => answer,
    }
}

fn count(summary: &mut Summary, errno: Errno) {
    match errno {
        Errno::ACCESS | Errno::PERM => summary.denied += 1,
        // Gone since the directory was read.
        Errno::NOENT => {}
        _ => summary.faults += 1,
    }
}

/// Waits when the walk is faster than it may be; false when the time is up.
fn keep_pace(began: Instant, seen: u64, bounds: &Bounds) -> bool {
    let due = Duration::from_millis(seen.saturating_mul(1000) / u64::from(bounds.rate.max(1)));
    let ahead = due.saturating_sub(began.elapsed());
    let left = bounds.end.saturating_duration_since(Instant::now());
    if !ahead.is_zero() {
        thread::sleep(ahead.min(left));
    }
    !left.is_zero()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{ffi::OsStrExt, fs::symlink},
        path::Path,
    };

    use super::*;

    fn bounds(seconds: u64) -> Bounds {
        let end = Instant::now() + Duration::from_secs(seconds);
        Bounds { end, rate: 1_000_000, excluded: BTreeSet::new(), vetoes: Vetoes::default() }
    }

    fn paths(root: &Path, bounds: &Bounds) -> (Vec<Vec<u8>>, Summary) {
        let mut met = Vec::new();
        let start = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
        let summary =
            walk(start.unwrap(), "/", bounds, &mut |one| met.push(one.path.to_vec())).unwrap();
        met.sort();
        (met, summary)
    }

    #[test]
    fn odd_names_are_met_and_neither_links_nor_pipes_hold_the_walk() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("d/e")).unwrap();
        symlink("..", root.path().join("d/e/loop")).unwrap();
        symlink("/", root.path().join("out")).unwrap();
        let pipe = root.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR).unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"a\n\xff");
        fs::write(root.path().join(odd), "").unwrap();
        let (met, summary) = paths(root.path(), &bounds(60));
        let expected: [&[u8]; 5] = [b"/", b"/a\n\xff", b"/d", b"/d/e", b"/pipe"];
        assert_eq!(met, expected);
        assert_eq!((summary.seen, summary.denied, summary.faults, summary.cut), (7, 0, 0, false));
    }

    #[test]
    fn excluded_and_far_too_deep_directories_are_counted() {
        let root = tempfile::tempdir().unwrap();
        let deep: String = (0..MAX_DEPTH + 20).map(|_| "d/").collect();
        fs::create_dir_all(root.path().join(deep)).unwrap();
        fs::create_dir_all(root.path().join("no/inside")).unwrap();
        let mut bounds = bounds(60);
        bounds.excluded.insert(b"/no".to_vec());
        let (met, summary) = paths(root.path(), &bounds);
        assert_eq!(summary.skipped, 2);
        assert!(!met.contains(&b"/no/inside".to_vec()));
        assert_eq!(met.len(), MAX_DEPTH + 2);
    }

    #[test]
    fn a_walk_ends_when_its_time_is_up_and_says_so() {
        let root = tempfile::tempdir().unwrap();
        for name in 0..600 {
            fs::write(root.path().join(name.to_string()), "").unwrap();
        }
        let (met, summary) = paths(root.path(), &bounds(0));
        assert!(summary.cut);
        assert!(met.len() < 600, "{}", met.len());
    }
}
