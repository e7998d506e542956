//! Bytes are flipped in a real database; each must be found and named.

mod lost;

use rusqlite::Connection;

use super::*;
use crate::log::tests::{Bench, append_all, verifier};

fn nothing(_type: &str, _envelope: &[u8]) -> Vec<Named> {
    Vec::new()
}

async fn filled(size: u64) -> Bench {
    let bench = Bench::new();
    let (writer, mut task) = bench.start();
    append_all(&writer, 1, size).await;
    drop(writer);
    task.ended().await.unwrap();
    bench
}

fn whole(bench: &Bench) -> Vec<Damage> {
    let scrub = Scrub::new(bench.reader(), verifier(), nothing);
    let plan = scrub.plan().unwrap();
    let found = (0..plan.slices()).flat_map(|number| scrub.slice(&plan, number).unwrap());
    found.collect()
}

/// Flips one bit of a stored value.
fn flip(bench: &Bench, table: &str, column: &str, row: &str) {
    let conn = Connection::open(bench.path()).unwrap();
    let sql = format!("SELECT rowid, CAST({column} AS BLOB) FROM {table} WHERE {row}");
    let (id, mut bytes): (i64, Vec<u8>) =
        conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let cast = if column == "signed" { "CAST(?1 AS TEXT)" } else { "?1" };
    let sql = format!("UPDATE {table} SET {column} = {cast} WHERE rowid = ?2");
    assert_eq!(conn.execute(&sql, rusqlite::params![bytes, id]).unwrap(), 1);
}

fn run(bench: &Bench, sql: &str) {
    Connection::open(bench.path()).unwrap().execute_batch(sql).unwrap();
}

fn named(found: &[Damage]) -> Vec<(Part, &str)> {
    found.iter().map(|damage| (damage.part, damage.name.as_str())).collect()
}

#[tokio::test]
async fn a_whole_log_is_found_whole_at_every_edge() {
    for size in [0, 1, 255, 256, 257, 600] {
        assert_eq!(whole(&filled(size).await), [], "{size}");
    }
}

#[tokio::test]
async fn one_bit_of_each_part_is_found_and_named() {
    let cases: [(&str, &str, &str, Part, &str); 6] = [
        ("leaf", "bytes", "idx = 3", Part::Leaf, "3"),
        ("leaf", "bytes", "idx = 299", Part::Leaf, "299"),
        ("tile", "bytes", "level = 0 AND idx = 0", Part::Tile, "tile/0/000"),
        ("tile", "bytes", "level = 0 AND idx = 1", Part::Tile, "tile/0/001.p/44"),
        ("tile", "bytes", "level = 1", Part::Tile, "tile/0/000"),
        ("head", "signed", "size = 300", Part::Head, "300"),
    ];
    for (table, column, row, part, name) in cases {
        let bench = filled(300).await;
        flip(&bench, table, column, row);
        let found = whole(&bench);
        assert!(named(&found).contains(&(part, name)), "{table} {row}: {found:?}");
        let leaves = found.iter().filter(|damage| damage.part == Part::Leaf);
        assert_eq!(leaves.count() > 0, part == Part::Leaf, "{table} {row}: {found:?}");
    }
    let bench = filled(300).await;
    flip(&bench, "envelope", "bytes", "bytes = CAST('envelope 7' AS BLOB)");
    assert_eq!(named(&whole(&bench)), [(Part::Envelope, &*Digest::of(b"envelope 7").to_string())]);
    let bench = filled(300).await;
    flip(&bench, "document", "bytes", "bytes = CAST('document 70' AS BLOB)");
    assert_eq!(named(&whole(&bench)), [(Part::Document, &*Digest::of(b"document 70").to_string())]);
}

#[tokio::test]
async fn what_is_gone_or_astray_is_named() {
    for (sql, part, name) in [
        ("DELETE FROM leaf WHERE idx = 5", Part::Leaf, "5"),
        ("DELETE FROM link WHERE idx = 6", Part::Leaf, "6"),
        ("UPDATE leaf SET type = 'enrol' WHERE idx = 7", Part::Leaf, "7"),
        ("DELETE FROM tile WHERE level = 0 AND idx = 0", Part::Tile, "tile/0/000"),
        ("DELETE FROM tile WHERE level = 1", Part::Tile, "tile/1/000.p/1"),
        ("DELETE FROM head WHERE size = 0", Part::Head, "0"),
        (
            "UPDATE leaf SET bytes = (SELECT bytes FROM leaf WHERE idx = 8) WHERE idx = 9",
            Part::Leaf,
            "9",
        ),
    ] {
        let bench = filled(300).await;
        run(&bench, sql);
        let found = whole(&bench);
        assert!(named(&found).contains(&(part, name)), "{sql}: {found:?}");
    }
    // A leaf and its tile made to agree still do not lead to a signed root.
    let bench = filled(3).await;
    flip(&bench, "leaf", "bytes", "idx = 1");
    let conn = Connection::open(bench.path()).unwrap();
    let leaf: Vec<u8> =
        conn.query_row("SELECT bytes FROM leaf WHERE idx = 1", [], |row| row.get(0)).unwrap();
    let mut tile: Vec<u8> = conn.query_row("SELECT bytes FROM tile", [], |row| row.get(0)).unwrap();
    tile[32..64].copy_from_slice(leaf_hash(&leaf).as_bytes());
    conn.execute("UPDATE tile SET bytes = ?1", [tile]).unwrap();
    assert!(whole(&bench).iter().any(|damage| damage.name.starts_with("tree of size")));
}

#[tokio::test]
async fn pages_that_sqlite_cannot_read_are_damage_and_do_not_end_the_pass() {
    let bench = filled(600).await;
    let conn = Connection::open(bench.path()).unwrap();
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(conn);
    let mut bytes = std::fs::read(bench.path()).unwrap();
    let reader = bench.reader();
    let scrub = Scrub::new(reader, verifier(), nothing);
    let plan = scrub.plan().unwrap();
    assert_eq!(scrub.integrity().unwrap(), []);
    // The first leaves stand in a page of their own: spoil its kind.
    let needle =
        crate::log::LogReader::open(&bench.path()).unwrap().leaves(0..1).unwrap().remove(0);
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    let page = at / 4096 * 4096;
    bytes[page] = 0xff;
    std::fs::write(bench.path(), bytes).unwrap();
    let scrub = Scrub::new(bench.reader(), verifier(), nothing);
    let found = scrub.slice(&plan, 0).unwrap();
    assert!(matches!(found.as_slice(), [Damage { part: Part::Database, .. }]), "{found:?}");
    let heads = plan.tiles();
    assert_eq!(scrub.slice(&plan, heads).unwrap(), []);
    assert!(!scrub.integrity().unwrap().is_empty());
}

#[tokio::test]
async fn a_pass_is_spread_over_its_period_and_tells_new_damage_once() {
    let bench = filled(600).await;
    flip(&bench, "envelope", "bytes", "bytes = CAST('envelope 7' AS BLOB)");
    let scrub = Scrub::new(bench.reader(), verifier(), nothing);
    let store = ScrubStore::open(&bench.path().with_file_name("scrub.db")).unwrap();
    let period = std::time::Duration::from_secs(2400);
    let mut now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut told = Vec::new();
    let mut begun = Vec::new();
    while begun.len() < 3 {
        let before = store.standing().unwrap();
        let (rest, new) = scrub.step(&store, period, now).unwrap();
        told.extend(new);
        now += rest;
        let after = store.standing().unwrap().running;
        if let (None, Some(running)) = (before.running, after) {
            begun.push(running.started.parse().unwrap());
        }
    }
    let spans: Vec<i64> = begun
        .windows(2)
        .map(|two: &[jiff::Timestamp]| two[1].duration_since(two[0]).as_secs())
        .collect();
    assert_eq!(spans, [2400, 2400]);
    assert_eq!(named(&told), [(Part::Envelope, &*Digest::of(b"envelope 7").to_string())]);
    let standing = store.standing().unwrap();
    assert!(standing.to_string().starts_with("DAMAGED, 1 things, first: envelope"), "{standing}");
}

#[test]
fn a_pass_goes_on_where_it_stopped_and_forgets_what_was_mended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scrub.db");
    let (plan, damage) = (Plan { size: 600, documents: 20 }, leaf(5, "is missing"));
    assert_eq!(plan.slices(), 3 + 1 + 2);
    let store = ScrubStore::open(&path).unwrap();
    store.begin(&plan, "2026-01-01T00:00:00.000Z").unwrap();
    let one = std::slice::from_ref(&damage);
    assert_eq!(store.advance(one, "2026-01-01T00:00:01.000Z").unwrap(), [true]);
    assert_eq!(store.advance(one, "2026-01-01T00:00:02.000Z").unwrap(), [false]);
    drop(store);
    let store = ScrubStore::open(&path).unwrap();
    let standing = store.standing().unwrap();
    let running = standing.running.unwrap();
    assert_eq!((running.plan, running.done, running.slices), (plan, 2, 6));
    assert_eq!(standing.damage[0].first, "2026-01-01T00:00:01.000Z");
    store.finish("2026-01-02T00:00:00.000Z").unwrap();
    assert_eq!(store.standing().unwrap().damage.len(), 1);
    store.begin(&plan, "2026-01-03T00:00:00.000Z").unwrap();
    store.finish("2026-01-04T00:00:00.000Z").unwrap();
    let standing = store.standing().unwrap();
    assert_eq!((standing.running, standing.damage), (None, Vec::new()));
    assert_eq!(standing.last.unwrap().finished, "2026-01-04T00:00:00.000Z");
}
