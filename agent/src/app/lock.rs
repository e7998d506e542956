//! One agent a state directory: two would fork the chain.

use std::fs::{File, TryLockError};

use anyhow::{Context as _, bail};

use crate::identity::Store;

/// Held until dropped; the operating system lets go of it when the process dies.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its drop")] File);

pub(super) fn take(store: &Store) -> anyhow::Result<Lock> {
    let path = store.path("lock");
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => {
            bail!("another exhibit-agent uses {}: stop it first", store.path("").display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}
