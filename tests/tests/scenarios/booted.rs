//! The shipped units under a systemd that really boots: in a container over this host's own files, with the units, users
//! and folders as the packages would lay them, and the sockets asked by the agent's user. What is written there is thrown away.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exhibit_plugin::levels::{self, Level};
use exhibit_plugin::{Describe, Line, OutcomeKind};
use exhibit_tests::Programs;
use exhibit_tests::programs::{run, text};
use serde_json::{Value, json};

/// Users and folders, then the sockets, then whoever asks; the container ends with it.
const UNITS: [(&str, &str); 3] = [
    (
        "exhibit-users.service",
        "[Unit]\nDefaultDependencies=no\nAfter=local-fs.target\nBefore=exhibit-plugin-linux.socket exhibit-plugin-backup.socket\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=systemd-sysusers /exhibit/sysusers.conf\nExecStart=systemd-tmpfiles --create /exhibit/tmpfiles.conf\n",
    ),
    (
        "exhibit-ask.service",
        "[Unit]\nRequires=exhibit-users.service exhibit-plugin-linux.socket exhibit-plugin-backup.socket\nAfter=exhibit-users.service exhibit-plugin-linux.socket exhibit-plugin-backup.socket\nSuccessAction=exit-force\nFailureAction=exit-force\n[Service]\nType=oneshot\nUser=exhibit-agent\nExecStart=/usr/bin/python3 /exhibit/ask.py\n",
    ),
    (
        "exhibit-asked.target",
        "[Unit]\nRequires=basic.target exhibit-ask.service\nAfter=basic.target\nAllowIsolate=yes\n",
    ),
];
/// Sends each request to its socket, and keeps what comes back.
const ASK: &str = "import socket
for name in ('linux', 'backup'):
    with socket.socket(socket.AF_UNIX) as plugin, open('/answers/' + name, 'wb') as answer:
        plugin.connect('/run/exhibit/' + name + '.sock')
        plugin.sendall(open('/exhibit/' + name + '.json', 'rb').read() + b'\\n')
        plugin.shutdown(socket.SHUT_WR)
        while piece := plugin.recv(65536):
            answer.write(piece)
";
/// An overlay over the host's root, and systemd in it; `$0` is the folder of it all. What builds the walls of a restore is not
/// allowed in such a container otherwise, as it is on a host.
const BOOT: &str =
    "mount -t overlay overlay -o lowerdir=/,upperdir=$0/upper,workdir=$0/work $0/both
exec systemd-nspawn --register=no --keep-unit --private-network --quiet --directory=$0/both \
--bind-ro=$0/units:/usr/local/lib/systemd/system --bind-ro=$0/programs:/usr/libexec/exhibit \
--system-call-filter='landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
--bind-ro=$0/exhibit:/exhibit --bind=$0/answers:/answers --boot systemd.unit=exhibit-asked.target";
const DUMP: &str = "--\n-- PostgreSQL database dump\n--\ncreate table public.orders (id int);\ninsert into public.orders values (1), (2);\n--\n-- PostgreSQL database dump complete\n--\n";

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd")
}

fn copy(from: &Path, to: &Path) {
    assert!(fs::copy(from, to).is_ok(), "{} cannot be copied", from.display());
}

/// What both plugins answer at a level.
fn booted(level: Option<&str>, linux: &Value, backup: &Value) -> BTreeMap<String, Vec<Line>> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["upper", "work", "both", "units", "programs", "exhibit/dumps", "answers"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    let programs = Programs::beside_me().unwrap();
    for plugin in ["linux", "backup"] {
        let program = format!("exhibit-plugin-{plugin}");
        copy(&programs.path(&program), &at("programs").join(&program));
        for end in [".socket", "@.service"] {
            let unit = format!("{program}{end}");
            copy(&shipped().join(&unit), &at("units").join(&unit));
        }
        if let Some(level) = level {
            let drop_ins = at("units").join(format!("{program}@.service.d"));
            fs::create_dir(&drop_ins).unwrap();
            copy(&shipped().join("levels").join(level), &drop_ins.join("level.conf"));
        }
    }
    for name in ["sysusers", "tmpfiles"] {
        let from = shipped().join(format!("{name}.d/exhibit.conf"));
        copy(&from, &at("exhibit").join(format!("{name}.conf")));
    }
    for (name, unit) in UNITS {
        fs::write(at("units").join(name), unit).unwrap();
    }
    fs::write(at("exhibit/ask.py"), ASK).unwrap();
    fs::write(at("exhibit/linux.json"), linux.to_string()).unwrap();
    fs::write(at("exhibit/backup.json"), backup.to_string()).unwrap();
    fs::write(at("exhibit/dumps/app.sql"), DUMP).unwrap();
    for name in ["", "exhibit", "exhibit/dumps", "answers", "units", "programs"] {
        let mode = if name == "answers" { 0o777 } else { 0o755 };
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    // One that does not end is ended: the deadlines of both requests together are shorter.
    let output = Command::new("timeout")
        .args(["180", "unshare", "--mount", "sh", "-ec", BOOT])
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    let answer = |name: &str| {
        let text = fs::read_to_string(at("answers").join(name)).unwrap_or_default();
        let lines: Vec<Line> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.last(), Some(&Line::Done {}), "{name} at {level:?}: {said}");
        (name.to_owned(), lines)
    };
    ["linux", "backup"].map(answer).into()
}

fn described() -> Describe {
    let programs = Programs::beside_me().unwrap();
    let output = run(programs.command("exhibit-plugin-linux").arg("--describe")).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Kinds with what was denied them; a container of systemd's lets nobody speak with the audit system.
fn denied(lines: &[Line]) -> Vec<(&str, &str)> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Outcome { kind, outcome: OutcomeKind::Denied, detail, .. } => {
                let audit = detail.contains("netlink audit socket");
                (!audit).then_some((kind.as_str(), detail.as_str()))
            }
            Line::Outcome { .. } | Line::Document { .. } => None,
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
        })
        .collect()
}

/// Privileges as each document tells them.
fn privileges(lines: &[Line]) -> Vec<&str> {
    let mut found: Vec<&str> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Document { capture, .. } => Some(capture.privileges.as_str()),
            Line::Outcome { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn a_systemd_that_boots_runs_the_units_at_each_level_as_declared() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can boot a container; nothing was tested");
        return;
    }
    let described = described();
    // The two slow walks add nothing to what is tested here.
    let slow = ["access.resource_permissions", "config.file_integrity"];
    let kinds = described.kinds.iter().map(|kind| kind.kind.as_str());
    let kinds: Vec<&str> = kinds.filter(|kind| !slow.contains(kind)).collect();
    let linux = json!({"v": 1, "kinds": kinds, "target": "host:test", "root": "/", "deadline_ms": 60_000, "settings": {}});
    let backup = json!({"v": 1, "kinds": ["continuity.tests"], "target": "host:test", "root": "/", "deadline_ms": 100_000,
        "settings": {"backup": {"repositories": [{"name": "dumps", "tool": "files", "location": "/exhibit/dumps"}]},
            "continuity": {"tests": [{"name": "app", "repository": "dumps", "tables": ["public.orders"]}]}}});
    for (level, drop_in, user) in [
        (Level::User, None, "caps=none"),
        (Level::Capabilities, Some("capabilities.conf"), "caps=dac_read_search,"),
        (Level::Root, Some("root.conf"), "uid=0 caps=all but "),
    ] {
        let told = booted(drop_in, &linux, &backup);
        let lines = &told["linux"];
        let rights = privileges(lines);
        assert!(rights.len() == 1 && rights[0].contains(user), "{level:?}: {rights:?}");
        let documents = lines.iter().filter(|line| matches!(line, Line::Document { .. })).count();
        assert!(documents > 30, "{level:?}: {documents} documents");
        for (kind, detail) in denied(lines) {
            let of = described.kinds.iter().find(|of| of.kind == kind).unwrap();
            assert!(!levels::lacking(of, level).is_empty(), "{kind} at {level:?}: {detail}");
        }
        if level == Level::User {
            let kinds: Vec<&str> = denied(lines).into_iter().map(|(kind, _)| kind).collect();
            assert!(kinds.contains(&"network.firewall") && kinds.contains(&"logging.sources"));
        }
        // A restore behind walls, within the unit: its filter of system calls lets them be built.
        let tests = told["backup"].iter().find_map(|line| match line {
            Line::Document { body, .. } => Some(body["tests"][0].clone()),
            Line::Outcome { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
        });
        let test = tests.unwrap_or_else(|| panic!("{level:?}: {:?}", told["backup"]));
        assert_eq!((&test["result"], &test["database"]["rows"]), (&json!("success"), &json!(2)));
    }
}
