//! Collectors and agents that go away at the worst moment: nothing acknowledged is lost, nothing stands twice.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use exhibit_tests::programs::{run, text};

use crate::support::{Scratch, assert_unbroken_chain, links};

#[test]
fn an_agent_that_was_offline_delivers_everything_later() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    serving.stop().unwrap();

    let mut offline = installation.agent();
    let output = run(offline.args(["run", "--once", "--timeout", "3s"])).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let status = run(installation.agent().args(["status", "--json"])).unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let waiting = status["spool"]["items"].as_u64().unwrap();
    assert!(waiting >= 2, "{status}");

    let serving = installation.serve().unwrap();
    installation.observe().unwrap();
    serving.stop().unwrap();
    let bundle = scratch.verified_bundle("bundle").0;
    assert!(assert_unbroken_chain(&bundle) >= 6);
}

/// Kills after growing delays, so that over the rounds every stage of a run is hit.
#[test]
fn a_collector_killed_again_and_again_keeps_every_receipt_and_doubles_nothing() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    serving.stop().unwrap();

    for round in 0..12_u64 {
        let serving = installation.serve().unwrap();
        let agent = start_observing(&scratch);
        wait_or(agent, Duration::from_millis(round * 130), |child| {
            serving.kill().unwrap();
            // Without a collector the agent gives up at its time-out; it is not part of this claim.
            child.kill().unwrap();
            child.wait().unwrap();
        });
    }
    let serving = installation.serve().unwrap();
    let last = installation.observe().unwrap();
    serving.stop().unwrap();

    let bundle = scratch.verified_bundle("bundle").0;
    assert_unbroken_chain(&bundle);
    assert!(last.checkpoint_size >= links(&bundle).len() as u64);
    let status = run(installation.agent().args(["status", "--json"])).unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["spool"]["items"], 0, "{status}");
    assert_eq!(status["spool"]["quarantined"], serde_json::json!([]), "{status}");
}

#[test]
fn an_agent_killed_again_and_again_loses_and_doubles_nothing() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    for round in 0..12_u64 {
        let agent = start_observing(&scratch);
        wait_or(agent, Duration::from_millis(40 + round * 170), |child| {
            child.kill().unwrap();
            child.wait().unwrap();
        });
    }
    installation.observe().unwrap();
    serving.stop().unwrap();
    assert_unbroken_chain(&scratch.verified_bundle("bundle").0);
}

fn start_observing(scratch: &Scratch) -> Child {
    let mut command = scratch.installation.agent();
    command.args(["run", "--once", "--timeout", "60s"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Gives the child `delay` to end by itself; does `then` when it has not.
fn wait_or(mut child: Child, delay: Duration, then: impl FnOnce(&mut Child)) {
    let until = Instant::now() + delay;
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    then(&mut child);
}
