//! Reads the files of a bundle, bounded. It opens only what it found by walking the folder, so no path that a bundle
//! contains can lead outside; links, devices and pipes are never followed or opened.

mod shelf;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use exhibit_proto::bundle;
use exhibit_proto::digest::{Digest, Hasher};
use exhibit_proto::tiles::Tile;

use self::shelf::{CLAIMED, LISTED, Name, Shelf};
use crate::parallel;
use crate::source::Source;

/// Files a bundle may have: far above any real one, so that a hostile one cannot fill memory.
const MAX_FILES: usize = 20_000_000;
/// Read at a time of a file that is only hashed.
const BUFFER: u64 = 128 << 10;
/// Deepest folder: entry bundles of the largest log stand nine deep.
const MAX_DEPTH: usize = 16;

/// A bundle's folder, walked once.
pub struct Folder {
    root: PathBuf,
    leaves: Shelf<u64>,
    proofs: Shelf<u64>,
    envelopes: Shelf<Digest>,
    documents: Shelf<Digest>,
    /// Every other, by its path with `/`.
    others: Shelf<String>,
    bytes: u64,
    /// Entries that are no plain files, and what they are.
    refused: Vec<(String, &'static str)>,
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
            leaves: Shelf::default(),
            proofs: Shelf::default(),
            envelopes: Shelf::default(),
            documents: Shelf::default(),
            others: Shelf::default(),
            bytes: 0,
            refused: Vec::new(),
        };
        folder.walk()?;
        folder.leaves.sort();
        folder.proofs.sort();
        folder.envelopes.sort();
        folder.documents.sort();
        folder.others.sort();
        Ok(folder)
    }

    /// How many plain files there are.
    pub fn count(&self) -> usize {
        let numbered = self.leaves.len() + self.proofs.len();
        numbered + self.envelopes.len() + self.documents.len() + self.others.len()
    }

    /// Bytes of all plain files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn size(&self, path: &str) -> Option<u64> {
        match Name::of(path) {
            Name::Leaf(index) => self.leaves.size(&index),
            Name::Proof(index) => self.proofs.size(&index),
            Name::Envelope(digest) => self.envelopes.size(&digest),
            Name::Document(digest) => self.documents.size(&digest),
            Name::Other => self.others.size(&path.to_owned()),
        }
    }

    /// The entries of the log that the bundle has files of: leaves, then proofs.
    pub fn entries(&self) -> impl Iterator<Item = (u64, String)> {
        let leaves = self.leaves.iter().map(|(index, _)| (*index, bundle::leaf(*index)));
        leaves.chain(self.proofs.iter().map(|(index, _)| (*index, bundle::proof(*index))))
    }

    /// Files under `prefix`, none of which has a shelf of its own.
    pub(crate) fn under(&self, prefix: &str) -> Vec<String> {
        let all = self.others.iter().map(|(path, _)| path);
        all.filter(|path| path.starts_with(prefix)).cloned().collect()
    }

    /// Links, devices, pipes and names that are not text.
    pub fn refused(&self) -> &[(String, &'static str)] {
        &self.refused
    }

    pub fn has(&self, path: &str) -> bool {
        self.size(path).is_some()
    }

    /// The whole file, if it has at most `limit` bytes.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let file = self.file(path)?;
        let mut bytes = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
        let found = bytes.len() as u64;
        if found > limit {
            let found = self.size(path).unwrap_or(found).max(found);
            return Err(FileError::TooLarge { path: path.to_owned(), found, limit });
        }
        Ok(bytes)
    }

    /// The digest of a file of any size, in constant memory.
    pub fn digest(&self, path: &str) -> Result<Digest, FileError> {
        let mut file = self.file(path)?;
        // Most files are small: they need no large buffer.
        let room = self.size(path).unwrap_or(BUFFER).clamp(1, BUFFER);
        let mut buffer = vec![0; usize::try_from(room).unwrap_or(1)];
        let mut hasher = Hasher::default();
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
        self.mark(path, CLAIMED);
    }

    /// Says that the list of digests names `path`; false if the file is not there, or was named before.
    pub(crate) fn list(&self, path: &str) -> bool {
        self.mark(path, LISTED)
    }

    /// Files that nothing in the bundle refers to.
    pub fn unclaimed(&self) -> impl Iterator<Item = String> {
        self.without(CLAIMED)
    }

    /// Files that the list of digests does not name.
    pub(crate) fn unlisted(&self) -> impl Iterator<Item = String> {
        self.without(LISTED)
    }

    fn mark(&self, path: &str, mark: u8) -> bool {
        match Name::of(path) {
            Name::Leaf(index) => self.leaves.mark(&index, mark),
            Name::Proof(index) => self.proofs.mark(&index, mark),
            Name::Envelope(digest) => self.envelopes.mark(&digest, mark),
            Name::Document(digest) => self.documents.mark(&digest, mark),
            Name::Other => self.others.mark(&path.to_owned(), mark),
        }
    }

    fn without(&self, mark: u8) -> impl Iterator<Item = String> {
        let leaves = self.leaves.without(mark).map(|index| bundle::leaf(*index));
        let proofs = self.proofs.without(mark).map(|index| bundle::proof(*index));
        let envelopes = self.envelopes.without(mark).map(bundle::envelope);
        let documents = self.documents.without(mark).map(bundle::document);
        let others = self.others.without(mark).cloned();
        others.chain(leaves).chain(proofs).chain(envelopes).chain(documents)
    }

    /// Opens a file to be read in parts.
    pub(crate) fn open_file(&self, path: &str) -> Result<File, FileError> {
        self.file(path)
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
                if self.count() + self.refused.len() + open.len() >= MAX_FILES || depth >= MAX_DEPTH
                {
                    return Err(FileError::TooMany);
                }
                if name.to_str().is_none() {
                    self.refused.push((path, "name is not UTF-8"));
                } else if facts.is_dir() {
                    open.push((entry.path(), format!("{path}/"), depth + 1));
                } else if facts.is_file() {
                    self.add(path, facts.len());
                } else if facts.is_symlink() {
                    self.refused.push((path, "symbolic link"));
                } else {
                    self.refused.push((path, "neither file nor folder"));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, size: u64) {
        self.bytes = self.bytes.saturating_add(size);
        match Name::of(&path) {
            Name::Leaf(index) => self.leaves.add(index, size),
            Name::Proof(index) => self.proofs.add(index, size),
            Name::Envelope(digest) => self.envelopes.add(digest, size),
            Name::Document(digest) => self.documents.add(digest, size),
            Name::Other => self.others.add(path, size),
        }
    }
}

impl Source for Folder {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        Self::read(self, path, limit)
    }

    fn has(&self, path: &str) -> bool {
        Self::has(self, path)
    }

    fn has_under(&self, prefix: &str) -> bool {
        let first = self.others.from(&prefix.to_owned());
        first.is_some_and(|path| path.starts_with(prefix))
    }

    fn claim(&self, path: &str) {
        Self::claim(self, path);
    }

    fn claim_tiles(&self) {
        let tiles = self.others.iter().filter(|(path, _)| path.parse::<Tile>().is_ok());
        tiles.for_each(|(path, _)| Self::claim(self, path));
    }

    fn at_once(&self) -> usize {
        parallel::cores()
    }
}
