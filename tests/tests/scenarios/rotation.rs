//! Evidence keys that hand over to the next, from the agent's host to the auditor's shell.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use exhibit_proto::leaf::EntryType;
use exhibit_tests::Installation;
use exhibit_tests::programs::{run, run_json, text};
use rustix::process::{Pid, Signal, kill_process};

use crate::bundle::run_readme;
use crate::support::{Scratch, assert_unbroken_chain, leaves};

/// Rotates the agent's key; answers the epoch that began.
pub(crate) fn rotate(installation: &Installation) -> u64 {
    let said = run_json(installation.agent().args(["rotate", "--json"])).unwrap();
    said["epoch"].as_u64().unwrap()
}

fn rotations(bundle: &Path) -> usize {
    leaves(bundle).iter().filter(|leaf| leaf.t == EntryType::Rotate).count()
}

#[test]
fn a_bundle_over_three_epochs_verifies_in_a_shell_too_and_views_are_made_again_equal() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let first = fs::read(installation.folder.join("agent/evidence.pem")).unwrap();
    for epoch in 2..=3 {
        installation.observe().unwrap();
        assert_eq!(rotate(installation), epoch);
    }
    let last = installation.observe().unwrap();
    assert_eq!(last.receipts, last.statements + 1, "{last:?}");
    serving.stop().unwrap();

    let (bundle, report) = scratch.verified_bundle("bundle");
    assert_eq!((rotations(&bundle), fs::read_dir(bundle.join("keys")).unwrap().count()), (2, 3));
    let epochs: Vec<_> = report["chains"].as_array().unwrap().iter().collect();
    assert_eq!(epochs.len(), 3, "{report}");
    assert_unbroken_chain(&bundle);
    let output = run_readme(&bundle);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("(rotate): signature holds"));
    let output = run(installation.collector().args(["rebuild", "--check"])).unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));

    // The host is set back to a time before the rotations: what its key signs is refused, and the log goes on without it.
    fs::write(installation.folder.join("agent/evidence.pem"), first).unwrap();
    let output = run(installation.agent().args(["run", "--once", "--timeout", "9s"])).unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("the chain in the spool"), "{}", text(&output.stderr));
}

#[test]
fn rotations_under_load_lose_nothing() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let file = installation.folder.join("agent.toml");
    let configuration = fs::read_to_string(&file).unwrap() + "\n[heartbeat]\ninterval = \"1s\"\n";
    fs::write(&file, configuration).unwrap();
    let mut agent = installation.agent();
    let mut agent = agent.arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let socket = installation.folder.join("agent/control.sock");
    let until = Instant::now() + Duration::from_secs(60);
    while !socket.exists() {
        assert!(Instant::now() < until && agent.try_wait().unwrap().is_none());
        std::thread::park_timeout(Duration::from_millis(5));
    }
    // Plugins run meanwhile, a heartbeat is sealed every second, and everything is sent.
    let made = 8;
    for epoch in 2..=made + 1 {
        assert_eq!(rotate(installation), epoch);
    }
    let made = usize::try_from(made).unwrap();
    kill_process(Pid::from_child(&agent), Signal::TERM).unwrap();
    assert!(agent.wait().unwrap().success());
    installation.observe().unwrap();
    serving.stop().unwrap();
    let bundle = scratch.verified_bundle("bundle").0;
    assert_eq!(rotations(&bundle), made);
    assert!(assert_unbroken_chain(&bundle) > made + 2);
}
