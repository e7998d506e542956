//! A receipt is believed for our leaf, under our log's key, in a log that continues the one we know; never otherwise.

use exhibit_proto::keys::SecretKey;
use exhibit_proto::merkle::{leaf_hash, node_hash};
use exhibit_proto::note::Verifier;

use super::*;

struct World {
    log: SecretKey,
    verifier: Verifier,
    ours: Expected,
    leaf: Leaf,
}

fn world() -> World {
    let log = SecretKey::from_seed(&[1; 32]);
    let verifier = Verifier::new("log.example/1", log.public()).unwrap();
    let link = Link { epoch: 1, seq: 7, prev: Digest::of(b"prev") };
    let (envelope, key) = (Digest::of(b"envelope"), Digest::of(b"key"));
    let rx = "2026-11-22T10:00:00.000Z".to_owned();
    let leaf = Leaf { v: 1, t: EntryType::Evidence, env: envelope, key, link: Some(link), rx };
    let ours = Expected { envelope, key, link, entry: EntryType::Evidence };
    World { log, verifier, ours, leaf }
}

impl World {
    /// A log of two: something, then `leaf`.
    fn proof(&self, leaf: &Leaf, key: &SecretKey) -> (Vec<u8>, Checkpoint) {
        let bytes = leaf.write().into_bytes();
        let first = leaf_hash(b"first");
        let root = node_hash(&first, &leaf_hash(&bytes));
        let checkpoint = Checkpoint { origin: "log.example/1".into(), size: 2, root };
        let signed = checkpoint.sign(key).unwrap();
        let proof =
            TlogProof { extra: Some(bytes), index: 1, path: vec![first], checkpoint: signed };
        (proof.to_text().into_bytes(), checkpoint)
    }

    fn known(&self) -> Checkpoint {
        Checkpoint { origin: "log.example/1".into(), size: 1, root: leaf_hash(b"first") }
    }
}

#[test]
fn a_true_receipt_is_believed() {
    let world = world();
    let (proof, checkpoint) = world.proof(&world.leaf, &world.log);
    let consistency = [leaf_hash(world.leaf.write().as_bytes())];
    for (known, path) in [(None, &consistency[..0]), (Some(world.known()), &consistency[..])] {
        let found =
            verify(&proof, path, &world.ours, &world.verifier.clone().into(), known.as_ref())
                .unwrap();
        assert_eq!((found.index, found.checkpoint), (1, checkpoint.clone()));
    }
}

#[test]
fn a_receipt_for_another_leaf_is_refused() {
    let world = world();
    let link = world.leaf.link.unwrap();
    let lies = [
        Leaf { env: Digest::of(b"other"), ..world.leaf.clone() },
        Leaf { key: Digest::of(b"other"), ..world.leaf.clone() },
        Leaf { link: Some(Link { seq: 8, ..link }), ..world.leaf.clone() },
        Leaf { link: Some(Link { epoch: 2, ..link }), ..world.leaf.clone() },
        Leaf { link: Some(Link { prev: Digest::ZERO, ..link }), ..world.leaf.clone() },
        Leaf { link: None, ..world.leaf.clone() },
        Leaf { t: EntryType::Heartbeat, ..world.leaf.clone() },
    ];
    for lie in lies {
        let (proof, _) = world.proof(&lie, &world.log);
        let found = verify(&proof, &[], &world.ours, &world.verifier.clone().into(), None);
        assert!(matches!(found, Err(ReceiptError::Leaf { .. })), "{lie:?}: {found:?}");
    }
}

#[test]
fn a_receipt_from_another_log_or_with_another_leaf_in_the_tree_is_refused() {
    let world = world();
    let (proof, _) = world.proof(&world.leaf, &SecretKey::from_seed(&[2; 32]));
    let found = verify(&proof, &[], &world.ours, &world.verifier.clone().into(), None);
    assert!(matches!(found, Err(ReceiptError::Proof(_))), "{found:?}");
    let later = Leaf { rx: "2027-11-22T10:00:00.000Z".to_owned(), ..world.leaf.clone() };
    let (proof, _) = world.proof(&later, &world.log);
    let mut swapped = TlogProof::parse(&proof).unwrap();
    swapped.extra = Some(world.leaf.write().into_bytes());
    let found = verify(
        swapped.to_text().as_bytes(),
        &[],
        &world.ours,
        &world.verifier.clone().into(),
        None,
    );
    assert!(matches!(found, Err(ReceiptError::Proof(_))), "{found:?}");
    assert!(matches!(
        verify(b"nonsense", &[], &world.ours, &world.verifier.clone().into(), None),
        Err(ReceiptError::Malformed(_))
    ));
}

#[test]
fn a_head_that_does_not_continue_the_known_one_is_a_fork() {
    let world = world();
    let (proof, _) = world.proof(&world.leaf, &world.log);
    let consistency = [leaf_hash(world.leaf.write().as_bytes())];
    let other = Checkpoint { root: leaf_hash(b"other first"), ..world.known() };
    let longer = Checkpoint { size: 3, ..world.known() };
    let same = Checkpoint { size: 2, ..world.known() };
    for (known, path) in
        [(other, &consistency[..]), (world.known(), &[]), (longer, &[]), (same, &[])]
    {
        let found = verify(&proof, path, &world.ours, &world.verifier.clone().into(), Some(&known));
        assert!(matches!(found, Err(ReceiptError::Fork { .. })), "{known:?}: {found:?}");
    }
}
