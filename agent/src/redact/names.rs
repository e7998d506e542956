//! Finds the fields in which a document names persons. It decides nothing about them.

use serde_json::Value;

/// Shows every text behind a pointer, in which `*` is every element; empty ones and what is no text are left alone.
pub(super) fn each(value: &mut Value, pointer: &str, seen: &mut dyn FnMut(&mut String)) {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    walk(value, &parts, seen);
}

fn walk(value: &mut Value, parts: &[&str], seen: &mut dyn FnMut(&mut String)) {
    match (value, parts.split_first()) {
        (Value::String(text), None) if !text.is_empty() => seen(text),
        (Value::Array(list), Some((part, rest))) if *part == "*" => {
            list.iter_mut().for_each(|one| walk(one, rest, seen));
        }
        (Value::Object(map), Some((part, rest))) => {
            if let Some(value) = map.get_mut(*part) {
                walk(value, rest, seen);
            }
        }
        (_, _) => {}
    }
}
