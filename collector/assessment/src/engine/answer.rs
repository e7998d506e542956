//! Reads what a rule answered. Anything but the agreed shape is a visible [`Verdict::Error`] of that rule.

use regorus::Value;

use super::MAX_ITEMS;
use crate::{
    finding::{Finding, Item, Verdict},
    rule::Rule,
};

const MAX_MESSAGE_CHARS: usize = 500;
const MAX_ID_CHARS: usize = 200;

/// Reads what the package of a rule evaluated to. Anything but the agreed shape is an error of the rule.
pub(super) fn finding(rule: &Rule, answer: &regorus::QueryResults) -> Finding {
    let package = answer
        .result
        .first()
        .and_then(|row| row.expressions.first())
        .map(|expression| expression.value.clone());
    let Some(package) = package else { return odd(rule, "the rule gave no answer") };
    let word = package["verdict"].as_string().ok();
    let message = package["message"].as_string().ok().map(ToString::to_string);
    let verdict = match word.map(AsRef::as_ref) {
        Some("pass") => Verdict::Pass,
        Some("fail") => Verdict::Fail,
        Some("not_applicable") => Verdict::NotApplicable,
        Some("error") => {
            let lacking = || {
                "the document lacks something this rule needs, or has it in another form".to_owned()
            };
            return error(rule, &message.unwrap_or_else(lacking));
        }
        Some(other) => {
            let known = "use pass, fail, not_applicable or error";
            return odd(
                rule,
                &format!("the rule answered {other:?}, which is no verdict; {known}"),
            );
        }
        None => {
            let what = "the rule gave no verdict for this document; give it one for every document, such as `default verdict := \"error\"`";
            return odd(rule, what);
        }
    };
    let Some(message) = message.filter(|text| !text.trim().is_empty()) else {
        return odd(
            rule,
            "the rule gave a verdict without a message; define `message` for every verdict",
        );
    };
    let items = match read_items(&package["items"]) {
        Ok(items) => items,
        Err(what) => {
            let form = "items are `items contains {\"id\": …, \"why\": …}`, both of them text";
            return odd(rule, &format!("{what}; {form}"));
        }
    };
    match (verdict, items.is_empty()) {
        (Verdict::Pass, false) => {
            return odd(
                rule,
                "the rule passed and named offending items at once; it is one or the other",
            );
        }
        (Verdict::Fail, true) => {
            return odd(
                rule,
                "the rule failed without naming an offending item; say in `items` what it is about",
            );
        }
        (Verdict::Pass | Verdict::Fail | Verdict::NotApplicable | Verdict::Error, _) => {}
    }
    let items = if verdict == Verdict::Fail { items } else { Vec::new() };
    Finding {
        rule: rule.id.clone(),
        verdict,
        message: shorten(&message, MAX_MESSAGE_CHARS),
        item_count: u64::try_from(items.len()).unwrap_or(u64::MAX),
        items: items.into_iter().take(MAX_ITEMS).collect(),
    }
}

/// Items are a set of `{"id", "why"}`; a rule that has none may leave the set out.
fn read_items(value: &Value) -> Result<Vec<Item>, String> {
    if *value == Value::Undefined {
        return Ok(Vec::new());
    }
    let rows =
        value.as_set().map_err(|error| format!("the rule's items are not a set: {error}"))?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let text = |name: &str| row[name].as_string().ok().map(ToString::to_string);
        let (Some(id), Some(why)) = (text("id"), text("why")) else {
            return Err("an item of the rule lacks `id` or `why` as text".to_owned());
        };
        items.push(Item { id: shorten(&id, MAX_ID_CHARS), why: shorten(&why, MAX_MESSAGE_CHARS) });
    }
    items.sort();
    Ok(items)
}

/// An answer of another shape than rules agreed to give: the file that gave it, and what it should be.
fn odd(rule: &Rule, what: &str) -> Finding {
    error(rule, &format!("{}: {what}", rule.path))
}

pub(super) fn error(rule: &Rule, message: &str) -> Finding {
    Finding {
        rule: rule.id.clone(),
        verdict: Verdict::Error,
        message: shorten(message, MAX_MESSAGE_CHARS),
        items: Vec::new(),
        item_count: 0,
    }
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.push('…');
    short
}

/// Engine errors draw the source with a caret over several lines; one line keeps place and reason.
pub(crate) fn one_line(text: &str) -> String {
    let place = text.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let reason = text.lines().find_map(|line| line.trim().strip_prefix("error: "));
    match (place, reason) {
        (Some(place), Some(reason)) => format!("{place}: {reason}"),
        (_, _) => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}
