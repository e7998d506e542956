//! Secrets that are planted in what this plugin reads are in nothing that it says, before any redaction by the agent.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use exhibit_plugin::Describe;

const PROGRAM: &str = env!("CARGO_BIN_EXE_exhibit-plugin-linux");
/// Stands in every planted secret.
const SECRET: &str = "plantedsecret";

/// A host full of secrets: path and content.
const FILES: &[(&str, &str)] = &[
    ("etc/passwd", "root:x:0:0::/root:/bin/sh\njoe:x:1000:1000::/home/joe:/bin/sh\n"),
    ("etc/group", "root:x:0:\nadm:plantedsecretgroup:4:joe\n"),
    (
        "etc/shadow",
        "root:$6$salt$plantedsecrethash:19000:0:99999:7:::\njoe:$y$j9T$plantedsecrettwo:19000::::::\n",
    ),
    ("etc/gshadow", "adm:$6$plantedsecretgshadow::joe\n"),
    ("etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n"),
    (
        "etc/apt/sources.list",
        "deb https://user:plantedsecretapt@deb.example.org/debian trixie main\n",
    ),
    (
        "etc/apt/sources.list.d/a.sources",
        "Types: deb\nURIs: https://u:plantedsecretsrc@deb.example.org/\nSuites: trixie\nComponents: main\n",
    ),
    (
        "etc/apt/apt.conf.d/proxy",
        "Acquire::http::Proxy \"http://u:plantedsecretproxy@proxy:3128\";\n",
    ),
    ("etc/apt/auth.conf", "machine deb.example.org login u password plantedsecretauth\n"),
    (
        "etc/crontab",
        "PASSWORD=plantedsecretenv\n1 * * * * root mysqldump -pplantedsecretcron --password=plantedsecretlong db\n",
    ),
    (
        "etc/cron.d/a",
        "TOKEN=plantedsecrettoken\n2 * * * * root curl -H 'Authorization: Bearer plantedsecretbearer' https://u:plantedsecreturl@h/\n",
    ),
    (
        "etc/systemd/system/a.service",
        "[Service]\nEnvironment=PASSWORD=plantedsecretunit\nExecStart=/usr/bin/a --token plantedsecretexec\n",
    ),
    ("etc/systemd/system/a.timer", "[Timer]\nOnCalendar=daily\n"),
    (
        "home/joe/.ssh/id_ed25519",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nplantedsecretprivate\n-----END OPENSSH PRIVATE KEY-----\n",
    ),
    ("home/joe/.google_authenticator", "plantedsecrettotp\n\" TOTP_AUTH\n"),
    ("etc/users.oath", "HOTP joe - plantedsecretoath\n"),
    (
        "etc/ssl/private/a.key",
        "-----BEGIN PRIVATE KEY-----\nplantedsecretkey\n-----END PRIVATE KEY-----\n",
    ),
    (
        "etc/rsyslog.conf",
        "module(load=\"ommysql\")\naction(type=\"ommysql\" server=\"db\" uid=\"u\" pwd=\"plantedsecretsyslog\")\n*.* @@logs.example.org:6514\n",
    ),
    ("etc/monit/monitrc", "set mailserver m username u password plantedsecretmonit\n"),
    (
        "etc/alertmanager/alertmanager.yml",
        "global:\n  smtp_auth_password: plantedsecretsmtp\nroute:\n  receiver: a\nreceivers:\n- name: a\n  slack_configs:\n  - api_url: https://hooks.example.org/plantedsecrethook\n",
    ),
    ("etc/crypttab", "data /dev/sda1 /etc/plain.key luks\n"),
    ("etc/plain.key", "plantedsecretluks\n"),
    ("etc/fstab", "//nas/share /mnt cifs username=u,password=plantedsecretcifs 0 0\n"),
    ("proc/cmdline", "root=/dev/sda1 secret.token=plantedsecretboot\n"),
    ("etc/sudoers", "root ALL=(ALL) ALL\n"),
    ("etc/environment", "http_proxy=http://u:plantedsecretenvironment@proxy-seen:3128/\n"),
    (
        "etc/dnf/dnf.conf",
        "[main]\nproxy=http://u:planted/plantedsecretdnf@proxy:3128\nproxy_password=plantedsecretpassword\n",
    ),
    (
        "etc/dnsmasq.conf",
        "address=/plantedsecretsite.example/0.0.0.0\nserver=/x.example/10.0.0.1#plantedsecret\n",
    ),
    (
        "etc/squid/squid.conf",
        "acl bad dstdomain .plantedsecretsite\nauth_param basic program /x plantedsecretsquid\ncache_peer p parent 1 0 login=u:plantedsecretpeer\n",
    ),
    (
        "etc/privoxy/config",
        "forward / u:plantedsecretforward@h:1\nuser-manual plantedsecretmanual\n",
    ),
    (
        "etc/pihole/pihole.toml",
        "[webserver.api]\npwhash = \"plantedsecretpihole\"\n[dns.blocking]\nactive = true\n",
    ),
    ("etc/pihole/gravity.db", ""),
    (
        "opt/AdGuardHome/AdGuardHome.yaml",
        "users:\n- name: u\n  password: plantedsecretadguard\nprotection_enabled: true\n",
    ),
    (
        "etc/chromium/policies/managed/a.json",
        r#"{"URLBlocklist": ["plantedsecretsite"], "CloudManagementEnrollmentToken": "plantedsecretchrome"}"#,
    ),
    ("usr/share/xsessions/gnome.desktop", "Exec=plantedsecretexec\n"),
    ("etc/lightdm/lightdm.conf", "autologin-user=plantedsecretperson\n"),
    (
        "var/lib/docker/containers/aa/config.v2.json",
        r#"{"Name": "/shop-seen", "State": {}, "Config": {"Env": ["DB_PASSWORD=plantedsecretdocker"], "Cmd": ["plantedsecretcmd"],
            "Labels": {"a": "plantedsecretlabel"}, "Healthcheck": {"Test": ["plantedsecrethealth"]}}}"#,
    ),
    (
        "var/lib/docker/containers/aa/hostconfig.json",
        r#"{"LogConfig": {"Config": {"splunk-token": "plantedsecretlog"}}}"#,
    ),
    (
        "etc/docker/daemon.json",
        r#"{"log-opts": {"token": "plantedsecretdaemon"}, "hosts": ["tcp://127.0.0.1:2375"]}"#,
    ),
    (
        "home/joe/.local/share/containers/storage/overlay-containers/containers.json",
        r#"[{"id": "aa", "names": ["pod-seen", "proxy-seen", "screen_locks"], "metadata": "{\"mountlabel\": \"plantedsecretmeta\"}"}]"#,
    ),
    (
        "home/joe/.local/share/containers/storage/overlay-containers/aa/userdata/config.json",
        r#"{"ociVersion": "1", "process": {"user": {"uid": 0}, "args": ["plantedsecretargs"], "env": ["A_TOKEN=plantedsecretpod"]},
            "annotations": {"x": "plantedsecretnote"}}"#,
    ),
];

#[test]
fn planted_secrets_are_in_nothing_that_the_plugin_says() {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in FILES {
        let full = root.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, content).unwrap();
    }
    let said = everything_said(root.path());
    // What was planted was read.
    assert!(
        [
            "joe",
            "deb.example.org",
            "mysqldump",
            "shop-seen",
            "pod-seen",
            "proxy-seen",
            "screen_locks"
        ]
        .iter()
        .all(|word| said.contains(word)),
        "{said}"
    );
    let shown: Vec<&str> = said
        .match_indices(SECRET)
        .map(|(at, _)| said.get(at.saturating_sub(80)..at + 30).unwrap_or_default())
        .collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

/// Standard output and standard error of a run over every kind.
fn everything_said(root: &std::path::Path) -> String {
    let output = Command::new(PROGRAM).arg("--describe").output().unwrap();
    let described: Describe = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: Vec<String> = described.kinds.into_iter().map(|kind| kind.kind).collect();
    let request = serde_json::json!({
        "v": 1, "kinds": kinds, "target": "host:test", "deadline_ms": 120_000, "root": root
    });
    let mut child = Command::new(PROGRAM)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8(said).unwrap()
}
