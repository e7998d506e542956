//! Key files: made once, readable by their owner only, on disk before anything relies on them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::IdentityError;

/// Makes a directory that only its owner may enter; one that is there already is left as it is.
pub fn private_dir(path: &Path) -> Result<(), IdentityError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| IdentityError::File { path: path.to_owned(), source })
}

/// Writes a new file with mode 0600 and syncs it and its directory; an existing file is never overwritten.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| IdentityError::File { path: path.to_owned(), source })
}

/// Reads a key file that nobody but its owner may open; the text is wiped when dropped.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, IdentityError> {
    let read = || {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        let mut text = Zeroizing::new(String::new());
        file.take(64 << 10).read_to_string(&mut text)?;
        Ok((text, mode))
    };
    match read() {
        Ok((text, mode)) if mode & 0o077 == 0 => Ok(text),
        Ok((_, mode)) => Err(IdentityError::OpenToOthers { path: path.to_owned(), mode }),
        Err(source) => Err(IdentityError::File { path: path.to_owned(), source }),
    }
}

/// Overwrites what `to` holds with zeros and then moves `from` there; both are durable when this returns. A crash between
/// leaves `from` whole. On storage that keeps old blocks (journals, snapshots, flash) the old bytes may survive.
pub(crate) fn move_over(from: &Path, to: &Path) -> Result<(), IdentityError> {
    let over = || {
        let mut file = OpenOptions::new().write(true).open(to)?;
        let length = file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(length), &mut file)?;
        file.sync_all()?;
        std::fs::rename(from, to)?;
        match to.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    over().map_err(|source| IdentityError::File { path: to.to_owned(), source })
}
