//! Every page in a real browser: in both themes without a barrier, on a narrow screen, without script, under our own policy; a
//! picture of each is kept for people to look at. The addresses come from the list of rights, so a page that is new is looked at
//! too, and one that no link leads to fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_tests::programs::{run, text};
use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::chromium::Chromium;
use crate::support::Scratch;

mod addresses;
mod inhabited;
mod refused;

/// Most that the first page may weigh on the wire, with its stylesheets, scripts and pictures.
const FIRST_PAGE: u64 = 100_000;
/// Visible links and rows, and forms that nobody could send.
const SHOWN: &str = "(() => {
  const seen = (all) => [...document.querySelectorAll(all)].filter((one) => one.checkVisibility());
  const inner = (form) => [...form.querySelectorAll('button, input[type=submit]')].some((one) => one.checkVisibility());
  // Enter sends a form without a button where one field takes text; hidden ones do not count (HTML, implicit submission).
  const alone = (form) => form.getAttribute('role') === 'search' && form.querySelectorAll('input:not([type=hidden])').length === 1;
  return {
    headings: document.querySelectorAll('main h1').length,
    links: [...new Set(seen('main a[href]').map((link) => link.getAttribute('href').split('?')[0]))].sort(),
    rows: seen('main tbody tr').length,
    forms: seen('form').filter((form) => !inner(form) && !alone(form)).map((form) => form.outerHTML.slice(0, 160)),
  };
})()";

/// What looks at pages, and what it found wrong.
struct Eye {
    browser: Chromium,
    axe: String,
    pictures: PathBuf,
    web: String,
    wrong: Vec<Value>,
}

impl Eye {
    /// Pictures go to a folder of that name beside the programs.
    fn new(scratch: &Scratch, browser: Chromium, web: &str, name: &str) -> Self {
        let built = scratch.installation.programs.folder().parent().unwrap();
        let folder = built.join("reference-axe");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/axe.sh");
        let output = run(Command::new("bash").arg(script).arg(&folder)).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let axe = fs::read_to_string(folder.join("axe.min.js")).unwrap();
        let pictures = built.join("pages").join(name);
        fs::create_dir_all(&pictures).unwrap();
        Self { browser, axe, pictures, web: web.to_owned(), wrong: Vec::new() }
    }

    /// Looks at one page in every way.
    fn look(&mut self, address: &str, name: &str) {
        self.browser.window(1280, "light");
        self.browser.open(&format!("{}{address}", self.web));
        let scripted = self.browser.evaluate(SHOWN);
        self.look_here(address, name);

        self.browser.window(1280, "light");
        self.browser.scripts(false);
        self.browser.open(&format!("{}{address}", self.web));
        let plain = self.browser.evaluate(SHOWN);
        self.browser.scripts(true);
        let list = |shown: &Value, what: &str| shown[what].as_array().unwrap().clone();
        let lost: Vec<Value> = list(&scripted, "links")
            .into_iter()
            .filter(|link| !list(&plain, "links").contains(link))
            .collect();
        let fewer = plain["rows"].as_u64() < scripted["rows"].as_u64();
        if plain["headings"] != 1 || !list(&plain, "forms").is_empty() || !lost.is_empty() || fewer
        {
            let told = json!({"headings": plain["headings"], "forms": plain["forms"], "links": lost, "fewer rows": fewer});
            self.wrong.push(json!([address, "without script", told]));
        }
    }

    /// Looks at the page where the browser is, as it is: what a form led to.
    fn look_here(&mut self, address: &str, name: &str) {
        self.browser.window(1280, "light");
        self.browser.evaluate(&format!("{}; true", self.axe));
        self.barriers(address, "light", "{}");
        self.picture(name, 1280, "light");
        self.browser.window(1280, "dark");
        // Only colours are others in the dark.
        self.barriers(address, "dark", "{runOnly: ['color-contrast', 'link-in-text-block']}");
        self.picture(name, 1280, "dark");
        self.browser.window(360, "light");
        // A phone makes the window wider where the page is: what it has is told by the width that was set.
        let over = self.browser.evaluate("document.documentElement.scrollWidth - 360");
        if over.as_i64() > Some(0) {
            self.wrong.push(json!([address, "360 px scroll sideways by", over]));
        }
        self.picture(name, 360, "light");
    }

    /// What axe finds that keeps people out, each with the first elements concerned.
    fn barriers(&mut self, address: &str, scheme: &str, only: &str) {
        let found = self.browser.evaluate(&format!(
            "axe.run(document, {{resultTypes: ['violations'], rules: {{'target-size': {{enabled: true}}}}, ...{only}}}).then((found) =>
               found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
                 .map((one) => [one.id, one.nodes.length, one.nodes.slice(0, 2).map((node) => [node.html.slice(0, 160), node.failureSummary])]))",
        ));
        for one in found.as_array().unwrap() {
            self.wrong.push(json!([address, scheme, one]));
        }
    }

    fn picture(&mut self, name: &str, width: u32, scheme: &str) {
        let file = self.pictures.join(format!("{name}-{width}-{scheme}.png"));
        self.browser.picture(&file, width, scheme);
    }

    fn satisfied(&self) {
        assert!(self.wrong.is_empty(), "{:#}", Value::from(self.wrong.clone()));
        assert!(self.browser.broken.is_empty(), "{:#?}", self.browser.broken);
    }
}

/// An address as a file's name.
fn slug(address: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let name: String = address.chars().map(plain).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "today".to_owned() } else { name.chars().take(80).collect() }
}

#[test]
fn every_page_is_without_barriers_in_both_themes_fits_a_narrow_screen_and_works_without_script() {
    let scratch = Scratch::new();
    let serving = inhabited::make(&scratch);
    let browser = signed_in(&scratch, &serving.web);
    let mut eye = Eye::new(&scratch, browser, &serving.web, "all");
    let patterns = addresses::patterns();
    assert!(patterns.len() > 45, "{patterns:?}");
    let pages = addresses::found(&mut eye.browser, &serving.web, &patterns);
    let missed: Vec<&String> =
        patterns.iter().filter(|p| !pages.iter().any(|page| page.pattern == **p)).collect();
    assert!(missed.is_empty(), "no link from the first page on leads to {missed:?}");
    for page in &pages {
        eye.look(&page.address, &slug(&page.name));
    }
    // What pages say where there is nothing, of earlier, and to a wrong question.
    for address in [
        "/search?q=A.8.8",
        "/search?q=nothing-of-the-sort",
        "/findings?q=nothing-of-the-sort",
        "/controls?as_of=3",
        "/log?as_of=3",
        "/controls?as_of=never",
        "/no-such-page",
        "/targets/host:nobody",
    ] {
        eye.look(address, &slug(address));
    }
    eye.satisfied();
}

#[test]
fn every_page_of_a_collector_that_knows_nothing_says_what_to_do_next_and_has_no_barriers() {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    let browser = signed_in(&scratch, &serving.web);
    let mut eye = Eye::new(&scratch, browser, &serving.web, "empty");
    for address in addresses::patterns().iter().filter(|pattern| !pattern.contains('{')) {
        eye.look(address, &slug(address));
    }
    eye.satisfied();
}

#[test]
fn the_first_page_is_light() {
    let scratch = Scratch::new();
    let serving = inhabited::make(&scratch);
    let mut browser = signed_in(&scratch, &serving.web);
    browser.empty_cache();
    browser.open(&format!("{}/", serving.web));
    let weight = browser.evaluate(
        "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
           .map((one) => one.encodedBodySize)",
    );
    let parts: Vec<u64> = weight.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    let sum: u64 = parts.iter().sum();
    assert!(parts.len() >= 3 && parts.iter().all(|part| *part > 0), "{parts:?}");
    assert!(sum < FIRST_PAGE, "{sum} bytes");
}
