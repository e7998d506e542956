//! Who is who: the embedded CA, the log's key, one-time tokens, enrolment, and what the log says about agents.
//!
//! It never believes a message about who speaks: that stands in certificates that it issued and entries that it logged.

mod authority;
mod collector;
mod enrolment;
mod keys;
mod registry;
mod service;
mod tls;
mod tokens;

pub use authority::{Authority, PeerCertificate};
pub use collector::Collector;
pub use enrolment::{Enroller, EnrollerSettings, Revocation};
pub(crate) use keys::move_over;
pub use keys::{private_dir, read_secret, write_private};
pub use registry::{Agent, KeyState, Registry, Turn};
pub use service::EnrolmentService;
pub use tls::{ServerCertificate, evidence_tls, web_tls};
pub use tokens::{Grant, NewToken, Tokens};

use std::path::PathBuf;

use exhibit_proto::keys::KeyError;
use exhibit_proto::note::NoteError;
use exhibit_proto::statement::StatementError;
use jiff::Timestamp;

use crate::log::{AppendError, LogError};
use crate::secrets::SecretsError;

/// What went wrong; the first group is for the agent's operator, the second for the collector's.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(
        "token is not known here: check that it is whole, or make one with `exhibit-collector token create`"
    )]
    TokenUnknown,
    #[error("token was used on {when}: make a new one with `exhibit-collector token create`")]
    TokenUsed { when: Timestamp },
    #[error("token expired on {when}: make a new one with `exhibit-collector token create`")]
    TokenExpired { when: Timestamp },
    #[error("token is in use by another enrolment: try again in a minute, or make another token")]
    TokenBusy,
    #[error(
        "token is for hosts named {pattern:?}, this one is {host_name:?}: make one without --host-name or with another"
    )]
    TokenHost { pattern: String, host_name: String },
    #[error("{what} {value:?} is not acceptable: {way_out}")]
    Malformed { what: &'static str, value: String, way_out: &'static str },
    #[error("evidence key: {0}")]
    EvidenceKey(#[source] KeyError),
    #[error(
        "signature of the evidence key does not fit this request: sign token, CSR, target and host name as sent"
    )]
    Possession,
    #[error("certificate request: {0}: make a new P-256, P-384 or Ed25519 key and request")]
    Csr(String),
    #[error(
        "target {target} is granted to agent {agent} ({host_name}): if this host replaces it, make the token with `exhibit-collector token create --replace`"
    )]
    TargetTaken { target: String, agent: String, host_name: String },
    #[error(
        "evidence key {0} is enrolled already: remove the agent's identity so that it makes a new key"
    )]
    KeyTaken(exhibit_proto::keys::KeyId),
    #[error("agent {agent} was revoked on entry {index}: enrol it anew with a new token")]
    Revoked { agent: String, index: u64 },
    #[error("agent {0} is not enrolled here: enrol it with a token of this collector")]
    UnknownAgent(String),
    #[error(
        "no agent is named {0:?}: give an agent id, or the target or host name of an agent that is not revoked"
    )]
    NobodyNamed(String),
    #[error("several agents are named {name:?}: give the id of one ({ids}…)")]
    SeveralNamed { name: String, ids: String },
    #[error("agent {agent} was revoked already, on entry {index}: nothing is left to do")]
    RevokedAlready { agent: String, index: u64 },
    #[error("too many enrolments from {0}: try again in a minute")]
    TooMany(std::net::IpAddr),

    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "{} is open to others (mode {mode:o}): close it (chmod 600), and if others have been on this host, treat the key as known",
        path.display()
    )]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("{}: {source}", path.display())]
    KeyFile { path: PathBuf, source: KeyError },
    #[error("certificate of the CA: {0}")]
    Authority(String),
    #[error("certificate cannot be made: {0}")]
    Certificate(#[source] rcgen::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error("a blocking task ended early")]
    Interrupted,
}

/// 32 random bytes.
pub fn random() -> Result<[u8; 32], IdentityError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(IdentityError::Random)?;
    Ok(bytes)
}
