//! A collector whose newest data is lost: another log goes on from the last known head, and
//! an auditor sees both as one history.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_tests::Installation;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::Value;

use crate::support::Scratch;
use crate::witness::copy;

const OLD: &str = "localhost/exhibit/this-machine";
const NEW: &str = "localhost/exhibit/this-machine/2";

/// The folder of the next log, configured and not initialised.
fn next(old: &Installation, origin: &str, name: &str) -> PathBuf {
    let folder = old.folder.parent().unwrap().join(name);
    fs::create_dir(&folder).unwrap();
    let toml = fs::read_to_string(old.folder.join("collector.toml")).unwrap();
    let toml = toml.replacen(&format!("{OLD:?}"), &format!("{origin:?}"), 1);
    fs::write(folder.join("collector.toml"), toml).unwrap();
    fs::copy(old.folder.join("agent.toml"), folder.join("agent.toml")).unwrap();
    folder
}

fn init(old: &Installation, folder: &Path, head: &Path, policy: &Path) -> Command {
    let mut command = old.programs.command("exhibit-collector");
    command.arg("--config").arg(folder.join("collector.toml"));
    command.args(["init", "--json", "--by", "ada", "--continues"]).arg(head);
    command.arg("--old-policy").arg(policy);
    command
}

#[test]
fn a_log_that_lost_its_end_is_continued_by_another_and_both_verify_as_one_history() {
    let scratch = Scratch::new();
    let old = &scratch.installation;
    let data = old.folder.join("collector");
    let serving = old.serve().unwrap();
    old.enrol(&serving).unwrap();
    old.observe().unwrap();
    serving.stop().unwrap();
    let backup = old.folder.join("backup");
    copy(&data, &backup);
    let serving = old.serve().unwrap();
    old.observe().unwrap();
    serving.stop().unwrap();
    let whole = scratch.verified_bundle("whole").0;
    let head = whole.join("checkpoint");

    // The newest data is lost; what agents and witnesses make of the backup is shown elsewhere.
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let restored = scratch.verified_bundle("restored").0;

    // A name of its own, and a head that the old policy's key signed; otherwise nothing is made.
    let folder = next(old, NEW, "next");
    let same = next(old, OLD, "same");
    let output = run(&mut init(old, &same, &head, &old.policy())).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a name of its own"), "{}", text(&output.stderr));
    let altered = old.folder.join("altered");
    let lines = fs::read_to_string(&head).unwrap().replacen('\n', "\n9", 1);
    fs::write(&altered, lines).unwrap();
    assert_eq!(
        run(&mut init(old, &folder, &altered, &old.policy())).unwrap().status.code(),
        Some(2)
    );
    assert!(!folder.join("collector").exists());

    let first = run_json(&mut init(old, &folder, &head, &old.policy())).unwrap();
    let first = serde_json::from_value(first).unwrap();
    let programs = old.programs.clone();
    let new = Installation { programs, days_ago: None, folder, first };
    fs::write(new.policy(), &new.first.policy).unwrap();
    let serving = new.serve().unwrap();
    new.enrol(&serving).unwrap();
    new.observe().unwrap();
    serving.stop().unwrap();
    let bundle = new.folder.join("bundle");
    new.export(&bundle).unwrap();

    let verify = |policy: &Path, predecessor: Option<&Path>| -> (Option<i32>, Value) {
        let mut command = new.programs.command("exhibit");
        command.arg("verify").arg(&bundle).arg("--json").arg("--policy").arg(policy);
        predecessor.map(|old| command.arg("--predecessor").arg(old));
        let output = run(&mut command).unwrap();
        (output.status.code(), serde_json::from_str(&text(&output.stdout)).unwrap())
    };
    let size = fs::read_to_string(&head).unwrap().lines().nth(1).unwrap().to_owned();
    let (code, report) = verify(&new.policy(), None);
    assert_eq!(code, Some(0), "{report}");
    let before = &report["predecessor"];
    assert_eq!((&before["index"], &before["origin"]), (&0.into(), &OLD.into()));
    assert_eq!(before["size"].to_string(), size);
    assert_eq!((&before["trusted"], report["checks"].get("predecessor")), (&false.into(), None));
    assert_eq!(before["signed"], fs::read_to_string(&head).unwrap());

    let both = new.folder.join("both");
    let logs = format!("log {}\nlog {}\nquorum none\n", old.first.log_vkey, new.first.log_vkey);
    fs::write(&both, logs).unwrap();
    let (code, report) = verify(&both, Some(&whole));
    assert_eq!((code, &report["state"]), (Some(0), &"verified".into()), "{report}");
    assert_eq!(report["predecessor"]["trusted"], true);
    assert_eq!(report["checks"]["predecessor"], "verified");

    // The restored backup is a past of what was known, another log is not it, and an unknown key shows nothing.
    for (policy, folder, why) in [
        (&both, &restored, "goes on from"),
        (&both, &bundle, "is of the log"),
        (&new.policy(), &whole, "policy"),
    ] {
        let (code, report) = verify(policy, Some(folder));
        assert_eq!((code, &report["checks"]["predecessor"]), (Some(1), &"failed".into()), "{why}");
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["check"] == "predecessor").unwrap();
        assert!(found["detail"].as_str().unwrap().contains(why), "{why}: {found}");
    }
    let shown = run(new.verify_command(&bundle).arg("--predecessor").arg(&whole)).unwrap();
    assert!(text(&shown.stdout).contains("The log before this one"), "{}", text(&shown.stdout));
}
