//! Reads the `# METADATA` block of a rule: the part of YAML that such a block needs, each value with its line. It never
//! guesses: what would mean something else to a full YAML parser is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::scan::Refusal;

/// A metadata block: its values as JSON and the line of each key (`custom.severity` → 7).
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) value: Value,
    pub(crate) first_line: usize,
    lines: BTreeMap<String, usize>,
}

impl Metadata {
    /// The line of a key, or of the block when the key is absent.
    pub(crate) fn line(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or(self.first_line)
    }

    /// The value at a dotted key.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.value, |value, part| value.get(part))
    }
}

/// Reads the first metadata block of a source; `None` when there is none.
pub(crate) fn read(source: &str) -> Result<Option<Metadata>, Refusal> {
    let mut lines = source.lines().enumerate().skip_while(|(_, line)| line.trim() != "# METADATA");
    let Some((start, _)) = lines.next() else { return Ok(None) };
    let mut rows = Vec::new();
    for (index, line) in lines {
        let Some(text) = line.strip_prefix('#') else { break };
        let text = text.strip_prefix(' ').unwrap_or(text).trim_end();
        if text.contains('\t') {
            return Err(refusal(index + 1, "a tab in metadata; indent with spaces"));
        }
        if !text.trim().is_empty() {
            let indent = text.len() - text.trim_start().len();
            rows.push(Row { line: index + 1, indent, text: text.trim_start() });
        }
    }
    let mut reader = Reader { rows: &rows, lines: BTreeMap::new() };
    let value = reader.map(0, "")?;
    if let Some(row) = reader.rows.first() {
        return Err(refusal(row.line, "this line is indented unlike its neighbours"));
    }
    Ok(Some(Metadata { value, first_line: start + 1, lines: reader.lines }))
}

struct Row<'a> {
    line: usize,
    indent: usize,
    text: &'a str,
}

struct Reader<'a> {
    rows: &'a [Row<'a>],
    lines: BTreeMap<String, usize>,
}

impl<'a> Reader<'a> {
    fn next_if(&mut self, test: impl Fn(&Row<'a>) -> bool) -> Option<&'a Row<'a>> {
        let (first, rest) = self.rows.split_first()?;
        test(first).then(|| {
            self.rows = rest;
            first
        })
    }

    fn map(&mut self, indent: usize, path: &str) -> Result<Value, Refusal> {
        let mut map = Map::new();
        while let Some(row) =
            self.next_if(|row| row.indent == indent && !row.text.starts_with("- "))
        {
            self.entry(&mut map, row.text, row.line, indent, path)?;
        }
        Ok(Value::Object(map))
    }

    fn entry(
        &mut self,
        map: &mut Map<String, Value>,
        text: &str,
        line: usize,
        indent: usize,
        path: &str,
    ) -> Result<(), Refusal> {
        let (key, rest) = text
            .split_once(':')
            .filter(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')))
            .ok_or_else(|| {
                refusal(line, "expected `key: value`; quote text that begins otherwise")
            })?;
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if map.contains_key(key) {
            return Err(refusal(line, &format!("{key} stands twice; keep one")));
        }
        let value = if !rest.trim().is_empty() {
            let mut text = rest.trim().to_owned();
            while let Some(more) = self.next_if(|row| row.indent > indent) {
                text.push(' ');
                text.push_str(more.text);
            }
            scalar(&text, line)?
        } else if self.rows.first().is_some_and(|row| row.text.starts_with("- ")) {
            self.list(indent, &path)?
        } else {
            let deeper = self.rows.first().map(|row| row.indent).filter(|found| *found > indent);
            let deeper = deeper.ok_or_else(|| refusal(line, &format!("{key} has no value")))?;
            self.map(deeper, &path)?
        };
        self.lines.insert(path, line);
        map.insert(key.to_owned(), value);
        Ok(())
    }

    fn list(&mut self, parent: usize, path: &str) -> Result<Value, Refusal> {
        let indent = self.rows.first().map_or(parent, |row| row.indent);
        let mut items = Vec::new();
        if indent < parent {
            return Ok(Value::Array(items));
        }
        while let Some(row) = self.next_if(|row| row.indent == indent && row.text.starts_with("- "))
        {
            let text = row.text.trim_start_matches("- ").trim_start();
            if text.starts_with('"') || !text.contains(": ") {
                items.push(scalar(text, row.line)?);
                continue;
            }
            let item_path = format!("{path}.{}", items.len());
            let mut map = Map::new();
            self.entry(&mut map, text, row.line, indent + 2, &item_path)?;
            if let Value::Object(more) = self.map(indent + 2, &item_path)? {
                map.extend(more);
            }
            self.lines.insert(item_path, row.line);
            items.push(Value::Object(map));
        }
        Ok(Value::Array(items))
    }
}

fn scalar(text: &str, line: usize) -> Result<Value, Refusal> {
    let json = text.starts_with(['"', '[', '{']) || text.parse::<f64>().is_ok();
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if json => serde_json::from_str(text).map_err(|error| {
            refusal(line, &format!("{text:?} is not valid JSON ({error}); quote it as text"))
        }),
        _ if text.starts_with(['&', '*', '!', '|', '>', '%', '@', '`', '\'', '?', '-']) => {
            Err(refusal(line, "text may not begin with this sign; put it in double quotes"))
        }
        _ if text.contains(": ") || text.contains(" #") || text.ends_with(':') => {
            Err(refusal(line, "text with `: ` or ` #` must stand in double quotes"))
        }
        "null" | "~" | "yes" | "no" | "on" | "off" => Err(refusal(
            line,
            "this word means different things to YAML parsers; quote it or write true or false",
        )),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn refusal(line: usize, what: &str) -> Refusal {
    Refusal { line, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BLOCK: &str = "# METADATA\n# title: A title\n# description: Two\n#   lines.\n# custom:\n#   id: a.b\n#   controls:\n#   - id: A.5.1\n#     relation: direct\n#   - id: A.5.2\n#     relation: context\n#   parameters:\n#     days: 3\n#     names: [\"a\", \"b\"]\npackage p\n# METADATA\n# title: later\n";

    #[test]
    fn a_block_reads_as_yaml_would() {
        let metadata = read(BLOCK).unwrap().unwrap();
        assert_eq!(
            metadata.value,
            json!({
                "title": "A title", "description": "Two lines.",
                "custom": {
                    "id": "a.b",
                    "controls": [{"id": "A.5.1", "relation": "direct"}, {"id": "A.5.2", "relation": "context"}],
                    "parameters": {"days": 3, "names": ["a", "b"]},
                },
            })
        );
        assert_eq!(metadata.line("custom.controls.1.relation"), 11);
        assert_eq!(metadata.get("custom.parameters.days"), Some(&json!(3)));
    }

    #[test]
    fn what_another_parser_would_read_otherwise_is_refused_with_its_line() {
        for (line, text) in [
            (3, "# METADATA\n# a: b\n# c: d: e\n"),
            (2, "# METADATA\n# a: yes\n"),
            (2, "# METADATA\n# a: 'b'\n"),
            (3, "# METADATA\n# a: b\n# a: c\n"),
            (2, "# METADATA\n# a:\n# b: c\n"),
            (2, "# METADATA\n# a\n"),
            (2, "# METADATA\n#   a: b\n"),
            (2, "# METADATA\n# a: [1\n"),
            (2, "# METADATA\n#\ta: b\n"),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text}");
        }
        assert!(read("package p\n").unwrap().is_none());
    }
}
