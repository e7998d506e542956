//! The page `rules/COVERAGE.md` says what the rules say.

use std::{env, fs, path::Path};

use exhibit_assessment::{Framework, RulePack, coverage_page};

/// To write the page anew: `WRITE_COVERAGE=1 cargo nextest run -p exhibit-assessment coverage`.
#[test]
fn the_coverage_page_is_the_rules() {
    let (framework, pack) = (Framework::builtin().unwrap(), RulePack::builtin().unwrap());
    let page = coverage_page(&framework, &pack);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/COVERAGE.md");
    if env::var_os("WRITE_COVERAGE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "rules/COVERAGE.md is not what the rules say; set WRITE_COVERAGE=1 and run this test"
    );
}
