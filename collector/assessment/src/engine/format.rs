//! `sprintf` for rules: `%v`, `%s`, `%d`, `%x`, `%f` and `%%`, with widths of two digits at most. Anything else is an error of the
//! rule; it never pads without end.

use std::{io, iter::Peekable, str::Chars};

use regorus::Value;

use super::builtins::spend;

/// Digits of a width or of the places after the point.
const MAX_WIDTH_DIGITS: usize = 2;

/// The pattern with the values put in.
pub(super) fn sprintf(pattern: &str, values: &[Value]) -> io::Result<String> {
    spend(pattern.len())?;
    let mut out = String::new();
    let mut values = values.iter();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        if letters.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let zero = letters.next_if_eq(&'0').is_some();
        let width = digits(&mut letters)?;
        let places = if letters.next_if_eq(&'.').is_some() { digits(&mut letters)? } else { None };
        let verb = letters.next();
        let value =
            values.next().ok_or_else(|| io::Error::other("sprintf has more verbs than values"))?;
        let text = match (verb, value) {
            (Some('v' | 's' | 'd'), value) => words(value)?,
            (Some('x'), Value::Number(_)) => {
                let whole = value
                    .as_u64()
                    .map_err(|_not_whole| io::Error::other("sprintf: %x needs a whole number"))?;
                format!("{whole:x}")
            }
            (Some('f'), Value::Number(_)) => {
                let real = value
                    .as_f64()
                    .map_err(|_too_large| io::Error::other("sprintf: %f needs a smaller number"))?;
                format!("{real:.*}", places.unwrap_or(6))
            }
            (Some('x' | 'f'), value) => words(value)?,
            (Some(_) | None, _) => {
                return Err(io::Error::other("sprintf knows %v, %s, %d, %x, %f and %%"));
            }
        };
        let missing = width.unwrap_or(0).saturating_sub(text.chars().count());
        out.extend(std::iter::repeat_n(if zero { '0' } else { ' ' }, missing));
        out.push_str(&text);
    }
    if values.next().is_some() {
        return Err(io::Error::other("sprintf has more values than verbs"));
    }
    Ok(out)
}

fn digits(letters: &mut Peekable<Chars<'_>>) -> io::Result<Option<usize>> {
    let mut text = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        text.push(digit);
        if text.len() > MAX_WIDTH_DIGITS {
            return Err(io::Error::other("sprintf takes widths of at most two digits"));
        }
    }
    Ok(text.parse().ok())
}

/// A value as people read it: texts bare, lists and objects with quoted texts.
fn words(value: &Value) -> io::Result<String> {
    let mut out = String::new();
    match value {
        Value::String(text) => {
            spend(text.len())?;
            out.push_str(text);
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Undefined => write(&mut out, value)?,
    }
    Ok(out)
}

fn write(out: &mut String, value: &Value) -> io::Result<()> {
    spend(2)?;
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(_) => {
            let text = decimal(value)?;
            spend(text.len())?;
            out.push_str(&text);
        }
        Value::String(text) => {
            spend(text.len().saturating_mul(2))?;
            out.push_str(&serde_json::to_string(text.as_ref()).map_err(io::Error::other)?);
        }
        Value::Array(items) => list(out, items.iter(), '[', ']')?,
        Value::Set(items) => list(out, items.iter(), '{', '}')?,
        Value::Object(map) => {
            out.push('{');
            for (place, (key, item)) in map.iter_sorted().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                write(out, key)?;
                out.push_str(": ");
                write(out, item)?;
            }
            out.push('}');
        }
        Value::Undefined => out.push_str("undefined"),
    }
    Ok(())
}

fn list<'a>(
    out: &mut String,
    items: impl Iterator<Item = &'a Value>,
    open: char,
    close: char,
) -> io::Result<()> {
    out.push(open);
    for (place, item) in items.enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        write(out, item)?;
    }
    out.push(close);
    Ok(())
}

/// Numbers of more than 128 bits are written with an exponent: their digits could take longer than the whole rule.
fn decimal(number: &Value) -> io::Result<String> {
    if let Ok(whole) = number.as_i128() {
        return Ok(whole.to_string());
    }
    match number.as_f64() {
        Ok(real) if real.abs() < 1e38 => Ok(real.to_string()),
        Ok(real) => Ok(format!("{real:e}")),
        Err(_too_large) => Err(io::Error::other("sprintf: the number is too large to be written")),
    }
}
