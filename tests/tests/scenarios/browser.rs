//! Verification in the browser, in a real one: the modules on vectors that another implementation made, then the pages.

use std::path::Path;

use serde_json::{Value, json};

use crate::chromium::Chromium;

mod cases;
mod log;

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
fn no_flipped_bit_of_any_input_is_verified() {
    let (mut browser, _folder) = modules();
    let good = cases::all()[0].to_json();
    let answer = browser.evaluate(&format!("flips({good})"));
    assert_eq!(answer["verified"], json!([]));
    assert!(answer["tried"].as_u64().unwrap() > 4000, "{answer}");
}
