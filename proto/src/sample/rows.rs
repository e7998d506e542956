//! The lines of a list: what a document, or a target, gives. Whoever holds the documents makes them again.

use serde_json::{Map, Value, json};

use crate::digest::Digest;
use crate::json;

/// The lines of one document, where `rows` (JSON Pointer) says that they are: the whole body where it is absent. `None`: the
/// body holds no such list.
pub fn document_lines(
    (rows, fields): (Option<&str>, &[String]),
    (target, digest): (&str, &Digest),
    body: &Value,
) -> Option<Vec<String>> {
    let Some(pointer) = rows else {
        let item = picked(body, fields);
        return Some(vec![line(&json!({"document": digest, "item": item, "target": target}))]);
    };
    let Some(Value::Array(rows)) = body.pointer(pointer) else { return None };
    let lines = rows.iter().enumerate().map(|(number, row)| {
        let item = picked(row, fields);
        line(&json!({"document": digest, "item": item, "row": number, "target": target}))
    });
    Some(lines.collect())
}

/// The line of a target with its labels.
pub fn target_line(fields: &[String], target: &str, labels: Map<String, Value>) -> String {
    let item = picked(&Value::Object(labels), fields);
    line(&json!({"item": item, "target": target}))
}

/// The fields of a row that are asked for, null where it has none of that name; a row that is no object stays as it is.
fn picked(row: &Value, fields: &[String]) -> Value {
    let Some(all) = row.as_object().filter(|_| !fields.is_empty()) else { return row.clone() };
    let field = |name: &String| (name.clone(), all.get(name).cloned().unwrap_or_default());
    Value::Object(fields.iter().map(field).collect())
}

fn line(value: &Value) -> String {
    json::write_sorted(value)
}
