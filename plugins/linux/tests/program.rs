//! The program as the agent starts it: every kind, good and bad hosts, with and without rights.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use exhibit_plugin::{Describe, Line, OutcomeKind, kinds};

fn request(kinds: &[&str], root: &Path) -> String {
    serde_json::json!({
        "v": 1, "kinds": kinds, "target": "host:test", "deadline_ms": 120_000, "root": root
    })
    .to_string()
}

/// Bounds what takes long on a whole host; the walk itself is tested on trees.
fn bounded(request: &str) -> String {
    let mut request: serde_json::Value = serde_json::from_str(request).unwrap();
    request["settings"] = serde_json::json!({"permissions": {"paths": ["/etc", "/usr/bin"]}});
    request.to_string()
}

fn answers(mut command: Command, request: &str) -> Vec<Line> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last(), Some(&Line::Done {}));
    lines
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_exhibit-plugin-linux"))
}

/// Every kind that this plugin describes; kinds of other plugins are left out.
fn every_kind() -> Vec<&'static str> {
    let output = program().arg("--describe").output().unwrap();
    let describe: Describe = serde_json::from_slice(&output.stdout).unwrap();
    let known = |name: &str| kinds::find(name).map(|info| info.kind);
    describe.kinds.iter().map(|kind| known(&kind.kind).unwrap()).collect()
}

/// Kinds with an answer; bodies are checked, and no outcome may lack its remedy.
fn check(lines: &[Line]) -> BTreeSet<String> {
    let mut answered = BTreeSet::new();
    for line in lines {
        match line {
            Line::Document { kind, body, .. } => {
                kinds::validate(kind, body).unwrap();
                answered.insert(kind.clone());
            }
            Line::Outcome { kind, outcome, detail, remedy, .. } => {
                assert!(!remedy.is_empty(), "{kind} {detail}");
                assert!(!detail.contains("panicked"), "{kind} {outcome:?} {detail}");
                answered.insert(kind.clone());
            }
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    answered
}

fn plant(root: &Path, path: &str, content: &[u8]) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, content).unwrap();
}

#[test]
fn every_kind_is_described() {
    let output = program().arg("--describe").output().unwrap();
    let describe: Describe = serde_json::from_slice(&output.stdout).unwrap();
    let described: BTreeSet<_> = describe.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(described.len(), describe.kinds.len());
    assert!(described.iter().all(|kind| kinds::find(kind).is_some()), "{described:?}");
    let page = include_str!("../README.md");
    let untold: Vec<_> = described.iter().filter(|kind| !page.contains(**kind)).collect();
    assert!(untold.is_empty(), "the plugin's page does not name {untold:?}");
    assert!(describe.kinds.iter().all(|kind| !kind.reads.is_empty()));
}

#[test]
fn this_host_answers_for_every_kind() {
    let lines = answers(program(), &bounded(&request(&every_kind(), Path::new("/"))));
    let expected: BTreeSet<String> = every_kind().into_iter().map(str::to_owned).collect();
    assert_eq!(check(&lines), expected);
    let documents = lines.iter().filter(|line| matches!(line, Line::Document { .. })).count();
    assert!(documents >= 10, "only {documents} documents");
}

#[test]
fn an_empty_tree_answers_for_every_kind_and_tells_nothing_of_this_host() {
    let root = tempfile::tempdir().unwrap();
    let lines = answers(program(), &request(&every_kind(), root.path()));
    assert_eq!(check(&lines).len(), every_kind().len());
    let said = serde_json::to_string(&lines).unwrap();
    if let Ok(id) = fs::read_to_string("/etc/machine-id") {
        assert!(id.trim().is_empty() || !said.contains(id.trim()));
    }
}

#[test]
fn garbage_in_every_file_is_never_a_panic() {
    let files = [
        "var/lib/dpkg/status",
        "var/lib/apt/extended_states",
        "etc/apt/sources.list",
        "etc/apt/sources.list.d/a.sources",
        "etc/apt/apt.conf.d/a",
        "etc/os-release",
        "etc/passwd",
        "etc/group",
        "etc/shadow",
        "etc/sudoers",
        "etc/nsswitch.conf",
        "etc/login.defs",
        "etc/pam.d/common-auth",
        "etc/pam.d/common-password",
        "etc/security/pwquality.conf",
        "etc/security/faillock.conf",
        "etc/ssh/sshd_config",
        "usr/sbin/sshd",
        "var/log/lastlog",
        "var/log/wtmp",
        "var/log/apt/history.log",
        "var/log/dpkg.log",
        "etc/localtime",
        "var/log/unattended-upgrades/unattended-upgrades.log",
        "proc/cpuinfo",
        "proc/meminfo",
        "proc/modules",
        "proc/cmdline",
        "proc/self/mountinfo",
        "proc/sys/kernel/sysrq",
        "etc/sysctl.conf",
        "etc/modprobe.d/a.conf",
        "proc/net/tcp",
        "proc/net/udp6",
        "proc/swaps",
        "etc/crypttab",
        "etc/fstab",
        "etc/crontab",
        "etc/rsyslog.conf",
        "etc/systemd/journald.conf",
        "etc/audit/auditd.conf",
        "etc/chrony/chrony.conf",
        "proc/loadavg",
        "proc/stat",
    ];
    let broken: [&[u8]; 5] = [
        b"\xff\xfe\x00:\x80=\x81 \xf0\x28\x8c\n:::::::\n\xc3\n",
        b"Package: \xff\nStatus: install ok installed\nVersion: \xfe\n\nroot:x:-1:99999999999:::\n",
        b"= \"unclosed [ ( { \\\nInclude *\nMatch\n@include \xff\nUser_Alias A=A\nA ALL=A\n",
        b"",
        b"18446744073709551616 99999999999999999999999 -1 2147483648:65536 0x\n",
    ];
    for content in broken {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            plant(root.path(), file, content);
        }
        let lines = answers(program(), &request(&every_kind(), root.path()));
        assert_eq!(check(&lines).len(), every_kind().len());
    }
}

#[test]
fn without_rights_the_rest_is_still_observed_and_the_right_is_named() {
    let root = tempfile::tempdir().unwrap();
    plant(root.path(), "etc/passwd", b"root:x:0:0::/root:/bin/sh\n");
    plant(root.path(), "etc/group", b"root:x:0:\n");
    plant(root.path(), "etc/shadow", b"root:$6$SECRET:19000:0:99999:7:::\n");
    plant(root.path(), "etc/sudoers", b"root ALL=(ALL) ALL\n");
    let closed = fs::Permissions::from_mode(0o000);
    for file in ["etc/shadow", "etc/sudoers"] {
        fs::set_permissions(root.path().join(file), closed.clone()).unwrap();
    }
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The program lies where another user can start it.
    let copy = root.path().join("plugin");
    fs::copy(env!("CARGO_BIN_EXE_exhibit-plugin-linux"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("Uid:\t0");
    let mut command = if is_root { Command::new("setpriv") } else { Command::new(&copy) };
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy);
    }
    let lines = answers(
        command,
        &request(&["identity.accounts", "identity.privileged_grants"], root.path()),
    );
    let said = serde_json::to_string(&lines).unwrap();
    assert!(!said.contains("SECRET"));
    let documents: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Document { body, .. } => Some(body),
            Line::Outcome { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
        })
        .collect();
    assert_eq!(documents.len(), 2);
    assert!(documents[0]["accounts"][0]["password"].is_null());
    assert_eq!(documents[1]["complete"], false);
    for path in ["/etc/shadow", "/etc/sudoers"] {
        let told = lines.iter().any(|line| {
            matches!(line, Line::Outcome { outcome: OutcomeKind::Denied, detail, remedy, .. }
                if detail.contains(path) && remedy.contains("CAP_DAC_READ_SEARCH"))
        });
        assert!(told, "nobody tells of {path}: {said}");
    }
}
