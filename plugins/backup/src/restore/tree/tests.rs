//! Snapshots of the real rsnapshot: whole, damaged, of another machine, and with what a hostile machine puts there.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_plugin::Job;
use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{KIND, observe};

struct Scene(tempfile::TempDir);

impl Scene {
    /// Data, a configuration, and one snapshot of each of two points.
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        for name in ["data/deep", "other", "scratch", "snap"] {
            fs::create_dir_all(scene.path(name)).unwrap();
        }
        for name in ["data/plain", "data/with space *[x]", "data/deep/down", "other/theirs"] {
            fs::write(scene.path(name), format!("content of {name}")).unwrap();
        }
        let text = |more: &str| {
            let at = |name: &str| scene.path(name).display().to_string();
            format!(
                "config_version\t1.2\nsnapshot_root\t{}/\ncmd_rsync\t/usr/bin/rsync\nretain\tdaily\t7\nverbose\t1\nloglevel\t1\nlockfile\t{}\n{more}",
                at("snap"),
                at("lock")
            )
        };
        let own = format!("backup\t{}/\tlocalhost/\n", scene.path("data").display());
        let script =
            format!("backup_script\t/bin/cp -a {}/. .\tweb1/\n", scene.path("other").display());
        fs::write(scene.path("conf"), text(&format!("{own}{script}"))).unwrap();
        scene.snapshot();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// One more; the one before becomes an hour old.
    fn snapshot(&self) {
        if let Ok(before) = fs::File::open(self.path("snap/daily.0")) {
            let time = before.metadata().unwrap().modified().unwrap();
            before.set_modified(time - std::time::Duration::from_secs(3600)).unwrap();
        }
        let mut command = Command::new("rsnapshot");
        command.arg("-c").arg(self.path("conf")).arg("daily");
        let output = command.output().expect("tests/run installs the package rsnapshot");
        assert!(output.status.success(), "{output:?}");
    }

    /// A file of the newest snapshot, by the path of its source.
    fn kept(&self, name: &str) -> PathBuf {
        let source = self.path(name);
        self.path("snap/daily.0/localhost").join(source.strip_prefix("/").unwrap())
    }

    fn job(&self, more: &Value) -> Job {
        let mut test = json!({"name": "sample", "repository": "nightly", "host": "localhost",
            "scratch": self.path("scratch")});
        test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut job = testing::job("/");
        job.now = Timestamp::now();
        job.settings = json!({"continuity": {"tests": [test]}, "backup": {"repositories": [
            {"name": "nightly", "tool": "rsnapshot", "location": self.path("conf")}]}});
        job
    }

    /// The test's facts and the outcomes; no content leaves, nothing is left behind.
    fn tested(&self, more: &Value) -> (Value, Vec<String>) {
        let seen = observe(&self.job(more));
        assert_eq!(fs::read_dir(self.path("scratch")).unwrap().count(), 0, "scratch was not wiped");
        let all = format!("{:?} {:?} {:?}", seen.body(), seen.methods(), testing::outcomes(&seen));
        assert!(!all.contains("content of"), "{all}");
        let test = match seen.body() {
            Some(_) => testing::body(KIND, &seen)["tests"][0].clone(),
            None => Value::Null,
        };
        (test, testing::outcomes(&seen))
    }
}

/// Other bytes of the same length, with the time that the file had.
fn rot(path: &Path) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let text = fs::read_to_string(path).unwrap().replace('c', "C");
    fs::write(path, text).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_whole_snapshot_equals_its_sources() {
    let scene = Scene::new();
    let before = fs::metadata(scene.kept("data/plain")).unwrap();
    let (test, outcomes) = scene.tested(&json!({"recovery_point_hours": 24}));
    assert_eq!(outcomes, Vec::<String>::new());
    assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
    assert_eq!(
        (&test["sample"]["drawn"], &test["sample"]["population"]),
        (&json!("all"), &json!(3))
    );
    assert_eq!(test["files"]["same_as_source"], 3, "{test}");
    assert_eq!(
        (&test["tool"], &test["backup"]["id"]),
        (&json!("rsnapshot"), &json!("daily.0/localhost"))
    );
    assert!(test["recovery_point"]["achieved_seconds"].as_u64().unwrap() < 600);
    let after = fs::metadata(scene.kept("data/plain")).unwrap();
    assert_eq!((before.ctime(), before.ctime_nsec()), (after.ctime(), after.ctime_nsec()));
}

#[test]
fn a_rotten_file_is_named_whatever_there_is_to_compare_with() {
    // The source has not changed.
    let scene = Scene::new();
    rot(&scene.kept("data/plain"));
    let (test, outcomes) = scene.tested(&json!({}));
    assert_eq!((&test["result"], outcomes.len()), (&json!("failure"), 0), "{test}");
    assert_eq!(
        (&test["files"]["different"], &test["files"]["same_as_source"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(test["faults"][0]["why"], "differs from its source, which has not changed since");
    // It has gone on, and an older snapshot holds a copy of its own.
    let scene = Scene::new();
    scene.snapshot();
    let (plain, down) = (scene.kept("data/plain"), scene.kept("data/deep/down"));
    for path in [&plain, &down] {
        let (time, text) =
            (fs::metadata(path).unwrap().modified().unwrap(), fs::read(path).unwrap());
        fs::remove_file(path).unwrap();
        fs::write(path, text).unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    rot(&down);
    for name in ["data/plain", "data/deep/down", "data/with space *[x]"] {
        fs::write(scene.path(name), "it has gone on").unwrap();
    }
    let (test, _) = scene.tested(&json!({}));
    assert_eq!(test["result"], "failure", "{test}");
    let files = &test["files"];
    // The third is one file in both snapshots, which proves nothing.
    let found = (&files["whole_by_repository"], &files["different"], &files["unproven"]);
    assert_eq!(found, (&json!(1), &json!(1), &json!(1)), "{test}");
    let why = "differs from the copy in daily.1/localhost, though neither size nor time did";
    assert_eq!(test["faults"], json!([{"path": scene.path("data/deep/down"), "why": why}]));
}

#[test]
fn what_nothing_proves_is_no_test_until_the_backup_brings_its_checksums() {
    let scene = Scene::new();
    let theirs = json!({"host": "web1"});
    let (test, outcomes) = scene.tested(&theirs);
    assert_eq!(test, Value::Null);
    assert!(
        outcomes[0].starts_with(
            "not_applicable: restore test 'sample': 1 files came back and nothing says"
        ),
        "{outcomes:?}"
    );
    let with_list = json!({"host": "web1", "checksums": "/SHA256SUMS"});
    let (test, outcomes) = scene.tested(&with_list);
    assert!(test.is_null() && outcomes[0].starts_with("not_configured"), "{outcomes:?}");
    // As the other machine writes it before it is backed up.
    let sums = || {
        let output =
            Command::new("sha256sum").arg("theirs").current_dir(scene.path("other")).output();
        fs::write(scene.path("other/SHA256SUMS"), output.unwrap().stdout).unwrap();
        scene.snapshot();
    };
    sums();
    let (test, outcomes) = scene.tested(&with_list);
    assert_eq!((&test["result"], outcomes.len()), (&json!("success"), 0), "{test} {outcomes:?}");
    assert_eq!(
        (&test["files"]["whole_by_repository"], &test["sample"]["population"]),
        (&json!(1), &json!(1))
    );
    rot(&scene.path("snap/daily.0/web1/theirs"));
    let (test, _) = scene.tested(&with_list);
    assert_eq!(test["faults"][0]["why"], "differs from the list of checksums", "{test}");
}

#[test]
fn what_was_cut_short_is_named_and_what_is_gone_cannot_be_missed() {
    let scene = Scene::new();
    let path = scene.kept("data/plain");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(3).unwrap();
    file.set_modified(time).unwrap();
    fs::remove_file(scene.kept("data/deep/down")).unwrap();
    let (test, _) = scene.tested(&json!({}));
    let why = "has another size than its source, whose time is the same";
    assert_eq!(test["faults"], json!([{"path": scene.path("data/plain"), "why": why}]));
    assert_eq!(test["sample"]["population"], 2, "{test}");
}

#[test]
fn links_pipes_and_devices_of_a_hostile_machine_lead_nowhere() {
    let scene = Scene::new();
    let folder = scene.kept("data");
    fs::write(scene.path("secret"), "content of nobody").unwrap();
    std::os::unix::fs::symlink(scene.path("secret"), folder.join("link")).unwrap();
    std::os::unix::fs::symlink(scene.path("other"), folder.join("folder")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"latin-\xfc");
    fs::write(folder.join(odd), "x").unwrap();
    fs::write(folder.join("line\nbreak"), "y").unwrap();
    // Without care all of it is followed: the same tree, copied by a program that does.
    let mut copy = Command::new("cp");
    copy.arg("-rL").arg("--").arg(folder.join("folder")).arg(scene.path("copied"));
    assert!(copy.status().unwrap().success() && scene.path("copied/theirs").exists());
    let (test, _) = scene.tested(&json!({}));
    let sample = &test["sample"];
    let found = (&sample["population"], &sample["files"], &sample["left_out"]);
    assert_eq!(found, (&json!(5), &json!(4), &json!(1)), "{test}");
    assert_eq!(
        (&test["files"]["same_as_source"], &test["files"]["unproven"]),
        (&json!(3), &json!(1))
    );
    // A link in place of a folder, once the sample is drawn.
    let root = fs::File::open(scene.path("snap/daily.0")).unwrap().into();
    let inside =
        |name: &str| format!("localhost/{}", scene.path(name).strip_prefix("/").unwrap().display());
    assert!(super::walk::open(&root, &inside("data/plain")).is_ok());
    for name in ["data/link", "data/folder/theirs", "data/pipe", "data/deep"] {
        assert!(super::walk::open(&root, &inside(name)).is_err(), "{name}");
    }
    assert!(super::walk::open(&root, "localhost/../../conf").is_err());
}
