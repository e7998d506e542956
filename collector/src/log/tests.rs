//! The log through its own door: every size that is special, every step that can fail, every way to come back.

mod sizes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::merkle::{leaf_hash, verify_consistency};
use exhibit_proto::note::Verifier;
use exhibit_proto::tiles::{Edge, Level, Tile, parse_bundle, parse_tile, tiles_of};
use jiff::Timestamp;

use super::commit::{Hook, Moment, Step};
use super::*;

const ORIGIN: &str = "log.example/1";
const START: i64 = 1_763_800_000_000;

pub(super) struct Bench {
    dir: tempfile::TempDir,
    /// Unix milliseconds that the writer reads as the time.
    clock: Arc<AtomicI64>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bench = Self { dir, clock: Arc::new(AtomicI64::new(START)) };
        create(&bench.settings()).unwrap();
        bench
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("log.db")
    }

    fn settings(&self) -> Settings {
        let clock = Arc::clone(&self.clock);
        let now = move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap();
        Settings {
            path: self.path(),
            origin: ORIGIN.into(),
            key: key(),
            leaving: None,
            clock: Box::new(now),
        }
    }

    pub(super) fn start(&self) -> (LogWriter, WriterTask) {
        LogWriter::start(self.settings()).unwrap()
    }

    fn start_with(&self, hook: Hook) -> (LogWriter, WriterTask) {
        LogWriter::start_with(self.settings(), hook).unwrap()
    }

    pub(super) fn reader(&self) -> LogReader {
        LogReader::open(&self.path()).unwrap()
    }
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

pub(super) fn verifier() -> Verifier {
    Verifier::new(ORIGIN, key().public()).unwrap()
}

pub(super) fn entry(seq: u64) -> NewEntry {
    let link = Link { epoch: 1, seq, prev: Digest::of(&(seq - 1).to_be_bytes()) };
    NewEntry {
        entry_type: EntryType::Evidence,
        key: Digest::of(b"agent"),
        link: Some(link),
        envelope: format!("envelope {seq}").into_bytes(),
        documents: vec![format!("document {}", seq / 2).into_bytes()],
        erases: Vec::new(),
        unbrought: Unbrought::default(),
    }
}

/// Appends `from..=to` at once, so that they share commits.
pub(super) async fn append_all(writer: &LogWriter, from: u64, to: u64) -> Vec<Committed> {
    let tasks: Vec<_> = (from..=to)
        .map(|seq| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.append(entry(seq)).await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// Every tile and bundle of the newest head, from the leaves up to the root; the leaves.
fn verify_tiles(reader: &LogReader, checkpoint: &Checkpoint) -> Vec<Vec<u8>> {
    let size = checkpoint.size;
    let leaves = reader.leaves(0..size).unwrap();
    let mut edge = Edge::default();
    let mut expected = std::collections::BTreeMap::new();
    for leaf in &leaves {
        edge.push(leaf_hash(leaf), &mut |tile, bytes| drop(expected.insert(tile, bytes)));
    }
    expected.extend(edge.partial());
    assert_eq!(edge.root(), checkpoint.root);
    let tiles: Vec<Tile> = tiles_of(size).collect();
    assert_eq!(tiles.len(), expected.len());
    for tile in tiles {
        assert_eq!(reader.tile(tile).unwrap().unwrap(), expected[&tile], "{tile}");
        if tile.level == Level::Hashes(0) {
            let bundle = Tile { level: Level::Entries, ..tile };
            let bytes = reader.tile(bundle).unwrap().unwrap();
            let start = usize::try_from(tile.index).unwrap() * 256;
            let end = start + usize::from(tile.width);
            assert_eq!(parse_bundle(&bytes).unwrap(), leaves[start..end]);
        }
    }
    leaves
}

/// Verifies everything that is stored against everything else: leaves, tiles, bundles, root, signature, proofs.
fn verify_whole(path: &Path, every_proof: bool) -> u64 {
    let reader = LogReader::open(path).unwrap();
    let head = reader.head().unwrap();
    let checkpoint = Checkpoint::open(head.signed.as_bytes(), &verifier()).unwrap();
    assert_eq!(checkpoint, head.checkpoint);
    let size = checkpoint.size;
    let leaves = verify_tiles(&reader, &checkpoint);
    for (index, leaf) in (0..size).zip(&leaves) {
        let parsed = Leaf::parse(leaf).unwrap();
        assert_eq!(reader.index_of(&parsed.env).unwrap(), Some(index));
        let entry = reader.entry(index).unwrap().unwrap();
        assert_eq!(Digest::of(&entry.envelope.unwrap()), parsed.env);
        if every_proof || index % 97 == 0 || index + 2 > size {
            let proof = reader.proof(index).unwrap();
            assert_eq!(proof.extra.as_deref(), Some(leaf.as_slice()));
            assert_eq!(proof.verify(leaf, &verifier()).unwrap().size, size);
        }
    }
    size
}

#[tokio::test]
async fn special_sizes_verify_whole_and_reopen() {
    let bench = Bench::new();
    let mut heads = vec![bench.reader().head().unwrap().checkpoint];
    for size in [0_u64, 1, 2, 3, 255, 256, 257, 511, 512, 513] {
        let held = heads.last().unwrap().size;
        let (writer, mut task) = bench.start();
        if size > held {
            let committed = append_all(&writer, held + 1, size).await;
            assert!(committed.iter().all(|one| one.head.checkpoint.size <= size));
        }
        drop(writer);
        task.ended().await.unwrap();
        assert_eq!(verify_whole(&bench.path(), size < 4), size);
        heads.push(bench.reader().head().unwrap().checkpoint);
    }
    let reader = bench.reader();
    for old in &heads {
        for new in heads.iter().filter(|new| new.size >= old.size) {
            let path = reader.consistency(old.size, new.size).unwrap();
            let (old, new) = ((old.size, &old.root), (new.size, &new.root));
            assert_eq!(verify_consistency(old, new, &path), Ok(()));
        }
    }
    assert!(reader.consistency(0, 514).is_err());
}

#[tokio::test]
async fn partial_tiles_are_served_up_to_the_published_width_only() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    append_all(&writer, 1, 3).await;
    let reader = bench.reader();
    let tile = |level, index, width| reader.tile(Tile { level, index, width }).unwrap();
    let widest = tile(Level::Hashes(0), 0, 3).unwrap();
    let narrow = tile(Level::Hashes(0), 0, 2).unwrap();
    assert_eq!(parse_tile(&widest).unwrap()[..2], parse_tile(&narrow).unwrap());
    assert_eq!(tile(Level::Hashes(0), 0, 4), None);
    assert_eq!(tile(Level::Hashes(0), 0, 256), None);
    assert_eq!(tile(Level::Hashes(1), 0, 1), None);
    assert_eq!(tile(Level::Hashes(0), u64::MAX, 1), None);
    assert_eq!(tile(Level::Hashes(63), 0, 1), None);
    assert_eq!(tile(Level::Entries, 0, 4), None);
    assert!(tile(Level::Entries, 0, 1).is_some());
}

#[tokio::test]
async fn concurrent_appends_get_distinct_indexes_and_valid_receipts() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    let committed = append_all(&writer, 1, 700).await;
    let mut indexes: Vec<u64> = committed.iter().map(|one| one.index).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..700).collect::<Vec<_>>());
    for one in &committed {
        let leaf = one.proof.extra.clone().unwrap();
        assert_eq!(one.proof.index, one.index);
        assert_eq!(one.proof.verify(&leaf, &verifier()).unwrap(), one.head.checkpoint);
    }
    assert_eq!(verify_whole(&bench.path(), false), 700);
    assert_eq!(*writer.sizes().borrow(), 700);
}

#[tokio::test]
async fn what_is_appended_comes_with_the_way_from_the_head_that_its_sender_knows() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    append_all(&writer, 1, 300).await;
    let known = bench.reader().head().unwrap().checkpoint;
    append_all(&writer, 301, 310).await;
    let next = writer.append_after(entry(311), known.size).await.unwrap();
    let new = &next.head.checkpoint;
    let (old, new) = ((known.size, &known.root), (new.size, &new.root));
    assert_eq!((writer.size(), next.consistency.is_empty()), (311, false));
    assert_eq!(verify_consistency(old, new, &next.consistency), Ok(()));
    let again = writer.append_after(entry(311), 311).await.unwrap();
    let beyond = writer.append_after(entry(312), u64::MAX).await.unwrap();
    assert!(again.consistency.is_empty() && beyond.consistency.is_empty());
}

#[tokio::test]
async fn same_place_answers_the_first_index_or_a_conflict() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    let first = writer.append(entry(1)).await.unwrap();
    writer.append(entry(2)).await.unwrap();
    let again = writer.append(entry(1)).await.unwrap();
    assert_eq!((again.index, again.head.checkpoint.size), (first.index, 2));
    let leaf = again.proof.extra.clone().unwrap();
    assert!(again.proof.verify(&leaf, &verifier()).is_ok());
    let other = NewEntry { envelope: b"other".to_vec(), ..entry(1) };
    let held = Digest::of(&entry(1).envelope);
    assert_eq!(writer.append(other).await.unwrap_err(), AppendError::Conflict { held });
    // Another epoch or key is another chain.
    let link = Link { epoch: 2, ..entry(1).link.unwrap() };
    let epoch = NewEntry { link: Some(link), envelope: b"2nd".to_vec(), ..entry(1) };
    assert_eq!(writer.append(epoch).await.unwrap().index, 2);
    assert_eq!(verify_whole(&bench.path(), true), 3);
    let tip = bench.reader().tip(&Digest::of(b"agent"), 1).unwrap().unwrap();
    assert_eq!((tip.seq, tip.index), (2, 1));
}

#[tokio::test]
async fn own_entries_are_never_taken_for_one_another() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    let own = NewEntry { link: None, entry_type: EntryType::Activity, ..entry(1) };
    assert_eq!(writer.append(own.clone()).await.unwrap().index, 0);
    assert_eq!(writer.append(own).await.unwrap().index, 1);
    let held = bench.reader().entries_of(&EntryType::Activity, 1, 9).unwrap();
    assert_eq!(held.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1]);
    let reader = bench.reader();
    assert_eq!(reader.entries_of(&EntryType::Activity, 0, 1).unwrap().len(), 1);
    assert_eq!(reader.last_of(&EntryType::Activity).unwrap().unwrap().index, 1);
    assert_eq!(reader.last_of(&EntryType::Enrol).unwrap(), None);
}

#[tokio::test]
async fn documents_are_kept_once_and_lacking_ones_are_named() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    append_all(&writer, 2, 3).await;
    let reader = bench.reader();
    let (held, strange) = (Digest::of(b"document 1"), Digest::of(b"document 9"));
    assert_eq!(reader.document(&held).unwrap().unwrap(), b"document 1");
    assert_eq!(reader.lacking(&[strange, held]).unwrap(), [strange]);
}

#[tokio::test]
async fn nothing_is_signed_while_the_clock_stands_before_the_last_head() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    writer.append(entry(1)).await.unwrap();
    bench.clock.store(START - 1, Ordering::SeqCst);
    assert_eq!(writer.append(entry(2)).await.unwrap_err(), AppendError::Busy);
    bench.clock.store(START, Ordering::SeqCst);
    assert_eq!(writer.append(entry(2)).await.unwrap().index, 1);
    assert_eq!(verify_whole(&bench.path(), true), 2);
}

#[tokio::test]
async fn a_clock_that_went_backwards_keeps_the_log_from_opening_and_names_the_way_out() {
    let bench = Bench::new();
    let (writer, mut task) = bench.start();
    append_all(&writer, 1, 2).await;
    drop(writer);
    task.ended().await.unwrap();
    bench.clock.store(START - 60_000, Ordering::SeqCst);
    drop(bench.start());
    bench.clock.store(START - 60_001, Ordering::SeqCst);
    let refused = LogWriter::start(bench.settings()).err().unwrap();
    assert!(matches!(refused, LogError::ClockBehind { .. }) && refused.is_fatal());
    let said = refused.to_string();
    assert!(said.contains("set the clock right") && said.contains("init --continues"), "{said}");
}

/// What a failing step does to the writer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// The sender is told to try again, and the next round goes on.
    Retries,
    /// The writer ends; a restart goes on.
    Ends,
}

#[tokio::test]
async fn every_step_that_fails_leaves_a_whole_log() {
    let full = || rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    let io = || rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
    use Moment::{After, Before};
    let table: &[(Step, Moment, Then, Then)] = &[
        // step, when it fails, disk full, I/O error
        (Step::Begin, Before, Then::Retries, Then::Ends),
        (Step::Begin, After, Then::Retries, Then::Ends),
        (Step::Entries, Before, Then::Retries, Then::Ends),
        (Step::Entries, After, Then::Retries, Then::Ends),
        (Step::Erase, Before, Then::Retries, Then::Ends),
        (Step::Erase, After, Then::Retries, Then::Ends),
        (Step::Unbrought, Before, Then::Retries, Then::Ends),
        (Step::Unbrought, After, Then::Retries, Then::Ends),
        (Step::Tiles, Before, Then::Retries, Then::Ends),
        (Step::Tiles, After, Then::Retries, Then::Ends),
        (Step::Recompute, Before, Then::Retries, Then::Ends),
        (Step::Recompute, After, Then::Retries, Then::Ends),
        (Step::Head, Before, Then::Retries, Then::Ends),
        (Step::Head, After, Then::Retries, Then::Ends),
        (Step::Commit, Before, Then::Retries, Then::Ends),
        // Failed, but persisted.
        (Step::Commit, After, Then::Retries, Then::Ends),
    ];
    for &(step, moment, when_full, when_io) in table {
        for (then, error) in [(when_full, full()), (when_io, io())] {
            fails_once(step, moment, then, error).await;
        }
    }
}

async fn fails_once(step: Step, moment: Moment, then: Then, error: rusqlite::ffi::Error) {
    let name = format!("{step:?} {moment:?} {then:?}");
    let bench = Bench::new();
    let (writer, mut task) = bench.start();
    append_all(&writer, 1, 255).await;
    drop(writer);
    task.ended().await.unwrap();
    let before = bench.reader().head().unwrap();

    let armed = AtomicUsize::new(1);
    let hook: Hook = Box::new(move |at, when| {
        let hit = (at, when) == (step, moment) && armed.swap(0, Ordering::SeqCst) == 1;
        if hit {
            Err(LogError::Sqlite(rusqlite::Error::SqliteFailure(error, None)))
        } else {
            Ok(())
        }
    });
    let (mut writer, mut task) = bench.start_with(hook);
    let persisted = (step, moment) == (Step::Commit, Moment::After);
    let answer = writer.append(entry(256)).await;
    match then {
        Then::Retries => assert_eq!(answer.unwrap_err(), AppendError::Busy, "{name}"),
        Then::Ends => {
            assert_eq!(answer.unwrap_err(), AppendError::Stopped, "{name}");
            assert!(task.ended().await.is_err(), "{name}");
            (writer, task) = bench.start();
        }
    }
    let size = verify_whole(&bench.path(), false);
    assert_eq!(size, if persisted { 256 } else { 255 }, "{name}");

    if then == Then::Retries {
        // The answer comes before the reload; the reload is waited for.
        let published = writer.sizes().wait_for(|published| *published == size).await.is_ok();
        assert!(published, "{name}");
    }

    // The same envelope again takes the place it has, and the log goes on across the tile's end.
    assert_eq!(writer.append(entry(256)).await.unwrap().index, 255, "{name}");
    append_all(&writer, 257, 258).await;
    drop(writer);
    task.ended().await.unwrap();
    assert_eq!(verify_whole(&bench.path(), false), 258, "{name}");
    let reader = bench.reader();
    let (after, path) = (reader.head().unwrap(), reader.consistency(255, 258).unwrap());
    let (old, new) = (&before.checkpoint, &after.checkpoint);
    assert_eq!(verify_consistency((old.size, &old.root), (new.size, &new.root), &path), Ok(()));
}

#[tokio::test]
async fn damage_between_two_rounds_is_met_before_anything_is_signed() {
    for damage in [
        "UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT), 'evidence', 'evidencf') AS BLOB) WHERE idx = 2",
        "UPDATE tile SET bytes = zeroblob(length(bytes)) WHERE level = 0",
        "DELETE FROM leaf WHERE idx = 1",
        "DELETE FROM tile",
        "DELETE FROM head WHERE size = 3",
    ] {
        let bench = Bench::new();
        let (writer, mut task) = bench.start();
        append_all(&writer, 1, 3).await;
        drop(writer);
        task.ended().await.unwrap();
        let conn = rusqlite::Connection::open(bench.path()).unwrap();
        conn.execute("DELETE FROM head WHERE size BETWEEN 1 AND 2", []).unwrap();
        conn.execute(damage, []).unwrap();
        let refused = LogWriter::start(bench.settings());
        assert!(matches!(refused, Err(LogError::Damaged(_))), "{damage}");
    }
}

#[test]
fn another_key_or_origin_is_refused_at_start() {
    let bench = Bench::new();
    let key = Settings { key: SecretKey::from_seed(&[2; 32]), ..bench.settings() };
    assert!(matches!(LogWriter::start(key), Err(LogError::Foreign(_))));
    let origin = Settings { origin: "log.example/2".into(), ..bench.settings() };
    assert!(matches!(LogWriter::start(origin), Err(LogError::Foreign(_))));
    assert!(matches!(create(&bench.settings()), Err(LogError::Exists(_))));
    let nothing = bench.dir.path().join("nothing.db");
    assert!(LogReader::open(&nothing).is_err());
}

#[test]
fn a_data_directory_has_one_collector() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let first = Lock::take(&path).unwrap();
    assert!(matches!(Lock::take(&path), Err(LogError::Locked(_))));
    drop(first);
    assert!(Lock::take(&path).is_ok());
}

#[tokio::test]
async fn a_second_writer_is_met_at_the_commit() {
    let bench = Bench::new();
    let (one, mut task) = bench.start();
    let (two, _task) = bench.start();
    two.append(entry(1)).await.unwrap();
    assert_eq!(one.append(entry(2)).await.unwrap_err(), AppendError::Stopped);
    assert!(matches!(task.ended().await, Err(LogError::Moved { expected: 0, found: 1 })));
    assert_eq!(verify_whole(&bench.path(), true), 1);
}
