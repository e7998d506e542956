//! What somebody who holds the bundle can change, with a list of digests that fits.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use exhibit_proto::digest::Digest;
use exhibit_proto::tiles::parse_bundle;
use exhibit_verifier::report::{Check, State};
use support::{Files, Place, World, failed_in, first, key, log_key, manifest, problems};

fn swap(files: &mut Files, one: &str, two: &str) {
    let (a, b) = (files[one].clone(), files[two].clone());
    files.insert(one.into(), b);
    files.insert(two.into(), a);
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
