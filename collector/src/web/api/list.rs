//! Sorting, filtering and paging of any list, by the fields of its rows as their shape names them. Never asks the views.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

use super::Ask;
use super::operation::{Place, Taken};
use super::problem::{ApiError, Wrong};
use crate::views::{Asked, Part};
use crate::web::table::{Query, encode};

/// Rows of one answer: where nobody says, and at most.
const LIMIT: u64 = 100;
const MOST: u64 = 1_000;

/// A part of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    /// Rows that fit the question, on all its pages.
    pub(super) total: u64,
    /// Address of the next part; null with the last one.
    pub(super) next: Option<String>,
    /// Entries of the log that were judged when this was asked.
    pub(super) entries: u64,
}

/// How the rows of a list may be asked for.
pub(super) struct Fields(BTreeMap<String, Field>);

/// One field of a row.
struct Field {
    order: Order,
    /// It may be asked for by its value.
    choice: bool,
}

/// How values of a field are ordered.
enum Order {
    Text,
    Time,
    Number,
    /// Words, in their own order.
    Words(Vec<String>),
    Truth,
}

impl Fields {
    /// Those fields of a row that are text, words, numbers, times, yes or no, or lists of texts.
    pub(super) fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
        });
        let schema = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields = properties.into_iter().flatten().filter_map(|(name, schema)| {
            let field = field(schema)?;
            Some((name.clone(), field))
        });
        Self(fields.collect())
    }

    /// The parameters of a list with such rows.
    pub(super) fn taken(&self) -> Vec<Taken> {
        let sorts: Vec<String> =
            self.0.keys().flat_map(|name| [name.clone(), format!("-{name}")]).collect();
        let mut all = vec![
            limit(),
            Taken::new(
                "offset",
                "Rows in front of this answer.",
                json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0}),
            ),
            Taken::new(
                "sort",
                "The field to sort by; with a minus, the other way round.",
                json!({"type": "string", "enum": sorts}),
            ),
            Taken::new(
                "q",
                "Only rows with this text in one of their fields; case does not matter.",
                json!({"type": "string"}),
            ),
        ];
        for (name, field) in self.0.iter().filter(|(_, field)| field.choice) {
            let schema = match &field.order {
                Order::Words(words) => json!({"type": "string", "enum": words}),
                Order::Truth => json!({"type": "boolean"}),
                Order::Text | Order::Time | Order::Number => json!({"type": "string"}),
            };
            all.push(Taken::new(
                name,
                "Only rows whose field of this name is, or holds, this value.",
                schema,
            ));
        }
        all
    }
}

/// The words that a value is one of: listed together, or each with its meaning.
fn words(schema: &Value) -> Option<Vec<String>> {
    let texts = |all: &Value| -> Vec<String> {
        all.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if let Some(all) = schema.get("enum") {
        return Some(texts(all));
    }
    let each = schema.get("oneOf")?.as_array()?.iter().map(|one| match one.get("const") {
        Some(word) => word.as_str().map(|word| vec![word.to_owned()]),
        None => one.get("enum").map(texts),
    });
    each.collect::<Option<Vec<Vec<String>>>>().map(|all| all.concat())
}

fn field(schema: &Value) -> Option<Field> {
    // An optional word is `anyOf` the word and null.
    let any = schema.get("anyOf").and_then(Value::as_array);
    let schema = any.and_then(|all| all.first()).unwrap_or(schema);
    let is = |wanted: &str| match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(all)) => all.iter().any(|one| one == wanted),
        Some(_) | None => false,
    };
    let words = words(schema);
    let (order, choice) = match words {
        Some(words) => (Order::Words(words), true),
        None if is("string") && schema.get("format").is_some_and(|f| f == "date-time") => {
            (Order::Time, false)
        }
        None if is("string") => (Order::Text, true),
        None if is("boolean") => (Order::Truth, true),
        None if is("integer") || is("number") => (Order::Number, false),
        None if is("array") => {
            let items = field(schema.get("items")?)?;
            (items.order, items.choice)
        }
        None => return None,
    };
    Some(Field { order, choice })
}

/// What is asked of a list.
pub(super) struct Wanted<'a> {
    fields: &'a Fields,
    limit: usize,
    offset: usize,
    /// Field, and whether the other way round.
    sort: Option<(&'a str, &'a Field, bool)>,
    needle: String,
    chosen: Vec<(&'a str, Value)>,
}

impl<'a> Wanted<'a> {
    pub(super) fn read(query: &'a Query, fields: &'a Fields) -> Result<Self, ApiError> {
        let mut wrong = Vec::new();
        let limit = number(query, &mut wrong, ("limit", LIMIT), 1..=MOST);
        let offset = number(query, &mut wrong, ("offset", 0), 0..=u64::from(u32::MAX));
        let sort = query.get("sort").and_then(|text| {
            let (name, turned) =
                text.strip_prefix('-').map_or((text.as_str(), false), |name| (name, true));
            let found = fields.0.get(name);
            if found.is_none() {
                let known: Vec<&str> = fields.0.keys().map(String::as_str).collect();
                let why = format!("{text:?} names no field; there are: {}", known.join(", "));
                wrong.push(Wrong::new("sort", why));
            }
            Some((name, found?, turned))
        });
        let mut chosen = Vec::new();
        for (name, field) in fields.0.iter().filter(|(_, field)| field.choice) {
            let Some(text) = query.get(name) else { continue };
            match field.value(text) {
                Ok(value) => chosen.push((name.as_str(), value)),
                Err(why) => wrong.push(Wrong::new(name, why)),
            }
        }
        if !wrong.is_empty() {
            return Err(ApiError::Invalid(wrong));
        }
        let needle = query.get("q").map(|q| q.trim().to_lowercase()).unwrap_or_default();
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self { fields, limit: place(limit), offset: place(offset), sort, needle, chosen })
    }

    /// The same, asked of a list that sorts and filters by itself.
    pub(super) fn asked(&self) -> Asked {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => other.to_string(),
        };
        Asked {
            fits: self
                .chosen
                .iter()
                .map(|(name, value)| ((*name).to_owned(), text(value)))
                .collect(),
            text: self.needle.clone(),
            order: self.sort.map(|(name, _, turned)| (name.to_owned(), turned)),
            offset: self.offset as u64,
            limit: Some(self.limit as u64),
        }
    }

    /// An answer out of rows that are what was asked for.
    pub(super) fn part<T>(&self, ask: &Ask, part: Part<T>, entries: u64) -> List<T> {
        let after = (self.offset as u64).saturating_add(part.rows.len() as u64);
        let more = after < part.fitting && !part.rows.is_empty();
        let place = usize::try_from(after).unwrap_or(usize::MAX);
        let next = more.then(|| self.address(ask, place));
        List { items: part.rows, total: part.fitting, next, entries }
    }

    /// The rows that are wanted, in their order.
    pub(super) fn page<T: Serialize>(
        &self,
        ask: &Ask,
        rows: Vec<T>,
        entries: u64,
    ) -> Result<List<T>, ApiError> {
        let rows = self.select(rows)?;
        let total = rows.len();
        let items: Vec<T> = rows.into_iter().skip(self.offset).take(self.limit).collect();
        let after = self.offset.saturating_add(items.len());
        let next = (after < total && !items.is_empty()).then(|| self.address(ask, after));
        Ok(List { items, total: total as u64, next, entries })
    }

    fn select<T: Serialize>(&self, rows: Vec<T>) -> Result<Vec<T>, ApiError> {
        if self.sort.is_none() && self.needle.is_empty() && self.chosen.is_empty() {
            return Ok(rows);
        }
        let mut kept: Vec<(Key, T)> = Vec::new();
        for row in rows {
            let value = serde_json::to_value(&row)?;
            if self.fits(&value) {
                let key = self.sort.map(|(name, field, _)| field.key(value.get(name)));
                kept.push((key.unwrap_or(Key::Nothing), row));
            }
        }
        match self.sort {
            Some((_, _, true)) => kept.sort_by(|(one, _), (other, _)| other.cmp(one)),
            Some((_, _, false)) => kept.sort_by(|(one, _), (other, _)| one.cmp(other)),
            None => {}
        }
        Ok(kept.into_iter().map(|(_, row)| row).collect())
    }

    fn fits(&self, row: &Value) -> bool {
        let chosen = self.chosen.iter().all(|(name, wanted)| match row.get(name) {
            Some(Value::Array(all)) => all.contains(wanted),
            Some(value) => value == wanted,
            None => false,
        });
        let mut texts = self.fields.0.keys().filter_map(|name| row.get(name));
        let holds =
            |text: &Value| text.as_str().is_some_and(|t| t.to_lowercase().contains(&self.needle));
        chosen
            && (self.needle.is_empty()
                || texts.any(|value| match value {
                    Value::Array(all) => all.iter().any(holds),
                    Value::String(_) => holds(value),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
                }))
    }

    fn address(&self, ask: &Ask, offset: usize) -> String {
        let own = format!("limit={}&offset={offset}", self.limit);
        address(ask, &["limit", "offset"], &own)
    }
}

/// The address of what is asked, with other parameters of these names.
pub(super) fn address(ask: &Ask, names: &[&str], own: &str) -> String {
    let kept = ask.query.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    let kept: String =
        kept.map(|(name, value)| format!("{}={}&", encode(name), encode(value))).collect();
    format!("{}?{kept}{own}", ask.path)
}

/// How many rows an answer has.
pub(super) fn limit() -> Taken {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT});
    Taken::new("limit", "Rows of this answer.", schema)
}

/// The place in a list that is read from its newest entry backwards.
pub(super) fn place(query: &Query) -> Result<Place, ApiError> {
    let mut wrong = Vec::new();
    let limit = number(query, &mut wrong, ("limit", LIMIT), 1..=MOST);
    let none = u64::MAX;
    let before = number(query, &mut wrong, ("before", none), 0..=i64::MAX.unsigned_abs());
    if !wrong.is_empty() {
        return Err(ApiError::Invalid(wrong));
    }
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    Ok(Place { before: Some(before).filter(|before| *before != none), limit })
}

fn number(
    query: &Query,
    wrong: &mut Vec<Wrong>,
    (name, default): (&str, u64),
    range: RangeInclusive<u64>,
) -> u64 {
    let Some(text) = query.get(name) else { return default };
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.unwrap_or_else(|| {
        let why = format!("{text:?} is no number from {} to {}", range.start(), range.end());
        wrong.push(Wrong::new(name, why));
        default
    })
}

/// What a row is sorted by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Nothing,
    Number(i128),
    Text(String),
}

impl Field {
    fn value(&self, text: &str) -> Result<Value, String> {
        match &self.order {
            Order::Words(words) if !words.iter().any(|word| word == text) => {
                Err(format!("{text:?} is not one of {}", words.join(", ")))
            }
            Order::Truth => match text {
                "true" => Ok(json!(true)),
                "false" => Ok(json!(false)),
                _ => Err(format!("{text:?} is neither true nor false")),
            },
            Order::Words(_) | Order::Text | Order::Time | Order::Number => Ok(json!(text)),
        }
    }

    fn key(&self, value: Option<&Value>) -> Key {
        let value = match value {
            Some(Value::Array(all)) => all.first(),
            other => other,
        };
        let text = value.and_then(Value::as_str);
        match &self.order {
            Order::Words(words) => {
                let place = text.and_then(|text| words.iter().position(|word| word == text));
                place.map_or(Key::Nothing, |place| Key::Number(place as i128))
            }
            Order::Time => {
                let at = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
                at.map_or(Key::Nothing, |at| Key::Number(at.as_nanosecond()))
            }
            Order::Text => text.map_or(Key::Nothing, |text| Key::Text(counted(text))),
            Order::Number => {
                let number = value.and_then(|value| {
                    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
                });
                number.map_or(Key::Nothing, Key::Number)
            }
            Order::Truth => {
                value.and_then(Value::as_bool).map_or(Key::Nothing, |yes| Key::Number(yes.into()))
            }
        }
    }
}

/// A text by which people count: A.5.2 before A.5.10.
pub(super) fn counted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            out.extend(std::iter::repeat_n('0', 12_usize.saturating_sub(digits.len())));
            out.push_str(&digits);
            digits.clear();
        }
        out.extend(letter.to_lowercase());
    }
    out
}
