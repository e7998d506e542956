//! A bundle's folder under construction: a hidden sibling until it is whole and on disk.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use exhibit_proto::bundle::SUMS;
use exhibit_proto::digest::{Digest, Hasher};
use tracing::warn;

use super::ExportError;

pub(super) struct Folder {
    out: PathBuf,
    parent: PathBuf,
    partial: PathBuf,
    /// A line for each file, written as they are: a million items have three million files.
    sums: BufWriter<File>,
    made: BTreeSet<String>,
    files: u64,
    bytes: u64,
    finished: bool,
}

/// A file of the bundle that is written piece by piece.
pub(super) struct Growing {
    path: &'static str,
    place: PathBuf,
    file: BufWriter<File>,
    hasher: Hasher,
    bytes: u64,
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Growing {
    pub(super) fn failed(&self, source: io::Error) -> ExportError {
        io_at(&self.place, source)
    }
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
        let place = partial.join(SUMS);
        let sums = create(&place).map_err(|source| io_at(&place, source))?;
        Ok(Self {
            out: out.to_owned(),
            parent,
            partial,
            sums: BufWriter::new(sums),
            made: BTreeSet::new(),
            files: 1,
            bytes: 0,
            finished: false,
        })
    }

    /// Whether the file was written before. The folder itself remembers.
    pub(super) fn has(&self, path: &str) -> bool {
        self.partial.join(path).exists()
    }

    /// Writes a new file; `path` is one of the bundle's own names.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let place = self.place(path)?;
        let written = create(&place).and_then(|mut file| file.write_all(bytes));
        written.map_err(|source| io_at(&place, source))?;
        self.note(path, Digest::of(bytes), bytes.len() as u64)
    }

    /// Begins a file that grows while others are written.
    pub(super) fn begin_file(&mut self, path: &'static str) -> Result<Growing, ExportError> {
        let place = self.place(path)?;
        let file = BufWriter::new(create(&place).map_err(|source| io_at(&place, source))?);
        Ok(Growing { path, place, file, hasher: Hasher::default(), bytes: 0 })
    }

    /// Answers the file's digest.
    pub(super) fn end_file(&mut self, mut growing: Growing) -> Result<Digest, ExportError> {
        growing.flush().map_err(|source| io_at(&growing.place, source))?;
        let digest = growing.hasher.finish();
        self.note(growing.path, digest, growing.bytes)?;
        Ok(digest)
    }

    /// Writes a file that may be there already, with the same content by its name.
    pub(super) fn put_once(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        if self.has(path) { Ok(()) } else { self.put(path, bytes) }
    }

    /// Answers how many files and bytes there are. Steps, and what a crash after each leaves:
    pub(super) fn finish(mut self) -> Result<(u64, u64), ExportError> {
        // 1. The rest of the list. A crash leaves a hidden `.partial` folder, which nobody takes for a bundle.
        let list = self.partial.join(SUMS);
        self.sums.flush().map_err(|source| io_at(&list, source))?;
        // 2. Everything to disk at once: a sync for each file would take minutes. As above.
        let folder = File::open(&self.partial).map_err(|source| io_at(&self.partial, source))?;
        rustix::fs::syncfs(&folder).map_err(|error| io_at(&self.partial, error.into()))?;
        // 3. The name. A crash before the parent is synced leaves either the hidden folder or the whole bundle.
        fs::rename(&self.partial, &self.out).map_err(|source| io_at(&self.out, source))?;
        self.finished = true;
        let parent = File::open(&self.parent).map_err(|source| io_at(&self.parent, source))?;
        parent.sync_all().map_err(|source| io_at(&self.parent, source))?;
        Ok((self.files, self.bytes))
    }

    /// Where a file goes; its folder is made.
    fn place(&mut self, path: &str) -> Result<PathBuf, ExportError> {
        let place = self.partial.join(path);
        if let Some((folder, _)) = path.rsplit_once('/')
            && self.made.insert(folder.to_owned())
        {
            let mut builder = fs::DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(self.partial.join(folder));
            made.map_err(|source| io_at(&place, source))?;
        }
        Ok(place)
    }

    fn note(&mut self, path: &str, digest: Digest, bytes: u64) -> Result<(), ExportError> {
        let line = format!("{digest}  {path}\n");
        let list = self.partial.join(SUMS);
        self.sums.write_all(line.as_bytes()).map_err(|source| io_at(&list, source))?;
        self.files += 1;
        self.bytes += bytes + line.len() as u64;
        Ok(())
    }
}

fn create(place: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)
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
