//! Columns and cells: the shape that every row has in every form. It knows no kind of report.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A column of a report.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Column {
    /// The name in CSV and JSON; it never changes its meaning.
    pub(super) key: &'static str,
    /// The name for people.
    pub(super) label: &'static str,
    /// Characters that a cell usually takes.
    #[serde(skip)]
    pub(super) width: u16,
}

pub(super) const fn column(key: &'static str, label: &'static str, width: u16) -> Column {
    Column { key, label, width }
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing is known, or nothing applies.
    Empty,
    Text(String),
    Number(u64),
    Time(Timestamp),
    /// Several texts.
    List(Vec<String>),
}

impl Cell {
    /// As one text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Time(at) => super::utc(*at),
            Self::List(texts) => texts.join("; "),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Time(at) => serializer.serialize_str(&super::utc(*at)),
            Self::List(texts) => serializer.collect_seq(texts),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        number.map_or_else(|| Self::from(""), Self::from)
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Time)
    }
}

impl From<&Vec<String>> for Cell {
    fn from(texts: &Vec<String>) -> Self {
        Self::List(texts.clone())
    }
}
