//! The operator's veto over single fields: their values are gone before anything is hashed. Nothing that a server says
//! reaches this room.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Fields of one kind that must not leave: a JSON pointer (RFC 6901) in which `*` is every element, or a bare name, which is
/// every field of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    text: String,
    /// Parts of the pointer; none for a bare name.
    pointer: Option<Vec<String>>,
}

/// A text that names no field.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} names no field; write a pointer such as \"/accounts/*/home\", or a name such as \"home\""
)]
pub struct VetoError(String);

impl FromStr for Veto {
    type Err = VetoError;

    fn from_str(text: &str) -> Result<Self, VetoError> {
        let wrong = || VetoError(text.to_owned());
        if text.is_empty() || text == "/" || text.chars().any(char::is_control) {
            return Err(wrong());
        }
        let pointer = match text.strip_prefix('/') {
            Some(parts) => Some(
                parts.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
            ),
            None if text.contains('/') => return Err(wrong()),
            None => None,
        };
        Ok(Self { text: text.to_owned(), pointer })
    }
}

impl fmt::Display for Veto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Veto {
    /// Makes what it names null, which every schema reads as not determinable; answers whether something was there.
    pub(super) fn apply(&self, body: &mut Value) -> bool {
        match &self.pointer {
            Some(parts) => at(body, parts),
            None => everywhere(body, &self.text),
        }
    }
}

/// Counts rather than asks for any: every element is to be cleared, not only the first.
fn at(value: &mut Value, parts: &[String]) -> bool {
    let Some((part, rest)) = parts.split_first() else { return clear(value) };
    match value {
        Value::Object(map) if part == "*" => {
            map.values_mut().filter_map(|value| at(value, rest).then_some(())).count() > 0
        }
        Value::Array(values) if part == "*" => {
            values.iter_mut().filter_map(|value| at(value, rest).then_some(())).count() > 0
        }
        Value::Object(map) => map.get_mut(part).is_some_and(|value| at(value, rest)),
        Value::Array(values) => {
            let index = part.parse::<usize>().ok();
            index.and_then(|index| values.get_mut(index)).is_some_and(|value| at(value, rest))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn everywhere(value: &mut Value, name: &str) -> bool {
    match value {
        Value::Object(map) => map.iter_mut().fold(false, |any, (key, value)| {
            let gone = if key == name { clear(value) } else { everywhere(value, name) };
            gone || any
        }),
        Value::Array(values) => {
            values.iter_mut().filter_map(|value| everywhere(value, name).then_some(())).count() > 0
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn clear(value: &mut Value) -> bool {
    !value.take().is_null()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_veto_clears_what_it_names_and_nothing_else() {
        let body =
            || json!({"a": [{"n": "x", "k": 1}, {"n": "y", "k": 2}], "n": "z", "s/t": {"u": 1}});
        let table = [
            (
                "/a/*/n",
                json!({"a": [{"n": null, "k": 1}, {"n": null, "k": 2}], "n": "z", "s/t": {"u": 1}}),
            ),
            (
                "/a/1/k",
                json!({"a": [{"n": "x", "k": 1}, {"n": "y", "k": null}], "n": "z", "s/t": {"u": 1}}),
            ),
            (
                "n",
                json!({"a": [{"n": null, "k": 1}, {"n": null, "k": 2}], "n": null, "s/t": {"u": 1}}),
            ),
            (
                "/s~1t/u",
                json!({"a": [{"n": "x", "k": 1}, {"n": "y", "k": 2}], "n": "z", "s/t": {"u": null}}),
            ),
            ("/a", json!({"a": null, "n": "z", "s/t": {"u": 1}})),
        ];
        for (text, expected) in table {
            let veto: Veto = text.parse().unwrap();
            let mut value = body();
            assert!(veto.apply(&mut value), "{text}");
            assert_eq!(value, expected, "{text}");
            assert!(!veto.apply(&mut value), "{text} a second time");
        }
        for absent in ["/b", "/a/9/n", "/a/n", "b", "/n/x"] {
            let mut value = body();
            assert!(!absent.parse::<Veto>().unwrap().apply(&mut value), "{absent}");
            assert_eq!(value, body());
        }
        for wrong in ["", "/", "a/b", "a\nb"] {
            assert!(wrong.parse::<Veto>().is_err(), "{wrong:?}");
        }
    }
}
