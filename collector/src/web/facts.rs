//! Documents and statements as readable text: names, values, tables. Knows no schema, and escapes everything.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Rows shown of one list; the raw document has them all.
const MAX_ROWS: usize = 2000;
/// Nesting that is laid out; deeper parts are shown as JSON.
const MAX_DEPTH: u8 = 5;

/// A value that is not known, inside a row.
const NOT_KNOWN_CELL: &str =
    "<span class=\"muted\" title=\"not known\">\u{2013}<span class=\"sr\">not known</span></span>";

/// HTML of a value, safe to stand in a page.
pub(super) fn html(value: &Value) -> String {
    let mut out = String::new();
    put(value, 0, &mut out);
    out
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Our own sentence with commands between backticks, as HTML.
pub(super) fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(place, part)| match place % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}

fn put(value: &Value, depth: u8, out: &mut String) {
    match value {
        Value::Null => out.push_str("<span class=\"muted\">not known</span>"),
        Value::Bool(yes) => out.push_str(if *yes { "yes" } else { "no" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) if text.is_empty() => {
            out.push_str("<span class=\"muted\">empty</span>");
        }
        Value::String(text) if text.trim_end().contains('\n') => {
            out.push_str("<span class=\"lines\">");
            out.push_str(&escape(text));
            out.push_str("</span>");
        }
        Value::String(text) => out.push_str(&escape(text)),
        Value::Array(items) if items.is_empty() => {
            out.push_str("<span class=\"muted\">none</span>")
        }
        Value::Object(map) if map.is_empty() => out.push_str("<span class=\"muted\">none</span>"),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
            out.push_str(&format!("<code>{}</code>", escape(&value.to_string())));
        }
        Value::Array(items) if items.iter().all(Value::is_object) => rows(items, depth, out),
        Value::Array(items) => list(items, depth, out),
        Value::Object(map) => pairs(map, depth, out),
    }
}

fn pairs(map: &Map<String, Value>, depth: u8, out: &mut String) {
    out.push_str("<dl class=\"facts\">");
    // Short values share lines; long ones follow, each on its own.
    let (long, short): (Vec<_>, Vec<_>) = map.iter().partition(|(_, value)| is_large(value));
    for (name, value) in short.into_iter().chain(long) {
        let wide = if is_large(value) { " class=\"wide\"" } else { "" };
        out.push_str(&format!("<div{wide}><dt>{}</dt><dd>", label(name)));
        put(value, depth + 1, out);
        out.push_str("</dd></div>");
    }
    out.push_str("</dl>");
}

fn list(items: &[Value], depth: u8, out: &mut String) {
    out.push_str("<ul class=\"values\">");
    for item in items.iter().take(MAX_ROWS) {
        out.push_str("<li>");
        put(item, depth + 1, out);
        out.push_str("</li>");
    }
    out.push_str("</ul>");
    more(items.len(), out);
}

fn rows(items: &[Value], depth: u8, out: &mut String) {
    let mut columns: Vec<&String> = Vec::new();
    for item in items.iter().take(MAX_ROWS).filter_map(Value::as_object) {
        for name in item.keys() {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    // What tells rows apart comes first.
    // What nobody knows comes last.
    columns.sort_by_key(|name| {
        let known = items.iter().any(|item| item.get(name.as_str()).is_some_and(|v| !v.is_null()));
        (!known, !matches!(name.as_str(), "id" | "name" | "kind" | "subject"))
    });
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"rows\"><table class=\"inner\"><thead><tr>");
    for name in &columns {
        out.push_str(&format!("<th scope=\"col\">{}</th>", label(name)));
    }
    out.push_str("</tr></thead><tbody>");
    for item in items.iter().take(MAX_ROWS) {
        out.push_str("<tr>");
        for name in &columns {
            out.push_str("<td>");
            match item.get(name.as_str()) {
                Some(Value::Object(map)) if !map.is_empty() => cell_pairs(map, depth + 2, out),
                Some(Value::Null) => out.push_str(NOT_KNOWN_CELL),
                Some(value) => put(value, depth + 2, out),
                None => {}
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    more(items.len(), out);
}

/// A small object inside a row: what is not known is left to the raw document, or the row could not be read.
fn cell_pairs(map: &Map<String, Value>, depth: u8, out: &mut String) {
    let known: Map<String, Value> = map
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if known.is_empty() { out.push_str(NOT_KNOWN_CELL) } else { pairs(&known, depth, out) }
}

fn more(number: usize, out: &mut String) {
    if number > MAX_ROWS {
        let left = number - MAX_ROWS;
        // Writing into a String cannot fail.
        write!(out, "<p class=\"muted\">{left} more rows are in the document.</p>")
            .unwrap_or_default();
    }
}

fn is_large(value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            items.iter().any(|item| item.is_object() || item.is_array()) || items.len() > 6
        }
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => text.chars().count() > 40,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn label(name: &str) -> String {
    escape(&name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_escaped() {
        let evil = json!({"<b>": ["<script>", {"'\"&": "<i>"}], "rows": [{"id": "<u>"}]});
        let shown = html(&evil);
        for part in ["<b>", "<script>", "<i>", "<u>"] {
            assert!(!shown.contains(part), "{shown}");
        }
        assert!(shown.contains("&lt;script&gt;"));
    }

    #[test]
    fn commands_between_backticks_stand_out() {
        assert_eq!(prose("run `a <b>` & wait"), "run <code>a &lt;b&gt;</code> &amp; wait");
    }

    #[test]
    fn lists_of_objects_become_tables_with_the_name_first() {
        let shown = html(&json!([{"age": 3, "name": "x"}, {"name": "y", "zeal": null}]));
        let heads: Vec<&str> = shown.split("<th scope=\"col\">").skip(1).collect();
        assert_eq!(heads.len(), 3);
        assert!(heads[0].starts_with("name"));
    }
}
