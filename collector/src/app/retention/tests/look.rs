//! What the dry run says of each document, and what a whole deletion tells while it goes on.

use super::super::look::{delete_due, look};
use super::*;
use crate::retention::Fate;

fn hold_of(target: &SampleAgent) -> Hold {
    Hold {
        target: Some(target.target.clone()),
        kind: None,
        from: None,
        to: None,
        by: "ada".into(),
        reason: "lawsuit".into(),
    }
}

#[test]
fn the_dry_run_says_of_each_document_what_becomes_of_it_and_why_and_deletes_none() {
    let sample = Sample::new();
    let views = sample.views();
    let (mut one, mut two) = (sample.enrol("one"), sample.enrol("two"));
    sample.run(&mut one, &[(KIND, body("old", 1)), ("time.sync", json!({"n": 1}))], &[]);
    let named = sample.now();
    sample.run(&mut two, &[(KIND, body("under dispute", 2))], &[]);
    sample.wait_minutes(40 * DAY);
    sample.run(&mut one, &[(KIND, body("young", 3))], &[]);
    let young = sample.now();
    let keeper = undertaker(&sample, &views, 30);
    let Done::Held { entry: hold } = run(keeper.hold(hold_of(&two))) else { panic!() };
    views.catch_up().unwrap();
    let days = [(KIND.parse().unwrap(), 30)].into();
    let rules = Retention { days, ..Retention::default() };
    let found = look(&views, &rules, sample.now()).unwrap();

    assert_eq!((found.due, found.held, found.until, found.kept), (1, 1, 1, 1));
    let rule = || "patch.status 30 days".to_owned();
    let ends = young.checked_add(jiff::SignedDuration::from_hours(30 * 24)).unwrap();
    let expected = [
        (Fate::Due { rule: rule() }, KIND, &one, "due (patch.status 30 days)".to_owned()),
        (
            Fate::Held { hold, rule: rule() },
            KIND,
            &two,
            format!("kept: held by hold {hold} (patch.status 30 days)"),
        ),
        (
            Fate::Until { until: ends, rule: rule() },
            KIND,
            &one,
            format!("kept: its period runs until {ends} (patch.status 30 days)"),
        ),
        (Fate::Kept, "time.sync", &one, "kept: no rule lets it go".to_owned()),
    ];
    for (listed, (fate, kind, agent, why)) in found.documents.iter().zip(&expected) {
        assert_eq!((&listed.fate, listed.kind.as_str(), &listed.why), (fate, *kind, why));
        assert_eq!(listed.target, agent.target.as_str());
        assert!(sample.reader.document(&listed.digest).unwrap().is_some(), "nothing went");
    }
    assert_eq!(found.documents.len(), expected.len());
    assert_eq!(found.documents[0].since, named);
    let shown = found.to_string();
    let first = format!(
        "{}\tpatch.status\t{}\tlast named {named}\tdue (patch.status 30 days)\n",
        found.documents[0].digest, one.target
    );
    assert!(shown.starts_with(&first), "{shown}");
    for line in ["1 more are due and kept by a legal hold", "1 documents ("] {
        assert!(shown.contains(line), "{shown}");
    }
    let json = serde_json::to_value(&found).unwrap();
    let held = &json["documents"][1];
    assert_eq!((&held["fate"], &held["hold"]), (&"held".into(), &hold.into()), "{held}");
    assert_eq!(json["documents"][2]["until"], ends.to_string());
    // What goes is what the list calls due.
    let due = found.documents[0].digest;
    let done = run(Undertaker { rules, ..keeper }.due(usize::MAX, sample.now()));
    assert!(matches!(done, Done::Deleted { documents: 1, left: 0, .. }), "{done:?}");
    assert_eq!(sample.reader.document(&due).unwrap(), None);
}

#[test]
fn a_list_ends_at_a_thousand_documents_and_the_rest_is_counted() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    let kinds: Vec<String> = (0..92).map(|n| format!("sample.kind{n}")).collect();
    for n in 0..11 {
        let documents: Vec<_> = kinds.iter().map(|kind| (kind.as_str(), json!({"n": n}))).collect();
        sample.run(&mut agent, &documents, &[]);
    }
    views.catch_up().unwrap();
    let rules = Retention { default_days: Some(1), ..Retention::default() };
    let found = look(&views, &rules, sample.now()).unwrap();
    assert_eq!((found.documents.len(), found.until), (1000, 1012));
    let since: Vec<_> = found.documents.iter().map(|document| document.since).collect();
    assert!(since.is_sorted(), "whose time comes first stands first");
    assert_eq!(since.iter().filter(|since| **since == sample.now()).count(), 80, "of the last 92");
    assert!(found.to_string().contains("and 12 more that are counted and not listed"));
}

#[test]
fn a_whole_deletion_tells_after_each_batch_how_many_of_how_many_are_gone() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    for n in 0..70 {
        sample.run(&mut agent, &[(KIND, body("a", n))], &[]);
    }
    sample.wait_minutes(40 * DAY);
    let keeper = undertaker(&sample, &views, 30);
    let mut told = Vec::new();
    let found = delete_due(
        || Ok(run(keeper.due(usize::MAX, sample.now()))),
        |done, all| told.push((done, all)),
    );
    assert_eq!(told, [(64, 70), (70, 70)]);
    let found = found.unwrap();
    assert_eq!((found.due, found.entries.len(), found.deleted), (70, 2, true));
    assert_eq!(keeper.last.get().map(|last| (last.documents, last.more)), Some((70, false)));
}
