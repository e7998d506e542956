//! Rows that vanish behind the collector's back, beside documents that never came and documents that were deleted.

use super::super::*;
use super::{filled, run};
use crate::log::tests::{Bench, entry, verifier};
use crate::log::{Absence, LogWriter, NewEntry, Unbrought};

/// What `entry` brings, by the number in its envelope.
fn by_number(_type: &str, envelope: &[u8]) -> Vec<Named> {
    let text = String::from_utf8_lossy(envelope);
    let number: Option<u64> = text.strip_prefix("envelope ").and_then(|seq| seq.parse().ok());
    let named = number.map(|seq| Named { digest: document(seq), what: format!("number {seq}") });
    named.into_iter().collect()
}

fn document(seq: u64) -> Digest {
    Digest::of(format!("document {}", seq / 2).as_bytes())
}

fn looked(bench: &Bench) -> Vec<Damage> {
    let scrub = Scrub::new(bench.reader(), verifier(), by_number);
    let plan = scrub.plan().unwrap();
    (0..plan.slices()).flat_map(|number| scrub.slice(&plan, number).unwrap()).collect()
}

/// The lost ones, by number of the document and first entry.
fn lost(bench: &Bench) -> Vec<(Digest, u64)> {
    let found = Scrub::new(bench.reader(), verifier(), by_number).lost().unwrap();
    let of = |lost: Lost| (lost.named.digest, lost.index);
    found.into_iter().map(of).collect()
}

async fn append(writer: &LogWriter, seq: u64, documents: &[&str], unbrought: Unbrought) -> u64 {
    let documents = documents.iter().map(|text| text.as_bytes().to_vec()).collect();
    writer.append(NewEntry { documents, unbrought, ..entry(seq) }).await.unwrap().index
}

fn gone(seq: u64) -> Unbrought {
    Unbrought { gone: vec![document(seq)], ..Unbrought::default() }
}

#[tokio::test]
async fn a_row_that_is_gone_is_named_with_its_first_entry_and_nothing_else_is() {
    let bench = filled(600).await;
    assert_eq!(looked(&bench), []);
    run(&bench, "DELETE FROM document WHERE bytes = CAST('document 70' AS BLOB)");
    // Numbers count from 1, indexes from 0.
    assert_eq!(lost(&bench), [(document(140), 139)]);
    let found = looked(&bench);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].part, found[0].name.as_str()),
        (Part::LostDocument, &*document(140).to_string())
    );
    assert!(found[0].detail.starts_with("entry 139 names it (number 140)"), "{}", found[0].detail);
}

#[tokio::test]
async fn what_never_came_is_no_damage_until_it_came_and_went() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    append(&writer, 2, &[], gone(2)).await;
    assert_eq!(looked(&bench), []);
    assert_eq!(bench.reader().absence(&document(2), 0).unwrap(), Some(Absence::NeverCame));
    append(&writer, 3, &["document 1"], Unbrought::default()).await;
    assert_eq!(bench.reader().absence(&document(2), 0).unwrap(), None);
    run(&bench, "DELETE FROM document");
    assert_eq!(lost(&bench), [(document(2), 0)]);
    // Its agent cannot bring it again: that makes the loss no better.
    append(&writer, 4, &["document 2"], gone(2)).await;
    assert_eq!(bench.reader().absence(&document(2), 2).unwrap(), Some(Absence::NeverCame));
    assert_eq!(lost(&bench), [(document(2), 0)]);
}

#[tokio::test]
async fn what_a_tombstone_took_is_no_damage_also_for_what_leaned_on_it_meanwhile() {
    let bench = Bench::new();
    let (writer, _task) = bench.start();
    append(&writer, 2, &["document 1"], Unbrought::default()).await;
    let stone = NewEntry {
        entry_type: exhibit_proto::leaf::EntryType::Tombstone,
        link: None,
        envelope: b"stone".to_vec(),
        documents: vec![],
        erases: vec![document(2)],
        ..entry(9)
    };
    assert_eq!(writer.append(stone).await.unwrap().index, 1);
    // Its sender asked while the document was held, and came after the tombstone.
    let held = Unbrought { held: vec![document(2)], size: 1, ..Unbrought::default() };
    assert_eq!(append(&writer, 3, &[], held.clone()).await, 2);
    let reader = bench.reader();
    assert_eq!(reader.absence(&document(2), 0).unwrap(), Some(Absence::Deleted));
    assert_eq!(reader.absence(&document(2), 2).unwrap(), Some(Absence::NeverCame));
    assert_eq!(looked(&bench), []);
    // Whoever asked after the tombstone was not told that it is held.
    let later = Unbrought { size: 3, ..held };
    append(&writer, 30, &[], Unbrought { held: vec![document(30)], ..later }).await;
    assert_eq!(lost(&bench), [(document(30), 3)]);
}

#[tokio::test]
async fn a_store_of_an_older_version_is_judged_from_its_upgrade_on() {
    let bench = filled(4).await;
    run(
        &bench,
        "DROP TABLE unbrought; DROP TABLE unbrought_since; DROP TABLE erased; DELETE FROM document",
    );
    assert_eq!(looked(&bench), []);
    assert_eq!(bench.reader().recorded_since().unwrap(), u64::MAX);
    let (writer, _task) = bench.start();
    assert_eq!(bench.reader().recorded_since().unwrap(), 4);
    assert_eq!(bench.reader().absence(&document(2), 1).unwrap(), Some(Absence::Unrecorded));
    append(&writer, 6, &["document 3"], Unbrought::default()).await;
    run(&bench, "DELETE FROM document");
    assert_eq!(lost(&bench), [(document(6), 4)]);
}

#[tokio::test]
async fn what_is_put_back_is_lost_no_more() {
    let bench = filled(10).await;
    run(&bench, "DELETE FROM document WHERE bytes = CAST('document 3' AS BLOB)");
    let [(digest, index)] = lost(&bench)[..] else { panic!() };
    crate::log::put_back(&bench.path(), &[(index, b"document 3".to_vec())]).unwrap();
    assert_eq!(looked(&bench), []);
    assert_eq!(bench.reader().stored(&digest).unwrap(), Some(5));
}

#[test]
fn a_lost_document_is_told_once_however_many_slices_name_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = ScrubStore::open(&dir.path().join("scrub.db")).unwrap();
    store.begin(&Plan { size: 600, documents: 20 }, "2026-01-01T00:00:00.000Z").unwrap();
    let lost = |index| Lost { index, named: by_number("", b"envelope 8").remove(0) }.damage();
    assert_eq!(store.advance(&[lost(7)], "2026-01-01T00:00:01.000Z").unwrap(), [true]);
    assert_eq!(store.advance(&[lost(300)], "2026-01-01T00:00:02.000Z").unwrap(), [false]);
    let standing = store.standing().unwrap();
    assert_eq!(standing.damage.len(), 1);
    assert!(standing.damage[0].detail.starts_with("entry 7 "));
    assert_eq!(standing.damage[0].seen, "2026-01-01T00:00:02.000Z");
}
