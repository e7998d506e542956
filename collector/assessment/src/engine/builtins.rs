//! Functions of the rule language that make text and lists, each held to the budget of one evaluation. They replace those of
//! the engine, which have no limit of their own; what goes over the budget is an error of the rule.

use std::{cell::Cell, io};

use jiff::Timestamp;
use regorus::{Engine, Value};

use super::format;

/// Bytes that the functions of one evaluation may make in all.
pub(crate) const MAX_BUILT: usize = 64 * 1024 * 1024;
/// What one entry of a list costs of the budget, in bytes.
const ENTRY: usize = 64;
/// Longest text that is read as a number.
const MAX_NUMBER: usize = 400;

thread_local! {
    /// An evaluation runs on one thread from begin to end, so its budget lies there.
    static SPENT: Cell<usize> = const { Cell::new(0) };
}

/// Gives the evaluation that begins now the whole budget.
pub(super) fn begin() {
    SPENT.set(0);
}

/// Takes bytes from the budget before they are made.
pub(super) fn spend(bytes: usize) -> io::Result<()> {
    let spent = SPENT.get().saturating_add(bytes);
    SPENT.set(spent);
    if spent > MAX_BUILT {
        let what = format!("the rule makes more than {MAX_BUILT} bytes of text and lists");
        return Err(io::Error::other(what));
    }
    Ok(())
}

type Bounded = fn(&[Value]) -> io::Result<Value>;
type Plain = fn(&[Value]) -> Value;

/// Puts the functions into an engine.
pub(super) fn install(engine: &mut Engine) -> Result<(), String> {
    const BOUNDED: [(&str, u8, Bounded); 6] = [
        ("array.concat", 2, array_concat),
        ("concat", 2, concat),
        ("numbers.range", 2, numbers_range),
        ("replace", 3, replace),
        ("split", 2, split),
        ("sprintf", 2, sprintf),
    ];
    const PLAIN: [(&str, u8, Plain); 2] =
        [("time.parse_rfc3339_ns", 1, nanoseconds), ("to_number", 1, to_number)];
    for (name, arguments, function) in BOUNDED {
        let call = move |values: Vec<Value>| Ok(function(&values)?);
        engine
            .add_extension(name.to_owned(), arguments, Box::new(call))
            .map_err(|error| error.to_string())?;
    }
    for (name, arguments, function) in PLAIN {
        let call = move |values: Vec<Value>| Ok(function(&values));
        engine
            .add_extension(name.to_owned(), arguments, Box::new(call))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// As in Open Policy Agent, a function met by the wrong type is undefined.
fn text(values: &[Value], place: usize) -> Option<&str> {
    values.get(place).and_then(|value| value.as_string().ok()).map(AsRef::as_ref)
}

fn nanoseconds(values: &[Value]) -> Value {
    let time = text(values, 0).and_then(|text| text.parse::<Timestamp>().ok());
    let nanoseconds = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    nanoseconds.map_or(Value::Undefined, Value::from)
}

fn numbers_range(values: &[Value]) -> io::Result<Value> {
    let ends = values.first().zip(values.get(1));
    let Some((Ok(from), Ok(to))) = ends.map(|(from, to)| (from.as_i64(), to.as_i64())) else {
        return Ok(Value::Undefined);
    };
    let count = usize::try_from(from.abs_diff(to)).unwrap_or(usize::MAX);
    spend(count.saturating_add(1).saturating_mul(ENTRY))?;
    let up = (from.min(to)..=from.max(to)).map(Value::from);
    Ok(if from <= to { up.collect::<Vec<_>>().into() } else { up.rev().collect::<Vec<_>>().into() })
}

fn array_concat(values: &[Value]) -> io::Result<Value> {
    let lists = values.first().zip(values.get(1));
    let Some((Ok(first), Ok(second))) = lists.map(|(a, b)| (a.as_array(), b.as_array())) else {
        return Ok(Value::Undefined);
    };
    spend(first.len().saturating_add(second.len()).saturating_mul(ENTRY))?;
    Ok(first.iter().chain(second.iter()).cloned().collect::<Vec<_>>().into())
}

fn concat(values: &[Value]) -> io::Result<Value> {
    let (Some(between), Some(list)) = (text(values, 0), values.get(1)) else {
        return Ok(Value::Undefined);
    };
    let parts: Option<Vec<&str>> = match list {
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Set(items) => items.iter().map(as_text).collect(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Undefined => None,
    };
    let Some(parts) = parts else { return Ok(Value::Undefined) };
    let length = parts.iter().map(|part| part.len().saturating_add(between.len()));
    spend(length.fold(0, usize::saturating_add))?;
    Ok(Value::from(parts.join(between)))
}

fn as_text(value: &Value) -> Option<&str> {
    value.as_string().ok().map(AsRef::as_ref)
}

fn replace(values: &[Value]) -> io::Result<Value> {
    let (Some(whole), Some(old), Some(new)) = (text(values, 0), text(values, 1), text(values, 2))
    else {
        return Ok(Value::Undefined);
    };
    let grown = whole.matches(old).count().saturating_mul(new.len());
    spend(whole.len().saturating_add(grown))?;
    Ok(Value::from(whole.replace(old, new)))
}

fn split(values: &[Value]) -> io::Result<Value> {
    let (Some(whole), Some(at)) = (text(values, 0), text(values, 1)) else {
        return Ok(Value::Undefined);
    };
    let parts: Vec<&str> = if at.is_empty() {
        // As in Open Policy Agent: the letters, without an empty text before and after them.
        spend(whole.len().saturating_mul(ENTRY))?;
        whole.split("").filter(|part| !part.is_empty()).collect()
    } else {
        let count = whole.matches(at).count().saturating_add(1);
        spend(whole.len().saturating_add(count.saturating_mul(ENTRY)))?;
        whole.split(at).collect()
    };
    Ok(parts.into_iter().map(Value::from).collect::<Vec<_>>().into())
}

fn sprintf(values: &[Value]) -> io::Result<Value> {
    let (Some(pattern), Some(list)) = (text(values, 0), values.get(1)) else {
        return Ok(Value::Undefined);
    };
    let Ok(list) = list.as_array() else { return Ok(Value::Undefined) };
    Ok(Value::from(format::sprintf(pattern, &list.to_vec())?))
}

fn to_number(values: &[Value]) -> Value {
    match values.first() {
        Some(Value::Number(_)) => values[0].clone(),
        Some(Value::Bool(flag)) => Value::from(i64::from(*flag)),
        Some(Value::Null) => Value::from(0_i64),
        Some(Value::String(text)) if text.len() <= MAX_NUMBER => {
            match serde_json::from_str::<serde_json::Number>(text) {
                Ok(number) => Value::from(serde_json::Value::Number(number)),
                Err(_no_number) => Value::Undefined,
            }
        }
        Some(
            Value::String(_)
            | Value::Array(_)
            | Value::Set(_)
            | Value::Object(_)
            | Value::Undefined,
        )
        | None => Value::Undefined,
    }
}
