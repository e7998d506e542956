//! Forms of the registers: what is asked, how it becomes a value, how a value fills the form again. What a value means is
//! judged elsewhere.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use super::audits;
use crate::decisions::{Attached, media_type, moment};

/// What a person typed, by name.
pub(in crate::web) type Typed = BTreeMap<String, String>;

/// One question of a form.
pub(in crate::web) struct Field {
    pub(in crate::web) name: &'static str,
    pub(in crate::web) label: &'static str,
    pub(in crate::web) help: &'static str,
    pub(in crate::web) sort: Sort,
    pub(in crate::web) required: bool,
}

/// How it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Sort {
    Line,
    Area,
    /// A day, UTC.
    Day,
    Number,
    /// Values with their words.
    Choice(&'static [(&'static str, &'static str)]),
    File,
}

/// A form: what its record's id is, and its questions.
pub(in crate::web) struct Form {
    /// What the id is called; `None`: the next free one is taken.
    pub(in crate::web) id: Option<&'static str>,
    pub(in crate::web) fields: &'static [Field],
}

pub(super) const fn field(
    name: &'static str,
    label: &'static str,
    help: &'static str,
    sort: Sort,
) -> Field {
    Field { name, label, help, sort, required: true }
}

pub(super) const fn maybe(
    name: &'static str,
    label: &'static str,
    help: &'static str,
    sort: Sort,
) -> Field {
    Field { name, label, help, sort, required: false }
}

const UNTIL: &str = "The last day (UTC) on which it counts.";
const FROM: &str = "The first day (UTC); at once if empty.";
const APPLIES: Sort = Sort::Choice(&[("yes", "applicable"), ("no", "excluded")]);
const STATUS: Sort = Sort::Choice(&[
    ("", "not said"),
    ("implemented", "implemented"),
    ("partly", "partly implemented"),
    ("planned", "planned"),
    ("not_implemented", "not implemented"),
]);

const WAIVER: [Field; 4] = [
    field(
        "about",
        "Rule or control",
        "A rule's id waives its failures on every control; a control like A.8.8 those of every rule on it.",
        Sort::Line,
    ),
    maybe(
        "targets",
        "On which targets",
        "A selection like: environment = test, or: target = \"host:4711\". All if empty.",
        Sort::Line,
    ),
    maybe("from", "From", FROM, Sort::Day),
    field(
        "until",
        "Until",
        "The last day (UTC). A waiver without an end does not exist.",
        Sort::Day,
    ),
];
const MANUAL: [Field; 7] = [
    field("control", "Control", "Like A.5.4.", Sort::Line),
    field(
        "title",
        "What it is",
        "Policy, minutes, certificate, checklist of the site…",
        Sort::Line,
    ),
    maybe(
        "file",
        "File",
        "PDF, image, text or office document, at most 8 MiB. It is hashed and lies beside the log; no program.",
        Sort::File,
    ),
    maybe(
        "written",
        "Or write it here",
        "What was seen, checked or agreed, such as the checklist of a site. It becomes a text file, hashed and kept like any other.",
        Sort::Area,
    ),
    maybe("from", "Valid from", FROM, Sort::Day),
    field("until", "Valid until", UNTIL, Sort::Day),
    maybe(
        "review",
        "Look at it again by",
        "From then on it is stale until somebody renews it.",
        Sort::Day,
    ),
];
const DUTY: [Field; 4] = [
    field("control", "Control", "Like A.7.1.", Sort::Line),
    field("owner", "Who is to attest", "", Sort::Line),
    field("every_days", "Every so many days", "1 to 1826.", Sort::Number),
    field("first_due", "First due", "A day (UTC).", Sort::Day),
];
const ATTESTED: [Field; 1] =
    [field("says", "What you attest", "What you looked at, and what you found.", Sort::Area)];
const LABEL: [Field; 1] = [field(
    "labels",
    "Labels",
    "One a line: environment=production. What is not here is taken away.",
    Sort::Area,
)];
const SCOPE: [Field; 3] = [
    field(
        "isms",
        "Scope of the ISMS",
        "A selection of targets like: environment = production. `all` is everything.",
        Sort::Line,
    ),
    maybe("rules", "For single rules", "One a line: rule: selection.", Sort::Area),
    maybe("controls", "For single controls", "One a line: control: selection.", Sort::Area),
];
const APPLICABILITY: [Field; 4] = [
    field("applicable", "Applicability", "", APPLIES),
    maybe(
        "justification",
        "Why it is included or excluded",
        "An exclusion must have one.",
        Sort::Area,
    ),
    maybe("implementation", "How it is implemented", "", Sort::Area),
    maybe("status", "How far", "", STATUS),
];
const OWNER: [Field; 1] = [field("owner", "Who answers for it", "", Sort::Line)];
const NOTE: [Field; 1] = [field("text", "What people should know", "", Sort::Area)];

/// The form of a register that people write.
pub(in crate::web) fn form(register: &str) -> Option<Form> {
    let of = |id, fields| Some(Form { id, fields });
    match register {
        "waiver" => of(None, &WAIVER),
        "manual_evidence" => of(None, &MANUAL),
        "attestation" => of(Some("Name of the duty"), &DUTY),
        "attested" => of(Some("Duty"), &ATTESTED),
        "label" => of(Some("Target"), &LABEL),
        "retired" => of(Some("Target"), &[]),
        "scope" => of(Some("Record"), &SCOPE),
        "applicability" => of(Some("Control"), &APPLICABILITY),
        "owner" => of(Some("Control"), &OWNER),
        "note" => of(Some("Control"), &NOTE),
        other => audits::form(other),
    }
}

/// What was typed as a value; `held`: the value that it changes, whose file stays where none comes.
pub(in crate::web) fn value(
    register: &str,
    typed: &Typed,
    held: Option<&Value>,
) -> Result<Value, String> {
    if let Some(form) = audits::form(register) {
        return audits::value(&form, typed, held);
    }
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let mut value = Map::new();
    for name in ["control", "title", "owner", "says", "text", "justification", "implementation"] {
        if form(register).is_some_and(|form| form.fields.iter().any(|field| field.name == name)) {
            value.insert(name.to_owned(), json!(text(name)));
        }
    }
    let mut time = |name: &str, read: fn(&str) -> Result<Timestamp, String>| {
        let text = text(name);
        if !text.is_empty() {
            value.insert(name.to_owned(), json!(read(text)?));
        }
        Ok::<(), String>(())
    };
    time("from", moment::from)?;
    time("until", moment::until)?;
    time("review", moment::from)?;
    time("first_due", moment::from)?;
    match register {
        "waiver" => {
            let sort = if text("about").starts_with("A.") { "control" } else { "rule" };
            value.insert("about".to_owned(), json!({sort: text("about")}));
            let targets = text("targets");
            value.insert(
                "targets".to_owned(),
                json!(if targets.is_empty() { "all" } else { targets }),
            );
        }
        "manual_evidence" => {
            for name in ["digest", "file", "media_type", "size"] {
                if let Some(held) = held.and_then(|held| held.get(name)) {
                    value.insert(name.to_owned(), held.clone());
                }
            }
        }
        "attestation" => {
            let days: u32 = text("every_days").parse().map_err(|_not| "give a number of days")?;
            value.insert("every_days".to_owned(), json!(days));
        }
        "label" => return pairs(text("labels"), '='),
        "scope" => {
            value.insert("isms".to_owned(), json!(text("isms")));
            value.insert("rules".to_owned(), pairs(text("rules"), ':')?);
            value.insert("controls".to_owned(), pairs(text("controls"), ':')?);
        }
        "applicability" => {
            value.insert("applicable".to_owned(), json!(text("applicable") != "no"));
            if !text("status").is_empty() {
                value.insert("status".to_owned(), json!(text("status")));
            }
        }
        _ => {}
    }
    Ok(Value::Object(value))
}

/// Names the file that a value brings. The value is an object.
pub(in crate::web) fn name_file(value: &mut Value, name: &str, file: &Attached) {
    value["digest"] = json!(file.digest());
    value["file"] = json!(name);
    value["media_type"] = json!(media_type(name));
    value["size"] = json!(file.bytes().len());
}

/// One pair a line.
fn pairs(text: &str, sign: char) -> Result<Value, String> {
    let mut pairs = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line
            .split_once(sign)
            .ok_or_else(|| format!("the line {line:?} has no {sign:?}; write one pair a line"))?;
        if pairs.insert(key.trim().to_owned(), json!(value.trim())).is_some() {
            return Err(format!("{:?} stands there twice", key.trim()));
        }
    }
    Ok(Value::Object(pairs))
}

/// A value as it fills the form again.
pub(in crate::web) fn filled(register: &str, value: &Value) -> Typed {
    let mut typed = Typed::new();
    let Some(map) = value.as_object() else { return typed };
    let lines = |map: &Map<String, Value>, sign: &str| {
        let line = |(key, value): (&String, &Value)| {
            format!("{key}{sign}{}", value.as_str().unwrap_or_default())
        };
        map.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    if register == "label" {
        typed.insert("labels".to_owned(), lines(map, "="));
        return typed;
    }
    for (name, value) in map {
        if let Some(text) = audits::filled(name, value) {
            typed.insert(name.clone(), text);
            continue;
        }
        let text = match (name.as_str(), value) {
            ("about", Value::Object(about)) => {
                about.values().find_map(Value::as_str).unwrap_or_default().to_owned()
            }
            ("rules" | "controls", Value::Object(map)) => lines(map, ": "),
            ("applicable", Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            ("until" | "due", Value::String(text)) => day(text, true),
            ("from" | "review" | "first_due", Value::String(text)) => day(text, false),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        typed.insert(name.clone(), text);
    }
    typed
}

/// A moment as the day that it begins, or ends; what is in the middle of a day stays a moment.
fn day(text: &str, ends: bool) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    if at.as_millisecond() % 86_400_000 != 0 {
        return text.to_owned();
    }
    let shown = if ends { at.checked_sub(24.hours()).unwrap_or(at) } else { at };
    shown.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use exhibit_assessment::decisions::REGISTERS;

    use super::*;

    #[test]
    fn every_register_that_people_write_has_a_form_and_a_value_fills_it_as_it_was_typed() {
        for register in REGISTERS {
            let general = !register.by_program && !register.own_pages;
            assert_eq!(form(register.name).is_some(), general, "{}", register.name);
        }
        for (register, value) in [
            (
                "waiver",
                json!({"about": {"rule": "a.b"}, "targets": "all", "until": "2027-02-01T00:00:00Z"}),
            ),
            (
                "waiver",
                json!({"about": {"control": "A.8.8"}, "targets": "x = y", "from": "2027-01-01T00:00:00Z", "until": "2027-02-01T12:30:00Z"}),
            ),
            (
                "attestation",
                json!({"control": "A.7.1", "owner": "bob", "every_days": 30, "first_due": "2027-02-01T00:00:00Z"}),
            ),
            ("label", json!({"environment": "test", "owner": "a=b"})),
            ("scope", json!({"isms": "all", "rules": {"a.b": "x = y"}, "controls": {}})),
            (
                "applicability",
                json!({"applicable": false, "justification": "a\nb", "implementation": "", "status": "partly"}),
            ),
            ("retired", json!({})),
        ] {
            assert_eq!(super::value(register, &filled(register, &value), None).unwrap(), value);
        }
        assert!(
            super::value("label", &Typed::from([("labels".into(), "a=1\na=2".into())]), None)
                .is_err()
        );
    }
}
