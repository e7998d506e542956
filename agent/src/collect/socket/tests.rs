//! Listeners of every kind: those that answer, hang, chatter, lie, leave, and those that are not there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::collect::{Limits, PluginConfig, collect};

const DOCUMENT: &str = r#"{"t":"document","kind":"patch.status","target":"host:a","body":{},"capture":{"method":["x"],"privileges":"uid=0","rows":0,"truncated":false,"expected":null,"started":"2026-11-22T10:00:00Z","duration_ms":1}}"#;
const DONE: &str = r#"{"t":"done"}"#;

/// What one run against a socket gave: documents, and the first outcome with its detail.
async fn ask(socket: PathBuf, limits: &Limits) -> (usize, Option<(String, String)>) {
    let plugin = PluginConfig {
        path: "/nonexistent".into(),
        socket: Some(socket),
        kinds: None,
        settings: serde_json::json!({}),
        secrets: std::collections::BTreeMap::new(),
        deny_paths: Vec::new(),
    };
    let (kinds, target) = (["patch.status".parse().unwrap()], "host:a".parse().unwrap());
    let stop = CancellationToken::new();
    let job = Job { plugin: &plugin, kinds: &kinds, target: &target, limits, stop: &stop };
    let mut documents = 0;
    let outcomes = collect(job, &mut |_observation| {
        documents += 1;
        None
    })
    .await;
    (documents, outcomes.into_iter().next().map(|told| (told.outcome, told.detail)))
}

/// Listens once and lets `answer` speak; the stream stays open until the agent leaves.
fn listener(socket: &Path, answer: fn(&mut UnixStream)) -> std::thread::JoinHandle<String> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        reader.read_line(&mut request).unwrap();
        answer(&mut stream);
        request
    })
}

/// Stays until the agent is gone: writing fails then, which is how a plugin notices.
fn hang(stream: &mut UnixStream) {
    let line = format!("{}\n", r#"{"t":"progress","message":"still there"}"#);
    while stream.write_all(line.as_bytes()).is_ok() {}
}

fn silent(stream: &mut UnixStream) {
    // The agent ended its own direction with the request; this waits until it is gone altogether.
    use rustix::event::{PollFd, PollFlags, poll};
    let mut wait = [PollFd::new(stream, PollFlags::HUP)];
    poll(&mut wait, None).unwrap();
}

/// Name, what the listener does, limits, documents that come, outcome and a part of its detail.
type Case<'a> = (&'a str, fn(&mut UnixStream), &'a Limits, usize, Option<(&'a str, &'a str)>);

#[tokio::test]
async fn whatever_listens_the_run_ends_with_a_document_or_an_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let quick = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
    let small = Limits { output_bytes: 100_000, ..Limits::default() };
    let usual = Limits::default();
    let table: [Case<'_>; 7] = [
        (
            "answers",
            |stream| stream.write_all(format!("{DOCUMENT}\n{DONE}\n").as_bytes()).unwrap(),
            &usual,
            1,
            None,
        ),
        ("hangs", silent, &quick, 0, Some(("timed_out", "the run was ended"))),
        ("chatters", hang, &small, 0, Some(("limit_exceeded", "max_output_bytes"))),
        (
            "lies",
            |stream| drop(stream.write_all(b"\xff\n")),
            &usual,
            0,
            Some(("failed", "broke the protocol")),
        ),
        (
            "speaks of another host",
            |stream| {
                drop(stream.write_all(DOCUMENT.replace("host:a", "host:b").as_bytes()));
                drop(stream.write_all(b"\n"));
            },
            &usual,
            0,
            Some(("failed", "which was not asked for")),
        ),
        (
            "leaves",
            |_stream| {},
            &usual,
            0,
            Some(("failed", "journal of exhibit-plugin-leaves@.service")),
        ),
        (
            "leaves in the middle",
            |stream| drop(stream.write_all(b"{\"t\":")),
            &usual,
            0,
            Some(("failed", "has no end")),
        ),
    ];
    for (name, answer, limits, documents, outcome) in table {
        let socket = dir.path().join(format!("{name}.sock"));
        let thread = listener(&socket, answer);
        let (seen, told) = ask(socket, limits).await;
        assert_eq!(seen, documents, "{name}: {told:?}");
        match (outcome, &told) {
            (None, None) => {}
            (Some((word, part)), Some((said, detail))) => {
                assert!(said == word && detail.contains(part), "{name}: {told:?}");
            }
            (_, _) => panic!("{name}: {told:?}"),
        }
        let request = thread.join().unwrap();
        assert!(request.starts_with(r#"{"v":1,"kinds":["patch.status"]"#), "{name}: {request}");
    }
}

#[tokio::test]
async fn a_socket_that_is_not_there_or_no_socket_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let (_, told) = ask(dir.path().join("absent.sock"), &limits).await;
    assert_eq!(told.unwrap().0, "tool_missing");
    std::fs::write(dir.path().join("file.sock"), "").unwrap();
    let (_, told) = ask(dir.path().join("file.sock"), &limits).await;
    assert_eq!(told.unwrap().0, "failed");
}

#[tokio::test]
async fn the_request_ends_so_that_a_plugin_can_read_to_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("end.sock");
    let thread = listener(&socket, |stream| {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        stream.write_all(format!("{DONE}\n").as_bytes()).unwrap();
    });
    let (_, told) = ask(socket, &Limits::default()).await;
    assert!(told.unwrap().1.contains("without a word"));
    thread.join().unwrap();
}

#[test]
fn only_root_and_the_own_user_may_answer() {
    assert!(trusted(0, 991) && trusted(991, 991));
    assert!(!trusted(992, 991) && !trusted(u32::MAX, 991));
}
