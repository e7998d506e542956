//! Finds which programs hold which sockets by reading `/proc/<pid>`; it never reports process ids, which change at each start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A program that holds a socket, described by what stays the same over a restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// File name of the executable, or else what the process calls itself.
    pub(crate) name: Option<String>,
    /// Executable path, without the kernel's ` (deleted)` mark, so that an update alone changes nothing.
    pub(crate) executable: Option<String>,
    /// systemd unit by control group, when the process runs in one.
    pub(crate) unit: Option<String>,
    /// Real user id of the process.
    pub(crate) uid: Option<u32>,
}

/// Owners of sockets by inode, and how many processes would not show theirs.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    pub(crate) by_inode: BTreeMap<u64, BTreeSet<Owner>>,
    /// Processes whose descriptors could not be read for want of a right.
    pub(crate) denied: usize,
}

/// What is read of a process.
const READ: [&str; 5] = ["fd", "exe", "comm", "cgroup", "status"];

/// Walks `proc` (normally `/proc`) once, without what is not allowed. Processes that end meanwhile are simply gone.
///
/// # Errors
/// When `proc` itself cannot be listed.
pub(crate) fn scan(proc: &Path, allows: &dyn Fn(&Path) -> bool) -> std::io::Result<Owners> {
    let mut owners = Owners::default();
    for entry in fs::read_dir(proc)? {
        let Ok(entry) = entry else { continue };
        let is_process = entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        if !is_process {
            continue;
        }
        let path = entry.path();
        if !READ.iter().all(|name| allows(&path.join(name))) {
            owners.denied += 1;
            continue;
        }
        match socket_inodes(&path) {
            Ok(inodes) if inodes.is_empty() => {}
            Ok(inodes) => {
                let owner = describe(&path);
                for inode in inodes {
                    owners.by_inode.entry(inode).or_default().insert(owner.clone());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                owners.denied += 1
            }
            Err(_gone) => {}
        }
    }
    Ok(owners)
}

fn socket_inodes(process: &Path) -> std::io::Result<BTreeSet<u64>> {
    let mut inodes = BTreeSet::new();
    for entry in fs::read_dir(process.join("fd"))? {
        let Ok(entry) = entry else { continue };
        match fs::read_link(entry.path()) {
            Ok(target) => inodes.extend(target.to_str().and_then(inode_of_link)),
            // With CAP_DAC_READ_SEARCH but without CAP_SYS_PTRACE the directory lists and the links do not read.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(error);
            }
            Err(_closed) => {}
        }
    }
    Ok(inodes)
}

fn inode_of_link(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn describe(process: &Path) -> Owner {
    let link = fs::read_link(process.join("exe")).ok();
    let executable = link.as_deref().map(|path| {
        let shown = path.to_string_lossy();
        shown.strip_suffix(" (deleted)").unwrap_or(&shown).to_owned()
    });
    let name = match &executable {
        Some(path) => path.rsplit('/').next().map(str::to_owned),
        None => fs::read_to_string(process.join("comm")).ok().map(|comm| comm.trim().to_owned()),
    };
    let cgroup = fs::read_to_string(process.join("cgroup")).ok();
    let status = fs::read_to_string(process.join("status")).ok();
    Owner {
        name,
        executable,
        unit: cgroup.as_deref().and_then(unit_of_cgroup),
        uid: status.as_deref().and_then(uid_of_status),
    }
}

/// The innermost service of a control group path. Session scopes are left out: their number changes at each login.
pub(crate) fn unit_of_cgroup(text: &str) -> Option<String> {
    let path = text
        .lines()
        .find_map(|line| line.strip_prefix("0::"))
        .filter(|path| *path != "/")
        .or_else(|| {
        text.lines().find_map(|line| line.split_once(":name=systemd:").map(|(_, p)| p))
    })?;
    path.rsplit('/').find(|part| part.ends_with(".service")).map(str::to_owned)
}

fn uid_of_status(text: &str) -> Option<u32> {
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn this_very_process_is_found_behind_its_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&listener);
        let inode = fs::metadata(format!("/proc/self/fd/{fd}")).unwrap().ino();
        let owners = scan(Path::new("/proc"), &|_| true).unwrap();
        let found = &owners.by_inode[&inode];
        let own = std::env::current_exe().unwrap();
        assert!(found.iter().any(|o| o.executable.as_deref() == own.to_str()));
    }

    #[test]
    fn a_program_updated_under_way_keeps_its_path() {
        let tree = tempfile::tempdir().unwrap();
        let process = tree.path().join("42");
        fs::create_dir_all(process.join("fd")).unwrap();
        symlink("socket:[777]", process.join("fd/3")).unwrap();
        symlink("/usr/sbin/sshd (deleted)", process.join("exe")).unwrap();
        fs::write(process.join("cgroup"), "0::/system.slice/ssh.service\n").unwrap();
        fs::write(process.join("status"), "Name:\tsshd\nUid:\t0\t0\t0\t0\n").unwrap();
        let owners = scan(tree.path(), &|_| true).unwrap();
        let owner = Owner {
            name: Some("sshd".into()),
            executable: Some("/usr/sbin/sshd".into()),
            unit: Some("ssh.service".into()),
            uid: Some(0),
        };
        assert_eq!(owners.by_inode[&777], BTreeSet::from([owner]));
    }

    #[test]
    fn units_come_from_either_control_group_version() {
        let v1 = "2:cpu:/\n1:name=systemd:/system.slice/nginx.service\n0::/\n";
        assert_eq!(unit_of_cgroup(v1).as_deref(), Some("nginx.service"));
        let user = "0::/user.slice/user-0.slice/session-12.scope\n";
        assert_eq!(unit_of_cgroup(user), None);
        let nested = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n";
        assert_eq!(unit_of_cgroup(nested).as_deref(), Some("web.service"));
        assert_eq!(unit_of_cgroup(""), None);
    }
}
