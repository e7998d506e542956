//! Backups of the real duplicity: open and sealed, whole, damaged, and of somebody who wants his files elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use exhibit_plugin::Job;
use exhibit_plugin::local::testing;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{KIND, observe};
use crate::scene::PASSWORD;

struct Scene {
    folder: tempfile::TempDir,
    is_sealed: bool,
}

impl Scene {
    /// A full backup and one that adds to it.
    fn new(is_sealed: bool) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), is_sealed };
        for name in ["data/deep", "repo", "scratch", "gnupg", "data/empty"] {
            fs::create_dir_all(scene.path(name)).unwrap();
        }
        fs::write(scene.path("password"), format!("{PASSWORD}\n")).unwrap();
        for name in ["plain", "with space *[x]", "deep/down", "line\nbreak", "gone"] {
            fs::write(scene.path("data").join(name), format!("content of {name}")).unwrap();
        }
        let noise = (0_u32..60_000)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).rotate_left(7).to_le_bytes());
        fs::write(scene.path("data/large"), noise.collect::<Vec<u8>>()).unwrap();
        std::os::unix::fs::symlink("plain", scene.path("data/link")).unwrap();
        scene.settle(5);
        scene.backup("full", 4);
        fs::write(scene.path("data/plain"), "content of plain, and more").unwrap();
        fs::write(scene.path("data").join("n".repeat(120)), "content of a long name").unwrap();
        fs::remove_file(scene.path("data/gone")).unwrap();
        scene.settle(3);
        scene.backup("incremental", 2);
        scene
    }

    /// What was just written becomes data that was there before the backup.
    fn settle(&self, hours: u64) {
        let now = SystemTime::now();
        for path in files(&self.path("data")).into_keys() {
            let file = fs::File::options().write(true).open(path).unwrap();
            let age = now.duration_since(file.metadata().unwrap().modified().unwrap());
            if age.unwrap_or_default() < Duration::from_secs(3600) {
                file.set_modified(now - Duration::from_secs(hours * 3600)).unwrap();
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn backup(&self, action: &str, hours: i64) {
        let mut command = Command::new("duplicity");
        command.arg(action).arg("--archive-dir").arg(self.path("cache"));
        if !self.is_sealed {
            command.arg("--no-encryption");
        }
        // Two backups of one second would have one name.
        let time = Timestamp::now().as_second() - hours * 3600;
        command.arg("--current-time").arg(time.to_string());
        command.arg(self.path("data")).arg(format!("file://{}", self.path("repo").display()));
        command.env("PASSPHRASE", PASSWORD).env("GNUPGHOME", self.path("gnupg"));
        let output = command.output().expect("tests/run installs the package duplicity");
        assert!(output.status.success(), "{output:?}");
    }

    fn job(&self, more: &Value) -> Job {
        let mut test =
            json!({"name": "sample", "repository": "nightly", "scratch": self.path("scratch")});
        test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut named =
            json!({"name": "nightly", "tool": "duplicity", "location": self.path("repo")});
        if self.is_sealed {
            named["password_file"] = json!(self.path("password"));
        }
        let mut job = testing::job("/");
        job.now = Timestamp::now();
        job.settings =
            json!({"continuity": {"tests": [test]}, "backup": {"repositories": [named]}});
        job
    }

    /// The test's facts and the outcomes; the repository is as it was, and nothing leaves or stays.
    fn tested(&self, more: &Value) -> (Value, Vec<String>) {
        let before = files(&self.path("repo"));
        let seen = observe(&self.job(more));
        assert_eq!(files(&self.path("repo")), before, "the repository was changed");
        assert_eq!(fs::read_dir(self.path("scratch")).unwrap().count(), 0, "scratch was not wiped");
        let all = format!("{:?} {:?} {:?}", seen.body(), seen.methods(), testing::outcomes(&seen));
        assert!(!all.contains("content of") && !all.contains(PASSWORD), "{all}");
        let test = match seen.body() {
            Some(_) => testing::body(KIND, &seen)["tests"][0].clone(),
            None => Value::Null,
        };
        (test, testing::outcomes(&seen))
    }

    /// The file of the repository whose name has these parts.
    fn part(&self, of: &str, kind: &str) -> PathBuf {
        let mut found = files(&self.path("repo")).into_keys().filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(of) && name.contains(kind)
        });
        found.next().unwrap()
    }
}

/// Regular files below a folder with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path(), fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_whole_chain_comes_back_and_equals_its_sources_and_its_signatures() {
    for is_sealed in [false, true] {
        let scene = Scene::new(is_sealed);
        let (test, outcomes) = scene.tested(&json!({}));
        assert_eq!(outcomes, Vec::<String>::new());
        assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
        assert_eq!(test["sample"]["population"], 6, "{test}");
        assert_eq!(
            (&test["sample"]["drawn"], &test["files"]["same_as_source"]),
            (&json!("all"), &json!(6))
        );
        // Sources that have gone on: the signatures remain, of the newest backup.
        for path in files(&scene.path("data")).into_keys() {
            fs::write(path, "it has gone on").unwrap();
        }
        let (test, _) = scene.tested(&json!({}));
        assert_eq!(
            (&test["result"], &test["files"]["whole_by_repository"]),
            (&json!("success"), &json!(6)),
            "{test}"
        );
        let scope = json!({"paths": [scene.path("data/deep")]});
        let (test, _) = scene.tested(&scope);
        assert_eq!(
            (&test["sample"]["population"], &test["result"]),
            (&json!(1), &json!("success"))
        );
    }
}

#[test]
fn a_damaged_volume_is_a_failed_test_and_a_tampered_source_is_named() {
    let scene = Scene::new(false);
    let volume = scene.part("duplicity-full.", "vol1");
    let whole = fs::read(&volume).unwrap();
    let mut broken = whole.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 200].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(&volume, broken).unwrap();
    let (test, outcomes) = scene.tested(&json!({}));
    assert_eq!((&test["result"], outcomes.len()), (&json!("failure"), 0), "{outcomes:?}");
    assert!(test["error"].as_str().unwrap().starts_with("duplicity restore "), "{test}");
    assert!(test["faults"].to_string().contains("did not come back"), "{test}");
    fs::write(&volume, whole).unwrap();
    let path = scene.path("data/deep/down");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "CONTENT of deep/down").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let (test, _) = scene.tested(&json!({}));
    let why = "differs from its source, which has not changed since";
    assert_eq!(test["faults"], json!([{"path": path, "why": why}]), "{test}");
}

#[test]
fn what_keeps_it_from_taking_place_is_an_outcome() {
    let scene = Scene::new(true);
    fs::write(scene.path("password"), "battery staple\n").unwrap();
    let (test, outcomes) = scene.tested(&json!({}));
    assert!(
        test.is_null() && outcomes[0].starts_with("denied: restore test 'sample': the passphrase"),
        "{outcomes:?}"
    );
    fs::remove_file(scene.path("password")).unwrap();
    let (_, outcomes) = scene.tested(&json!({}));
    assert!(outcomes[0].starts_with("not_configured: "), "{outcomes:?}");
}

/// Another volume and manifest in place of the real ones: the file `plain` is a folder there, with a link that leads out and
/// a file behind it. (duplicity itself refuses names that climb.)
const HOSTILE: &str = r#"
import glob, hashlib, io, sys, tarfile
repo, target = sys.argv[1:]
for path in glob.glob(repo + '/duplicity-inc*') + glob.glob(repo + '/duplicity-new*'):
    import os; os.unlink(path)
volume = glob.glob(repo + '/duplicity-full.*.vol1.difftar.gz')[0]
with tarfile.open(volume, 'w:gz') as tar:
    def add(name, kind, data=b'', link=''):
        info = tarfile.TarInfo('snapshot/' + name)
        info.linkname = link
        info.type, info.size, info.mode, info.mtime = kind, len(data), 0o755, 1795200000
        tar.addfile(info, io.BytesIO(data))
    add('.', tarfile.DIRTYPE)
    add('plain', tarfile.DIRTYPE)
    add('plain/link', tarfile.SYMTYPE, link=target)
    add('plain/link/evil', tarfile.REGTYPE, b'evil')
manifest = glob.glob(repo + '/duplicity-full.*.manifest')[0]
digest = hashlib.sha1(open(volume, 'rb').read()).hexdigest()
text = open(manifest).read().split('Volume 1:')[0]
open(manifest, 'w').write(text + 'Volume 1:\n    StartingPath   .  \n    EndingPath     zzz  \n    Hash SHA1 ' + digest + '\n')
"#;

#[test]
fn a_hostile_backup_writes_nothing_outside_of_the_scratch_folder() {
    let scene = Scene::new(false);
    let outside = scene.path("outside");
    fs::create_dir(&outside).unwrap();
    let mut python = Command::new("python3");
    python.args(["-c", HOSTILE]).arg(scene.path("repo")).arg(&outside);
    assert!(python.status().unwrap().success());
    let asked = json!({"paths": [scene.path("data/plain")]});
    let (test, outcomes) = scene.tested(&asked);
    assert_eq!((&test["result"], outcomes.len()), (&json!("failure"), 0), "{outcomes:?}");
    assert!(!outside.join("evil").exists(), "{test}");
    // It is the walls that keep it in: without them the file lies there.
    let mut open = asked;
    open["unconfined"] = json!(true);
    let (test, _) = scene.tested(&open);
    assert!(outside.join("evil").exists(), "{test}");
    assert_eq!(test["result"], "failure", "{test}");
}
