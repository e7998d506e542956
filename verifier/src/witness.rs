//! A witness (C2SP tlog-witness): cosigns the heads of the logs it is told to watch, each only if it follows from the one
//! before, and remembers the newest. It never sees evidence, and never cosigns two histories of one log.
//!
//! ```text
//! POST add-checkpoint ─▶ server ─▶ store: decide (proto) ─▶ persist ─▶ cosignature
//! ```

mod server;
mod state;
mod store;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use exhibit_proto::keys::KeyError;
use exhibit_proto::note::{NoteError, Verifier};

pub use server::{Limits, serve};
pub use state::{Identity, init};
pub use store::{Answer, Store};

/// Why a witness cannot be made or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} holds a witness already: serve it, or name another folder", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} holds no whole witness: run `exhibit witness init` in a new folder, or restore this one; a witness that lost \
         what it has seen must not go on under its old key", .0.display()
    )]
    NotInitialised(PathBuf),
    #[error("{} is held by another process: this folder has a witness that serves", .0.display())]
    Locked(PathBuf),
    #[error(transparent)]
    Name(#[from] NoteError),
    #[error("key file {}: {source}", path.display())]
    Key { path: PathBuf, source: KeyError },
    #[error(
        "{}: {what}; the folder was changed or damaged: restore it, or retire this witness and make a new one with another key",
        path.display()
    )]
    Damaged { path: PathBuf, what: String },
    #[error("no log to witness: name one with --log VKEY or --logs FILE")]
    NoLogs,
    #[error("{}, line {line}: {source}", path.display())]
    Logs { path: PathBuf, line: usize, source: NoteError },
    #[error("no randomness for a key: {0}")]
    Random(String),
    #[error("listening on {address}: {source}")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
}

fn io_at(path: &Path) -> impl FnOnce(std::io::Error) -> WitnessError {
    let path = path.to_owned();
    move |source| WitnessError::Io { path, source }
}

/// Reads a list of logs: a verifier key a line, alone or as `log <vkey>` of a C2SP tlog-policy; other lines of a policy and
/// comments are passed over.
pub fn logs_file(path: &Path) -> Result<Vec<Verifier>, WitnessError> {
    let text = std::fs::read_to_string(path).map_err(io_at(path))?;
    let mut logs = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split_ascii_whitespace();
        let vkey = match words.next() {
            None | Some("witness" | "group" | "quorum") => continue,
            Some(word) if word.starts_with('#') => continue,
            Some("log") => words.next().unwrap_or_default(),
            Some(vkey) => vkey,
        };
        let log = Verifier::from_vkey(vkey).map_err(|source| WitnessError::Logs {
            path: path.to_owned(),
            line,
            source,
        })?;
        logs.push(log);
    }
    Ok(logs)
}
