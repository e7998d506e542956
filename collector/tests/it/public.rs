//! The public read side over HTTPS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{leaf_hash, verify_consistency};
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
    assert_eq!(collector.checkpoint().await.size, 4);

    let (status, head, tile) = collector.get("/log/tile/0/000.p/4").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/octet-stream") && head.contains("immutable"), "{head}");
    let (_, _, entries) = collector.get("/log/tile/entries/000.p/4").await;
    let entries = parse_bundle(&entries).unwrap();
    let hashes: Vec<Digest> = entries.iter().map(|leaf| leaf_hash(leaf)).collect();
    assert_eq!(parse_tile(&tile).unwrap(), hashes);

    let (_, _, proof) = collector.get("/log/proof/3").await;
    let proof = TlogProof::parse(&proof).unwrap();
    assert_eq!(proof.verify(entries[3], &collector.log).unwrap().size, 4);
    let digest = exhibit_proto::leaf::Leaf::parse(entries[3]).unwrap().env;
    let (_, _, same) = collector.get(&format!("/log/proof/by-digest/{digest}")).await;
    assert_eq!(TlogProof::parse(&same).unwrap(), proof);

    for absent in [
        "/log/tile/0/000",
        "/log/tile/0/000.p/5",
        "/log/tile/1/000.p/1",
        "/log/tile/0/001.p/1",
        "/log/tile/0/0",
        "/log/tile/entries/000.p/5",
        "/log/proof/4",
        "/log/proof/01",
        "/log/proof/-1",
        "/log/proof/by-digest/00",
        "/log/consistency/1/5",
        "/log/consistency/2/1",
        "/log/consistency/01/2",
        "/log/consistency/0/18446744073709551616",
        &format!("/log/proof/by-digest/{}", Digest::of(b"nothing")),
    ] {
        assert_eq!(collector.get(absent).await.0, 404, "{absent}");
    }
    assert_eq!(collector.get("/healthz").await.0, 200);
    assert_eq!(collector.get("/readyz").await.0, 200);
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| *n == name).map(|(_, v)| v))
}

#[tokio::test]
async fn consistency_between_any_two_sizes_is_text() {
    let collector = Collector::start();
    let mut heads = vec![collector.checkpoint().await];
    for seed in 1..=4 {
        Agent::enrol(&collector, &format!("host:{seed}"), seed).await;
        heads.push(collector.checkpoint().await);
    }
    for (new, old) in heads.iter().flat_map(|new| heads.iter().map(move |old| (new, old))) {
        if old.size > new.size {
            continue;
        }
        let path = format!("/log/consistency/{}/{}", old.size, new.size);
        let (status, head, body) = collector.get(&path).await;
        assert_eq!(status, 200, "{path}");
        assert!(head.contains("text/plain; charset=utf-8") && head.contains("immutable"), "{head}");
        let lines = String::from_utf8(body).unwrap();
        let proof: Vec<Digest> = lines
            .lines()
            .map(|line| Digest::try_from(STANDARD.decode(line).unwrap().as_slice()).unwrap())
            .collect();
        let (old, new) = ((old.size, &old.root), (new.size, &new.root));
        assert_eq!(verify_consistency(old, new, &proof), Ok(()), "{path}");
    }
    assert_eq!(collector.get("/log/consistency/0/5").await.2, b"");
}

#[tokio::test]
async fn what_is_held_is_not_sent_again_and_other_origins_may_read() {
    let collector = Collector::start();
    Agent::enrol(&collector, "host:one", 1).await;
    let paths =
        ["/log/checkpoint", "/log/tile/0/000.p/2", "/log/tile/entries/000.p/2", "/log/proof/1"];
    for path in paths {
        let (_, head, body) = collector.get(path).await;
        assert_eq!(header(&head, "access-control-allow-origin"), Some("*"), "{head}");
        let tag = header(&head, "etag").unwrap().to_owned();
        assert_eq!(tag, format!("w/\"{}\"", Digest::of(&body)));
        let tag = tag.replace("w/", "W/");
        let cache = header(&head, "cache-control").map(str::to_owned);

        let asked = format!("If-None-Match: \"other\", {tag}\r\nAccept-Encoding: gzip\r\n");
        let (status, head, nothing) = collector.ask("GET", path, &asked).await;
        assert_eq!((status, nothing.as_slice()), (304, &b""[..]), "{path}");
        assert_eq!(header(&head, "etag").map(|tag| tag.replace("w/", "W/")), Some(tag));
        assert_eq!(header(&head, "cache-control").map(str::to_owned), cache);
        let other = "If-None-Match: \"other\"\r\n";
        assert_eq!(collector.ask("GET", path, other).await.2, body);

        let (status, head, nothing) = collector.ask("HEAD", path, "").await;
        assert_eq!((status, nothing.as_slice()), (200, &b""[..]), "{path}");
        assert_eq!(header(&head, "content-length"), Some(body.len().to_string().as_str()));

        let (status, head, _) =
            collector.ask("OPTIONS", path, "Origin: https://m.example\r\n").await;
        assert_eq!(status, 204);
        assert_eq!(header(&head, "access-control-allow-headers"), Some("if-none-match"));
        assert_eq!(collector.ask("POST", path, "Content-Length: 0\r\n").await.0, 405, "{path}");
    }
    let (status, head, _) = collector.get("/log/tile/0/000").await;
    assert_eq!((status, header(&head, "access-control-allow-origin")), (404, Some("*")));
    let (_, head, _) = collector.get("/sign-in").await;
    assert_eq!(header(&head, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn entries_are_compressed_for_those_who_ask_and_hashes_are_not() {
    let collector = Collector::start();
    for seed in 1..=8 {
        Agent::enrol(&collector, &format!("host:{seed}"), seed).await;
    }
    let gzip = "Accept-Encoding: gzip\r\n";
    let (_, plain, entries) = collector.get("/log/tile/entries/000.p/9").await;
    let (_, packed, fewer) = collector.ask("GET", "/log/tile/entries/000.p/9", gzip).await;
    assert_eq!(header(&plain, "content-encoding"), None);
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
    assert_eq!(header(&packed, "vary"), Some("accept-encoding"));
    assert_eq!(header(&packed, "etag"), header(&plain, "etag"));
    assert!(fewer.len() < entries.len(), "{} of {}", fewer.len(), entries.len());
    let (_, head, hashes) = collector.ask("GET", "/log/tile/0/000.p/9", gzip).await;
    assert_eq!((header(&head, "content-encoding"), hashes.len()), (None, 9 * 32));
    // Partial tiles of every size that was published.
    for width in 1..=9 {
        let (status, _, narrower) = collector.get(&format!("/log/tile/0/000.p/{width}")).await;
        assert_eq!((status, narrower.as_slice()), (200, &hashes[..width * 32]), "{width}");
        let path = format!("/log/tile/entries/000.p/{width}");
        let (_, _, bundle) = collector.get(&path).await;
        assert_eq!(parse_bundle(&bundle).unwrap(), parse_bundle(&entries).unwrap()[..width]);
    }
}
