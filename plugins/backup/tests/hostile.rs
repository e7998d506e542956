//! Repositories that hang, lists without end, names that are none: an outcome or a fact, in time, and never a crash.

#![expect(clippy::unwrap_used, reason = "helpers of tests end at the first surprise too")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The first repository and the outcomes.
fn jobs(repositories: &Value, deadline: Duration) -> (Value, Vec<String>) {
    let request = json!({"v": 1, "kinds": ["backup.jobs"], "target": "host:test", "root": "/",
        "deadline_ms": u64::try_from(deadline.as_millis()).unwrap(),
        "settings": {"backup": {"repositories": repositories}}});
    let mut child = Command::new(env!("CARGO_BIN_EXE_exhibit-plugin-backup"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut repository, mut outcomes) = (Value::Null, Vec::new());
    for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        match line["t"].as_str() {
            Some("document") => repository = line["body"]["repositories"].clone(),
            Some("outcome") => outcomes.push(format!("{}: {}", line["outcome"], line["detail"])),
            _ => {}
        }
    }
    (repository, outcomes)
}

fn password(folder: &Path) -> String {
    let path = folder.join("password");
    fs::write(&path, "correct horse\n").unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_server_that_accepts_and_says_nothing_costs_its_share_of_time_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    fs::create_dir(folder.path().join("dumps")).unwrap();
    fs::write(folder.path().join("dumps/a.sql"), "-- x\n").unwrap();
    let began = Instant::now();
    let (repositories, outcomes) = jobs(
        &json!([{"name": "silent", "tool": "restic", "location": format!("rest:http://{address}/r"),
            "password_file": password(folder.path())},
            {"name": "dumps", "tool": "files", "location": folder.path().join("dumps")}]),
        Duration::from_secs(12),
    );
    assert!(began.elapsed() < Duration::from_secs(12));
    assert_eq!(repositories[0]["name"], "dumps");
    assert_eq!(
        (&repositories[0]["snapshots"], &repositories[1]["reachable"]),
        (&json!(1), &json!(false))
    );
    let told =
        outcomes.iter().any(|line| line.starts_with("\"timed_out\"") && line.contains("'silent'"));
    assert!(told, "{outcomes:?}");
}

#[test]
fn names_that_are_no_text_and_folders_that_loop_are_lived_with() {
    let folder = tempfile::tempdir().unwrap();
    let dumps = folder.path().join("dumps");
    fs::create_dir(&dumps).unwrap();
    let whole = "--\n-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\n";
    fs::write(dumps.join("line\nbreak.sql"), whole).unwrap();
    fs::write(dumps.join(OsStr::from_bytes(b"latin-\xfc.sql")), whole).unwrap();
    std::os::unix::fs::symlink(&dumps, dumps.join("loop")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dumps.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let named = json!([{"name": "d", "tool": "files", "location": dumps}]);
    let (repositories, outcomes) = jobs(&named, Duration::from_secs(30));
    assert_eq!(repositories[0]["snapshots"], 1, "{repositories}");
    assert_eq!(repositories[0]["sources"][0]["paths"][0], "line\nbreak.sql");
    assert!(outcomes.iter().any(|line| line.contains("a pipe")), "{outcomes:?}");
}

#[test]
fn a_configuration_that_is_broken_or_of_another_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name)
    };
    let bomb = format!("{}x", "- [".repeat(5000));
    let named = json!([
        {"name": "a", "tool": "borgmatic", "location": at("a", b"\xff\xfe\x00")},
        {"name": "b", "tool": "borgmatic", "location": at("b", bomb.as_bytes())},
        {"name": "c", "tool": "borgmatic", "location": at("c", b"repositories: {x: 1}\n")},
        {"name": "d", "tool": "pgbackrest", "location": at("d", b"[global\nrepo1=\n\x00")},
        {"name": "e", "tool": "pgbackrest", "location": folder.path()},
        {"name": "f", "tool": "walg", "location": at("f", b"{")},
        {"name": "g", "tool": "barman", "location": folder.path()},
    ]);
    let (repositories, outcomes) = jobs(&named, Duration::from_secs(30));
    for (at, name) in ["a", "b", "c", "d", "e", "f", "g"].iter().enumerate() {
        assert_eq!(repositories[at]["reachable"], false, "{name}");
        let quoted = format!("'{name}'");
        assert!(outcomes.iter().any(|line| line.contains(&quoted)), "{name}: {outcomes:?}");
    }
}
