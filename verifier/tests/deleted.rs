//! Documents that were deleted: what the log says of it is told, and nothing else excuses a document that is missing.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::bundle::{self, Absence};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Deleted, Statement, TOMBSTONE, Tombstone};
use exhibit_verifier::report::{Check, State};
use exhibit_verifier::show;
use support::{Files, Place, World, agent_key, manifest};

fn stone(digest: Digest) -> Statement<Tombstone> {
    let (kind, target) = ("patch.status".parse().unwrap(), "host:a".parse().unwrap());
    let gone = Deleted { digest, kind, target, stored: 2, last: 2 };
    let tombstone = Tombstone {
        rule: "patch.status 400 days".into(),
        approver: "dpo".into(),
        reason: "its time had come".into(),
        documents: vec![gone],
    };
    Statement::new(TOMBSTONE, Vec::new(), tombstone)
}

/// The bundle without the first document, as an export of a collector that does not hold it.
fn without_first(world: &World) -> Files {
    let digest = Digest::of(world.documents[0].as_bytes());
    let mut files = world.files();
    files.remove(&bundle::document(&digest)).unwrap();
    manifest(&mut files, |manifest| {
        for listed in manifest.items.iter_mut().flat_map(|item| &mut item.documents) {
            if listed.digest == digest {
                listed.absent = Some(Absence::NotHeld);
            }
        }
    });
    files
}

fn told(files: &Files) -> (State, Vec<String>, String) {
    let report = Place::new(files).report();
    let findings = report.items.iter().flat_map(|item| &item.findings);
    let documents = findings.filter(|found| found.check == Check::Documents);
    let details = documents.map(|found| format!("{:?} {}", found.state, found.detail)).collect();
    (report.state, details, show::summary(&report))
}

#[test]
fn a_deleted_document_is_not_checked_and_the_tombstone_says_why() {
    let mut world = World::honest();
    let digest = Digest::of(world.documents[0].as_bytes());
    world.own(EntryType::Tombstone, &stone(digest));
    let (state, details, _) = told(&without_first(&world));
    assert_eq!(state, State::NotChecked, "{details:?}");
    assert_eq!(details.len(), 1, "{details:?}");
    for part in
        ["NotChecked", "deleted under the rule \"patch.status 400 days\" by dpo at", "entry 5"]
    {
        assert!(details[0].contains(part), "{details:?} lacks {part}");
    }
}

#[test]
fn a_missing_document_without_its_file_fails_tombstone_or_not() {
    let mut world = World::honest();
    let digest = Digest::of(world.documents[0].as_bytes());
    world.own(EntryType::Tombstone, &stone(digest));
    let mut files = world.files();
    files.remove(&bundle::document(&digest)).unwrap();
    let (state, details, _) = told(&files);
    assert_eq!(state, State::Failed);
    assert!(details[0].starts_with("Failed"), "{details:?}");
}

#[test]
fn a_tombstone_of_another_document_an_earlier_one_and_a_forged_one_excuse_nothing() {
    let unexplained = |details: &[String]| {
        details.iter().all(|said| said.contains("no entry of the bundle says"))
    };
    let digest = Digest::of(World::honest().documents[0].as_bytes());

    let mut other = World::honest();
    other.own(EntryType::Tombstone, &stone(Digest::of(b"another")));
    let (_, details, _) = told(&without_first(&other));
    assert!(unexplained(&details), "{details:?}");

    let mut early = World::honest();
    early.own(EntryType::Tombstone, &stone(digest));
    // The same document again, after its tombstone: the tombstone is about what was before.
    let first = early.documents[0].clone();
    early.evidence(&agent_key(), |run| {
        run.documents[0].digest = Digest::of(first.as_bytes());
        run.documents[0].size = first.len() as u64;
    });
    let (_, details, _) = told(&without_first(&early));
    assert_eq!(
        details.iter().filter(|said| said.contains("deleted under")).count(),
        1,
        "{details:?}"
    );
    assert_eq!(
        details.iter().filter(|said| said.contains("no entry of the bundle")).count(),
        1,
        "{details:?}"
    );

    let mut forged = World::honest();
    forged.own(EntryType::Tombstone, &stone(digest));
    let at = forged.entries.len() - 1;
    forged.entries[at].envelope = stone(digest).seal(&agent_key()).unwrap();
    let (state, details, _) = told(&without_first(&forged));
    assert_eq!(state, State::Failed);
    assert!(unexplained(&details), "{details:?}");
}
