//! `identity.accounts`: who can sign in, and with what. Never holds a password hash or a key, only their kinds.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "identity.accounts";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:identity.accounts:v1";

/// The accounts of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Accounts, sorted by id.
    pub accounts: Vec<Account>,
    /// Where accounts may come from, in order of look-up: `files`, `sss`, `ldap`, `iam`, `organisation`….
    pub sources: Vec<String>,
    /// True: every source was enumerated. False: accounts of some source (such as LDAP) are not in the list.
    pub complete: bool,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Stable id within the target: login name on a host, ARN or user id at a provider.
    pub id: String,
    /// Name used to sign in.
    pub name: String,
    /// Numeric user id. Null where there is none.
    pub uid: Option<u32>,
    /// What uses it.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// Whether it may be used at all: false when expired or disabled as a whole. A locked password alone does not
    /// disable an account, because keys still work.
    pub enabled: bool,
    /// Whether an interactive session is possible (a real shell, a console login).
    pub login_allowed: bool,
    /// Login shell. Null where there is none.
    pub shell: Option<String>,
    /// Home directory. Null where there is none.
    pub home: Option<String>,
    /// Which source holds it, one of [`Accounts::sources`].
    pub source: String,
    /// Day after which the account is disabled. Null: never.
    pub expires: Option<Date>,
    /// The password. Null: not readable (see the outcome) or kept elsewhere.
    pub password: Option<Password>,
    /// Second factor. Null: not determinable, or decided per sign-in way (see `identity.sign_in_policy`).
    pub mfa: Option<bool>,
    /// Keys and tokens that sign in as this account, sorted by type and id. Null: not readable (see the outcome).
    pub credentials: Option<Vec<Credential>>,
    /// Last sign-in, by day, so that the document does not change with each session.
    pub last_sign_in: LastSignIn,
    /// Day of creation. Null: not recorded.
    pub created: Option<Date>,
    /// Groups and teams, by name, sorted, including the primary one.
    pub groups: Vec<String>,
    /// Whether the account has administrative rights without a further grant (uid 0, owner, administrator). Null: not
    /// determinable here. Everything finer is in `identity.privileged_grants`.
    pub privileged: Option<bool>,
}

/// What uses an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// A human being.
    Person,
    /// A program or integration somebody made an account for.
    Service,
    /// Belongs to the operating system or the provider.
    System,
    /// Cannot be told.
    Unknown,
}

/// The state of a password; never the password or its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// Whether it can be used.
    pub state: PasswordState,
    /// How it is hashed: `yescrypt`, `sha512crypt`, `sha256crypt`, `bcrypt`, `md5crypt`, `descrypt`, `scrypt`,
    /// `gost-yescrypt`, `sha1crypt`, `plain`, `unknown`. Null: there is no hash, or the provider does not say.
    pub hash_scheme: Option<String>,
    /// Day of the last change. Null: not recorded.
    pub last_changed: Option<Date>,
    /// Whether it must be changed at the next sign-in.
    pub must_change: bool,
    /// Days before it may be changed again. Null: no bound.
    pub min_age_days: Option<u32>,
    /// Days after which it must be changed. Null: no bound.
    pub max_age_days: Option<u32>,
    /// Days of warning before that. Null: none.
    pub warn_days: Option<u32>,
    /// Days after that during which it still works. Null: no bound.
    pub inactive_days: Option<u32>,
}

/// Whether a password can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordState {
    /// There is one and it works.
    Set,
    /// Sign-in needs none.
    Empty,
    /// There is one, but it is locked (`!` before the hash).
    Locked,
    /// There never was one that could match (`*`, `!`, `!!`).
    Disabled,
    /// The field holds something unknown.
    Unknown,
}

/// A key or token that signs in as an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// What it is: `ssh_key`, `ssh_ca`, `access_key`, `token`, `certificate`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Public id: fingerprint, key id. Never the secret.
    pub id: String,
    /// Algorithm, such as `ssh-ed25519`. Null where there is none.
    pub algorithm: Option<String>,
    /// Size in bits. Null: fixed by the algorithm, or not known.
    pub bits: Option<u32>,
    /// Whether it works now. False also for a key file that the server ignores because others may write it.
    pub enabled: bool,
    /// Day of creation. Null: not recorded.
    pub created: Option<Date>,
    /// Day of last use. Null: not recorded.
    pub last_used: Option<Date>,
    /// Restrictions by name, such as `from`, `command`, `no-pty`, sorted; never their values.
    pub restrictions: Vec<String>,
    /// Where it is written, such as `/home/alice/.ssh/authorized_keys:3`.
    pub source: String,
}

/// Last sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastSignIn {
    /// What is known.
    pub state: SignInState,
    /// The day, UTC; set exactly when the state is `known`.
    pub date: Option<Date>,
}

/// What is known of sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// There is a record.
    Known,
    /// Sign-ins are recorded and there is none for this account.
    Never,
    /// There is no record to look at, or it is not readable.
    Unknown,
}

impl Kind for Accounts {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for account in &mut self.accounts {
            account.groups.sort();
            account.groups.dedup();
            for credential in account.credentials.iter_mut().flatten() {
                credential.restrictions.sort();
                credential.restrictions.dedup();
            }
            if let Some(list) = &mut account.credentials {
                list.sort();
            }
        }
        self.accounts.sort_by(|a, b| (&a.id, a.uid).cmp(&(&b.id, b.uid)));
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "accounts": [{
            "id": "alice", "name": "alice", "uid": 1000, "type": "person", "enabled": true, "login_allowed": true,
            "shell": "/bin/bash", "home": "/home/alice", "source": "files", "expires": null,
            "password": {"state": "set", "hash_scheme": "yescrypt", "last_changed": "2026-01-04", "must_change": false,
                "min_age_days": null, "max_age_days": 365, "warn_days": 7, "inactive_days": null},
            "mfa": null,
            "credentials": [{"type": "ssh_key", "id": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
                "algorithm": "ssh-ed25519", "bits": 256, "enabled": true, "created": null, "last_used": null,
                "restrictions": ["from"], "source": "/home/alice/.ssh/authorized_keys:1"}],
            "last_sign_in": {"state": "known", "date": "2026-11-21"}, "created": null,
            "groups": ["alice", "sudo"], "privileged": false
        }],
        "sources": ["files", "systemd"],
        "complete": true
    })
}
