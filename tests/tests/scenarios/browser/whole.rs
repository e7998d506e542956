//! A whole log as the entry bundles of a folder, with one revocation in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::merkle::leaf_hash;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{REVOKE, Revoke, Statement};
use exhibit_proto::tiles::{Edge, Level, Tile, WIDTH, bundle, width};
use serde_json::{Map, Value, json};

/// Where the revocation stands.
pub(super) const REVOKED: usize = 2;

pub(super) fn log(size: usize) -> Value {
    let log = SecretKey::from_seed(&[1; 32]);
    let key = SecretKey::from_seed(&[2; 32]).public().id();
    let (agent, by, reason) = ("agent-1".into(), "admin".into(), "lost".into());
    let envelope = Statement::new(REVOKE, Vec::new(), Revoke { agent, key, by, reason });
    let envelope = envelope.seal(&log).unwrap();
    let leaf = |number: usize| {
        let revokes = number == REVOKED;
        let t = if revokes { EntryType::Revoke } else { EntryType::Activity };
        let env = if revokes { Digest::of(&envelope) } else { Digest::of(&number.to_be_bytes()) };
        let rx = "2026-11-22T10:00:00.000Z".to_owned();
        Leaf { v: 1, t, env, key: log.public().id(), link: None, rx }.write().into_bytes()
    };
    let leaves: Vec<Vec<u8>> = (0..size).map(leaf).collect();
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.push(leaf_hash(leaf), &mut |_, _| {}));
    let mut files = Map::new();
    for (index, part) in (0..).zip(leaves.chunks(usize::try_from(WIDTH).unwrap())) {
        let level = Level::Entries;
        let tile = Tile { level, index, width: width(level, index, size as u64) };
        let bytes = bundle(part.iter().map(Vec::as_slice)).unwrap();
        files.insert(tile.to_string(), STANDARD.encode(bytes).into());
    }
    files.insert(
        format!("envelopes/{}.json", Digest::of(&envelope)),
        STANDARD.encode(&envelope).into(),
    );
    let origin = super::log::ORIGIN.to_owned();
    let trust = Verifier::new(&origin, log.public()).unwrap().vkey();
    let checkpoint =
        Checkpoint { origin, size: size as u64, root: edge.root() }.sign(&log).unwrap();
    let leaves: Vec<String> = leaves.iter().map(|leaf| STANDARD.encode(leaf)).collect();
    json!({
        "trust": trust, "checkpoint": STANDARD.encode(checkpoint), "files": files, "key": key, "leaves": leaves,
    })
}

/// The same bytes with one bit of the middle turned.
pub(super) fn flip(base64: &Value) -> Value {
    let mut bytes = STANDARD.decode(base64.as_str().unwrap()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    STANDARD.encode(bytes).into()
}
