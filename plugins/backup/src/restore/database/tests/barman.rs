//! Backups of a real Barman: whole, damaged, and of somebody who wants more than to be restored.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::said;
use crate::scene::barman;

struct Backed {
    folder: tempfile::TempDir,
    id: String,
}

impl Backed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = barman::made(folder.path());
        fs::create_dir(folder.path().join("scratch")).unwrap();
        Self { folder, id: told["main"]["backup_id"].as_str().unwrap().to_owned() }
    }

    fn server(&self) -> PathBuf {
        self.folder.path().join("home/main")
    }

    fn data(&self) -> PathBuf {
        self.server().join("base").join(&self.id).join("data")
    }

    fn tested(&self, more: &Value) -> (Value, Vec<String>) {
        let scratch = self.folder.path().join("scratch");
        let mut test = json!({"name": "shop", "repository": "db", "scratch": scratch,
            "tables": ["postgres.public.orders", "public.other"]});
        test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut job = testing::job("/");
        job.now = Timestamp::now();
        job.settings = json!({"continuity": {"tests": [test]}, "backup": {"repositories": [
            {"name": "db", "tool": "barman", "location": self.server()}]}});
        said(&job, &scratch)
    }

    /// Every file of the catalogue with its change.
    fn files(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let (mut found, mut waiting) = (BTreeMap::new(), vec![self.server()]);
        while let Some(path) = waiting.pop() {
            let facts = fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            found.insert(path, (facts.len(), facts.ctime(), facts.ctime_nsec()));
        }
        found
    }
}

/// The file of the catalogue that holds rows of a table, by the text in it.
fn holding(folder: &Path, text: &[u8]) -> PathBuf {
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse::<u32>()
            .is_ok_and(|n| n >= 16384)
            && fs::read(&path).unwrap().windows(text.len()).any(|bytes| bytes == text)
        {
            return path;
        }
    }
    panic!("no table holds {}", String::from_utf8_lossy(text));
}

#[test]
fn a_backup_of_barman_comes_back_with_its_tablespaces_and_a_damaged_one_is_a_failed_test() {
    let backed = Backed::new();
    let before = backed.files();
    let (test, outcomes) = backed.tested(&json!({}));
    assert_eq!(outcomes, Vec::<String>::new());
    assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
    assert_eq!((&test["tool"], &test["backup"]["id"]), (&json!("barman"), &json!(backed.id)));
    // What was written after the backup belongs to its successor.
    assert_eq!((&test["database"]["tables"], &test["database"]["rows"]), (&json!(2), &json!(2000)));
    assert_eq!(test["database"]["compared"][0]["verdict"], "restored");
    assert!(test["bytes"].as_u64().unwrap() > 1_000_000, "{test}");
    assert_eq!(backed.files(), before, "the catalogue was changed");

    // A rotten page, which the manifest tells and, where there is none, the reading of the table.
    let table = holding(&backed.data().join("base"), b"planted");
    let whole = fs::read(&table).unwrap();
    let mut rotten = whole.clone();
    rotten[8..40].fill(0x5a);
    fs::write(&table, &rotten).unwrap();
    let (test, outcomes) = backed.tested(&json!({}));
    assert_eq!((&test["result"], outcomes.len()), (&json!("failure"), 0), "{outcomes:?}");
    let error = test["error"].as_str().unwrap();
    assert!(
        error.starts_with("1 faults by the manifest of the backup: checksum mismatch"),
        "{error}"
    );
    let manifest = backed.data().join("backup_manifest");
    fs::remove_file(&manifest).unwrap();
    let (test, _) = backed.tested(&json!({}));
    assert_eq!(test["error"], "1 tables cannot be read to their end", "{test}");
    assert_eq!(test["faults"][0]["path"], "postgres.public.other");
    assert_eq!(test["database"]["rows"], 1000);
    fs::write(&table, whole).unwrap();

    // The log that belongs to it.
    let log = backed.server().join("wals/xlog.db");
    let text = fs::read_to_string(&log).unwrap();
    let info = fs::read_to_string(backed.data().with_file_name("backup.info")).unwrap();
    let end = info.lines().find_map(|line| line.strip_prefix("end_wal=")).unwrap();
    let end = text.lines().find(|line| line.starts_with(&format!("{end}\t"))).unwrap();
    fs::write(&log, text.replace(&format!("{end}\n"), "")).unwrap();
    let (test, outcomes) = backed.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(test["error"].as_str().unwrap().contains("no server of its own"), "{test}");
}

#[test]
fn a_hostile_backup_of_barman_reaches_nothing_outside_of_it() {
    let backed = Backed::new();
    // Barman follows links in a backup, as whoever owns it.
    let outside = backed.folder.path().join("outside");
    fs::rename(backed.data().join("global"), &outside).unwrap();
    symlink(&outside, backed.data().join("global")).unwrap();
    let (test, outcomes) = backed.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{outcomes:?}");
    assert!(test["error"].as_str().unwrap().starts_with("barman recover "), "{test}");
    // It is the walls that keep it in: without them what lies outside comes back too.
    let (test, outcomes) = backed.tested(&json!({"unconfined": true}));
    assert_eq!(test["result"], "success", "{test} {outcomes:?}");
    // Barman would make folders where a catalogue says that tablespaces were.
    let info = backed.server().join("base").join(&backed.id).join("backup.info");
    let text = fs::read_to_string(&info).unwrap();
    fs::write(&info, text.replace("('fast', 16384", "('fast x', '../../x'")).unwrap();
    let (test, outcomes) = backed.tested(&json!({}));
    assert_eq!(test, Value::Null);
    assert!(outcomes[0].contains("is not of the form that Barman gives it"), "{outcomes:?}");
}
