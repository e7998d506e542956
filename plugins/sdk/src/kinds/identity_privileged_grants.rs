//! `identity.privileged_grants`: who may act with administrative rights, and on what terms. Never says who should.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "identity.privileged_grants";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:identity.privileged_grants:v1";

/// Every known way to administrative rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivilegedGrants {
    /// Grants, sorted by id.
    pub grants: Vec<Grant>,
    /// Settings of the mechanism that grants, sorted by name, scope and source (on a host: `Defaults` of sudo).
    pub settings: Vec<Setting>,
    /// Mechanisms that were looked at, sorted, such as `passwd`, `group`, `sudo`, `iam`.
    pub mechanisms: Vec<String>,
    /// True: every mechanism that exists was read whole. False: grants may be missing (see the outcome).
    pub complete: bool,
}

/// One grant: somebody may do something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Stable id: mechanism, principal, what, in one line.
    pub id: String,
    /// How: `uid0`, `sudo`, `group`, `role`, `policy`, `owner`….
    pub via: String,
    /// Whom the grant names.
    pub principal: Principal,
    /// Accounts that hold it now, expanded through groups and aliases, sorted. Null: not determinable (a group of a
    /// directory, a netgroup).
    pub members: Option<Vec<String>>,
    /// Hosts or resources, as written; `ALL` for every one.
    pub scope: Vec<String>,
    /// Whom one may act as, as written; `ALL` for anybody, `root` by default.
    pub run_as: Vec<String>,
    /// Commands or actions after expansion of aliases; `ALL` for every one; a leading `!` excludes.
    pub commands: Vec<String>,
    /// Whether it amounts to full control of the target: everything as root, owner, administrator.
    pub full: bool,
    /// Whether the person must authenticate again. Null: does not apply to this mechanism.
    pub authentication_required: Option<bool>,
    /// File and line, or API object, that says so.
    pub source: String,
}

/// Whom a grant names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// What the name means.
    #[serde(rename = "type")]
    pub kind: PrincipalType,
    /// The name; `ALL` for everyone.
    pub name: String,
}

/// What the name of a principal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalType {
    /// One account.
    Account,
    /// A group or team.
    Group,
    /// A role that others assume.
    Role,
    /// A machine, service or foreign account.
    External,
    /// Everybody.
    Everyone,
}

/// One setting of the mechanism.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Name, such as `use_pty`.
    pub name: String,
    /// For whom or what, as written (`:alice`, `@host`, `!command`, `>root`); empty for all.
    pub scope: String,
    /// Value, `true` or `false` for a flag.
    pub value: String,
    /// File and line, or API object.
    pub source: String,
}

impl Kind for PrivilegedGrants {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for grant in &mut self.grants {
            if let Some(members) = &mut grant.members {
                members.sort();
                members.dedup();
            }
        }
        self.grants.sort();
        self.settings.sort();
        self.mechanisms.sort();
        self.mechanisms.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "grants": [
            {"id": "sudo %sudo ALL=(ALL:ALL) ALL", "via": "sudo", "principal": {"type": "group", "name": "sudo"},
             "members": ["alice"], "scope": ["ALL"], "run_as": ["ALL", ":ALL"], "commands": ["ALL"], "full": true,
             "authentication_required": true, "source": "/etc/sudoers:50"},
            {"id": "uid0 root", "via": "uid0", "principal": {"type": "account", "name": "root"},
             "members": ["root"], "scope": ["ALL"], "run_as": ["root"], "commands": ["ALL"], "full": true,
             "authentication_required": null, "source": "/etc/passwd:1"}
        ],
        "settings": [{"name": "use_pty", "scope": "", "value": "true", "source": "/etc/sudoers:13"}],
        "mechanisms": ["group", "passwd", "sudo"],
        "complete": true
    })
}
