//! Labels of targets, and selections over them: which targets a rule, a waiver or the ISMS is about. It never looks a label up.
//!
//! A selection is one line of text. `all` selects every target, `none` no target; otherwise it joins tests with `and`,
//! `or`, `not` and brackets (`not` binds closest, then `and`):
//!
//! ```text
//! environment = production and not (owner = "web team" or criticality in (low, "very low"))
//! service                          the label service is there, whatever it says
//! service like "shop-*"            `*` stands for any letters, `?` for one
//! target = "host:4711"             the target itself
//! ```
//!
//! A label that is not there has no value: `owner = x` is false for it, and so is `owner != x`.

mod parse;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Most labels of one target.
pub(crate) const MAX_LABELS: usize = 200;
const MAX_KEY_CHARS: usize = 128;
const MAX_VALUE_CHARS: usize = 512;

/// Why labels were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    #[error(
        "label {0:?} must have 1 to 128 characters without control characters or quotes, and not be `target`"
    )]
    Key(String),
    #[error(
        "label {0:?} has a value of more than 512 characters or with control characters; shorten it"
    )]
    Value(String),
    #[error("{0} labels are more than {MAX_LABELS}; keep those that selections use")]
    Count(usize),
}

/// The labels of one target, e.g. environment, owner, criticality, service. Keys and values are free and compared
/// letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All labels, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Those whose name is wanted.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(key, _)| wanted(key));
        Self(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// These labels with those of another source above them; where both have a key, the other's value stands.
    pub fn with(&self, above: &Self) -> Result<Self, LabelError> {
        let mut both = self.0.clone();
        both.extend(above.0.clone());
        both.try_into()
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = LabelError;

    fn try_from(labels: BTreeMap<String, String>) -> Result<Self, LabelError> {
        if labels.len() > MAX_LABELS {
            return Err(LabelError::Count(labels.len()));
        }
        for (key, value) in &labels {
            let odd = |letter: char| letter.is_control() || letter == '"';
            let count = key.chars().count();
            if count == 0 || count > MAX_KEY_CHARS || key.contains(odd) || key == "target" {
                return Err(LabelError::Key(key.clone()));
            }
            if value.chars().count() > MAX_VALUE_CHARS || value.contains(char::is_control) {
                return Err(LabelError::Value(key.clone()));
            }
        }
        Ok(Self(labels))
    }
}

impl From<Labels> for BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

/// Why a selection was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selection {text:?}, character {at}: {what}")]
pub struct SelectionError {
    /// The whole text.
    pub text: String,
    /// Which character (1-based).
    pub at: usize,
    /// What is wrong there, and the way out.
    pub what: String,
}

/// Which targets something is about. On the wire it is its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Selection {
    text: String,
    test: Test,
}

/// One test, or several joined.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    All,
    None,
    Has(Field),
    /// The field has one of these values.
    In(Field, Vec<String>),
    /// The field is there and has none of these values.
    NotIn(Field, Vec<String>),
    Like(Field, String),
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
}

/// What a test looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Target,
    Label(String),
}

impl Selection {
    /// The selection of every target.
    #[must_use]
    pub fn all() -> Self {
        Self { text: "all".to_owned(), test: Test::All }
    }

    /// Whether it selects every target, whatever its labels.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.test == Test::All
    }

    /// Whether it selects the target.
    #[must_use]
    pub fn selects(&self, target: &str, labels: &Labels) -> bool {
        holds(&self.test, target, labels)
    }

    /// The text it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Default for Selection {
    fn default() -> Self {
        Self::all()
    }
}

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let test = parse::read(text).map_err(|(at, what)| SelectionError {
            text: text.to_owned(),
            at,
            what,
        })?;
        Ok(Self { text: text.trim().to_owned(), test })
    }
}

impl TryFrom<String> for Selection {
    type Error = SelectionError;

    fn try_from(text: String) -> Result<Self, SelectionError> {
        text.parse()
    }
}

impl From<Selection> for String {
    fn from(selection: Selection) -> Self {
        selection.text
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn holds(test: &Test, target: &str, labels: &Labels) -> bool {
    let value = |field: &Field| match field {
        Field::Target => Some(target.to_owned()),
        Field::Label(key) => labels.get(key).map(str::to_owned),
    };
    match test {
        Test::All => true,
        Test::None => false,
        Test::Has(field) => value(field).is_some(),
        Test::In(field, words) => value(field).is_some_and(|value| words.contains(&value)),
        Test::NotIn(field, words) => value(field).is_some_and(|value| !words.contains(&value)),
        Test::Like(field, pattern) => value(field).is_some_and(|value| like(pattern, &value)),
        Test::Not(inner) => !holds(inner, target, labels),
        Test::And(parts) => parts.iter().all(|part| holds(part, target, labels)),
        Test::Or(parts) => parts.iter().any(|part| holds(part, target, labels)),
    }
}

/// Whether a text fits a pattern with `*` and `?`; the time is at most the product of the lengths.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                p = back + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests;
