//! What each level of rights really yields of a folder of dumps that only root may read.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use exhibit_plugin::levels::{Level, rights};
use exhibit_plugin::{Line, OutcomeKind};
use serde_json::json;

const RIGHT: &str = "CAP_DAC_READ_SEARCH";

/// Whether the plugin saw a backup at this level, and the rights that its outcomes name.
fn run(level: Level, program: &Path, folder: &Path) -> (bool, Vec<String>) {
    let mut command = Command::new("setpriv");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    match level {
        Level::User => command.args(nobody),
        Level::Capabilities => command
            .args(nobody)
            .args(["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]),
        Level::Root => command.arg("--clear-groups"),
    };
    let repository = json!({"name": "dumps", "tool": "files", "location": folder});
    let request = json!({
        "v": 1, "kinds": ["backup.jobs"], "target": "host:test", "deadline_ms": 60_000,
        "settings": {"backup": {"repositories": [repository]}},
    });
    let mut child =
        command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{level:?}: {:?}", output.status);
    let (mut seen, mut named) = (false, Vec::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Line::Document { body, .. } => seen = body.to_string().contains("shop.sql"),
            Line::Outcome { outcome: OutcomeKind::Denied, remedy, detail, .. }
                if detail.contains(folder.to_str().unwrap()) =>
            {
                named.extend(rights(&remedy));
            }
            Line::Outcome { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    (seen, named)
}

#[test]
fn a_folder_that_only_root_may_read_is_seen_by_the_right_that_the_declaration_names() {
    if !rustix::process::geteuid().is_root() {
        // Only root can take the other two levels.
        return;
    }
    let scene = tempfile::tempdir().unwrap();
    fs::set_permissions(scene.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The program lies where another user can start it.
    let program = scene.path().join("plugin");
    fs::copy(env!("CARGO_BIN_EXE_exhibit-plugin-backup"), &program).unwrap();
    let folder = scene.path().join("dumps");
    fs::create_dir(&folder).unwrap();
    let dump = "-- MariaDB dump 10.19\nCREATE TABLE a (b INT);\n-- Dump completed on 2026-11-22\n";
    fs::write(folder.join("shop.sql"), dump).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(run(Level::User, &program, &folder), (false, vec![RIGHT.to_owned()]));
    for level in [Level::Capabilities, Level::Root] {
        assert_eq!(run(level, &program, &folder), (true, Vec::new()), "{level:?}");
    }
}
