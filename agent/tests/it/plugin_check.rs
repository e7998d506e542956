//! `plugin check` passes the plugin of the page, and names every way to break the protocol.

use crate::world::{Ended, World, document, plugin};

async fn check(name: &str, script: String) -> Ended {
    let world = World::new().await;
    world.configure("", &[(name, script)]);
    world.agent(&["plugin", "check", name, "--deadline", "3s", "--json"]).await
}

fn faults<'a>(told: &'a serde_json::Value, name: &str) -> &'a Vec<serde_json::Value> {
    let trials = told["trials"].as_array().unwrap();
    let trial = trials.iter().find(|trial| trial["trial"] == name).unwrap();
    trial["faults"].as_array().unwrap()
}

#[tokio::test]
async fn the_shell_plugin_of_the_page_passes_and_hears_what_it_could_do_better() {
    let page = include_str!("../../../plugins/sdk/README.md");
    let (_, rest) = page.split_once("```sh\n").unwrap();
    let ended = check("zone", rest.split_once("```").unwrap().0.to_owned()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = ended.json();
    for name in ["describe", "request", "secrets", "deadline"] {
        assert!(faults(&told, name).is_empty(), "{told}");
    }
    assert!(!faults(&told, "no request").is_empty(), "{told}");
}

#[tokio::test]
async fn every_way_to_break_the_protocol_is_named() {
    const BODY: &str = r#"{"synchronised":null,"daemons":[],"sources":[],"offset_ms":null,"max_error_ms":null,"stratum":null,"timezone":null,"kept_by_host":null}"#;
    let fine = document("time.sync", BODY);
    let reads = |script: String| script.replace("\"reads\":[]", "\"reads\":[\"x\"]");
    let time = |body: &str| reads(plugin("time.sync", body));
    let leak = r#"secret=${request#*\"plugin-check\":\"}; cat "${secret%%\"*}" >&2"#;
    let table = [
        ("describe", plugin("time.sync", &fine), "reads"),
        ("describe", "#!/bin/sh\necho hello\n".to_owned(), "--describe"),
        ("describe", time(&fine).replace("kind:time.sync:v1", "kind:other:v1"), "schema"),
        ("request", time("echo hello"), "line 1"),
        ("request", time("exit 0"), "not done"),
        ("request", time("echo '{\"t\":\"done\"}'"), "not answered"),
        ("request", time(&format!("{fine}\necho '{{\"t\":\"done\"}}'")), "after done"),
        ("request", time(&format!("{fine}\nexit 3")), "Some(3)"),
        ("request", time(&document("time.sync", r#"{"offset":1}"#)), "time.sync at"),
        ("request", time(&document("patch.status", "{}")), "not asked for"),
        ("request", time(&fine.replace("[\"cat /etc/hosts\"]", "[]")), "method"),
        ("request", time("sleep 1000 & wait"), "within 3 s"),
        ("secrets", time(&format!("{leak}\n{fine}")), "standard error"),
    ];
    for (trial, script, part) in table {
        let ended = check("broken", script).await;
        assert_eq!(ended.code, Some(1), "{part}: {ended:?}");
        let told = ended.json();
        let said = serde_json::to_string(faults(&told, trial)).unwrap();
        assert!(said.contains(part), "{trial} {part}: {told}");
        assert!(!ended.out.contains("planted-") && !ended.err.contains("planted-"), "{ended:?}");
    }
}
