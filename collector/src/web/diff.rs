//! What is another in a document than in the one before it: per row and field, whatever the order. Pure; knows no schema: rows are
//! told apart by what is unique in both documents.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// One thing that is another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// The way there: names of fields, and of rows.
    pub(super) place: Vec<String>,
    /// `None`: it was not there.
    pub(super) was: Option<Value>,
    /// `None`: it is not there any more.
    pub(super) is: Option<Value>,
}

/// Fields that tell rows apart, the first that fits both lists.
const KEYS: [&[&str]; 12] = [
    &["id"],
    &["name"],
    &["name", "architecture"],
    &["name", "version"],
    &["path"],
    &["key"],
    &["unit"],
    &["subject"],
    &["program"],
    &["device"],
    &["source"],
    &["protocol", "address", "port"],
];

/// Every difference, in the order of the places.
pub(super) fn differences(was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&[], was, is, &mut found);
    found
}

fn compare(place: &[String], was: &Value, is: &Value, found: &mut Vec<Difference>) {
    match (was, is) {
        (was, is) if was == is => {}
        (Value::Object(was), Value::Object(is)) => objects(place, was, is, found),
        (Value::Array(was), Value::Array(is)) => lists(place, was, is, found),
        (was, is) => found.push(Difference {
            place: place.to_vec(),
            was: Some(was.clone()),
            is: Some(is.clone()),
        }),
    }
}

fn objects(
    place: &[String],
    was: &Map<String, Value>,
    is: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for name in names {
        one(&below(place, &name.replace('_', " ")), was.get(name), is.get(name), found);
    }
}

/// What stands at one place, on one side or on both.
fn one(place: &[String], was: Option<&Value>, is: Option<&Value>, found: &mut Vec<Difference>) {
    match (was, is) {
        (Some(was), Some(is)) => compare(place, was, is, found),
        (was, is) => {
            found.push(Difference { place: place.to_vec(), was: was.cloned(), is: is.cloned() })
        }
    }
}

fn below(place: &[String], name: &str) -> Vec<String> {
    place.iter().cloned().chain([name.to_owned()]).collect()
}

fn lists(place: &[String], was: &[Value], is: &[Value], found: &mut Vec<Difference>) {
    let keyed = KEYS.iter().find_map(|key| Some((named(was, key)?, named(is, key)?)));
    if let Some((was, is)) = keyed {
        let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for name in names {
            one(&below(place, name), was.get(name).copied(), is.get(name).copied(), found);
        }
        return;
    }
    // Rows that nothing tells apart are there, or are not.
    let (was, is) = (counted(was), counted(is));
    let texts: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for text in texts {
        let (before, after) = (was.get(text), is.get(text));
        let number = |side: Option<&(&Value, usize)>| side.map_or(0, |(_, number)| *number);
        let value = |side: Option<&(&Value, usize)>| side.map(|(value, _)| (*value).clone());
        let (was, is) = match number(before).cmp(&number(after)) {
            Ordering::Equal => continue,
            Ordering::Greater => (value(before), None),
            Ordering::Less => (None, value(after)),
        };
        found.push(Difference { place: place.to_vec(), was, is });
    }
}

/// Rows by the values of the key; `None` where a row lacks one of them, or two rows have the same.
fn named<'a>(rows: &'a [Value], key: &[&str]) -> Option<BTreeMap<String, &'a Value>> {
    let mut all = BTreeMap::new();
    for row in rows {
        let parts = key.iter().map(|field| match row.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        let name = parts.collect::<Option<Vec<String>>>()?.join(" ");
        if all.insert(name, row).is_some() {
            return None;
        }
    }
    Some(all)
}

fn counted(rows: &[Value]) -> BTreeMap<String, (&Value, usize)> {
    let mut all: BTreeMap<String, (&Value, usize)> = BTreeMap::new();
    for row in rows {
        all.entry(row.to_string()).or_insert((row, 0)).1 += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(was: &Value, is: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let found = differences(was, is).into_iter();
        found.map(|one| (one.place.join(" / "), one.was, one.is)).collect()
    }

    #[test]
    fn rows_are_followed_by_their_name_whatever_their_order() {
        let was = json!({"accounts": [{"name": "a", "shell": "sh"}, {"name": "b", "shell": "sh"}]});
        let is = json!({"accounts": [{"name": "c", "shell": "sh"}, {"name": "b", "shell": "zsh"}]});
        assert_eq!(
            told(&was, &is),
            [
                ("accounts / a".into(), Some(json!({"name": "a", "shell": "sh"})), None),
                ("accounts / b / shell".into(), Some(json!("sh")), Some(json!("zsh"))),
                ("accounts / c".into(), None, Some(json!({"name": "c", "shell": "sh"}))),
            ]
        );
        assert_eq!(told(&was, &was), []);
    }

    #[test]
    fn two_rows_of_one_name_are_told_apart_by_more_or_are_only_there_or_not() {
        let row = |name: &str, version: &str| json!({"name": name, "version": version});
        let was = json!([row("linux", "1"), row("linux", "2")]);
        let is = json!([row("linux", "2"), row("linux", "3")]);
        assert_eq!(
            told(&was, &is),
            [
                ("linux 1".into(), Some(row("linux", "1")), None),
                ("linux 3".into(), None, Some(row("linux", "3"))),
            ]
        );
        let told = told(&json!({"ports": [22, 80]}), &json!({"ports": [80, 443]}));
        assert_eq!(
            told,
            [("ports".into(), Some(json!(22)), None), ("ports".into(), None, Some(json!(443))),]
        );
    }

    #[test]
    fn a_field_that_changes_its_sort_is_one_difference() {
        let told = told(&json!({"reboot_required": null}), &json!({"reboot_required": [1]}));
        assert_eq!(told, [("reboot required".into(), Some(json!(null)), Some(json!([1])))]);
    }
}
