//! The mount table: which file systems are mounted where. It never mounts and never judges.

use std::collections::BTreeSet;

use crate::OutcomeKind;

use super::look::{Found, Look};

const TABLE: &str = "/proc/self/mountinfo";

/// One line of `/proc/self/mountinfo` (proc(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub major: u32,
    pub minor: u32,
    /// The part of the file system that is mounted: `/` unless a bind mount.
    pub fs_root: String,
    pub point: String,
    pub fs_type: String,
    pub source: String,
}

/// Keep nothing, hold images that are always full, or mirror what is counted elsewhere.
const PSEUDO: [&str; 33] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "erofs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "fuse.lxcfs",
    "fuse.gvfsd-fuse",
    "fuse.portal",
    "fuse.snapfuse",
    "nfsd",
    "resctrl",
    "smackfs",
];
const NETWORK: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "ceph",
    "fuse.glusterfs",
    "fuse.sshfs",
    "fuse.s3fs",
    "afs",
    "lustre",
];

impl Mount {
    /// Whether it keeps data across a restart.
    pub fn keeps_data(&self) -> bool {
        // Containers' own roots come and go with names made by the engine; only the root of this very system counts.
        let foreign_overlay = self.fs_type == "overlay" && self.point != "/";
        !PSEUDO.contains(&self.fs_type.as_str()) && !foreign_overlay
    }

    /// Whether the data lies on another machine.
    pub fn is_network(&self) -> bool {
        NETWORK.contains(&self.fs_type.as_str())
    }
}

/// File systems that keep data, each once at its widest mount point, sorted by mount point. None: the table is not
/// readable, which an outcome says.
pub fn keeping_data(look: &mut Look<'_>) -> Option<Vec<Mount>> {
    let text = match look.text(TABLE) {
        Found::Here(text) => text,
        Found::Unreadable => return None,
        Found::Missing => {
            look.seen.outcome(
                OutcomeKind::NotApplicable,
                format!("{TABLE} does not exist, so nothing says what is mounted"),
                "observe the running host, with /proc mounted where the plugin runs",
            );
            return None;
        }
    };
    let (mounts, malformed) = mountinfo(&text);
    if malformed > 0 {
        look.garbled(TABLE, &format!("{malformed} lines have an unknown form and were left out"));
    }
    Some(unique(mounts.into_iter().filter(Mount::keeps_data).collect()))
}

/// Bind mounts show one file system several times: the whole one wins over a part, the shorter path over the longer.
fn unique(mut mounts: Vec<Mount>) -> Vec<Mount> {
    mounts.sort_by(|a, b| {
        let rank = |m: &Mount| (m.fs_root != "/", m.point.len());
        rank(a).cmp(&rank(b)).then_with(|| a.point.cmp(&b.point))
    });
    let mut known = BTreeSet::new();
    mounts.retain(|mount| known.insert((mount.major, mount.minor)));
    mounts.sort_by(|a, b| a.point.cmp(&b.point));
    mounts
}

/// Parses the whole text; the number counts lines that did not parse.
pub fn mountinfo(text: &str) -> (Vec<Mount>, usize) {
    let mut mounts = Vec::new();
    let mut malformed = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match mount(line) {
            Some(mount) => mounts.push(mount),
            None => malformed += 1,
        }
    }
    (mounts, malformed)
}

fn mount(line: &str) -> Option<Mount> {
    // The optional fields before " - " vary in number.
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<&str> = left.split(' ').collect();
    let mut right = right.split(' ');
    let (major, minor) = left.get(2)?.split_once(':')?;
    Some(Mount {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
        fs_root: unescape(left.get(3)?),
        point: unescape(left.get(4)?),
        fs_type: right.next()?.to_owned(),
        source: unescape(right.next()?),
    })
}

/// The kernel writes space, tab, newline and backslash as three octal digits.
pub fn unescape(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let octal = bytes
            .get(at + 1..at + 4)
            .filter(|_| *byte == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match octal {
            Some(value) => {
                out.push(value);
                at += 4;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mount_is_read_whatever_its_optional_fields() {
        let text = "27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw\n30 25 0:27 /sub\\040dir /mnt/a\\040b rw - tmpfs tmpfs rw\nbroken line\n";
        let (mounts, malformed) = mountinfo(text);
        assert_eq!(malformed, 1);
        assert_eq!((mounts[0].major, mounts[0].minor), (254, 0));
        assert_eq!(mounts[0].source, "/dev/vda");
        assert_eq!(mounts[1].point, "/mnt/a b");
        assert_eq!(mounts[1].fs_root, "/sub dir");
    }

    #[test]
    fn a_backslash_that_is_no_escape_stays() {
        assert_eq!(unescape("a\\b\\04"), "a\\b\\04");
        assert_eq!(unescape("\\134"), "\\");
    }

    #[test]
    fn a_file_system_counts_once_and_at_its_root() {
        let text = "1 0 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n2 0 8:1 / / rw - ext4 /dev/sda1 rw\n3 0 8:1 /srv /bind rw - ext4 /dev/sda1 rw\n4 0 0:9 / /run rw - tmpfs tmpfs rw\n5 0 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n";
        let kept = unique(mountinfo(text).0.into_iter().filter(Mount::keeps_data).collect());
        assert_eq!(kept.iter().map(|m| m.point.as_str()).collect::<Vec<_>>(), ["/"]);
    }

    proptest! {
        #[test]
        fn unescape_never_panics_and_never_grows(text in ".{0,80}") {
            prop_assert!(unescape(&text).chars().count() <= text.chars().count() * 3);
        }
    }
}
