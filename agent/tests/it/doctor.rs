//! What `doctor` tells of hosts on which something is not seen.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::world::{World, document, plugin};

fn kind<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == name).unwrap()
}

fn check<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap()
}

fn outcome(kind: &str, word: &str, detail: &str, remedy: &str) -> String {
    format!(
        r#"printf '%s\n' '{{"t":"outcome","kind":"{kind}","target":"'"$target"'","outcome":"{word}","detail":"{detail}","remedy":"{remedy}"}}'"#
    )
}

#[tokio::test]
async fn a_host_where_everything_is_seen_is_fine_before_and_after_enrolment() {
    let world = World::simple().await;
    let before = world.agent(&["doctor", "--json"]).await;
    assert_eq!(before.code, Some(0), "{before:?}");
    assert_eq!(check(&before.json(), "identity")["health"], "warns");
    assert!(!world.state().exists(), "doctor must leave nothing");
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    let seq = world.status().await["spool"]["next_seq"].clone();
    let after = world.agent(&["doctor", "--json", "--online"]).await;
    assert_eq!(after.code, Some(0), "{after:?}");
    let told = after.json();
    for name in
        ["configuration", "state_dir", "identity", "log key", "certificate", "spool", "collector"]
    {
        assert_eq!(check(&told, name)["health"], "fine", "{told}");
    }
    // The collector of the tests is an hour behind.
    assert_eq!(check(&told, "clock")["health"], "warns", "{told}");
    assert_eq!(kind(&told, "patch.status")["sight"], "collected");
    assert_eq!(told["privileges"][0], "uid=0");
    assert_eq!(world.status().await["spool"]["next_seq"], seq, "doctor must store nothing");
}

#[tokio::test]
async fn what_is_not_seen_is_told_with_the_lines_that_grant_or_refuse_it() {
    let world = World::new().await;
    let shadow = outcome(
        "identity.accounts",
        "denied",
        "permission denied reading /etc/shadow --password=opensesame",
        "give the plugin CAP_DAC_READ_SEARCH (or run it as root) so that it may read /etc/shadow",
    );
    let firewall = outcome("network.firewall", "denied", "nft may not list", "CAP_NET_ADMIN");
    let absent = outcome(
        "backup.jobs",
        "not_configured",
        "no repository is named",
        "name one in the settings",
    );
    let plugins = [
        (
            "accounts",
            plugin(
                "identity.accounts",
                &format!("{shadow}\n{}", document("identity.accounts", "{}")),
            ),
        ),
        ("firewall", plugin("network.firewall", &format!("{firewall}\necho '{{\"t\":\"done\"}}'"))),
        ("backup", plugin("backup.jobs", &format!("{absent}\necho '{{\"t\":\"done\"}}'"))),
        ("vetoed", plugin("time.sync", &document("time.sync", "{}"))),
    ];
    world.configure("[deny]\nkinds = [\"time.sync\"]\n", &plugins);
    let ended = world.agent(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = ended.json();
    let expected = [
        ("identity.accounts", "in_part", true),
        ("network.firewall", "denied", true),
        ("backup.jobs", "nothing", false),
        ("time.sync", "vetoed", false),
    ];
    for (name, sight, lacking) in expected {
        let found = kind(&told, name);
        assert_eq!(
            (&found["sight"], &found["lacking"]),
            (&sight.into(), &lacking.into()),
            "{found}"
        );
        let with = if lacking { "collected" } else { sight };
        assert_eq!((&found["with_capabilities"], &found["as_root"]), (&with.into(), &with.into()));
        assert!(!found["reasons"][0]["remedy"].as_str().unwrap().is_empty(), "{found}");
    }
    let text = world.agent(&["doctor"]).await;
    assert_eq!(text.code, Some(1));
    for line in [
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_NET_ADMIN",
        "AmbientCapabilities=CAP_DAC_READ_SEARCH CAP_NET_ADMIN",
        "CapabilityBoundingSet=~CAP_DAC_READ_SEARCH CAP_NET_ADMIN",
        r#"kinds = ["identity.accounts", "network.firewall"]"#,
        "4 kinds tried, 2 lack something",
        "identity.accounts              in part        collected           collected",
        "time.sync                      vetoed         vetoed              vetoed",
        "you forbid by [deny], in every statement: kinds time.sync",
    ] {
        assert!(text.out.contains(line), "{line}: {}", text.out);
    }
    assert!(!text.out.contains("opensesame") && !ended.out.contains("opensesame"));
    // What was asked for by name must be there; what can be seen by itself is fine.
    let one = world.agent(&["doctor", "time.sync"]).await;
    assert_eq!(one.code, Some(0), "{one:?}");
}

#[tokio::test]
async fn an_open_key_file_a_silent_collector_and_a_missing_plugin_fail() {
    let world = World::simple().await;
    world.enrol().await;
    let key = world.state().join("local.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = world.agent(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let open = ended.json();
    assert!(check(&open, "state_dir")["detail"].as_str().unwrap().contains("local.key"), "{open}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(world.state(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let ended = world.agent(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let modes = ended.json();
    assert!(check(&modes, "state_dir")["remedy"].as_str().unwrap().starts_with("chmod"), "{modes}");
    std::fs::set_permissions(world.state(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let extra = "collector = \"127.0.0.1:1\"\n[[plugin]]\npath = \"absent\"\n";
    world.configure(extra, &[]);
    let ended = world.agent(&["doctor", "--online", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = ended.json();
    assert_eq!(check(&told, "collector")["health"], "fails", "{told}");
    let configuration = check(&told, "configuration")["detail"].as_str().unwrap();
    assert!(configuration.contains("absent cannot be started"), "{configuration}");
}
