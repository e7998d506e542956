//! Labels that the operator of the host gives it. They travel in every heartbeat, so they are few and short.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Reader;

const MAX_LABELS: usize = 32;
const MAX_NAME_CHARS: usize = 64;
const MAX_VALUE_CHARS: usize = 256;
/// What a target is of itself.
const OWN: [&str; 3] = ["name", "sort", "target"];

impl Reader<'_> {
    pub(super) fn labels(
        &mut self,
        raw: &BTreeMap<String, Spanned<String>>,
    ) -> BTreeMap<String, String> {
        if raw.len() > MAX_LABELS {
            let text = format!("{} labels are more than {MAX_LABELS}", raw.len());
            self.problem::<()>(None, "labels", &format!("{text}; keep those that selections use"));
        }
        for (name, value) in raw {
            if let Some(wrong) = wrong(name, value.get_ref()) {
                self.problem(Some(value), &format!("labels.{name}"), wrong);
            }
        }
        raw.iter().map(|(name, value)| (name.clone(), value.get_ref().clone())).collect()
    }
}

fn wrong(name: &str, value: &str) -> Option<&'static str> {
    let odd = |letter: char| letter.is_control() || letter == '"';
    if OWN.contains(&name) {
        return Some("is what the collector knows of a target by itself; choose another name");
    }
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.contains(odd) {
        return Some("a name has 1 to 64 characters, none of them a control character or a quote");
    }
    if value.chars().count() > MAX_VALUE_CHARS || value.contains(char::is_control) {
        return Some("a value has at most 256 characters, none of them a control character");
    }
    None
}
