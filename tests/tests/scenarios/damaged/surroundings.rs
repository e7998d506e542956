//! Another language, another zone, a clock that stepped, sockets that accept and never answer, tools of another version.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Asked, Told};
use crate::planted::host::Planted;

const LINUX: &str = "exhibit-plugin-linux";
const BACKUP: &str = "exhibit-plugin-backup";

/// The body without what differs at each run anyway.
fn steady(told: &Told) -> Option<String> {
    told.body.as_ref().map(Value::to_string)
}

#[test]
fn language_and_zone_of_the_surroundings_change_nothing() {
    let tree = tempfile::tempdir().unwrap();
    let _planted = Planted::below(tree.path());
    let usual = Asked::new();
    let mut others = Vec::new();
    for (language, zone) in [
        ("de_DE.UTF-8", "Asia/Kolkata"),
        ("tr_TR.UTF-8", "America/St_Johns"),
        ("C", "Pacific/Kiritimati"),
    ] {
        let environment =
            vec![("LANG", language), ("LC_ALL", language), ("LANGUAGE", language), ("TZ", zone)];
        others.push(Asked { environment, ..Asked::new() });
    }
    for plugin in [LINUX, BACKUP] {
        let expected = usual.tell(plugin, tree.path(), &[]);
        for other in &others {
            for (kind, told) in other.tell(plugin, tree.path(), &[]) {
                let same = steady(&told) == steady(&expected[&kind]);
                assert!(same, "{kind} under {:?}: {:?}", other.environment, told.body);
                assert_eq!(told.outcomes, expected[&kind].outcomes, "{kind}");
            }
        }
    }
    // On the running host too, whose tools could answer in another language.
    let kinds = [
        "time.sync",
        "identity.accounts",
        "identity.sign_in_policy",
        "network.firewall",
        "software.inventory",
    ];
    let expected = usual.tell(LINUX, Path::new("/"), &kinds);
    for other in &others {
        for (kind, told) in other.tell(LINUX, Path::new("/"), &kinds) {
            assert_eq!(
                steady(&told),
                steady(&expected[&kind]),
                "{kind} under {:?}",
                other.environment
            );
        }
    }
}

#[test]
fn a_clock_that_stepped_makes_nobody_stumble_and_nothing_newer_than_now() {
    let tree = tempfile::tempdir().unwrap();
    let _planted = Planted::below(tree.path());
    for time in
        ["1970-01-02 00:00:00", "2001-09-09 01:46:40", "2038-01-19 03:14:08", "2199-12-31 23:59:59"]
    {
        let mut asked = Asked::new();
        asked.before.extend(["faketime", "-f", time].map(str::to_owned));
        asked.environment =
            vec![("DONT_FAKE_MONOTONIC", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        for plugin in [LINUX, BACKUP] {
            for (kind, told) in asked.tell(plugin, tree.path(), &[]) {
                let late = told.outcomes.iter().any(|line| line.starts_with("timed_out"));
                assert!(!late, "{kind} at {time}: {:?}", told.outcomes);
                let text = steady(&told).unwrap_or_default();
                assert!(!text.contains("_days\":-"), "{kind} at {time}: {text}");
            }
        }
    }
}

#[test]
fn a_clock_that_runs_away_during_a_run_lengthens_no_duration() {
    let tree = tempfile::tempdir().unwrap();
    let _planted = Planted::below(tree.path());
    let mut asked = Asked::new();
    // A day in less than a second and a half: every look at the clock is a step of it.
    asked.before.extend(["faketime", "-f", "+0 x60000"].map(str::to_owned));
    asked.environment = vec![("DONT_FAKE_MONOTONIC", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    for plugin in [LINUX, BACKUP] {
        let began = Instant::now();
        let told = asked.tell(plugin, tree.path(), &[]);
        let most = u64::try_from(began.elapsed().as_millis()).unwrap();
        for (kind, told) in told {
            assert!(told.duration_ms <= most, "{kind}: {} of {most} ms", told.duration_ms);
            let late = told.outcomes.iter().any(|line| line.starts_with("timed_out"));
            assert!(!late, "{kind}: {:?}", told.outcomes);
        }
    }
}

#[test]
fn sockets_that_accept_and_never_answer_cost_their_share_of_time_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let engine = folder.path().join("engine.sock");
    let _engine = UnixListener::bind(&engine).unwrap();
    let containerd = folder.path().join("containerd.sock");
    let _containerd = UnixListener::bind(&containerd).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut asked = Asked::new();
    asked.deadline = Duration::from_secs(16);
    asked.settings = json!({
        "containers": {"sockets": [engine, containerd]},
        "tls_probe": true, "tls_probe_ports": [silent.local_addr().unwrap().port()]
    });
    let began = Instant::now();
    let told = asked.tell(LINUX, Path::new("/"), &["software.containers", "crypto.in_transit"]);
    assert!(began.elapsed() < asked.deadline, "{:?}", began.elapsed());
    let containers = &told["software.containers"];
    let late = |line: &String| line.starts_with("timed_out") && line.contains("engine.sock");
    assert!(containers.outcomes.iter().any(late), "{:?}", containers.outcomes);
    assert!(containers.body.is_some(), "the folders of engines are told all the same");
    assert!(told["crypto.in_transit"].body.is_some(), "{:?}", told["crypto.in_transit"].outcomes);
}

/// Tools that the plugins start, all of which answer as the file `/answer` says.
const TOOLS: [&str; 34] = [
    "adjtimex",
    "apt-get",
    "auditctl",
    "borg",
    "btrfs",
    "chronyc",
    "cryptsetup",
    "cscli",
    "ctr",
    "getent",
    "git",
    "ip",
    "ip6tables-legacy-save",
    "ip6tables-nft-save",
    "iptables-legacy-save",
    "iptables-nft-save",
    "journalctl",
    "lsattr",
    "lvs",
    "nft",
    "pgbackrest",
    "restic",
    "rpm",
    "rpm-ostree",
    "smartctl",
    "sshd",
    "systemctl",
    "timedatectl",
    "upsc",
    "wal-g",
    "zfs",
    "zpool",
    "bootc",
    "fail2ban-client",
];

/// How a tool can disappoint: a name, and a script.
const ANSWERS: [(&str, &str); 6] = [
    ("nothing", "exit 0"),
    (
        "an error and a good end",
        "echo 'fatal: cannot open the thing' >&2; echo 'error: no such thing'; exit 0",
    ),
    (
        "another language",
        "printf 'Fehler: Das Ger\\344t ist nicht verf\\374gbar\\nToplam: 3\\n'; exit 0",
    ),
    (
        "another version",
        "echo '{\"version\": 99, \"schema\": {\"major\": 99}, \"items\": {\"a\": [1, null, {\"b\": \"c\"}]}}'",
    ),
    (
        "garbage",
        "printf '\\377\\000\\001\\n[[[{{\"\\n\\t::::\\n-1 99999999999999999999 0x\\n'; exit 3",
    ),
    ("a hundred megabytes", "exec head -c 100000000 /dev/zero"),
];

#[test]
fn tools_that_print_nothing_too_much_or_something_else_are_named_and_make_no_facts() {
    let (upper, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |name: &str| beside.path().join(name).to_string_lossy().into_owned();
    let tools = upper.path().join("usr/local/sbin");
    fs::create_dir_all(&tools).unwrap();
    for name in ["WORK", "BOTH"] {
        fs::create_dir(at(name)).unwrap();
    }
    for tool in TOOLS {
        let file = tools.join(tool);
        fs::write(&file, "#!/bin/sh\n. /answer\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir_all(upper.path().join("srv/repository")).unwrap();
    fs::write(upper.path().join("srv/password"), "x\n").unwrap();
    let scene = format!(
        "mount -t overlay overlay -o lowerdir=/,upperdir={},workdir={} {both}
         for place in proc sys dev; do mount --rbind /$place {both}/$place; done
         cp \"$0\" {both}/plugin; exec chroot {both} /plugin",
        upper.path().display(),
        at("WORK"),
        both = at("BOTH")
    );
    let mut asked = Asked::new();
    let mapped: &[&str] =
        if rustix::process::geteuid().is_root() { &[] } else { &["--map-root-user"] };
    asked.before.push("unshare".to_owned());
    asked.before.extend(mapped.iter().map(|word| (*word).to_owned()));
    asked.before.extend(["--mount".to_owned(), "sh".to_owned(), "-ec".to_owned(), scene]);
    let of = |name: &str, tool: &str| json!({"name": name, "tool": tool, "location": "/srv/repository", "password_file": "/srv/password"});
    asked.settings = json!({
        "permissions": {"paths": ["/etc/cron.d"]}, "integrity": {"megabytes": 1, "seconds": 1},
        "backup": {"repositories": [of("r", "restic"), of("b", "borg"), of("p", "pgbackrest"), of("w", "walg")]}
    });
    asked.deadline = Duration::from_secs(120);
    for (how, script) in ANSWERS {
        fs::write(upper.path().join("answer"), script).unwrap();
        let told = asked.tell(LINUX, Path::new("/"), &[]);
        let firewall = &told["network.firewall"];
        let named = firewall.outcomes.iter().any(|line| line.contains("nft"));
        assert!(named, "{how}: {firewall:?}");
        let told = &asked.tell(BACKUP, Path::new("/"), &["backup.jobs"])["backup.jobs"];
        let body = told.body.as_ref().unwrap();
        for repository in body["repositories"].as_array().unwrap() {
            let name = repository["name"].as_str().unwrap();
            assert_eq!(repository["reachable"], false, "{how}: {repository}");
            let quoted = format!("'{name}'");
            assert!(
                told.outcomes.iter().any(|line| line.contains(&quoted)),
                "{how}: {name}: {:?}",
                told.outcomes
            );
        }
    }
}
