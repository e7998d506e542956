//! Reads `os-release` (os-release(5)): which system this is, as it says itself.

use std::collections::BTreeMap;

use crate::look::{Found, Look};

/// The fields of `os-release`; empty when there is no such file.
#[derive(Clone, Debug, Default)]
pub(crate) struct OsRelease(BTreeMap<String, String>);

impl OsRelease {
    /// Reads the file of the host.
    pub(crate) fn read(look: &mut Look<'_>) -> Self {
        for path in ["/etc/os-release", "/usr/lib/os-release"] {
            match look.text(path) {
                Found::Here(text) => return Self::parse(&text),
                Found::Missing | Found::Unreadable => {}
            }
        }
        Self::default()
    }

    /// Reads its text.
    pub(crate) fn parse(text: &str) -> Self {
        Self(assignments(text).into_iter().collect())
    }

    /// One field that is not empty, such as `VERSION_ID`.
    pub(crate) fn get(&self, field: &str) -> Option<String> {
        self.0.get(field).filter(|value| !value.is_empty()).cloned()
    }
}

/// Lines of the form `NAME=value` with the quoting of a shell; other lines are left out.
pub(crate) fn assignments(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(plain) {
                return None;
            }
            Some((name.to_owned(), unquoted(value.trim())))
        })
        .collect()
}

fn unquoted(value: &str) -> String {
    let mut characters = value.chars();
    let quote = match characters.clone().next() {
        Some(quote @ ('"' | '\'')) => {
            characters.next();
            Some(quote)
        }
        _ => None,
    };
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            end if Some(end) == quote => break,
            '\\' if quote != Some('\'') => text.extend(characters.next()),
            '#' if quote.is_none() && text.ends_with(' ') => break,
            ';' if quote.is_none() => break,
            other => text.push(other),
        }
    }
    if quote.is_none() { text.trim_end().to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_those_of_a_shell() {
        let os = OsRelease::parse(
            "# c\nID=debian\nNAME=\"A \\\"B\\\"\"\nEMPTY=\nODD LINE\nX='a#b' # c\n",
        );
        assert_eq!(os.get("ID").unwrap(), "debian");
        assert_eq!(os.get("NAME").unwrap(), "A \"B\"");
        assert_eq!(os.get("X").unwrap(), "a#b");
        assert_eq!(os.get("EMPTY"), None);
        assert_eq!(os.get("VERSION_ID"), None);
    }
}
