//! The units we ship, and a plugin that is started behind a socket: real socket activation at every level of rights, an
//! agent that has none, and nobody else who is answered or believed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use exhibit_plugin::{Describe, levels};
use exhibit_tests::Programs;
use exhibit_tests::programs::{run, text};
use serde_json::Value;

/// Users without a name or a right: the agent, the plugin, and a stranger.
const AGENT: &str = "65521";
const PLUGIN: &str = "65522";
const STRANGER: &str = "65523";

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd")
}

/// The shipped units in a folder, with programs that are there.
fn installed(folder: &Path) -> Vec<PathBuf> {
    let programs = Programs::beside_me().unwrap();
    let mut written = Vec::new();
    for entry in fs::read_dir(units()).unwrap() {
        let path = entry.unwrap().path();
        let unit = path.extension().is_some_and(|end| end == "service" || end == "socket");
        if !unit {
            continue;
        }
        let mut unit = fs::read_to_string(&path).unwrap();
        for (place, program) in [
            ("/usr/bin/", "exhibit-agent"),
            ("/usr/libexec/exhibit/", "exhibit-plugin-linux"),
            ("/usr/libexec/exhibit/", "exhibit-plugin-backup"),
        ] {
            let built = programs.path(program).to_string_lossy().into_owned();
            unit = unit
                .replace(&format!("ExecStart={place}{program} "), &format!("ExecStart={built} "));
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // systemd-analyze looks at an instance, not at a template.
        for name in [name.clone(), name.replace("@.", "@1.")] {
            let copy = folder.join(name);
            fs::write(&copy, &unit).unwrap();
            written.push(copy);
        }
    }
    written.sort();
    written.dedup();
    written
}

fn analyze(arguments: &[&str], units: &[&Path]) -> Output {
    Command::new("systemd-analyze").args(arguments).args(units).output().unwrap()
}

#[test]
fn systemd_finds_no_fault_in_the_shipped_units() {
    let folder = tempfile::tempdir().unwrap();
    let written = installed(folder.path());
    let real: Vec<&Path> = written
        .iter()
        .map(PathBuf::as_path)
        .filter(|path| !path.to_string_lossy().contains("@."))
        .collect();
    assert_eq!(real.len(), 5, "{real:?}");
    let output = analyze(&["verify", "--man=no", "--recursive-errors=no"], &real);
    let said = text(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    // And it does find one: a key that nobody knows.
    let wrong = folder.path().join("wrong.service");
    fs::write(&wrong, "[Service]\nExecStart=/bin/true\nSurpriseKey=1\n").unwrap();
    let output = analyze(&["verify", "--man=no"], &[&wrong]);
    assert!(text(&output.stderr).contains("SurpriseKey"), "{output:?}");
    for (program, file) in [("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")]
    {
        let file = units().join(file).join("exhibit.conf").canonicalize().unwrap();
        let arguments: &[&str] = match program {
            "systemd-sysusers" => &["--dry-run"],
            _ => &["--create", "--prefix=/nowhere"],
        };
        let output = Command::new(program).args(arguments).arg(&file).output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success() && !said.contains("exhibit.conf:"), "{said}");
    }
}

/// `systemd-analyze security`: 0 is a unit that can do nothing, 100 one that can do everything.
#[test]
fn every_unit_is_as_closed_as_its_level_allows() {
    let folder = tempfile::tempdir().unwrap();
    drop(installed(folder.path()));
    let table = [
        ("exhibit-agent.service", None, 15),
        ("exhibit-plugin-linux@.service", None, 35),
        ("exhibit-plugin-linux@.service", Some("capabilities.conf"), 43),
        ("exhibit-plugin-linux@.service", Some("root.conf"), 60),
        ("exhibit-plugin-backup@.service", None, 35),
        ("exhibit-plugin-backup@.service", Some("root.conf"), 60),
    ];
    for (unit, level, most) in table {
        let drop_ins = folder.path().join(format!("{unit}.d"));
        if drop_ins.exists() {
            fs::remove_dir_all(&drop_ins).unwrap();
        }
        if let Some(level) = level {
            fs::create_dir(&drop_ins).unwrap();
            fs::copy(units().join("levels").join(level), drop_ins.join(level)).unwrap();
        }
        let threshold = format!("--threshold={most}");
        let path = folder.path().join(unit);
        let output = analyze(&["security", "--offline=yes", &threshold, "--no-pager"], &[&path]);
        assert!(output.status.success(), "{unit} {level:?}: {}", text(&output.stdout));
        let output = analyze(&["security", "--offline=yes", "--threshold=1"], &[&path]);
        assert!(!output.status.success(), "{unit}: the threshold does not hold anything");
    }
}

#[test]
fn the_capabilities_of_level_two_are_those_that_the_plugins_declare() {
    let programs = Programs::beside_me().unwrap();
    let mut declared = BTreeSet::new();
    for program in ["exhibit-plugin-linux", "exhibit-plugin-backup"] {
        let output = run(programs.command(program).arg("--describe")).unwrap();
        let plugin: Describe = serde_json::from_slice(&output.stdout).unwrap();
        declared.extend(plugin.kinds.iter().flat_map(levels::declared));
    }
    declared.remove(levels::ROOT);
    let drop_in = fs::read_to_string(units().join("levels/capabilities.conf")).unwrap();
    for key in ["CapabilityBoundingSet=", "AmbientCapabilities="] {
        let line = drop_in.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        let granted: BTreeSet<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(granted, declared, "{key}");
    }
}

/// A listener of systemd's that starts the plugin for each connection; gone with the value.
struct Activated(Child);

impl Activated {
    /// `as_user` starts the listener itself as somebody; `level` are words of setpriv for the plugin.
    fn start(folder: &Path, as_user: &[&str], level: &[String], peer: &str) -> Self {
        let socket = folder.join("linux.sock");
        let mut words: Vec<String> = as_user.iter().map(|word| (*word).to_owned()).collect();
        words.extend(
            ["systemd-socket-activate", "--accept", "--inetd", "--listen"].map(str::to_owned),
        );
        words.push(socket.to_string_lossy().into_owned());
        words.extend(level.iter().cloned());
        words.push(folder.join("plugin").to_string_lossy().into_owned());
        words.extend(["--peer".to_owned(), peer.to_owned()]);
        let (program, arguments) = words.split_first().unwrap();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.starts_with("Listening on"), "{line}");
        // The rest is read, so that nobody waits for the pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
        Self(child)
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn user(uid: &str) -> Vec<String> {
    ["setpriv", &format!("--reuid={uid}"), &format!("--regid={uid}"), "--clear-groups"]
        .map(str::to_owned)
        .to_vec()
}

/// A folder that everybody may enter, with both programs and a configuration that names the socket.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o777);
    let programs = Programs::beside_me().unwrap();
    for (program, name) in [("exhibit-agent", "agent"), ("exhibit-plugin-linux", "plugin")] {
        fs::copy(programs.path(program), folder.path().join(name)).unwrap();
        open(&folder.path().join(name), 0o755);
    }
    let config = "state_dir = \"state\"\ntarget = \"host:test\"\n[[plugin]]\npath = \"plugin\"\nsocket = \"linux.sock\"\n";
    fs::write(folder.path().join("agent.toml"), config).unwrap();
    folder
}

/// What the agent, who has no right at all, learns through the socket.
fn doctor(folder: &Path, kind: &str, json: bool) -> (Value, String) {
    let agent = user(AGENT);
    let mut command = Command::new(&agent[0]);
    command.args(&agent[1..]).arg(folder.join("agent")).current_dir("/");
    command.arg("--config").arg(folder.join("agent.toml")).args(["doctor", kind]);
    if json {
        command.arg("--json");
    }
    let output = command.output().unwrap();
    let said = text(&output.stdout);
    assert!(!said.is_empty(), "{}", text(&output.stderr));
    (if json { serde_json::from_str(&said).unwrap() } else { Value::Null }, said)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn an_agent_without_rights_learns_through_the_socket_what_each_level_sees() {
    if !is_root() {
        // Only root can take the other levels.
        return;
    }
    let folder = folder();
    let capabilities = "--inh-caps=+dac_read_search,+sys_ptrace,+net_admin,+audit_control";
    let mut able = user(PLUGIN);
    able.extend([capabilities.to_owned(), capabilities.replace("inh", "ambient")]);
    let table = [
        (user(PLUGIN), format!("uid={PLUGIN} caps=none"), "in_part"),
        (
            able,
            format!("uid={PLUGIN} caps=dac_read_search,net_admin,sys_ptrace,audit_control"),
            "collected",
        ),
        (vec!["setpriv".to_owned(), "--clear-groups".to_owned()], "uid=0 ".to_owned(), "collected"),
    ];
    for (level, privileges, sight) in table {
        let activated = Activated::start(folder.path(), &[], &level, AGENT);
        let (told, said) = doctor(folder.path(), "identity.accounts", true);
        assert!(told["privileges"][0].as_str().unwrap().starts_with(&privileges), "{said}");
        assert_eq!(told["kinds"][0]["sight"], sight, "{said}");
        let unit = &told["systemd"]["units"][0];
        if sight == "in_part" {
            assert_eq!(unit["unit"], "exhibit-plugin-linux@.service", "{said}");
            assert_eq!(unit["grant"][2], "AmbientCapabilities=CAP_DAC_READ_SEARCH", "{said}");
            assert_eq!(unit["refuse"][1], "CapabilityBoundingSet=~CAP_DAC_READ_SEARCH", "{said}");
            let (_, said) = doctor(folder.path(), "identity.accounts", false);
            assert!(said.contains("systemctl edit exhibit-plugin-linux@.service"), "{said}");
        } else {
            assert!(unit.is_null(), "{said}");
        }
        drop(activated);
        fs::remove_file(folder.path().join("linux.sock")).unwrap();
    }
}

#[test]
fn a_forbidden_path_stays_closed_even_to_a_plugin_that_is_root() {
    if !is_root() {
        return;
    }
    let folder = folder();
    let config = fs::read_to_string(folder.path().join("agent.toml")).unwrap();
    let veto = "[deny]\npaths = [\"/etc/shadow*\", \"/etc/gshadow\"]\n";
    fs::write(folder.path().join("agent.toml"), config.clone() + veto).unwrap();
    let _activated = Activated::start(folder.path(), &[], &[], AGENT);
    let (told, said) = doctor(folder.path(), "identity.accounts", true);
    let found = &told["kinds"][0];
    assert_eq!((&found["sight"], &found["lacking"]), (&"in_part".into(), &false.into()), "{said}");
    let reason = found["reasons"][0]["detail"].as_str().unwrap();
    assert!(
        reason.contains("the operator of this host forbids it ([deny] paths: /etc/shadow*)"),
        "{said}"
    );
    assert!(told["systemd"]["units"].as_array().unwrap().is_empty(), "{said}");
    // A plugin that promises nothing is not asked.
    let script = "#!/bin/sh\n[ \"$1\" = --describe ] || exit 1\necho '{\"name\":\"p\",\"version\":\"1\",\"protocol\":1,\"kinds\":[{\"kind\":\"identity.accounts\",\"schema\":\"urn:x\",\"reads\":[],\"needs\":[]}]}'\n";
    fs::remove_file(folder.path().join("plugin")).unwrap();
    fs::write(folder.path().join("plugin"), script).unwrap();
    fs::set_permissions(folder.path().join("plugin"), fs::Permissions::from_mode(0o755)).unwrap();
    let (told, said) = doctor(folder.path(), "identity.accounts", true);
    let reason = &told["kinds"][0]["reasons"][0];
    assert_eq!(reason["outcome"], "denied", "{said}");
    assert!(reason["detail"].as_str().unwrap().contains("keeps to no such veto"), "{said}");
    // What is no path is refused before anything runs.
    fs::write(folder.path().join("agent.toml"), config + "[deny]\npaths = [\"etc\"]\n").unwrap();
    let output = Programs::beside_me()
        .unwrap()
        .command("exhibit-agent")
        .arg("--config")
        .arg(folder.path().join("agent.toml"))
        .arg("validate")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("deny.paths: \"etc\" is no path"), "{output:?}");
}

#[test]
fn a_stranger_is_not_answered_by_the_plugin_nor_believed_by_the_agent() {
    if !is_root() {
        // Only root can be three users.
        return;
    }
    let reason = |folder: &Path| {
        let (told, said) = doctor(folder, "identity.accounts", true);
        assert_eq!(told["privileges"].as_array().unwrap().len(), 0, "{said}");
        let reason = &told["kinds"][0]["reasons"][0];
        assert_eq!(reason["outcome"], "failed", "{said}");
        reason["detail"].as_str().unwrap().to_owned()
    };
    let folder = folder();
    // The plugin has been told to answer somebody else than this agent.
    let activated = Activated::start(folder.path(), &[], &user(PLUGIN), STRANGER);
    let detail = reason(folder.path());
    assert!(detail.contains("journal of exhibit-plugin-linux@.service says why"), "{detail}");
    drop(activated);
    fs::remove_file(folder.path().join("linux.sock")).unwrap();
    // Somebody else than systemd listens.
    let stranger = user(STRANGER);
    let words: Vec<&str> = stranger.iter().map(String::as_str).collect();
    let _activated = Activated::start(folder.path(), &words, &[], AGENT);
    let detail = reason(folder.path());
    assert!(detail.contains(&format!("uid {STRANGER} listens on")), "{detail}");
}
