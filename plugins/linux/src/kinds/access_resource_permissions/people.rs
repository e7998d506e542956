//! Names of accounts and groups by number, and whether a number belongs to anybody, directories asked where there are
//! any. It never enumerates a directory.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use exhibit_plugin::{Job, OutcomeKind};

use crate::{
    accounts::Tables,
    look::{Found, Look},
    tool::{self, Tool},
};

/// Numbers that a directory is asked for, at most.
const ASKED: usize = 64;

/// Who is who on the host.
pub(super) struct People<'a> {
    job: &'a Job,
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
    /// Whether the tables are whole, so that an absent number means something.
    whole: bool,
    /// Whether a directory may know more.
    directory: bool,
    asked: RefCell<BTreeMap<(bool, u32), Option<bool>>>,
}

impl<'a> People<'a> {
    pub(super) fn read(look: &mut Look<'a>) -> Self {
        let tables = Tables::read(look);
        if !tables.whole {
            look.seen.outcome(
                OutcomeKind::Failed,
                "the tables of accounts or groups are missing or not whole, so files without an owner cannot be told",
                "repair /etc/passwd and /etc/group",
            );
        }
        let directory = match look.text("/etc/nsswitch.conf") {
            Found::Here(text) => names_directory(&text),
            Found::Missing => false,
            Found::Unreadable => true,
        };
        // The first line of a number names it, as getpwuid(3) has it.
        let users = tables.users.iter().rev().map(|user| (user.uid, user.name.clone())).collect();
        let groups = tables.groups.iter().rev().map(|one| (one.gid, one.name.clone())).collect();
        Self {
            job: look.job,
            users,
            groups,
            whole: tables.whole && !tables.nis,
            directory: directory || tables.nis,
            asked: RefCell::default(),
        }
    }

    pub(super) fn user(&self, uid: u32) -> String {
        self.users.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }

    pub(super) fn group(&self, gid: u32) -> String {
        self.groups.get(&gid).cloned().unwrap_or_else(|| gid.to_string())
    }

    /// `unowned_user`, `unowned_group`, both or neither.
    pub(super) fn unowned(&self, uid: u32, gid: u32) -> Vec<&'static str> {
        let mut words = Vec::new();
        if !self.users.contains_key(&uid) && self.nobody(true, uid) {
            words.push("unowned_user");
        }
        if !self.groups.contains_key(&gid) && self.nobody(false, gid) {
            words.push("unowned_group");
        }
        words
    }

    /// Numbers that may belong to an account of a directory that did not answer, or was not asked any more.
    pub(super) fn undecided(&self) -> usize {
        self.asked.borrow().values().filter(|answer| answer.is_none()).count()
    }

    fn nobody(&self, user: bool, number: u32) -> bool {
        if !self.whole {
            return false;
        }
        if !self.directory {
            return true;
        }
        let mut asked = self.asked.borrow_mut();
        let room = asked.len() < ASKED && self.job.root == std::path::Path::new("/");
        let answer = asked
            .entry((user, number))
            .or_insert_with(|| if room { self.ask(user, number) } else { None });
        *answer == Some(true)
    }

    /// Whether the directory knows nobody of this number; none when it does not say.
    fn ask(&self, user: bool, number: u32) -> Option<bool> {
        let table = if user { "passwd" } else { "group" };
        let number = number.to_string();
        let tool = Tool::new("getent", &[table, &number]).timeout(Duration::from_secs(2));
        match tool::run(&tool, self.job).ok()?.code {
            Some(0) => Some(false),
            Some(2) => Some(true),
            _ => None,
        }
    }
}

/// Whether accounts come from anywhere but the host's own files.
fn names_directory(text: &str) -> bool {
    let own = ["files", "compat", "systemd", "db", "myhostname", "altfiles"];
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| ["passwd", "group"].contains(&name.trim()))
        .flat_map(|(_, sources)| sources.split_whitespace())
        .any(|source| !source.starts_with('[') && !source.contains('=') && !own.contains(&source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_told_by_its_source() {
        assert!(!names_directory(
            "passwd: files systemd\ngroup: files [NOTFOUND=return]\nhosts: dns\n"
        ));
        assert!(names_directory("passwd: files sss # directory\n"));
        assert!(!names_directory("# passwd: ldap\n"));
    }
}
