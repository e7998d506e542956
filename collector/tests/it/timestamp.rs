//! Time-stamping authorities that answer well, badly, or not at all: what is kept, what is published, and that admission never
//! waits. The authority is `openssl ts`; so is the judge.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tsa::{Authority, Keys, STAMPS, Server};

use crate::harness::{Agent, Collector, json, until};

#[expect(unreachable_pub, dead_code, reason = "tests of several crates include it")]
#[path = "../../../tests/src/tsa.rs"]
pub(crate) mod tsa;

fn configuration(name: &str, server: &Server, root: &Path, every: &str) -> String {
    let (address, root) = (server.address, root.display());
    let schedule = format!("[timestamps]\nevery = \"{every}\"\ntimeout = \"5s\"\n");
    let authority = format!(
        "[[timestamp]]\nname = \"{name}\"\nurl = \"http://{address}/tsr\"\nroots = \"{root}\"\n"
    );
    authority + &schedule
}

async fn names(collector: &Collector) -> String {
    let (status, _, names) = collector.get("/log/timestamps/").await;
    assert_eq!(status, 200);
    String::from_utf8(names).unwrap()
}

fn standing(collector: &Collector) -> Value {
    json(&collector.run(&["status", "--json"]))["timestamps"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_either_kind_of_key_are_kept_published_and_accepted_by_openssl() {
    let dir = tempfile::tempdir().unwrap();
    for keys in [Keys::Rsa, Keys::P256] {
        let authority = Authority::new(&dir.path().join(format!("{keys:?}")), keys, STAMPS);
        let server = Server::honest(&authority);
        let root = authority.file("root.pem");
        let collector = Collector::start_with(&configuration("tsa", &server, &root, "1s"));
        // Init logged the rule pack, so there is something to stamp.
        until("first token", async || names(&collector).await.contains(".tsa.tsr")).await;
        let (size, data, token) = stamped(&collector).await;
        let (data_file, token_file) = (dir.path().join("data"), dir.path().join("token"));
        fs::write(&data_file, &data).unwrap();
        fs::write(&token_file, &token).unwrap();
        assert!(authority.accepts(&data_file, &token_file, None));
        let frozen = exhibit_proto::checkpoint::Checkpoint::open(&data, &collector.log).unwrap();
        assert_eq!(frozen.size, size);
        let (_, _, chain) = collector.get("/log/timestamps/chain.pem").await;
        let chain = String::from_utf8(chain).unwrap();
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "signer, intermediate, root");

        // At once, while it serves; the frozen one never changes.
        Agent::enrol(&collector, "host:one", 1).await;
        let now = collector.run(&["stamp", "--json"]);
        assert!(now.status.success(), "{}", String::from_utf8_lossy(&now.stderr));
        let size_now = json(&now)["authorities"][0]["size"].as_u64().unwrap();
        assert!(size_now > size, "{size_now} after {size}");
        let (_, _, again) = collector.get(&format!("/log/timestamps/checkpoint-{size}")).await;
        assert_eq!(again, data);
        let standing = standing(&collector);
        assert!(standing["newest"]["size"].as_u64().unwrap() >= size_now, "{standing}");
        assert_eq!(standing["problem"], Value::Null);
        let (status, ..) = collector.get("/log/timestamps/..%2fkeys%2flog.pem").await;
        assert_eq!(status, 404);
        let (status, ..) = collector.get("/log/timestamps/standing.json").await;
        assert_eq!(status, 404);
    }
}

/// Size, frozen checkpoint and token of the first that is published.
async fn stamped(collector: &Collector) -> (u64, Vec<u8>, Vec<u8>) {
    let names = names(collector).await;
    let token = names.lines().find(|name| name.ends_with(".tsr")).unwrap().to_owned();
    let frozen = token.split_once('.').unwrap().0;
    let size = frozen.strip_prefix("checkpoint-").unwrap().parse().unwrap();
    let (_, _, data) = collector.get(&format!("/log/timestamps/{frozen}")).await;
    let (_, head, bytes) = collector.get(&format!("/log/timestamps/{token}")).await;
    assert!(head.contains("content-type: application/timestamp-reply"), "{head}");
    (size, data, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_answer_is_kept_and_none_holds_up_admission() {
    let dir = tempfile::tempdir().unwrap();
    let honest = Authority::new(&dir.path().join("honest"), Keys::P256, STAMPS);
    let foreign = Authority::new(&dir.path().join("foreign"), Keys::P256, STAMPS);
    let server = Server::start(Box::new(|_| (503, Vec::new())));
    let root = honest.file("root.pem");
    // Only `stamp` asks, so that each answer has its turn.
    let collector = Collector::start_with(&configuration("tsa", &server, &root, "2400h"));
    let asked = |why: &str| {
        let done = collector.run(&["stamp", "--json"]);
        assert_eq!(done.status.code(), Some(1), "{why}");
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        let problem = said["authorities"][0]["problem"].as_str().unwrap().to_owned();
        assert!(problem.contains(why), "{problem}");
        assert!(standing(&collector)["problem"].is_string());
    };
    asked("503");
    Agent::enrol(&collector, "host:one", 1).await;
    // It answers with what it once said to another question about the same bytes.
    let old = std::sync::Arc::new(std::sync::Mutex::new(None));
    let authority = honest.clone();
    server.becomes(Box::new(move |request| {
        let fresh = authority.answer(&other_nonce(request));
        (200, old.lock().unwrap().get_or_insert(fresh).clone())
    }));
    asked("replayed");
    let theirs = foreign.clone();
    server.becomes(Box::new(move |request| (200, theirs.answer(request))));
    asked("no chain to a trusted root");
    let authority = honest.clone();
    server.becomes(Box::new(move |request| {
        let mut answer = authority.answer(request);
        let last = answer.len() - 1;
        answer[last] ^= 1;
        (200, answer)
    }));
    asked("signature");
    let authority = honest.clone();
    server.becomes(Box::new(move |request| (200, authority.answer_with(&sha1(request), &[]))));
    asked("refused");
    server.becomes(Box::new(|_| (200, b"<html>sign in</html>".to_vec())));
    asked("not a time-stamp response");
    server.becomes(Box::new(|_| (200, vec![0x30; 1 << 20])));
    asked("over 64 KiB");
    assert!(!names(&collector).await.contains(".tsr"));

    let authority = honest.clone();
    server.becomes(Box::new(move |request| (200, authority.answer(request))));
    assert!(collector.run(&["stamp"]).status.success());
    assert!(names(&collector).await.contains(".tsa.tsr"));
    until("its standing", async || standing(&collector)["problem"].is_null()).await;
}

/// The same question with another nonce: its last element but one.
fn other_nonce(request: &[u8]) -> Vec<u8> {
    let mut changed = request.to_vec();
    let place = changed.len() - 5;
    changed[place] ^= 1;
    changed
}

/// A question about a digest that the authority does not take.
fn sha1(request: &[u8]) -> Vec<u8> {
    let mut changed = request.to_vec();
    let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let place = changed.windows(9).position(|part| part == sha256).unwrap();
    changed[place + 8] = 0x7f;
    changed
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root.pem");
    fs::write(&root, "no certificate").unwrap();
    let server = Server::start(Box::new(|_| (503, Vec::new())));
    let collector = Collector::start_with("");
    let config = fs::read_to_string(collector.config()).unwrap();
    for (name, expected) in [("tsa", "no certificate"), ("T S A", "expected a name of its own")] {
        let text = config.clone() + &configuration(name, &server, &root, "1s");
        fs::write(collector.config(), text).unwrap();
        let done = collector.run(&["validate"]);
        assert_eq!(done.status.code(), Some(1));
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    fs::write(collector.config(), config).unwrap();
    let none = collector.run(&["stamp"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("[[timestamp]]"));
}
