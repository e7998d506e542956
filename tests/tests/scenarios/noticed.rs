//! Cloned agents and restored collectors, with real programs: what they leave behind is named by the verifier, and nothing
//! that an agent holds is lost.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use exhibit_tests::programs::{run, text};
use serde_json::Value;

use crate::support::Scratch;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    // An agent's state that others can read is refused.
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn swap(folder: &Path, one: &str, other: &str) {
    fs::rename(folder.join(one), folder.join("aside")).unwrap();
    fs::rename(folder.join(other), folder.join(one)).unwrap();
    fs::rename(folder.join("aside"), folder.join(other)).unwrap();
}

#[test]
fn a_cloned_agent_directory_is_a_conflict_that_the_bundle_proves() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    copy(&installation.folder.join("agent"), &installation.folder.join("clone"));
    installation.observe().unwrap();
    swap(&installation.folder, "agent", "clone");
    // The clone does not know what its twin has said: what it says is refused and set aside, on both hosts' records.
    let once = ["run", "--once", "--timeout", "300s"];
    let output = run(installation.agent().args(once)).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let status = run(installation.agent().args(["status", "--json"])).unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert!(!status["spool"]["quarantined"].as_array().unwrap().is_empty(), "{status}");
    serving.stop().unwrap();
    let report = scratch.verified_bundle("bundle").1;
    let noticed = report["noticed"].as_array().unwrap();
    let conflicts: Vec<&Value> = noticed.iter().filter(|n| n["type"] == "conflict").collect();
    assert!(!conflicts.is_empty(), "{noticed:?}");
    assert!(conflicts.iter().all(|n| n["standing"] == "proven"), "{noticed:?}");
    let rebuilt = run(installation.collector().args(["rebuild", "--check"])).unwrap();
    assert!(rebuilt.status.success(), "{}", text(&rebuilt.stderr));
}

#[test]
fn a_restored_backup_takes_nothing_from_an_agent_that_knows_more_and_loses_nothing() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    serving.stop().unwrap();
    copy(&installation.folder.join("collector"), &installation.folder.join("backup"));
    let serving = installation.serve().unwrap();
    let before = installation.observe().unwrap().checkpoint_size;
    serving.stop().unwrap();

    swap(&installation.folder, "collector", "backup");
    let serving = installation.serve().unwrap();
    let mut agent = installation.agent();
    agent.args(["run", "--once", "--timeout", "300s"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut agent = agent.spawn().unwrap();
    let log = installation.folder.join("collector.log");
    let said = || fs::read_to_string(&log).unwrap().contains("signed by this log's key");
    // It asks again and again; once it has been heard, waiting for its time-out shows nothing more.
    while !said() && agent.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(said(), "{}", fs::read_to_string(&log).unwrap());
    agent.kill().unwrap();
    agent.wait().unwrap();
    serving.stop().unwrap();
    let status = run(installation.agent().args(["status", "--json"])).unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let waiting = status["spool"]["items"].as_u64().unwrap();
    assert!(waiting >= 1, "{status}");
    assert_eq!(status["spool"]["head"]["size"], before.to_string());

    // The newest data directory is back: everything that waited is taken.
    swap(&installation.folder, "collector", "backup");
    let serving = installation.serve().unwrap();
    let after = installation.observe().unwrap();
    assert!(after.receipts > waiting, "{after:?}");
    serving.stop().unwrap();
    let report = scratch.verified_bundle("bundle").1;
    assert_eq!(report["noticed"].as_array().map(Vec::len), Some(0), "{report}");
}
