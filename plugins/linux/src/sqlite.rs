//! How a database of the host is opened: read only, without its lock files, and through the file that was checked.

use std::{fs::File, os::fd::AsRawFd};

/// Address for SQLite of an open file. The name in `/proc` leads to the very file, so no link can lead elsewhere in between;
/// `immutable` keeps SQLite from taking locks and from looking for a journal beside it. The file must stay open.
pub(crate) fn address(file: &File) -> String {
    format!("file:/proc/self/fd/{}?immutable=1", file.as_raw_fd())
}
