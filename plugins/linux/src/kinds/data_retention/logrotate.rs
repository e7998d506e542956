//! Reads logrotate's files (logrotate.conf(5)): what is kept how long. It runs no script of theirs and shows none.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::data_retention::Rule;

use crate::look::Look;

const CONFIG: &str = "/etc/logrotate.conf";
/// Ends of names that logrotate leaves out by itself.
const IGNORED: [&str; 9] = [
    ",v",
    ".bak",
    ".disabled",
    ".dpkg-old",
    ".dpkg-dist",
    ".dpkg-new",
    ".rpmsave",
    ".rpmorig",
    "~",
];
const SCRIPTS: [&str; 5] = ["postrotate", "prerotate", "firstaction", "lastaction", "preremove"];

/// Rules of the main file and everything it includes.
pub(super) fn rules(look: &mut Look<'_>) -> Vec<Rule> {
    let mut settings = BTreeMap::new();
    let mut rules = Vec::new();
    file(look, CONFIG, &mut settings, &mut rules, 0);
    rules
}

fn file(
    look: &mut Look<'_>,
    path: &str,
    settings: &mut BTreeMap<String, String>,
    rules: &mut Vec<Rule>,
    depth: usize,
) {
    let Some(text) = look.text(path).here() else { return };
    let mut block: Option<(Vec<String>, BTreeMap<String, String>, usize)> = None;
    let mut names: Vec<String> = Vec::new();
    let mut in_script = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if in_script {
            in_script = line != "endscript";
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if SCRIPTS.contains(&line) {
            in_script = true;
        } else if line.starts_with('}') {
            if let Some((data, settings, start)) = block.take() {
                rules.extend(data.iter().map(|data| rule(data, &settings, path, start)));
            }
        } else if let Some((_, settings, _)) = &mut block {
            set(settings, line);
        } else if let Some(folder) = line.strip_prefix("include ") {
            if depth < 4 {
                include(look, folder.trim(), settings, rules, depth);
            }
        } else if line.starts_with(['/', '"', '{']) {
            let (head, rest) =
                line.split_once('{').map_or((line, None), |(head, rest)| (head, Some(rest)));
            names.extend(paths(head));
            if let Some(rest) = rest {
                let mut own = settings.clone();
                for directive in rest.split('}').take(1) {
                    set(&mut own, directive.trim());
                }
                if rest.contains('}') {
                    rules.extend(names.iter().map(|data| rule(data, &own, path, number)));
                    names.clear();
                } else {
                    block = Some((std::mem::take(&mut names), own, number));
                }
            }
        } else {
            set(settings, line);
        }
    }
}

/// Paths and patterns, of which those in quotes may hold spaces.
fn paths(head: &str) -> Vec<String> {
    let parts = head.split('"').enumerate().flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().collect::<Vec<_>>(),
        _ => vec![part],
    });
    parts.map(str::to_owned).collect()
}

fn include(
    look: &mut Look<'_>,
    place: &str,
    settings: &mut BTreeMap<String, String>,
    rules: &mut Vec<Rule>,
    depth: usize,
) {
    if !look.host.facts(place).ok().flatten().is_some_and(|facts| facts.directory) {
        return file(look, place, settings, rules, depth + 1);
    }
    for name in look.names(place).here().unwrap_or_default() {
        if !IGNORED.iter().any(|end| name.ends_with(end)) && !name.starts_with('.') {
            file(look, &format!("{place}/{name}"), settings, rules, depth + 1);
        }
    }
}

/// Keeps the directives that bear on retention.
fn set(settings: &mut BTreeMap<String, String>, line: &str) {
    let mut words = line.split_whitespace();
    let Some(word) = words.next() else { return };
    let value = words.next().unwrap_or_default().to_owned();
    match word {
        "hourly" | "daily" | "weekly" | "monthly" | "yearly" => {
            settings.insert("every".to_owned(), word.to_owned());
        }
        "rotate" | "maxage" | "size" | "maxsize" => {
            settings.insert(word.to_owned(), value);
        }
        _ => {}
    }
}

fn rule(data: &str, settings: &BTreeMap<String, String>, path: &str, line: usize) -> Rule {
    let number = |key: &str| settings.get(key).and_then(|text| text.parse::<u32>().ok());
    let every = settings.get("every").map(String::as_str);
    let days = match every {
        Some("hourly" | "daily") => Some(1),
        Some("monthly") => Some(31),
        Some("yearly") => Some(366),
        // Its own default.
        Some("weekly") | None => Some(7),
        Some(_) => None,
    };
    let generations = number("rotate").or(Some(0));
    // `size` alone rotates whenever, so that only the age of a generation bounds the time.
    let by_size = settings.contains_key("size");
    let by_turns = days.zip(generations).filter(|_| !by_size).map(|(days, turns)| {
        let turns = if every == Some("hourly") { turns.div_ceil(24) } else { turns };
        days * turns
    });
    let keep_days = match (by_turns, number("maxage")) {
        (Some(turns), Some(age)) => Some(turns.min(age)),
        (turns, age) => turns.or(age),
    };
    let size = settings.get("size").or(settings.get("maxsize"));
    let mut text = if by_size { String::new() } else { every.unwrap_or("weekly").to_owned() };
    for key in ["size", "maxsize", "rotate", "maxage"] {
        if let Some(value) = settings.get(key) {
            text = format!("{text} {key} {value}");
        }
    }
    Rule {
        data: data.to_owned(),
        mechanism: "logrotate".to_owned(),
        keep_days,
        max_bytes: size.and_then(|size| super::bytes(size)),
        generations,
        text: text.trim().to_owned(),
        source: format!("{path}:{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn blocks_take_the_settings_above_them_and_scripts_stay_out() {
        let root = planted(&[
            (
                CONFIG,
                "weekly\nrotate 4\n# c\ninclude /etc/logrotate.d\n/var/log/wtmp {\n monthly\n rotate 1\n maxage 20\n}\n",
            ),
            (
                "/etc/logrotate.d/a",
                "/var/log/a.log\n\"/var/log/b c\"\n{\n rotate 7\n daily\n postrotate\n curl -u SECRET\n endscript\n size 10M\n}\n",
            ),
            ("/etc/logrotate.d/b.dpkg-old", "/var/log/old { daily }\n"),
            ("/etc/logrotate.d/c", "/var/log/c { daily }\n"),
        ]);
        let job = job(root.path());
        let rules = rules(&mut Look::new(&job));
        let told: Vec<_> = rules
            .iter()
            .map(|rule| (rule.data.as_str(), rule.keep_days, rule.max_bytes, rule.generations))
            .collect();
        assert_eq!(
            told,
            [
                ("/var/log/a.log", None, Some(10 << 20), Some(7)),
                ("/var/log/b c", None, Some(10 << 20), Some(7)),
                ("/var/log/c", Some(4), None, Some(4)),
                ("/var/log/wtmp", Some(20), None, Some(1)),
            ]
        );
        assert!(!format!("{rules:?}").contains("SECRET"));
    }
}
