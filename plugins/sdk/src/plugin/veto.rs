//! Paths that the operator of the host forbids: nothing at them or below them is opened, and what was wanted of them is
//! told. It never asks who forbids, and nothing but the agent's own file says what.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Starts the detail of every outcome that is the choice of the host's operator; no server can lift it.
pub const VETO: &str = "the operator of this host forbids it";

/// Patterns of absolute paths: `**` is any number of parts, `*` and `?` are letters within one. A pattern forbids what fits
/// it and everything below that.
#[derive(Clone, Debug, Default)]
pub struct Vetoes {
    patterns: Arc<[Pattern]>,
    /// What was wanted of each pattern: how often, and the first path.
    met: Arc<Mutex<BTreeMap<String, (u64, String)>>>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    parts: Vec<String>,
}

/// A text that is no pattern of paths.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is no path; write an absolute one without '.' or '..', such as \"/etc/ssl/private/**\""
)]
pub struct VetoError(String);

impl Vetoes {
    /// Reads patterns.
    ///
    /// # Errors
    ///
    /// When one is not absolute, climbs, or would forbid everything.
    pub fn read(texts: &[String]) -> Result<Self, VetoError> {
        let patterns =
            texts.iter().map(|text| Pattern::read(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { patterns: patterns.into(), met: Arc::default() })
    }

    /// Whether nothing is forbidden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The pattern that forbids a path, which is noted as wanted.
    #[must_use]
    pub fn forbids(&self, path: &str) -> Option<String> {
        self.first(path, |pattern, parts| pattern.covers(parts))
    }

    /// The pattern that forbids a path or something below it, for tools that read a whole folder; noted as wanted. The root
    /// itself is not asked about: a tool that is given it reads what it is for.
    #[must_use]
    pub fn touches(&self, path: &str) -> Option<String> {
        let fits = |pattern: &Pattern, parts: &[&str]| {
            !parts.is_empty() && (pattern.covers(parts) || pattern.lies_below(parts))
        };
        self.first(path, fits)
    }

    fn first(&self, path: &str, fits: impl Fn(&Pattern, &[&str]) -> bool) -> Option<String> {
        if self.patterns.is_empty() {
            return None;
        }
        let parts = parts(path);
        let found = self.patterns.iter().find(|pattern| fits(pattern, &parts))?;
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, _) = met.entry(found.text.clone()).or_insert_with(|| (0, path.to_owned()));
        *times += 1;
        Some(found.text.clone())
    }

    /// What was wanted and not read since the last call, as details of outcomes.
    #[must_use]
    pub fn met(&self) -> Vec<String> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *met)
            .into_iter()
            .map(|(pattern, (times, first))| {
                let more = if times > 1 { format!(" ({times} times)") } else { String::new() };
                format!("{VETO} ([deny] paths: {pattern}); not read: {first}{more}")
            })
            .collect()
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, VetoError> {
        let wrong = || VetoError(text.to_owned());
        let inner = text.strip_prefix('/').ok_or_else(wrong)?;
        let parts: Vec<String> =
            inner.trim_end_matches('/').split('/').map(str::to_owned).collect();
        let odd = |part: &String| part.is_empty() || part == "." || part == "..";
        // Everything: then it is the plugin that should not be configured.
        let all = parts.iter().all(|part| part == "**" || part == "*");
        if all || parts.iter().any(odd) || text.chars().any(char::is_control) {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether it fits a path or a folder above it.
    fn covers(&self, path: &[&str]) -> bool {
        (0..=path.len()).any(|end| fits(&self.parts, path.get(..end).unwrap_or_default()))
    }

    /// Whether something below a folder may fit it.
    fn lies_below(&self, folder: &[&str]) -> bool {
        (0..self.parts.len()).any(|end| fits(self.parts.get(..end).unwrap_or_default(), folder))
    }
}

/// The parts of a path; `.` and empty parts mean nothing, and `..` takes one back, as far as no link is met.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

fn fits(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            fits(rest, path) || path.split_first().is_some_and(|(_, below)| fits(pattern, below))
        }
        (Some((first, rest)), Some((part, below))) => matches(first, part) && fits(rest, below),
        (_, _) => false,
    }
}

/// Whether a name fits a pattern with `*` and `?`.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(c) if *c == '?' || text.get(from) == Some(c) => {
                at += 1;
                from += 1;
            }
            Some(_) | None => {
                // Let the last star take one character more.
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                from = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vetoes(text: &str) -> Vetoes {
        Vetoes::read(&[text.to_owned()]).unwrap()
    }

    #[test]
    fn a_pattern_forbids_what_fits_it_and_everything_below() {
        for (pattern, path, forbidden) in [
            ("/etc/ssl/private/**", "/etc/ssl/private/a.key", true),
            ("/etc/ssl/private/**", "/etc/ssl/private/x/y/a.key", true),
            ("/etc/ssl/private/**", "/etc/ssl/private", true),
            ("/etc/ssl/private/**", "/etc/ssl/privateer", false),
            ("/etc/ssl/private", "/etc/ssl/private/a.key", true),
            ("/etc/ssl/private/", "/etc/ssl//private/./a.key", true),
            ("/etc/ssl/private", "/etc/ssl/certs/../private/a.key", true),
            ("/etc/ssl/private", "/etc/ssl", false),
            ("/home/*/.ssh", "/home/ada/.ssh/id_rsa", true),
            ("/home/*/.ssh", "/home/ada/x/.ssh/id_rsa", false),
            ("/**/*.key", "/srv/app/tls/server.key", true),
            ("/**/*.key", "/server.key", true),
            ("/**/*.key", "/srv/key", false),
            ("/etc/shadow?", "/etc/shadow-", true),
            ("/etc/shadow?", "/etc/shadow", false),
        ] {
            assert_eq!(vetoes(pattern).forbids(path).is_some(), forbidden, "{pattern} {path}");
        }
    }

    #[test]
    fn a_folder_is_touched_by_what_is_forbidden_inside_it() {
        for (pattern, folder, touched) in [
            ("/etc/ssh/ssh_host_*", "/etc/ssh", true),
            ("/etc/ssh", "/etc/ssh", true),
            ("/**/*.key", "/etc/ssh", true),
            ("/etc/ssl/private", "/etc/ssh", false),
        ] {
            assert_eq!(vetoes(pattern).touches(folder).is_some(), touched, "{pattern} {folder}");
        }
    }

    #[test]
    fn what_was_wanted_is_told_once_with_the_veto_that_forbids_it() {
        let vetoes = vetoes("/etc/ssl/private/**");
        assert!(vetoes.met().is_empty());
        for path in ["/etc/ssl/private/a", "/etc/ssl/private/b", "/etc/passwd"] {
            drop(vetoes.clone().forbids(path));
        }
        let met = vetoes.met();
        assert_eq!(
            met,
            [
                "the operator of this host forbids it ([deny] paths: /etc/ssl/private/**); not read: /etc/ssl/private/a (2 times)"
            ]
        );
        assert!(vetoes.met().is_empty());
    }

    #[test]
    fn what_is_no_path_or_all_of_them_is_refused() {
        for wrong in ["", "/", "etc", "/etc/../x", "/etc//x", "/./x", "/**", "/*", "/a\nb"] {
            assert!(Vetoes::read(&[wrong.to_owned()]).is_err(), "{wrong:?}");
        }
    }
}
