//! Keeps what a walk meets and what is worth telling of it, bounded. It reads attributes, never content.

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr, OsString},
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::ffi::OsStrExt,
    },
};

use exhibit_plugin::kinds::access_resource_permissions::{Grant, Resource};
use rustix::fs::FileType;

use super::{attributes, people::People, walk::Met};
use crate::names;

/// Resources of one finding that are listed; more are counted.
const LISTED: u64 = 1000;

/// What was found so far.
pub(super) struct Findings<'a> {
    pub(super) people: People<'a>,
    /// Directories below which access lists are read of everything.
    pub(super) acl_paths: Vec<Vec<u8>>,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) totals: BTreeMap<String, u64>,
    /// Whether something was counted and not listed.
    pub(super) cut: bool,
    /// Listed directories without an owner that hold the place the walk is at.
    strangers: Vec<Stranger>,
}

/// A listed directory without an owner.
struct Stranger {
    path: Vec<u8>,
    findings: Vec<&'static str>,
    ids: (u32, u32),
    /// Its name in the list.
    id: String,
}

impl<'a> Findings<'a> {
    pub(super) fn new(people: People<'a>, acl_paths: &[String]) -> Self {
        let bytes = |path: &String| path.trim_end_matches('/').as_bytes().to_vec();
        Self {
            people,
            acl_paths: acl_paths.iter().map(bytes).collect(),
            resources: BTreeMap::new(),
            totals: BTreeMap::new(),
            cut: false,
            strangers: Vec::new(),
        }
    }

    /// Looks at one thing that the walk met.
    pub(super) fn meet(&mut self, met: &Met<'_>) {
        let (mode, uid, gid) = (met.stat.st_mode, met.stat.st_uid, met.stat.st_gid);
        let kind = FileType::from_raw_mode(mode);
        let mut findings = bits(mode, kind);
        let (mut capabilities, mut grants) = (None, Vec::new());
        if kind == FileType::RegularFile
            && mode & 0o111 != 0
            && let Some(value) = attribute(met.place, attributes::CAPABILITY)
        {
            capabilities = Some(attributes::capabilities(&value));
            findings.push("capabilities");
        }
        if self.wants_acl(met.path)
            && let Some(value) = attribute(met.place, attributes::ACL)
        {
            grants = self.access_list(&value);
            findings.push("acl");
        }
        let unowned = self.people.unowned(uid, gid);
        while self.strangers.last().is_some_and(|stranger| !is_below(met.path, &stranger.path)) {
            self.strangers.pop();
        }
        if findings.is_empty() && !unowned.is_empty() && self.is_known(&unowned, (uid, gid)) {
            return;
        }
        if findings.is_empty() && unowned.is_empty() {
            return;
        }
        let id = names::escaped(met.path);
        let listed = self.list(Resource {
            id: id.clone(),
            kind: word(kind).to_owned(),
            findings: findings.iter().chain(&unowned).map(|word| (*word).to_owned()).collect(),
            owner: Some(self.people.user(uid)),
            group: Some(self.people.group(gid)),
            mode: Some(format!("{:04o}", mode & 0o7777)),
            anyone: anyone(mode),
            grants,
            capabilities,
            package: None,
            package_checked: false,
            below: 0,
        });
        if listed && kind == FileType::Directory && !unowned.is_empty() {
            let path = met.path.to_vec();
            self.strangers.push(Stranger { path, findings: unowned, ids: (uid, gid), id });
        }
    }

    /// Counts what lies in a listed tree of the same stranger, which is one row.
    fn is_known(&mut self, findings: &[&'static str], ids: (u32, u32)) -> bool {
        let above = self.strangers.last();
        let Some(above) = above.filter(|one| one.findings == findings && one.ids == ids) else {
            return false;
        };
        if let Some(resource) = self.resources.get_mut(&above.id) {
            resource.below += 1;
        }
        for word in findings {
            *self.totals.entry((*word).to_owned()).or_default() += 1;
        }
        true
    }

    /// Counts a resource and keeps it within the bound; one that is known already gains the findings. True: it is kept.
    pub(super) fn list(&mut self, resource: Resource) -> bool {
        if let Some(known) = self.resources.get_mut(&resource.id) {
            for finding in resource.findings {
                if !known.findings.contains(&finding) {
                    *self.totals.entry(finding.clone()).or_default() += 1;
                    known.findings.push(finding);
                }
            }
            return true;
        }
        let mut rare = false;
        for finding in &resource.findings {
            let total = self.totals.entry(finding.clone()).or_default();
            *total += 1;
            rare |= *total <= LISTED;
        }
        if rare {
            self.resources.insert(resource.id.clone(), resource);
        }
        self.cut |= !rare;
        rare
    }

    /// Named entries of an access list, with the names of accounts and groups.
    pub(super) fn access_list(&self, value: &[u8]) -> Vec<Grant> {
        let user = |id| self.people.user(id);
        let group = |id| self.people.group(id);
        attributes::access_list(value, &user, &group).unwrap_or_default()
    }

    fn wants_acl(&self, path: &[u8]) -> bool {
        self.acl_paths.iter().any(|above| path == above.as_slice() || is_below(path, above))
    }
}

fn is_below(path: &[u8], above: &[u8]) -> bool {
    path.strip_prefix(above).is_some_and(|rest| above.is_empty() || rest.starts_with(b"/"))
}

/// What the permission bits alone say.
fn bits(mode: u32, kind: FileType) -> Vec<&'static str> {
    let mut findings = Vec::new();
    let file = kind == FileType::RegularFile;
    if file && mode & 0o4000 != 0 {
        findings.push("setuid");
    }
    // On a directory the bit only hands its group on; on a file without x it once meant mandatory locks.
    if file && mode & 0o2010 == 0o2010 {
        findings.push("setgid");
    }
    let sticky = kind == FileType::Directory && mode & 0o1000 != 0;
    if (file || kind == FileType::Directory) && mode & 0o002 != 0 && !sticky {
        findings.push("world_writable");
    }
    findings
}

/// What the bits let anybody do.
pub(super) fn anyone(mode: u32) -> Vec<String> {
    let words = [(0o4, "read"), (0o2, "write"), (0o1, "execute")];
    words.into_iter().filter(|(bit, _)| mode & bit != 0).map(|(_, word)| word.to_owned()).collect()
}

/// The word of the schema.
pub(super) fn word(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "file",
        FileType::Directory => "directory",
        FileType::Symlink => "symlink",
        FileType::Fifo => "pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Unknown => "unknown",
    }
}

/// An attribute of what was met, without opening it: a pipe would wait, a device would act.
fn attribute(place: Option<(BorrowedFd<'_>, &CStr)>, name: &str) -> Option<Vec<u8>> {
    let (directory, file) = place?;
    let mut path = OsString::from(format!("/proc/self/fd/{}/", directory.as_raw_fd()));
    path.push(OsStr::from_bytes(file.to_bytes()));
    let mut value = [0; 4096];
    let length = rustix::fs::lgetxattr(path, name, &mut value[..]).ok()?;
    value.get(..length).map(<[u8]>::to_vec)
}
