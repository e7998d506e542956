//! The policy file: the only thing that a verification believes. Never read from a bundle.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use exhibit_proto::digest::Digest;
use exhibit_proto::log_key::{self, Shown, ShownError};
use exhibit_proto::policy::{Policy, PolicyError};
use exhibit_proto::rfc3161::{Roots, TimestampError};

const MAX_BYTES: u64 = 1 << 20;

/// A policy with where it came from, so that a report can say on whose word it rests.
#[derive(Clone, Debug)]
pub struct Trust {
    pub policy: Policy,
    /// The file as the person named it.
    pub source: String,
    pub sha256: Digest,
    /// Whom to believe about the time; without them time-stamps are not checked.
    pub tsa_roots: Option<Roots>,
    /// How the key of the policy's log changed, from outside; what is judged may show it too.
    pub log_keys: Option<Shown>,
}

/// Why there is nothing to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("{path}: {source}")]
    Unreadable { path: String, source: io::Error },
    #[error("policy file {0} is not UTF-8 text of at most 1 MiB")]
    NotText(String),
    #[error("policy file {path}: {source}")]
    Policy { path: String, source: PolicyError },
    #[error("{path}: {source}")]
    Roots { path: String, source: TimestampError },
    #[error("{path}: {source}")]
    LogKeys { path: String, source: ShownError },
}

impl Trust {
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        let shown = path.display().to_string();
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|source| TrustError::Unreadable { path: shown.clone(), source })?;
        let text = str::from_utf8(&bytes).ok().filter(|text| text.len() as u64 <= MAX_BYTES);
        let text = text.ok_or_else(|| TrustError::NotText(shown.clone()))?;
        Self::parse(text, &shown)
    }

    /// Adds the root certificates of time-stamping authorities, from a PEM file.
    pub fn with_tsa_roots(mut self, path: &Path) -> Result<Self, TrustError> {
        let shown = path.display().to_string();
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|source| TrustError::Unreadable { path: shown.clone(), source })?;
        let refused = |source| TrustError::Roots { path: shown.clone(), source };
        self.tsa_roots = Some(Roots::from_pem(&bytes).map_err(refused)?);
        Ok(self)
    }

    /// Adds the changes of the log's key, from its `log-keys.json`. It is believed as far as a key of the policy leads.
    pub fn with_log_keys(mut self, path: &Path) -> Result<Self, TrustError> {
        let shown = path.display().to_string();
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(log_key::MAX_BYTES).read_to_end(&mut bytes));
        read.map_err(|source| TrustError::Unreadable { path: shown.clone(), source })?;
        let refused = |source| TrustError::LogKeys { path: shown.clone(), source };
        self.log_keys = Some(Shown::parse(&bytes).map_err(refused)?);
        Ok(self)
    }

    /// Takes the text of a policy that `source` gave.
    pub fn parse(text: &str, source: &str) -> Result<Self, TrustError> {
        let path = source.to_owned();
        let policy = Policy::parse(text).map_err(|source| TrustError::Policy { path, source })?;
        Ok(Self {
            policy,
            source: source.to_owned(),
            sha256: Digest::of(text.as_bytes()),
            tsa_roots: None,
            log_keys: None,
        })
    }
}
