//! Folders as the tools leave them.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use exhibit_plugin::local::testing;
use serde_json::{Value, json};

use super::super::{KIND, observe};

mod barman;

fn seen(root: &Path, repository: &Value) -> (Value, Vec<String>) {
    let mut job = testing::job(root);
    job.settings = json!({"backup": {"repositories": [repository]}});
    let seen = observe(&job);
    let body = testing::body(KIND, &seen);
    (body["repositories"][0].clone(), testing::outcomes(&seen))
}

fn dated(root: &Path, path: &str, second: u64) {
    let file = fs::File::open(root.join(path)).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
}

#[test]
fn rsnapshot_has_a_backup_for_each_interval_and_point() {
    let root = testing::planted(&[
        ("/snap/daily.0/web1/etc/hosts", ""),
        ("/snap/daily.0/web2/etc/hosts", ""),
        ("/snap/daily.1/web1/etc/hosts", ""),
        ("/snap/_delete.77/web1/x", ""),
        ("/snap/.sync/web1/x", ""),
    ]);
    dated(root.path(), "snap/daily.0", 1_795_300_000);
    dated(root.path(), "snap/daily.1", 1_795_200_000);
    let named = json!({"name": "r", "tool": "rsnapshot", "location": "/snap"});
    let (repository, _) = seen(root.path(), &named);
    assert_eq!((&repository["snapshots"], &repository["encrypted"]), (&json!(3), &json!(false)));
    assert_eq!(repository["sources"][0]["host"], "web1");
    assert_eq!(repository["sources"][0]["snapshots"], 2);
    assert_eq!(repository["oldest"], "2026-11-20T18:40:00Z");
}

#[test]
fn barman_counts_what_ended_well() {
    let info =
        |status: &str, end: &str| format!("mode=rsync\nstatus={status}\nend_time={end}\nsize=42\n");
    let root = testing::planted(&[
        ("/b/main/base/20261121T030000/backup.info", &info("DONE", "2026-11-21 03:09:12.3+00:00")),
        ("/b/main/base/20261122T030000/backup.info", &info("FAILED", "None")),
        ("/b/main/base/20261122T090000/backup.info", &info("STARTED", "None")),
        ("/b/main/base/20261122T100000/backup.info", "\u{0}garbage"),
    ]);
    let named = json!({"name": "db", "tool": "barman", "location": "/b/main"});
    let (repository, outcomes) = seen(root.path(), &named);
    assert_eq!(repository["snapshots"], 1);
    assert_eq!(repository["last_success"], "2026-11-21T03:09:12Z");
    assert_eq!(repository["sources"][0]["host"], "main");
    assert!(outcomes.iter().any(|line| line.contains("20261122T100000")), "{outcomes:?}");
    assert_eq!(repository["unusable_named"][0]["why"], "barman calls it FAILED");
}

#[test]
fn duplicity_counts_sets_with_a_manifest() {
    // Names as duplicity 0.8 leaves them.
    let root = testing::planted(&[
        ("/d/duplicity-full-signatures.20261121T044940Z.sigtar.gpg", "1"),
        ("/d/duplicity-full.20261121T044940Z.manifest.gpg", "2"),
        ("/d/duplicity-full.20261121T044940Z.vol1.difftar.gpg", "33"),
        ("/d/duplicity-inc.20261121T044940Z.to.20261121T054941Z.manifest.gpg", "2"),
        ("/d/duplicity-inc.20261121T044940Z.to.20261121T054941Z.vol1.difftar.gpg", "333"),
        ("/d/duplicity-inc.20261121T054941Z.to.20261121T064941Z.vol1.difftar.gpg", "333"),
        ("/d/notes", "x"),
    ]);
    let named = json!({"name": "d", "tool": "duplicity", "location": "/d"});
    let (repository, _) = seen(root.path(), &named);
    assert_eq!((&repository["snapshots"], &repository["unusable"]), (&json!(2), &json!(1)));
    assert_eq!(repository["last_success"], "2026-11-21T05:49:41Z");
    assert_eq!((&repository["encrypted"], &repository["bytes"]), (&json!(true), &json!(11)));
}

#[test]
fn promises_are_read_where_the_tools_keep_them() {
    let root = testing::planted(&[
        ("/etc/rsnapshot.conf", "snapshot_root\t/snap/\nretain\tdaily\t7\nretain\tweekly\t4\n"),
        ("/snap/daily.0/web1/x", ""),
        ("/etc/barman.conf", "[barman]\nretention_policy = REDUNDANCY 3\n"),
        (
            "/etc/barman.d/main.conf",
            "[main]\npassword = planted\nretention_policy = RECOVERY WINDOW OF 4 WEEKS\n",
        ),
        ("/b/main/base/x/backup.info", "status=FAILED\n"),
        ("/b/other/base/x/backup.info", "status=FAILED\n"),
    ]);
    let of = |tool: &str, location: &str| {
        let named = json!({"name": "n", "tool": tool, "location": location});
        seen(root.path(), &named).0["promised"].clone()
    };
    assert_eq!(of("rsnapshot", "/snap")["daily"], 7);
    assert_eq!(of("rsnapshot", "/snap")["weekly"], 4);
    assert_eq!(of("barman", "/b/main")["within_days"], 28);
    assert_eq!(of("barman", "/b/other")["last"], 3);
}
