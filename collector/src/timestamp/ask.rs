//! One exchange with one authority over HTTP (RFC 3161, 3.4), in bounds of time and bytes. What it hands on is verified.

use std::fs;
use std::path::Path;
use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::rfc3161::{MAX_BYTES, QUERY_MEDIA_TYPE, Request, Roots, Token, Verified};
use reqwest::header::CONTENT_TYPE;

use super::StampError;
use crate::ask::{Asking, body, told};
use crate::config;

const CONNECT: Duration = Duration::from_secs(5);

/// One time-stamping authority.
pub struct Authority {
    name: String,
    url: String,
    policy: Option<String>,
    roots: Roots,
    client: reqwest::Client,
}

/// A token that holds, as it came.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) verified: Verified,
    /// Certificates that came with it, DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

impl Authority {
    pub(super) fn new(asked: &config::Timestamp, timeout: Duration) -> Result<Self, StampError> {
        let parsed = reqwest::Url::parse(&asked.url).ok();
        let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
        let host = parsed.as_ref().and_then(|url| url.host_str()).map(str::to_owned);
        let name = asked.name.clone().or_else(|| host.clone()).unwrap_or_default();
        if host.is_none() || asked.url.contains(char::is_whitespace) {
            return Err(StampError::Url { name, url: asked.url.clone() });
        }
        if !super::folder::is_name(&name) {
            return Err(StampError::Name(name));
        }
        let path = asked.roots.clone();
        let unreadable =
            |source| StampError::Unreadable { name: name.clone(), path: path.clone(), source };
        let pem = fs::read(&path).map_err(unreadable)?;
        let refused = |source| StampError::Roots { name: name.clone(), path: path.clone(), source };
        let roots = Roots::from_pem(&pem).map_err(refused)?;
        // A policy that is none is found now, not when it is first asked for.
        Request::new(Digest::ZERO, [0; 8], asked.policy.as_deref())?;
        let client = client(asked, timeout, &name)?;
        Ok(Self { name, url: asked.url.clone(), policy: asked.policy.clone(), roots, client })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has `data` stamped, and verifies what came.
    pub(super) async fn ask(&self, data: &[u8]) -> Result<Answer, StampError> {
        let digest = Digest::of(data);
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| StampError::Unreachable(format!("no random numbers: {error}")))?;
        let request = Request::new(digest, random, self.policy.as_deref())?;
        let sent = self.client.post(&self.url).header(CONTENT_TYPE, QUERY_MEDIA_TYPE);
        let response = match sent.body(request.to_der()).send().await {
            Ok(response) => response,
            Err(error) => return Err(StampError::Unreachable(told(&error))),
        };
        if response.status() != reqwest::StatusCode::OK {
            let status = response.status().as_u16();
            return Err(StampError::Unreachable(format!("it answers with status {status}")));
        }
        let bytes = body(response, MAX_BYTES).await.map_err(StampError::Unreachable)?;
        let token = Token::from_response(&bytes)?;
        request.answered_by(&token)?;
        let verified = token.verify(&digest, &self.roots)?;
        Ok(Answer { bytes, verified, certificates: token.certificates().to_vec() })
    }
}

/// Certificates of the connection are those that the system trusts, or those of `tls_roots`.
fn client(
    asked: &config::Timestamp,
    timeout: Duration,
    name: &str,
) -> Result<reqwest::Client, StampError> {
    let unreadable = |path: &Path, source| StampError::Unreadable {
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    };
    let pem = asked.tls_roots.as_deref();
    let pem = pem.map(|path| fs::read(path).map_err(|source| unreadable(path, source)));
    let pem = pem.transpose()?;
    let (url, roots) = (asked.url.as_str(), pem.as_deref());
    Ok(Asking { url, connect: CONNECT, whole: timeout, idle: None, roots }.client()?)
}
