//! HTTP to others: witnesses and time-stamping authorities. Bounded in time and bytes, without redirects; proxies come from the
//! environment. It never decides what an answer means.

use std::time::Duration;

use reqwest::{Certificate, Client, Response};
use rustls::crypto::{CryptoProvider, ring};

/// Whom is asked, and how patiently.
pub(crate) struct Asking<'a> {
    pub(crate) url: &'a str,
    pub(crate) connect: Duration,
    pub(crate) whole: Duration,
    /// How long an unused connection is kept; the library's own choice if absent.
    pub(crate) idle: Option<Duration>,
    /// PEM of the certificates that the web server's must lead to; what the system trusts if absent.
    pub(crate) roots: Option<&'a [u8]>,
}

impl Asking<'_> {
    /// A client with ring as its cryptography.
    pub(crate) fn client(&self) -> Result<Client, reqwest::Error> {
        if CryptoProvider::get_default().is_none()
            && ring::default_provider().install_default().is_err()
        {
            tracing::debug!("another part of the program chose the cryptography first");
        }
        let mut builder = Client::builder()
            .connect_timeout(self.connect.min(self.whole))
            .timeout(self.whole)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("exhibit-collector/", env!("CARGO_PKG_VERSION")));
        if let Some(idle) = self.idle {
            builder = builder.pool_idle_timeout(idle);
        }
        if let Some(pem) = self.roots {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
        } else if self.url.starts_with("http://") {
            // A host without any certificate store can still ask over plain HTTP: what is answered proves itself.
            builder = builder.tls_certs_only([]);
        }
        builder.build()
    }
}

/// The body of an answer of at most `limit` bytes, or why there is none.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > limit {
            return Err(format!("its answer is over {} KiB", limit >> 10));
        }
    }
    Ok(bytes)
}

/// An error with what caused it, without the address, which the operator knows.
pub(crate) fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() { "it did not answer in time".to_owned() } else { text }
}
