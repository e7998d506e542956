//! Reads tmpfiles.d(5): which directories are cleaned of what is older than an age. Never cleans anything.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::data_retention::Rule;

use crate::look::{Found, Look};

/// Highest precedence first; a file hides those of the same name below.
const FOLDERS: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];

/// Rules with an age, and those that remove at every start.
pub(super) fn rules(look: &mut Look<'_>) -> Vec<Rule> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            if name.ends_with(".conf") {
                let path = format!("{folder}/{name}");
                files.entry(name).or_insert(path);
            }
        }
    }
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    for path in files.into_values() {
        if look.host.link(&path).as_deref() == Some("/dev/null") {
            continue;
        }
        let Found::Here(text) = look.text(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(rule) = rule(line, &format!("{path}:{number}")) {
                // Of two lines for one path the first in order of file names counts.
                rules.entry(rule.data.clone()).or_insert(rule);
            }
        }
    }
    rules.into_values().collect()
}

fn rule(line: &str, source: &str) -> Option<Rule> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let kind = words.first().filter(|word| !word.starts_with('#'))?;
    let data = words.get(1)?.trim_matches('"');
    let removes = kind.starts_with(['r', 'R']);
    let age = words.get(5).copied().filter(|age| *age != "-");
    let cleaned = kind.starts_with(['d', 'D', 'e', 'v', 'q', 'Q', 'C']);
    let (text, keep_days) = match age {
        Some(age) if cleaned => {
            // `bm:10d` bounds which of the times count; `~10d` spares the first level.
            let span = age.rsplit(':').next().unwrap_or(age).trim_start_matches('~');
            (format!("age {age}"), super::span_days(span))
        }
        _ if removes => (format!("{kind}: removed at every start"), None),
        _ => return None,
    };
    Some(Rule {
        data: data.to_owned(),
        mechanism: "systemd-tmpfiles".to_owned(),
        keep_days,
        max_bytes: None,
        generations: None,
        text,
        source: source.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn ages_are_told_and_the_operators_file_hides_the_packages() {
        let root = planted(&[
            (
                "/usr/lib/tmpfiles.d/tmp.conf",
                "q /tmp 1777 root root 10d\nq /var/tmp 1777 root root 30d\n",
            ),
            (
                "/etc/tmpfiles.d/tmp.conf",
                "# c\nD! /tmp 1777 root root bmA:2d\nd /srv 0755 root root -\nr! /run/x\nL /y - - - - /z\n",
            ),
        ]);
        let job = job(root.path());
        let rules = rules(&mut Look::new(&job));
        let told: Vec<_> = rules
            .iter()
            .map(|rule| (rule.data.as_str(), rule.keep_days, rule.text.as_str()))
            .collect();
        assert_eq!(
            told,
            [("/run/x", None, "r!: removed at every start"), ("/tmp", Some(2), "age bmA:2d")]
        );
    }
}
