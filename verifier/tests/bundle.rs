//! What a bundle can have wrong, one thing at a time, and what the verifier says about it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle::{self, Manifest};
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{ENROL, Statement};
use exhibit_proto::tiles::parse_bundle;
use exhibit_verifier::report::{Check, Report, State};
use exhibit_verifier::show;
use proptest::prelude::*;
use support::{Files, Place, World, agent_key, enrolment, key, log_key, problems};

fn failed_in(report: &Report, check: Check, file: &str) -> bool {
    let all = report.findings.iter().chain(report.items.iter().flat_map(|item| &item.findings));
    let mut failed = all.filter(|f| f.state == State::Failed && f.check == check);
    failed.any(|f| f.file.as_deref().is_some_and(|found| found.starts_with(file)))
}

#[test]
fn honest_bundle_is_verified_in_every_part() {
    let report = Place::new(&World::honest().files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!((report.counts.items.verified, report.counts.documents.verified), (4, 2));
    for check in [
        Check::Files,
        Check::Checkpoint,
        Check::LogKey,
        Check::Manifest,
        Check::Root,
        Check::Tiles,
        Check::Chains,
        Check::Keys,
    ] {
        assert_eq!(report.checks.get(&check), Some(&State::Verified), "{check:?}");
    }
    let last = report.items.last().unwrap();
    for check in [
        Check::Leaf,
        Check::Inclusion,
        Check::Envelope,
        Check::Key,
        Check::Signature,
        Check::Statement,
        Check::Documents,
        Check::Anchor,
    ] {
        assert_eq!(last.checks.get(&check), Some(&State::Verified), "{check:?}");
    }
    let text = show::summary(&report);
    for expected in [
        "log.example/1, 5 entries",
        "the policy file the test's policy says so",
        "VERIFIED: everything",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn flipped_byte_in_each_file_fails_and_names_the_file() {
    let files = World::honest().files();
    let place = Place::new(&files);
    let sums = std::fs::read(place.path().join(bundle::SUMS)).unwrap();
    for (path, bytes) in
        files.iter().map(|(path, bytes)| (path.as_str(), bytes)).chain([(bundle::SUMS, &sums)])
    {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            place.put(path, &changed);
            let report = place.report();
            assert_eq!(report.state, State::Failed, "{path} at {at}");
            let named = show::summary(&report).contains(path);
            assert!(named, "{path} at {at}: {:?}", problems(&report));
        }
        place.put(path, bytes);
    }
    assert_eq!(place.report().state, State::Verified);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_changed_bit_fails_and_names_its_file(file: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8) {
        let place = Place::new(&World::honest().files());
        let mut paths: Vec<String> = World::honest().files().into_keys().collect();
        paths.push(bundle::SUMS.into());
        let path = file.get(&paths);
        let mut bytes = std::fs::read(place.path().join(path)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        place.put(path, &bytes);
        let report = place.report();
        prop_assert_eq!(report.state, State::Failed);
        prop_assert!(show::summary(&report).contains(path.as_str()));
    }
}

#[test]
fn wholly_forged_bundle_fails_under_the_real_policy() {
    let forged = World::of(key(7), &key(8));
    let place = Place::new(&forged.files());
    let report = place.report();
    assert_eq!(report.state, State::Failed);
    assert!(failed_in(&report, Check::Checkpoint, bundle::CHECKPOINT), "{:?}", problems(&report));
    assert!(report.log.is_none() && report.items.is_empty());
    // The same bundle is fine for whoever trusts the forger: only the policy decides.
    assert_eq!(place.report_under(&forged.policy()).state, State::Verified);
    // The real log key's signature over another name does not help.
    let other = World::honest().policy().replace("log.example/1", "log.example/2");
    assert!(exhibit_verifier::trust::Trust::parse(&other, "p").is_err());
}

/// The manifest, changed.
fn manifest(files: &mut Files, change: impl FnOnce(&mut Manifest)) {
    let mut manifest = serde_json::from_slice(&files[bundle::MANIFEST]).unwrap();
    change(&mut manifest);
    files.insert(bundle::MANIFEST.into(), serde_json::to_vec(&manifest).unwrap());
}

fn swap(files: &mut Files, one: &str, two: &str) {
    let (a, b) = (files[one].clone(), files[two].clone());
    files.insert(one.into(), b);
    files.insert(two.into(), a);
}

fn first(files: &Files, folder: &str) -> String {
    files.keys().find(|path| path.starts_with(folder)).unwrap().clone()
}

/// A name, what is done to the files, and which check must fail and name which file (by its beginning).
type Forgery = (&'static str, fn(&mut Files), Check, &'static str);

/// Each with a fitting SHA256SUMS, so that only the deeper checks can find it.
const FORGERIES: &[Forgery] = &[
    ("leaves swapped", |f| swap(f, "leaves/1.json", "leaves/2.json"), Check::Leaf, "leaves/1.json"),
    (
        "proofs swapped",
        |f| swap(f, "proofs/1.tlog-proof", "proofs/2.tlog-proof"),
        Check::Inclusion,
        "proofs/1",
    ),
    (
        "tail cut",
        |f| {
            let entries = parse_bundle(&f["tile/entries/000.p/5"])
                .unwrap()
                .iter()
                .map(|e| e.to_vec())
                .collect::<Vec<_>>();
            let cut = exhibit_proto::tiles::bundle(entries[..4].iter().map(Vec::as_slice)).unwrap();
            f.insert("tile/entries/000.p/5".into(), cut);
        },
        Check::Root,
        "tile/entries/000.p/5",
    ),
    (
        "leaves reordered",
        |f| {
            let entries = parse_bundle(&f["tile/entries/000.p/5"])
                .unwrap()
                .iter()
                .map(|e| e.to_vec())
                .collect::<Vec<_>>();
            let other = [0, 1, 3, 2, 4].map(|at| entries[at].as_slice());
            f.insert("tile/entries/000.p/5".into(), exhibit_proto::tiles::bundle(other).unwrap());
        },
        Check::Root,
        "checkpoint",
    ),
    (
        "hash tile changed",
        |f| f.get_mut("tile/0/000.p/5").unwrap()[40] ^= 1,
        Check::Tiles,
        "tile/0/000.p/5",
    ),
    (
        "older checkpoint under newer proofs",
        |f| {
            let mut older = World::honest();
            older.entries.truncate(3);
            f.insert(
                "checkpoint".into(),
                older.checkpoint().sign(&log_key()).unwrap().into_bytes(),
            );
        },
        Check::Inclusion,
        "proofs/2",
    ),
    (
        "proof of another log",
        |f| {
            let proof = World::of(key(7), &key(8)).proof(2).to_text();
            f.insert("proofs/2.tlog-proof".into(), proof.into_bytes());
        },
        Check::Inclusion,
        "proofs/2",
    ),
    (
        "second log under the same key",
        |f| {
            let mut fork = World::honest();
            fork.entries.truncate(3);
            fork.entries[0].rx = "2026-11-22T09:00:00.000Z".into();
            f.insert("proofs/2.tlog-proof".into(), fork.proof(2).to_text().into_bytes());
        },
        Check::Inclusion,
        "proofs/2",
    ),
    (
        "document changed",
        |f| {
            let path = first(f, "documents/");
            f.insert(path, support::document(99).into_bytes());
        },
        Check::Documents,
        "documents/",
    ),
    (
        "document of endless depth",
        |f| {
            let path = first(f, "documents/");
            f.insert(path, "[".repeat(1 << 20).into_bytes());
        },
        Check::Documents,
        "documents/",
    ),
    (
        "document missing",
        |f| {
            let path = first(f, "documents/");
            f.remove(&path);
        },
        Check::Documents,
        "documents/",
    ),
    (
        "envelopes swapped",
        |f| {
            let names: Vec<_> = f.keys().filter(|p| p.starts_with("envelopes/")).cloned().collect();
            swap(f, &names[0], &names[1]);
        },
        Check::Envelope,
        "envelopes/",
    ),
    (
        "envelope too long",
        |f| {
            let path = first(f, "envelopes/");
            f.insert(path, vec![b' '; 1 << 20]);
        },
        Check::Envelope,
        "envelopes/",
    ),
    (
        "agent's key exchanged",
        |f| {
            let path = first(f, "keys/");
            f.insert(path, key(9).public().to_pem().into_bytes());
        },
        Check::Key,
        "keys/",
    ),
    (
        "log.pem exchanged",
        |f| {
            f.insert("log.pem".into(), key(9).public().to_pem().into_bytes());
        },
        Check::LogKey,
        "log.pem",
    ),
    (
        "policy exchanged",
        |f| {
            f.insert("policy".into(), World::of(key(9), &key(8)).policy().into_bytes());
        },
        Check::LogKey,
        "policy",
    ),
    (
        "leaf too long",
        |f| {
            f.insert("leaves/1.json".into(), vec![b'x'; 9 << 20]);
        },
        Check::Leaf,
        "leaves/1.json",
    ),
    (
        "checkpoint too long",
        |f| f.get_mut("checkpoint").unwrap().extend(vec![b'\n'; 1 << 20]),
        Check::Checkpoint,
        "checkpoint",
    ),
    (
        "file added",
        |f| {
            f.insert("documents/extra.json".into(), b"{}".to_vec());
        },
        Check::Files,
        "documents/extra.json",
    ),
    ("item hidden", |f| manifest(f, |m| drop(m.items.pop())), Check::Manifest, "manifest.json"),
    (
        "item doubled",
        |f| {
            manifest(f, |m| {
                let item = m.items[3].clone();
                m.items.push(item);
            })
        },
        Check::Manifest,
        "manifest.json",
    ),
    (
        "manifest claims another time",
        |f| manifest(f, |m| m.items[2].logged = "2020-01-01T00:00:00.000Z".into()),
        Check::Manifest,
        "manifest.json",
    ),
    (
        "manifest claims another target",
        |f| manifest(f, |m| m.items[2].documents[0].target = "host:b".parse().unwrap()),
        Check::Manifest,
        "manifest.json",
    ),
    (
        "manifest claims another root",
        |f| manifest(f, |m| m.checkpoint.root = Digest::ZERO),
        Check::Manifest,
        "manifest.json",
    ),
    (
        "manifest of endless depth",
        |f| {
            f.insert(
                "manifest.json".into(),
                br#"{"schema":"#.iter().copied().chain(vec![b'['; 1 << 20]).collect(),
            );
        },
        Check::Manifest,
        "manifest.json",
    ),
];

#[test]
fn forgeries_with_fitting_digests_are_found_and_named() {
    for (name, forge, check, file) in FORGERIES {
        let mut files = World::honest().files();
        forge(&mut files);
        let report = Place::new(&files).report();
        assert_eq!(report.state, State::Failed, "{name}");
        let listed = problems(&report).iter().any(|problem| problem.contains("SHA256SUMS"));
        assert!(!listed, "{name}: {:?}", problems(&report));
        assert!(failed_in(&report, *check, file), "{name}: {:?}", problems(&report));
    }
}

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
        "time that is none",
        |w| w.evidence(&agent_key(), |r| r.capsule.sealed_at = "yesterday".into()),
        Check::Statement,
        "yesterday",
    ),
];

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
fn what_is_not_shipped_is_not_checked_and_never_verified() {
    let world = World::honest();
    let mut files = world.files();
    files.retain(|path, _| !path.starts_with("tile/"));
    let report = Place::new(&files).report();
    assert_eq!(report.state, State::NotChecked);
    assert_eq!(report.checks[&Check::Root], State::NotChecked);
    let last = report.items.last().unwrap();
    assert_eq!(
        (last.checks[&Check::Inclusion], last.checks[&Check::Leaf]),
        (State::Verified, State::NotChecked)
    );
    assert_eq!(
        (last.checks[&Check::Key], last.checks[&Check::Anchor]),
        (State::NotChecked, State::NotChecked)
    );

    let mut hidden = World::honest();
    hidden.enrol("agent-2", &key(5));
    hidden.revoke(&key(5));
    hidden.evidence(&agent_key(), |_| {});
    let report =
        Place::new(&hidden.files_of(|t| !matches!(t, EntryType::Heartbeat | EntryType::Revoke)))
            .report();
    assert_eq!(report.checks[&Check::Keys], State::NotChecked, "{:?}", problems(&report));
    assert_eq!(report.items.last().unwrap().checks[&Check::Key], State::NotChecked);

    let mut files = World::honest().files();
    let path = bundle::document(&Digest::of(world.documents[0].as_bytes()));
    files.remove(&path);
    manifest(&mut files, |m| m.items[2].documents[0].absent = Some(bundle::Absence::NotHeld));
    let report = Place::new(&files).report();
    assert_eq!((report.state, report.counts.documents.not_checked), (State::NotChecked, 1));
    assert!(show::summary(&report).contains("given up by the agent"), "{}", show::summary(&report));
}

#[test]
fn late_statement_is_noted() {
    let mut world = World::honest();
    world.evidence(&agent_key(), |run| run.capsule.sealed_at = "2026-11-20T10:00:00.000Z".into());
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified);
    assert!(report.items.last().unwrap().notes[0].contains("logged +2 d 0 h"));
}

#[test]
fn quorum_is_met_short_or_from_the_future() {
    let world = World::honest();
    let witness = key(20);
    let vkey = Witness::new("w.example", witness.public()).unwrap().vkey();
    let policy = world.policy().replace("quorum none", &format!("witness w {vkey}\nquorum w"));
    let verdict = |time: Option<i64>| {
        let mut files = world.files();
        let line = time.map(|time| {
            let time = u64::try_from(time).unwrap();
            cosign(&world.checkpoint().text(), "w.example", &witness, time).unwrap()
        });
        let note = files.get_mut(bundle::CHECKPOINT).unwrap();
        note.extend(line.unwrap_or_default().into_bytes());
        let report = Place::new(&files).report_under(&policy);
        (report.state, report.checks[&Check::Quorum])
    };
    assert_eq!(verdict(None), (State::Failed, State::Failed));
    let noon = "2026-11-22T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(verdict(Some(noon)), (State::Verified, State::Verified));
    assert_eq!(verdict(Some(noon + 3600)), (State::Failed, State::Failed));
    assert_eq!(verdict(Some(0)), (State::Failed, State::Failed));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let files = World::honest().files();
    let place = Place::new(&files);
    let secret = place.beside("secret", "secret\n");
    let link = first(&files, "documents/");
    std::fs::remove_file(place.path().join(&link)).unwrap();
    std::os::unix::fs::symlink(&secret, place.path().join(&link)).unwrap();
    let report = place.report();
    assert!(
        failed_in(&report, Check::Files, &link) && !show::summary(&report).contains("secret\n")
    );

    let place = Place::new(&files);
    std::os::unix::fs::symlink(place.path().parent().unwrap(), place.path().join("more")).unwrap();
    assert!(failed_in(&place.report(), Check::Files, "more"));

    let place = Place::new(&files);
    let mut sums = std::fs::read_to_string(place.path().join(bundle::SUMS)).unwrap();
    sums.push_str(&format!("{}  ../secret\n", Digest::of(b"secret\n")));
    place.put(bundle::SUMS, sums.as_bytes());
    assert!(failed_in(&place.report(), Check::Files, bundle::SUMS));
}

#[test]
fn log_of_many_tiles_is_rebuilt() {
    let mut world = World::honest();
    for _ in 0..300 {
        world.heartbeat(&agent_key());
    }
    let seen = world.checkpoint();
    world.evidence(&agent_key(), |run| run.capsule.checkpoint = Some(seen));
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!(report.log.as_ref().unwrap().size, 306);
    assert_eq!(report.chains[0].statements, 304);
}
