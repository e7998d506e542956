//! Real repositories of both tools, made and opened in a scratch folder.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::*;
use exhibit_plugin::local::testing;

/// Runs a tool to prepare a scene.
fn prepare(program: &str, folder: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("RESTIC_PASSWORD_FILE", folder.join("password"))
        .env("RESTIC_REPOSITORY", folder.join("restic"))
        .env("RESTIC_CACHE_DIR", folder.join("cache"))
        .env("BORG_BASE_DIR", folder.join("borg-base"))
        .env("BORG_PASSCOMMAND", "cat password")
        .output()
        .unwrap_or_else(|error| {
            panic!("{program}: {error}; tests/run installs the packages restic and borgbackup")
        });
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "correct horse\n").unwrap();
    std::fs::write(folder.path().join("wrong"), "battery staple\n").unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/file"), "content").unwrap();
    folder
}

fn observed(folder: &Path, tool: &str, location: &str, password: &str) -> (Value, Vec<String>) {
    let mut job = testing::job("/");
    job.now = Timestamp::now();
    job.settings = json!({"backup": {"repositories": [{"name": "nightly", "tool": tool,
        "location": folder.join(location), "password_file": folder.join(password)}]}});
    let seen = observe(&job);
    let body = testing::body(KIND, &seen);
    let outcomes =
        testing::outcomes(&seen).into_iter().filter(|line| line.contains("nightly")).collect();
    for method in seen.methods() {
        assert!(!method.contains("correct horse"), "{method}");
    }
    (body["repositories"][0].clone(), outcomes)
}

#[test]
fn a_restic_repository_shows_its_snapshots() {
    let scene = scene();
    let folder = scene.path();
    prepare("restic", folder, &["init"]);
    let time = ["--time", "2026-11-01 03:00:00", "--host", "web1"];
    prepare("restic", folder, &[&["backup", "data"][..], &time].concat());
    prepare("restic", folder, &["backup", "--host", "web1", "data"]);
    let (repository, outcomes) = observed(folder, "restic", "restic", "password");
    assert_eq!(repository["reachable"], true);
    assert_eq!(repository["snapshots"], 2);
    assert_eq!(repository["encrypted"], true);
    assert_eq!(repository["off_site"], false);
    assert_eq!(repository["sources"][0]["host"], "web1");
    assert_eq!(repository["sources"][0]["snapshots"], 2);
    assert!(repository["oldest"].as_str() < repository["last_success"].as_str());
    assert_eq!(outcomes, Vec::<String>::new());
    // A lock left behind by a running or dead backup does not keep us from reading.
    std::fs::write(folder.join("restic/locks").join("ab".repeat(32)), "x").unwrap();
    assert_eq!(observed(folder, "restic", "restic", "password").0["reachable"], true);
}

#[test]
fn restic_refusals_are_told_apart() {
    let scene = scene();
    prepare("restic", scene.path(), &["init"]);
    for (location, password, expected) in [
        ("restic", "wrong", "denied: backup repository 'nightly': the password is wrong"),
        (
            "nowhere",
            "password",
            "not_configured: backup repository 'nightly': there is no restic repository",
        ),
        ("restic", "none", "not_configured: backup repository 'nightly': the password file"),
    ] {
        let (repository, outcomes) = observed(scene.path(), "restic", location, password);
        assert_eq!(repository["reachable"], false);
        assert_eq!(repository["snapshots"], Value::Null);
        assert!(outcomes[0].starts_with(expected), "{outcomes:?}");
    }
}

#[test]
fn a_repository_without_backups_is_reachable_and_empty() {
    let scene = scene();
    prepare("restic", scene.path(), &["init"]);
    let (repository, _) = observed(scene.path(), "restic", "restic", "password");
    assert_eq!(repository["reachable"], true);
    assert_eq!(repository["snapshots"], 0);
    assert_eq!(repository["last_success"], Value::Null);
    assert_eq!(repository["sources"], json!([]));
}

#[test]
fn a_borg_repository_shows_its_archives_even_while_locked() {
    let scene = scene();
    let folder = scene.path();
    prepare("borg", folder, &["init", "-e", "repokey", "borg"]);
    prepare("borg", folder, &["create", "--timestamp", "2026-11-01T03:00:00", "borg::a", "data"]);
    std::fs::create_dir(folder.join("borg/lock.exclusive")).unwrap();
    std::fs::write(folder.join("borg/lock.exclusive/other@1.2-0"), "").unwrap();
    let (repository, outcomes) = observed(folder, "borg", "borg", "password");
    assert_eq!(repository["last_success"], "2026-11-01T03:00:00Z");
    assert_eq!(repository["encrypted"], true);
    assert_eq!(repository["snapshots"], 1);
    assert!(!repository["sources"][0]["host"].as_str().unwrap().is_empty());
    assert_eq!(outcomes, Vec::<String>::new());
}

#[test]
fn borg_refusals_are_told_apart() {
    let scene = scene();
    prepare("borg", scene.path(), &["init", "-e", "repokey", "borg"]);
    for (location, password, expected) in [
        ("borg", "wrong", "denied: backup repository 'nightly': the passphrase is wrong"),
        (
            "nowhere",
            "password",
            "not_configured: backup repository 'nightly': there is no borg repository",
        ),
        (
            "data",
            "password",
            "not_configured: backup repository 'nightly': there is no borg repository",
        ),
    ] {
        let (repository, outcomes) = observed(scene.path(), "borg", location, password);
        assert_eq!(repository["reachable"], false);
        assert!(outcomes[0].starts_with(expected), "{outcomes:?}");
    }
}

#[test]
fn a_tool_that_outlasts_the_deadline_is_an_outcome_and_the_rest_is_kept() {
    let scene = scene();
    prepare("restic", scene.path(), &["init"]);
    let mut job = testing::job("/");
    job.deadline = std::time::Instant::now();
    job.settings = json!({"backup": {"repositories": [{"name": "nightly", "tool": "restic",
        "location": scene.path().join("restic"), "password_file": scene.path().join("password")}]}});
    let seen = observe(&job);
    assert_eq!(testing::body(KIND, &seen)["repositories"][0]["reachable"], false);
    assert!(
        testing::outcomes(&seen)
            .iter()
            .any(|line| line.starts_with("timed_out: backup repository 'nightly'"))
    );
}

#[test]
fn without_settings_the_schedules_still_make_a_document() {
    let root = testing::planted(&[("/etc/cron.d/backup", "0 3 * * * root restic backup /\n")]);
    let seen = observe(&testing::job(root.path()));
    let body = testing::body(KIND, &seen);
    assert_eq!(body["schedules"][0]["source"], "/etc/cron.d/backup:1");
    assert_eq!(body["repositories"], json!([]));
    assert!(
        testing::outcomes(&seen)[0].starts_with("not_configured: no backup repository is named")
    );
}
