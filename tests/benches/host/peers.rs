//! The peers: what is run, what it covers and what not. One that is not installed is named as such.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::timed::{median_cpu, repeated, words};

struct Peer {
    name: &'static str,
    program: &'static str,
    /// `{out}` is a folder for its files.
    command: &'static str,
    files: &'static [&'static str],
    covers: &'static str,
    lacks: &'static str,
    ground: Ground,
}

/// What of ours a peer is held against, and whether it sees about as much.
#[derive(Clone, Copy, PartialEq)]
enum Ground {
    /// Everything but the scans, and about as much.
    All,
    /// The same, of which it sees a part.
    Part,
    /// The sums of every packaged file.
    Sums,
    /// The walk of the whole disk.
    Walk,
}

/// Median processor seconds of our collections.
pub(crate) struct Ours {
    pub(crate) rest: f64,
    pub(crate) sums: f64,
    pub(crate) walk: f64,
}

const PEERS: [Peer; 9] = [
    Peer {
        name: "lynis",
        program: "/usr/sbin/lynis",
        command: "lynis audit system --no-colors --logfile {out}/lynis.log --report-file {out}/lynis.dat",
        files: &["lynis.log", "lynis.dat"],
        covers: "patches, accounts, sshd, password policy, services, ports, sysctl, logging, malware scanners, certificates, packages",
        lacks: "backups, file integrity, permissions of all files, containers, redundancy, grants by rule; a score, no signed evidence",
        ground: Ground::All,
    },
    Peer {
        name: "openscap with the content of Debian's ssg-debian",
        program: "/usr/bin/oscap",
        command: "oscap xccdf eval --profile xccdf_org.ssgproject.content_profile_standard --results-arf {out}/arf.xml /usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml",
        files: &["arf.xml"],
        covers: "on the release that its content names: about 44 rules on mounts, sysctl, services, accounts, sshd",
        lacks: "on a later release every rule is 'notapplicable'; backups, ports, firewall rules, containers, certificates",
        ground: Ground::Part,
    },
    Peer {
        name: "facter",
        program: "/usr/bin/facter",
        command: "facter --json",
        files: &[],
        covers: "hardware, system, mounts, interfaces, host keys",
        lacks: "patches, accounts, policies, services, ports, firewall, logging, backups, packages",
        ground: Ground::Part,
    },
    Peer {
        name: "ansible setup",
        program: "/usr/bin/ansible",
        command: "ansible localhost --connection local -m ansible.builtin.setup",
        files: &[],
        covers: "hardware, system, mounts, interfaces; the caller's environment as it is",
        lacks: "as facter",
        ground: Ground::Part,
    },
    Peer {
        name: "ansible package_facts",
        program: "/usr/bin/ansible",
        command: "ansible localhost --connection local -m ansible.builtin.package_facts",
        files: &[],
        covers: "installed packages",
        lacks: "everything else",
        ground: Ground::Part,
    },
    Peer {
        name: "apt-get -s dist-upgrade",
        program: "/usr/bin/apt-get",
        command: "apt-get -s -o Debug::NoLocking=true dist-upgrade",
        files: &[],
        covers: "pending updates",
        lacks: "everything else",
        ground: Ground::Part,
    },
    Peer {
        name: "dpkg --verify",
        program: "/usr/bin/dpkg",
        command: "dpkg --verify",
        files: &[],
        covers: "every packaged file against its sum, documentation and data too",
        lacks: "monitors of file integrity and their runs",
        ground: Ground::Sums,
    },
    Peer {
        name: "debsums",
        program: "/usr/bin/debsums",
        command: "debsums --all --silent",
        files: &[],
        covers: "as dpkg --verify",
        lacks: "as dpkg --verify",
        ground: Ground::Sums,
    },
    Peer {
        name: "find for rights",
        program: "/usr/bin/find",
        command: "find / -xdev ( -perm -4000 -o -perm -2000 -o -perm -0002 -o -nouser -o -nogroup ) -printf %m,%u,%g,%p\\n",
        files: &[],
        covers: "set-id, world-writable and unowned files of one file system",
        lacks: "capabilities and access lists of files, which package brought one; a bound of its rate",
        ground: Ground::Walk,
    },
];

/// Runs every peer and holds each against what of ours sees the same.
pub(crate) fn measure(folder: &Path, times: usize, ours: &Ours) -> Result<Value> {
    let mut all = Vec::new();
    for peer in &PEERS {
        if !Path::new(peer.program).is_file() {
            all.push(json!({"peer": peer.name, "missing": peer.program}));
            continue;
        }
        let command = peer.command.replace("{out}", &folder.to_string_lossy());
        let files: Vec<PathBuf> = peer.files.iter().map(|file| folder.join(file)).collect();
        let (figures, last) = repeated(folder, &words(&command), &files, times)?;
        let results = ["pass", "fail", "notapplicable"].map(|word| {
            (word, last.printed.lines().filter(|line| line.ends_with(&format!("\t{word}"))).count())
        });
        let (beside, ours) = match peer.ground {
            Ground::All | Ground::Part => ("everything but the scans", ours.rest),
            Ground::Sums => ("config.file_integrity of every packaged file", ours.sums),
            Ground::Walk => ("access.resource_permissions", ours.walk),
        };
        let ratio = median_cpu(&figures).map(|cpu| cpu / ours.max(0.01));
        all.push(json!({
            "peer": peer.name,
            "command": command,
            "figures": figures,
            "times_our_processor_time": ratio,
            "beside": beside,
            "comparable_ground": peer.ground != Ground::Part,
            "covers": peer.covers,
            "lacks": peer.lacks,
            "results": results.iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>(),
        }));
    }
    all.push(json!({"peer": "osquery", "missing": "not in Debian's archive nor on PyPI"}));
    Ok(Value::Array(all))
}
