//! Time-stamps by others (RFC 3161) over frozen heads of the log: proof that its entries existed by then, which nobody here can
//! make up later. It never holds up admission, never stamps a file that changes, and keeps no token that it has not verified.
//!
//! | part | does |
//! |---|---|
//! | `folder` | `<data>/timestamps/`: frozen checkpoints, tokens, chain; plain files that `openssl ts` reads |
//! | `ask` | one exchange over HTTP |
//! | `follow` | the schedule, the loop, and stamping at once |

mod ask;
mod folder;
mod follow;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exhibit_proto::rfc3161::TimestampError;

use crate::config;
use crate::log::LogError;

pub use ask::Authority;
pub use folder::{Kept, Name, Stamps, Standing};
pub use follow::Stamped;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{} is another checkpoint of the same size: this log has two histories; keep both data directories and ask which one \
         the witnesses know",
        .0.display()
    )]
    Forked(PathBuf),
    #[error("time-stamping authority {name:?}: {url:?} is not an http or https address")]
    Url { name: String, url: String },
    #[error(
        "time-stamping authority {0:?}: expected a name of its own, of at most 60 small letters, digits, dots and hyphens"
    )]
    Name(String),
    #[error("time-stamping authority {name}: {path}: {source}", path = path.display())]
    Roots { name: String, path: PathBuf, source: TimestampError },
    #[error("time-stamping authority {name}: {path}: {source}", path = path.display())]
    Unreadable { name: String, path: PathBuf, source: std::io::Error },
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Token(#[from] TimestampError),
    #[error("{0}")]
    Unreachable(String),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("standing.json: {0}")]
    Standing(#[from] serde_json::Error),
    #[error("a task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The authorities of one log and what they have stamped. Clones are cheap.
#[derive(Clone)]
pub struct Timestamps {
    authorities: Arc<Vec<Authority>>,
    stamps: Stamps,
    every: Duration,
}

impl Timestamps {
    /// Reads the roots of each authority; the folder is made when something is put into it.
    pub fn open(config: &config::Config) -> Result<Self, StampError> {
        Self::new(&config.timestamp, &config.timestamps, config.timestamps_folder())
    }

    pub fn new(
        asked: &[config::Timestamp],
        schedule: &config::Timestamps,
        folder: PathBuf,
    ) -> Result<Self, StampError> {
        let mut authorities: Vec<Authority> = Vec::new();
        for asked in asked {
            let authority = Authority::new(asked, schedule.timeout)?;
            if authorities.iter().any(|known| known.name() == authority.name()) {
                return Err(StampError::Name(authority.name().to_owned()));
            }
            authorities.push(authority);
        }
        let (authorities, stamps) = (Arc::new(authorities), Stamps::at(folder));
        Ok(Self { authorities, stamps, every: schedule.every })
    }

    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    pub fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    /// How each authority stands, in the configuration's order. Blocking.
    pub fn standings(&self) -> Result<Vec<Standing>, StampError> {
        self.authorities.iter().map(|authority| self.stamps.standing(authority)).collect()
    }
}
