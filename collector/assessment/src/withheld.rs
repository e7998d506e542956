//! Fields that a host's operator kept back: null there is no fact, so a rule that reads one of them must not pass. Pure.

use serde_json::Value;

use crate::{finding::Verdict, rule::Rule};

/// What the header of a document says was kept back.
pub(crate) fn of(document: &Value) -> Vec<&str> {
    let list = document.get("withheld").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The field for whose absence a verdict cannot stand; none when it can. A failure that was seen stays one.
pub(crate) fn spoils<'a>(
    verdict: Verdict,
    rule: &Rule,
    text: &str,
    withheld: &[&'a str],
) -> Option<&'a str> {
    match verdict {
        Verdict::Fail | Verdict::Error => return None,
        Verdict::Pass | Verdict::NotApplicable => {}
    }
    let parameters = serde_json::to_string(&rule.parameters).unwrap_or_default();
    let reads = |field: &&&str| {
        // A pointer without a name clears everything.
        name(field).is_none_or(|name| names(text, &name) || names(&parameters, &name))
    };
    withheld.iter().find(reads).copied()
}

/// The last part of a pointer that is no element, or the bare name.
fn name(field: &str) -> Option<String> {
    let Some(parts) = field.strip_prefix('/') else { return Some(field.to_owned()) };
    let element = |part: &&str| *part != "*" && part.parse::<usize>().is_err();
    let part = parts.rsplit('/').find(element)?;
    Some(part.replace("~1", "/").replace("~0", "~"))
}

/// Whether a text has the name as a word of its own. Said too often is safe: a verdict is lost, none is made up.
pub(crate) fn names(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|rest| rest.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_field_is_what_a_rule_would_write() {
        assert_eq!(name("/accounts/*/home").as_deref(), Some("home"));
        assert_eq!(name("/accounts/*").as_deref(), Some("accounts"));
        assert_eq!(name("/settings/a~1b").as_deref(), Some("a/b"));
        assert_eq!(name("shell").as_deref(), Some("shell"));
        assert_eq!(name("/*"), None);
    }

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names("some row in input.body.accounts", "accounts"));
        assert!(names("say.field(row, \"home\", 0)", "home"));
        assert!(!names("row.home_folder", "home"));
        assert!(names("net.ipv4.ip_forward", "net.ipv4.ip_forward"));
    }
}
