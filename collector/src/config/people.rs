//! How people sign in: `[people]` and `[oidc]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::span::duration;
use crate::people::Role;

/// Local accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Roles that ask for a second factor after the password.
    #[serde(deserialize_with = "roles")]
    pub second_factor: Vec<Role>,
}

/// An OpenID provider at which people may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// As its ID tokens name it, to the letter.
    pub issuer: String,
    pub client_id: String,
    /// A client without one is public; PKCE is used either way.
    pub client_secret_file: Option<PathBuf>,
    /// Our own address that it sends people back to.
    pub redirect: String,
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that names groups; dots lead into objects.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Group → role. Whoever is in none of them has no access.
    #[serde(deserialize_with = "mapping")]
    pub roles: BTreeMap<String, Role>,
    /// What the link on the sign-in page says.
    #[serde(default = "label")]
    pub label: String,
    /// By how much its clock may differ from ours.
    #[serde(default = "skew", deserialize_with = "duration")]
    pub clock_skew: Duration,
    /// PEM file of the certificates that its web server's must lead to; what the system trusts if absent.
    pub tls_roots: Option<PathBuf>,
}

/// Where people come back to.
const CALLBACK: &str = "/sign-in/oidc/callback";

impl Oidc {
    /// Key, value and way out of the first value that is refused.
    pub(super) fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        if !self.issuer.starts_with("https://") || self.issuer.contains(['?', '#', ' ']) {
            let way_out =
                "expected an https address without query, as the provider's tokens name it";
            return Err(("oidc.issuer", self.issuer.clone(), way_out));
        }
        if !self.redirect.starts_with("https://") || !self.redirect.ends_with(CALLBACK) {
            let way_out = "expected https://NAME:PORT/sign-in/oidc/callback, as it is registered at the provider";
            return Err(("oidc.redirect", self.redirect.clone(), way_out));
        }
        if self.client_id.is_empty() {
            return Err(("oidc.client_id", String::new(), "expected what the provider calls us"));
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            let way_out = "expected \"openid\" among them";
            return Err(("oidc.scopes", self.scopes.join(" "), way_out));
        }
        if self.clock_skew > Duration::from_secs(600) {
            let value = format!("{} s", self.clock_skew.as_secs());
            return Err(("oidc.clock_skew", value, "expected at most 10m: set the clocks right"));
        }
        if let Some((group, _)) = self.roles.iter().find(|(_, role)| **role == Role::Auditor) {
            let way_out =
                "auditors have an account until a day: add them with `exhibit-collector user add`";
            return Err(("oidc.roles", group.clone(), way_out));
        }
        if self.roles.is_empty() {
            let way_out = "name at least one group with its role, or nobody has access";
            return Err(("oidc.roles", String::new(), way_out));
        }
        Ok(())
    }
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

fn label() -> String {
    "Sign in with your organisation".to_owned()
}

fn skew() -> Duration {
    Duration::from_secs(60)
}

fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Role>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

fn mapping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Role>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
    let read = |(group, role): (String, String)| Ok((group, role.parse()?));
    texts.into_iter().map(read).collect::<Result<_, String>>().map_err(serde::de::Error::custom)
}
