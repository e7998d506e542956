//! `identity.accounts` of a Linux host: passwd, shadow, groups, keys and last sign-ins. It keeps no hash and no key.

pub(crate) mod keys;
mod shadow;
mod sign_ins;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::identity_accounts::{Account, AccountType, Accounts, KIND, Password, PasswordState},
};
use jiff::{civil::Date, tz::TimeZone};

use super::identity_sign_in_policy::sshd;
use crate::{
    accounts::{self, Tables, User},
    look::{Found, Look},
    tool::Tool,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/passwd",
        "/etc/group",
        "/etc/shadow",
        "/etc/nsswitch.conf",
        "/etc/login.defs",
        "~/.ssh/authorized_keys of every account",
        "/var/log/lastlog",
        "/var/log/wtmp",
        "/var/lib/wtmpdb/wtmp.db, /var/lib/lastlog/lastlog2.db",
        "getent passwd (only when accounts come from a directory)",
    ],
    needs: &["CAP_DAC_READ_SEARCH: /etc/shadow and the keys in home directories"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let tables = Tables::read(&mut look);
    if tables.users.is_empty() {
        look.seen.outcome(
            OutcomeKind::Failed,
            "/etc/passwd is missing, unreadable or without a single account",
            "look at /etc/passwd on the host",
        );
        return look.done();
    }
    let sources = sources(&mut look);
    let local = |source: &String| ["files", "compat", "systemd"].contains(&source.as_str());
    let foreign = sources.iter().find(|source| !local(source)).cloned();
    let mut users: Vec<(User, String)> =
        tables.users.iter().map(|user| (user.clone(), "files".to_owned())).collect();
    let mut expected = (!tables.nis && foreign.is_none()).then_some(tables.listed);
    if let Some(source) = &foreign {
        let (listed, others) = from_directory(&mut look, &tables);
        expected = listed;
        users.extend(others.into_iter().map(|user| (user, source.clone())));
    }
    if tables.nis || foreign.is_some() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "accounts of {} cannot be listed for certain from a host",
                foreign.as_deref().unwrap_or("nis")
            ),
            "observe the directory itself with its own plugin",
        );
    }
    let shadow = shadow(&mut look);
    let first_person = first_person(&mut look);
    let files = sshd::authorized_keys_files(&mut look);
    let keys = keys::observe(&mut look, &tables.users, &files);
    let sign_ins = sign_ins::SignIns::read(&mut look, &tables.users);
    let groups = tables.groups_by_user();
    let today = job.now.to_zoned(TimeZone::UTC).date();
    let accounts: Vec<_> = users
        .into_iter()
        .map(|(user, source)| {
            let (password, expires) = secrets(&user, shadow.as_ref());
            let login_allowed = is_login_shell(&user.shell);
            Account {
                id: user.name.clone(),
                uid: Some(user.uid),
                kind: type_of(&user, login_allowed, first_person),
                enabled: expires.is_none_or(|day| day >= today),
                login_allowed,
                shell: Some(user.shell.clone()).filter(|shell| !shell.is_empty()),
                home: Some(user.home.clone()).filter(|home| !home.is_empty()),
                expires,
                password,
                mfa: None,
                credentials: keys.get(&user.name).cloned(),
                last_sign_in: sign_ins.of(&user.name, user.uid),
                created: None,
                groups: groups
                    .get(user.name.as_str())
                    .map(|names| names.iter().map(|name| (*name).to_owned()).collect())
                    .unwrap_or_default(),
                privileged: Some(user.uid == 0),
                name: user.name,
                source,
            }
        })
        .collect();
    let complete = tables.whole && !tables.nis && foreign.is_none();
    let rows = accounts.len();
    look.seen.document(Accounts { accounts, sources, complete }, rows);
    if let Some(expected) = expected {
        look.seen.expected(expected);
    }
    look.done()
}

/// Sources of accounts by nsswitch.conf(5), in order of look-up; `files` when it says nothing.
fn sources(look: &mut Look<'_>) -> Vec<String> {
    let text = look.text("/etc/nsswitch.conf").here().unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.split('#').next().unwrap_or_default().trim().strip_prefix("passwd:"));
    let line = line.unwrap_or("files");
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for word in line.replace('[', " [ ").replace(']', " ] ").split_whitespace() {
        match word {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            source if depth == 0 => found.push(source.to_owned()),
            // An action such as [NOTFOUND=return].
            _ => {}
        }
    }
    found
}

/// How many accounts the name service lists, and those that are not in the file. A service that lists none of its own may
/// still know some, so its number is then none.
fn from_directory(look: &mut Look<'_>, tables: &Tables) -> (Option<usize>, Vec<User>) {
    if !look.host.is_live() {
        return (None, Vec::new());
    }
    let tool = Tool::new("getent", &["passwd"]).timeout(Duration::from_secs(10));
    let Some(output) = look.run(&tool) else { return (None, Vec::new()) };
    let local: BTreeSet<&str> = tables.users.iter().map(|user| user.name.as_str()).collect();
    let listed = accounts::parse_passwd(&output.stdout).rows;
    let total = listed.len();
    let others: Vec<User> =
        listed.into_iter().filter(|user| !local.contains(user.name.as_str())).collect();
    ((!others.is_empty()).then_some(total), others)
}

fn shadow(look: &mut Look<'_>) -> Option<BTreeMap<String, shadow::Entry>> {
    match look.filled("/etc/shadow") {
        Found::Here(text) => {
            let (entries, faults) = shadow::parse(&text);
            accounts::report(look, "/etc/shadow", &faults);
            Some(entries)
        }
        Found::Missing | Found::Unreadable => None,
    }
}

/// State of the password and day of expiry, from shadow or from passwd itself.
fn secrets(
    user: &User,
    shadow: Option<&BTreeMap<String, shadow::Entry>>,
) -> (Option<Password>, Option<Date>) {
    if user.password != "x" {
        let (state, hash_scheme) = shadow::classify(&user.password);
        return (Some(ageless(state, hash_scheme)), None);
    }
    let Some(shadow) = shadow else { return (None, None) };
    match shadow.get(&user.name) {
        Some(entry) => (Some(entry.password.clone()), entry.expires),
        // Without a line in shadow no password can match.
        None => (Some(ageless(PasswordState::Disabled, None)), None),
    }
}

fn ageless(state: PasswordState, hash_scheme: Option<String>) -> Password {
    Password {
        state,
        hash_scheme,
        last_changed: None,
        must_change: false,
        min_age_days: None,
        max_age_days: None,
        warn_days: None,
        inactive_days: None,
    }
}

/// The smallest uid of people, `UID_MIN` of login.defs(5).
fn first_person(look: &mut Look<'_>) -> u32 {
    let text = look.text("/etc/login.defs").here().unwrap_or_default();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("UID_MIN")?.trim().parse().ok())
        .next_back()
        .unwrap_or(1000)
}

fn type_of(user: &User, login_allowed: bool, first_person: u32) -> AccountType {
    if user.uid == 0 || user.uid < first_person || user.uid == 65534 {
        AccountType::System
    } else if login_allowed {
        AccountType::Person
    } else {
        AccountType::Service
    }
}

/// Whether the shell gives a session; an empty one is `/bin/sh`.
fn is_login_shell(shell: &str) -> bool {
    let name = shell.rsplit('/').next().unwrap_or_default();
    !["nologin", "false", "true", "sync", "shutdown", "halt", "git-shell"].contains(&name)
}

#[cfg(test)]
mod tests;
