//! What the operator of a host forbids in the agent's own file, all the way: through agent and plugins to the log, a bundle and
//! whoever verifies it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use exhibit_tests::programs::{run, text};
use serde_json::{Value, json};

use crate::support::{Scratch, files_under};

const DUMP: &str = "-- PostgreSQL database dump\nselect 1;\n-- PostgreSQL database dump complete\n";

/// Two folders of dumps, one of which nobody may look into, and two kinds that are kept back in part or whole.
fn forbid(installation: &Path) {
    for (folder, name) in [("open", "shop.sql"), ("closed", "planted-customer.sql")] {
        fs::create_dir(installation.join(folder)).unwrap();
        fs::write(installation.join(folder).join(name), DUMP).unwrap();
    }
    let at = |name: &str| installation.join(name).display().to_string();
    let repositories = ["open", "closed"]
        .map(|name| format!("{{ name = {name:?}, tool = \"files\", location = {:?} }}", at(name)));
    let text = format!(
        "[plugin.settings.backup]\nrepositories = [{}]\n\n[deny]\nkinds = [\"identity.secrets_and_keys\"]\npaths = [{:?}, \"/etc/shadow*\"]\n\n[deny.fields]\n\"asset.inventory\" = [\"serial\"]\n",
        repositories.join(", "),
        at("closed/**"),
    );
    let mut config =
        fs::File::options().append(true).open(installation.join("agent.toml")).unwrap();
    config.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_veto_reaches_the_backup_plugin_and_whoever_verifies_the_bundle_is_told() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    forbid(&installation.folder);
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let summary = installation.observe().unwrap();
    serving.stop().unwrap();

    let pattern = installation.folder.join("closed/**").display().to_string();
    let told = |kind: &str, words: &str| {
        let of = |one: &&exhibit_tests::installation::Outcome| {
            one.kind == kind && one.outcome == "denied" && one.detail.contains(words)
        };
        assert!(summary.outcomes.iter().any(|one| of(&one)), "{kind}: {:?}", summary.outcomes);
    };
    told("backup.jobs", &pattern);
    told("identity.accounts", "/etc/shadow*");
    told("identity.secrets_and_keys", "deny");

    // Verified by `exhibit`, which says what was kept back.
    let (bundle, report) = scratch.verified_bundle("bundle");
    let agent = &report["completeness"]["agents"][0];
    let vetoes = agent["vetoes"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    let newest = vetoes.last().unwrap();
    assert_eq!(newest["paths"], json!([pattern, "/etc/shadow*"]), "{newest}");
    assert_eq!(newest["kinds"], json!(["identity.secrets_and_keys"]), "{newest}");
    let output = run(&mut installation.verify_command(&bundle)).unwrap();
    let said = text(&output.stdout);
    let line = said.lines().find(|line| line.contains("its operator forbids since"));
    assert!(line.is_some_and(|line| line.contains(&pattern)), "{said}");

    // The repository that is not forbidden is told, nothing of the other one has left, and the kept field is null.
    let mut jobs = None;
    for file in files_under(&bundle) {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("planted-customer"), "{}", file.display());
        let Ok(document) = serde_json::from_str::<Value>(&text) else { continue };
        assert_ne!(document["kind"], "identity.secrets_and_keys", "{}", file.display());
        if document["kind"] == "backup.jobs" {
            jobs = Some(document);
        }
    }
    let jobs = jobs.unwrap();
    let repositories = jobs["body"]["repositories"].as_array().unwrap();
    let of = |name: &str| repositories.iter().find(|one| one["name"] == name);
    assert_eq!(of("open").unwrap()["snapshots"], 1, "{jobs}");
    assert_eq!(of("closed").map(|one| one["reachable"].clone()), Some(json!(false)), "{jobs}");
}
