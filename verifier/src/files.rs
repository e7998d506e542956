//! Reads the files of a bundle, bounded. It opens only what it found by walking the folder, so no path that a bundle
//! contains can lead outside; links, devices and pipes are never followed or opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use exhibit_proto::digest::{Digest, Hasher};

/// Files a bundle may have: far above any real one, so that a hostile one cannot fill memory.
const MAX_FILES: usize = 5_000_000;
/// Deepest folder: entry bundles of the largest log stand nine deep.
const MAX_DEPTH: usize = 16;

/// A bundle's folder, walked once.
pub struct Folder {
    root: PathBuf,
    /// Relative path with `/` → size in bytes.
    found: BTreeMap<String, u64>,
    /// Entries that are no plain files, and what they are.
    refused: Vec<(String, &'static str)>,
    /// What some check has asked for: the rest belongs to nothing.
    asked: Mutex<BTreeSet<String>>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0} is missing from the bundle")]
    Absent(String),
    #[error("{path} has {found} bytes; at most {limit} belong there")]
    TooLarge { path: String, found: u64, limit: u64 },
    #[error("{0} changed its nature while it was read")]
    Changed(String),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("{0} is not a folder: name the folder that holds the bundle")]
    NotAFolder(String),
    #[error(
        "the folder has more than {MAX_FILES} files or is nested deeper than {MAX_DEPTH}: this is not a bundle"
    )]
    TooMany,
}

impl Folder {
    /// Walks `root`, which itself may be a link: the person who runs this named it.
    pub fn open(root: &Path) -> Result<Self, FileError> {
        let shown = root.display().to_string();
        let facts =
            fs::metadata(root).map_err(|source| FileError::Io { path: shown.clone(), source })?;
        if !facts.is_dir() {
            return Err(FileError::NotAFolder(shown));
        }
        let mut folder = Self {
            root: root.to_owned(),
            found: BTreeMap::new(),
            refused: Vec::new(),
            asked: Mutex::default(),
        };
        folder.walk()?;
        Ok(folder)
    }

    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.found.iter().map(|(path, size)| (path.as_str(), *size))
    }

    /// Links, devices, pipes and names that are not text.
    pub fn refused(&self) -> &[(String, &'static str)] {
        &self.refused
    }

    pub fn has(&self, path: &str) -> bool {
        self.found.contains_key(path)
    }

    /// Whether any file stands under `prefix`, such as `tile/entries/`.
    pub fn has_under(&self, prefix: &str) -> bool {
        let first = self.found.range(prefix.to_owned()..).next();
        first.is_some_and(|(path, _)| path.starts_with(prefix))
    }

    /// The whole file, if it has at most `limit` bytes.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let file = self.file(path)?;
        let mut bytes = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
        let found = bytes.len() as u64;
        if found > limit {
            let found = self.found.get(path).copied().unwrap_or(found).max(found);
            return Err(FileError::TooLarge { path: path.to_owned(), found, limit });
        }
        Ok(bytes)
    }

    /// The digest of a file of any size, in constant memory.
    pub fn digest(&self, path: &str) -> Result<Digest, FileError> {
        let mut file = self.file(path)?;
        let (mut hasher, mut buffer) = (Hasher::default(), vec![0; 128 << 10]);
        loop {
            let read = file.read(&mut buffer);
            let read = read.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Ok(hasher.finish());
            };
            hasher.update(bytes);
        }
    }

    /// Says that `path` belongs to the bundle, whether or not it was read.
    pub fn claim(&self, path: &str) {
        self.asked().insert(path.to_owned());
    }

    /// Files that nothing in the bundle refers to.
    pub fn unclaimed(&self) -> Vec<&str> {
        let asked = self.asked();
        self.found.keys().filter(|path| !asked.contains(*path)).map(String::as_str).collect()
    }

    fn asked(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &str) -> Result<File, FileError> {
        if !self.has(path) {
            return Err(FileError::Absent(path.to_owned()));
        }
        let io = |source| FileError::Io { path: path.to_owned(), source };
        let place = self.root.join(path);
        if !fs::symlink_metadata(&place).map_err(io)?.is_file() {
            return Err(FileError::Changed(path.to_owned()));
        }
        File::open(place).map_err(io)
    }

    fn walk(&mut self) -> Result<(), FileError> {
        let mut open = vec![(self.root.clone(), String::new(), 0)];
        while let Some((place, prefix, depth)) = open.pop() {
            let shown =
                if prefix.is_empty() { place.display().to_string() } else { prefix.clone() };
            let io = |source| FileError::Io { path: shown.clone(), source };
            for entry in fs::read_dir(&place).map_err(io)? {
                let entry = entry.map_err(io)?;
                let facts = fs::symlink_metadata(entry.path()).map_err(io)?;
                let name = entry.file_name();
                let path = format!("{prefix}{}", name.to_string_lossy());
                if self.found.len() + self.refused.len() + open.len() >= MAX_FILES
                    || depth >= MAX_DEPTH
                {
                    return Err(FileError::TooMany);
                }
                if name.to_str().is_none() {
                    self.refused.push((path, "name is not UTF-8"));
                } else if facts.is_dir() {
                    open.push((entry.path(), format!("{path}/"), depth + 1));
                } else if facts.is_file() {
                    self.found.insert(path, facts.len());
                } else if facts.is_symlink() {
                    self.refused.push((path, "symbolic link"));
                } else {
                    self.refused.push((path, "neither file nor folder"));
                }
            }
        }
        Ok(())
    }
}
