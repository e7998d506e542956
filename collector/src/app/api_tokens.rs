//! `api-token`: tokens for programs that ask the API. Works beside `serve`: what is done is logged first, then done.

use std::fmt;

use anyhow::{Context as _, ensure};
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::desk;
use super::people::{logged, open};
use crate::config::Config;
use crate::people::{ApiToken, NewApiToken, Scope};

/// A token that was made.
#[derive(Debug, Serialize)]
pub struct ApiTokenMade {
    pub id: String,
    /// Shown this once.
    pub token: String,
    /// Index of the entry.
    pub entry: u64,
}

/// Tokens, the newest first.
#[derive(Debug, Serialize)]
pub struct ApiTokens {
    pub tokens: Vec<ApiTokenListed>,
}

#[derive(Debug, Serialize)]
pub struct ApiTokenListed {
    pub id: String,
    pub user: String,
    pub name: String,
    pub scopes: String,
    /// RFC 3339.
    pub expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// `open`, `ended` or `revoked`.
    pub standing: &'static str,
}

/// A token that was revoked.
#[derive(Debug, Serialize)]
pub struct ApiTokenRevoked {
    pub id: String,
    /// Index of the entry.
    pub entry: u64,
}

/// For whom, what for, what it may, and how many days unless it is as ever.
pub fn create_api_token(
    config: &Config,
    (user, name, scopes, days): (String, String, Vec<Scope>, Option<i64>),
    by: &str,
    now: Timestamp,
) -> anyhow::Result<ApiTokenMade> {
    desk::texts(&[("--by", by)])?;
    let people = open(config)?;
    let days = match days {
        Some(days) => days,
        None => people.api_token_days(&user, now)?.0,
    };
    let new = &NewApiToken { user, name, scopes, days };
    people.check_api_token(new, now)?;
    let id = people.next_api_token()?;
    let entry = logged(config, new.activity(&id, by, now), now)?;
    let token = people.create_api_token(&id, new, now);
    let token =
        token.with_context(|| format!("entry {entry} says that it was made, but it was not"))?;
    Ok(ApiTokenMade { id, token, entry })
}

pub fn api_tokens(
    config: &Config,
    user: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<ApiTokens> {
    let tokens = open(config)?.api_tokens(user)?.into_iter().map(|token| listed(token, now));
    Ok(ApiTokens { tokens: tokens.collect() })
}

pub fn revoke_api_token(
    config: &Config,
    id: &str,
    by: &str,
    now: Timestamp,
) -> anyhow::Result<ApiTokenRevoked> {
    desk::texts(&[("--by", by)])?;
    let people = open(config)?;
    let found = people.api_tokens(None)?.into_iter().find(|token| token.id == id);
    let found = found.filter(|token| token.revoked.is_none());
    let of = found.with_context(|| {
        format!(
            "there is no token {id:?} that was not revoked: see `exhibit-collector api-token list`"
        )
    })?;
    let (by, action) = (by.to_owned(), "api_token_revoked".to_owned());
    let detail = json!({"token": id, "of": of.user});
    let entry = logged(config, Activity { by, action, detail }, now)?;
    ensure!(people.revoke_api_token(id, None, now)?, "somebody else revoked {id} meanwhile");
    Ok(ApiTokenRevoked { id: id.to_owned(), entry })
}

fn listed(token: ApiToken, now: Timestamp) -> ApiTokenListed {
    let standing = match token.revoked {
        Some(_) => "revoked",
        None if token.expires <= now => "ended",
        None => "open",
    };
    ApiTokenListed {
        id: token.id,
        user: token.user,
        name: token.name,
        scopes: token.scopes,
        expires: token.expires.to_string(),
        last_used: token.last_used.map(|used| used.to_string()),
        standing,
    }
}

impl fmt::Display for ApiTokenMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  (shown this once)\n{}, entry {}", self.token, self.id, self.entry)
    }
}

impl fmt::Display for ApiTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<15} {:<16} {:<8} {:<21} scopes", "id", "person", "standing", "ends")?;
        for token in &self.tokens {
            let ApiTokenListed { id, user, standing, expires, scopes, name, .. } = token;
            write!(f, "\n{id:<15} {user:<16} {standing:<8} {expires:<21} {scopes}  ({name})")?;
        }
        Ok(())
    }
}

impl fmt::Display for ApiTokenRevoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: revoked, entry {}", self.id, self.entry)
    }
}
