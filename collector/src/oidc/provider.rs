//! One provider: what it says of itself, its keys, the exchange of a code. Everything is asked over TLS, without redirects,
//! in bounds of time and bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::keys::Keys;
use super::token::{Expected, Parts, groups_of, said};
use super::{OidcError, Said};
use crate::ask::{Asking, body, told};
use crate::config::Oidc;
use crate::people::Role;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(10);
/// Largest answer.
const MAX_ANSWER: usize = 512 << 10;
/// How long what it says of itself is believed.
const FRESH_SECONDS: i64 = 3600;
/// An unknown key has the keys asked for again, at most so often.
const KEYS_SECONDS: i64 = 30;

/// What the provider says of itself (OpenID Connect Discovery §3).
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

struct Known {
    metadata: Metadata,
    keys: Keys,
    /// Seconds of Unix time.
    asked: i64,
    keys_asked: i64,
}

/// A sign-in that was begun: kept here until the person comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where to send the person.
    pub address: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// What a person came back with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Returned {
    pub code: String,
    pub state: String,
    pub iss: Option<String>,
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: String,
}

/// A provider with what is known of it.
pub struct Provider {
    config: Oidc,
    secret: Option<String>,
    client: reqwest::Client,
    known: Mutex<Option<Known>>,
}

impl Provider {
    pub fn new(config: Oidc) -> Result<Self, OidcError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| {
                let path = path.display().to_string();
                OidcError::File { path, source }
            })
        };
        let roots = config.tls_roots.as_deref().map(read).transpose()?;
        let secret = config.client_secret_file.as_deref().map(read).transpose()?;
        let secret = secret.map(|secret| String::from_utf8_lossy(&secret).trim().to_owned());
        let (url, roots) = (config.issuer.as_str(), roots.as_deref());
        let asking = Asking { url, connect: CONNECT, whole: WHOLE, idle: None, roots };
        let client = asking.client().map_err(OidcError::Roots)?;
        Ok(Self { config, secret, client, known: Mutex::new(None) })
    }

    /// What its link says.
    pub fn label(&self) -> &str {
        &self.config.label
    }

    /// The role that groups give, the one with most rights where they give several.
    pub fn role(&self, groups: &[String]) -> Option<Role> {
        groups.iter().filter_map(|group| self.config.roles.get(group)).copied().max_by_key(|role| {
            // In the order of what they may: auditors are never given by groups.
            Role::ALL.iter().position(|other| other == role)
        })
    }

    /// Begins a sign-in: PKCE, state and nonce are new each time.
    pub async fn begin(&self, now: Timestamp) -> Result<Begun, OidcError> {
        let metadata = self.metadata(now).await?;
        let (state, nonce, verifier) = (random()?, random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", &self.config.redirect),
            ("scope", &self.config.scopes.join(" ")),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &metadata.authorization_endpoint;
        let sign = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Begun { address: format!("{endpoint}{sign}{query}"), state, nonce, verifier })
    }

    /// Where a person ends the session at the provider, if it has such a page.
    pub async fn end_session(&self, now: Timestamp) -> Option<String> {
        let endpoint = self.metadata(now).await.ok()?.end_session_endpoint?;
        let sign = if endpoint.contains('?') { '&' } else { '?' };
        Some(format!("{endpoint}{sign}{}", encoded(&[("client_id", &self.config.client_id)])))
    }

    /// Exchanges the code; answers who came. The caller has held `state` against what it kept, and forgot it.
    pub async fn finish(
        &self,
        returned: &Returned,
        (nonce, verifier): (&str, &str),
        now: Timestamp,
    ) -> Result<Said, OidcError> {
        let metadata = self.metadata(now).await?;
        // RFC 9207: an answer of another provider is not taken for one of this.
        let other = returned.iss.as_ref().is_some_and(|iss| *iss != self.config.issuer);
        let missing =
            returned.iss.is_none() && metadata.authorization_response_iss_parameter_supported;
        if other || missing {
            return Err(OidcError::Token("the answer is of another issuer"));
        }
        if let Some(error) = &returned.error {
            let known = error.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
            return Err(OidcError::Denied(known));
        }
        let tokens = self.exchange(&metadata, &returned.code, verifier).await?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client: &self.config.client_id,
            nonce,
            skew: i64::try_from(self.config.clock_skew.as_secs()).unwrap_or(i64::MAX),
        };
        let parts = Parts::read(&tokens.id_token)?;
        let keys = self.keys(parts.kid(), now).await?;
        let mut claims = parts.verified(&keys, &expected, now)?;
        let unsaid = groups_of(&claims, &self.config.groups_claim).is_none();
        if let Some(endpoint) = metadata.userinfo_endpoint.filter(|_| unsaid) {
            let more = self.userinfo(&endpoint, &tokens.access_token).await?;
            // What is said of somebody else says nothing (OpenID Connect Core §5.3.2).
            if more.get("sub") != claims.get("sub") {
                return Err(OidcError::Token("the provider told about somebody else"));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(said(&claims, &self.config.groups_claim))
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, OidcError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect.as_str()),
            ("code_verifier", verifier),
        ];
        let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
        let basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
        let mut request = self.client.post(&metadata.token_endpoint);
        match &self.secret {
            Some(secret) if basic => {
                // RFC 6749 §2.3.1: both are encoded as in a form first.
                let (id, secret) = (encode(&self.config.client_id), encode(secret));
                let both = STANDARD.encode(format!("{id}:{secret}"));
                request = request.header(AUTHORIZATION, format!("Basic {both}"));
            }
            Some(secret) => {
                form.push(("client_id", &self.config.client_id));
                form.push(("client_secret", secret));
            }
            None => form.push(("client_id", &self.config.client_id)),
        }
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.json(request.body(encoded(&form)), "exchanging the code").await
    }

    async fn userinfo(
        &self,
        endpoint: &str,
        token: &str,
    ) -> Result<serde_json::Map<String, serde_json::Value>, OidcError> {
        let endpoint = self.secure(endpoint)?;
        let request = self.client.get(endpoint).header(AUTHORIZATION, format!("Bearer {token}"));
        self.json(request, "asking for groups").await
    }

    async fn metadata(&self, now: Timestamp) -> Result<Metadata, OidcError> {
        let mut known = self.known.lock().await;
        let now = now.as_second();
        if let Some(known) = known.as_ref().filter(|known| now - known.asked < FRESH_SECONDS) {
            return Ok(known.metadata.clone());
        }
        let issuer = &self.config.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = self.json(self.client.get(address), "discovery").await?;
        if metadata.issuer != *issuer {
            return Err(self.broken(format!("it calls itself {:?}", metadata.issuer)));
        }
        for endpoint in
            [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri]
        {
            self.secure(endpoint)?;
        }
        let keys = self.fetch_keys(&metadata).await?;
        *known = Some(Known { metadata: metadata.clone(), keys, asked: now, keys_asked: now });
        Ok(metadata)
    }

    /// Its keys; asked for again where one of that name is not known, because keys change.
    async fn keys(&self, kid: Option<&str>, now: Timestamp) -> Result<Keys, OidcError> {
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else {
            return Err(self.broken("it was forgotten".to_owned()));
        };
        let now = now.as_second();
        if !known.keys.knows(kid) && now - known.keys_asked >= KEYS_SECONDS {
            known.keys_asked = now;
            known.keys = self.fetch_keys(&known.metadata).await?;
        }
        Ok(known.keys.clone())
    }

    async fn fetch_keys(&self, metadata: &Metadata) -> Result<Keys, OidcError> {
        let bytes = self.bytes(self.client.get(&metadata.jwks_uri), "asking for keys").await?;
        Keys::parse(&bytes).map_err(|error| self.broken(format!("its keys: {error}")))
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        what: &str,
    ) -> Result<T, OidcError> {
        let bytes = self.bytes(request, what).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.broken(format!("{what}: {error}")))
    }

    async fn bytes(
        &self,
        request: reqwest::RequestBuilder,
        what: &str,
    ) -> Result<Vec<u8>, OidcError> {
        let response = request.send().await;
        let response =
            response.map_err(|error| self.broken(format!("{what}: {}", told(&error))))?;
        let status = response.status();
        let bytes = body(response, MAX_ANSWER).await;
        let bytes = bytes.map_err(|why| self.broken(format!("{what}: {why}")))?;
        if !status.is_success() {
            return Err(self.broken(format!("{what}: it answered {status}")));
        }
        Ok(bytes)
    }

    fn secure<'a>(&self, endpoint: &'a str) -> Result<&'a str, OidcError> {
        if endpoint.starts_with("https://") {
            return Ok(endpoint);
        }
        Err(self.broken(format!("{endpoint:?} is not https")))
    }

    fn broken(&self, why: String) -> OidcError {
        OidcError::Provider { issuer: self.config.issuer.clone(), why }
    }
}

/// 256 random bits.
fn random() -> Result<String, OidcError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| OidcError::Random(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let pairs: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes (RFC 3986 §2.3: unreserved characters stay).
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
