//! A file that is nobody's until it is whole. It never overwrites unasked and never leaves half a file under the asked name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use exhibit_proto::digest::{Digest, Hasher};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::ReportError;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// A file beside the asked one, under a name of its own.
pub struct Draft {
    out: PathBuf,
    partial: PathBuf,
    file: File,
    force: bool,
    kept: bool,
}

/// A file without a name: gone with its last handle.
pub struct Scratch(File);

impl Draft {
    /// Begins the file `out`, which must not exist unless `force` says so.
    pub fn begin(out: &Path, force: bool) -> Result<Self, ReportError> {
        let name = out.file_name().ok_or_else(|| ReportError::NoName(out.to_owned()))?;
        if out.is_dir() {
            return Err(ReportError::NoName(out.to_owned()));
        }
        // Said before the work; asked again by the rename itself.
        if !force && out.symlink_metadata().is_ok() {
            return Err(ReportError::Exists(out.to_owned()));
        }
        let name = format!(".{}.{}.partial", name.to_string_lossy(), std::process::id());
        let partial = out.with_file_name(name);
        let file = create(&partial).map_err(|source| io_at(&partial, source))?;
        Ok(Self { out: out.to_owned(), partial, file, force, kept: false })
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Brings the bytes to disk; answers their digest and number.
    pub fn settle(&mut self) -> Result<(Digest, u64), ReportError> {
        self.file.sync_all()?;
        Ok(digest(&mut self.file)?)
    }

    /// Gives the whole file its name. Steps, and what a crash after each leaves: 1. the rename: either nothing or the whole
    /// file; 2. the folder to disk: the whole file.
    pub fn keep(mut self) -> Result<(), ReportError> {
        let at = |error: rustix::io::Errno| {
            if error == rustix::io::Errno::EXIST {
                ReportError::Exists(self.out.clone())
            } else {
                io_at(&self.out, error.into())
            }
        };
        let flags = if self.force { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &self.partial, CWD, &self.out, flags).map_err(at)?;
        self.kept = true;
        let folder = match self.out.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| io_at(folder, source))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.partial)
        {
            let path = self.partial.display();
            tracing::warn!(path = %path, %error, "cannot remove the unfinished report {path}: {error}");
        }
    }
}

impl Scratch {
    /// A new file in a folder of ours.
    pub fn new(folder: &Path) -> Result<Self, ReportError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".report.{}.{number}.partial", std::process::id()));
        let file = create(&path).map_err(|source| io_at(&path, source))?;
        fs::remove_file(&path).map_err(|source| io_at(&path, source))?;
        Ok(Self(file))
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.0
    }

    /// The file from its beginning, with its digest and number of bytes.
    pub fn settle(mut self) -> Result<(File, Digest, u64), ReportError> {
        let (digest, bytes) = digest(&mut self.0)?;
        self.0.rewind()?;
        Ok((self.0, digest, bytes))
    }
}

fn digest(file: &mut File) -> io::Result<(Digest, u64)> {
    file.rewind()?;
    let (mut hasher, mut bytes) = (Hasher::default(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
        bytes += read.len() as u64;
    }
    Ok((hasher.finish(), bytes))
}

/// Evidence names people and weaknesses: the owner decides who else may read it.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

fn io_at(path: &Path, source: io::Error) -> ReportError {
    ReportError::Io { path: path.to_owned(), source }
}
