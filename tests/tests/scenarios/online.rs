//! The log as the collector serves it: verified, watched, and read by a verifier that is not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use exhibit_tests::Installation;
use exhibit_tests::installation::Serving;
use exhibit_tests::programs::{run, text};

use crate::support::{Scratch, files_under};
use crate::witness::{Witnessing, await_witnessed, configure, copy, grow_beyond, policy, table};
use crate::witness_reference::installed;

pub(crate) const VERIFY: [&str; 1] = ["verify"];
pub(crate) const WATCH: [&str; 4] = ["log", "watch", "--once", "--json"];

/// Somebody who asks the log over the network, and what they remember of it.
pub(crate) struct Auditor<'a> {
    installation: &'a Installation,
    policy: PathBuf,
    state: PathBuf,
    web: String,
    pin: String,
}

impl<'a> Auditor<'a> {
    pub(crate) fn new(installation: &'a Installation, serving: &Serving, policy: PathBuf) -> Self {
        let state = installation.folder.join("auditor");
        let pin = installation.first.ca_fingerprint.clone();
        Self { installation, policy, state, web: serving.web.clone(), pin }
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = self.installation.programs.command("exhibit");
        command.args(arguments).args(["--url", &self.web, "--ca-fingerprint", &self.pin]);
        command.arg("--policy").arg(&self.policy).arg("--state").arg(&self.state);
        run(&mut command).unwrap()
    }

    /// What was said, with this exit code.
    pub(crate) fn told(&self, arguments: &[&str], code: i32) -> String {
        let output = self.ask(arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn head(&self) -> String {
        fs::read_to_string(self.state.join("head")).unwrap()
    }

    fn forks(&self) -> usize {
        fs::read_dir(self.state.join("forks")).unwrap().count()
    }
}

#[test]
fn the_served_log_is_verified_and_watched_under_a_pinned_ca() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let witness = Witnessing::start(installation, "seen.example");
    configure(installation, &table("seen", &witness));
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let mut auditor = Auditor::new(installation, &serving, policy(installation));
    await_witnessed(installation);
    let said = auditor.told(&VERIFY, 0);
    assert!(said.contains("cosigned by seen"), "{said}");
    installation.observe().unwrap();
    let size = await_witnessed(installation);
    let said = auditor.told(&WATCH, 0);
    assert!(said.contains(r#""event":"head""#) && said.contains(r#""before":"#), "{said}");
    let cosigned = format!(r#""event":"cosigned","size":{size},"#);
    assert!(said.contains(&cosigned) && said.contains(r#""by":["seen"]"#), "{said}");
    // What followed once is told once; the cosigned head is remembered by a watch that goes on only.
    let said = auditor.told(&WATCH, 0);
    assert!(!said.contains(r#""event":"head""#) && said.contains(&cosigned), "{said}");
    let said = auditor.told(&VERIFY, 0);
    assert!(said.contains("extends the remembered head"), "{said}");

    auditor.pin = format!("sha256:{}", "ab".repeat(32));
    let said = auditor.told(&VERIFY, 2);
    assert!(said.contains("abab") && said.contains("shows no certificate"), "{said}");
    let said = auditor.told(&WATCH, 2);
    assert!(said.contains(r#""event":"unavailable""#) && said.contains("abab"), "{said}");
    let often = ["log", "watch", "--every", "10ms", "--patience", "2"];
    let said = auditor.told(&often, 3);
    assert!(said.contains("WITHHELD: 2 looks in a row"), "{said}");
    auditor.pin.clone_from(&installation.first.ca_fingerprint);

    // A memory that the log did not sign is none.
    let known = auditor.head();
    fs::write(auditor.state.join("head"), known.replacen('\n', "\n9", 1)).unwrap();
    let said = auditor.told(&WATCH, 2);
    assert!(said.contains("name another folder"), "{said}");
    assert_eq!(auditor.forks(), 0);
    serving.stop().unwrap();
}

#[test]
fn a_restored_copy_is_not_believed_and_is_a_fork_once_it_wrote_on() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    serving.stop().unwrap();
    let folder = |name: &str| installation.folder.join(name);
    copy(&folder("collector"), &folder("backup"));
    let serving = installation.serve().unwrap();
    let size = installation.observe().unwrap().checkpoint_size;
    let auditor = Auditor::new(installation, &serving, installation.policy());
    auditor.told(&WATCH, 0);
    let known = auditor.head();
    serving.stop().unwrap();

    fs::rename(folder("collector"), folder("kept")).unwrap();
    fs::rename(folder("backup"), folder("collector")).unwrap();
    let serving = installation.serve().unwrap();
    let said = auditor.told(&WATCH, 2);
    assert!(said.contains("a restored backup"), "{said}");
    let said = auditor.told(&VERIFY, 1);
    assert!(said.contains("a restored backup"), "{said}");
    // It may only hide what it has: no proof of two histories yet.
    assert_eq!((auditor.forks(), auditor.head()), (0, known.clone()));
    grow_beyond(installation, &serving, size);
    let said = auditor.told(&WATCH, 1);
    assert!(said.contains(r#""event":"fork""#), "{said}");
    assert_eq!((auditor.forks(), auditor.head()), (2, known.clone()));
    let said = auditor.told(&VERIFY, 1);
    assert!(said.contains("exclude each other; both are kept"), "{said}");
    assert_eq!((auditor.forks(), auditor.head()), (2, known.clone()));
    let kept = fs::read_dir(auditor.state.join("forks")).unwrap();
    let notes: Vec<_> =
        kept.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(notes.contains(&known) && notes.iter().any(|note| *note != known), "{notes:?}");
    serving.stop().unwrap();
}

#[test]
fn a_verifier_that_is_not_ours_accepts_inclusion_consistency_and_head() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let tlog = installed(&scratch).join("aics-tlog");
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let before = scratch.verified_bundle("before").0;
    installation.observe().unwrap();
    serving.stop().unwrap();
    let after = scratch.verified_bundle("after").0;
    let vkey = installation.first.log_vkey.as_str();
    let ask = |bundle: &Path, arguments: &[&str]| {
        let mut command = Command::new(&tlog);
        command.args(arguments).args(["--log-key", vkey]).arg("--tiles").arg(bundle);
        run(&mut command).unwrap()
    };
    let fine = |arguments: &[&str]| {
        let output = ask(&after, arguments);
        let said = format!("{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{said}");
    };
    fine(&["verify-checkpoint"]);
    let old = before.join("checkpoint");
    fine(&["verify-consistency", "--old-checkpoint", old.to_str().unwrap()]);
    let leaves: Vec<_> = fs::read_dir(after.join("leaves")).unwrap().map(Result::unwrap).collect();
    assert!(leaves.len() >= 3);
    for leaf in &leaves {
        let (path, name) = (leaf.path(), leaf.file_name());
        let index = name.to_str().unwrap().trim_end_matches(".json").to_owned();
        fine(&["verify-inclusion", "--index", &index, "--leaf", path.to_str().unwrap()]);
    }
    // It would notice: another leaf, and another tile.
    let (path, name) = (leaves[0].path(), leaves[1].file_name());
    let index = name.to_str().unwrap().trim_end_matches(".json").to_owned();
    let wrong = ["verify-inclusion", "--index", &index, "--leaf", path.to_str().unwrap()];
    assert!(!ask(&after, &wrong).status.success());
    for tile in files_under(&after.join("tile/0")) {
        let mut bytes = fs::read(&tile).unwrap();
        bytes[0] ^= 1;
        fs::write(&tile, bytes).unwrap();
    }
    let (path, name) = (leaves[1].path(), leaves[1].file_name());
    let index = name.to_str().unwrap().trim_end_matches(".json").to_owned();
    let right = ["verify-inclusion", "--index", &index, "--leaf", path.to_str().unwrap()];
    assert!(!ask(&after, &right).status.success());
}
