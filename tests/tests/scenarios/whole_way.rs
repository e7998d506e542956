//! Enrol, observe this machine, receipts, judgement, bundle, verification.

use exhibit_tests::programs::{run, run_json, text};

use crate::support::{Scratch, assert_unbroken_chain, evidence_count};

#[test]
fn evidence_of_this_machine_goes_the_whole_way() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();

    let first = installation.observe().unwrap();
    assert!(first.documents >= 10, "{first:?}");
    assert_eq!(first.receipts, first.statements);
    for outcome in &first.outcomes {
        assert!(!outcome.detail.is_empty() && !outcome.remedy.is_empty(), "{outcome:?}");
    }

    // What did not change is named again, not sent again, and the log goes on.
    let second = installation.observe().unwrap();
    assert!(second.unchanged >= 8, "{second:?}");
    assert!(second.checkpoint_size > first.checkpoint_size);

    let status = run_json(installation.collector().args(["status", "--json"])).unwrap();
    let controls = status["controls"].as_object().unwrap();
    let total: u64 = controls.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(total, 93, "{status}");
    assert!(controls["met"].as_u64().unwrap() > 0, "{status}");
    assert!(controls["manual"].as_u64().unwrap() > 0, "{status}");

    let (bundle, _) = scratch.verified_bundle("bundle");
    assert!(evidence_count(&bundle) >= 2);
    assert_unbroken_chain(&bundle);
    serving.stop().unwrap();

    let output = run(installation.collector().args(["rebuild", "--check"])).unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let output = run(installation.collector().arg("rebuild")).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let again = run_json(installation.collector().args(["status", "--json"])).unwrap();
    assert_eq!(again["controls"], status["controls"]);
}

#[test]
fn a_second_start_continues_the_same_log() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let first = installation.observe().unwrap();
    serving.stop().unwrap();

    let serving = installation.serve().unwrap();
    let second = installation.observe().unwrap();
    assert!(second.checkpoint_size > first.checkpoint_size);
    serving.stop().unwrap();
    assert_unbroken_chain(&scratch.verified_bundle("bundle").0);
}

#[test]
fn strangers_do_not_get_in() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();

    let token = installation.token().unwrap();
    let wrong = format!("sha256:{}", "ab".repeat(32));
    let output = run(&mut installation.enrol_command(&serving, &wrong, &token).unwrap()).unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("abab"), "{said}");
    assert!(!installation.enrolled());

    let ca = installation.first.ca_fingerprint.clone();
    let made_up = installation.enrol_command(&serving, &ca, "made-up").unwrap();
    let said = text(&run(&mut { made_up }).unwrap().stderr);
    assert!(said.contains("token"), "{said}");
    assert!(!installation.enrolled());

    // A wrong fingerprint did not burn the token; its first use does.
    let output = run(&mut installation.enrol_command(&serving, &ca, &token).unwrap()).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    std::fs::rename(installation.folder.join("agent"), installation.folder.join("gone")).unwrap();
    let output = run(&mut installation.enrol_command(&serving, &ca, &token).unwrap()).unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("token"), "{said}");
    serving.stop().unwrap();
}

#[test]
fn two_collectors_never_write_one_log() {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    let output = run(scratch.installation.collector().arg("serve")).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("lock"), "{}", text(&output.stderr));
    serving.stop().unwrap();
}
