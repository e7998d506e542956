//! Why something that is there could not be read, and what would help.

use std::io;

use crate::OutcomeKind;
use crate::plugin::VETO;

/// Why a file that is there could not be read. A missing file is not an error.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A right is missing.
    #[error("permission denied reading {0}")]
    Denied(String),
    /// The operator forbids it; the run says so by an outcome of its own.
    #[error("{VETO} ([deny] paths: {pattern}): {path}")]
    Vetoed { path: String, pattern: String },
    /// It is longer than we read.
    #[error("{path} has more than {bound}")]
    TooBig { path: String, bound: String },
    /// It is a pipe, a device or a directory.
    #[error("{path} is {found}, not a {wanted}")]
    Kind { path: String, found: &'static str, wanted: &'static str },
    /// Anything else the kernel says.
    #[error("cannot read {path}: {source}")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl ReadError {
    /// Whether a link leads to itself.
    pub(super) fn is_loop(&self) -> bool {
        let errno = rustix::io::Errno::LOOP.raw_os_error();
        matches!(self, Self::Io { source, .. } if source.raw_os_error() == Some(errno))
    }

    /// The outcome that says so.
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Denied(_) | Self::Vetoed { .. } => OutcomeKind::Denied,
            Self::TooBig { .. } => OutcomeKind::LimitExceeded,
            Self::Kind { .. } | Self::Io { .. } => OutcomeKind::Failed,
        }
    }

    /// What would help.
    pub fn remedy(&self) -> String {
        match self {
            Self::Denied(path) => format!(
                "give the plugin CAP_DAC_READ_SEARCH (or run it as root) so that it may read {path}"
            ),
            Self::Vetoed { pattern, .. } => format!("take {pattern} out of [deny] paths"),
            Self::TooBig { path, .. } => format!("make {path} smaller; nothing of it was used"),
            Self::Kind { path, wanted, .. } => format!("replace {path} by a {wanted}"),
            Self::Io { path, .. } => format!("look at {path} on the host, for example with ls -l"),
        }
    }
}

pub(super) fn error(path: &str, errno: rustix::io::Errno) -> ReadError {
    io_error(path, errno.into())
}

/// What the kernel said about a path, as an error of reading.
pub fn io_error(path: &str, source: io::Error) -> ReadError {
    if source.kind() == io::ErrorKind::PermissionDenied {
        ReadError::Denied(path.to_owned())
    } else {
        ReadError::Io { path: path.to_owned(), source }
    }
}
