//! Forms of the audit room's registers: audits, requests, what was found, comments.

use serde_json::{Map, Value, json};

use super::fields::{Field, Form, Sort, Typed, field, maybe};
use crate::audit;
use crate::decisions::moment;

const TYPE: Sort = Sort::Choice(&[
    ("internal", "internal audit"),
    ("stage_1", "certification, stage 1"),
    ("stage_2", "certification, stage 2"),
    ("surveillance", "surveillance audit"),
    ("customer", "customer's audit"),
]);
const STATUS: Sort =
    Sort::Choice(&[("open", "open"), ("planned", "planned"), ("closed", "closed")]);
const REQUEST_STATUS: Sort = Sort::Choice(&[
    ("open", "open"),
    ("answered", "answered"),
    ("returned", "returned: the answer does not do"),
    ("accepted", "accepted"),
]);
const GRADE: Sort = Sort::Choice(&[
    ("observation", "observation"),
    ("opportunity", "opportunity for improvement"),
    ("minor", "minor nonconformity"),
    ("major", "major nonconformity"),
]);
const RAISED_STATUS: Sort =
    Sort::Choice(&[("open", "open"), ("answered", "answered"), ("closed", "closed")]);
const CONTROLS: &str = "Like: A.8.13, A.5.15. All if empty.";
const EVIDENCE: &str = "One a line: the address of an evidence page, or entry, kind and target like: 1234 backup.jobs host:4711.";

const AUDIT: [Field; 9] = [
    field("title", "Title", "", Sort::Line),
    field("type", "Type", "", TYPE),
    maybe("controls", "Controls in scope", CONTROLS, Sort::Line),
    maybe(
        "targets",
        "Targets in scope",
        "A selection like: environment = production. All if empty.",
        Sort::Line,
    ),
    field("from", "Period from", "The first day (UTC) whose evidence is looked at.", Sort::Day),
    field("until", "Period until", "The last day (UTC).", Sort::Day),
    field("lead", "Who leads it", "", Sort::Line),
    maybe("team", "Team", "One name a line.", Sort::Area),
    field("status", "Status", "In a closed audit nothing changes any more.", STATUS),
];
const REQUEST: [Field; 10] = [
    field("audit", "Audit", "", Sort::Line),
    maybe("number", "Number", "In the auditors' own list.", Sort::Line),
    field("text", "What is asked for", "", Sort::Area),
    maybe("controls", "Controls", "Like: A.8.13, A.5.15.", Sort::Line),
    maybe("due", "Due", "The last day (UTC).", Sort::Day),
    maybe("owner", "Who answers it", "", Sort::Line),
    maybe("answer", "Answer", "", Sort::Area),
    maybe("evidence", "Evidence", EVIDENCE, Sort::Area),
    maybe("file", "File", "Added to those that are there; at most 8 MiB.", Sort::File),
    field("status", "Status", "", REQUEST_STATUS),
];
const AUDIT_FINDING: [Field; 7] = [
    field("audit", "Audit", "", Sort::Line),
    field("grade", "Grade", "", GRADE),
    maybe("control", "Control", "Like: A.8.13.", Sort::Line),
    field("text", "What was found", "", Sort::Area),
    maybe("evidence", "Evidence", EVIDENCE, Sort::Area),
    maybe("response", "Response of the organisation", "", Sort::Area),
    field("status", "Status", "", RAISED_STATUS),
];
const AUDIT_COMMENT: [Field; 3] = [
    field("audit", "Audit", "", Sort::Line),
    field("on", "On which request or finding", "", Sort::Line),
    field("text", "Comment", "It stays as it is said.", Sort::Area),
];

/// The form of one of the audit room's registers.
pub(super) fn form(register: &str) -> Option<Form> {
    let fields: &[Field] = match register {
        "audit" => &AUDIT,
        "request" => &REQUEST,
        "audit_finding" => &AUDIT_FINDING,
        "audit_comment" => &AUDIT_COMMENT,
        _ => return None,
    };
    Some(Form { id: None, fields })
}

/// What was typed as a value; `held`: the value that it changes, whose files stay.
pub(super) fn value(form: &Form, typed: &Typed, held: Option<&Value>) -> Result<Value, String> {
    let mut value = Map::new();
    for Field { name, required, .. } in form.fields {
        let text = typed.get(*name).map_or("", |text| text.trim());
        if text.is_empty() && !required {
            continue;
        }
        let made = match *name {
            "controls" => Value::from(list(text, &[',', ';', ' ', '\n'])),
            "team" => Value::from(list(text, &['\n'])),
            "evidence" => json!(audit::evidence_lines(text)?),
            "from" => json!(moment::from(text)?),
            "until" | "due" => json!(moment::until(text)?),
            "file" => continue,
            _ => Value::from(text),
        };
        value.insert((*name).to_owned(), made);
    }
    if let Some(files) = held.and_then(|held| held.get("files")) {
        value.insert("files".to_owned(), files.clone());
    }
    Ok(Value::Object(value))
}

fn list(text: &str, signs: &[char]) -> Vec<String> {
    let parts = text.split(signs).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// A part of a value as it fills the form again; `None`: as others are filled.
pub(super) fn filled(name: &str, value: &Value) -> Option<String> {
    let texts = |all: &Vec<Value>, sign: &str| {
        all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(sign)
    };
    match (name, value) {
        ("controls", Value::Array(all)) => Some(texts(all, ", ")),
        ("team", Value::Array(all)) => Some(texts(all, "\n")),
        ("evidence", Value::Array(all)) => {
            let part = |one: &Value, name: &str| {
                one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let line = |one: &Value| {
                format!("{} {} {}", part(one, "entry"), part(one, "kind"), part(one, "target"))
            };
            Some(all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}
