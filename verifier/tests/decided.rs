//! What people decided, in a bundle: entries of the log, with the files that they bring.

mod support;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision, Statement, decision_file};
use exhibit_verifier::report::{Check, State};
use serde_json::json;
use support::{Place, World, failed_in, manifest, problems};

const FILE: &[u8] = b"%PDF-1.7 the policy";

fn decision() -> Decision {
    Decision {
        register: "manual_evidence".into(),
        id: "E-1".into(),
        after: None,
        act: Act::Put,
        value: Some(json!({"control": "A.5.4"})),
        by: "ada".into(),
        reason: "board".into(),
    }
}

fn world(decision: Decision) -> World {
    let mut world = World::honest();
    let subject = vec![decision_file(Digest::of(FILE), "application/pdf")];
    world.own(EntryType::Decision, &Statement::new(DECISION, subject, decision));
    world
}

#[test]
fn a_decision_is_verified_with_its_file_and_a_changed_file_is_found() {
    let world = world(decision());
    let path = bundle::file(&Digest::of(FILE));
    let mut files = world.files();
    files.insert(path.clone(), FILE.to_vec());
    let report = Place::new(&files).report();
    assert_eq!(problems(&report), [""; 0]);
    files.insert(path.clone(), b"%PDF-1.7 another".to_vec());
    assert!(failed_in(&Place::new(&files).report(), Check::Documents, &path));
    // Without it, the decision stands, and the file is told as not checked.
    files.remove(&path);
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::NotChecked, "{:?}", problems(&report));
}

#[test]
fn a_bundle_that_leaves_a_decision_out_fails_and_names_the_entry() {
    let mut world = world(decision());
    let withdrawn = Decision { after: Some(5), act: Act::Withdraw, value: None, ..decision() };
    world.own(EntryType::Decision, &Statement::new(DECISION, Vec::new(), withdrawn));
    let mut files = world.files();
    files.insert(bundle::file(&Digest::of(FILE)), FILE.to_vec());
    assert_eq!(problems(&Place::new(&files).report()), [""; 0]);
    let index = world.entries.len() as u64 - 1;
    let envelope = bundle::envelope(&Digest::of(&world.entries.last().unwrap().envelope));
    for path in [bundle::leaf(index), bundle::proof(index), envelope] {
        files.remove(&path).unwrap();
    }
    manifest(&mut files, |manifest| manifest.items.retain(|item| item.index != index));
    let report = Place::new(&files).report();
    let told = format!("entry {index} of the log says what a person decided");
    assert!(problems(&report).iter().any(|problem| problem.contains(&told)), "{report:?}");
    assert_eq!(report.state, State::Failed);

    // The bundle of an audit has none of other audits: what was left out is told, and proves nothing.
    manifest(&mut files, |manifest| manifest.selection.audit = Some("A-2026-001".into()));
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::NotChecked, "{:?}", problems(&report));
    assert_eq!(report.checks[&Check::Manifest], State::NotChecked);
    let said = report.findings.iter().find(|one| one.detail.contains(&told)).unwrap();
    assert!(said.detail.contains("(1 in all) is of other audits, or was left out"), "{said:?}");
}

#[test]
fn a_decision_of_no_form_that_may_stand_in_the_log_fails() {
    for wrong in [Decision { by: " ".into(), ..decision() }, Decision { value: None, ..decision() }]
    {
        let world = world(wrong);
        let mut files = world.files();
        files.insert(bundle::file(&Digest::of(FILE)), FILE.to_vec());
        let report = Place::new(&files).report();
        assert_eq!(report.state, State::Failed, "{:?}", problems(&report));
    }
}
