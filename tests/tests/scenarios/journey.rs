//! One story in a real browser, as two people and an auditor live it: why is A.8.13 not met, what is done about it, and what an
//! auditor takes home.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_tests::installation::Serving;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::{Value, json};

use crate::browser::{signed_in_as, verify_bundle};
use crate::chromium::Chromium;
use crate::support::{Scratch, files_under};

/// How a page is found by what it says, as people do.
const EYES: &str = "window.shown = (all, text) => [...document.querySelectorAll(all)]
    .find((one) => one.checkVisibility() && one.textContent.trim().startsWith(text));";

/// Somebody in front of a browser.
struct Person {
    browser: Chromium,
    web: String,
}

impl Person {
    /// Signs in for the first time, and sets a password.
    fn enters(serving: &Serving, name: &str, first_password: &str) -> Self {
        let browser = signed_in_as(&serving.web, name, first_password);
        Self { browser, web: serving.web.clone() }
    }

    /// Follows the first link or button that begins with these words.
    fn clicks(&mut self, words: &str) {
        self.browser.evaluate(&format!("{EYES} true"));
        let there = self.browser.evaluate(&format!("Boolean(shown('a, button', {words:?}))"));
        assert_eq!(there, true, "no {words:?} on this page: {}", self.reads());
        self.browser.follow(&format!("shown('a, button', {words:?}).click();"));
    }

    /// Types into the field with that label.
    fn types(&mut self, label: &str, value: &str) {
        self.browser.evaluate(&format!("{EYES} true"));
        let there = self.browser.evaluate(&format!("Boolean(shown('label', {label:?})?.control)"));
        assert_eq!(there, true, "no field {label:?} on this page: {}", self.reads());
        self.browser.evaluate(&format!("shown('label', {label:?}).control.value = {value:?}"));
    }

    /// What the page says.
    fn reads(&mut self) -> String {
        let said = self.browser.evaluate("document.querySelector('main').innerText");
        said.as_str().unwrap().to_owned()
    }

    /// What the control's page says of its status.
    fn status(&mut self) -> String {
        let word =
            self.browser.evaluate("document.querySelector('.verdict .big strong').innerText");
        word.as_str().unwrap().to_owned()
    }

    fn searches(&mut self, text: &str) {
        self.browser.follow(&format!(
            "const form = document.querySelector('form.search'); form.elements.q.value = {text:?}; form.requestSubmit();"
        ));
    }

    fn opens(&mut self, path: &str) {
        self.browser.open(&format!("{}{path}", self.web));
    }
}

/// A collector that asks for a second person where failures are waived. Eight days ago its agent looked at backups alone; today
/// it looks at all of this machine.
fn observed() -> (Scratch, Serving) {
    let mut scratch = Scratch::ago(Some(8));
    let installation = &mut scratch.installation;
    let file = installation.folder.join("collector.toml");
    let asks = "\n[approval]\nsecond_person = [\"waiver\"]\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + asks).unwrap();
    let file = installation.folder.join("agent.toml");
    let everything = fs::read_to_string(&file).unwrap();
    let parts: Vec<&str> = everything.split("\n[[plugin]]\n").collect();
    let backups = parts.iter().find(|part| part.contains("exhibit-plugin-backup")).unwrap();
    fs::write(&file, [parts[0], backups].join("\n[[plugin]]\n")).unwrap();
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    assert_eq!(installation.observe().unwrap().documents, 1);
    serving.stop().unwrap();

    installation.days_ago = None;
    fs::write(&file, everything).unwrap();
    let serving = installation.serve().unwrap();
    installation.observe().unwrap();
    (scratch, serving)
}

/// Adds somebody; answers their first password.
fn added(scratch: &Scratch, name: &str, role: &str) -> String {
    let mut command = scratch.installation.collector();
    let done = run_json(command.args(["user", "add", name, "--role", role, "--json"])).unwrap();
    done["password"].as_str().unwrap().to_owned()
}

/// How many entries the log has.
fn entries(scratch: &Scratch) -> u64 {
    let status = run_json(scratch.installation.collector().args(["status", "--json"])).unwrap();
    status["size"].as_u64().unwrap()
}

/// What an auditor takes home, unpacked.
fn unpacked(scratch: &Scratch, zip: &Path) -> PathBuf {
    let folder = scratch.path("home");
    let output =
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(zip).arg(&folder)).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let readme = files_under(&folder).into_iter().find(|file| file.ends_with("verify.html"));
    readme.unwrap().parent().unwrap().to_owned()
}

/// Ada finds why backups are not what they should be, proposes to live with it, and Bob approves: who is Bob.
fn lived_with(scratch: &Scratch, serving: &Serving) -> Person {
    // Ada signs in for the first time. She looks for the control of backups and reads why it is not met.
    let first = &scratch.installation.first;
    let mut ada = Person::enters(serving, &first.user, &first.password);
    assert!(ada.reads().contains("Newly not met"), "{}", ada.reads());
    ada.searches("A.8.13");
    assert_eq!(ada.status(), "not met");
    let why = ada.reads();
    assert!(why.contains("a recent backup is missing"), "{why}");

    // It cannot be mended before the new storage comes: she proposes to live with it until then.
    ada.clicks("Waive failures");
    ada.types("Until", "2099-01-31");
    ada.types("Why", "the new storage comes in January");
    ada.clicks("Propose");
    let proposed = ada.reads();
    assert!(proposed.contains("You proposed it, so somebody else must approve it"), "{proposed}");
    ada.searches("A.8.13");
    assert!(!ada.reads().contains("waived by"), "a proposal counts for nothing");
    assert!(ada.browser.broken.is_empty(), "{:?}", ada.browser.broken);

    // Bob finds it under Today and approves it.
    let mut bob = Person::enters(serving, "bob", &added(scratch, "bob", "compliance"));
    assert!(bob.reads().contains("Waits for approval"), "{}", bob.reads());
    bob.clicks("Look and approve");
    bob.types("Why it is right", "the order is placed");
    bob.clicks("Approve");
    assert!(bob.reads().contains("Approved by bob"), "{}", bob.reads());
    bob.searches("A.8.13");
    let now = bob.reads();
    assert!(now.contains("in effect") && now.contains("waived by"), "{now}");
    // Lived with, and told as that: a waiver is no pass, and of all else there is no evidence, since no repository is named.
    assert!(now.contains(" 0 fail") && now.contains("no backup repository is named"), "{now}");
    assert_eq!(bob.status(), "no evidence");
    bob
}

/// Earlier it was as it was: just before, and a week ago, when backups were the only thing that anybody looked at.
fn as_of_earlier(bob: &mut Person, before: u64) {
    bob.opens(&format!("/controls/A.8.13?as_of={}", before - 1));
    assert_eq!(bob.status(), "not met");
    let earlier = bob.reads();
    assert!(!earlier.contains("the new storage comes"), "{earlier}");
    assert!(!earlier.contains("waived by"), "{earlier}");
    bob.browser.evaluate("document.querySelector('.moment').open = true");
    bob.browser.evaluate(
        "document.querySelector('.moment input[type=date]').valueAsNumber = Date.now() - 7 * 86400000",
    );
    bob.browser.follow("document.querySelector('.moment form').requestSubmit();");
    let then = bob.reads();
    assert_eq!(bob.status(), "not met");
    assert!(then.contains("a recent backup is missing") && !then.contains("waived by"), "{then}");
    bob.searches("A.5.16");
    assert_eq!(bob.status(), "no evidence", "a week ago nobody looked at accounts");
    bob.clicks("Back to now");
}

/// An audit comes. The accounts are frozen; then the auditor throws dice, and five are drawn.
fn sampled(bob: &mut Person) {
    bob.opens("/audits");
    bob.clicks("Make an audit");
    for (label, value) in [
        ("Title", "Surveillance 2026"),
        ("Controls in scope", "A.8.13, A.5.16"),
        ("Period from", "2020-01-01"),
        ("Period until", "2099-12-31"),
        ("Who leads it", "Eve Auditor"),
        ("Why", "contract of May"),
    ] {
        bob.types(label, value);
    }
    bob.clicks("Decide");
    bob.clicks("Freeze a population");
    for (label, value) in [
        ("What it is a list of", "Accounts"),
        ("Kind of evidence", "identity.accounts"),
        ("Where the rows are", "/accounts"),
        ("Fields", "name, uid"),
        ("How many to draw", "5"),
        ("Why", "surveillance"),
    ] {
        bob.types(label, value);
    }
    bob.clicks("Freeze");
    bob.types("The number", "6 3 5 5 1 2");
    bob.types("Why", "dice of the auditor");
    bob.clicks("Draw");
    let drawn = bob.reads();
    assert!(drawn.contains("5 items") && drawn.contains("6 3 5 5 1 2"), "{drawn}");
}

#[test]
fn a_8_13_from_the_first_sign_in_to_a_bundle_that_nobody_can_change_unnoticed() {
    let (scratch, serving) = observed();
    let before = entries(&scratch);
    let mut bob = lived_with(&scratch, &serving);
    as_of_earlier(&mut bob, before);
    sampled(&mut bob);

    // The auditor takes the bundle home and verifies it there, by the key that they noted.
    bob.clicks("A-");
    let make = "document.querySelector('form[action$=\"/bundle\"] button').click()";
    let zip = bob.browser.download(&scratch.path("downloads"), make);
    assert!(bob.browser.broken.is_empty(), "{:?}", bob.browser.broken);
    let bundle = unpacked(&scratch, &zip);
    let key = &scratch.installation.first.log_vkey;
    let mut eve = Chromium::start(&[]);
    eve.open(&format!("file://{}/verify.html", bundle.display()));
    // What is outside of the audit's scope is named and not in it: that is not checked, and nothing else is.
    assert_eq!(verify_bundle(&mut eve, key, &bundle), ("not_checked".into(), json!([])));
    let items = "document.querySelectorAll('.item[data-state=verified]').length";
    assert!(eve.evaluate(items).as_u64() > Some(0));

    // Somebody makes a backup of it that never was.
    let documents = files_under(&bundle.join("documents")).into_iter();
    let mut told = documents.map(|file| (fs::read_to_string(&file).unwrap(), file));
    let (told, file) = told.find(|(text, _)| text.contains("\"kind\":\"backup.jobs\"")).unwrap();
    let never = "\"repositories\":[{\"name\":\"nightly\"}]";
    let forged = told.replacen("\"repositories\":[]", never, 1);
    assert_ne!(forged, told);
    fs::write(file, forged).unwrap();
    let (state, wrong) = verify_bundle(&mut eve, key, &bundle);
    assert_eq!(state, "failed");
    let named: &Vec<Value> = wrong.as_array().unwrap();
    assert!(named.contains(&json!(["Document", "failed"])), "{wrong}");
}
