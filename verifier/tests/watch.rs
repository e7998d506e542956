//! A log under watch: heads that follow, heads that do not, and a log that cannot show what it signed.
#![cfg(feature = "online")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::digest::Digest;
use exhibit_proto::tiles::{Level, Tile};
use exhibit_verifier::files::Folder;
use exhibit_verifier::online::{Event, Heads, Patience, Watch};
use exhibit_verifier::progress::Silent;
use exhibit_verifier::report::{Check, State};
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::verify_source;
use support::{Files, Place, World, agent_key};
use tempfile::TempDir;

/// Only what a log publishes.
fn published(world: &World) -> Files {
    let all = world.files_of(|_| false).into_iter();
    all.filter(|(path, _)| path.starts_with("tile/") || path == "checkpoint").collect()
}

fn grown(mut world: World, by: usize) -> World {
    for _ in 0..by {
        world.heartbeat(&agent_key());
    }
    world
}

/// A folder that remembers, and what a look at each of these logs found.
struct Watcher(TempDir);

impl Watcher {
    fn look(&self, files: &Files) -> Vec<Event> {
        let trust = Trust::parse(&World::honest().policy(), "policy").unwrap();
        let heads = Heads::open(self.0.path()).unwrap();
        let place = Place::new(files);
        let folder = Folder::open(&place.path()).unwrap();
        let mut watch = Watch { trust: &trust, heads: &heads, cosigned: 0 };
        watch.look(&folder, "2026-11-23T00:00:00Z".parse().unwrap()).unwrap()
    }

    fn of(&self, world: &World) -> Vec<Event> {
        self.look(&published(world))
    }

    fn forks(&self) -> usize {
        std::fs::read_dir(self.0.path().join("forks")).unwrap().count()
    }
}

fn watcher() -> Watcher {
    Watcher(TempDir::new().unwrap())
}

#[test]
fn each_head_that_follows_is_told_once_with_the_leaves_that_were_hashed() {
    let watcher = watcher();
    let mut known = None;
    for size in [5_u64, 6, 255, 256, 257, 512, 700] {
        let by = usize::try_from(size - 5).unwrap();
        let world = grown(World::honest(), by);
        let events = watcher.of(&world);
        let [Event::Head { size: found, before, leaves, .. }] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!((*found, *before, *leaves), (size, known, size - known.unwrap_or(0)));
        assert_eq!(watcher.of(&world), []);
        known = Some(size);
    }
    assert_eq!(watcher.forks(), 0);
}

#[test]
fn a_head_that_does_not_follow_is_a_fork_and_both_notes_are_kept() {
    let honest = grown(World::honest(), 300);
    let mut twisted = World::honest();
    twisted.evidence(&agent_key(), |_| {});
    for by in [299, 400] {
        let watcher = watcher();
        watcher.of(&honest);
        let other = grown(twisted.clone(), by);
        let events = watcher.of(&other);
        assert!(matches!(events.as_slice(), [Event::Fork { known: 305, .. }]), "{by}: {events:?}");
        assert_eq!(watcher.forks(), 2);
        // What is remembered stays the head that followed.
        assert_eq!(watcher.of(&honest), []);
    }
}

#[test]
fn an_older_head_is_behind_only_where_the_log_shows_that_it_is_a_past() {
    let watcher = watcher();
    let newest = published(&grown(World::honest(), 300));
    watcher.look(&newest);
    // A copy of the whole log: nothing shows what became of the newer entries.
    let old = published(&grown(World::honest(), 20));
    let events = watcher.look(&old);
    assert!(
        matches!(events.as_slice(), [Event::Unavailable { reason }] if reason.contains("305")),
        "{events:?}"
    );
    // A stale answer for the head alone.
    let stale = |head: &Files| {
        let mut files = newest.clone();
        files.extend(head.clone());
        files
    };
    let events = watcher.look(&stale(&old));
    assert!(
        matches!(events.as_slice(), [Event::Behind { size: 25, known: 305, .. }]),
        "{events:?}"
    );
    assert_eq!(watcher.forks(), 0);
    let mut twisted = World::honest();
    twisted.evidence(&agent_key(), |_| {});
    let twisted = published(&grown(twisted, 19))["checkpoint"].clone();
    let events = watcher.look(&stale(&Files::from([("checkpoint".into(), twisted)])));
    assert!(matches!(events.as_slice(), [Event::Fork { size: 25, known: 305, .. }]), "{events:?}");
    assert_eq!(watcher.forks(), 2);
    assert_eq!(watcher.look(&newest), []);
}

#[test]
fn a_log_that_stays_away_is_told_after_so_many_looks_in_a_row() {
    let away = [Event::Unavailable { reason: "refused".into() }];
    let mut patience = Patience::new(3);
    let mut look = |events: &[Event], second: i64| {
        patience.take(events, jiff::Timestamp::from_second(second).unwrap())
    };
    assert_eq!([look(&away, 1), look(&away, 2), look(&[], 3)], [None, None, None]);
    let root = Digest::ZERO;
    assert_eq!(look(&away, 4), None);
    assert_eq!(look(&[Event::Behind { size: 5, root, known: 9 }], 5), None);
    let since = jiff::Timestamp::from_second(4).unwrap();
    let told = Event::Withheld { looks: 3, since, reason: "refused".into() };
    assert_eq!(look(&away, 6), Some(told));
}

#[test]
fn damage_is_no_fork_and_is_not_remembered() {
    let watcher = watcher();
    watcher.of(&World::honest());
    let world = grown(World::honest(), 20);
    let mut files = published(&world);
    let tile = |level| Tile { level, index: 0, width: 25 }.to_string();
    *files.get_mut(&tile(Level::Entries)).unwrap().last_mut().unwrap() ^= 1;
    let events = watcher.look(&files);
    assert!(matches!(events.as_slice(), [Event::Unavailable { .. }]), "{events:?}");
    files.remove(&tile(Level::Entries));
    assert!(matches!(watcher.look(&files).as_slice(), [Event::Unavailable { .. }]));
    let mut files = published(&world);
    files.insert(
        "checkpoint".into(),
        String::from_utf8(files["checkpoint"].clone()).unwrap().replace("\n25\n", "\n24\n").into(),
    );
    assert!(matches!(watcher.look(&files).as_slice(), [Event::Unavailable { .. }]));
    assert_eq!(watcher.forks(), 0);
    assert!(matches!(watcher.of(&world).as_slice(), [Event::Head { before: Some(5), .. }]));
}

#[test]
fn a_verified_log_must_extend_the_remembered_head() {
    let trust = Trust::parse(&World::honest().policy(), "policy").unwrap();
    let state = |world: &World, known: &World| {
        let place = Place::new(&published(world));
        let folder = Folder::open(&place.path()).unwrap();
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let known = known.checkpoint();
        let (report, note) =
            verify_source(&folder, "log".into(), &trust, Some(&known), now, &Silent);
        assert!(note.is_some());
        report.checks.get(&Check::Consistency).copied()
    };
    let (short, long) = (World::honest(), grown(World::honest(), 300));
    assert_eq!(state(&long, &short), Some(State::Verified));
    assert_eq!(state(&long, &long), Some(State::Verified));
    assert_eq!(state(&short, &long), Some(State::NotChecked));
    let mut twisted = World::honest();
    twisted.evidence(&agent_key(), |_| {});
    assert_eq!(state(&long, &twisted), Some(State::Failed));
}
