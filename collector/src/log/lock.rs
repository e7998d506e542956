//! One collector for one data directory. It guards against a second process, not against a copied directory.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::LogError;

/// The lock on a data directory; held until dropped, freed by the system when the process dies.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock or says that another process has it.
    pub fn take(path: &Path) -> Result<Self, LogError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|source| LogError::Lock { path: path.to_owned(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LogError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => {
                Err(LogError::Lock { path: path.to_owned(), source })
            }
        }
    }
}
