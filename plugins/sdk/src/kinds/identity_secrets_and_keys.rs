//! `identity.secrets_and_keys`: which keys and tokens open which account, how old they are and who holds them. Never the
//! secret, and never a comment unless the operator asked for it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "identity.secrets_and_keys";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:identity.secrets_and_keys:v1";

/// Keys and tokens of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsAndKeys {
    /// Every one, sorted by type, account and id.
    pub credentials: Vec<Credential>,
    /// Ways to sign in whose keys cannot be listed from here, such as `AuthorizedKeysCommand`; sorted.
    pub elsewhere: Vec<String>,
    /// Whether every place could be read.
    pub complete: bool,
}

/// One key or token.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// `ssh_authorized_key`, `ssh_authorized_ca`, `ssh_host_key`, `ssh_private_key`, `access_key`, `token`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Account it opens or belongs to. Null: the target itself.
    pub account: Option<String>,
    /// Fingerprint (`SHA256:…`) or the provider's id. Null: not known without reading the secret.
    pub id: Option<String>,
    /// Algorithm, such as `ssh-ed25519`. Null: not known.
    pub algorithm: Option<String>,
    /// Size in bits. Null: not known.
    pub bits: Option<u32>,
    /// Day it was made. Null: not recorded.
    pub created: Option<String>,
    /// Day the file that holds it last changed; it can be older than that day, never younger. Null: not a file.
    pub changed: Option<String>,
    /// Day of its last use. Null: not recorded.
    pub last_used: Option<String>,
    /// Day it ends. Null: it does not end, or that is not recorded.
    pub expires: Option<String>,
    /// Whether it works now. Null: not determinable.
    pub enabled: Option<bool>,
    /// Whether it is itself protected by a passphrase. Null: no private part, or not determinable.
    pub encrypted: Option<bool>,
    /// Names of what restricts it, such as `from`, `command`, scopes; without their values, sorted.
    pub restrictions: Vec<String>,
    /// Comment or label. Null: none, or the operator keeps them back (the default), since they name persons.
    pub label: Option<String>,
    /// Owner of the file. Null: not a file.
    pub owner: Option<String>,
    /// Permission bits of the file, four octal digits. Null: not a file.
    pub mode: Option<String>,
    /// File and line, or page of the provider.
    pub source: String,
}

impl Kind for SecretsAndKeys {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for credential in &mut self.credentials {
            credential.restrictions.sort();
        }
        self.credentials.sort();
        self.elsewhere.sort();
        self.elsewhere.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "credentials": [
            {"type": "ssh_authorized_key", "account": "bob", "id": "SHA256:C54bUyWzZAUBHLH0l1gGvHFkFFFhpIu7HRgeRGGXEW0",
                "algorithm": "ssh-ed25519", "bits": 256, "created": null, "changed": "2026-03-01", "last_used": null,
                "expires": null, "enabled": true, "encrypted": null, "restrictions": ["command", "from"],
                "label": null, "owner": "bob", "mode": "0600", "source": "/home/bob/.ssh/authorized_keys:1"},
            {"type": "ssh_private_key", "account": "bob", "id": null, "algorithm": "openssh", "bits": null,
                "created": null, "changed": "2024-01-02", "last_used": null, "expires": null, "enabled": null,
                "encrypted": false, "restrictions": [], "label": null, "owner": "bob", "mode": "0600",
                "source": "/home/bob/.ssh/id_ed25519"}],
        "elsewhere": [],
        "complete": true
    })
}
