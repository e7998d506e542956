mod activation;
mod upgrade;

use std::fs;
use std::sync::Arc;

use super::*;
use crate::config;
use crate::identity::Collector;
use crate::requests::{AskDesk, Request};
use crate::views::sample::{ORIGIN, Sample};

/// The desk for pages, over the log of a sample, as far as packs go.
pub(crate) fn desk(sample: &Sample) -> AskDesk {
    let collector = Collector::new(ORIGIN, sample.log_key.clone()).unwrap();
    let writer = sample.writer.clone();
    let log = (writer.clone(), sample.reader.clone());
    let rules = config::Rules { second_person: true, ..config::Rules::default() };
    let steward = Steward::new(collector.clone(), log, rules);
    Arc::new(move |request| {
        let steward = steward.clone();
        Box::pin(async move {
            let done = match request {
                Request::ApprovePack(asked) => steward.approve(asked).await,
                Request::ActivatePack(asked) => steward.activate(asked).await,
                Request::Revoke(_)
                | Request::Record(_)
                | Request::Retain
                | Request::Delete { .. }
                | Request::Hold(_)
                | Request::Lift(_)
                | Request::LogKey(_)
                | Request::Decide { .. } => unreachable!("no page asks for that"),
            };
            done.map_err(|error| format!("{error:#}"))
        })
    })
}

const BUILTIN: &str = "builtin";

const RULE: &str = "# METADATA
# title: Clocks agree
# description: d
# custom:
#   id: time.sync.agree
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: direct
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
#   parameters:
#     max: 5
package exhibit.time.sync.agree

default verdict := \"error\"

verdict := \"pass\" if input.body.off <= input.parameters.max

message := \"m\"
";
const TESTS: &str = "package exhibit.time.sync.agree_test

import data.exhibit.time.sync.agree as rule

test_pass if rule.verdict == \"pass\" with input as {\"body\": {\"off\": 5}, \"parameters\": {\"max\": 5}}

test_fail_wrong if rule.verdict == \"pass\" with input as {\"body\": {\"off\": 6}, \"parameters\": {\"max\": 5}}
";

fn folder(rule: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("time.sync")).unwrap();
    fs::write(folder.path().join("time.sync/agree.rego"), rule).unwrap();
    fs::write(folder.path().join("time.sync/agree_test.rego"), TESTS).unwrap();
    fs::write(folder.path().join("README.md"), "a page").unwrap();
    fs::write(folder.path().join("pack.json"), r#"{"name": "acme", "version": "1"}"#).unwrap();
    folder
}

#[test]
fn a_pack_in_a_folder_is_compiled_and_tested() {
    let folder = folder(RULE);
    let tested = test(folder.path()).unwrap();
    assert_eq!((tested.name.as_str(), tested.rules, tested.tests), ("acme", 1, 2));
    assert_eq!(tested.failures, ["time.sync/agree_test.rego:7: test_fail_wrong: it is undefined"]);
    assert!(tested.noted[0].contains("test_not_applicable, test_malformed"), "{:?}", tested.noted);
    assert!(tested.to_string().contains("1 rules compile, 2 tests, 1 failed"));
}

#[test]
fn additions_are_told_about_themselves_and_not_about_what_they_stand_on() {
    let folder = activation::additions();
    let tested = test(folder.path()).unwrap();
    assert!(tested.rules > 100 && tested.failures.is_empty());
    let noted =
        "time.sync/agree.rego is not tested for: test_fail, test_not_applicable, test_malformed";
    assert_eq!(tested.noted, [noted]);
    // What activation would refuse, a test refuses too.
    fs::create_dir(folder.path().join("time.sink")).unwrap();
    let rule = RULE.replace("time.sync", "time.sink");
    fs::write(folder.path().join("time.sink/agree.rego"), rule).unwrap();
    let refused = test(folder.path()).unwrap_err().to_string();
    assert!(
        refused.starts_with("time.sink/agree.rego:6: no plugin is known to emit time.sink"),
        "{refused}"
    );
}

#[test]
fn an_archive_is_the_same_pack_as_its_folder() {
    let folder = folder(RULE);
    let pack = load(folder.path()).unwrap();
    let archive = folder.path().join("acme.json");
    fs::write(&archive, pack.to_archive()).unwrap();
    assert_eq!(load(&archive).unwrap().digest(), pack.digest());
    fs::write(&archive, "no archive").unwrap();
    assert!(load(&archive).unwrap_err().to_string().contains("archive"));
}

#[test]
fn two_packs_are_compared_in_words() {
    let (older, newer) = (folder(RULE), folder(&RULE.replace("max: 5", "max: 4")));
    assert_eq!(
        diff(older.path(), newer.path()).unwrap().to_string(),
        "~ time.sync.agree\n    parameter max: 5 → 4"
    );
    let same = diff(older.path(), older.path()).unwrap();
    assert!(same.diff.is_empty() && same.to_string().starts_with("no difference"));
    let against = diff(Path::new(BUILTIN), older.path()).unwrap();
    assert!(against.to_string().contains("+ time.sync.agree") && against.diff.removed.len() > 100);
}

#[test]
fn what_is_no_pack_is_refused_with_its_path() {
    let folder = folder(RULE);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("time.sync/other.rego")).unwrap();
    let error = test(folder.path()).unwrap_err().to_string();
    assert!(error.contains("other.rego is no plain file"), "{error}");
    assert!(test(Path::new("/nowhere/pack")).unwrap_err().to_string().contains("/nowhere/pack"));
    let binary = tempfile::tempdir().unwrap();
    fs::write(binary.path().join("pack.exe"), [0xff, 0xfe]).unwrap();
    assert!(test(binary.path()).unwrap_err().to_string().contains("pack.exe"));
}
