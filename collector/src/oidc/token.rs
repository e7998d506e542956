//! ID tokens (OpenID Connect Core §3.1.3.7): whose they are, for whom, for which sign-in, when. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OidcError;
use super::keys::Keys;

/// Longest token that is read.
const MAX_TOKEN: usize = 64 << 10;
const MAX_SUBJECT: usize = 255;
const MAX_GROUPS: usize = 2_000;

/// What must stand in a token.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds by which clocks may differ.
    pub(super) skew: i64,
}

/// What a provider said of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub issuer: String,
    /// Who they are there, for good.
    pub subject: String,
    /// How they would like to be called; proves nothing.
    pub name: String,
    pub full_name: String,
    pub email: String,
    pub groups: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// A token in its parts, of which nothing is believed yet.
pub(super) struct Parts<'a> {
    header: Header,
    message: &'a [u8],
    signed: Vec<u8>,
    claims: Map<String, Value>,
}

fn refused<T>(why: &'static str) -> Result<T, OidcError> {
    Err(OidcError::Token(why))
}

impl<'a> Parts<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, OidcError> {
        if token.len() > MAX_TOKEN {
            return refused("it is over 64 KiB");
        }
        let broken = || OidcError::Token("it cannot be read");
        let (message, signed) = token.rsplit_once('.').ok_or_else(broken)?;
        let (header, claims) = message.split_once('.').ok_or_else(broken)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| broken());
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_not_json| broken())?;
        let claims = serde_json::from_slice(&decode(claims)?).map_err(|_not_json| broken())?;
        Ok(Self { header, message: message.as_bytes(), signed: decode(signed)?, claims })
    }

    /// Name of the key that it says signed it.
    pub(super) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it says, if one of the keys signed it and it is for us, for this sign-in, now.
    pub(super) fn verified(
        self,
        keys: &Keys,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OidcError> {
        if self.header.crit.is_some() {
            return refused("it insists on something that is not understood");
        }
        let Header { alg, kid, .. } = &self.header;
        if !keys.verify(kid.as_deref(), alg, self.message, &self.signed) {
            return refused("no key of the provider signed it");
        }
        let text = |name: &str| self.claims.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("iss") != expected.issuer {
            return refused("it is of another issuer");
        }
        let (ours, others) = match self.claims.get("aud") {
            Some(Value::String(one)) => (one == expected.client, false),
            Some(Value::Array(many)) => {
                (many.iter().any(|one| one.as_str() == Some(expected.client)), many.len() > 1)
            }
            _ => (false, false),
        };
        if !ours {
            return refused("it is for another client");
        }
        let party = self.claims.get("azp").and_then(Value::as_str);
        if party.is_some_and(|party| party != expected.client) || (others && party.is_none()) {
            return refused("it was given to another client");
        }
        self.timely(expected.skew, now.as_second())?;
        if expected.nonce.is_empty() || text("nonce") != expected.nonce {
            return refused("it is of another sign-in");
        }
        let subject = text("sub");
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            return refused("it names nobody");
        }
        Ok(self.claims)
    }

    fn timely(&self, skew: i64, now: i64) -> Result<(), OidcError> {
        let time = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(time) => time.as_i64().map(Some).ok_or(OidcError::Token("a time is no number")),
        };
        let (Some(expires), Some(issued)) = (time("exp")?, time("iat")?) else {
            return refused("it does not say when it was made and when it ends");
        };
        if expires.saturating_add(skew) <= now {
            return refused("it has expired");
        }
        let begins = time("nbf")?.unwrap_or(issued).max(issued);
        if begins.saturating_sub(skew) > now {
            return refused("it is of the future: is a clock wrong?");
        }
        Ok(())
    }
}

/// What claims say of somebody; `groups`: the claim that names their groups, with dots into objects.
pub(super) fn said(claims: &Map<String, Value>, groups: &str) -> Said {
    let text = |name: &str| {
        let text = claims.get(name).and_then(Value::as_str).unwrap_or_default();
        text.chars().filter(|c| !c.is_control()).take(100).collect::<String>()
    };
    let exact =
        |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = Some(text("preferred_username")).filter(|name| !name.is_empty());
    Said {
        issuer: exact("iss"),
        subject: exact("sub"),
        name: name.unwrap_or_else(|| text("email")),
        full_name: text("name"),
        email: text("email"),
        groups: groups_of(claims, groups).unwrap_or_default(),
    }
}

/// The groups, unless nothing is said of them.
pub(super) fn groups_of(claims: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let found = claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })?;
    match found {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => {
            let texts = many.iter().filter_map(Value::as_str).map(str::to_owned);
            Some(texts.take(MAX_GROUPS).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
