//! More than anybody expected, and names that are none.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};

use super::Asked;

/// Folders that plugins list.
const FOLDERS: [&str; 22] = [
    "etc/apt/sources.list.d",
    "etc/apt/apt.conf.d",
    "etc/cron.d",
    "etc/cron.daily",
    "etc/sudoers.d",
    "etc/pam.d",
    "etc/ssh/sshd_config.d",
    "etc/systemd/system",
    "etc/rsyslog.d",
    "etc/logrotate.d",
    "etc/tmpfiles.d",
    "etc/modprobe.d",
    "etc/sysctl.d",
    "etc/ssl/private",
    "etc/letsencrypt/live",
    "etc/prometheus/rules",
    "etc/cni/net.d",
    "home/joe/.ssh",
    "var/lib/docker/containers",
    "var/lib/pacman/local",
    "var/spool/cron/crontabs",
    "srv/dumps",
];

fn names() -> [&'static OsStr; 6] {
    [
        b"line\nbreak.conf".as_slice(),
        b"esc\x1b[2J\x07.conf",
        b"latin-\xfc.conf",
        b"\xf0\x9f.list",
        b"-rf --.conf",
        b"%s%n$(x)`.json",
    ]
    .map(OsStr::from_bytes)
}

fn write(root: &Path, path: &str, content: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// Every text of a value.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => map.values().for_each(|one| texts(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn names_that_are_no_text_come_through_and_move_no_terminal() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\njoe:x:1000:1000::/home/joe:/bin/sh\n",
    );
    for folder in FOLDERS {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        for name in names() {
            fs::write(folder.join(name), "content\n").unwrap();
        }
        symlink(&folder, folder.join("loop.conf")).unwrap();
        symlink("self.conf", folder.join("self.conf")).unwrap();
        mkfifoat(CWD, folder.join("pipe.conf"), Mode::RUSR).unwrap();
    }
    let mut asked = Asked::new();
    asked.settings = json!({"backup": {"repositories": [{"name": "d", "tool": "files", "location": "/srv/dumps"}]}});
    for plugin in ["exhibit-plugin-linux", "exhibit-plugin-backup"] {
        for (kind, told) in asked.tell(plugin, root.path(), &[]) {
            let body = told.body.unwrap_or_default();
            let mut found: Vec<&str> =
                told.outcomes.iter().chain(&told.method).map(String::as_str).collect();
            texts(&body, &mut found);
            for text in found {
                let odd = text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
                assert!(!odd, "{kind}: {text:?}");
            }
        }
    }
}

#[test]
fn a_hundred_thousand_accounts_are_told_or_refused_in_time() {
    let root = tempfile::tempdir().unwrap();
    let (mut passwd, mut shadow, mut group) =
        (String::new(), String::new(), "sudo:x:27:".to_owned());
    for number in 0..100_000 {
        writeln!(passwd, "user{number}:x:{number}:100::/home/user{number}:/bin/bash").unwrap();
        writeln!(shadow, "user{number}:$6$a$bcdefghijk:19000:0:99999:7:::").unwrap();
        write!(group, "user{number},").unwrap();
    }
    write(root.path(), "etc/passwd", &passwd);
    write(root.path(), "etc/shadow", &shadow);
    write(root.path(), "etc/group", &(group + "user0\nusers:x:100:\n"));
    write(root.path(), "etc/sudoers", "%sudo ALL=(ALL) ALL\n");
    write(root.path(), "etc/ssh/sshd_config", "PermitRootLogin no\n");
    let mut asked = Asked::new();
    asked.deadline = Duration::from_secs(100);
    for kind in [
        "identity.accounts",
        "identity.privileged_grants",
        "identity.secrets_and_keys",
        "identity.mfa",
        "access.resource_permissions",
        "logging.privileged_activity",
        "software.containers",
    ] {
        let told = &asked.tell("exhibit-plugin-linux", root.path(), &[kind])[kind];
        assert!(
            told.outcomes.iter().all(|line| !line.starts_with("timed_out")),
            "{kind}: {told:?}"
        );
        if kind == "identity.accounts" {
            let refused = told.outcomes.iter().any(|line| line.starts_with("limit_exceeded"));
            assert!(refused || told.rows == 100_000, "{} rows: {:?}", told.rows, told.outcomes);
        }
    }
}
