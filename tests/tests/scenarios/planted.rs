//! Secrets planted in every source that the plugins declare are in nothing that leaves: spool, envelopes, documents,
//! databases, logs, pages, bundle; plain or as base64, hex, percent signs or entities.

mod declared;
pub(crate) mod host;
mod live;
mod made;
mod search;
mod site;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use exhibit_tests::Installation;
use exhibit_tests::installation::Serving;
use exhibit_tests::programs::run;
use serde_json::Value;

use self::host::Planted;
use self::search::Finds;
use crate::support::Scratch;

/// Runs the agent once, telling all that it can tell; the statement and the documents are in its spool afterwards, or receipted.
fn observe(installation: &Installation, timeout: &str) -> Output {
    let mut command = installation.agent();
    command.args(["run", "--once", "--timeout", timeout]).env("EXHIBIT_LOG", "trace");
    run(&mut command).unwrap()
}

/// Looks through everything that left the plugins, and at what an auditor and a person at the pages get of it.
fn search_all(scratch: &Scratch, serving: &Serving, finds: &mut Finds) -> Vec<Value> {
    let installation = &scratch.installation;
    finds.files(&installation.folder.join("agent"));
    finds.files(&installation.folder.join("collector"));
    finds.files(&installation.folder.join("collector.log"));
    let pages = site::walk(installation, serving);
    assert!(pages.len() > 150, "only {} pages", pages.len());
    for (address, page) in &pages {
        finds.bytes(&format!("page {address}"), page);
    }
    let (bundle, _) = scratch.verified_bundle("bundle");
    finds.files(&bundle);
    documents(&bundle)
}

/// The documents of a bundle.
fn documents(bundle: &Path) -> Vec<Value> {
    let files = crate::support::files_under(&bundle.join("documents"));
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

fn kinds(documents: &[Value]) -> BTreeSet<&str> {
    documents.iter().filter_map(|document| document["kind"].as_str()).collect()
}

#[test]
fn every_source_that_a_plugin_declares_has_a_plant_or_a_reason() {
    let programs = exhibit_tests::Programs::beside_me().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let planted = Planted::below(folder.path());
    let missing = declared::without_plant(&programs, &planted);
    assert!(missing.is_empty(), "plant a secret there, or say why there can be none: {missing:#?}");
}

#[test]
fn secrets_planted_in_a_tree_of_files_do_not_leave_it() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let tree = tempfile::tempdir().unwrap();
    let mut planted = Planted::below(tree.path());
    let script = format!("jq -c '.root = \"{}\"' | exec \"$1\"", tree.path().display());
    host::configure(installation, &script, "", host::BACKUP);
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    serving.stop().unwrap();

    // Nobody answers, so all that is to be sent lies in the spool.
    let watch = planted.watch();
    let waiting = observe(installation, "1s");
    assert_eq!(waiting.status.code(), Some(1), "{}", String::from_utf8_lossy(&waiting.stderr));
    let mut finds = Finds::default();
    finds.files(&installation.folder.join("agent"));
    finds.bytes("what the agent says", &[waiting.stdout, waiting.stderr].concat());

    let serving = installation.serve().unwrap();
    for round in host::ROUNDS {
        planted.uncover(round);
        let sent = observe(installation, "300s");
        assert_eq!(sent.status.code(), Some(0), "{}", String::from_utf8_lossy(&sent.stderr));
        finds.bytes("what the agent says", &[sent.stdout, sent.stderr].concat());
    }
    let documents = search_all(&scratch, &serving, &mut finds);
    serving.stop().unwrap();
    let unread = watch.unread();

    finds.assert_none(&planted);
    assert!(unread.is_empty(), "planted and never read: {unread:#?}");
    // It did look: the sources were read, and what was found beside the secrets is there.
    let all = Value::from(documents.clone()).to_string();
    for word in ["redacted:", "deb.example.org", "mysqldump", "registry.example", "joe"] {
        assert!(all.contains(word), "{word} is in no document");
    }
    assert!(kinds(&documents).len() >= 30, "{:?}", kinds(&documents));
}

#[test]
fn secrets_planted_on_the_running_host_do_not_leave_it() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let (upper, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut planted = Planted::below(upper.path());
    let scene = live::set(&mut planted, beside.path());
    host::configure(installation, &scene.script, &scene.linux, &scene.backup);
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let sent = observe(installation, "300s");
    let said = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert_eq!(sent.status.code(), Some(0), "{said}");
    let mut finds = Finds::default();
    finds.bytes("what the agent says", &[sent.stdout, sent.stderr].concat());
    let documents = search_all(&scratch, &serving, &mut finds);
    serving.stop().unwrap();
    finds.assert_none(&planted);

    let all = Value::from(documents.clone()).to_string();
    for word in
        ["redacted:", "4711", "engine-seen", "\"result\":\"success\"", "\"tcp\"", "etckeeper"]
    {
        assert!(all.contains(word), "{word} is in no document: {said}");
    }
    assert!(kinds(&documents).len() >= 34, "{:?}", kinds(&documents));
}
