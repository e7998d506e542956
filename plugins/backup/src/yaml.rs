//! YAML as configurations use it, bounded in depth and size whatever its aliases say. It opens no file.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Nodes after aliases are written out.
const MOST_NODES: usize = 20_000;
const DEEPEST: usize = 32;
/// Stands for a scalar with the tag `!include`, with the path as its value.
pub(crate) const INCLUDE: &str = "!include";

/// Why a text is not read. The text of the error never repeats a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum YamlError {
    #[error("line {0} is no YAML")]
    Syntax(usize),
    #[error("it has more than {MOST_NODES} values or is nested deeper than {DEEPEST}")]
    TooMuch,
    #[error("it names an alias that is not there")]
    Alias,
}

/// The first document of a text; null for an empty one.
pub(crate) fn parse(text: &str) -> Result<Value, YamlError> {
    let mut build = Build::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| YamlError::Syntax(error.marker().line()))?;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let include = tag.is_some_and(|tag| tag.suffix == "include");
                let value = if include {
                    let path = Value::String(text.into_owned());
                    Value::Object([(INCLUDE.to_owned(), path)].into_iter().collect())
                } else {
                    scalar(&text, style)
                };
                build.value(value, anchor)?;
            }
            Event::Alias(anchor) => {
                let value = build.anchors.get(&anchor).cloned().ok_or(YamlError::Alias)?;
                build.value(value, 0)?;
            }
            Event::SequenceStart(anchor, _) => build.open(Open::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => build.open(Open::Map(Map::new(), None), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => build.close()?,
            Event::DocumentEnd => break,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
    }
    Ok(build.root)
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" | "True" => Value::Bool(true),
        "false" | "False" => Value::Bool(false),
        text => {
            text.parse::<i64>().map_or_else(|_word| Value::String(text.to_owned()), Value::from)
        }
    }
}

enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Build {
    root: Value,
    open: Vec<(Open, usize)>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
}

impl Build {
    fn open(&mut self, open: Open, anchor: usize) -> Result<(), YamlError> {
        if self.open.len() >= DEEPEST {
            return Err(YamlError::TooMuch);
        }
        self.open.push((open, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        match self.open.pop() {
            Some((Open::List(list), anchor)) => self.value(Value::Array(list), anchor),
            Some((Open::Map(map, _), anchor)) => self.value(Value::Object(map), anchor),
            None => Ok(()),
        }
    }

    fn value(&mut self, value: Value, anchor: usize) -> Result<(), YamlError> {
        // A container is counted again with what it holds: an alias of an alias grows that way.
        self.nodes = self.nodes.saturating_add(size(&value));
        if self.nodes > MOST_NODES {
            return Err(YamlError::TooMuch);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.root = value,
            Some((Open::List(list), _)) => list.push(value),
            Some((Open::Map(map, key), _)) => match key.take() {
                None => *key = Some(word(&value)),
                Some(key) => {
                    map.insert(key, value);
                }
            },
        }
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(size).sum::<usize>() + 1,
        Value::Object(map) => map.values().map(size).sum::<usize>() + 1,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// A scalar as text.
pub(crate) fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_configurations_use_is_read() {
        let text = "# c\nlocation:\n    repositories:\n        - path: ssh://nas/./r\n          label: \"nas\"\n        - /srv/r\n    keep: &k {daily: 7, weekly: '4'}\nagain: *k\n<<: !include /etc/common.yaml\nphrase: |\n    a: b\n";
        let value = parse(text).unwrap();
        assert_eq!(value["location"]["repositories"][0]["label"], "nas");
        assert_eq!(value["location"]["repositories"][1], "/srv/r");
        assert_eq!(value["again"], json!({"daily": 7, "weekly": "4"}));
        assert_eq!(value["<<"], json!({"!include": "/etc/common.yaml"}));
        assert_eq!(value["phrase"], "a: b\n");
        assert_eq!(parse(""), Ok(Value::Null));
    }

    #[test]
    fn an_error_names_the_line_and_no_value() {
        let error = parse("a: 1\npassphrase: \"planted\nb: [\n").unwrap_err();
        assert!(!error.to_string().contains("planted"), "{error}");
    }

    #[test]
    fn aliases_do_not_grow_without_bound() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let before = format!("*a{}", n - 1);
            text += &format!("a{n}: &a{n} [{}]\n", [before.as_str(); 9].join(", "));
        }
        assert_eq!(parse(&text), Err(YamlError::TooMuch));
        assert_eq!(parse(&"[".repeat(100)), Err(YamlError::TooMuch));
        assert!(parse("a: *gone").is_err());
    }

    proptest! {
        #[test]
        fn no_text_brings_it_down(text in "[-a: \\n\\[\\]{}&*!|>'\"#,0?%@`~]{0,120}") {
            drop(parse(&text));
        }
    }
}
