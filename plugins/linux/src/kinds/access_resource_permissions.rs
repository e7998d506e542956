//! `access.resource_permissions` of a Linux host: one bounded walk over local file systems, and the sensitive files.
//!
//! It opens nothing but directories, follows no link, enters no network or pseudo file system, and yields to everybody.

mod attributes;
mod findings;
mod people;
mod walk;

use std::{collections::BTreeSet, path::Path, time::Instant};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::access_resource_permissions::{KIND, Resource, ResourcePermissions, Scope},
};
use rustix::fs::FileType;
use serde::Deserialize;

use self::{
    findings::Findings,
    people::People,
    walk::{Bounds, Summary},
};
use super::network_services::packages;
use crate::{
    gentle, glob,
    look::{Found, Look},
    mounts, settings,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "names, modes, owners of everything on local file systems (/proc/self/mountinfo), never content",
        "attribute security.capability of programs; attribute system.posix_acl_access below permissions.acl_paths and of sensitive files",
        "/etc/passwd, /etc/group, /etc/nsswitch.conf; getent passwd|group NUMBER where a directory is configured",
        "/var/lib/dpkg/info/*.list",
        "ionice -c 3 -p (its own thread)",
    ],
    needs: &["CAP_DAC_READ_SEARCH: directories that only their owner may list"],
    observe,
};

/// Files and directories whose permissions matter on every host; `*` as in a shell.
const SENSITIVE: [&str; 24] = [
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/security/opasswd",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh/sshd_config",
    "/etc/ssh/ssh_host_*_key",
    "/etc/ssl/private",
    "/etc/pki/tls/private",
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.allow",
    "/etc/at.allow",
    "/etc/systemd/system",
    "/etc/ld.so.preload",
    "/etc/audit",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/root",
    "/var/log",
    "/var/log/audit",
    "/var/spool/cron/crontabs",
];
/// Layers of containers repeat whole systems; their engine answers for them.
const EXCLUDED: [&str; 5] = [
    "/var/lib/docker",
    "/var/lib/containers/storage",
    "/var/lib/containerd",
    "/var/lib/lxcfs",
    "/var/lib/kubelet/pods",
];
/// File systems that keep no owners or modes of their own.
const WITHOUT_MODES: [&str; 6] = ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk"];

/// The table `permissions` of the plugin's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Where to walk; none: every local file system.
    paths: Vec<String>,
    /// Directories not to enter, beside [`EXCLUDED`].
    exclude: Vec<String>,
    /// Sensitive files beside [`SENSITIVE`].
    sensitive: Vec<String>,
    /// Where access lists are read of everything.
    acl_paths: Vec<String>,
    /// Entries a second, at most.
    files_per_second: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            exclude: Vec::new(),
            sensitive: Vec::new(),
            acl_paths: vec!["/etc".to_owned()],
            files_per_second: 30_000,
        }
    }
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(settings) = settings::table::<Settings>(&mut look, "permissions") else {
        return look.done();
    };
    gentle::yield_to_others(&mut look);
    let people = People::read(&mut look);
    let mut found = Findings::new(people, &settings.acl_paths);
    let scopes = scopes(&mut look, &settings, &mut found);
    sensitive(&mut look, &settings, &mut found);
    owners_of_programs(&look, &mut found);
    look.seen.method("/var/lib/dpkg/info/*.list");
    let undecided = found.people.undecided();
    if undecided > 0 {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("whether {undecided} numbers of owners belong to an account of the directory could not be asked"),
            "make the directory answer getent passwd NUMBER; files of these owners are not counted as unowned",
        );
    }
    // A place left out on purpose does not make the rest less whole.
    let complete = scopes.iter().all(|scope| scope.denied == 0 && scope.state != "cut");
    let rows = found.resources.len();
    let total = found.totals.values().sum::<u64>();
    let body = ResourcePermissions {
        resources: found.resources.into_values().collect(),
        totals: found.totals,
        scopes,
        complete,
    };
    look.seen.document(body, rows);
    if found.cut {
        look.seen.truncated().outcome(
            OutcomeKind::LimitExceeded,
            format!("{total} findings are counted, {rows} resources are listed"),
            "mend or exclude (permissions.exclude) what is listed; totals hold the rest",
        );
    }
    look.done()
}

/// Walks everything that should be walked.
fn scopes(look: &mut Look<'_>, settings: &Settings, found: &mut Findings<'_>) -> Vec<Scope> {
    let mut places = places(look, settings);
    let end = Instant::now() + look.job.remaining() * 4 / 5;
    let exclude = settings.exclude.iter().map(String::as_str).chain(EXCLUDED);
    let bytes = |path: &str| path.trim_end_matches('/').as_bytes().to_vec();
    let bounds = Bounds {
        end,
        rate: settings.files_per_second,
        excluded: exclude.map(bytes).collect(),
        vetoes: look.job.vetoes.clone(),
    };
    for scope in places.iter_mut().filter(|scope| scope.state == "whole") {
        let start = match look.host.directory(&scope.id) {
            Ok(Some(start)) => start,
            Ok(None) => {
                skip(scope, "there is no such directory");
                continue;
            }
            Err(error) => {
                look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                skip(scope, "it cannot be opened");
                scope.denied = u64::from(error.outcome() == OutcomeKind::Denied);
                continue;
            }
        };
        match walk::walk(start, &scope.id, &bounds, &mut |met| found.meet(met)) {
            Ok(summary) => tell(look, scope, summary),
            Err(errno) => {
                look.garbled(&scope.id, &format!("cannot be walked: {errno}"));
                skip(scope, "it cannot be walked");
            }
        }
    }
    places
}

fn tell(look: &mut Look<'_>, scope: &mut Scope, summary: Summary) {
    look.seen.method(format!(
        "walk of {}: {} seen, {} denied, {} skipped, {} mount points, {} faults",
        scope.id, summary.seen, summary.denied, summary.skipped, summary.mounts, summary.faults
    ));
    scope.seen_about = two_digits(summary.seen);
    scope.denied = summary.denied;
    scope.skipped = summary.skipped;
    if summary.denied > 0 {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!(
                "{} directories or files below {} may not be looked at",
                summary.denied, scope.id
            ),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    if summary.faults > 0 {
        look.garbled(&scope.id, &format!("{} directories or files gave an error", summary.faults));
    }
    if summary.cut {
        scope.state = "cut".to_owned();
        scope.reason = Some("the time of the run was up".to_owned());
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("the walk of {} was ended after {} entries, since its time was up", scope.id, summary.seen),
            "raise the deadline of the run or permissions.files_per_second, name fewer places in permissions.paths, or give the kind a line of its own in the schedule",
        );
    }
}

fn skip(scope: &mut Scope, reason: &str) {
    scope.state = "skipped".to_owned();
    scope.reason = Some(reason.to_owned());
}

/// Where to walk, and what is left out and why.
fn places(look: &mut Look<'_>, settings: &Settings) -> Vec<Scope> {
    let scope = |id: &str, kind: Option<&str>| Scope {
        id: id.to_owned(),
        kind: kind.map(str::to_owned),
        state: "whole".to_owned(),
        reason: None,
        seen_about: 0,
        denied: 0,
        skipped: 0,
    };
    let mounts = if look.host.is_live() { mounts::keeping_data(look) } else { Some(Vec::new()) };
    let mounts = mounts.unwrap_or_default();
    let starts: BTreeSet<String> = match settings.paths.as_slice() {
        [] if mounts.is_empty() => BTreeSet::from(["/".to_owned()]),
        [] => mounts.iter().map(|mount| mount.point.clone()).collect(),
        paths => paths.iter().cloned().collect(),
    };
    let mut scopes = Vec::new();
    for start in starts {
        let holding = mounts.iter().filter(|mount| Path::new(&start).starts_with(&mount.point));
        let holding = holding.max_by_key(|mount| mount.point.len());
        let kind = holding.map(|mount| mount.fs_type.as_str());
        let mut scope = scope(&start, kind);
        if !start.starts_with('/') {
            skip(&mut scope, "it is not a full path");
        } else if holding.is_some_and(mounts::Mount::is_network) {
            skip(&mut scope, "it is on the network");
        } else if kind.is_some_and(|kind| WITHOUT_MODES.contains(&kind)) {
            skip(&mut scope, "the file system keeps no modes");
        } else if kind.is_some_and(|kind| kind.starts_with("fuse.")) {
            skip(&mut scope, "a program of some user answers for the file system");
        }
        scopes.push(scope);
    }
    scopes
}

/// Permissions of the files that matter anywhere.
fn sensitive(look: &mut Look<'_>, settings: &Settings, found: &mut Findings<'_>) {
    let patterns = SENSITIVE.iter().copied().chain(settings.sensitive.iter().map(String::as_str));
    for pattern in patterns {
        for path in glob::matching(look, pattern) {
            let Found::Here(facts) = look.facts(&path) else { continue };
            let acl = look.host.attribute(&path, attributes::ACL);
            let mut findings = vec!["sensitive".to_owned()];
            if acl.is_some() {
                findings.push("acl".to_owned());
            }
            found.list(Resource {
                id: crate::names::escaped(path.as_bytes()),
                kind: findings::word(FileType::from_raw_mode(facts.mode)).to_owned(),
                findings,
                owner: Some(found.people.user(facts.uid)),
                group: Some(found.people.group(facts.gid)),
                mode: Some(format!("{:04o}", facts.mode & 0o7777)),
                anyone: findings::anyone(facts.mode),
                grants: acl.map(|value| found.access_list(&value)).unwrap_or_default(),
                capabilities: None,
                package: None,
                package_checked: false,
                below: 0,
            });
        }
    }
}

/// Asks dpkg's file lists which package brought a program that gains rights.
fn owners_of_programs(look: &Look<'_>, found: &mut Findings<'_>) {
    let gains = |resource: &&Resource| {
        ["setuid", "setgid", "capabilities"]
            .iter()
            .any(|word| resource.findings.iter().any(|finding| finding == word))
    };
    let wanted: BTreeSet<String> =
        found.resources.values().filter(gains).map(|resource| resource.id.clone()).collect();
    if wanted.is_empty() {
        return;
    }
    if !matches!(look.host.directory(packages::INFO), Ok(Some(_))) {
        return;
    }
    let owners = packages::of_files(&look.host, &wanted);
    for id in wanted {
        if let Some(resource) = found.resources.get_mut(&id) {
            resource.package_checked = true;
            resource.package = owners.get(&id).cloned();
        }
    }
}

/// Keeps the two leading digits.
fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number / unit * unit
}

#[cfg(test)]
mod tests;
