//! Populations and samples: the list that is drawn from, the seed that nobody could choose, and the draw, which anybody repeats.
//!
//! A population is frozen by an entry of the log that names the digest of its list and the plan of the draw. Only then whoever
//! audits says a number. The seed is made of both, so whoever froze the list could not aim at it, and whoever said the number
//! could not either where its digest (`sealed`) was given before. The draw:
//!
//! ```text
//! seed   = SHA-256("exhibit sample v1\n" + origin + "\n" + entry + "\n" + SHA-256 of the entry's leaf + "\n" + number + "\n")
//! key    = SHA-256(seed + ":" + line)          for each line of the list, without its end of line
//! drawn  = the lines with the smallest keys, in the order of their keys
//! ```
//!
//! Digests are written in hex, entry as a decimal number. The keys of distinct lines stand in an order that depends on the seed
//! alone, so every line is as likely to be drawn as any other, and a larger sample begins with the smaller one.

mod plan;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::json;
use crate::leaf::Leaf;

pub use plan::{Plan, Size};
pub use rows::{document_lines, target_line};

/// Registers of the decisions that freeze and draw. A draw has the id of its population.
pub const POPULATION: &str = "population";
pub const SAMPLE: &str = "sample";
/// How lines are drawn; there is one way so far.
pub const METHOD: &str = "sha256-order:v1";
/// A list, whole or drawn: JSON objects, one a line, each with a `target`.
pub const MEDIA_TYPE: &str = "application/vnd.exhibit.population+jsonl";
/// Longest number, in bytes: 64 hex digits and what people put around them.
const MAX_NUMBER: usize = 200;

/// Value of a decision in the register [`POPULATION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    pub title: String,
    /// The audit that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    pub source: Source,
    /// SHA-256 of the list, a subject of the entry.
    pub digest: Digest,
    /// Lines of the list.
    pub items: u64,
    pub draw: Plan,
    /// SHA-256 of the number that will be given: whoever audits fixed it before they saw this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Digest>,
}

/// Where the lines come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The log as it was with so many entries.
    #[serde(with = "crate::statement::decimal")]
    pub entries: u64,
    /// Newest documents of this kind; the targets themselves if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// JSON Pointer to the list of rows in the body of a document; the whole body is one row if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// What of a row stands in the list; all of it if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Which targets, as a selection.
    pub targets: String,
    /// Targets that it selects, and those of them that gave no rows: no document, none held, or no such list in it.
    pub selected: u64,
    pub without: u64,
}

/// Value of a decision in the register [`SAMPLE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The entry that froze the population.
    #[serde(with = "crate::statement::decimal")]
    pub entry: u64,
    /// SHA-256 of the leaf of that entry.
    pub leaf: Digest,
    /// As it was given.
    pub number: String,
    pub seed: Digest,
    /// SHA-256 of the drawn lines, in the order of their keys; a subject of the entry.
    pub digest: Digest,
    pub items: u64,
}

/// Why there is no sample.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    #[error("the list is not UTF-8")]
    Utf8,
    #[error("the list is empty: nothing can be drawn from it")]
    Empty,
    #[error("line {0} of the list has no end of line")]
    Unended(usize),
    #[error("line {0} of the list is not a JSON object with a target")]
    Line(usize),
    #[error(
        "line {0} of the list is not after the one before it: lines are sorted by their bytes and stand once"
    )]
    Order(usize),
    #[error("the method {0:?} is not known to this version, which draws by {METHOD:?}")]
    Method(String),
    #[error("a sample of {0} is none: give a number of lines of at least 1, or 1 to 100 percent")]
    Size(u64),
    #[error(
        "the number {0:?} cannot be used: 1 to {MAX_NUMBER} printable signs, without spaces at its ends"
    )]
    Number(String),
    #[error(
        "it was sealed as {sealed}, and the SHA-256 of {number:?} is {found}: another number was promised"
    )]
    Seal { sealed: Digest, found: Digest, number: String },
    #[error("{what} is {said}, and {found} follows from the population, its entry and the number")]
    Differs { what: &'static str, said: String, found: String },
}

/// The lines of a list, if it is one.
pub fn lines(list: &[u8]) -> Result<Vec<&str>, SampleError> {
    let text = std::str::from_utf8(list).map_err(|_not_text| SampleError::Utf8)?;
    if text.is_empty() {
        return Err(SampleError::Empty);
    }
    let mut lines: Vec<&str> = Vec::new();
    for (number, ended) in (1..).zip(text.split_inclusive('\n')) {
        let line = ended.strip_suffix('\n').ok_or(SampleError::Unended(number))?;
        target(line).ok_or(SampleError::Line(number))?;
        if lines.last().is_some_and(|before| *before >= line) {
            return Err(SampleError::Order(number));
        }
        lines.push(line);
    }
    Ok(lines)
}

/// A list as it is stored: sorted by bytes, each line once, each ended.
pub fn list(mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    lines.dedup();
    lines.iter().fold(String::new(), |list, line| list + line + "\n")
}

/// The target of a line; lines are drawn by it where a plan says so.
fn target(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        target: String,
    }
    json::read_object::<Named>(line.as_bytes()).ok().map(|named| named.target)
}

/// The number as it may stand in the log, if it keeps what was sealed.
pub fn number<'a>(given: &'a str, sealed: Option<&Digest>) -> Result<&'a str, SampleError> {
    let fine = !given.is_empty()
        && given.len() <= MAX_NUMBER
        && given == given.trim()
        && !given.contains(char::is_control);
    if !fine {
        return Err(SampleError::Number(given.chars().take(MAX_NUMBER).collect()));
    }
    let found = Digest::of(given.as_bytes());
    match sealed {
        Some(sealed) if *sealed != found => {
            Err(SampleError::Seal { sealed: *sealed, found, number: given.to_owned() })
        }
        Some(_) | None => Ok(given),
    }
}

/// SHA-256 of a leaf as the log holds it (`leaves/<entry>.json` of a bundle).
pub fn leaf(leaf: &Leaf) -> Digest {
    Digest::of(leaf.write().as_bytes())
}

/// The seed, out of the entry that froze the population and a number that was given after it.
pub fn seed(origin: &str, entry: u64, leaf: &Digest, number: &str) -> Digest {
    Digest::of(format!("exhibit sample v1\n{origin}\n{entry}\n{leaf}\n{number}\n").as_bytes())
}

/// The drawn lines, in the order of their keys; of each target those of its own one after the other, where the plan says so.
pub fn draw<'a>(
    seed: &Digest,
    lines: &[&'a str],
    plan: &Plan,
) -> Result<Vec<&'a str>, SampleError> {
    plan.check()?;
    let text = seed.to_string();
    let key = |line: &&'a str| (Digest::of_parts(&[text.as_bytes(), b":", line.as_bytes()]), *line);
    let mut groups: BTreeMap<String, Vec<(Digest, &'a str)>> = BTreeMap::new();
    for (number, line) in (1..).zip(lines) {
        let group = if plan.each_target {
            target(line).ok_or(SampleError::Line(number))?
        } else {
            String::new()
        };
        groups.entry(group).or_default().push(key(line));
    }
    let mut drawn = Vec::new();
    for mut group in groups.into_values() {
        group.sort_unstable();
        let most = plan.of(group.len());
        drawn.extend(group.into_iter().take(most).map(|(_, line)| line));
    }
    Ok(drawn)
}

impl Population {
    /// The sample of it: what its value says, and the drawn lines as they are stored.
    pub fn drawn(
        &self,
        (origin, entry, leaf): (&str, u64, Digest),
        list: &[u8],
        given: &str,
    ) -> Result<(Drawn, String), SampleError> {
        let found = Digest::of(list);
        if found != self.digest {
            return Err(differs("the digest of the list", &self.digest, &found));
        }
        let lines = lines(list)?;
        if lines.len() as u64 != self.items {
            return Err(differs("the number of lines", &self.items, &lines.len()));
        }
        let number = number(given, self.sealed.as_ref())?.to_owned();
        let seed = seed(origin, entry, &leaf, &number);
        let drawn = draw(&seed, &lines, &self.draw)?;
        let items = drawn.len() as u64;
        let text = drawn.iter().fold(String::new(), |text, line| text + line + "\n");
        let digest = Digest::of(text.as_bytes());
        Ok((Drawn { entry, leaf, number, seed, digest, items }, text))
    }
}

impl Drawn {
    /// Whether this is the sample that follows.
    pub fn is(&self, follows: &Self) -> Result<(), SampleError> {
        let texts = |drawn: &Self| {
            [
                ("the entry", drawn.entry.to_string()),
                ("the digest of the leaf", drawn.leaf.to_string()),
                ("the number", drawn.number.clone()),
                ("the seed", drawn.seed.to_string()),
                ("the number of drawn lines", drawn.items.to_string()),
                ("the digest of the drawn lines", drawn.digest.to_string()),
            ]
        };
        let pairs = texts(self).into_iter().zip(texts(follows));
        match pairs.into_iter().find(|((_, said), (_, found))| said != found) {
            None => Ok(()),
            Some(((what, said), (_, found))) => Err(SampleError::Differs { what, said, found }),
        }
    }
}

fn differs(what: &'static str, said: &impl ToString, found: &impl ToString) -> SampleError {
    SampleError::Differs { what, said: said.to_string(), found: found.to_string() }
}
