//! Where a collector is, and which CA it must show.

use std::fmt;
use std::str::FromStr;

use exhibit_proto::digest::Digest;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};

/// Host and port, TLS always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    host: String,
    port: u16,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    #[error("{0:?} is not encrypted; write https://HOST:PORT")]
    Plain(String),
    #[error("{0:?} is no address; write HOST:PORT, such as \"evidence.example.com:8443\"")]
    Form(String),
}

impl Address {
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The name that the collector's certificate must carry.
    pub fn server_name(&self) -> Result<ServerName<'static>, AddressError> {
        ServerName::try_from(self.host.clone())
            .map_err(|_not_a_name| AddressError::Form(self.to_string()))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("http://") {
            return Err(AddressError::Plain(text.to_owned()));
        }
        let form = || AddressError::Form(text.to_owned());
        let rest = text.strip_prefix("https://").unwrap_or(text);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(form)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bracketed.is_none() && host.contains(':') {
            return Err(form());
        }
        let host = bracketed.unwrap_or(host);
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(form)?;
        let address = Self { host: host.to_owned(), port };
        address.server_name().map_err(|_not_a_name| form())?;
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// The fingerprint of the CA certificate that a collector must show: `sha256:<64 hex digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaPin(pub Digest);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a CA fingerprint; copy sha256:… as `exhibit-collector token create` printed it"
)]
pub struct PinError(String);

impl FromStr for CaPin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let hex =
            text.strip_prefix("sha256:").and_then(|hex| hex.to_ascii_lowercase().parse().ok());
        hex.map(Self).ok_or_else(|| PinError(text.to_owned()))
    }
}

impl fmt::Display for CaPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}
