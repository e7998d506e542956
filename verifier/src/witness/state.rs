//! A witness's folder: name, key, lock, and one small file for each log. Made once, whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use exhibit_proto::cosignature::Witness;
use exhibit_proto::keys::SecretKey;

use super::{WitnessError, io_at};

/// The witness's name, a line. Its presence says that `init` came to its end.
const NAME: &str = "name";
const KEY: &str = "key.pem";
const LOCK: &str = "lock";
/// The newest cosigned head of each log: `<hex SHA-256 of the origin>`.
pub(super) const HEADS: &str = "heads";
/// Requests that prove that a log forked.
pub(super) const FORKS: &str = "forks";

/// A witness's name and key.
#[derive(Clone, Debug)]
pub struct Identity {
    pub witness: Witness,
    pub(super) key: SecretKey,
}

/// Makes the folder of a new witness.
pub fn init(folder: &Path, name: &str) -> Result<Identity, WitnessError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| WitnessError::Random(error.to_string()))?;
    let key = SecretKey::from_seed(&seed);
    let witness = Witness::new(name, key.public())?;
    if folder.join(NAME).exists() || folder.join(KEY).exists() {
        return Err(WitnessError::Exists(folder.to_owned()));
    }
    private_folder(folder)?;
    for inner in [HEADS, FORKS] {
        private_folder(&folder.join(inner))?;
    }
    write_new(&folder.join(KEY), key.to_pem().as_bytes())?;
    // The name comes last. A crash before it leaves a folder that neither `serve` nor `init` takes for a witness.
    write_new(&folder.join(NAME), format!("{name}\n").as_bytes())?;
    sync(folder)?;
    Ok(Identity { witness, key })
}

/// Reads name and key.
pub(super) fn load(folder: &Path) -> Result<Identity, WitnessError> {
    let whole = [NAME, KEY, HEADS].iter().all(|part| folder.join(part).exists());
    if !whole {
        return Err(WitnessError::NotInitialised(folder.to_owned()));
    }
    let path = folder.join(NAME);
    let name = fs::read_to_string(&path).map_err(io_at(&path))?;
    let path = folder.join(KEY);
    let pem = zeroize::Zeroizing::new(fs::read_to_string(&path).map_err(io_at(&path))?);
    let key = SecretKey::from_pem(&pem).map_err(|source| WitnessError::Key { path, source })?;
    let witness = Witness::new(name.trim_end(), key.public())?;
    Ok(Identity { witness, key })
}

/// Takes the folder for this process; freed by the system when the process dies.
pub(super) fn lock(folder: &Path) -> Result<File, WitnessError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(io_at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WitnessError::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(WitnessError::Io { path, source }),
    }
}

/// Puts `bytes` under `path` so that a crash leaves the old content or the new, and returns when the new is on disk.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), WitnessError> {
    let beside = PathBuf::from(format!("{}.new", path.display()));
    // 1. Beside it. A crash leaves an unfinished `.new`, which the next write starts over.
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true).mode(0o600);
    let write = || {
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_at(&beside))?;
    // 2. The name. A crash before the folder is synced leaves the old or the new; nobody has been answered yet.
    fs::rename(&beside, path).map_err(io_at(path))?;
    // 3. The folder. After this the new content is there whatever happens.
    match path.parent() {
        Some(folder) => sync(folder),
        None => Ok(()),
    }
}

fn private_folder(path: &Path) -> Result<(), WitnessError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(io_at(path)),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), WitnessError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_at(path))
}

fn sync(folder: &Path) -> Result<(), WitnessError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_at(folder))
}
