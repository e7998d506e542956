//! `audit`: audits, what auditors ask for and find, lists of requests as CSV, the bundle of an audit.

mod args;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use exhibit_assessment::Framework;
use exhibit_assessment::decisions::{AUDIT, AUDIT_COMMENT, AUDIT_FINDING, REQUEST};
use exhibit_proto::statement::Act;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::args::{Finding, New, Raise, Request, RequestAdd, RequestAnswer, RequestSet, Respond};
use super::made::{brought, list, made};
use super::{Because, show};
use crate::app;
use crate::audit::{self, evidence_lines};
use crate::config::Config;
use crate::decisions::{Attached, MAX_FILE, file_name};

pub(super) use self::args::Audit;

/// Largest list of requests, in bytes.
const MAX_LIST: u64 = 8 << 20;

pub(super) fn run(config: &Config, asked: Audit, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Audit::New(asked) => new(config, *asked, now),
        Audit::Close(named) => status(config, (AUDIT, named.id, "closed"), named.because, now),
        Audit::Open(named) => status(config, (AUDIT, named.id, "open"), named.because, now),
        Audit::List(output) => list(config, Some(AUDIT), None, &output),
        Audit::Request(asked) => request(config, asked, now),
        Audit::Finding(asked) => finding(config, asked, now),
        Audit::Export { audit, out, by, output } => {
            let (summary, entry) = app::export_audit(config, &audit, (&by, &out), now)?;
            super::exported(&summary, entry, output.json)
        }
        Audit::Comment { audit, on, text, because } => {
            let id = app::next_id(config, AUDIT_COMMENT, now)?;
            let value = json!({"audit": audit, "on": on, "text": text});
            put(config, (AUDIT_COMMENT, &id, None), value, because, now)
        }
    }
}

fn put(
    config: &Config,
    place: (&str, &str, Option<u64>),
    value: Value,
    because: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    made(config, place, (Act::Put, Some(value)), because, now)
}

fn new(config: &Config, asked: New, now: Timestamp) -> anyhow::Result<ExitCode> {
    let New { title, sort, control, targets, from, until, lead, team, planned, id, because } =
        asked;
    let id = match id {
        Some(id) => id,
        None => app::next_id(config, AUDIT, now)?,
    };
    let status = if planned { "planned" } else { "open" };
    let value = json!({
        "title": title, "type": sort, "controls": control, "targets": targets,
        "from": from, "until": until, "lead": lead, "team": team, "status": status,
    });
    put(config, (AUDIT, &id, None), value, because, now)
}

/// The value in force with a change; whoever was quicker is told by the desk.
fn changed(
    config: &Config,
    (register, id): (&str, &str),
    change: impl FnOnce(&mut Map<String, Value>) -> anyhow::Result<Option<Attached>>,
    because: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let (held, after) = app::value_in_force(config, register, id)?;
    let Some(Value::Object(mut value)) = held else {
        bail!("there is no {} {id:?} in force", register.replace('_', " "))
    };
    let file = change(&mut value)?;
    let put = (Act::Put, Some(Value::Object(value)), file);
    brought(config, (register, id, after), put, because, now)
}

fn status(
    config: &Config,
    (register, id, status): (&str, String, &str),
    because: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let change = |value: &mut Map<String, Value>| {
        value.insert("status".to_owned(), json!(status));
        Ok(None)
    };
    changed(config, (register, &id), change, because, now)
}

fn request(config: &Config, asked: Request, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Request::Add(asked) => {
            let RequestAdd { audit, text, number, control, due, owner, because } = asked;
            let id = app::next_id(config, REQUEST, now)?;
            let mut value = json!({
                "audit": audit, "text": text, "controls": control, "status": "open",
                "owner": owner.unwrap_or_default(),
            });
            if let Some(number) = number {
                value["number"] = json!(number);
            }
            if let Some(due) = due {
                value["due"] = json!(due);
            }
            put(config, (REQUEST, &id, None), value, because, now)
        }
        Request::Answer(asked) => answer(config, *asked, now),
        Request::Set(RequestSet { id, status: word, because }) => {
            status(config, (REQUEST, id, &word), because, now)
        }
        Request::Import { audit, file, because } => import(config, &audit, &file, because, now),
        Request::Export { audit } => {
            let room = app::audits(config)?;
            ensure!(room.audits.contains_key(&audit), "there is no audit {audit:?}");
            let bytes = audit::written(&room, &audit);
            std::io::stdout().write_all(&bytes).context("writing to standard output")?;
            Ok(ExitCode::SUCCESS)
        }
        Request::List(output) => list(config, Some(REQUEST), None, &output),
    }
}

fn answer(config: &Config, asked: RequestAnswer, now: Timestamp) -> anyhow::Result<ExitCode> {
    let RequestAnswer { id, answer, evidence, file, because } = asked;
    ensure!(
        answer.is_some() || !evidence.is_empty() || file.is_some(),
        "an answer says something, names evidence or brings a file: give --answer, --evidence or --file"
    );
    let shown = evidence_lines(&evidence.join("\n")).map_err(anyhow::Error::msg)?;
    let file = file.as_deref().map(attached).transpose()?;
    let change = |value: &mut Map<String, Value>| {
        if let Some(answer) = answer {
            value.insert("answer".to_owned(), json!(answer));
        }
        value.insert("status".to_owned(), json!("answered"));
        for one in shown {
            let all = value.entry("evidence").or_insert_with(|| json!([]));
            all.as_array_mut().context("evidence is a list")?.push(json!(one));
        }
        let Some((name, file)) = file else { return Ok(None) };
        let all = value.entry("files").or_insert_with(|| json!([]));
        all.as_array_mut().context("files are a list")?.push(audit::file_value(&name, &file));
        Ok(Some(file))
    };
    changed(config, (REQUEST, &id), change, because, now)
}

fn attached(path: &Path) -> anyhow::Result<(String, Attached)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        file_name(name.with_context(|| format!("{} has no name in UTF-8", path.display()))?)?;
    let file = Attached::new(read(path, MAX_FILE)?).with_context(|| path.display().to_string())?;
    Ok((name, file))
}

/// At most one byte more than may be: whatever is larger is refused by whoever takes it.
fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    opened.with_context(|| format!("reading {}", path.display()))?;
    Ok(bytes)
}

fn import(
    config: &Config,
    audit: &str,
    file: &Path,
    because: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let bytes = read(file, MAX_LIST)?;
    ensure!(bytes.len() as u64 <= MAX_LIST, "{} is larger than 8 MiB", file.display());
    let rows = audit::requests(&Framework::builtin()?, audit, &bytes).map_err(|wrong| {
        let lines: Vec<String> =
            wrong.iter().map(|bad| format!("line {}: {}", bad.line, bad.why)).collect();
        anyhow::anyhow!("nothing was taken from {}:\n{}", file.display(), lines.join("\n"))
    })?;
    let Because { reason, by, output } = because;
    let done = app::import_requests(config, rows, (&by, &reason), now)?;
    let text = done.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    show(output.json, &json!({"imported": done}), &text)
}

fn finding(config: &Config, asked: Finding, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Finding::Add(asked) => {
            let Raise { audit, grade, control, text, evidence, because } = *asked;
            let id = app::next_id(config, AUDIT_FINDING, now)?;
            let shown = evidence_lines(&evidence.join("\n")).map_err(anyhow::Error::msg)?;
            let mut value = json!({
                "audit": audit, "grade": grade, "text": text, "evidence": shown, "status": "open",
            });
            if let Some(control) = control {
                value["control"] = json!(control);
            }
            put(config, (AUDIT_FINDING, &id, None), value, because, now)
        }
        Finding::Respond(Respond { id, response, because }) => {
            let change = |value: &mut Map<String, Value>| {
                value.insert("response".to_owned(), json!(response));
                value.insert("status".to_owned(), json!("answered"));
                Ok(None)
            };
            changed(config, (AUDIT_FINDING, &id), change, because, now)
        }
        Finding::Close(named) => {
            status(config, (AUDIT_FINDING, named.id, "closed"), named.because, now)
        }
        Finding::List(output) => list(config, Some(AUDIT_FINDING), None, &output),
    }
}
