//! The private folder of one restore test. It is locked while it is used, wiped after, and a folder that a killed run
//! left behind is wiped by the next.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use exhibit_plugin::OutcomeKind;
use rustix::fd::AsRawFd as _;
use rustix::fs::{FlockOperation, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::jobs::Refusal;

const PREFIX: &str = "exhibit-restore-";
/// Kept free besides what is restored.
const RESERVE: u64 = 64 * 1024 * 1024;

/// A folder that goes with this value.
pub(crate) struct Scratch {
    folder: TempDir,
    /// Held until the process ends, however it ends.
    _lock: rustix::fd::OwnedFd,
}

impl Scratch {
    /// Wipes what dead runs left in `base`, then makes a folder there that only this user may enter.
    pub(crate) fn new(base: &Path, warn: &mut dyn FnMut(String)) -> Result<Self, Refusal> {
        sweep(base, warn);
        let unusable = |error: &dyn std::fmt::Display| {
            Refusal::new(
                OutcomeKind::Failed,
                format!("no scratch folder can be made in {}: {error}", base.display()),
                "name a scratch folder in the test that exists and that the plugin may write to",
            )
        };
        // 0700 from the first moment on.
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(base)
            .map_err(|error| unusable(&error))?;
        let lock = locked(folder.path()).ok_or_else(|| unusable(&"it cannot be locked"))?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Refuses when the file system has no room for that many bytes.
    pub(crate) fn demand(&self, bytes: u64) -> Result<(), Refusal> {
        let Ok(facts) = rustix::fs::statvfs(self.path()) else { return Ok(()) };
        let free = facts.f_bavail.saturating_mul(facts.f_frsize);
        if free >= bytes.saturating_add(RESERVE) {
            return Ok(());
        }
        Err(Refusal::new(
            OutcomeKind::LimitExceeded,
            format!(
                "the sample has {bytes} bytes and {} has {free} free",
                self.path().parent().unwrap_or(self.path()).display()
            ),
            "name a scratch folder with more room in the test, or lower max_mib",
        ))
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When something stays; the next run tries again.
    pub(crate) fn wipe(self) -> Result<(), Refusal> {
        wipe(self.path()).map_err(|error| {
            Refusal::new(
                OutcomeKind::Failed,
                format!("the scratch folder {} cannot be wiped: {error}", self.path().display()),
                "remove it by hand; it holds restored files",
            )
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Wiped already, or a failed test is on its way out: what stays, the next run sweeps.
        wipe(self.folder.path()).unwrap_or(());
    }
}

fn locked(folder: &Path) -> Option<rustix::fd::OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::open(folder, flags, Mode::empty()).ok()?;
    rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).ok()?;
    // A sweep that came between making and locking has taken it away.
    folder.exists().then_some(fd)
}

/// Wipes the folders of this user that no living run has locked.
fn sweep(base: &Path, warn: &mut dyn FnMut(String)) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        use std::os::unix::fs::MetadataExt as _;
        let mine = entry.metadata().is_ok_and(|facts| facts.is_dir() && facts.uid() == own);
        if !mine || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        let Some(_lock) = locked(&path) else { continue };
        match wipe(&path) {
            Ok(()) => {
                warn(format!("wiped {}, left behind by a run that was killed", path.display()))
            }
            Err(error) => warn(format!("cannot wipe {}: {error}", path.display())),
        }
    }
}

/// Lets the owner empty a folder. What became a link meanwhile, on the way to it too, is not followed: whoever restored
/// files there may still be at work.
fn open_up(scratch: &Path, folder: &Path) -> std::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let base = rustix::fs::open(scratch, flags, Mode::empty())?;
    let inside = folder.strip_prefix(scratch).ok().filter(|inside| !inside.as_os_str().is_empty());
    let found = match inside {
        None => base,
        Some(inside) => {
            let bounds = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match rustix::fs::openat2(&base, inside, flags, Mode::empty(), bounds) {
                // A kernel before 5.6 looks at the last part only.
                Err(Errno::NOSYS | Errno::PERM) => {
                    rustix::fs::openat(&base, inside, flags, Mode::empty())
                }
                found => found,
            }?
        }
    };
    let place = format!("/proc/self/fd/{}", found.as_raw_fd());
    fs::set_permissions(place, fs::Permissions::from_mode(0o700))
}

fn wipe(folder: &Path) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    // Folders come back with their old mode, which may forbid their owner to empty them.
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        open_up(folder, &path)?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    fs::remove_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_wiped_and_what_a_living_one_uses_is_not() {
        let base = tempfile::tempdir().unwrap();
        let dead = base.path().join("exhibit-restore-dead");
        fs::create_dir_all(dead.join("closed")).unwrap();
        fs::write(dead.join("closed/secret"), "restored").unwrap();
        fs::set_permissions(dead.join("closed"), fs::Permissions::from_mode(0o500)).unwrap();
        fs::create_dir(base.path().join("somebody-elses")).unwrap();
        let mut warned = Vec::new();
        let living = Scratch::new(base.path(), &mut |text| warned.push(text)).unwrap();
        assert!(!dead.exists());
        assert!(warned[0].contains("exhibit-restore-dead"), "{warned:?}");
        let mode = fs::metadata(living.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let second = Scratch::new(base.path(), &mut |text| panic!("{text}")).unwrap();
        assert!(living.path().exists() && base.path().join("somebody-elses").exists());
        let path = second.path().to_owned();
        second.wipe().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn no_link_leads_the_wiping_out_of_the_folder() {
        let base = tempfile::tempdir().unwrap();
        let outside = base.path().join("outside");
        fs::create_dir_all(outside.join("deep")).unwrap();
        fs::set_permissions(outside.join("deep"), fs::Permissions::from_mode(0o751)).unwrap();
        let scratch = base.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        std::os::unix::fs::symlink(&outside, scratch.join("link")).unwrap();
        for folder in ["link", "link/deep"] {
            assert!(open_up(&scratch, &scratch.join(folder)).is_err(), "{folder}");
        }
        wipe(&scratch).unwrap();
        let mode = fs::metadata(outside.join("deep")).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, scratch.exists()), (0o751, false));
    }

    #[test]
    fn no_room_is_refused_before_anything_is_restored() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(base.path(), &mut |_| {}).unwrap();
        scratch.demand(1).unwrap();
        assert_eq!(scratch.demand(u64::MAX).unwrap_err().outcome, OutcomeKind::LimitExceeded);
    }
}
