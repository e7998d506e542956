//! Each source, damaged in each way, on a host that has all of them.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mkfifoat, mknodat};
use serde_json::json;

use super::{Asked, Told};
use crate::planted::host::Planted;

const LINUX: &str = "exhibit-plugin-linux";
const BACKUP: &str = "exhibit-plugin-backup";

/// What can happen to a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    /// The first half of it, as after a crash in the middle of writing.
    Half,
    Nothing,
    Zeros,
    Garbage,
    /// The first bytes are those of another version.
    Version,
    /// One line of 8 MiB.
    Long,
    Loop,
    Pipe,
    Folder,
    Device,
}

const DAMAGES: [Damage; 10] = [
    Damage::Half,
    Damage::Nothing,
    Damage::Zeros,
    Damage::Garbage,
    Damage::Version,
    Damage::Long,
    Damage::Loop,
    Damage::Pipe,
    Damage::Folder,
    Damage::Device,
];

/// What a damaged source must not pass for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// A whole of its own: half of it, or nothing, is no smaller whole.
    Whole,
    /// Lines, of which any number may be right; never none at all.
    Lines,
    /// Lines, of which none may be right too.
    Optional,
}

/// Plugin, kind, file and form.
const SOURCES: &[(&str, &str, &str, Form)] = &[
    (LINUX, "identity.accounts", "/etc/passwd", Form::Lines),
    (LINUX, "identity.accounts", "/etc/shadow", Form::Lines),
    (LINUX, "identity.accounts", "/etc/group", Form::Lines),
    (LINUX, "identity.accounts", "/var/log/lastlog", Form::Optional),
    (LINUX, "identity.accounts", "/var/lib/lastlog/lastlog2.db", Form::Whole),
    (LINUX, "malware.protection", "/etc/clamav/clamd.conf", Form::Optional),
    (LINUX, "malware.protection", "/var/log/clamav/clamav.log", Form::Optional),
    (LINUX, "identity.privileged_grants", "/etc/sudoers", Form::Optional),
    (LINUX, "identity.sign_in_policy", "/etc/ssh/sshd_config", Form::Optional),
    (LINUX, "software.inventory", "/var/lib/dpkg/status", Form::Lines),
    (LINUX, "software.inventory", "/var/lib/rpm/rpmdb.sqlite", Form::Whole),
    (LINUX, "software.inventory", "/lib/apk/db/installed", Form::Lines),
    (LINUX, "software.inventory", "/var/lib/pacman/local/tool-1.0-1/desc", Form::Whole),
    (LINUX, "patch.status", "/var/lib/dpkg/status", Form::Lines),
    (LINUX, "vulnerability.findings", "/srv/advisories.json", Form::Whole),
    (LINUX, "vulnerability.findings", "/srv/osv/OSV-1.json", Form::Whole),
    (LINUX, "sdlc.change_records", "/var/lib/dnf/history.sqlite", Form::Whole),
    (LINUX, "sdlc.change_records", "/var/log/apt/history.log", Form::Optional),
    (LINUX, "sdlc.change_records", "/var/log/apt/history.log.1.gz", Form::Whole),
    (LINUX, "logging.privileged_activity", "/var/lib/wtmpdb/wtmp.db", Form::Whole),
    (LINUX, "logging.privileged_activity", "/var/lib/lastlog/lastlog2.db", Form::Whole),
    (LINUX, "logging.privileged_activity", "/var/log/wtmp", Form::Optional),
    (LINUX, "logging.privileged_activity", "/var/log/auth.log", Form::Optional),
    (LINUX, "logging.privileged_activity", "/var/log/auth.log.2.gz", Form::Whole),
    (LINUX, "software.containers", "/var/lib/docker/containers/aa/config.v2.json", Form::Whole),
    (
        LINUX,
        "software.containers",
        "/var/lib/containers/storage/overlay-containers/containers.json",
        Form::Whole,
    ),
    (
        LINUX,
        "software.containers",
        "/run/containerd/io.containerd.runtime.v2.task/k8s.io/ee/config.json",
        Form::Whole,
    ),
    (LINUX, "software.containers", "/etc/docker/daemon.json", Form::Whole),
    (LINUX, "software.install_control", "/etc/apt/sources.list", Form::Optional),
    (LINUX, "software.install_control", "/etc/yum.repos.d/site.repo", Form::Optional),
    (LINUX, "network.segmentation", "/etc/cni/net.d/10-a.conf", Form::Whole),
    (LINUX, "network.web_filtering", "/etc/chromium/policies/managed/a.json", Form::Whole),
    (LINUX, "crypto.certificates_and_keys", "/etc/ssl/site.pem", Form::Whole),
    (LINUX, "config.scheduled_jobs", "/etc/crontab", Form::Optional),
    (LINUX, "config.scheduled_jobs", "/etc/systemd/system/backup.service", Form::Optional),
    (LINUX, "config.file_integrity", "/var/lib/dpkg/info/tool.md5sums", Form::Optional),
    (LINUX, "monitoring.detections", "/var/ossec/logs/alerts/alerts.json", Form::Optional),
    (LINUX, "monitoring.alert_rules", "/etc/prometheus/rules/site.yml", Form::Optional),
    (LINUX, "resilience.redundancy", "/etc/lvm/backup/vg0", Form::Optional),
    (LINUX, "data.retention", "/etc/logrotate.conf", Form::Optional),
    (LINUX, "logging.sources", "/etc/rsyslog.conf", Form::Optional),
    (BACKUP, "backup.jobs", "/b/main/base/1/backup.info", Form::Lines),
    (BACKUP, "backup.jobs", "/etc/crontab", Form::Optional),
    (BACKUP, "backup.jobs", "/etc/systemd/system/backup.service", Form::Optional),
];

fn damage(file: &Path, damage: Damage) {
    let whole = fs::read(file).unwrap();
    fs::remove_file(file).unwrap();
    match damage {
        Damage::Half => fs::write(file, &whole[..whole.len() / 2]).unwrap(),
        Damage::Nothing => drop(File::create(file).unwrap()),
        Damage::Zeros => fs::write(file, vec![0; whole.len()]).unwrap(),
        Damage::Garbage => fs::write(file, garbage(whole.len().max(64))).unwrap(),
        Damage::Version => {
            let mut other = whole;
            let end = other.len().min(24);
            other[..end].iter_mut().for_each(|byte| *byte ^= 0x15);
            fs::write(file, other).unwrap();
        }
        Damage::Long => fs::write(file, vec![b'a'; 8 << 20]).unwrap(),
        Damage::Loop => symlink(file.file_name().unwrap(), file).unwrap(),
        Damage::Pipe => mkfifoat(CWD, file, Mode::RUSR).unwrap(),
        Damage::Folder => fs::create_dir(file).unwrap(),
        Damage::Device if rustix::process::geteuid().is_root() => {
            // As /dev/zero: whoever reads it never comes to an end.
            let (kind, zero) = (FileType::CharacterDevice, makedev(1, 5));
            mknodat(CWD, file, kind, Mode::RUSR, zero).unwrap();
        }
        // A socket stands for devices, which only root can make.
        Damage::Device => drop(std::os::unix::net::UnixListener::bind(file).unwrap()),
    }
}

/// Bytes without an order, the same ones each time.
fn garbage(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..length).map(|_| next()).collect()
}

/// Whether an outcome names the file, or the folder or the tool's list that it stands for.
fn is_named(told: &Told, path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    told.outcomes.iter().any(|line| {
        !line.starts_with("not_applicable") && (line.contains(path) || line.contains(folder))
    })
}

/// What is wrong with what was told of a damaged source; none: nothing.
fn fault(whole: &Told, told: &Told, path: &str, form: Form, damage: Damage) -> Option<String> {
    if told.rows > whole.rows {
        return Some(format!("{} rows of {}", told.rows, whole.rows));
    }
    let lost = told.body.is_none() || told.body != whole.body;
    let silent = lost && !is_named(told, path);
    let excused = match form {
        Form::Whole => false,
        // Half of some lines is a smaller number of lines; of no lines at all nothing is known.
        Form::Lines => damage == Damage::Half || damage == Damage::Version,
        Form::Optional => {
            !matches!(damage, Damage::Loop | Damage::Pipe | Damage::Folder | Damage::Device)
        }
    };
    (silent && !excused).then(|| format!("changed in silence: {:?}", told.outcomes))
}

#[test]
fn a_damaged_source_is_named_and_never_passes_for_an_empty_one() {
    let tree = tempfile::tempdir().unwrap();
    let planted = Planted::below(tree.path());
    let mut asked = Asked::new();
    asked.settings = json!({
        "permissions": {"paths": ["/etc/cron.d"]},
        "advisories": [{"path": "/srv/advisories.json", "format": "debian-tracker"}, {"path": "/srv/osv", "format": "osv"}],
        "backup": {"repositories": [{"name": "barman", "tool": "barman", "location": "/b/main"}]}
    });
    let mut faults = Vec::new();
    for (plugin, kind, path, form) in SOURCES {
        let whole = asked.tell(plugin, tree.path(), &[kind])[*kind].clone();
        assert!(whole.body.is_some(), "{kind}: {:?}", whole.outcomes);
        let file = planted.place(path);
        let content = fs::read(&file).unwrap();
        for how in DAMAGES {
            damage(&file, how);
            let told = asked.tell(plugin, tree.path(), &[kind])[*kind].clone();
            faults.extend(
                fault(&whole, &told, path, *form, how)
                    .map(|fault| format!("{kind} of {path}, {how:?}: {fault}")),
            );
            if file.is_dir() { fs::remove_dir(&file) } else { fs::remove_file(&file) }.unwrap();
            fs::write(&file, &content).unwrap();
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
