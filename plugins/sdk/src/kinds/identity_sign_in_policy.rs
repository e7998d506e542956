//! `identity.sign_in_policy`: what a sign-in must satisfy, as far as it is really enforced. Never judges it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "identity.sign_in_policy";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:identity.sign_in_policy:v1";

/// Sign-in policy of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInPolicy {
    /// Rules for new passwords.
    pub password_rules: PasswordRules,
    /// What happens after failed attempts.
    pub lockout: Lockout,
    /// Second factors.
    pub mfa: Mfa,
    /// Bounds of a session.
    pub session: Session,
    /// The SSH server. Null: the target has none and cannot have one (a provider), or it was not looked at.
    pub ssh: Option<Ssh>,
    /// Every line of the host's PAM stacks that bears on sign-in, in order. Null: no PAM.
    pub pam: Option<Vec<PamLine>>,
    /// Values of `login.defs` that bear on passwords and sign-in, by key. They apply to new accounts only.
    pub login_defs: BTreeMap<String, String>,
}

/// Rules for new passwords. Null in a field: no such rule is in force, or it is not determinable when `enforced` is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    /// Whether a quality check is in force at all; a file that nothing reads does not count. Null: not determinable.
    pub enforced: Option<bool>,
    /// What enforces it, such as `pam_pwquality`.
    pub enforced_by: Option<String>,
    /// Shortest password, in characters.
    pub min_length: Option<u32>,
    /// How many classes of characters are needed.
    pub min_classes: Option<u32>,
    /// Whether words of a dictionary are refused.
    pub dictionary_check: Option<bool>,
    /// How many old passwords are refused.
    pub remembered: Option<u32>,
    /// Whether the administrator is bound too.
    pub binds_root: Option<bool>,
    /// How new passwords are hashed, such as `yescrypt`.
    pub hash_scheme: Option<String>,
    /// Days after which a password of a new account must be changed.
    pub max_age_days: Option<u32>,
    /// Days before it may be changed again.
    pub min_age_days: Option<u32>,
    /// Whether an account with an empty password may sign in.
    pub empty_allowed: Option<bool>,
}

/// What happens after failed attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lockout {
    /// Whether it is in force. Null: not determinable.
    pub enforced: Option<bool>,
    /// What enforces it, such as `pam_faillock`.
    pub enforced_by: Option<String>,
    /// Failed attempts until the lock.
    pub attempts: Option<u32>,
    /// Seconds within which they count.
    pub window_seconds: Option<u32>,
    /// Seconds until it opens by itself; 0: only an administrator opens it.
    pub unlock_seconds: Option<u32>,
    /// Whether the administrator is bound too.
    pub binds_root: Option<bool>,
}

/// Second factors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mfa {
    /// Whether everybody needs one. Null: not determinable.
    pub required: Option<bool>,
    /// What asks for it, sorted, such as `pam_google_authenticator`, `authenticationmethods`, `organisation`.
    pub enforced_by: Vec<String>,
}

/// Bounds of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Seconds of idleness after which a session ends. Null: none is set.
    pub idle_timeout_seconds: Option<u32>,
    /// Where that is written. Null: none is set.
    pub idle_timeout_source: Option<String>,
    /// Whether users cannot change it. Null: none is set.
    pub idle_timeout_fixed: Option<bool>,
    /// Default permission mask of new files, octal text such as `022`. Null: not set.
    pub umask: Option<String>,
    /// Whether a notice is shown before sign-in. Null: not determinable.
    pub notice_before_sign_in: Option<bool>,
}

/// The SSH server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// Whether a server is installed; everything below is empty when not.
    pub installed: bool,
    /// Where the settings come from: `sshd -T` (effective), or `files` (our reading of the files plus the documented
    /// defaults). Null: not installed, or not readable (see the outcome).
    pub settings_from: Option<String>,
    /// Effective settings for everybody, by lower-case keyword. Keywords that may repeat are joined by a space.
    pub settings: BTreeMap<String, String>,
    /// Settings that hold only for some sign-ins, in order of the files.
    pub matches: Vec<SshMatch>,
}

/// One `Match` block of the SSH server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshMatch {
    /// Criteria as written, such as `User bob Address 10.0.0.0/8`.
    pub criteria: String,
    /// Settings of the block, by lower-case keyword.
    pub settings: BTreeMap<String, String>,
    /// File and line.
    pub source: String,
}

/// One line of a PAM stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PamLine {
    /// Stack the line takes effect in, such as `common-auth` or `sshd`.
    pub stack: String,
    /// `auth`, `account`, `password` or `session`; `include` where the whole stack named in `module` is taken in.
    #[serde(rename = "type")]
    pub kind: String,
    /// Control, such as `required` or `[success=1 default=ignore]`.
    pub control: String,
    /// Module without path and `.so`, such as `pam_unix`; the other stack's name for an `include`.
    pub module: String,
    /// Arguments, in order.
    pub arguments: Vec<String>,
}

impl Kind for SignInPolicy {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.mfa.enforced_by.sort();
        self.mfa.enforced_by.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "password_rules": {"enforced": true, "enforced_by": "pam_pwquality", "min_length": 14, "min_classes": 3,
            "dictionary_check": true, "remembered": 5, "binds_root": false, "hash_scheme": "yescrypt",
            "max_age_days": 365, "min_age_days": 0, "empty_allowed": false},
        "lockout": {"enforced": true, "enforced_by": "pam_faillock", "attempts": 5, "window_seconds": 900,
            "unlock_seconds": 600, "binds_root": false},
        "mfa": {"required": false, "enforced_by": []},
        "session": {"idle_timeout_seconds": 900, "idle_timeout_source": "/etc/profile.d/timeout.sh",
            "idle_timeout_fixed": true, "umask": "022", "notice_before_sign_in": true},
        "ssh": {"installed": true, "settings_from": "sshd -T",
            "settings": {"passwordauthentication": "no", "permitrootlogin": "no", "port": "22"},
            "matches": [{"criteria": "User backup", "settings": {"forcecommand": "/usr/bin/restricted"},
                "source": "/etc/ssh/sshd_config:120"}]},
        "pam": [{"stack": "common-auth", "type": "auth", "control": "[success=1 default=ignore]",
            "module": "pam_unix", "arguments": ["nullok"]}],
        "login_defs": {"ENCRYPT_METHOD": "YESCRYPT", "PASS_MAX_DAYS": "99999"}
    })
}
