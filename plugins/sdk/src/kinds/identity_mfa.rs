//! `identity.mfa`: where a second factor is asked for, whether anybody gets past it, and who has one. Never judges it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "identity.mfa";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:identity.mfa:v1";

/// Second factors of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactors {
    /// Whether every way of signing in needs a second factor. Null: not determinable, or there is no way in.
    pub required: Option<bool>,
    /// Ways in and steps to more rights, sorted by name.
    pub services: Vec<Service>,
    /// Accounts that have a second factor, sorted by name. On a host: those whose own files show it.
    pub accounts: Vec<Account>,
    /// Whether `accounts` is the whole list.
    pub accounts_complete: bool,
}

/// One way in: a PAM service, a console, an organisation's sign-in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name, such as `sshd`, `sudo`, `console`.
    pub name: String,
    /// `sign_in`, or `elevation` for a step from one account to more rights.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether nobody gets past without a second factor. Null: not determinable.
    pub required: Option<bool>,
    /// Second factors it knows, in the order they are asked.
    pub factors: Vec<Factor>,
    /// Combinations of methods that it asks for, such as `publickey,keyboard-interactive`; empty: it does not say.
    pub methods: Vec<String>,
    /// File or page that says so.
    pub source: String,
}

/// One second factor of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Method: `totp`, `hardware_key`, `smart_card`, `push`, `otp`, `biometric`….
    pub method: String,
    /// What asks for it, such as `pam_u2f`.
    pub by: String,
    /// How its answer counts, such as `required`. Null: has no such word.
    pub control: Option<String>,
    /// Whether accounts that have none are let past.
    pub optional: bool,
}

/// One account with a second factor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Methods it has, sorted.
    pub methods: Vec<String>,
}

impl Kind for SecondFactors {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.services.sort();
        for account in &mut self.accounts {
            account.methods.sort();
            account.methods.dedup();
        }
        self.accounts.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "required": false,
        "services": [
            {"name": "sshd", "type": "sign_in", "required": true,
                "factors": [{"method": "totp", "by": "pam_google_authenticator", "control": "required", "optional": false}],
                "methods": ["publickey,keyboard-interactive"], "source": "/etc/pam.d/sshd"},
            {"name": "sudo", "type": "elevation", "required": false, "factors": [], "methods": [],
                "source": "/etc/pam.d/sudo"}],
        "accounts": [{"name": "bob", "methods": ["totp"]}],
        "accounts_complete": true
    })
}
