//! Addresses that the collector serves, out of its own list of rights: one that is new is met by whoever asks here.

/// The list itself.
const RIGHTS: &str = include_str!("../../collector/src/web/rights.rs");

/// Patterns of all that is only looked at.
pub fn looked_at() -> impl Iterator<Item = &'static str> {
    RIGHTS.lines().filter_map(|line| {
        let line = line.trim();
        let looked_at = line.starts_with("page(\"") || line.contains(".get(");
        line.split('"').nth(1).filter(|path| looked_at && path.starts_with('/'))
    })
}

/// The pattern that an address is of; one without a placeholder goes before one with.
pub fn pattern_of<'a>(patterns: &'a [String], address: &str) -> Option<&'a String> {
    let path: Vec<&str> = address.split(['?', '#']).next()?.split('/').collect();
    let fits = |pattern: &&String| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == path.len()
            && parts.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    patterns.iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count())
}
