//! `identity.privileged_grants` of a Linux host: uid 0, groups that amount to root, sudo. It runs no sudo and no shell.

mod sudoers;

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::identity_privileged_grants::{
        Grant, KIND, Principal, PrincipalType, PrivilegedGrants, Setting,
    },
};

use self::sudoers::{Rule, Sudoers};
use crate::{
    accounts::{self, Tables},
    command_line::allowed,
    look::Look,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/passwd",
        "/etc/group",
        "/etc/sudoers and what it includes",
        "/etc/nsswitch.conf",
        "/etc/doas.conf (only whether it is there)",
    ],
    needs: &["CAP_DAC_READ_SEARCH: /etc/sudoers and /etc/sudoers.d"],
    observe,
};

/// Groups whose members can become root or read what only root may, what they get, and whether it is everything.
const GROUPS: [(&str, &str, bool); 8] = [
    ("disk", "raw access to every disk", true),
    ("docker", "control of the container engine, which runs as root", true),
    ("incus-admin", "control of the container engine, which runs as root", true),
    ("kmem", "raw access to memory", true),
    ("libvirt", "control of virtual machines", true),
    ("lxd", "control of the container engine, which runs as root", true),
    ("root", "files that the group root may write", false),
    ("shadow", "reading password hashes", false),
];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let tables = Tables::read(&mut look);
    let mut grants = uid_zero(&tables);
    grants.extend(powerful_groups(&tables));
    let mut mechanisms = vec!["passwd".to_owned(), "group".to_owned()];
    let mut settings = Vec::new();
    let mut complete = tables.whole && !tables.nis;
    if let Some(sudoers) = sudoers::read(&mut look) {
        mechanisms.push("sudo".to_owned());
        complete &= sudoers.whole && accounts::report(&mut look, "sudoers", &sudoers.faults);
        grants.extend(sudo_grants(&sudoers, &tables));
        settings = sudoers.settings;
    }
    complete &= elsewhere(&mut look);
    let rows = grants.len();
    look.seen.document(PrivilegedGrants { grants, settings, mechanisms, complete }, rows);
    look.done()
}

/// Grants of sudo alone, for other kinds; none when there is no sudoers file.
pub(crate) fn of_sudo(look: &mut Look<'_>, tables: &Tables) -> Option<Vec<Grant>> {
    let sudoers = sudoers::read(look)?;
    Some(sudo_grants(&sudoers, tables))
}

/// Mechanisms that exist and are not read; each is an outcome. True when there is none.
fn elsewhere(look: &mut Look<'_>) -> bool {
    let mut complete = true;
    let text = look.text("/etc/nsswitch.conf").here().unwrap_or_default();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("sudoers:"));
    let directory = line.and_then(|line| line.split_whitespace().find(|word| *word != "files"));
    if let Some(directory) = directory {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!("rules of sudo that come from '{directory}' cannot be listed from a host"),
            "observe the directory itself with its own plugin",
        );
        complete = false;
    }
    if look.host.exists("/etc/doas.conf") {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "/etc/doas.conf is there and its grants are not read",
            "move the grants to sudo, or record them by hand",
        );
        complete = false;
    }
    complete
}

fn uid_zero(tables: &Tables) -> Vec<Grant> {
    let users = tables.users.iter().filter(|user| user.uid == 0);
    users
        .map(|user| Grant {
            id: format!("uid0 {}", user.name),
            via: "uid0".to_owned(),
            principal: Principal { kind: PrincipalType::Account, name: user.name.clone() },
            members: Some(vec![user.name.clone()]),
            scope: vec!["ALL".to_owned()],
            run_as: vec!["root".to_owned()],
            commands: vec!["ALL".to_owned()],
            full: true,
            authentication_required: None,
            source: format!("/etc/passwd:{}", user.line),
        })
        .collect()
}

/// A group without members grants nothing to anybody.
fn powerful_groups(tables: &Tables) -> Vec<Grant> {
    let mut grants = Vec::new();
    for (name, what, full) in GROUPS {
        for group in tables.groups.iter().filter(|group| group.name == name) {
            let root: BTreeSet<&str> = tables
                .users
                .iter()
                .filter(|user| user.uid == 0)
                .map(|user| user.name.as_str())
                .collect();
            let mut members = tables.members(group);
            members.retain(|member| !root.contains(member.as_str()));
            if members.is_empty() {
                continue;
            }
            grants.push(Grant {
                id: format!("group {name}"),
                via: "group".to_owned(),
                principal: Principal { kind: PrincipalType::Group, name: name.to_owned() },
                members: Some(members.into_iter().collect()),
                scope: vec!["ALL".to_owned()],
                run_as: vec!["root".to_owned()],
                commands: vec![if full { "ALL".to_owned() } else { what.to_owned() }],
                full,
                authentication_required: Some(false),
                source: format!("/etc/group:{}", group.line),
            });
        }
    }
    grants
}

fn sudo_grants(sudoers: &Sudoers, tables: &Tables) -> Vec<Grant> {
    let mut grants: BTreeMap<String, Grant> = BTreeMap::new();
    for rule in &sudoers.rules {
        let users = sudoers.expanded("User", &rule.users);
        for (index, user) in users.iter().enumerate().filter(|(_, user)| !user.starts_with('!')) {
            let later = users.get(index + 1..).unwrap_or_default();
            let excluded = later.iter().filter_map(|user| user.strip_prefix('!'));
            let excluded: Vec<String> =
                excluded.flat_map(|user| members(user, tables).unwrap_or_default()).collect();
            let grant = grant(sudoers, rule, user, &excluded, tables);
            // The same line twice is the same grant; its first place is told.
            grants.entry(grant.id.clone()).or_insert(grant);
        }
    }
    grants.into_values().collect()
}

fn grant(
    sudoers: &Sudoers,
    rule: &Rule,
    user: &str,
    excluded: &[String],
    tables: &Tables,
) -> Grant {
    let principal = principal(user);
    let scope = sudoers.expanded("Host", &rule.hosts);
    let commands = sudoers.expanded("Cmnd", &rule.commands);
    let commands: Vec<String> = commands.iter().map(|command| allowed(command)).collect();
    let mut run_as = match &rule.run_as_users {
        Some(users) if users.is_empty() && rule.run_as_groups.is_empty() => vec![user.to_owned()],
        Some(users) => sudoers.expanded("Runas", users),
        None => vec![default_run_as(&sudoers.settings)],
    };
    let groups = sudoers.expanded("Runas", &rule.run_as_groups);
    run_as.extend(groups.into_iter().map(|group| format!(":{group}")));
    let asked = rule.authenticate.unwrap_or_else(|| asks(&sudoers.settings, user));
    let root = run_as.iter().any(|name| ["ALL", "root", "#0"].contains(&name.as_str()))
        && !run_as.iter().any(|name| ["!root", "!#0"].contains(&name.as_str()));
    let members = members(user, tables).map(|mut members| {
        members.retain(|member| !excluded.contains(member));
        members
    });
    let tag = if asked { "" } else { "NOPASSWD: " };
    Grant {
        id: format!(
            "sudo {user} {}=({}) {tag}{}",
            scope.join(","),
            run_as.join(","),
            commands.join(", ")
        ),
        via: "sudo".to_owned(),
        principal,
        members,
        scope,
        run_as,
        // Every command as root is everything, even with exceptions: a copy of an excluded command still runs.
        full: root && commands.iter().any(|command| command == "ALL"),
        commands,
        authentication_required: Some(asked),
        source: rule.source.clone(),
    }
}

fn principal(user: &str) -> Principal {
    let (kind, name) = if user == "ALL" {
        (PrincipalType::Everyone, user)
    } else if let Some(group) = user.strip_prefix("%:").or_else(|| user.strip_prefix('+')) {
        (PrincipalType::External, group)
    } else if let Some(group) = user.strip_prefix('%') {
        (PrincipalType::Group, group)
    } else {
        (PrincipalType::Account, user)
    };
    Principal { kind, name: name.to_owned() }
}

/// Accounts behind a word of a user list; none when this host does not know them.
fn members(user: &str, tables: &Tables) -> Option<Vec<String>> {
    if user == "ALL" {
        return Some(tables.users.iter().map(|user| user.name.clone()).collect());
    }
    if user.starts_with("%:") || user.starts_with('+') {
        return None;
    }
    if let Some(name) = user.strip_prefix('%') {
        let gid = name.strip_prefix('#').and_then(|gid| gid.parse::<u32>().ok());
        let fits =
            |group: &&accounts::Group| gid.map_or(group.name == name, |gid| group.gid == gid);
        let found = tables.groups.iter().filter(fits).flat_map(|group| tables.members(group));
        return Some(found.collect());
    }
    if let Some(uid) = user.strip_prefix('#').and_then(|uid| uid.parse::<u32>().ok()) {
        let found = tables.users.iter().filter(|account| account.uid == uid);
        return Some(found.map(|account| account.name.clone()).collect());
    }
    // A name that is in no table may still come from a directory, or be left over from an account that is gone.
    tables.users.iter().any(|account| account.name == user).then(|| vec![user.to_owned()])
}

fn default_run_as(settings: &[Setting]) -> String {
    let set = settings.iter().rev().find(|one| one.name == "runas_default" && one.scope.is_empty());
    set.map_or_else(|| "root".to_owned(), |setting| setting.value.clone())
}

/// Whether `Defaults` leave the question for a password on; the last line for all or for this very name counts.
fn asks(settings: &[Setting], user: &str) -> bool {
    let mine = |setting: &&Setting| {
        setting.name == "authenticate"
            && (setting.scope.is_empty() || setting.scope.strip_prefix(':') == Some(user))
    };
    settings.iter().rfind(mine).is_none_or(|setting| setting.value != "false")
}

#[cfg(test)]
mod tests;
