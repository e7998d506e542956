//! The bound, the full disk, and what stands after each.

use exhibit_proto::keys::SecretKey;
use exhibit_proto::statement::Observed;

use super::*;
use crate::host::Moment;
use crate::seal::{Report, Sealer};

fn sealer() -> Sealer {
    Sealer {
        key: SecretKey::from_seed(&[3; 32]),
        agent: "agent-1".to_owned(),
        epoch: 1,
        binary: Digest::ZERO,
        configuration: Digest::ZERO,
        vetoes: exhibit_proto::statement::Vetoes::default(),
    }
}

fn document(kind: &str, size: usize, letter: &str) -> SealedDocument {
    let bytes = letter.repeat(size);
    let observed = Observed {
        kind: kind.parse().unwrap(),
        target: "host:a".parse().unwrap(),
        digest: Digest::of(bytes.as_bytes()),
        size: u64::try_from(size).unwrap(),
        method: Vec::new(),
        privileges: String::new(),
        rows: None,
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: String::new(),
        duration_ms: 0,
    };
    SealedDocument { bytes, observed }
}

fn append(
    spool: &Spool,
    documents: &[SealedDocument],
    told: &[Digest],
) -> Result<Vec<Sealed>, SpoolError> {
    let report = Report {
        started: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        plugins: Vec::new(),
        documents: documents.iter().map(|document| document.observed.clone()).collect(),
        outcomes: Vec::new(),
    };
    let batch = Batch { documents, ran: &[], told, begins: None };
    let moment = Moment::at(Timestamp::UNIX_EPOCH);
    spool.append(&batch, |place| sealer().run(place, &moment, &report))
}

fn open(dir: &Path, bounds: Bounds) -> Spool {
    Spool::open(&dir.join("spool.db"), "agent-1", bounds).unwrap()
}

#[test]
fn above_the_bound_the_largest_documents_go_and_every_statement_stays() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), Bounds::of(50_000));
    append(&spool, &[document("a.small", 5_000, "s"), document("a.large", 30_000, "l")], &[])
        .unwrap();
    assert_eq!(spool.dropped().unwrap(), 0);
    let last = append(&spool, &[document("a.medium", 20_000, "m")], &[]).unwrap();
    let untold = spool.untold().unwrap();
    assert_eq!(untold.len(), 1);
    assert_eq!((untold[0].kind.as_str(), untold[0].size), ("a.large", 30_000));
    assert_eq!(spool.document(&Digest::of("l".repeat(30_000).as_bytes())).unwrap(), None);
    assert!(spool.document(&Digest::of("s".repeat(5_000).as_bytes())).unwrap().is_some());
    assert_eq!((spool.items().unwrap(), spool.place().unwrap().prev), (2, last[0].digest));
    append(&spool, &[], &[untold[0].digest]).unwrap();
    assert_eq!((spool.untold().unwrap().len(), spool.dropped().unwrap()), (0, 1));
}

#[test]
fn statements_alone_above_the_bound_stop_new_runs_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), Bounds::of(4_000));
    let mut sealed = Vec::new();
    let error = loop {
        match append(&spool, &[], &[]) {
            Ok(statements) => sealed.extend(statements),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, SpoolError::Full { .. }), "{error}");
    assert!(error.to_string().contains("spool.max_bytes"), "{error}");
    let place = spool.place().unwrap();
    assert_eq!(place.prev, sealed.last().unwrap().digest);
    assert_eq!(spool.items().unwrap(), u64::try_from(sealed.len()).unwrap());
}

#[test]
fn a_full_disk_is_an_error_that_leaves_the_spool_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), Bounds { max_bytes: 1 << 30, file_bytes: 400 << 10 });
    append(&spool, &[document("a.small", 5_000, "s")], &[]).unwrap();
    let before = spool.place().unwrap();
    let error = append(&spool, &[document("a.large", 1 << 20, "l")], &[]).unwrap_err();
    assert!(matches!(&error, SpoolError::Full { .. }), "{error}");
    assert_eq!(spool.place().unwrap(), before);
    assert_eq!(spool.items().unwrap(), 1);
    append(&spool, &[document("a.small", 5_001, "s")], &[]).unwrap();
    drop(spool);
    let again = open(dir.path(), Bounds::of(1 << 30));
    assert_eq!(again.place().unwrap().seq, before.seq + 1);
}

#[test]
fn the_spool_of_another_agent_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), Bounds::of(1 << 20)));
    let other = Spool::open(&dir.path().join("spool.db"), "agent-2", Bounds::of(1 << 20));
    assert!(matches!(other, Err(SpoolError::Foreign { .. })));
}

#[test]
fn the_file_gives_its_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), Bounds::of(64 << 20));
    append(&spool, &[document("a.large", 8 << 20, "l")], &[]).unwrap();
    let path = dir.path().join("spool.db");
    spool.exec("DELETE FROM document", []).unwrap();
    for _ in 0..64 {
        append(&spool, &[], &[]).unwrap();
    }
    spool.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(())).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 2 << 20, "{size}");
}

#[test]
fn a_disk_too_full_for_the_index_of_the_log_is_told_as_full() {
    let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(4874), None);
    let error = super::database::failed(std::path::Path::new("spool.db"), source);
    assert!(matches!(&error, SpoolError::Full { .. }), "{error}");
    let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(10), None);
    let error = super::database::failed(std::path::Path::new("spool.db"), source);
    assert!(matches!(&error, SpoolError::Database { .. }), "{error}");
}

#[test]
fn a_statement_is_packed_against_the_last_of_its_kinds_and_key_or_else_the_longest() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), Bounds::of(1 << 20));
    let seal = |kinds: &[&str]| {
        let documents: Vec<_> = kinds.iter().map(|kind| document(kind, 10, kind)).collect();
        append(&spool, &documents, &[]).unwrap();
        spool.next().unwrap().unwrap()
    };
    let keep = |item: &Item| {
        spool.keep_base(&spool.class(item).unwrap(), item).unwrap();
        spool.exec("DELETE FROM item", []).unwrap();
        spool.exec("DELETE FROM item_document", []).unwrap();
    };
    let against = |item: &Item| spool.base(item).unwrap().map(|base| base.digest);
    let hourly = seal(&["a.one"]);
    assert_eq!(against(&hourly), None);
    keep(&hourly);
    let daily = seal(&["a.one", "a.two"]);
    assert_eq!(against(&daily), Some(hourly.digest));
    keep(&daily);
    let next = seal(&["a.one"]);
    assert_eq!(against(&next), Some(hourly.digest));
    // Another key's statements are nothing to it.
    let other = Item { key: SecretKey::from_seed(&[4; 32]).public().id(), ..next.clone() };
    assert_eq!(against(&other), None);
    keep(&next);
    let third = seal(&["a.three"]);
    assert_eq!(against(&third), Some(daily.digest));
    let base = spool.base(&third).unwrap().unwrap();
    let envelope = Envelope::parse(&daily.envelope).unwrap();
    assert_eq!(base.payload, envelope.unverified_payload().unwrap());
    keep(&third);
    // Classes are bounded: the oldest goes, and what the newest key says drives out all others.
    for number in 0..8 {
        keep(&seal(&[&format!("a.{number}x")]));
    }
    let all = || {
        let mut count = spool.db.prepare("SELECT count(*) FROM base").unwrap();
        count.query_row([], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(all(), 8);
    keep(&Item { key: other.key, ..seal(&["a.one"]) });
    assert_eq!(all(), 1);
    spool.forget_bases().unwrap();
    assert_eq!(all(), 0);
}
