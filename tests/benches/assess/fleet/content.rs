//! What made-up hosts say: the example of each kind, grown to a number of rows. Hosts of one image say the same, but each has times
//! of its own, as real ones have.

use anyhow::Result;
use exhibit_plugin::kinds::KindInfo;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::Like;

/// Times of hosts lie within so many seconds of each other.
const SPREAD: usize = 7_200;

/// The body of a kind with lists of about the wanted number of rows, one more after every other change.
pub(super) fn body(info: &KindInfo, (host, like): (usize, Like), changes: u64) -> Result<Value> {
    let mut body = (info.example)();
    let rows = like.rows + usize::try_from(changes % 2)?;
    if let Value::Object(fields) = &mut body {
        for list in fields.values_mut().filter_map(Value::as_array_mut) {
            let some: Vec<Value> = list.iter().filter(|row| row.is_object()).cloned().collect();
            let more = some.iter().cycle().take(rows.saturating_sub(list.len()));
            list.extend(more.cloned());
            let image = (host % like.images.max(1)) as u64;
            list.iter_mut().filter_map(Value::as_object_mut).for_each(|row| number(row, image));
        }
    }
    times(&mut body, SignedDuration::from_secs(i64::try_from(host % SPREAD)?));
    Ok(body)
}

/// The first whole number of a row is another one in each image.
fn number(row: &mut Map<String, Value>, image: u64) {
    if let Some((place, was)) = row.values_mut().find_map(|value| {
        let was = value.as_u64()?;
        Some((value, was))
    }) {
        *place = Value::from(was + image);
    }
}

/// Everything that is a time lies that much earlier.
fn times(value: &mut Value, earlier: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Ok(time) = text.parse::<Timestamp>() {
                *text = (time - earlier).to_string();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| times(one, earlier)),
        Value::Object(fields) => fields.values_mut().for_each(|one| times(one, earlier)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
