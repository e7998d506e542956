//! What the text of a rule already shows that it cannot answer. Looked for before a pack is put in force; a pack that is in force is
//! loaded all the same, and answers with errors.

use super::{PackError, RulePack, source};
use crate::{finding::Verdict, rule::UnknownWord};

/// What a rule must define.
const DEFINED: [&str; 2] = ["verdict", "message"];

impl RulePack {
    /// Rules that can give no verdict or no message, or that give a word which is no verdict: each with file and line.
    #[must_use]
    pub fn odd_answers(&self) -> Vec<PackError> {
        let mut odd = Vec::new();
        for rule in self.rules() {
            let text = self.sources().iter().find(|(path, _)| *path == rule.path);
            let Some((path, text)) = text else { continue };
            for name in DEFINED {
                if !text.lines().any(|line| rest(line, name).is_some()) {
                    let what = format!(
                        "the rule defines no `{name}`, and nothing it says counts without one"
                    );
                    odd.push(source(path, package_line(text), &what));
                }
            }
            let given = |(at, line)| Some((at + 1, given(line)?));
            for (line, word) in text.lines().enumerate().filter_map(given) {
                if let Err(unknown) = word.parse::<Verdict>() {
                    let UnknownWord { value, allowed } = unknown;
                    let what = format!("{value:?} is no verdict; use one of {allowed}");
                    odd.push(source(path, line, &what));
                }
            }
        }
        odd
    }
}

/// What follows the name of a rule at the beginning of its line, with or without `default`.
fn rest<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.strip_prefix("default ").unwrap_or(line).trim_start();
    let rest = line.strip_prefix(name)?;
    rest.starts_with([' ', ':', '=']).then(|| rest.trim_start())
}

/// The text that a line gives as the verdict, where it is written out.
fn given(line: &str) -> Option<&str> {
    let value = rest(line, "verdict")?;
    let value = value.strip_prefix(":=").or_else(|| value.strip_prefix('='))?;
    value.trim_start().strip_prefix('"')?.split('"').next()
}

fn package_line(text: &str) -> usize {
    text.lines().position(|line| line.starts_with("package ")).map_or(1, |at| at + 1)
}
