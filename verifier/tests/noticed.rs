//! Gaps, conflicts and forks that the collector noticed: shown, proven or refuted, never believed.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{
    CONFLICT, Conflict, EVIDENCE, FORK, Fork, GAP, Gap, Over, Statement,
};
use exhibit_verifier::report::{Check, Report, Standing, State};

use support::{ORIGIN, Place, World, agent_key, capsule, problems, run};

fn standings(report: &Report) -> Vec<(&str, Standing, Vec<u64>)> {
    let noticed = report.noticed.iter();
    noticed.map(|n| (n.entry_type.as_str(), n.standing, n.closed_by.clone())).collect()
}

/// A statement of the agent that never was logged.
fn unlogged(seq: u64, prev: Digest, key: &SecretKey) -> Vec<u8> {
    Statement::new(EVIDENCE, Vec::new(), run(capsule(seq, prev), &[])).seal(key).unwrap()
}

fn gap(world: &mut World, from: u64, to: u64) {
    let (key, prev) = (agent_key().public().id(), Digest::of(b"lost"));
    let after = world.next().1;
    let (agent, came) = ("agent-1".to_owned(), Digest::of(b"came"));
    let gap = Gap { agent, key, epoch: 1, from, to, after, came, prev, suppressed: 0 };
    world.own(EntryType::Gap, &Statement::new(GAP, Vec::new(), gap));
}

#[test]
fn a_gap_is_open_until_its_numbers_come_and_then_closed_by_index() {
    let mut world = World::honest();
    gap(&mut world, 4, 5);
    world.evidence(&agent_key(), |r| {
        (r.capsule.seq, r.capsule.prev) = (6, Digest::of(b"lost"));
    });
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!(standings(&report), [("gap", Standing::Open, vec![])]);
    for seq in [5, 4] {
        world.evidence(&agent_key(), |r| {
            (r.capsule.seq, r.capsule.prev) = (seq, Digest::of(b"lost"));
        });
    }
    let report = Place::new(&world.files()).report();
    assert_eq!(standings(&report), [("gap", Standing::Closed, vec![7, 8])]);
    assert!(report.noticed[0].detail.contains("entries 7, 8"), "{:?}", report.noticed);
}

/// A world with a conflict over the first statement, and the refused envelope.
fn conflicted(over: Over, refused: Vec<u8>, seq: u64) -> (World, Vec<u8>) {
    let mut world = World::honest();
    let held = Digest::of(&world.entries[2].envelope);
    let conflict = Conflict {
        agent: "agent-1".into(),
        key: agent_key().public().id(),
        epoch: 1,
        seq,
        over,
        held,
        refused: Digest::of(&refused),
        suppressed: 3,
    };
    world.own(EntryType::Conflict, &Statement::new(CONFLICT, Vec::new(), conflict));
    (world, refused)
}

fn judged((world, refused): &(World, Vec<u8>)) -> Report {
    let mut files = world.files();
    files.insert(bundle::envelope(&Digest::of(refused)), refused.clone());
    Place::new(&files).report()
}

#[test]
fn a_conflict_is_proven_by_both_signatures_and_by_nothing_less() {
    let twice = conflicted(Over::Number, unlogged(1, Digest::ZERO, &agent_key()), 1);
    let report = judged(&twice);
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!(standings(&report), [("conflict", Standing::Proven, vec![])]);
    assert_eq!((report.noticed[0].agent.as_str(), report.noticed[0].suppressed), ("agent-1", 3));
    let follows = unlogged(2, Digest::of(b"another first"), &agent_key());
    let report = judged(&conflicted(Over::Predecessor, follows, 2));
    assert_eq!(standings(&report), [("conflict", Standing::Proven, vec![])]);

    let absent = Place::new(&twice.0.files()).report();
    assert_eq!(absent.items.last().unwrap().checks[&Check::Conflict], State::NotChecked);
    assert_eq!(standings(&absent), [("conflict", Standing::NotShown, vec![])]);

    let honest_next = unlogged(2, Digest::of(&World::honest().entries[2].envelope), &agent_key());
    for (what, lie) in [
        (
            "another key",
            conflicted(Over::Number, unlogged(1, Digest::ZERO, &SecretKey::from_seed(&[5; 32])), 1),
        ),
        ("another number", conflicted(Over::Number, unlogged(2, Digest::ZERO, &agent_key()), 2)),
        ("a true successor", conflicted(Over::Predecessor, honest_next, 2)),
        ("itself", conflicted(Over::Number, World::honest().entries[2].envelope.clone(), 1)),
    ] {
        let report = judged(&lie);
        assert_eq!(report.items.last().unwrap().checks[&Check::Conflict], State::Failed, "{what}");
        assert_eq!(standings(&report), [("conflict", Standing::NotShown, vec![])], "{what}");
    }
}

fn forked(size: u64, root: Digest, signed: Option<&SecretKey>) -> World {
    let mut world = World::honest();
    let head = Checkpoint { origin: ORIGIN.into(), size, root };
    let fork = Fork {
        agent: "agent-1".into(),
        size,
        root,
        ours: Digest::of(b"said to be ours"),
        signed: signed.map(|key| head.sign(key).unwrap()),
        suppressed: 0,
    };
    world.own(EntryType::Fork, &Statement::new(FORK, Vec::new(), fork));
    world
}

#[test]
fn a_head_that_the_log_signed_and_does_not_hold_fails_and_an_agents_word_does_not() {
    let (other, log) = (Digest::of(b"another history"), World::honest().log);
    for size in [2, 99] {
        let report = Place::new(&forked(size, other, Some(&log)).files()).report();
        assert_eq!(report.state, State::Failed);
        assert_eq!(report.items.last().unwrap().checks[&Check::Fork], State::Failed, "{size}");
        assert_eq!(standings(&report), [("fork", Standing::Proven, vec![])]);
    }
    let mut world = forked(2, other, None);
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::Verified, "{:?}", problems(&report));
    assert_eq!(standings(&report), [("fork", Standing::Claimed, vec![])]);
    // The statement that says so is not refuted, and not shown.
    world.evidence(&agent_key(), |r| {
        r.capsule.checkpoint = Some(Checkpoint { origin: ORIGIN.into(), size: 2, root: other });
    });
    let report = Place::new(&world.files()).report();
    assert_eq!(report.state, State::NotChecked, "{:?}", problems(&report));
    assert_eq!(report.items.last().unwrap().checks[&Check::Anchor], State::NotChecked);
}

#[test]
fn a_collector_that_calls_its_own_past_foreign_or_forges_the_signature_fails() {
    let log = World::honest().log;
    let (mut past, stranger) = (World::honest(), SecretKey::from_seed(&[5; 32]));
    past.entries.truncate(2);
    let ours = past.checkpoint();
    for world in [
        forked(ours.size, ours.root, Some(&log)),
        forked(ours.size, ours.root, None),
        forked(2, Digest::of(b"x"), Some(&stranger)),
    ] {
        let report = Place::new(&world.files()).report();
        assert_eq!(report.items.last().unwrap().checks[&Check::Statement], State::Failed);
    }
}
