//! Reads files below the root of the host that is observed, bounded, and without waiting on pipes or devices.
//!
//! It never writes, and with a root other than `/` no symbolic link leads out of it.

mod error;

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use crate::plugin::Vetoes;
use jiff::Timestamp;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};

use self::error::error;
pub use self::error::{ReadError, io_error};

/// Largest file that is read whole, in bytes; a package database of 10,000 packages has about 10 MiB.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Most names that are taken from one directory.
const MAX_NAMES: usize = 100_000;

/// Longest extended attribute that is read.
const MAX_ATTRIBUTE: usize = 16 * 1024;

/// The host below one root.
#[derive(Clone, Debug)]
pub struct Host {
    root: PathBuf,
    vetoes: Vetoes,
}

/// Facts about one file.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Last change of the content.
    pub modified: Option<Timestamp>,
    /// Permission bits and type, as in `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Length in bytes.
    pub size: u64,
    /// Whether it is a directory.
    pub directory: bool,
}

impl Host {
    /// The host below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), vetoes: Vetoes::default() }
    }

    /// The same host without what is forbidden.
    pub fn without(self, vetoes: &Vetoes) -> Self {
        Self { vetoes: vetoes.clone(), ..self }
    }

    /// Refuses what is forbidden.
    fn allow(&self, path: &str) -> Result<(), ReadError> {
        match self.vetoes.forbids(path) {
            Some(pattern) => Err(ReadError::Vetoed { path: path.to_owned(), pattern }),
            None => Ok(()),
        }
    }

    /// Refuses what is forbidden under the name that the kernel has for it, so that no link leads around a veto.
    fn allow_opened(&self, fd: &OwnedFd) -> Result<(), ReadError> {
        if self.vetoes.is_empty() {
            return Ok(());
        }
        let place = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let real =
            rustix::fs::readlink(&place, Vec::new()).map_err(|errno| error(&place, errno))?;
        let real = real.to_string_lossy();
        let inside =
            self.root.to_str().and_then(|root| real.strip_prefix(root.trim_end_matches('/')));
        self.allow(inside.unwrap_or(&real))
    }

    /// Whether this is the running host, so that its tools, `/proc` and the kernel speak of it.
    pub fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Content of a file; none when there is no such file.
    pub fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let content = self.head(path, MAX_FILE + 1)?;
        match content {
            Some(bytes) if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE => {
                let bound = format!("{MAX_FILE} bytes");
                Err(ReadError::TooBig { path: path.to_owned(), bound })
            }
            content => Ok(content),
        }
    }

    /// Shows the content of a file in pieces, for files of any size, and tells its length; none when there is no such
    /// file.
    pub fn stream(
        &self,
        path: &str,
        piece: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<u64>, ReadError> {
        let Some(mut file) = self.file(path)? else { return Ok(None) };
        let mut buffer = vec![0; 128 * 1024];
        let mut total = 0_u64;
        loop {
            let length = file.read(&mut buffer).map_err(|source| io_error(path, source))?;
            let read = buffer.get(..length).filter(|read| !read.is_empty());
            let Some(read) = read else { return Ok(Some(total)) };
            piece(read);
            total = total.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    }

    /// The first `length` bytes of a file, or all of a shorter one; none when there is no such file.
    pub fn head(&self, path: &str, length: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let mut content = Vec::new();
        let read = file.take(length).read_to_end(&mut content);
        read.map_err(|source| io_error(path, source))?;
        Ok(Some(content))
    }

    /// A regular file, open for reading; for what is too long to be read whole. None when there is no such file.
    pub fn file(&self, path: &str) -> Result<Option<File>, ReadError> {
        // NONBLOCK: a pipe in place of a file must not hold up the run.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let Some(fd) = self.open(path, flags)? else { return Ok(None) };
        let stat = rustix::fs::fstat(&fd).map_err(|errno| error(path, errno))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::RegularFile {
            let found = type_name(kind);
            return Err(ReadError::Kind { path: path.to_owned(), found, wanted: "file" });
        }
        Ok(Some(File::from(fd)))
    }

    /// The same as text; bytes that are not UTF-8 become the replacement character.
    pub fn text(&self, path: &str) -> Result<Option<String>, ReadError> {
        let content = self.bytes(path)?;
        Ok(content.map(|bytes| match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }))
    }

    /// Names in a directory, sorted; none when there is no such directory.
    pub fn names(&self, path: &str) -> Result<Option<Vec<String>>, ReadError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let Some(fd) = self.open(path, flags)? else { return Ok(None) };
        let mut names = Vec::new();
        let directory = rustix::fs::Dir::new(fd).map_err(|errno| error(path, errno))?;
        for entry in directory {
            let entry = entry.map_err(|errno| error(path, errno))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_string_lossy();
            if name != "." && name != ".." {
                names.push(name.into_owned());
            }
            if names.len() > MAX_NAMES {
                let bound = format!("{MAX_NAMES} names");
                return Err(ReadError::TooBig { path: path.to_owned(), bound });
            }
        }
        names.sort();
        Ok(Some(names))
    }

    /// Facts about a file or directory, following links; none when there is none.
    pub fn facts(&self, path: &str) -> Result<Option<Facts>, ReadError> {
        let Some(fd) = self.open(path, OFlags::PATH)? else { return Ok(None) };
        let stat = rustix::fs::fstat(&fd).map_err(|errno| error(path, errno))?;
        Ok(Some(facts_of(&stat)))
    }

    /// A directory, opened for reading; none when there is no such directory.
    pub fn directory(&self, path: &str) -> Result<Option<OwnedFd>, ReadError> {
        self.open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK)
    }

    /// An extended attribute of a file, following links; none when it has none or it cannot be read.
    pub fn attribute(&self, path: &str, name: &str) -> Option<Vec<u8>> {
        let fd = self.open(path, OFlags::PATH).ok()??;
        // The kernel gives no attributes of a path-only descriptor but by this name.
        let place = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let mut value = vec![0; MAX_ATTRIBUTE];
        let length = rustix::fs::getxattr(place, name, &mut value[..]).ok()?;
        value.truncate(length);
        Some(value)
    }

    /// Whether the path leads to something; an error counts as no, but for a link that leads to itself: that is something, and
    /// whoever reads it is told what.
    pub fn exists(&self, path: &str) -> bool {
        match self.facts(path) {
            Ok(found) => found.is_some(),
            Err(error) => error.is_loop(),
        }
    }

    /// Target of a symbolic link as written; none when it is not one.
    pub fn link(&self, path: &str) -> Option<String> {
        let fd = self.open(path, OFlags::PATH | OFlags::NOFOLLOW).ok()??;
        let target = rustix::fs::readlinkat(fd, "", Vec::new()).ok()?;
        Some(target.to_string_lossy().into_owned())
    }

    /// Whether nothing forbids a path, for what is read by other means than this; a path that is forbidden is noted.
    pub fn allows(&self, path: &str) -> bool {
        self.allow(path).is_ok()
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<Option<OwnedFd>, ReadError> {
        self.allow(path)?;
        let flags = flags | OFlags::CLOEXEC;
        let opened = if self.vetoes.is_empty() {
            self.open_as(path, flags)?
        } else {
            // A link may lead to what is forbidden, so what is there is named before it is opened.
            let follow = flags & OFlags::NOFOLLOW;
            match self.open_as(path, OFlags::PATH | OFlags::CLOEXEC | follow)? {
                Ok(named) => {
                    self.allow_opened(&named)?;
                    if flags.contains(OFlags::PATH) {
                        return Ok(Some(named));
                    }
                    let place = format!("/proc/self/fd/{}", named.as_raw_fd());
                    rustix::fs::open(place, flags, Mode::empty())
                }
                Err(errno) => Err(errno),
            }
        };
        match opened {
            Ok(fd) => Ok(Some(fd)),
            Err(errno) if errno == rustix::io::Errno::NOENT => Ok(None),
            // A path through a file: nothing can be there. A file where a directory is wanted is a fault of its own.
            Err(errno) if errno == rustix::io::Errno::NOTDIR => {
                if flags.contains(OFlags::DIRECTORY) && self.exists(path) {
                    let path = path.to_owned();
                    return Err(ReadError::Kind { path, found: "a file", wanted: "directory" });
                }
                Ok(None)
            }
            Err(errno) => Err(error(path, errno)),
        }
    }

    fn open_as(&self, path: &str, flags: OFlags) -> Result<rustix::io::Result<OwnedFd>, ReadError> {
        if self.is_live() {
            return Ok(rustix::fs::open(path, flags, Mode::empty()));
        }
        let whole = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&self.root, whole, Mode::empty())
            .map_err(|errno| error(&self.root.to_string_lossy(), errno))?;
        let inside = path.trim_start_matches('/');
        let inside = if inside.is_empty() { "." } else { inside };
        Ok(rustix::fs::openat2(root, inside, flags, Mode::empty(), ResolveFlags::IN_ROOT))
    }
}

fn facts_of(stat: &Stat) -> Facts {
    let nanoseconds = i32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    Facts {
        modified: Timestamp::new(stat.st_mtime, nanoseconds).ok(),
        mode: stat.st_mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        directory: FileType::from_raw_mode(stat.st_mode) == FileType::Directory,
    }
}

fn type_name(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of an unknown kind",
    }
}

#[cfg(test)]
mod tests;
