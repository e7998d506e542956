//! What the log's operator or an agent could try, under the log's real signature.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{ENROL, Statement};
use exhibit_verifier::report::{Check, State};
use exhibit_verifier::show;
use support::{Files, Place, World, agent_key, enrolment, failed_in, key, manifest, problems};

/// A name, what happens in the log, and which check of the last item must fail with which words.
type Misdeed = (&'static str, fn(&mut World), Check, &'static str);

/// Signed by the real log: what its operator or an agent could try.
const MISDEEDS: &[Misdeed] = &[
    ("unknown key", |w| w.evidence(&key(5), |_| {}), Check::Key, "not enrolled"),
    (
        "key before its enrolment",
        |w| {
            w.evidence(&key(5), |_| {});
            w.enrol("agent-2", &key(5));
        },
        Check::Key,
        "not enrolled",
    ),
    (
        "revoked key",
        |w| {
            w.revoke(&agent_key());
            w.evidence(&agent_key(), |_| {});
        },
        Check::Key,
        "revoked by entry 5",
    ),
    (
        "another's signature",
        |w| {
            w.evidence(&key(5), |_| {});
            w.entries.last_mut().unwrap().key = agent_key().public();
        },
        Check::Signature,
        "no signature",
    ),
    (
        "enrolment by an agent",
        |w| {
            let enrol = enrolment("agent-2", key(5).public().to_pem());
            let envelope = Statement::new(ENROL, Vec::new(), enrol).seal(&agent_key()).unwrap();
            w.own(
                EntryType::Enrol,
                &Statement::new(ENROL, Vec::new(), enrolment("x", String::new())),
            );
            let entry = w.entries.last_mut().unwrap();
            (entry.envelope, entry.key) = (envelope, agent_key().public());
        },
        Check::Key,
        "only the log's key",
    ),
    (
        "enrolment of a small-order key",
        |w| {
            let weak = [
                &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 1][..],
                &[0; 31],
            ]
            .concat();
            let weak = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, weak);
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{weak}\n-----END PUBLIC KEY-----\n");
            w.own(EntryType::Enrol, &Statement::new(ENROL, Vec::new(), enrolment("agent-2", pem)));
        },
        Check::Statement,
        "small-order",
    ),
    (
        "key enrolled for two agents",
        |w| w.enrol("agent-2", &agent_key()),
        Check::Statement,
        "agent-2",
    ),
    (
        "another agent's name",
        |w| w.evidence(&agent_key(), |r| r.capsule.agent = "agent-2".into()),
        Check::Statement,
        "agent-2",
    ),
    (
        "target that was not granted",
        |w| w.evidence(&agent_key(), |r| r.documents[0].target = "host:b".parse().unwrap()),
        Check::Statement,
        "host:b",
    ),
    (
        "leaf in another place than the statement",
        |w| {
            w.evidence(&agent_key(), |_| {});
            w.entries.last_mut().unwrap().link.as_mut().unwrap().seq = 9;
        },
        Check::Statement,
        "its leaf says otherwise",
    ),
    (
        "another type than the statement",
        |w| {
            w.evidence(&agent_key(), |run| run.documents.clear());
            w.documents.pop();
            w.entries.last_mut().unwrap().t = EntryType::Other("evidence2".into());
        },
        Check::Statement,
        "not known",
    ),
    (
        "heartbeat shown as evidence",
        |w| {
            w.heartbeat(&agent_key());
            w.entries.last_mut().unwrap().t = EntryType::Evidence;
        },
        Check::Statement,
        "its leaf says",
    ),
    (
        "document of another kind",
        |w| w.evidence(&agent_key(), |r| r.documents[0].kind = "time.sync".parse().unwrap()),
        Check::Documents,
        "says that it is patch.status",
    ),
    (
        "document of another size",
        |w| w.evidence(&agent_key(), |r| r.documents[0].size += 1),
        Check::Documents,
        "bytes",
    ),
    (
        "rewritten past",
        |w| {
            let mut seen = w.checkpoint();
            seen.root = Digest::of(b"other");
            w.evidence(&agent_key(), |r| r.capsule.checkpoint = Some(seen));
        },
        Check::Anchor,
        "rewritten",
    ),
    (
        "head from the future",
        |w| {
            let mut seen = w.checkpoint();
            seen.size += 1;
            w.evidence(&agent_key(), |r| r.capsule.checkpoint = Some(seen));
        },
        Check::Anchor,
        "stands at index 5",
    ),
    (
        "head of another log",
        |w| {
            let mut seen = w.checkpoint();
            seen.origin = "log.example/2".into();
            w.evidence(&agent_key(), |r| r.capsule.checkpoint = Some(seen));
        },
        Check::Anchor,
        "log.example/2",
    ),
    (
        "epoch that was not enrolled",
        |w| {
            w.evidence(&agent_key(), |r| {
                (r.capsule.epoch, r.capsule.seq, r.capsule.prev) = (2, 1, Digest::ZERO);
            });
            w.entries.last_mut().unwrap().link.as_mut().unwrap().epoch = 2;
        },
        Check::Statement,
        "enrolled for epoch 1",
    ),
    (
        "time that is none",
        |w| w.evidence(&agent_key(), |r| r.capsule.sealed_at = "yesterday".into()),
        Check::Statement,
        "yesterday",
    ),
];

#[test]
fn a_key_is_not_judged_without_the_revocation_that_was_left_out() {
    let mut world = World::honest();
    world.revoke(&agent_key());
    world.evidence(&agent_key(), |_| {});
    let honest = world.files();
    let revocation = bundle::envelope(&world.leaves()[5].env);
    for left_out in [revocation.clone(), bundle::leaf(5)] {
        let mut files = honest.clone();
        files.remove(&left_out);
        let report = Place::new(&files).report();
        let last = report.items.last().unwrap();
        assert_eq!(last.checks[&Check::Key], State::NotChecked, "without {left_out}");
        assert!(last.findings.iter().any(|f| f.detail.contains("entry 5 ends a key")));
    }
    // An enrolment that was left out is no forgery of those whom it enrolled.
    let mut files = honest;
    files.remove(&bundle::envelope(&world.leaves()[1].env));
    files.remove(&revocation);
    let report = Place::new(&files).report();
    assert_eq!(report.items[2].checks[&Check::Key], State::NotChecked, "{:?}", problems(&report));
}

#[test]
fn misdeeds_of_operator_and_agent_are_found() {
    for (name, happen, check, words) in MISDEEDS {
        let mut world = World::honest();
        happen(&mut world);
        let report = Place::new(&world.files()).report();
        let expected = if *words == "not known" { State::NotChecked } else { State::Failed };
        assert_eq!(report.state, expected, "{name}: {:?}", problems(&report));
        let mut found = report.items.iter().flat_map(|item| &item.findings);
        let found =
            found.any(|f| f.check == *check && f.state == expected && f.detail.contains(words));
        assert!(found, "{name}: {:?}", problems(&report));
    }
}

#[test]
fn gaps_are_shown_and_do_not_fail_while_broken_chains_do() {
    let mut world = World::honest();
    world.evidence(&agent_key(), |run| run.capsule.seq += 3);
    let report = Place::new(&world.files()).report();
    assert_eq!((report.state, report.counts.missing_statements), (State::Verified, 3));
    assert!(show::summary(&report).contains("numbers 4 to 6 of 7"), "{}", show::summary(&report));

    let mut world = World::honest();
    world.evidence(&agent_key(), |run| run.capsule.prev = Digest::ZERO);
    let report = Place::new(&world.files()).report();
    assert!(failed_in(&report, Check::Chains, "tile/entries"), "{:?}", problems(&report));

    let mut world = World::honest();
    world.evidence(&agent_key(), |run| run.capsule.seq = 1);
    let report = Place::new(&world.files()).report();
    assert!(failed_in(&report, Check::Chains, "tile/entries"), "{:?}", problems(&report));
}

#[test]
fn evidence_that_was_left_out_of_everything_is_missed() {
    let leave_out = |files: &mut Files| {
        let world = World::honest();
        let document = Digest::of(world.documents.last().unwrap().as_bytes());
        let envelope = bundle::envelope(&world.leaves()[4].env);
        for path in [bundle::leaf(4), bundle::proof(4), envelope, bundle::document(&document)] {
            files.remove(&path).unwrap();
        }
        manifest(files, |m| m.items.retain(|item| item.index != 4));
    };
    let mut files = World::honest().files();
    leave_out(&mut files);
    let report = Place::new(&files).report();
    assert!(failed_in(&report, Check::Manifest, "manifest.json"), "{:?}", problems(&report));
    assert!(problems(&report)[0].contains("the first is entry 4"), "{:?}", problems(&report));

    // Of another time than asked for: rightly not here.
    manifest(&mut files, |m| m.selection.to = Some("2026-11-22T09:00:00Z".into()));
    assert_eq!(Place::new(&files).report().state, State::Verified);

    // By kind: nobody can tell, and it is said.
    manifest(&mut files, |m| {
        m.selection.to = None;
        m.selection.kinds = vec!["patch.status".parse().unwrap()];
    });
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::Verified);
    let said = report.findings.iter().any(|f| f.detail.contains("1 more entries"));
    assert!(said, "{:?}", report.findings);
}

#[test]
fn backdated_entry_is_found() {
    let mut world = World::honest();
    world.evidence(&agent_key(), |_| {});
    world.entries.last_mut().unwrap().rx = "2026-11-22T09:59:59.999Z".into();
    let report = Place::new(&world.files()).report();
    assert!(failed_in(&report, Check::Chains, "tile/entries"), "{:?}", problems(&report));
    assert!(problems(&report).iter().any(|p| p.contains("backdated")), "{:?}", problems(&report));
}

#[test]
fn late_statement_is_noted() {
    let mut world = World::honest();
    world.evidence(&agent_key(), |run| run.capsule.sealed_at = "2026-11-20T10:00:00.000Z".into());
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified);
    assert!(report.items.last().unwrap().notes[0].contains("logged +2 d 0 h"));
}
