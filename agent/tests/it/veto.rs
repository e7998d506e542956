//! What the operator of a host keeps back: every statement names it, and nothing that a collector can say reaches it.

use exhibit_proto::statement::{HEARTBEAT, Heartbeat, Run};

use crate::collector::statement;
use crate::world::{World, document, plugin};

#[tokio::test]
async fn every_statement_names_what_the_operator_forbids() {
    let world = World::new().await;
    let script = plugin("identity.accounts", &document("identity.accounts", "{\"accounts\":[]}"));
    let script = script.replace("\"protocol\":1", "\"protocol\":1,\"keeps_deny_paths\":true");
    let deny = "[deny]\nkinds = [\"hardware.health\"]\npaths = [\"/etc/ssl/private/**\"]\n[deny.fields]\n\"identity.accounts\" = [\"home\"]\n";
    world.configure(deny, &[("accounts", script)]);
    world.enrol().await;
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let envelopes = world.collector.with(|state| state.envelopes.clone());
    let (mut runs, mut beats) = (0, 0);
    for envelope in &envelopes {
        let statement = statement(envelope);
        let capsule = if statement.predicate_type == HEARTBEAT {
            beats += 1;
            statement.predicate_as::<Heartbeat>().unwrap().capsule
        } else {
            runs += 1;
            let run: Run = statement.predicate_as().unwrap();
            assert_eq!(run.documents.len(), 1, "a plugin that keeps to paths is asked: {run:?}");
            run.capsule
        };
        assert_eq!(
            capsule.vetoes.to_string(),
            "kinds hardware.health; paths /etc/ssl/private/**; fields home of identity.accounts"
        );
    }
    assert!(runs > 0 && beats > 0, "{runs} runs, {beats} heartbeats");
}

#[tokio::test]
async fn a_veto_that_no_statement_could_carry_is_refused() {
    let world = World::new().await;
    let paths: Vec<String> = (0..400).map(|n| format!("\"/srv/a-long-name/{n:010}\"")).collect();
    world.configure(&format!("[deny]\npaths = [{}]\n", paths.join(", ")), &[]);
    let ended = world.agent(&["validate"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("forbid a folder rather than each file"), "{ended:?}");
}

/// Everything that a collector can say to an agent, and what it does to what is observed. A new field needs a line here: it
/// must not choose kinds, paths or fields, and must not reach `[deny]`.
const SAID: &[(&str, &str)] = &[
    ("EnrolResponse.agent", "names it"),
    ("EnrolResponse.certificate", "lets it in"),
    ("EnrolResponse.ca", "pinned"),
    ("EnrolResponse.log_key", "pinned"),
    ("EnrolResponse.targets", "what it may speak for"),
    ("EnrolResponse.evidence_address", "where it sends"),
    ("EnrolResponse.receipt", "verified"),
    ("Answer.wanted", "below"),
    ("Answer.receipt", "below"),
    ("Answer.refusal", "below"),
    ("Wanted.envelope", "which answer it is"),
    ("Wanted.documents", "digests out of the spool, of what was sealed already"),
    ("Receipt.envelope", "which answer it is"),
    ("Receipt.proof", "verified"),
    ("Receipt.consistency", "verified"),
    ("Refusal.envelope", "which answer it is"),
    ("Refusal.kind", "keeps or quarantines what was sealed already"),
    ("Refusal.reason", "shown to a person"),
    ("LackingResponse.documents", "digests out of the spool, of what was sealed already"),
    ("ConfigurationResponse.payload_apart", "how the same bytes travel"),
    ("ConfigurationResponse.targets", "what it may speak for"),
    (
        "ConfigurationResponse.max_document_bytes",
        "makes the bound of a document smaller, never larger",
    ),
    ("ConfigurationResponse.heartbeat_seconds", "how often it says that it lives"),
    ("ConfigurationResponse.checkpoint", "verified"),
    ("Greeted.wall_millis", "the clock's offset in statements"),
    ("Greeted.max_document_bytes", "makes the bound of a document smaller, never larger"),
    ("Greeted.heartbeat_seconds", "how often it says that it lives"),
    ("Greeted.payload_apart", "how the same bytes travel"),
    ("Greeted.payload_against", "how the same bytes travel"),
    ("Greeted.changes", "below"),
    ("Greeted.show_heads", "whether heads are shown that the log's key signed"),
    ("HeartbeatResponse.wall_millis", "the clock's offset in statements"),
    ("HeartbeatResponse.checkpoint", "verified"),
    ("HeadsResponse.foreign", "an alarm"),
    ("LogKeysResponse.changes", "below"),
    ("LogKeyChange.envelope", "verified"),
    ("LogKeyChange.proof", "verified"),
    ("LogKeyChange.consistency", "verified"),
    ("RenewResponse.certificate", "lets it in"),
];

/// Fields of every message of a `.proto` text, as `Message.field type`.
fn fields(text: &str) -> Vec<(String, String, String)> {
    let (mut found, mut message) = (Vec::new(), String::new());
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["message", name, "{"] => message = name.to_owned(),
            ["service" | "enum", ..] => message.clear(),
            ["repeated", kind, name, "=", ..] | [kind, name, "=", ..] if !message.is_empty() => {
                found.push((message.clone(), name.to_owned(), kind.to_owned()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn nothing_that_a_collector_can_say_reaches_the_veto() {
    let text = include_str!("../../../proto/proto/exhibit.proto");
    let fields = fields(text);
    let after = |line: &str| {
        let answer = line.split("returns (").nth(1)?.trim_start_matches("stream ");
        Some(answer.split(')').next()?.to_owned())
    };
    let mut said: Vec<String> = text.lines().filter_map(after).collect();
    assert_eq!(said.len(), text.matches("rpc ").count());
    let mut all = Vec::new();
    while let Some(message) = said.pop() {
        for (_, field, kind) in fields.iter().filter(|(of, _, _)| *of == message) {
            all.push(format!("{message}.{field}"));
            if fields.iter().any(|(of, _, _)| of == kind) {
                said.push(kind.clone());
            }
        }
    }
    all.sort();
    all.dedup();
    let mut table: Vec<String> = SAID.iter().map(|(name, _)| (*name).to_owned()).collect();
    table.sort();
    assert_eq!(all, table);
}
