//! Paths that the operator of the host forbids: nothing at them or below them is opened, and what was wanted of them is
//! told. It never asks who forbids, and nothing but the agent's own file says what.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Starts the detail of every outcome that is the choice of the host's operator; no server can lift it.
pub const VETO: &str = "the operator of this host forbids it";

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// Patterns of absolute paths: `**` is any number of parts, `*` and `?` are letters within one. A pattern forbids what fits
/// it and everything below that.
#[derive(Clone, Debug, Default)]
pub struct Vetoes {
    patterns: Arc<[Pattern]>,
    /// What was wanted of each pattern: how often, and what was not done the first time.
    met: Arc<Mutex<BTreeMap<String, (u64, String)>>>,
}

#[derive(Clone, Debug)]
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

    /// The same, also under the names to which links of the host below `root` lead: who forbids `/var/run/docker.sock` means
    /// `/run/docker.sock` too.
    #[must_use]
    pub fn by_every_name(self, root: &Path) -> Self {
        let aliases = self.patterns.iter().filter_map(|pattern| pattern.behind_links(root));
        let patterns: Vec<Pattern> = aliases.chain(self.patterns.iter().cloned()).collect();
        Self { patterns: patterns.into(), ..self }
    }

    /// Whether nothing is forbidden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The pattern that forbids a path, which is noted as wanted.
    #[must_use]
    pub fn forbids(&self, path: &str) -> Option<String> {
        self.stops(path, false, &format!("not read: {path}"))
    }

    /// The pattern that forbids a path or, for those who would read a whole folder, something below it. What is not done
    /// for it is noted in words.
    #[must_use]
    pub fn stops(&self, path: &str, with_all_below: bool, said: &str) -> Option<String> {
        if self.patterns.is_empty() {
            return None;
        }
        let parts = parts(path);
        let fits = |pattern: &&Pattern| {
            pattern.covers(&parts) || with_all_below && pattern.lies_below(&parts)
        };
        let found = self.patterns.iter().find(fits)?;
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, _) = met.entry(found.text.clone()).or_insert_with(|| (0, said.to_owned()));
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
                format!("{VETO} ([deny] paths: {pattern}); {first}{more}")
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

    /// The same behind the links on the way to what it names; none when there are none.
    fn behind_links(&self, root: &Path) -> Option<Self> {
        let mut left = MOST_LINKS;
        let mut waiting: Vec<String> = self.parts.iter().rev().cloned().collect();
        let mut parts: Vec<String> = Vec::new();
        while let Some(part) = waiting.pop() {
            if part.contains(['*', '?']) {
                waiting.push(part);
                break;
            }
            parts.push(part);
            let Ok(target) = std::fs::read_link(root.join(parts.join("/"))) else { continue };
            left = left.checked_sub(1)?;
            parts.pop();
            let target = target.to_str()?;
            if target.starts_with('/') {
                parts.clear();
            }
            for part in target.split('/').filter(|part| !part.is_empty() && *part != ".").rev() {
                waiting.push(part.to_owned());
            }
            while waiting.last().is_some_and(|part| part == "..") {
                waiting.pop();
                parts.pop();
            }
        }
        parts.extend(waiting.into_iter().rev());
        (parts != self.parts).then(|| Self { text: self.text.clone(), parts })
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
    use std::os::unix::fs::symlink;

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
    fn who_reads_a_folder_is_stopped_by_what_is_forbidden_inside_it() {
        for (pattern, folder, stopped) in [
            ("/etc/ssh/ssh_host_*", "/etc/ssh", true),
            ("/etc/ssh", "/etc/ssh", true),
            ("/etc/ssh", "/", true),
            ("/**/*.key", "/etc/ssh", true),
            ("/etc/ssl/private", "/etc/ssh", false),
        ] {
            let found = vetoes(pattern).stops(folder, true, "not run: x");
            assert_eq!(found.is_some(), stopped, "{pattern} {folder}");
        }
    }

    #[test]
    fn what_is_forbidden_by_one_name_is_forbidden_by_every_other() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("run/keys")).unwrap();
        std::fs::create_dir(root.path().join("var")).unwrap();
        symlink("/run", root.path().join("var/run")).unwrap();
        symlink("../run/./keys", root.path().join("run/old")).unwrap();
        symlink("loop", root.path().join("loop")).unwrap();
        for (pattern, path) in [
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/var/run/old/*.key", "/run/keys/a.key"),
            ("/run/old/**", "/run/keys/a/b"),
            ("/loop/x", "/loop/x"),
            ("/none/x", "/none/x"),
        ] {
            let vetoes = vetoes(pattern).by_every_name(root.path());
            assert_eq!(vetoes.forbids(path).as_deref(), Some(pattern), "{pattern} {path}");
            assert_eq!(vetoes.forbids("/etc/passwd"), None);
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
