//! `access.resource_permissions`: who may read or write what, where the answer is unusual or matters. Never judges it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "access.resource_permissions";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:access.resource_permissions:v1";

/// Permissions of one target's resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourcePermissions {
    /// Resources with a finding, sorted by id. What has none is not listed.
    pub resources: Vec<Resource>,
    /// How many resources have each finding, those that a bound left out of the list included, by finding.
    pub totals: BTreeMap<String, u64>,
    /// What was looked through, sorted by id.
    pub scopes: Vec<Scope>,
    /// Whether every scope that should be looked through was, to its end and without a refusal.
    pub complete: bool,
}

/// One file, directory, bucket, database or repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Path or provider's id. In a path `\` is written `\\`, a line feed `\n`, and every other control character and
    /// every byte that is not UTF-8 `\xHH`, so that no two paths look alike.
    pub id: String,
    /// `file`, `directory`, `socket`, `pipe`, `device`, `symlink`, `bucket`, `database`, `repository`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Why it is listed, sorted: `world_writable` (for a directory: without the sticky bit), `unowned_user`,
    /// `unowned_group`, `setuid`, `setgid`, `capabilities`, `acl`, `sensitive`, `public`….
    pub findings: Vec<String>,
    /// Owner. An account that does not exist is a number. Null: has none.
    pub owner: Option<String>,
    /// Group. Null: has none.
    pub group: Option<String>,
    /// Permission bits, four octal digits such as `4755`. Null: has none.
    pub mode: Option<String>,
    /// What anybody may do without being named: `read`, `write`, `execute`.
    pub anyone: Vec<String>,
    /// Named grants beside the owner: access lists, policies, bindings; sorted.
    pub grants: Vec<Grant>,
    /// Rights a program gains when it is started, such as `cap_net_raw=ep`. Null: none.
    pub capabilities: Option<String>,
    /// Package that owns it. Null: none does, or `package_checked` is false.
    pub package: Option<String>,
    /// Whether the package database was asked; it is asked for programs that gain rights only.
    pub package_checked: bool,
    /// How many resources below it have the same finding for the same reason and are counted but not listed.
    pub below: u64,
}

/// One named grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who, such as `user:bob`, `group:adm`, `role:auditor`.
    pub principal: String,
    /// What, sorted.
    pub rights: Vec<String>,
}

/// One place that was looked through, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Mount point, path, account or organisation.
    pub id: String,
    /// File system or service, such as `ext4`. Null: not known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `whole`, `cut` by a bound, or `skipped`.
    pub state: String,
    /// Why it was cut or skipped. Null: whole.
    pub reason: Option<String>,
    /// Entries seen, rounded down to two digits so that a quiet host gives an equal document. The statement has the
    /// exact number.
    pub seen_about: u64,
    /// Entries or directories that could not be looked at for want of a right.
    pub denied: u64,
    /// Directories that were left out on purpose: excluded by the settings, other file systems, too deep.
    pub skipped: u64,
}

impl Kind for ResourcePermissions {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for resource in &mut self.resources {
            resource.findings.sort();
            resource.findings.dedup();
            resource.anyone.sort();
            for grant in &mut resource.grants {
                grant.rights.sort();
            }
            resource.grants.sort();
        }
        self.resources.sort();
        self.scopes.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "resources": [
            {"id": "/srv/drop", "type": "directory", "findings": ["world_writable"], "owner": "root", "group": "root",
                "mode": "0777", "anyone": ["execute", "read", "write"], "grants": [], "capabilities": null,
                "package": null, "package_checked": false, "below": 0},
            {"id": "/usr/bin/ping", "type": "file", "findings": ["capabilities"], "owner": "root", "group": "root",
                "mode": "0755", "anyone": ["execute", "read"],
                "grants": [{"principal": "user:bob", "rights": ["read"]}], "capabilities": "cap_net_raw=ep",
                "package": "iputils-ping", "package_checked": true, "below": 0}],
        "totals": {"capabilities": 1, "world_writable": 1},
        "scopes": [{"id": "/", "type": "ext4", "state": "whole", "reason": null, "seen_about": 23_000, "denied": 0,
            "skipped": 4}],
        "complete": true
    })
}
