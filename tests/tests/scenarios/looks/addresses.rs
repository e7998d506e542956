//! Addresses of pages: the patterns from the collector's list of rights, their parameters from links.

use std::collections::{BTreeMap, VecDeque};

use exhibit_tests::addresses::{looked_at, pattern_of};

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
    let page = |path: &&str| {
        !path.ends_with(".csv") && !path.starts_with("/api/") && !NO_PAGES.contains(path)
    };
    looked_at().filter(page).map(str::to_owned).collect()
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
