//! A named expression that finds secrets in text: ours, or the operator's.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::Regex;

use super::look::{Look, Marks};

/// A named expression; the group `secret`, or else the whole match, is replaced.
#[derive(Debug)]
pub struct Pattern {
    name: Cow<'static, str>,
    expression: Cow<'static, str>,
    /// Made when a text first calls for it: most never do, and with what it needs to search it takes hundreds of kilobytes.
    regex: OnceLock<Regex>,
    /// Characters of which a text must have one of each set.
    marks: Marks,
    /// One of these must stand in a text, whatever its case; empty: no matter.
    hints: &'static [&'static str],
}

/// A clone is as small as one that was never used.
impl Clone for Pattern {
    fn clone(&self) -> Self {
        let Self { name, expression, marks, hints, .. } = self;
        let (name, expression) = (name.clone(), expression.clone());
        Self { name, expression, regex: OnceLock::new(), marks: *marks, hints }
    }
}

/// A pattern of the operator's that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error("pattern name {0:?} is not lower-case letters, digits and '-'")]
    Name(String),
    #[error("pattern {name:?} cannot be used: {source}")]
    Regex { name: String, source: Box<regex::Error> },
    #[error("pattern {0:?} fits the empty text, so it would replace everything; make it longer")]
    Empty(String),
}

impl Pattern {
    /// One of ours, whose expression a test tries.
    pub(super) fn ours(
        name: &'static str,
        expression: &'static str,
        marks: Marks,
        hints: &'static [&'static str],
    ) -> Self {
        let (name, expression) = (name.into(), expression.into());
        Self { name, expression, regex: OnceLock::new(), marks, hints }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            Regex::new(&self.expression).expect("invariant: `compile` has tried it, or a test does")
        })
    }

    /// Whether the expression is worth trying: most texts have nothing of what it needs.
    pub(super) fn may_match(&self, text: &Look<'_>) -> bool {
        text.has(self.marks, self.hints)
    }
}

/// Reads one pattern of the operator's.
pub fn compile(name: &str, expression: &str) -> Result<Pattern, PatternError> {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(named) {
        return Err(PatternError::Name(name.to_owned()));
    }
    let regex = Regex::new(expression).map_err(|source| {
        let (name, source) = (name.to_owned(), Box::new(source));
        PatternError::Regex { name, source }
    })?;
    if regex.is_match("") {
        return Err(PatternError::Empty(name.to_owned()));
    }
    let (name, expression) = (name.to_owned().into(), expression.to_owned().into());
    Ok(Pattern { name, expression, regex: OnceLock::new(), marks: 0, hints: &[] })
}

#[cfg(test)]
mod tests {
    use super::super::rules::builtin;

    #[test]
    fn an_expression_is_made_when_a_text_calls_for_it_and_a_clone_begins_without() {
        let all = builtin();
        let [key, ..] = all.as_slice() else { panic!("no rules") };
        assert!(key.regex.get().is_none());
        assert!(key.regex().is_match("-----BEGIN PRIVATE KEY-----"));
        assert!(key.regex.get().is_some() && key.clone().regex.get().is_none());
    }
}
