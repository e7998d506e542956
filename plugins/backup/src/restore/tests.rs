//! Real repositories of both tools: whole, damaged, closed, from another machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use exhibit_plugin::local::testing;
use serde_json::{Value, json};

use super::*;
use crate::scene::{PASSWORD, Scene};

/// Every file below a folder with its bytes.
fn bytes_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

fn job(scene: &Scene, tool: &str, more: &Value) -> Job {
    let mut test = json!({"name": "sample", "repository": "nightly",
        "scratch": scene.path("scratch")});
    test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut job = testing::job("/");
    job.now = Timestamp::now();
    job.settings = json!({"continuity": {"tests": [test]}, "backup": {"repositories": [
        {"name": "nightly", "tool": tool, "location": scene.path(tool),
         "password_file": scene.path("password")}]}});
    job
}

/// The test's facts and the outcomes; nothing may be left in the scratch folder, no secret anywhere, and the
/// repository must have the bytes it had before.
fn tested(scene: &Scene, tool: &str, more: &Value) -> (Value, Vec<String>) {
    let before = bytes_of(&scene.path(tool));
    let seen = observe(&job(scene, tool, more));
    assert_eq!(bytes_of(&scene.path(tool)), before, "the repository was changed");
    assert_eq!(fs::read_dir(scene.path("scratch")).unwrap().count(), 0, "scratch was not wiped");
    let said = format!("{:?} {:?} {:?}", seen.body(), seen.methods(), testing::outcomes(&seen));
    assert!(!said.contains(PASSWORD) && !said.contains("content of"), "{said}");
    let test = match seen.body() {
        Some(_) => testing::body(KIND, &seen)["tests"][0].clone(),
        None => Value::Null,
    };
    (test, testing::outcomes(&seen))
}

#[test]
fn a_whole_sample_comes_back_and_equals_its_source() {
    for tool in ["restic", "borg"] {
        let scene = Scene::with_backup(tool);
        let more = json!({"recovery_time_minutes": 5, "recovery_point_hours": 24});
        let (test, outcomes) = tested(&scene, tool, &more);
        assert_eq!(outcomes, Vec::<String>::new());
        assert_eq!((&test["result"], &test["error"]), (&json!("success"), &Value::Null), "{test}");
        assert_eq!(test["sample"]["drawn"], "all");
        assert_eq!(test["sample"]["population"], 4);
        assert_eq!(test["files"]["same_as_source"], 4, "{tool}: {test}");
        assert_eq!(test["recovery_time"]["target_seconds"], 300);
        assert!(test["recovery_time"]["achieved_seconds"].as_u64().unwrap() <= 60);
        assert!(test["recovery_point"]["achieved_seconds"].as_u64().unwrap() <= 600);
        assert!(test["bytes"].as_u64().unwrap() > 40);
    }
}

#[test]
fn a_source_that_changed_is_held_against_the_repository_and_one_that_was_tampered_with_is_named() {
    for tool in ["restic", "borg"] {
        let scene = Scene::with_backup(tool);
        let changed = scene.path("data/plain");
        fs::write(&changed, "it has grown since the backup was made").unwrap();
        fs::remove_file(scene.path("data/deep/down")).unwrap();
        let tampered = scene.path("data/with space");
        let facts = fs::metadata(&tampered).unwrap();
        let text = fs::read_to_string(&tampered).unwrap().replace('c', "C");
        fs::write(&tampered, text).unwrap();
        let file = fs::File::options().write(true).open(&tampered).unwrap();
        file.set_modified(facts.modified().unwrap()).unwrap();
        let (test, _) = tested(&scene, tool, &json!({}));
        assert_eq!(test["result"], "failure");
        assert_eq!(test["files"]["whole_by_repository"], 2, "{tool}: {test}");
        assert_eq!(test["files"]["different"], 1);
        assert_eq!(test["faults"].as_array().unwrap().len(), 1);
        let path = test["faults"][0]["path"].as_str().unwrap();
        assert!(path.ends_with("data/with space"), "{path}");
        assert_eq!(test["error"], "1 of 4 files did not come back as they should");
    }
}

#[test]
fn a_random_sample_is_bounded_and_can_be_drawn_again() {
    let scene = Scene::with_backup("restic");
    let more = json!({"files": 2, "seed": "audit 2026"});
    let (first, _) = tested(&scene, "restic", &more);
    assert_eq!(first["sample"]["drawn"], "random");
    assert_eq!(first["sample"]["seed"], "audit 2026");
    assert_eq!((&first["sample"]["files"], &first["sample"]["population"]), (&json!(2), &json!(4)));
    let (again, _) = tested(&scene, "restic", &more);
    assert_eq!(again["bytes"], first["bytes"]);
    let fresh = tested(&scene, "restic", &json!({"files": 1})).0;
    assert_eq!(fresh["sample"]["seed"].as_str().unwrap().len(), 32);
    let scope = json!({"paths": [scene.path("data/deep")]});
    let (narrow, _) = tested(&scene, "restic", &scope);
    assert_eq!(
        (&narrow["sample"]["population"], &narrow["result"]),
        (&json!(1), &json!("success"))
    );
    let (none, _) = tested(&scene, "restic", &json!({"paths": ["/not/there"]}));
    assert_eq!(none["error"], "the backup holds no file that fits the test");
}

#[test]
fn a_damaged_repository_is_a_failed_test_and_not_an_outcome() {
    for (tool, store) in [("restic", "restic/data"), ("borg", "borg/data")] {
        let scene = Scene::with_backup(tool);
        // The data itself: the pack or segment that holds the most.
        let packs = bytes_of(&scene.path(store));
        let (path, bytes) = packs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
        let mut broken = bytes.clone();
        let middle = broken.len() / 2;
        broken[middle..middle + 2000].iter_mut().for_each(|byte| *byte ^= 0x5a);
        let mode = fs::metadata(path).unwrap().permissions();
        fs::remove_file(path).unwrap();
        fs::write(path, broken).unwrap();
        fs::set_permissions(path, mode).unwrap();
        let (test, outcomes) = tested(&scene, tool, &json!({}));
        assert_eq!(outcomes, Vec::<String>::new(), "{tool}");
        assert_eq!(test["result"], "failure", "{tool}: {test}");
        assert!(!test["error"].as_str().unwrap().is_empty());
        assert!(test["faults"].to_string().contains("data/large"), "{tool}: {test}");
    }
}

#[test]
fn what_keeps_a_test_from_taking_place_is_an_outcome() {
    for tool in ["restic", "borg"] {
        let scene = Scene::with_backup(tool);
        let said = |more: Value| {
            let (test, outcomes) = tested(&scene, tool, &more);
            assert_eq!(test, Value::Null);
            outcomes[0].clone()
        };
        let start = "restore test 'sample': ";
        assert!(
            said(json!({"repository": "other"})).starts_with(&format!("not_configured: {start}"))
        );
        assert!(
            said(json!({"host": "elsewhere"})).starts_with(&format!("not_applicable: {start}"))
        );
        fs::write(scene.path("password"), "something else\n").unwrap();
        assert!(said(json!({})).starts_with(&format!("denied: {start}")));
        fs::remove_file(scene.path("password")).unwrap();
        assert!(said(json!({})).starts_with(&format!("not_configured: {start}the password file")));
    }
}

#[test]
fn without_a_wish_in_the_settings_nothing_is_restored() {
    let seen = observe(&testing::job("/"));
    assert!(seen.body().is_none());
    assert!(
        testing::outcomes(&seen)[0].starts_with("not_configured: no restore test is asked for")
    );
}

#[test]
fn a_scratch_folder_that_is_not_there_is_named() {
    let scene = Scene::with_backup("restic");
    let seen = observe(&job(&scene, "restic", &json!({"scratch": scene.path("gone")})));
    assert!(testing::outcomes(&seen)[0].contains("/gone"), "{:?}", testing::outcomes(&seen));
}

#[test]
fn only_no_room_keeps_a_restore_that_ended_badly_from_being_a_result() {
    let output =
        |stderr: &str| Output { code: Some(1), stdout: String::new(), stderr: stderr.into() };
    let full = judged("restic restore", &output("write /x: no space left on device"), "x");
    assert_eq!(full.unwrap_err().outcome, OutcomeKind::LimitExceeded);
    let broken = judged("restic restore", &output("ciphertext verification failed"), "said");
    assert_eq!(broken.unwrap(), Err("restic restore said".to_owned()));
}
