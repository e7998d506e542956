//! Addresses of pages: the patterns from the collector's list of rights, their parameters from links.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;

use crate::chromium::Chromium;

/// Addresses in that list which answer with a file, a stream, or in the middle of a sign-in.
const NO_PAGES: [&str; 11] = [
    "/live",
    "/sign-in/second",
    "/evidence/{index}/{kind}/{target}/document",
    "/entries/{index}/{part}",
    "/decisions/{register}/{id}/file/{index}",
    "/soa/versions/{entry}",
    "/audits/{audit}/requests",
    "/audits/{audit}/files/{digest}",
    "/audits/{audit}/populations/{id}/{list}",
    "/audits/{audit}/evidence/{index}/{kind}/{target}/document",
    "/api/try",
];
/// Where somebody goes by hand.
const FIRST: [&str; 4] = ["/", "/sign-in", "/password", "/api"];

/// One page of the product.
pub(super) struct Page {
    pub(super) pattern: String,
    /// The pattern, with its register: each has a form of its own.
    pub(super) name: String,
    pub(super) address: String,
}

/// Patterns of all pages, out of the list of rights.
pub(super) fn patterns() -> Vec<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../collector/src/web/rights.rs");
    let source = fs::read_to_string(list).unwrap();
    let pattern = |line: &str| -> Option<String> {
        let line = line.trim();
        let looked_at = line.starts_with("page(\"") || line.contains(".get(");
        let path = line.split('"').nth(1).filter(|path| looked_at && path.starts_with('/'))?;
        let page =
            !path.ends_with(".csv") && !path.starts_with("/api/") && !NO_PAGES.contains(&path);
        page.then(|| path.to_owned())
    };
    source.lines().filter_map(pattern).collect()
}

/// The pattern that an address is of; one without a placeholder goes before one with.
fn pattern_of<'a>(patterns: &'a [String], address: &str) -> Option<&'a String> {
    let path: Vec<&str> = address.split(['?', '#']).next()?.split('/').collect();
    let fits = |pattern: &&String| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == path.len()
            && parts.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    patterns.iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count())
}

/// An address of each pattern, as links from the first page on lead there.
pub(super) fn found(browser: &mut Chromium, web: &str, patterns: &[String]) -> Vec<Page> {
    let mut found: BTreeMap<String, Page> = BTreeMap::new();
    let mut next: VecDeque<String> = FIRST.map(str::to_owned).into();
    while let Some(address) = next.pop_front() {
        let Some(pattern) = pattern_of(patterns, &address).cloned() else { continue };
        let register = address.split(['/', '?']).nth(2).unwrap_or_default();
        let name = pattern.replace("{register}", register);
        if found.contains_key(&name) {
            continue;
        }
        found.insert(name.clone(), Page { pattern, name, address: address.clone() });
        browser.open(&format!("{web}{address}"));
        let links = browser.evaluate(
            "[...document.querySelectorAll('a[href^=\"/\"]:not([download])')].map((link) => link.getAttribute('href'))",
        );
        next.extend(links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()));
    }
    found.into_values().collect()
}
