//! Time-stamps beside `serve`, and `stamp`, which asks at once.

use std::fmt;

use anyhow::{Context as _, ensure};
use serde::Serialize;

use super::Keys;
use super::open::reader;
use crate::config::Config;
use crate::timestamp::{Stamped, Timestamps};

/// What came of asking every authority.
#[derive(Debug, Serialize)]
pub struct StampedNow {
    /// Entries of the log.
    pub size: u64,
    pub authorities: Vec<Stamped>,
}

/// Has the newest head stamped by every authority; works while `serve` runs.
pub fn stamp(config: &Config) -> anyhow::Result<StampedNow> {
    let keys = Keys::load(config)?;
    let reader = reader(config, &keys)?;
    let timestamps = Timestamps::open(config)?;
    ensure!(
        !timestamps.authorities().is_empty(),
        "no time-stamping authority is configured: add a [[timestamp]] with its `url` and `roots`"
    );
    let size = reader.head()?.checkpoint.size;
    ensure!(size > 0, "the log is empty: there is nothing to stamp yet");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let authorities = runtime.block_on(timestamps.stamp_now(&reader)).context("stamping")?;
    Ok(StampedNow { size, authorities })
}

impl StampedNow {
    /// Whether every authority has stamped.
    pub fn whole(&self) -> bool {
        self.authorities.iter().all(|authority| authority.problem.is_none())
    }
}

impl fmt::Display for StampedNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log of {} entries", self.size)?;
        for Stamped { authority, size, problem } in &self.authorities {
            write!(f, "\n{authority}: ")?;
            match size {
                Some(size) => write!(f, "stamped up to {size} entries")?,
                None => write!(f, "has stamped nothing")?,
            }
            if let Some(problem) = problem {
                write!(f, "; {problem}")?;
            }
        }
        Ok(())
    }
}
