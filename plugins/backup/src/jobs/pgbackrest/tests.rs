//! Lists as pgBackRest 2.45 prints them.

use serde_json::json;

use super::*;

/// Printed by a real one over two repositories, shortened to what differs.
const INFO: &str = include_str!("info.json");

fn named() -> settings::Repository {
    let text = json!({"name": "pg", "tool": "pgbackrest", "location": "/etc/pgbackrest.conf"});
    serde_json::from_value(text).unwrap()
}

const CONFIG: &str = "[global]\nrepo1-path=/srv/repo\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=planted\nrepo1-retention-full=2\nrepo2-type=s3\nrepo2-s3-key-secret=planted\n[main]\nrepo2-retention-full=14\nrepo2-retention-full-type=time\n";

#[test]
fn each_repository_of_a_stanza_is_an_entry() {
    let options = sections(CONFIG);
    assert!(!format!("{options:?}").contains("planted"));
    let found = entries(&named(), &options, parse(INFO).unwrap());
    let names: Vec<&str> = found.iter().map(|one| one.named.name.as_str()).collect();
    assert_eq!(names, ["pg/main/1", "pg/main/2"]);
    let first = found[0].listing.as_ref().unwrap();
    assert_eq!((first.backups.len(), first.encrypted), (2, Some(true)));
    assert_eq!(first.backups[1].id, "20261123-045008F_20261123-045026I");
    assert_eq!(first.backups[1].time.to_string(), "2026-11-23T04:50:28Z");
    assert_eq!(first.bytes, Some(3_099_072));
    assert_eq!(first.promise.as_ref().unwrap().last, Some(2));
    assert_eq!(found[0].named.location, "/srv/repo");
    let second = found[1].listing.as_ref().unwrap();
    assert_eq!((second.backups.len(), second.encrypted), (1, Some(false)));
    assert_eq!(second.promise.as_ref().unwrap().within_days, Some(14));
    assert_eq!(second.place.as_ref().unwrap().class, PlaceClass::ObjectStorage);
}

#[test]
fn a_stanza_without_backups_is_reachable_and_a_broken_one_is_not() {
    let stanza = |code: i64, message: &str| {
        let text = json!([{"name": "main", "status": {"code": code, "message": message}, "backup": [],
            "repo": [{"key": 1, "cipher": "none", "status": {"code": code, "message": message}}]}]);
        let stanzas = parse(&text.to_string()).unwrap();
        entries(&named(), &Options::new(), stanzas).remove(0).listing
    };
    assert!(stanza(2, "no valid backups").unwrap().backups.is_empty());
    let refusal = stanza(99, "unable to open s3://bob:planted@x").unwrap_err();
    assert!(refusal.detail.starts_with("pgbackrest says: unable to open"), "{}", refusal.detail);
    assert!(!refusal.detail.contains("planted"));
    assert!(entries(&named(), &Options::new(), Vec::new())[0].listing.is_err());
}

#[test]
fn a_backup_with_broken_pages_does_not_count() {
    let text = INFO.replacen("\"error\":false", "\"error\":true", 1);
    let found = entries(&named(), &Options::new(), parse(&text).unwrap());
    let first = found[0].listing.as_ref().unwrap();
    assert_eq!((first.backups.len(), first.unusable.len()), (1, 1));
}

#[test]
fn older_versions_know_one_repository() {
    let text = json!([{"name": "main", "cipher": "aes-256-cbc", "status": {"code": 0, "message": "ok"},
        "backup": [{"label": "x", "database": {"id": 1}, "timestamp": {"start": 1, "stop": 1_795_409_417}}]}]);
    let found = entries(&named(), &Options::new(), parse(&text.to_string()).unwrap());
    assert_eq!(found[0].named.name, "pg");
    assert_eq!(found[0].listing.as_ref().unwrap().backups.len(), 1);
    assert!(parse("[{\"name\":1}]").is_err());
}
