//! Verification in the browser, in a real one: the modules on vectors that another implementation made, then the pages.

use std::path::{Path, PathBuf};

use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement;
use exhibit_tests::programs::run;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::log_keys::changed;
use crate::rotation::rotate;
use crate::support::{Scratch, files_under};

mod cases;
mod lax;
mod log;
mod noticed;
mod whole;

/// A page that has the modules of the product as `verify`, from the files themselves.
fn modules() -> (Chromium, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = here.join("../collector/assets/verify").canonicalize().unwrap();
    let page = std::fs::read_to_string(here.join("browser/cases.html")).unwrap();
    let file = folder.path().join("cases.html");
    std::fs::write(&file, page.replace("MODULES", &format!("file://{}", modules.display())))
        .unwrap();
    let mut browser = Chromium::start(&["--allow-file-access-from-files"]);
    browser.open(&format!("file://{}", file.display()));
    (browser, folder)
}

#[test]
fn each_wrong_thing_is_named_by_its_step_and_nothing_after_it_is_verified() {
    let (mut browser, _folder) = modules();
    let cases: Vec<Value> = cases::all().iter().map(cases::Case::to_json).collect();
    assert!(cases.len() > 90, "{}", cases.len());
    let wrong = browser.evaluate(&format!("table({})", json!(cases)));
    assert_eq!(wrong, json!([]), "{wrong:#}");
}

#[test]
fn what_a_collector_noticed_is_proven_by_the_signatures_that_it_names_and_by_nothing_less() {
    let (mut browser, _folder) = modules();
    let wrong = browser.evaluate(&format!("noticed({})", json!(noticed::cases())));
    assert_eq!(wrong, json!([]), "{wrong:#}");
}

/// What the statements of a type are, and whether only the log's key makes them. A type that is new has no arm here.
fn meaning(known: &EntryType) -> (&'static str, bool) {
    match known {
        EntryType::Evidence => (statement::EVIDENCE, false),
        EntryType::Heartbeat => (statement::HEARTBEAT, false),
        EntryType::Rotate => (statement::ROTATE, false),
        EntryType::Enrol => (statement::ENROL, true),
        EntryType::Revoke => (statement::REVOKE, true),
        EntryType::RulePack => (statement::RULE_PACK, true),
        EntryType::Activity => (statement::ACTIVITY, true),
        EntryType::Gap => (statement::GAP, true),
        EntryType::Conflict => (statement::CONFLICT, true),
        EntryType::Fork => (statement::FORK, true),
        EntryType::Tombstone => (statement::TOMBSTONE, true),
        EntryType::Hold => (statement::HOLD, true),
        EntryType::LogKey => (statement::LOG_KEY, true),
        EntryType::Time => (statement::TIME, true),
        EntryType::Continues => (statement::CONTINUES, true),
        EntryType::Decision => (statement::DECISION, true),
        EntryType::Other(name) => unreachable!("{name} is not known to the log itself"),
    }
}

#[test]
fn every_type_of_entry_that_the_log_knows_is_known_to_the_browser() {
    let (mut browser, _folder) = modules();
    let known = EntryType::KNOWN.map(|known| (known.as_str().to_owned(), json!(meaning(&known))));
    assert_eq!(browser.evaluate("types()"), Value::Object(known.into_iter().collect()));
}

#[test]
fn no_flipped_bit_of_any_input_is_verified() {
    let (mut browser, _folder) = modules();
    let good = cases::all()[0].to_json();
    let answer = browser.evaluate(&format!("flips({good})"));
    assert_eq!(answer["verified"], json!([]));
    assert!(answer["tried"].as_u64().unwrap() > 4000, "{answer}");
}

#[test]
fn whole_log_tells_from_where_on_a_key_is_revoked() {
    let (mut browser, _folder) = modules();
    for size in [4, 255, 256, 257, 511, 512, 513] {
        let log = whole::log(size);
        let said =
            |browser: &mut Chromium, log: &Value| browser.evaluate(&format!("revocations({log})"));
        let states = said(&mut browser, &log);
        let states: Vec<&str> =
            states.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        let before = whole::REVOKED + 1;
        assert!(states[..before].iter().all(|state| *state == "fine"), "{size}: {states:?}");
        assert!(states[before..].iter().all(|state| *state == "refused"), "{size}: {states:?}");
        assert_eq!(states.len(), size);

        let mut other = log.clone();
        other["leaves"].as_array_mut().unwrap().swap(0, 1);
        assert_eq!(said(&mut browser, &other)[0], "refused");
        let mut silent = log.clone();
        silent["files"].as_object_mut().unwrap().retain(|path, _| path.starts_with("tile/"));
        let states = said(&mut browser, &silent);
        assert_eq!((&states[0], &states[before]), (&json!("fine"), &json!("not checked")));
        let mut cut = log.clone();
        cut["files"].as_object_mut().unwrap().retain(|path, _| !path.starts_with("tile/"));
        assert_eq!(said(&mut browser, &cut), "not checked");
        for path in log["files"].as_object().unwrap().keys() {
            let mut flipped = log.clone();
            flipped["files"][path] = whole::flip(&log["files"][path]);
            assert_eq!(said(&mut browser, &flipped), "refused", "{size}: {path}");
        }
    }
}

/// A bundle of this machine's evidence, and the browser at the page in it.
fn bundle_page() -> (Scratch, PathBuf, Chromium) {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    // Whatever is checked below was signed by the second key.
    assert_eq!(rotate(&scratch.installation), 2);
    scratch.installation.observe().unwrap();
    serving.stop().unwrap();
    // What a person brought is held against its entry, too.
    let policy = scratch.path("policy.txt");
    std::fs::write(&policy, "the policy of 2026").unwrap();
    let mut bring = scratch.installation.collector();
    bring.args(["evidence", "add"]).arg(&policy).args(["--control", "A.5.4", "--title", "Policy"]);
    bring.args(["--valid-until", "2031-01-31", "--by", "ada", "--reason", "board"]);
    assert!(run(&mut bring).unwrap().status.success());
    let bundle = scratch.verified_bundle("bundle").0;
    let mut browser = Chromium::start(&[]);
    browser.open(&format!("file://{}/verify.html", bundle.display()));
    (scratch, bundle, browser)
}

/// Gives key and folder, presses the button, waits; answers the state and the steps that do not hold.
pub(crate) fn verify_bundle(browser: &mut Chromium, trust: &str, bundle: &Path) -> (String, Value) {
    browser.evaluate("document.querySelector('[data-result]').replaceChildren()");
    browser.evaluate(&format!("document.querySelector('#trust').value = {trust:?}"));
    browser.choose("#folder", &[bundle]);
    browser.evaluate("document.querySelector('button').click()");
    browser.until("document.querySelector('[data-result] .verdict') && !document.querySelector('button').disabled");
    let state = browser.evaluate("document.querySelector('.verdict').dataset.state");
    let wrong = browser.evaluate(
        "[...document.querySelectorAll('[data-step]')].filter((step) => step.dataset.state !== 'verified')
           .map((step) => [step.dataset.step, step.dataset.state])",
    );
    (state.as_str().unwrap().to_owned(), wrong)
}

#[test]
fn page_in_a_bundle_verifies_it_from_a_file_and_names_what_was_flipped() {
    let (scratch, bundle, mut browser) = bundle_page();
    let vkey = scratch.installation.first.log_vkey.clone();
    let policy = std::fs::read_to_string(scratch.installation.policy()).unwrap();
    for trust in [&vkey, &policy] {
        assert_eq!(verify_bundle(&mut browser, trust, &bundle), ("verified".into(), json!([])));
    }
    let items = browser.evaluate("document.querySelectorAll('.item[data-state=verified]').length");
    let leaves = std::fs::read_dir(bundle.join("leaves")).unwrap().count();
    assert_eq!(items, leaves);

    let stranger = log::Maker::good().vkey();
    assert_eq!(verify_bundle(&mut browser, &stranger, &bundle).0, "failed");

    let steps = [
        ("documents", "Document"),
        ("files", "Files beside"),
        ("envelopes", "Leaf and envelope"),
        ("leaves", "Inclusion"),
        ("proofs", "Inclusion"),
        ("tile/entries", "Whole log"),
    ];
    for (folder, step) in steps {
        let file = files_under(&bundle.join(folder)).pop().unwrap();
        let original = std::fs::read(&file).unwrap();
        let mut changed = original.clone();
        // A digit becomes another digit: base64 and hex stay readable, so that the step named is always the same.
        let third = original.len() / 3;
        let digit = original[third..].iter().position(u8::is_ascii_digit).unwrap();
        changed[third + digit] ^= 1;
        std::fs::write(&file, &changed).unwrap();
        let (state, wrong) = verify_bundle(&mut browser, &vkey, &bundle);
        assert_eq!(state, "failed", "{folder}");
        let named = wrong.as_array().unwrap();
        assert!(named.contains(&json!(["Files", "failed"])), "{folder}: {wrong}");
        assert!(named.contains(&json!([step, "failed"])), "{folder}: {wrong}");
        std::fs::write(&file, original).unwrap();
    }
    let strange = browser.asked.iter().find(|address| !address.starts_with("file://"));
    assert_eq!(strange.filter(|address| *address != "about:blank"), None);
    assert_eq!(verify_bundle(&mut browser, &vkey, &bundle).0, "verified");
    pictures(&mut browser, "bundle");
}

/// A browser in which the first user has signed in and set a password.
pub(crate) fn signed_in(scratch: &Scratch, web: &str) -> Chromium {
    let first = &scratch.installation.first;
    signed_in_as(web, &first.user, &first.password)
}

/// A browser in which somebody has signed in for the first time and set a password.
pub(crate) fn signed_in_as(web: &str, user: &str, old: &str) -> Chromium {
    let mut browser = Chromium::start(&[]);
    let fill = |fields: &[(&str, &str)], form: &str| {
        let set =
            |(name, value): &(&str, &str)| format!("form.elements[{name:?}].value = {value:?};");
        let set: String = fields.iter().map(set).collect();
        format!(
            "const form = document.querySelector('form[action={form:?}]'); {set} form.requestSubmit();"
        )
    };
    browser.open(&format!("{web}/sign-in"));
    browser.follow(&fill(&[("name", user), ("password", old)], "/sign-in"));
    let new = "four calm words here";
    browser.follow(&fill(&[("present", old), ("new", new), ("again", new)], "/password"));
    browser
}

/// Signs in as the first user and goes to the first document that the log names.
fn evidence_page(scratch: &Scratch, web: &str) -> Chromium {
    let mut browser = signed_in(scratch, web);
    for index in 0..10 {
        browser.open(&format!("{web}/entries/{index}"));
        let link = "document.querySelector('a[href^=\"/evidence/\"]')";
        if browser.evaluate(&format!("{link} !== null")) == true {
            browser.follow(&format!("{link}.click()"));
            return browser;
        }
    }
    unreachable!("no evidence among the first entries of the log")
}

/// Presses *Verify* on an evidence page; answers the state and the steps that do not hold.
fn verify_here(browser: &mut Chromium, trust: &str) -> (Value, Value) {
    browser.evaluate("document.querySelector('[data-result]').replaceChildren()");
    browser.evaluate(&format!("document.querySelector('#trust').value = {trust:?}"));
    browser.evaluate("document.querySelector('[data-verify] button').click()");
    browser.until("document.querySelector('[data-result] .verdict') && !document.querySelector('[data-verify] button').disabled");
    let state = browser.evaluate("document.querySelector('[data-result] .verdict').dataset.state");
    let wrong = browser.evaluate(
        "[...document.querySelectorAll('[data-step]')].filter((step) => step.dataset.state !== 'verified')
           .map((step) => [step.dataset.step, step.dataset.state])",
    );
    (state, wrong)
}

#[test]
fn evidence_page_verifies_here_and_fetches_nothing_but_the_item_and_its_proof() {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    // The key of what is observed came by a rotation.
    assert_eq!(rotate(&scratch.installation), 2);
    scratch.installation.observe().unwrap();
    let mut browser = evidence_page(&scratch, &serving.web);
    let vkey = scratch.installation.first.log_vkey.clone();

    let page = browser.evaluate("document.documentElement.innerHTML");
    assert!(!page.as_str().unwrap().contains(&vkey), "the page offers the key to trust itself");
    browser.asked.clear();
    // One item cannot show that its key was not revoked before.
    let holds = (json!("not_checked"), json!([["Revocation", "not_checked"]]));
    assert_eq!(verify_here(&mut browser, &vkey), holds);
    let focus = browser.evaluate("document.activeElement.className");
    assert!(focus.as_str().unwrap().starts_with("verdict"), "{focus}");
    assert_eq!(browser.asked.len(), 8, "{:?}", browser.asked);
    let expected = ["/document", "/envelope", "/proof", "/log/log-keys.json"];
    let fits = |address: &String| {
        address.starts_with(&serving.web) && expected.iter().any(|end| address.ends_with(end))
    };
    assert!(browser.asked.iter().all(fits), "{:?}", browser.asked);
    pictures(&mut browser, "evidence");

    let stranger = log::Maker::good().vkey();
    assert_eq!(verify_here(&mut browser, &stranger).0, "failed");
    assert_eq!(verify_here(&mut browser, "nonsense").0, "failed");

    // A collector that answers with one flipped byte.
    browser.evaluate(
        "window.real = window.fetch; window.flip = '';
         window.fetch = async (address, more) => {
           const answer = await real(address, more);
           if (address !== flip) return answer;
           const bytes = new Uint8Array(await answer.arrayBuffer());
           bytes[Math.floor(bytes.length / 2)] ^= 1;
           return new Response(bytes);
         }; true",
    );
    let parts = [
        ("given.document", "Document"),
        ("given.envelope", "Leaf and envelope"),
        ("given.proof", "Checkpoint"),
        ("`/entries/${given.introductions.split(' ')[0]}/envelope`", "Enrolment"),
        ("`/entries/${given.introductions.split(' ')[0]}/proof`", "Enrolment"),
        ("`/entries/${given.introductions.split(' ')[1]}/envelope`", "Enrolment"),
        ("`/entries/${given.introductions.split(' ')[1]}/proof`", "Enrolment"),
    ];
    for (part, step) in parts {
        browser.evaluate("window.given = document.querySelector('[data-verify]').dataset; true");
        browser.evaluate(&format!("flip = {part}"));
        let (state, wrong) = verify_here(&mut browser, &vkey);
        assert_eq!(state, "failed", "{part}");
        let first = wrong.as_array().unwrap().iter().find(|step| step[1] == "failed").unwrap();
        let near = [step, "Inclusion"];
        assert!(near.contains(&first[0].as_str().unwrap()), "{part}: {wrong}");
    }
    browser.evaluate("flip = ''");
    assert_eq!(verify_here(&mut browser, &vkey), holds);
    serving.stop().unwrap();
}

/// Every second digit of a text becomes another digit, one at a time.
fn digits_flipped(text: &str) -> impl Iterator<Item = String> {
    let digits: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(at, _)| at).collect();
    digits.into_iter().step_by(2).map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).unwrap()
    })
}

#[test]
fn pages_follow_the_logs_key_forwards_and_backwards() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let old = installation.first.log_vkey.clone();
    let new = changed(installation, "rotate")["new"].as_str().unwrap().to_owned();
    let mut browser = evidence_page(&scratch, &serving.web);
    let holds = (json!("not_checked"), json!([["Revocation", "not_checked"]]));
    // Enrolled and observed under the old key, proven under a head of both.
    for trust in [&old, &new] {
        assert_eq!(verify_here(&mut browser, trust), holds, "{trust}");
    }
    changed(installation, "retire");
    installation.observe().unwrap();
    // The head is of the new key alone, and the enrolment of the old one.
    for trust in [&old, &new] {
        assert_eq!(verify_here(&mut browser, trust), holds, "{trust}");
    }
    let stranger = log::Maker::good().vkey();
    assert_eq!(verify_here(&mut browser, &stranger).0, "failed");
    browser.evaluate(
        "window.real = window.fetch; window.shown = null;
         window.fetch = async (address, more) =>
           shown !== null && address.endsWith('log-keys.json') ? new Response(shown) : real(address, more); true",
    );
    let text = browser.evaluate("real('/log/log-keys.json').then((answer) => answer.text())");
    let text = text.as_str().unwrap();
    // Every byte of it is signed or counted: no other digit anywhere passes.
    for (at, flipped) in digits_flipped(text).step_by(16).enumerate() {
        browser.evaluate(&format!("shown = {}", Value::from(flipped)));
        let trust = [&old, &new][at % 2];
        assert_eq!(verify_here(&mut browser, trust).0, "failed", "{at} {trust}");
    }
    browser.evaluate("shown = '{\"schema\":\"urn:exhibit:log-keys:v1\",\"changes\":[]}'");
    assert_eq!(verify_here(&mut browser, &old).0, "failed");
    browser.evaluate("shown = null");
    assert_eq!(verify_here(&mut browser, &old), holds);
    serving.stop().unwrap();

    let bundle = installation.folder.join("bundle");
    installation.export(&bundle).unwrap();
    browser.open(&format!("file://{}/verify.html", bundle.display()));
    for trust in [&old, &new] {
        assert_eq!(verify_bundle(&mut browser, trust, &bundle), ("verified".into(), json!([])));
    }
    let file = bundle.join("log-keys.json");
    let original = std::fs::read_to_string(&file).unwrap();
    for flipped in digits_flipped(&original).step_by(48) {
        std::fs::write(&file, flipped).unwrap();
        for trust in [&old, &new] {
            let (state, wrong) = verify_bundle(&mut browser, trust, &bundle);
            assert_eq!(state, "failed", "{wrong}");
            let named = ["Head", "Changes of the log’s key"].map(|step| json!([step, "failed"]));
            let wrong = wrong.as_array().unwrap();
            assert!(named.iter().any(|step| wrong.contains(step)), "{wrong:?}");
        }
    }
    // Without it nothing leads from the old key, and what the old key signed cannot be judged under the new one.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(verify_bundle(&mut browser, &old, &bundle).0, "failed");
    let (state, wrong) = verify_bundle(&mut browser, &new, &bundle);
    assert_eq!(state, "failed");
    let step = json!(["Changes of the log’s key", "not_checked"]);
    assert!(wrong.as_array().unwrap().contains(&step), "{wrong}");
    std::fs::write(&file, &original).unwrap();
    assert_eq!(verify_bundle(&mut browser, &new, &bundle).0, "verified");
    pictures(&mut browser, "log-keys");
}

/// Pictures for people to look at, if a folder for them is named.
fn pictures(browser: &mut Chromium, name: &str) {
    let Some(folder) = std::env::var_os("EXHIBIT_PICTURES").map(PathBuf::from) else { return };
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light")] {
        browser.picture(&folder.join(format!("{name}-{width}-{scheme}.png")), width, scheme);
    }
}
