//! Files and folders with records: owner, mode, how far each right reaches, and whether they only grow.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::logging_protection::{Access, Store};

use crate::{accounts::Tables, look::Look, tool::Tool};

/// Logs that matter for security, and what they hold.
const KNOWN: [(&str, &str); 24] = [
    ("/var/log", "application"),
    ("/var/log/apt/history.log", "package"),
    ("/var/log/audit", "audit"),
    ("/var/log/audit/audit.log", "audit"),
    ("/var/log/auth.log", "security"),
    ("/var/log/btmp", "accounting"),
    ("/var/log/cron", "application"),
    ("/var/log/cron.log", "application"),
    ("/var/log/dnf.log", "package"),
    ("/var/log/dpkg.log", "package"),
    ("/var/log/faillog", "accounting"),
    ("/var/log/journal", "journal"),
    ("/var/log/kern.log", "security"),
    ("/var/log/lastlog", "accounting"),
    ("/var/log/maillog", "application"),
    ("/var/log/messages", "security"),
    ("/var/log/pacman.log", "package"),
    ("/var/log/secure", "security"),
    ("/var/log/sudo-io", "security"),
    ("/var/log/sudo.log", "security"),
    ("/var/log/syslog", "security"),
    ("/var/log/wtmp", "accounting"),
    ("/var/lib/lastlog/lastlog2.db", "accounting"),
    ("/var/lib/wtmpdb/wtmp.db", "accounting"),
];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Store> {
    let tables = Tables::read(look);
    let mut found = Vec::new();
    for (path, kind) in KNOWN {
        match look.host.facts(path) {
            Ok(Some(facts)) => found.push((path.to_owned(), kind, facts)),
            Ok(None) => {}
            // The outcome says why.
            Err(_) => drop(look.facts(path)),
        }
    }
    for (folder, kind) in [("/var/log/audit", "audit"), ("/var/log/journal", "journal")] {
        for name in look.names(folder).here().unwrap_or_default() {
            let path = format!("{folder}/{name}");
            // Rotated files of one log share its fate; the folders of journals are few.
            if let Ok(Some(facts)) = look.host.facts(&path)
                && facts.directory
            {
                found.push((path, kind, facts));
            }
        }
    }
    look.seen.method("owner and mode of the logs in /var/log");
    let growing = only_grows(look, found.iter().map(|(path, _, _)| path.as_str()));
    let account = |uid: u32| {
        let user = tables.users.iter().find(|user| user.uid == uid);
        user.map_or_else(|| uid.to_string(), |user| user.name.clone())
    };
    let group = |gid: u32| {
        let group = tables.groups.iter().find(|group| group.gid == gid);
        group.map_or_else(|| gid.to_string(), |group| group.name.clone())
    };
    found
        .into_iter()
        .map(|(path, kind, facts)| Store {
            kind: kind.to_owned(),
            owner: Some(account(facts.uid)),
            group: Some(group(facts.gid)),
            mode: Some(format!("{:04o}", facts.mode & 0o7777)),
            readable_by: access(facts.mode, 0o040, 0o004),
            writable_by: access(facts.mode, 0o020, 0o002),
            append_only: growing.as_ref().and_then(|map| map.get(&path).copied()),
            encrypted: None,
            path,
        })
        .collect()
}

fn access(mode: u32, group: u32, other: u32) -> Access {
    if mode & other != 0 {
        Access::Everyone
    } else if mode & group != 0 {
        Access::Group
    } else {
        Access::Owner
    }
}

/// Which paths carry the attribute "append only" or "immutable"; none when nothing can tell.
fn only_grows<'p>(
    look: &mut Look<'_>,
    paths: impl Iterator<Item = &'p str>,
) -> Option<BTreeMap<String, bool>> {
    if !look.host.is_live() {
        return None;
    }
    let mut arguments = vec!["-d", "--"];
    arguments.extend(paths);
    // A file system without attributes makes it complain; what it could tell still counts.
    let output = look.try_run(&Tool::new("lsattr", &arguments)).ok()?;
    let pairs = output.stdout.lines().filter_map(|line| line.split_once(' '));
    Some(pairs.map(|(flags, path)| (path.trim().to_owned(), flags.contains(['a', 'i']))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::job;

    #[test]
    fn the_logs_of_this_host_have_an_owner() {
        let job = job("/");
        let found = find(&mut Look::new(&job));
        assert!(
            found
                .iter()
                .any(|store| store.path == "/var/log" && store.owner.as_deref() == Some("root"))
        );
    }
}
