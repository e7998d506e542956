//! Limits that a whole run does not show: processor time, memory, a plugin that is stopped, descriptions.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

fn script(dir: &Path, text: &str) -> PluginConfig {
    let path = dir.join("plugin");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    PluginConfig {
        path,
        socket: None,
        kinds: None,
        settings: serde_json::json!({"answer": 42}),
        secrets: [("restic".to_owned(), PathBuf::from("/secret/file"))].into(),
        deny_paths: Vec::new(),
    }
}

async fn run(
    plugin: &PluginConfig,
    limits: &Limits,
    stop: &CancellationToken,
) -> (Vec<Observation>, Vec<Outcome>) {
    let kinds = ["patch.status".parse().unwrap()];
    let target = "host:a".parse().unwrap();
    let job = Job { plugin, kinds: &kinds, target: &target, limits, stop };
    let mut documents = Vec::new();
    let outcomes = collect(job, &mut |observation| {
        documents.push(observation);
        None
    })
    .await;
    (documents, outcomes)
}

#[tokio::test]
async fn a_plugin_that_burns_processor_time_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = script(dir.path(), "while :; do :; done");
    let limits = Limits { cpu: Duration::from_secs(1), ..Limits::default() };
    let (_, outcomes) = run(&plugin, &limits, &CancellationToken::new()).await;
    let said = (outcomes[0].outcome.as_str(), outcomes[0].detail.as_str());
    assert!(said.0 == "limit_exceeded" && said.1.contains("limits.cpu"), "{said:?}");
}

#[tokio::test]
async fn the_memory_limit_stands_before_the_plugin_reads_its_request() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = script(dir.path(), "read -r request; ulimit -v >&2; exit 7");
    let limits = Limits { memory: 512 << 20, ..Limits::default() };
    let (_, outcomes) = run(&plugin, &limits, &CancellationToken::new()).await;
    assert!(outcomes[0].detail.ends_with("status 7: 524288"), "{outcomes:?}");
}

#[tokio::test]
async fn the_environment_is_clean_and_the_request_is_that_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = script(
        dir.path(),
        "read -r request; echo \"$request $(env | sort | tr '\\n' ' ')\" >&2; exit 1",
    );
    let (_, outcomes) = run(&plugin, &Limits::default(), &CancellationToken::new()).await;
    let said = &outcomes[0].detail;
    for part in [
        r#""settings":{"answer":42}"#,
        r#""secrets":{"restic":"/secret/file"}"#,
        "LC_ALL=C",
        "TZ=UTC",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("HOME=") && !said.contains("CARGO"), "{said}");
}

#[tokio::test]
async fn a_stopping_agent_ends_its_plugins_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = script(dir.path(), "sleep 1000");
    let stop = CancellationToken::new();
    stop.cancel();
    let (_, outcomes) = run(&plugin, &Limits::default(), &stop).await;
    assert!(outcomes[0].detail.contains("stopped"), "{outcomes:?}");
}

#[tokio::test]
async fn an_answer_given_twice_or_for_another_target_breaks_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    let document = |target: &str| {
        format!(
            r#"echo '{{"t":"document","kind":"patch.status","target":"{target}","body":{{}},"capture":{{"method":[],"privileges":"","rows":0,"truncated":false,"expected":null,"started":"2026-11-22T10:00:00Z","duration_ms":1}}}}'"#
        )
    };
    let plugin = script(dir.path(), &document("host:b"));
    let (documents, outcomes) = run(&plugin, &Limits::default(), &CancellationToken::new()).await;
    assert!(documents.is_empty() && outcomes[0].detail.contains("host:b"), "{outcomes:?}");
    let plugin = script(dir.path(), &format!("{0}\n{0}", document("host:a")));
    let (documents, _) = run(&plugin, &Limits::default(), &CancellationToken::new()).await;
    assert_eq!(documents.len(), 1);
}

#[tokio::test]
async fn descriptions_of_another_protocol_or_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let said = |text: &str| script(dir.path(), &format!("echo '{text}'"));
    let other = said(r#"{"name":"x","version":"1","protocol":9,"kinds":[]}"#);
    assert!(matches!(describe(&other).await, Err(DescribeError::Protocol { found: 9, .. })));
    assert!(matches!(describe(&said("hello")).await, Err(DescribeError::Garbage { .. })));
    let absent = PluginConfig { path: PathBuf::from("/nonexistent"), ..other };
    assert!(matches!(describe(&absent).await, Err(DescribeError::NotStarted { .. })));
}
