//! Those outside who vouch for our heads: witnesses and time-stamping authorities.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::span::duration;

/// One that cosigns our heads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// What the policy calls it; its key's name if absent.
    pub name: Option<String>,
    /// Its verifier key (C2SP tlog-cosignature).
    pub vkey: String,
    /// Prefix of its requests.
    pub url: String,
    /// PEM file of the certificates that its web server's must lead to; what the system trusts if absent.
    pub tls_roots: Option<PathBuf>,
}

/// When a head counts as witnessed, in the words of C2SP tlog-policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Witnesses {
    /// `any`, `all`, a number of witnesses, or the name of a witness or group.
    pub quorum: String,
    /// Lines of groups, without the word `group`.
    pub groups: Vec<String>,
    /// How often a head that they cosigned becomes an entry of the log itself.
    #[serde(deserialize_with = "duration")]
    pub logged_every: Duration,
}

impl Default for Witnesses {
    fn default() -> Self {
        let logged_every = Duration::from_secs(30 * 60);
        Self { quorum: "any".to_owned(), groups: Vec::new(), logged_every }
    }
}

/// One time-stamping authority (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// Stands in the names of its tokens; the address's host if absent.
    pub name: Option<String>,
    pub url: String,
    /// PEM file of the certificates that its signer's chain must lead to.
    pub roots: PathBuf,
    /// PEM file of those that its web server's must lead to; what the system trusts if absent.
    pub tls_roots: Option<PathBuf>,
    /// Object identifier of the policy that is asked for and insisted on.
    pub policy: Option<String>,
}

/// When heads are time-stamped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timestamps {
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
}

impl Default for Timestamps {
    fn default() -> Self {
        Self { every: Duration::from_secs(6 * 3600), timeout: Duration::from_secs(20) }
    }
}
