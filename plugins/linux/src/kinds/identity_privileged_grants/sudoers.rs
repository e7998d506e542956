//! Reads sudoers(5) as sudo does: includes, aliases, Defaults, tags. It reads files only through the look it is given.

mod spec;
mod words;

use std::collections::BTreeMap;

use exhibit_plugin::{OutcomeKind, kinds::identity_privileged_grants::Setting};

pub(super) use spec::Rule;
use words::{split_outside, without_comment};

use crate::look::{Found, Look};

const MAX_DEPTH: usize = 128;

/// Everything the files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Sudoers {
    /// Rules in the order sudo reads them.
    pub(super) rules: Vec<Rule>,
    /// `Defaults` lines, one setting each.
    pub(super) settings: Vec<Setting>,
    /// Aliases by kind (`User`, `Runas`, `Host`, `Cmnd`) and name.
    pub(super) aliases: BTreeMap<(String, String), Vec<String>>,
    /// Place and fault of each line that is not understood.
    pub(super) faults: Vec<String>,
    /// Whether every file that is named was read.
    pub(super) whole: bool,
}

/// Reads `/etc/sudoers` and what it includes; none when there is no such file.
pub(super) fn read(look: &mut Look<'_>) -> Option<Sudoers> {
    let path = "/etc/sudoers";
    if !look.host.exists(path) {
        return None;
    }
    let mut sudoers = Sudoers { whole: true, ..Sudoers::default() };
    sudoers.file(look, path, 0);
    Some(sudoers)
}

impl Sudoers {
    fn file(&mut self, look: &mut Look<'_>, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            look.seen.outcome(
                OutcomeKind::LimitExceeded,
                format!("{path} is included more than {MAX_DEPTH} deep"),
                "remove the circle of include lines",
            );
            self.whole = false;
            return;
        }
        let text = match look.text(path) {
            Found::Here(text) => text,
            Found::Missing => {
                look.garbled(path, "it is included and does not exist");
                self.whole = false;
                return;
            }
            Found::Unreadable => {
                self.whole = false;
                return;
            }
        };
        for (number, line) in logical_lines(&text) {
            let place = format!("{path}:{number}");
            match include(&line) {
                Some((directory, target)) => {
                    let target = beside(path, &target, look);
                    if directory {
                        self.directory(look, &target, depth);
                    } else {
                        self.file(look, &target, depth + 1);
                    }
                }
                None => self.line(without_comment(&line).trim(), &place),
            }
        }
    }

    /// As sudo: in order of names, without those that hold a dot or end with a tilde.
    fn directory(&mut self, look: &mut Look<'_>, path: &str, depth: usize) {
        match look.names(path) {
            Found::Here(names) => {
                for name in names.iter().filter(|name| !name.contains('.') && !name.ends_with('~'))
                {
                    let file = format!("{path}/{name}");
                    let directory =
                        matches!(look.host.facts(&file), Ok(Some(facts)) if facts.directory);
                    if !directory {
                        self.file(look, &file, depth + 1);
                    }
                }
            }
            // sudo passes over a directory that is not there.
            Found::Missing => {}
            Found::Unreadable => self.whole = false,
        }
    }

    fn line(&mut self, line: &str, place: &str) {
        if line.is_empty() {
            return;
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if word.starts_with("Defaults") {
            match defaults(line, place) {
                Some(mut settings) => self.settings.append(&mut settings),
                None => self.faults.push(format!("{place} is no Defaults line")),
            }
            return;
        }
        let kind = match word {
            "User_Alias" => Some("User"),
            "Runas_Alias" => Some("Runas"),
            "Host_Alias" => Some("Host"),
            "Cmnd_Alias" | "Cmd_Alias" => Some("Cmnd"),
            _ => None,
        };
        match kind {
            Some(kind) => {
                if !self.alias(kind, rest) {
                    self.faults.push(format!("{place} is no alias"));
                }
            }
            None => match spec::parse(line, place) {
                Some(mut rules) => self.rules.append(&mut rules),
                None => self.faults.push(format!("{place} is no rule")),
            },
        }
    }

    fn alias(&mut self, kind: &str, text: &str) -> bool {
        split_outside(text, ':').iter().all(|one| match one.split_once('=') {
            Some((name, members)) if !name.trim().is_empty() => {
                let members = split_outside(members, ',');
                let members = members.iter().map(|member| member.trim().to_owned()).collect();
                self.aliases.insert((kind.to_owned(), name.trim().to_owned()), members);
                true
            }
            _ => false,
        })
    }

    /// A list with its aliases replaced by what they stand for; a `!` before an alias goes to each of its members.
    pub(super) fn expanded(&self, kind: &str, list: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        for word in list {
            self.expand(kind, word, 0, &mut found);
        }
        found
    }

    fn expand(&self, kind: &str, word: &str, depth: usize, found: &mut Vec<String>) {
        let bare = word.trim_start_matches(['!', ' ']);
        let negated = word.matches('!').count() % 2 == 1;
        let key = (kind.to_owned(), bare.to_owned());
        match self.aliases.get(&key).filter(|_| depth < MAX_DEPTH && found.len() < 10_000) {
            Some(members) => {
                for member in members {
                    let word = if negated { format!("!{member}") } else { member.clone() };
                    self.expand(kind, &word, depth + 1, found);
                }
            }
            None if negated => found.push(format!("!{bare}")),
            None => found.push(bare.to_owned()),
        }
    }
}

/// Lines with their first number, after joining those that end with a backslash.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        let (part, continues) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match found.last_mut() {
            Some((_, text)) if open => text.push_str(part),
            _ => found.push((index + 1, part.to_owned())),
        }
        open = continues;
    }
    found
}

/// Whether a line includes a directory (true) or a file (false), and which.
fn include(line: &str) -> Option<(bool, String)> {
    let line = line.trim();
    let rest = line.strip_prefix('@').or_else(|| line.strip_prefix('#'))?;
    let (directory, rest) = match rest.strip_prefix("includedir") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("include")?),
    };
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let path = rest.trim().trim_matches('"').replace("\\ ", " ");
    Some((directory, path.trim_end_matches('/').to_owned()))
}

/// A relative path lies beside the file that includes it; `%h` is the short host name.
fn beside(file: &str, target: &str, look: &Look<'_>) -> String {
    let name = look.host.text("/etc/hostname").ok().flatten().unwrap_or_default();
    let short = name.trim().split('.').next().unwrap_or_default();
    let target = target.replace("%h", short);
    match file.rsplit_once('/') {
        Some((directory, _)) if !target.starts_with('/') => format!("{directory}/{target}"),
        _ => target,
    }
}

/// `Defaults[scope] name, !name, name=value, name+=value`.
fn defaults(line: &str, place: &str) -> Option<Vec<Setting>> {
    let rest = line.strip_prefix("Defaults")?;
    let (scope, rest) = if rest.starts_with(['@', ':', '!', '>']) {
        let (scope, rest) = rest.split_once(char::is_whitespace)?;
        (scope, rest)
    } else {
        ("", rest.strip_prefix(char::is_whitespace)?)
    };
    let mut settings = Vec::new();
    for one in split_outside(rest, ',') {
        let one = one.trim();
        let (name, value) = match one.split_once('=') {
            Some((name, value)) => {
                let sign = if name.ends_with('+') {
                    "+"
                } else if name.ends_with('-') {
                    "-"
                } else {
                    ""
                };
                let name = name.trim_end_matches(['+', '-']).trim();
                let value = value.trim().trim_matches('"');
                (name, if sign.is_empty() { value.to_owned() } else { format!("{sign}{value}") })
            }
            None if one.starts_with('!') => (one.trim_start_matches('!'), "false".to_owned()),
            None => (one, "true".to_owned()),
        };
        if name.is_empty() {
            return None;
        }
        settings.push(Setting {
            name: name.to_owned(),
            scope: scope.to_owned(),
            value,
            source: place.to_owned(),
        });
    }
    Some(settings)
}

#[cfg(test)]
mod tests;
