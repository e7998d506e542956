//! A real Barman with a real server of PostgreSQL, beside what Barman itself says.

use std::fs;
use std::path::Path;

use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{KIND, observe};
use crate::scene::barman;

/// The repository and the outcomes; now, since the backup is of now.
fn seen(root: &Path, repository: &Value) -> (Value, Vec<String>) {
    let mut job = testing::job(root);
    job.now = Timestamp::now();
    job.settings = json!({"backup": {"repositories": [repository]}});
    let seen = observe(&job);
    (testing::body(KIND, &seen)["repositories"][0].clone(), testing::outcomes(&seen))
}

#[test]
fn a_real_folder_of_barman_tells_what_barman_tells() {
    let folder = tempfile::tempdir().unwrap();
    let said = barman::made(folder.path());
    let said = &said["main"];
    let (id, about) = (said["backup_id"].as_str().unwrap(), &said["base_backup_information"]);
    let named = json!({"name": "db", "tool": "barman", "location": "/home/main"});
    let (repository, outcomes) = seen(folder.path(), &named);
    assert_eq!(outcomes.iter().filter(|line| line.contains("barman")).count(), 0, "{outcomes:?}");
    assert_eq!((&said["status"], &repository["snapshots"]), (&json!("DONE"), &json!(1)));
    // `2026-11-23 12:39:31.258152+00:00`
    let end = about["end_time"].as_str().unwrap();
    let expected = format!("{}Z", end.split('.').next().unwrap().replace(' ', "T"));
    assert_eq!(repository["last_success"], expected, "{id}: {said}");
    assert_eq!(repository["promised"]["within_days"], 14);
    let info = fs::read_to_string(folder.path().join(format!("home/main/base/{id}/backup.info")));
    let info = info.unwrap();
    let size = info.lines().find_map(|line| line.strip_prefix("size=")).unwrap();
    assert_eq!(repository["bytes"], size.parse::<u64>().unwrap());
    assert!(!repository.to_string().contains("planted"));
    // One that Barman broke off counts for nothing, as Barman writes it.
    let broken = info.replace("status=DONE", "status=FAILED");
    fs::create_dir(folder.path().join("home/main/base/20991231T235959")).unwrap();
    fs::write(folder.path().join("home/main/base/20991231T235959/backup.info"), broken).unwrap();
    let (repository, _) = seen(folder.path(), &named);
    assert_eq!((&repository["snapshots"], &repository["unusable"]), (&json!(1), &json!(1)));
}
