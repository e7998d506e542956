//! Dumps as the tools write them, whole and cut short.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use exhibit_plugin::local::testing;
use serde_json::{Value, json};

use super::super::{KIND, observe};

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
fn dumps_count_by_pattern_and_an_empty_one_is_no_backup() {
    let root = testing::planted(&[
        ("/var/backups/pg/a.dump", "PGDMP\u{1}…"),
        ("/var/backups/pg/b.dump", "age-encryption.org/v1\n"),
        ("/var/backups/pg/c.dump", ""),
        ("/var/backups/pg/notes.txt", "x"),
    ]);
    dated(root.path(), "var/backups/pg/a.dump", 1_795_300_000);
    dated(root.path(), "var/backups/pg/b.dump", 1_795_200_000);
    let named =
        json!({"name": "pg", "tool": "files", "location": "/var/backups/pg", "pattern": "*.dump"});
    let (repository, _) = seen(root.path(), &named);
    assert_eq!(repository["snapshots"], 2);
    assert_eq!(repository["last_success"], "2026-11-21T22:26:40Z");
    assert_eq!(repository["encrypted"], false, "one of them lies open");
    assert_eq!(repository["unusable_named"], json!([{"id": "c.dump", "why": "is empty"}]));
    let gone = json!({"name": "pg", "tool": "files", "location": "/none"});
    let (repository, outcomes) = seen(root.path(), &gone);
    assert_eq!(repository["reachable"], false);
    assert!(outcomes.iter().any(|line| line.starts_with("not_configured: backup repository 'pg'")));
}

const PG: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\nCREATE TABLE t ();\n--\n-- PostgreSQL database dump complete\n--\n";

fn gz(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

#[test]
fn a_dump_that_was_cut_short_is_no_backup() {
    let maria = "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\nINSERT\n-- Dump completed on 2026-11-21\n";
    for (name, whole) in [
        ("a.sql", PG.as_bytes().to_vec()),
        ("b.sql", PG.replace("database dump", "database cluster dump").into_bytes()),
        ("c.sql", maria.as_bytes().to_vec()),
        ("d.sql.gz", gz(PG)),
        ("e.sql.gz", gz(maria)),
    ] {
        let cut = whole[..whole.len() - 40].to_vec();
        for (content, count, unusable) in [(whole, 1, 0), (cut, 0, 1)] {
            let root = testing::planted(&[]);
            fs::create_dir_all(root.path().join("b")).unwrap();
            fs::write(root.path().join("b").join(name), content).unwrap();
            dated(root.path(), &format!("b/{name}"), 1_795_300_000);
            let named = json!({"name": "n", "tool": "files", "location": "/b"});
            let (repository, _) = seen(root.path(), &named);
            assert_eq!(repository["snapshots"], count, "{name}: {repository}");
            assert_eq!(repository["unusable"], unusable, "{name}: {repository}");
        }
    }
}

#[test]
fn what_is_being_written_counts_for_nothing_yet() {
    let root = testing::planted(&[("/b/a.sql", "-- PostgreSQL database dump\n")]);
    // The job's own time.
    dated(root.path(), "b/a.sql", 1_795_348_700);
    let (repository, _) =
        seen(root.path(), &json!({"name": "n", "tool": "files", "location": "/b"}));
    assert_eq!((&repository["snapshots"], &repository["unusable"]), (&json!(0), &json!(0)));
}

#[test]
fn a_copied_database_is_dated_by_the_file_that_is_written_last() {
    let root = testing::planted(&[
        ("/b/full-1/xtrabackup_checkpoints", "backup_type = full-backuped\n"),
        ("/b/base-2/backup_manifest", "{}"),
        ("/b/half-3/ibdata1", "x"),
        ("/b/sealed-4/xtrabackup_checkpoints", "x"),
        ("/b/sealed-4/ibdata1.xbcrypt", "x"),
    ]);
    dated(root.path(), "b/full-1/xtrabackup_checkpoints", 1_795_300_000);
    dated(root.path(), "b/base-2/backup_manifest", 1_795_200_000);
    dated(root.path(), "b/sealed-4/xtrabackup_checkpoints", 1_795_100_000);
    let named = json!({"name": "n", "tool": "files", "location": "/b"});
    let (repository, _) = seen(root.path(), &named);
    assert_eq!(repository["snapshots"], 3);
    assert_eq!(repository["encrypted"], false);
}

#[test]
fn names_that_differ_by_date_are_one_source() {
    for (name, expected) in [
        ("app-2026-11-21.sql.gz", "app-*.sql"),
        ("app_20261121T030000Z.dump", "app_*.dump"),
        ("app.sql.1.gz", "app.sql"),
        ("app.sql", "app.sql"),
        ("app-Mon.sql", "app-*.sql"),
        ("monitor-3.sql.zst", "monitor-*.sql"),
        ("db2", "db*"),
    ] {
        assert_eq!(super::family(name), expected, "{name}");
    }
}

#[test]
fn sizes_show_a_dump_that_shrank() {
    let root = testing::planted(&[]);
    fs::create_dir_all(root.path().join("b")).unwrap();
    for (day, size) in [(1_u64, 5000), (2, 5100), (3, 5200), (4, 70)] {
        let text = format!("-- x\n{}", "y".repeat(size));
        fs::write(root.path().join(format!("b/app-{day}.sql")), text).unwrap();
        dated(root.path(), &format!("b/app-{day}.sql"), 1_795_000_000 + day * 86_400);
    }
    let (repository, _) =
        seen(root.path(), &json!({"name": "n", "tool": "files", "location": "/b"}));
    let source = &repository["sources"][0];
    assert_eq!((&source["last_bytes"], &source["usual_bytes"]), (&json!(75), &json!(5105)));
    assert_eq!(repository["bytes"], 5005 + 5105 + 5205 + 75);
}

#[test]
fn a_dump_is_read_through_only_as_long_as_its_share_lasts() {
    let root = testing::planted(&[("/d/none", "")]);
    fs::remove_file(root.path().join("d/none")).unwrap();
    let packed = gz(&PG.repeat(100));
    fs::write(root.path().join("d/app.sql.gz"), &packed[..packed.len() / 2]).unwrap();
    dated(root.path(), "d/app.sql.gz", 1_795_200_000);
    let job = testing::job(root.path());
    let named = crate::settings::Repository::of_folder("d".into(), "/d".into());
    for (share, unusable) in [(Duration::from_secs(60), 1), (Duration::ZERO, 0)] {
        let listing = super::list(&mut crate::look::Look::new(&job), &named, share).unwrap();
        assert_eq!(listing.unusable.len(), unusable, "{share:?}");
    }
}
