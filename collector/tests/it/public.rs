//! The public read side over HTTPS.

use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::leaf_hash;
use exhibit_proto::tiles::{parse_bundle, parse_tile};
use exhibit_proto::tlog_proof::TlogProof;

use crate::harness::{Agent, Collector};

#[tokio::test]
async fn checkpoint_tiles_and_proofs_are_public_and_bounded_by_the_head() {
    let collector = Collector::start();
    Agent::enrol(&collector, "host:one", 1).await;
    let (status, head, _) = collector.get("/log/checkpoint").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    assert!(head.contains("max-age=2"), "{head}");
    assert_eq!(collector.checkpoint().await.size, 2);

    let (status, head, tile) = collector.get("/log/tile/0/000.p/2").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/octet-stream") && head.contains("immutable"), "{head}");
    let (_, _, entries) = collector.get("/log/tile/entries/000.p/2").await;
    let entries = parse_bundle(&entries).unwrap();
    let hashes: Vec<Digest> = entries.iter().map(|leaf| leaf_hash(leaf)).collect();
    assert_eq!(parse_tile(&tile).unwrap(), hashes);

    let (_, _, proof) = collector.get("/log/proof/1").await;
    let proof = TlogProof::parse(&proof).unwrap();
    assert_eq!(proof.verify(entries[1], &collector.log).unwrap().size, 2);
    let digest = exhibit_proto::leaf::Leaf::parse(entries[1]).unwrap().env;
    let (_, _, same) = collector.get(&format!("/log/proof/by-digest/{digest}")).await;
    assert_eq!(TlogProof::parse(&same).unwrap(), proof);

    for absent in [
        "/log/tile/0/000",
        "/log/tile/0/000.p/3",
        "/log/tile/1/000.p/1",
        "/log/tile/0/001.p/1",
        "/log/tile/0/0",
        "/log/tile/entries/000.p/3",
        "/log/proof/2",
        "/log/proof/01",
        "/log/proof/-1",
        "/log/proof/by-digest/00",
        &format!("/log/proof/by-digest/{}", Digest::of(b"nothing")),
    ] {
        assert_eq!(collector.get(absent).await.0, 404, "{absent}");
    }
    assert_eq!(collector.get("/healthz").await.0, 200);
    assert_eq!(collector.get("/readyz").await.0, 200);
}
