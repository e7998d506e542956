//! The configuration file, typed and checked. Nothing else of the program reads it or the environment.

mod check;
mod outside;
mod paths;
mod people;
mod ports;
mod span;

pub use outside::{Timestamp, Timestamps, Witness, Witnesses};
pub use people::{Oidc, People};
pub use ports::{Evidence, Identity, Limits, Web};
pub use span::parse_duration;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exhibit_assessment::decisions::LabelRule;
use serde::Deserialize;

use crate::retention::Retention;

/// The whole file; `packaging/collector.example.toml` documents each key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the log.
    pub origin: String,
    /// Data directory.
    pub data: PathBuf,
    /// DNS names and addresses in our certificates.
    pub names: Vec<String>,
    #[serde(default)]
    pub evidence: Evidence,
    #[serde(default)]
    pub web: Web,
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub retention: Retention,
    #[serde(default)]
    pub rules: Rules,
    #[serde(default)]
    pub frameworks: Frameworks,
    #[serde(default)]
    pub identity: Identity,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub people: People,
    pub oidc: Option<Oidc>,
    /// What waits for a second person.
    #[serde(default)]
    pub approval: Approval,
    /// Labels of targets.
    #[serde(default)]
    pub label: Vec<LabelRule>,
    #[serde(default)]
    pub labels: Labels,
    #[serde(default)]
    pub witness: Vec<Witness>,
    #[serde(default)]
    pub witnesses: Witnesses,
    #[serde(default)]
    pub timestamp: Vec<Timestamp>,
    #[serde(default)]
    pub timestamps: Timestamps,
}

/// The log itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The scrub looks through the whole log once in so many days: 1 to 365.
    pub scrub_days: u16,
}

/// Who may put other rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Verifier keys (C2SP signed-note); one of them must have signed a pack. Empty: unsigned packs are accepted.
    pub signers: Vec<String>,
    /// A pack is in force once somebody else than who brought it approves.
    pub second_person: bool,
}

/// Frameworks of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Frameworks {
    /// Holds a folder for each; none: only those that ship.
    pub directory: Option<PathBuf>,
}

/// Decisions that one person alone cannot bring into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Registers in which they wait for another person.
    pub second_person: Vec<String>,
}

/// Labels from elsewhere than here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// Names of labels that are taken from agents; absent: whatever they give.
    pub from_agents: Option<BTreeSet<String>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { scrub_days: 7 }
    }
}

/// Why a configuration is refused; the text names file, key and value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read configuration {}: {source}; name another with --config", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration {}: {source}", path.display())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("configuration {}: {key} = {value:?}: {way_out}", path.display())]
    Value { path: PathBuf, key: &'static str, value: String, way_out: &'static str },
}

impl Config {
    /// Reads and checks a file; relative paths in it count from its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check().map_err(|(key, value, way_out)| ConfigError::Value {
            path: path.to_owned(),
            key,
            value,
            way_out,
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.data = folder.join(&config.data);
        let directory = &mut config.frameworks.directory;
        *directory = directory.take().map(|path| folder.join(path));
        if let Some(oidc) = &mut config.oidc {
            oidc.client_secret_file = oidc.client_secret_file.take().map(|path| folder.join(path));
            oidc.tls_roots = oidc.tls_roots.take().map(|path| folder.join(path));
        }
        for witness in &mut config.witness {
            witness.tls_roots = witness.tls_roots.take().map(|path| folder.join(path));
        }
        for authority in &mut config.timestamp {
            authority.roots = folder.join(&authority.roots);
            authority.tls_roots = authority.tls_roots.take().map(|path| folder.join(path));
        }
        Ok(config)
    }

    /// host:port for agents, once it is known on which port we listen.
    pub fn evidence_address(&self, bound: SocketAddr) -> String {
        match (&self.evidence.advertise, self.names.first()) {
            (Some(address), _) => address.clone(),
            (None, Some(name)) if name.contains(':') => format!("[{name}]:{}", bound.port()),
            (None, Some(name)) => format!("{name}:{}", bound.port()),
            (None, None) => bound.to_string(),
        }
    }

    /// In which the whole log is looked through.
    pub fn scrub_period(&self) -> Duration {
        Duration::from_secs(u64::from(self.log.scrub_days) * 86_400)
    }
}

#[cfg(test)]
mod tests;
