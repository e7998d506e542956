//! Configurations of borgmatic, of both styles, and what a real one leaves.

use exhibit_plugin::local::testing;
use serde_json::json;

use super::*;

const OLD: &str = "location:\n    source_directories: [/etc]\n    repositories:\n        - /srv/borg\n        - ssh://bob:planted@nas/./r\nstorage:\n    encryption_passphrase: \"planted\"\nretention:\n    keep_daily: 7\n    keep_within: 2w\n";
const NEW: &str = "<<: !include common.yaml\nrepositories:\n    - path: /srv/borg\n      label: near\nkeep_daily: 3\n";

fn named() -> settings::Repository {
    let text = json!({"name": "bm", "tool": "borgmatic", "location": "/etc/borgmatic/config.yaml"});
    serde_json::from_value(text).unwrap()
}

fn read(files: &[(&str, &str)]) -> Result<Vec<settings::Repository>, Refusal> {
    let root = testing::planted(files);
    let job = testing::job(root.path());
    let mut look = Look::new(&job);
    let found = repositories(&mut look, &named());
    assert!(!format!("{:?} {:?}", look.seen.methods(), found).contains("\"planted\""));
    found
}

#[test]
fn sections_and_flat_keys_mean_the_same() {
    let old = read(&[("/etc/borgmatic/config.yaml", OLD)]).unwrap();
    let names: Vec<&str> = old.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["bm/1", "bm/2"]);
    assert_eq!(old[1].secret, Some(Secret::Text("planted".into())));
    let promise = old[0].promise.as_ref().unwrap();
    assert_eq!((promise.daily, promise.within_days, promise.weekly), (Some(7), Some(14), None));
    let common = "encryption_passcommand: cat /etc/pass\nkeep_daily: 30\nkeep_monthly: 6\n";
    let new = read(&[("/etc/borgmatic/config.yaml", NEW), ("/etc/borgmatic/common.yaml", common)]);
    let new = new.unwrap();
    assert_eq!((new.len(), new[0].name.as_str()), (1, "bm"));
    let promise = new[0].promise.as_ref().unwrap();
    assert_eq!((promise.daily, promise.monthly), (Some(3), Some(6)), "the including file wins");
    assert_eq!(new[0].secret, Some(Secret::Command("cat /etc/pass".into())));
}

#[test]
fn what_cannot_be_used_names_the_way_out() {
    let of = |text: &str| read(&[("/etc/borgmatic/config.yaml", text)]).unwrap_err();
    assert!(of("a: [").detail.contains("cannot be read: line"));
    assert!(of("keep_daily: 1\n").detail.contains("names no repository"));
    assert!(of("<<: !include config.yaml\n").detail.contains("includes too many files"));
    let variable = "repositories: [/r]\nencryption_passphrase: ${PASS}\n";
    assert!(of(variable).remedy.contains("password_file"));
    assert!(read(&[]).unwrap_err().detail.contains("does not exist"));
    let file = "repositories: [/r]\nencryption_passphrase: '{credential file /run/pass}'\n";
    let found = read(&[("/etc/borgmatic/config.yaml", file)]).unwrap();
    assert_eq!(found[0].password_file.as_deref(), Some(std::path::Path::new("/run/pass")));
}

#[test]
fn a_command_in_a_file_that_others_may_write_is_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = "/etc/borgmatic/config.yaml";
    let root = testing::planted(&[(path, "repositories: [/r]\nencryption_passcommand: id\n")]);
    let file = root.path().join(path.trim_start_matches('/'));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let job = testing::job(root.path());
    let refusal = repositories(&mut Look::new(&job), &named()).unwrap_err();
    assert_eq!(refusal.outcome, OutcomeKind::Denied);
}

#[test]
fn both_forms_of_its_record_of_checks_are_read() {
    let root = testing::planted(&[
        ("/root/.borgmatic/checks/ab12/repository", ""),
        ("/root/.local/state/borgmatic/checks/cd34/archives/0f0f", ""),
    ]);
    let job = testing::job(root.path());
    let mut look = Look::new(&job);
    let mut of = |id: &str| last_check(&mut look, id).map(|check| check.source);
    assert_eq!(of("ab12").as_deref(), Some("/root/.borgmatic/checks/ab12/repository"));
    let newer = "/root/.local/state/borgmatic/checks/cd34/archives/0f0f";
    assert_eq!(of("cd34").as_deref(), Some(newer));
    assert_eq!(of("ee"), None);
}

#[test]
fn spans_are_days() {
    for (span, expected) in [
        ("36H", Some(1)),
        ("7d", Some(7)),
        ("2w", Some(14)),
        ("6m", Some(186)),
        ("x", None),
        ("", None),
    ] {
        assert_eq!(days(span), expected, "{span}");
    }
}

#[test]
fn what_a_real_borgmatic_made_is_listed_with_its_promise() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let config = home.join("config.yaml");
    let text = format!(
        "location:\n    source_directories: [{0}/data]\n    repositories: [{0}/repo]\nstorage:\n    encryption_passphrase: planted\nretention:\n    keep_daily: 7\nconsistency:\n    checks:\n        - name: repository\n          frequency: always\n",
        home.display()
    );
    std::fs::create_dir(home.join("data")).unwrap();
    std::fs::write(home.join("data/file"), "content").unwrap();
    std::fs::write(&config, text).unwrap();
    for words in [&["init", "-e", "repokey"][..], &["create"], &["check"]] {
        let output = std::process::Command::new("borgmatic")
            .args(["--log-file", "log", "-c"])
            .arg(&config)
            .args(words)
            .current_dir(home)
            .env("HOME", home)
            .output()
            .unwrap_or_else(|error| panic!("{error}; tests/run installs the package borgmatic"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut job = testing::job("/");
    job.now = jiff::Timestamp::now();
    job.settings = json!({"backup": {"repositories": [
        {"name": "bm", "tool": "borgmatic", "location": config}]}});
    let seen = super::super::observe(&job);
    let body = testing::body(super::super::KIND, &seen);
    let repository = &body["repositories"][0];
    assert_eq!((&repository["name"], &repository["reachable"]), (&json!("bm"), &json!(true)));
    assert_eq!(
        (&repository["snapshots"], &repository["encryption"]),
        (&json!(1), &json!("repokey"))
    );
    assert_eq!(
        (&repository["promised"]["daily"], &repository["append_only"]),
        (&json!(7), &json!(false))
    );
    assert!(repository["bytes"].as_u64().unwrap() > 1000);
    assert!(repository["since"].is_string() && repository["tool_version"].is_string());
    assert!(!format!("{body} {:?}", seen.methods()).contains("planted"));
    // Its record of the check lies where borgmatic put it, under the repository's own name.
    let checks = home.join(".borgmatic/checks");
    let id = std::fs::read_dir(checks).unwrap().next().unwrap().unwrap().file_name();
    let job = testing::job(home);
    std::fs::create_dir(home.join("root")).unwrap();
    std::fs::rename(home.join(".borgmatic"), home.join("root/.borgmatic")).unwrap();
    assert!(last_check(&mut Look::new(&job), &id.to_string_lossy()).is_some());
}
