//! Reads files below the root of the host that is observed, bounded, and without waiting on pipes or devices.
//!
//! It never writes, and with a root other than `/` no symbolic link leads out of it.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use crate::OutcomeKind;
use crate::plugin::{VETO, Vetoes};
use jiff::Timestamp;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};

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

/// Why a file that is there could not be read. A missing file is not an error.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A right is missing.
    #[error("permission denied reading {0}")]
    Denied(String),
    /// The operator forbids it; the run says so by an outcome of its own.
    #[error("{VETO} ([deny] paths: {pattern}): {path}")]
    Vetoed { path: String, pattern: String },
    /// It is longer than we read.
    #[error("{path} has more than {bound}")]
    TooBig { path: String, bound: String },
    /// It is a pipe, a device or a directory.
    #[error("{path} is {found}, not a {wanted}")]
    Kind { path: String, found: &'static str, wanted: &'static str },
    /// Anything else the kernel says.
    #[error("cannot read {path}: {source}")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl ReadError {
    /// The outcome that says so.
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Denied(_) | Self::Vetoed { .. } => OutcomeKind::Denied,
            Self::TooBig { .. } => OutcomeKind::LimitExceeded,
            Self::Kind { .. } | Self::Io { .. } => OutcomeKind::Failed,
        }
    }

    /// What would help.
    pub fn remedy(&self) -> String {
        match self {
            Self::Denied(path) => format!(
                "give the plugin CAP_DAC_READ_SEARCH (or run it as root) so that it may read {path}"
            ),
            Self::Vetoed { pattern, .. } => format!("take {pattern} out of [deny] paths"),
            Self::TooBig { path, .. } => format!("make {path} smaller; nothing of it was used"),
            Self::Kind { path, wanted, .. } => format!("replace {path} by a {wanted}"),
            Self::Io { path, .. } => format!("look at {path} on the host, for example with ls -l"),
        }
    }
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

    /// Whether the path leads to something; an error counts as no.
    pub fn exists(&self, path: &str) -> bool {
        matches!(self.facts(path), Ok(Some(_)))
    }

    /// Target of a symbolic link as written; none when it is not one.
    pub fn link(&self, path: &str) -> Option<String> {
        let fd = self.open(path, OFlags::PATH | OFlags::NOFOLLOW).ok()??;
        let target = rustix::fs::readlinkat(fd, "", Vec::new()).ok()?;
        Some(target.to_string_lossy().into_owned())
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<Option<OwnedFd>, ReadError> {
        self.allow(path)?;
        let flags = flags | OFlags::CLOEXEC;
        let opened = if self.is_live() {
            rustix::fs::open(path, flags, Mode::empty())
        } else {
            let root = rustix::fs::open(
                &self.root,
                OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .map_err(|errno| error(&self.root.to_string_lossy(), errno))?;
            let inside = path.trim_start_matches('/');
            let inside = if inside.is_empty() { "." } else { inside };
            rustix::fs::openat2(root, inside, flags, Mode::empty(), ResolveFlags::IN_ROOT)
        };
        match opened {
            Ok(fd) => self.allow_opened(&fd).map(|()| Some(fd)),
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

fn error(path: &str, errno: rustix::io::Errno) -> ReadError {
    io_error(path, errno.into())
}

/// What the kernel said about a path, as an error of reading.
pub fn io_error(path: &str, source: io::Error) -> ReadError {
    if source.kind() == io::ErrorKind::PermissionDenied {
        ReadError::Denied(path.to_owned())
    } else {
        ReadError::Io { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn links_do_not_lead_out_of_the_root() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/passwd"), "planted").unwrap();
        symlink("/etc/passwd", root.path().join("absolute")).unwrap();
        symlink("../../../../../etc/passwd", root.path().join("etc/climbing")).unwrap();
        let host = Host::new(root.path());
        assert_eq!(host.text("/absolute").unwrap().unwrap(), "planted");
        assert_eq!(host.text("/etc/climbing").unwrap().unwrap(), "planted");
        assert_eq!(host.text("/etc/none").unwrap(), None);
        assert_eq!(host.text("/etc/passwd/below").unwrap(), None);
        assert_eq!(host.names("/etc").unwrap().unwrap(), ["climbing", "passwd"]);
        assert_eq!(host.names("/").unwrap().unwrap(), ["absolute", "etc"]);
        assert_eq!(host.link("/absolute").unwrap(), "/etc/passwd");
        assert_eq!(host.link("/etc/passwd"), None);
    }

    #[test]
    fn neither_a_link_nor_dots_lead_around_a_veto() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/ssl/private")).unwrap();
        fs::create_dir_all(root.path().join("etc/ssl/certs")).unwrap();
        fs::write(root.path().join("etc/ssl/private/a.key"), "planted").unwrap();
        symlink("/etc/ssl/private/a.key", root.path().join("key")).unwrap();
        symlink("private", root.path().join("etc/ssl/other")).unwrap();
        let vetoes = Vetoes::read(&["/etc/ssl/private/**".to_owned()]).unwrap();
        let host = Host::new(root.path()).without(&vetoes);
        let paths = [
            "/etc/ssl/private/a.key",
            "/key",
            "/etc/ssl/other/a.key",
            "/etc/ssl/certs/../private/a.key",
            "//etc/./ssl/private/a.key",
        ];
        for path in paths {
            let refused = host.text(path).unwrap_err();
            assert!(matches!(refused, ReadError::Vetoed { .. }), "{path}: {refused}");
            assert!(matches!(host.facts(path), Err(ReadError::Vetoed { .. })), "{path}");
        }
        assert!(matches!(host.names("/etc/ssl/other"), Err(ReadError::Vetoed { .. })));
        assert!(host.directory("/etc/ssl/private").is_err());
        assert_eq!(vetoes.met().len(), 1);
        assert_eq!(host.names("/etc/ssl/certs").unwrap().unwrap(), Vec::<String>::new());
        assert!(vetoes.met().is_empty());
        assert_eq!(Host::new(root.path()).text("/key").unwrap().unwrap(), "planted");
    }

    #[test]
    fn a_pipe_and_a_directory_in_place_of_a_file_are_errors_at_once() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR).unwrap();
        fs::create_dir(root.path().join("dir")).unwrap();
        let host = Host::new(root.path());
        assert!(host.text("/pipe").unwrap_err().to_string().contains("a pipe"));
        assert!(host.text("/dir").unwrap_err().to_string().contains("a directory"));
        assert!(host.names("/pipe").unwrap_err().to_string().contains("directory"));
    }

    #[test]
    fn bytes_that_are_not_text_are_read_all_the_same() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("latin"), b"M\xfcller").unwrap();
        let text = Host::new(root.path()).text("/latin").unwrap().unwrap();
        assert_eq!(text, "M\u{fffd}ller");
    }
}
