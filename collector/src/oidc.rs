//! Signing in elsewhere (OpenID Connect): discovery, the code flow with PKCE, ID tokens and what they say of groups. It
//! believes nothing that the configured issuer's keys did not sign, and never decides who somebody is here.

mod keys;
mod provider;
#[cfg(test)]
mod tests;
mod token;

pub use provider::{Begun, Provider, Returned};
pub use token::Said;

/// Why a sign-in elsewhere came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be asked, or does not keep to the protocol.
    #[error("provider {issuer}: {why}")]
    Provider { issuer: String, why: String },
    /// What came back does not prove anything.
    #[error("ID token refused: {0}")]
    Token(&'static str),
    /// The provider itself said no.
    #[error("the provider said {0:?}")]
    Denied(String),
    #[error("no randomness: {0}")]
    Random(String),
    #[error("certificates of [oidc] tls_roots: {0}")]
    Roots(#[source] reqwest::Error),
    #[error("cannot read {path}: {source}")]
    File { path: String, source: std::io::Error },
}
