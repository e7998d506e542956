//! What a process of a run says is taken whole or not at all, and what came before a fault is kept.

use exhibit_proto::digest::Digest;

use super::*;

const DONE: &str = r#"{"done":{"started":"2026-11-22T10:00:00Z","finished":"2026-11-22T10:00:01Z","plugins":[],"outcomes":[]}}"#;

fn document(bytes: &str, size: usize) -> String {
    let digest = Digest::of(bytes.as_bytes());
    let line = format!(
        r#"{{"document":{{"kind":"patch.status","target":"host:a","digest":"{digest}","size":"{size}","method":[],"privileges":"","rows":1,"truncated":false,"expected":null,"redactions":[],"started":"","duration_ms":1}}}}"#
    );
    format!("{line}\n{bytes}")
}

async fn heard(said: &str) -> (Result<Done, String>, Vec<String>) {
    let mut documents = Vec::new();
    let done = hear(said.as_bytes(), &mut documents).await;
    (done, documents.into_iter().map(|document| document.bytes).collect())
}

#[tokio::test]
async fn documents_come_byte_by_byte_as_they_were_written() {
    // Bytes that look like lines are a document's all the same.
    let (one, two) = ("a\n{\"done\":{}}\n", "ö");
    let said = document(one, one.len()) + &document(two, two.len()) + DONE + "\n";
    let (done, documents) = heard(&said).await;
    assert_eq!(done.unwrap().finished.to_string(), "2026-11-22T10:00:01Z");
    assert_eq!(documents, [one, two]);
}

#[tokio::test]
async fn an_end_before_its_time_is_an_error_and_keeps_what_came() {
    let whole = document("first", 5);
    for (rest, why) in [
        ("", "its answers end"),
        ("{\"document\"", "something else"),
        ("Killed\n", "something else"),
        (&document("sec", 6), "is not whole"),
        (&document("", 9 << 20), "is not whole"),
    ] {
        let (done, documents) = heard(&format!("{whole}{rest}")).await;
        let error = done.err().unwrap();
        assert!(error.contains(why), "{rest}: {error}");
        assert_eq!(documents, ["first"], "{rest}");
    }
}
