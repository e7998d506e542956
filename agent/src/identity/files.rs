//! Files that only the owner may read, written so that a crash leaves the old or the new one, never half of either.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot use {path:?}: {source}; check owner and space of the state directory")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path:?} has mode {mode:04o}, so others can read it: chmod {wanted:04o} {path:?}")]
    Open { path: PathBuf, mode: u32, wanted: u32 },
    #[error(
        "{path:?} is damaged: {reason}; restore it, or move the state directory away and enrol again"
    )]
    Damaged { path: PathBuf, reason: String },
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    |source| StoreError::Io { path: path.to_owned(), source }
}

/// Makes the directory (0700) with its parents, or checks that an existing one is closed to others.
pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed(dir))?;
    closed(dir, &std::fs::metadata(dir).map_err(failed(dir))?, 0o700)
}

fn closed(path: &Path, metadata: &std::fs::Metadata, wanted: u32) -> Result<(), StoreError> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(StoreError::Open { path: path.to_owned(), mode, wanted })
    }
}

/// Reads a file that only the owner may read; None when there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, StoreError> {
    match std::fs::metadata(path) {
        Ok(metadata) => closed(path, &metadata, 0o600)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Io { path: path.to_owned(), source }),
    }
    std::fs::read_to_string(path).map(Some).map_err(failed(path))
}

/// Writes a new file (0600); fails when one is there already.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = draft(path, bytes)?;
    // A link, unlike a rename, never replaces.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(failed(&draft))?;
    linked.map_err(failed(path))?;
    sync_folder(path)
}

/// Writes a file (0600) in place of what is there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = draft(path, bytes)?;
    std::fs::rename(&draft, path).map_err(failed(path))?;
    sync_folder(path)
}

/// Overwrites what `to` holds with zeros and then moves `from` there; both are durable when this returns. A crash between
/// leaves `from` whole.
pub(super) fn move_over(from: &Path, to: &Path) -> Result<(), StoreError> {
    let wipe = || {
        let mut file = OpenOptions::new().write(true).open(to)?;
        let length = file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(length), &mut file)?;
        file.sync_all()
    };
    match wipe() {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(StoreError::Io { path: to.to_owned(), source }),
    }
    std::fs::rename(from, to).map_err(failed(from))?;
    sync_folder(to)
}

fn draft(path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    // What a crash left; nobody else writes here, the caller holds the lock of the directory.
    match std::fs::remove_file(&draft) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(StoreError::Io { path: draft, source }),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed(&draft))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(&draft))?;
    Ok(draft)
}

fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// PEM (RFC 7468) with lines of 64.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (position, letter) in encoded.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text + &format!("\n-----END {label}-----\n")
}

/// The first section with this label.
pub fn from_pem(label: &str, pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}
