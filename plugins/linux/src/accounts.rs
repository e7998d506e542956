//! The host's own tables of accounts and groups (passwd(5), group(5)), as plain parsers. It never looks at a hash.

use std::collections::{BTreeMap, BTreeSet};

use crate::look::{Found, Look};

/// One line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    /// The second field: `x` refers to shadow. May be a hash on odd hosts, so it never leaves as it is.
    pub(crate) password: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
    /// Line in the file, from 1.
    pub(crate) line: usize,
}

/// One line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) gid: u32,
    pub(crate) members: Vec<String>,
    /// Line in the file, from 1.
    pub(crate) line: usize,
}

/// Both tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    /// Whether both files were there, readable and understood.
    pub(crate) whole: bool,
    /// Lines of the file of accounts that stand for one, understood or not.
    pub(crate) listed: usize,
    /// Whether there are NIS lines (`+…`), which stand for accounts that are not in the file.
    pub(crate) nis: bool,
}

impl Tables {
    /// Reads both files of the host; what is wrong with them becomes outcomes.
    pub(crate) fn read(look: &mut Look<'_>) -> Self {
        let mut tables = Self { whole: true, ..Self::default() };
        match look.filled("/etc/passwd") {
            Found::Here(text) => {
                let parsed = parse_passwd(&text);
                tables.users = parsed.rows;
                tables.nis = parsed.nis;
                tables.listed = tables.users.len() + parsed.faults.len();
                tables.whole &= report(look, "/etc/passwd", &parsed.faults);
            }
            Found::Missing | Found::Unreadable => tables.whole = false,
        }
        match look.filled("/etc/group") {
            Found::Here(text) => {
                let parsed = parse_group(&text);
                tables.groups = parsed.rows;
                tables.whole &= report(look, "/etc/group", &parsed.faults);
            }
            Found::Missing | Found::Unreadable => tables.whole = false,
        }
        tables
    }

    /// Names of the accounts of a group: those in its list and those whose primary group it is.
    pub(crate) fn members(&self, group: &Group) -> BTreeSet<String> {
        let primary = self.users.iter().filter(|user| user.gid == group.gid);
        primary.map(|user| user.name.clone()).chain(group.members.iter().cloned()).collect()
    }

    /// Names of the groups of every account, by account.
    pub(crate) fn groups_by_user(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for group in &self.groups {
            for member in &group.members {
                found.entry(member).or_default().insert(&group.name);
            }
        }
        let by_gid: BTreeMap<u32, &str> =
            self.groups.iter().rev().map(|group| (group.gid, group.name.as_str())).collect();
        for user in &self.users {
            if let Some(name) = by_gid.get(&user.gid) {
                found.entry(&user.name).or_default().insert(name);
            }
        }
        found
    }
}

/// Rows of a table, the lines that are none, and whether NIS lines were among them.
pub(crate) struct Parsed<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) faults: Vec<String>,
    pub(crate) nis: bool,
}

/// Reads the text of a passwd file.
pub(crate) fn parse_passwd(text: &str) -> Parsed<User> {
    parse(text, 7, |fields, line| {
        Some(User {
            name: fields.first()?.to_string(),
            password: fields.get(1)?.to_string(),
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            home: fields.get(5)?.to_string(),
            shell: fields.get(6)?.to_string(),
            line,
        })
    })
}

/// Reads the text of a group file.
pub(crate) fn parse_group(text: &str) -> Parsed<Group> {
    parse(text, 4, |fields, line| {
        let members = fields.get(3)?.split(',').map(str::trim).filter(|name| !name.is_empty());
        Some(Group {
            name: fields.first()?.to_string(),
            gid: fields.get(2)?.parse().ok()?,
            members: members.map(str::to_owned).collect(),
            line,
        })
    })
}

fn parse<T>(text: &str, width: usize, row: impl Fn(&[&str], usize) -> Option<T>) -> Parsed<T> {
    let mut parsed = Parsed { rows: Vec::new(), faults: Vec::new(), nis: false };
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(['+', '-']) {
            parsed.nis = true;
            continue;
        }
        let fields: Vec<_> = line.split(':').collect();
        let whole = fields.len() == width && fields.first().is_some_and(|name| !name.is_empty());
        match whole.then(|| row(&fields, index + 1)).flatten() {
            Some(found) => parsed.rows.push(found),
            // The line itself stays out of the message: it may hold a hash.
            None => parsed.faults.push(format!("line {} is not understood", index + 1)),
        }
    }
    parsed
}

/// Turns faults into outcomes; true when there were none.
pub(crate) fn report(look: &mut Look<'_>, path: &str, faults: &[String]) -> bool {
    for fault in faults.iter().take(10) {
        look.garbled(path, fault);
    }
    if faults.len() > 10 {
        look.garbled(path, &format!("{} more lines are not understood", faults.len() - 10));
    }
    faults.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_joined_over_lists_and_primary_groups() {
        let users = parse_passwd(
            "root:x:0:0:root:/root:/bin/bash\nbob:x:1000:27::/home/bob:\n+nis\n# c\nbad:x:y:0:::\n:x:1:1:::\nshort\n",
        );
        assert_eq!(users.rows.len(), 2);
        assert_eq!(
            users.faults,
            ["line 5 is not understood", "line 6 is not understood", "line 7 is not understood"]
        );
        assert!(users.nis);
        let groups = parse_group("root:x:0:\nsudo:x:27:alice, carol\nbroken:x:\n");
        assert_eq!(groups.faults.len(), 1);
        let tables =
            Tables { users: users.rows, groups: groups.rows, whole: true, ..Tables::default() };
        let sudo = &tables.groups[1];
        assert_eq!(tables.members(sudo).into_iter().collect::<Vec<_>>(), ["alice", "bob", "carol"]);
        assert!(tables.groups_by_user()["bob"].contains("sudo"));
        assert!(tables.groups_by_user()["root"].contains("root"));
    }
}
