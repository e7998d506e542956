//! Entries that carry what others said about the log's time: what stands after them is later, what stands before them is earlier, and
//! nobody inside the log decides it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle::TIMESTAMPS;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Note;
use exhibit_proto::rfc3161::{Request, Roots};
use exhibit_proto::statement::{Attested, Stamped, Statement, TIME};
use exhibit_verifier::report::{Basis, Check, Item, Report, State};
use exhibit_verifier::show;
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::verify;
use support::{Files, Place, World, agent_key, failed_in, key, problems};
use tsa::{Authority, Keys, STAMPS};

#[expect(unreachable_pub, dead_code, reason = "tests of several crates include it")]
#[path = "../../tests/src/tsa.rs"]
mod tsa;

const WITNESSES: [(&str, u8); 3] = [("a", 11), ("b", 12), ("c", 13)];

fn policy() -> String {
    let mut text = World::honest().policy().replace("quorum none\n", "");
    for (name, seed) in WITNESSES {
        let vkey = Witness::new(&format!("{name}.example"), key(seed).public()).unwrap().vkey();
        text.push_str(&format!("witness {name} {vkey}\n"));
    }
    text + "group g 2 a b c\nquorum g\n"
}

/// `note` with a cosignature of each witness, at that time.
fn cosigned(note: &str, times: &[(&str, &str)]) -> String {
    let text = Note::parse(note.as_bytes()).unwrap().text().to_owned();
    let lines = times.iter().map(|(name, time)| {
        let seed = WITNESSES.iter().find(|(known, _)| known == name).map_or(99, |(_, seed)| *seed);
        let time = time.parse::<jiff::Timestamp>().unwrap().as_second();
        cosign(&text, &format!("{name}.example"), &key(seed), time.unsigned_abs()).unwrap()
    });
    lines.fold(note.to_owned(), |note, line| note + &line)
}

/// Appends an entry about the newest head, changed before it is signed.
fn attest(world: &mut World, times: &[(&str, &str)], change: impl FnOnce(&mut Attested)) {
    let head = world.checkpoint();
    let note = cosigned(&head.sign(&world.log).unwrap(), times);
    let mut attested =
        Attested { size: head.size, root: head.root, cosigned: Some(note), stamped: None };
    change(&mut attested);
    world.own(EntryType::Time, &Statement::new(TIME, Vec::new(), attested));
}

/// A run of an agent that has seen everything so far.
fn observe(world: &mut World) {
    let seen = world.checkpoint();
    world.evidence(&agent_key(), |run| run.capsule.checkpoint = Some(seen));
}

fn report(world: &World, files: Files, roots: Option<&[u8]>) -> Report {
    let mut files = files;
    let head = world.checkpoint().sign(&world.log).unwrap();
    let late = [("a", "2026-11-22T11:59:00Z"), ("b", "2026-11-22T11:59:00Z")];
    files.insert("checkpoint".into(), cosigned(&head, &late).into_bytes());
    let place = Place::new(&files);
    let mut trust = Trust::parse(&policy(), "the test's policy").unwrap();
    trust.tsa_roots = roots.map(|pem| Roots::from_pem(pem).unwrap());
    let now = if roots.is_some() {
        jiff::Timestamp::now().max("2026-11-22T12:00:00Z".parse().unwrap())
    } else {
        "2026-11-22T12:00:00Z".parse().unwrap()
    };
    verify(&place.path(), &trust, now, &exhibit_verifier::progress::Silent).unwrap()
}

fn item(report: &Report, index: u64) -> &Item {
    report.items.iter().find(|item| item.index == index).unwrap()
}

#[test]
fn what_stands_after_a_cosigned_head_was_made_after_its_cosignatures() {
    let mut world = World::honest();
    // One of three lies, and no bound moves beyond what the others say.
    let said = [
        ("a", "2026-11-22T09:55:00Z"),
        ("b", "2026-11-22T09:56:00Z"),
        ("c", "2000-01-01T00:00:00Z"),
    ];
    attest(&mut world, &said, |_| {});
    observe(&mut world);
    world.evidence(&agent_key(), |_| {});
    let report = report(&world, world.files(), None);
    assert_eq!(report.state, State::Verified, "{:#?}", problems(&report));
    let first = "2026-11-22T09:55:00.000Z";
    for index in [0, 1, 2, 4] {
        let bound = item(&report, index).not_after.as_ref().unwrap();
        assert_eq!((bound.time.as_str(), bound.basis), (first, Basis::Cosignature), "{index}");
        assert!(item(&report, index).logged_not_before.is_none(), "{index}");
    }
    let seen = item(&report, 6);
    let (made, logged) =
        (seen.not_before.as_ref().unwrap(), seen.logged_not_before.as_ref().unwrap());
    assert_eq!((made.time.as_str(), made.basis), (first, Basis::Cosignature));
    assert_eq!((made, made.by.as_str()), (logged, "a, b, c, in entry 5"));
    assert_eq!(seen.not_after.as_ref().unwrap().time, "2026-11-22T11:59:00.000Z");
    // An agent that named no head may have made it at any time before it was logged.
    let unseen = item(&report, 7);
    assert_eq!((&unseen.not_before, unseen.logged_not_before.is_some()), (&None, true));
    let text = show::summary(&report);
    let line = "entry 6: not before 2026-11-22T09:55:00.000Z (cosigned by a, b, c, in entry 5); in the log by 2026-11-22T11:59";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("entry 7: logged not before 2026-11-22T09:55"), "{text}");
}

#[test]
fn a_collector_and_an_agent_that_date_back_are_noted() {
    let mut world = World::honest();
    attest(&mut world, &[("a", "2026-11-22T10:30:00Z"), ("b", "2026-11-22T10:31:00Z")], |_| {});
    observe(&mut world);
    let report = report(&world, world.files(), None);
    let notes = item(&report, 6).notes.join("\n");
    let claimed = "claimed 2026-11-22T10:00:00.000Z, yet the agent had seen a head with what a, b, in entry 5 said at 2026-11-22T10:30";
    assert!(notes.contains(claimed), "{notes}");
    assert!(
        notes.contains("logged 2026-11-22T10:00:00.000Z, yet what a, b, in entry 5 said"),
        "{notes}"
    );
    assert!(item(&report, 4).notes.is_empty());
}

#[test]
fn entries_that_are_not_what_they_name_bound_nothing_and_fail() {
    type Change = fn(&mut Attested);
    let times = [("a", "2026-11-22T09:55:00Z"), ("b", "2026-11-22T09:56:00Z")];
    let wrong: [(&str, Change); 7] = [
        ("another root", |said| said.root = Digest::of(b"another")),
        ("a later head", |said| said.size = 6),
        ("another size", |said| said.size = 4),
        ("nothing", |said| said.cosigned = None),
        ("both", |said| {
            said.stamped = Some(Stamped { authority: "tsa".into(), token: Digest::ZERO });
        }),
        ("a forged cosignature", |said| {
            let note = said.cosigned.take().unwrap();
            said.cosigned = Some(note.replacen("\n5\n", "\n4\n", 1));
        }),
        ("a head by another key", |said| {
            let text =
                Note::parse(said.cosigned.take().unwrap().as_bytes()).unwrap().text().to_owned();
            let signed = exhibit_proto::note::sign(&text, support::ORIGIN, &key(9)).unwrap();
            said.cosigned = Some(cosigned(
                &signed,
                &[("a", "2026-11-22T09:55:00Z"), ("b", "2026-11-22T09:55:00Z")],
            ));
        }),
    ];
    for (what, change) in wrong {
        let mut world = World::honest();
        attest(&mut world, &times, change);
        observe(&mut world);
        let report = report(&world, world.files(), None);
        assert!(
            failed_in(&report, Check::Statement, "envelopes/"),
            "{what}: {:?}",
            problems(&report)
        );
        assert!(item(&report, 6).logged_not_before.is_none(), "{what}");
        assert_eq!(
            item(&report, 0).not_after.as_ref().unwrap().time,
            "2026-11-22T11:59:00.000Z",
            "{what}"
        );
    }
    // Too few witnesses, strangers, and times that have not come yet: nothing wrong, and nothing shown.
    let unheard: [&[(&str, &str)]; 4] = [
        &[],
        &[("a", "2026-11-22T09:55:00Z")],
        &[("x", "2026-11-22T09:55:00Z"), ("y", "2026-11-22T09:55:00Z")],
        &[("a", "2026-11-22T09:55:00Z"), ("b", "2027-11-22T09:55:00Z")],
    ];
    for times in unheard {
        let mut world = World::honest();
        attest(&mut world, times, |_| {});
        observe(&mut world);
        let report = report(&world, world.files(), None);
        assert_eq!(report.state, State::Verified, "{times:?}: {:?}", problems(&report));
        assert!(item(&report, 6).logged_not_before.is_none(), "{times:?}");
        let made = item(&report, 6).not_before.as_ref().unwrap();
        assert_eq!(made.basis, Basis::Received, "{times:?}");
    }
}

#[test]
fn what_stands_after_a_token_was_made_after_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(&dir.path().join("ours"), Keys::P256, STAMPS);
    let mut world = World::honest();
    let head = world.checkpoint().sign(&world.log).unwrap().into_bytes();
    let answer = |nonce| {
        let request = Request::new(Digest::of(&head), [nonce; 8], None).unwrap();
        authority.answer(&request.to_der())
    };
    let (token, other) = (answer(1), answer(2));
    let stamped = Stamped { authority: "tsa".into(), token: Digest::of(&token) };
    attest(&mut world, &[], |said| {
        (said.cosigned, said.stamped) = (None, Some(stamped));
    });
    observe(&mut world);
    let path = format!("{TIMESTAMPS}checkpoint-5.tsa.tsr");
    let with = |token: Option<&Vec<u8>>| {
        let mut files = world.files();
        files.insert(format!("{TIMESTAMPS}checkpoint-5"), head.clone());
        files.extend(token.map(|token| (path.clone(), token.clone())));
        files
    };
    let root = authority.root();
    let found = report(&world, with(Some(&token)), Some(&root));
    let made = item(&found, 6).not_before.as_ref().unwrap();
    assert_eq!(
        (made.basis, made.by.as_str()),
        (Basis::Token, format!("tsa, {path}, in entry 5").as_str())
    );
    // The authority grants an inaccuracy of a second and a half, which goes against the entry.
    let stamp = &found.timestamps[0];
    let time = stamp.time.as_ref().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!((stamp.accuracy_ms, time - made.ms()), (Some(1_500), 1_500));
    // Without roots nothing is believed.
    let unknown = report(&world, with(Some(&token)), None);
    assert_eq!(item(&unknown, 6).not_before.as_ref().unwrap().basis, Basis::Received);
    // Another good token in its place is seen, and proves nothing about what came after.
    let swapped = report(&world, with(Some(&other)), Some(&root));
    assert!(failed_in(&swapped, Check::Timestamps, &path), "{:?}", problems(&swapped));
    assert_eq!(item(&swapped, 6).not_before.as_ref().unwrap().basis, Basis::Received);
    let lacking = report(&world, with(None), Some(&root));
    assert_eq!(item(&lacking, 5).checks[&Check::Timestamps], State::NotChecked);
}
