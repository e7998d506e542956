//! `revoke`: an agent's key is valid no longer.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::desk;
use crate::config::Config;
use crate::identity::Revocation;
use crate::requests::{Done, Request};

/// A revocation that is in the log.
#[derive(Debug, Serialize)]
pub struct Revoked {
    /// Agent id.
    pub agent: String,
    /// Index of the entry: statements of the agent's key after it are not valid.
    pub entry: u64,
}

/// Revokes an agent's key; works while `serve` runs and while it does not.
pub fn revoke(config: &Config, asked: Revocation, now: Timestamp) -> anyhow::Result<Revoked> {
    desk::texts(&[("AGENT", &asked.agent), ("--by", &asked.by), ("--reason", &asked.reason)])?;
    let done = desk::ask(config, Request::Revoke(asked), now)?;
    if let Done::Revoked { agent, entry } = done {
        Ok(Revoked { agent, entry })
    } else {
        Err(desk::unexpected(&done))
    }
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "agent {} is revoked by entry {}: nothing that it sends is admitted any more\nits target stays in the population, without evidence, until `exhibit-collector target retire` says that it is gone",
            self.agent, self.entry
        )
    }
}
