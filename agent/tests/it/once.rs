//! From plugin to receipt, and every way a plugin can fail on the way.

use std::collections::BTreeMap;

use exhibit_proto::digest::Digest;
use exhibit_proto::statement::Run;
use serde_json::Value;

use crate::collector::statement;
use crate::world::{World, contains, document, plugin};

#[tokio::test]
async fn everything_is_receipted_and_what_did_not_change_is_not_sent_again() {
    let world = World::simple().await;
    world.enrol().await;
    let first = world.once().await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let first = first.json();
    assert_eq!((first["statements"].as_u64(), first["documents"].as_u64()), (Some(2), Some(1)));
    assert_eq!((first["receipts"].as_u64(), first["unchanged"].as_u64()), (Some(2), Some(0)));
    assert_eq!(first["checkpoint_size"].as_u64(), Some(3));
    let sent = world.collector.with(|state| std::mem::take(&mut state.documents));
    assert_eq!(sent.len(), 1);
    world.collector.with(|state| state.documents.clone_from(&sent));
    let second = world.once().await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.json()["unchanged"].as_u64(), Some(1));
    let status = world.status().await;
    assert_eq!(
        (status["spool"]["items"].as_u64(), status["spool"]["bytes"].as_u64()),
        (Some(0), Some(0))
    );
    // The collector's clock is an hour behind.
    let offset = status["spool"]["clock_offset_ms"].as_i64().unwrap();
    assert!((offset - 3_600_000).abs() < 30_000, "{offset}");
    let last = world.collector.with(|state| state.envelopes.last().unwrap().clone());
    let run: Run = statement(&last).predicate_as().unwrap();
    assert_eq!(run.plugins[0].version, "1.2.3");
    assert_eq!(run.documents[0].digest, *sent.keys().next().unwrap());
    assert!(run.capsule.checkpoint.unwrap().size >= 3);
}

#[tokio::test]
async fn a_document_that_the_collector_lost_is_sent_again_by_the_run_after() {
    let world = World::simple().await;
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    world.collector.with(|state| state.documents.clear());
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(world.collector.with(|state| (state.gone.len(), state.documents.len())), (1, 0));
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(world.collector.with(|state| state.documents.len()), 1);
}

#[tokio::test]
async fn every_way_to_fail_is_an_outcome() {
    let world = World::new().await;
    let target = "'\"$target\"'";
    let denied = format!(
        r#"printf '%s\n' '{{"t":"outcome","kind":"identity.accounts","target":"{target}","outcome":"denied","detail":"cannot read /etc/shadow --password=opensesame","remedy":"CAP_DAC_READ_SEARCH"}}'; echo '{{"t":"done"}}'"#
    );
    let plugins = [
        ("fine", plugin("patch.status", &document("patch.status", "{}"))),
        ("denied", plugin("identity.accounts", &denied)),
        ("hang", plugin("network.services", "sleep 1000 & wait")),
        ("garbage", plugin("network.firewall", "echo 'Segmentation fault'; sleep 1000")),
        ("flood", plugin("software.inventory", "head -c 1000000000 /dev/zero")),
        ("lines", plugin("asset.inventory", "yes '{\"t\":\"progress\",\"message\":\"x\"}'")),
        ("die", plugin("time.sync", "kill -SEGV $$")),
        ("exit", plugin("logging.sources", "echo 'no such thing' >&2; exit 3")),
        ("mute", plugin("crypto.at_rest", "echo '{\"t\":\"done\"}'")),
        (
            "large",
            plugin(
                "config.baseline",
                &format!(
                    "big=$(head -c 300000 /dev/zero | tr '\\0' x)\n{}",
                    document("config.baseline", "\"'$big'\"")
                ),
            ),
        ),
        ("foreign", plugin("backup.jobs", &document("capacity.metrics", "{}"))),
        ("vetoed", plugin("identity.sign_in_policy", &document("identity.sign_in_policy", "{}"))),
    ];
    let extra = r#"
[limits]
deadline = "5s"
max_output_bytes = "1MiB"
max_document_bytes = "200KiB"
[schedule]
"identity.privileged_grants" = "0 * * * *"
[deny]
kinds = ["identity.sign_in_policy"]
"#;
    world.configure(extra, &plugins);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary = ended.json();
    assert_eq!(summary["documents"].as_u64(), Some(1));
    let outcomes: BTreeMap<&str, &Value> = summary["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|outcome| (outcome["kind"].as_str().unwrap(), outcome))
        .collect();
    let expected = [
        ("identity.accounts", "denied", "/etc/shadow"),
        ("network.services", "timed_out", "5 s"),
        ("network.firewall", "failed", "line 1"),
        ("software.inventory", "limit_exceeded", "1048576"),
        ("asset.inventory", "limit_exceeded", "1048576"),
        ("time.sync", "failed", "signal 11"),
        ("logging.sources", "failed", "status 3: no such thing"),
        ("crypto.at_rest", "failed", "without a word"),
        ("config.baseline", "limit_exceeded", "204800"),
        ("backup.jobs", "failed", "capacity.metrics"),
        ("identity.sign_in_policy", "denied", "[deny]"),
        ("identity.privileged_grants", "not_configured", "no configured plugin"),
    ];
    for (kind, word, detail) in expected {
        let outcome = outcomes[kind];
        assert_eq!(outcome["outcome"], word, "{outcome}");
        assert!(outcome["detail"].as_str().unwrap().contains(detail), "{outcome}");
        assert!(!outcome["remedy"].as_str().unwrap().is_empty(), "{outcome}");
    }
    assert_eq!(outcomes.len(), expected.len());
    // Everything said above stands in a signed statement, and no secret does.
    let sent = world.collector.with(|state| state.envelopes.clone());
    let said: Vec<Run> =
        sent.iter().filter_map(|envelope| statement(envelope).predicate_as().ok()).collect();
    assert_eq!(said[0].outcomes.len(), expected.len());
    let text = serde_json::to_string(&said).unwrap();
    assert!(text.contains("redacted:") && !text.contains("opensesame"));
}

#[tokio::test]
async fn a_plugin_that_chatters_is_stopped_and_the_statement_stays_small() {
    let world = World::new().await;
    let endless = r#"yes '{"t":"outcome","kind":"time.sync","target":"'"$target"'","outcome":"denied","detail":"x","remedy":"y"}'"#;
    world.configure("", &[("chatter", plugin("time.sync", endless))]);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary = ended.json();
    // The heartbeat, and the run.
    assert_eq!(summary["statements"], 2);
    let outcomes = summary["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 65);
    let last = &outcomes[64];
    assert_eq!(last["outcome"], "failed");
    assert!(last["detail"].as_str().unwrap().contains("over 64 outcomes of time.sync"), "{last}");
}

#[tokio::test]
async fn a_plugin_that_says_nothing_of_itself_is_named() {
    let world = World::new().await;
    world.configure("", &[("mute", "#!/bin/sh\nexit 0\n".to_owned())]);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let summary = ended.json();
    let error = summary["error"].as_str().unwrap();
    assert!(error.contains("mute") && error.contains("--describe"), "{error}");
}

#[tokio::test]
async fn a_plugin_that_is_gone_still_leaves_a_trace() {
    let world = World::simple().await;
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    std::fs::remove_file(world.dir.path().join("fine")).unwrap();
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let outcome = &ended.json()["outcomes"][0];
    assert_eq!(
        (&outcome["kind"], &outcome["outcome"]),
        (&"patch.status".into(), &"tool_missing".into())
    );
}

#[tokio::test]
async fn planted_secrets_reach_neither_disk_nor_collector_nor_the_dry_run() {
    let world = World::new().await;
    let body = r#"{"db_password":"plantedsecret1","url":"https://u:plantedsecret2@h/","note":"AKIAPLANTEDSECRET345","ours":"badge 424242"}"#;
    let script = plugin("patch.status", &document("patch.status", body));
    let pattern = "[[redact.pattern]]\nname = \"badge\"\nregex = '\\b424242\\b'\n";
    world.configure(pattern, &[("leaky", script)]);
    world.enrol().await;
    world.collector.lie(crate::collector::Lie::Refuse(exhibit_proto::rpc::RefusalKind::Later));
    let waiting = world.agent(&["run", "--once", "--timeout", "1s"]).await;
    assert_eq!(waiting.code, Some(1), "{waiting:?}");
    let disk = world.everything_on_disk();
    assert!(contains(&disk, "redacted:"));
    world.collector.lie(crate::collector::Lie::None);
    assert_eq!(world.once().await.code, Some(0));
    let printed = world.agent(&["collect", "--print"]).await;
    let sent = world
        .collector
        .with(|state| state.documents.values().flatten().copied().collect::<Vec<u8>>());
    assert!(contains(&sent, "redacted:"));
    for place in
        [&disk, &sent, printed.out.as_bytes(), printed.err.as_bytes(), waiting.err.as_bytes()]
    {
        for secret in ["plantedsecret1", "plantedsecret2", "AKIAPLANTED", "424242"] {
            assert!(!contains(place, secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn the_dry_run_shows_exactly_what_would_leave_and_stores_nothing() {
    let world = World::simple().await;
    let before = world.agent(&["collect", "--print"]).await;
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(!world.state().exists());
    world.enrol().await;
    let dry = world.agent(&["collect", "patch.status", "--print"]).await;
    let lines: Vec<&str> = dry.out.lines().collect();
    assert_eq!(lines.len(), 2, "{dry:?}");
    let status = world.status().await;
    assert_eq!(status["spool"]["next_seq"].as_u64(), Some(1));
    assert_eq!(world.once().await.code, Some(0));
    let sent = world.collector.with(|state| state.documents.clone());
    assert_eq!(sent[&Digest::of(lines[0].as_bytes())], lines[0].as_bytes());
    let shown: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(
        shown["subject"][0]["digest"]["sha256"],
        Digest::of(lines[0].as_bytes()).to_string()
    );
    assert_eq!(shown["predicate"]["capsule"]["agent"], "agent-1");
}

#[tokio::test]
async fn a_large_document_arrives_whole_in_chunks() {
    let world = World::new().await;
    let body = format!(
        "big=$(head -c 700000 /dev/zero | tr '\\0' x)\n{}",
        document("config.baseline", "\"'$big'\"")
    );
    world.configure("", &[("large", plugin("config.baseline", &body))]);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sizes =
        world.collector.with(|state| state.documents.values().map(Vec::len).collect::<Vec<_>>());
    assert!(sizes.len() == 1 && sizes[0] > 700_000, "{sizes:?}");
}

#[tokio::test]
async fn validate_names_what_is_wrong_and_the_way_out() {
    let world = World::simple().await;
    assert_eq!(world.agent(&["validate"]).await.code, Some(0));
    let extra = "[schedule]\n\"backup.jobs\" = \"0 * * * *\"\n[[plugin]]\npath = \"absent\"\n[plugin.secrets]\nrestic = \"nowhere\"\n[[plugin]]\npath = \"agent.toml\"\n";
    world.configure(extra, &[]);
    let ended = world.agent(&["validate", "--json"]).await;
    assert_eq!(ended.code, Some(1));
    let text = ended.out;
    for part in [
        "absent cannot be started",
        "\\\"restic\\\"",
        "schedule.backup.jobs",
        "agent.toml cannot be started",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    std::fs::write(world.dir.path().join("agent.toml"), "state_dir = 1\n").unwrap();
    let ended = world.agent(&["validate"]).await;
    assert!(ended.code == Some(1) && ended.out.contains("line 1"), "{ended:?}");
    let ended = world.agent(&["run"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[tokio::test]
async fn vetoed_fields_are_gone_before_hashing_and_the_statement_says_so() {
    let world = World::new().await;
    let body =
        r#"{"accounts":[{"name":"joe","full_name":"Joe Vetoed-One","home":"/home/vetoed-two"}]}"#;
    let script = plugin("identity.accounts", &document("identity.accounts", body));
    let veto = "[deny.fields]\n\"identity.accounts\" = [\"/accounts/*/full_name\", \"home\", \"absent\"]\n";
    world.configure(veto, &[("accounts", script)]);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = world
        .collector
        .with(|state| state.documents.values().flatten().copied().collect::<Vec<u8>>());
    assert!(contains(&sent, r#""full_name":null"#) && contains(&sent, "joe"));
    let disk = world.everything_on_disk();
    for place in [&sent, &disk] {
        assert!(!contains(place, "Vetoed-One") && !contains(place, "vetoed-two"));
    }
    let last = world.collector.with(|state| state.envelopes.last().unwrap().clone());
    let run: Run = statement(&last).predicate_as().unwrap();
    assert_eq!(run.documents[0].redactions, ["veto:/accounts/*/full_name", "veto:home"]);
    let outcome = &run.outcomes[0];
    assert_eq!(outcome.outcome, "denied");
    assert!(outcome.detail.contains("/accounts/*/full_name, home, absent"), "{outcome:?}");
    // The operator's choice is no fault of the host.
    let doctor = world.agent(&["doctor"]).await;
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
}
