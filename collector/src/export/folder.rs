//! A bundle's folder under construction: a hidden sibling until it is whole and on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use exhibit_proto::bundle::SUMS;
use exhibit_proto::digest::Digest;
use tracing::warn;

use super::ExportError;

pub(super) struct Folder {
    out: PathBuf,
    parent: PathBuf,
    partial: PathBuf,
    sums: BTreeMap<String, Digest>,
    made: BTreeSet<String>,
    bytes: u64,
    finished: bool,
}

impl Folder {
    /// Refuses a name that is taken by anything but an empty folder.
    pub(super) fn begin(out: &Path) -> Result<Self, ExportError> {
        let name = out.file_name().ok_or_else(|| ExportError::NoName(out.to_owned()))?;
        let free = match fs::read_dir(out) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !free {
            return Err(ExportError::Exists(out.to_owned()));
        }
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            Some(_) | None => PathBuf::from("."),
        };
        let name = format!(".{}.{}.partial", name.to_string_lossy(), std::process::id());
        let partial = parent.join(name);
        // Evidence names people and weaknesses: the owner decides who else may read it.
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&partial)
            .map_err(|source| io_at(&partial, source))?;
        let (sums, made) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { out: out.to_owned(), parent, partial, sums, made, bytes: 0, finished: false })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.sums.contains_key(path)
    }

    /// Writes a new file; `path` is one of the bundle's own names.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.store(path, bytes)?;
        self.sums.insert(path.to_owned(), Digest::of(bytes));
        Ok(())
    }

    /// Writes a file that may be there already, with the same content by its name.
    pub(super) fn put_once(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        if self.has(path) { Ok(()) } else { self.put(path, bytes) }
    }

    /// Answers how many files and bytes there are. Steps, and what a crash after each leaves:
    pub(super) fn finish(mut self) -> Result<(u64, u64), ExportError> {
        // 1. The list, last of all files. A crash leaves a hidden `.partial` folder, which nobody takes for a bundle.
        let mut list = String::new();
        for (path, digest) in &self.sums {
            // Writing to a string cannot fail.
            writeln!(list, "{digest}  {path}").unwrap_or_default();
        }
        self.store(SUMS, list.as_bytes())?;
        // 2. Everything to disk at once: a sync for each file would take minutes. As above.
        let folder = File::open(&self.partial).map_err(|source| io_at(&self.partial, source))?;
        rustix::fs::syncfs(&folder).map_err(|error| io_at(&self.partial, error.into()))?;
        // 3. The name. A crash before the parent is synced leaves either the hidden folder or the whole bundle.
        fs::rename(&self.partial, &self.out).map_err(|source| io_at(&self.out, source))?;
        self.finished = true;
        let parent = File::open(&self.parent).map_err(|source| io_at(&self.parent, source))?;
        parent.sync_all().map_err(|source| io_at(&self.parent, source))?;
        Ok((self.sums.len() as u64 + 1, self.bytes))
    }

    fn store(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let place = self.partial.join(path);
        let io = |source| io_at(&place, source);
        if let Some((folder, _)) = path.rsplit_once('/')
            && self.made.insert(folder.to_owned())
        {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(self.partial.join(folder)).map_err(io)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&place).map_err(io)?;
        file.write_all(bytes).map_err(io)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_dir_all(&self.partial)
        {
            let path = self.partial.display();
            warn!(path = %path, %error, "cannot remove the unfinished bundle {path}: {error}");
        }
    }
}

fn io_at(path: &Path, source: io::Error) -> ExportError {
    ExportError::Io { path: path.to_owned(), source }
}
