//! Reads apt's lists of package sources, in both styles (sources.list(5)). Never lets a password of a source out.

use exhibit_plugin::kinds::software_inventory::Repository;

use super::paragraphs;
use crate::url;

/// One source, and which key must have signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) repository: Repository,
    /// Path or fingerprint of `signed-by`; `embedded` for a key inside the file.
    pub(crate) key: Option<String>,
}

/// Sources of a file in the one-line style.
pub(crate) fn one_line(text: &str, path: &str) -> Vec<Listed> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let line = line.split('#').next().unwrap_or_default().trim();
            let rest = line.strip_prefix("deb ").or_else(|| line.strip_prefix("deb\t"))?.trim();
            let (options, rest) = match rest.strip_prefix('[') {
                Some(inside) => inside.split_once(']')?,
                None => ("", rest),
            };
            let trusted = options.split_whitespace().any(|option| is_yes(option, "trusted="));
            let key =
                options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
            let mut words = words(rest.trim()).into_iter();
            let (url, suite) = (words.next()?, words.next());
            let place = format!("{path}:{}", index + 1);
            let repository = repository(&url, suite, words.collect(), trusted, place);
            Some(Listed { repository, key: key.map(str::to_owned) })
        })
        .collect()
}

/// Sources of a file in the deb822 style.
pub(crate) fn deb822(text: &str, path: &str) -> Vec<Listed> {
    let mut found = Vec::new();
    for (line, fields) in paragraphs(text) {
        let list = |key: &str| -> Vec<String> {
            let value = fields.get(key).map(String::as_str).unwrap_or_default();
            value.split_whitespace().map(str::to_owned).collect()
        };
        let disabled = fields.get("enabled").is_some_and(|value| is_no(value));
        if disabled || !list("types").iter().any(|kind| kind == "deb") {
            continue;
        }
        let trusted = fields.get("trusted").is_some_and(|value| is_yes(value, ""));
        let source = format!("{path}:{line}");
        let key = fields.get("signed-by").map(|key| {
            // A key written out goes over several lines; a path or fingerprint stands on one.
            if key.contains("-----BEGIN") { "embedded".to_owned() } else { key.replace('\n', " ") }
        });
        for url in list("uris") {
            for suite in list("suites") {
                let components = list("components");
                let repository = repository(&url, Some(suite), components, trusted, source.clone());
                found.push(Listed { repository, key: key.clone() });
            }
        }
    }
    found
}

fn is_yes(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|value| {
        ["yes", "true", "1", "on", "force"].contains(&value.to_ascii_lowercase().as_str())
    })
}

fn is_no(text: &str) -> bool {
    ["no", "false", "0", "off"].contains(&text.to_ascii_lowercase().as_str())
}

fn repository(
    url: &str,
    suite: Option<String>,
    mut components: Vec<String>,
    trusted: bool,
    source: String,
) -> Repository {
    let url = url::shown(url);
    components.sort();
    let mut id = format!("deb {url}");
    for word in suite.iter().chain(&components) {
        id.push(' ');
        id.push_str(word);
    }
    Repository {
        id,
        encrypted_transport: transport(&url),
        url,
        suite,
        components,
        signature_checked: !trusted,
        source,
    }
}

pub(crate) fn transport(url: &str) -> Option<bool> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme.rsplit('+').next().unwrap_or_default() {
        "https" | "file" | "copy" | "cdrom" | "ssh" => Some(true),
        "http" | "ftp" | "rsh" => Some(false),
        _ => None,
    }
}

/// Splits at spaces, but not inside brackets: `cdrom:[Debian 12 …]/`.
fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut depth = 0_usize;
    for character in text.chars() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character.is_whitespace() && depth == 0 {
            found.push(String::new());
        } else if let Some(word) = found.last_mut() {
            word.push(character);
        }
    }
    found.retain(|word| !word.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_sources_lose_their_password_and_keep_their_flaws() {
        let text = "# deb http://off example\ndeb-src http://src x main\n\
            deb [arch=amd64 trusted=yes] http://me:secret@mirror.example/debian bookworm main contrib # why\n\
            deb cdrom:[Debian 12 _Bookworm_]/ bookworm main\n";
        let found: Vec<_> = one_line(text, "/f").into_iter().map(|one| one.repository).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].id, "deb http://mirror.example/debian bookworm contrib main");
        assert_eq!(
            (found[0].encrypted_transport, found[0].signature_checked),
            (Some(false), false)
        );
        assert_eq!(found[0].source, "/f:3");
        assert_eq!(found[1].url, "cdrom:[Debian 12 _Bookworm_]/");
        assert!(!format!("{found:?}").contains("secret"));
    }

    #[test]
    fn deb822_sources_are_one_per_address_and_suite() {
        let text = "Types: deb deb-src\nURIs: https://u:p@a.example/x https://b.example\nSuites: s s-security\n\
            Components: main\nSigned-By:\n -----BEGIN\n .\n\nTypes: deb\nEnabled: no\nURIs: http://c\nSuites: s\n";
        let found = deb822(text, "/f");
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|one| one.repository.signature_checked));
        assert_eq!(found[0].repository.url, "https://a.example/x");
        assert_eq!(found[0].key.as_deref(), Some("embedded"));
    }
}
