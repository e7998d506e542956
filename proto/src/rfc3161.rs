//! RFC 3161 time-stamps (with RFC 5816): the request, the answer, and the whole verification of a token under roots that the
//! caller trusts. It never takes a certificate from a token as trusted, and knows no clock: a token is judged at its own time.
//!
//! Reading is `asn1-rs`, chains and signatures are `rustls-webpki` with `ring`: RSA (PKCS #1 v1.5, 2048 bits and more) and ECDSA on
//! P-256 and P-384, with SHA-256, SHA-384 or SHA-512. Revocation is not asked.

mod parse;
mod request;
mod roots;
mod verify;

#[cfg(test)]
mod tests;

pub use request::Request;
pub use roots::Roots;
pub use verify::Verified;

/// Longest answer that is read, in bytes: a token with a long chain of RSA certificates has about 8 KiB.
pub const MAX_BYTES: usize = 64 << 10;
/// The media type of a request.
pub const QUERY_MEDIA_TYPE: &str = "application/timestamp-query";

/// An answer's token, read and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    info: Info,
    /// The bytes of the TSTInfo, which the signer's message digest covers.
    content: Vec<u8>,
    /// DER, in the token's order.
    certificates: Vec<Vec<u8>>,
    signer: parse::Signer,
}

/// What a token says (TSTInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Object identifier of the policy under which it was made.
    pub policy: String,
    /// Object identifier of the digest, and the digest that was stamped.
    pub imprint: (String, Vec<u8>),
    /// Hex, as in the token.
    pub serial: String,
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
    /// How far the true time may lie from it, rounded up; 0 if the token does not say.
    pub accuracy_ms: i64,
    /// Content of the INTEGER.
    pub nonce: Option<Vec<u8>>,
}

/// Why a time-stamp is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TimestampError {
    #[error("not a time-stamp response (RFC 3161): {0}")]
    Malformed(&'static str),
    #[error("time-stamp response of {0} bytes is over 64 KiB")]
    TooLong(usize),
    #[error("the time-stamping authority refused: {0}")]
    Rejected(String),
    #[error(
        "token is made with {0}, which is not accepted: ask for SHA-256 or longer, with RSA or ECDSA"
    )]
    Algorithm(String),
    #[error("token is over another content: it stamps {found}, expected {expected}")]
    Imprint { found: String, expected: String },
    #[error("token does not carry the nonce that was sent: an old answer was replayed")]
    Nonce,
    #[error("token was made under policy {found}, expected {expected}")]
    Policy { found: String, expected: String },
    #[error("{0:?} is not a policy: expected an object identifier like \"1.2.3.4\"")]
    NotAPolicy(String),
    #[error("signature of the token: {0}")]
    Signature(String),
    #[error("certificate of the token's signer: {0}")]
    Certificate(String),
    #[error("roots of time-stamping authorities: {0}; give a PEM file of their certificates")]
    Roots(String),
}

impl Info {
    /// The latest moment at which the content can have come to be, by the token.
    pub fn latest_ms(&self) -> i64 {
        self.time_ms.saturating_add(self.accuracy_ms)
    }

    /// The earliest moment at which the token can have been made, by itself.
    pub fn earliest_ms(&self) -> i64 {
        self.time_ms.saturating_sub(self.accuracy_ms)
    }
}

impl Token {
    /// What it says; nothing is believed yet.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The certificates that came with it, DER; none is believed.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}
