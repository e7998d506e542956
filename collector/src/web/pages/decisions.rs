//! What people decided: the list, one record with its history, the forms. Changes nothing: `decide` does.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::decisions::{SOA, register};
use jiff::Timestamp;
use serde_json::Value;

use super::controls::ListPage;
use super::{super::html, Ask, WebError};
use crate::decisions::media_type;
use crate::people::Right;
use crate::views::RecordRow;
use crate::web::api::decisions::Standing;
use crate::web::decide::fields::{self, Field, Sort};
use crate::web::decide::{Again, form_href};
use crate::web::table::{Cell, Table, choice, column, encode, moment, number, text, wide, word};
use crate::web::words::{self, Moment, Word};
use crate::web::{Frame, download, facts};

/// Revisions in a list.
const MOST: u32 = 5_000;
const EXPORT: u32 = 100_000;

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    register: String,
    title: String,
    does: &'static str,
    id: String,
    /// Why what is in force decides nothing.
    unread: Option<String>,
    problem: String,
    change: Option<String>,
    /// The newest revision, for the forms.
    after: String,
    waits: bool,
    /// Somebody other than the proposer looks at the page.
    may_approve: bool,
    /// Whoever looks at the page proposed it.
    own: bool,
    stands: bool,
    revisions: Vec<RevisionView>,
}

struct RevisionView {
    word: Word,
    index: u64,
    by: String,
    reason: String,
    at: Moment,
    value: Option<String>,
    approved: Option<(String, u64, Moment, String)>,
    ended: Option<u64>,
    /// Address, name, size and digest of its file.
    file: Option<(String, String, String, String)>,
}

#[derive(Template)]
#[template(path = "decide.html")]
struct FormPage {
    frame: Frame,
    title: String,
    does: &'static str,
    action: String,
    /// What the id is called, and whether it is given already.
    id_label: Option<&'static str>,
    id: String,
    id_given: bool,
    after: String,
    questions: Vec<Question>,
    reason: String,
    multipart: bool,
    problem: String,
    stale: bool,
    second_person: bool,
    /// The file that stays unless another is chosen.
    held_file: Option<String>,
    /// What stands now, where somebody was overtaken.
    newest: Option<RevisionView>,
    back: String,
}

struct Question {
    field: &'static Field,
    given: String,
    /// The type of an input; empty for an area or a choice.
    input: &'static str,
    area: bool,
    options: Vec<(&'static str, &'static str, bool)>,
}

/// Address of a record's page.
pub(in crate::web) fn href(register: &str, id: &str) -> String {
    format!("/decisions/{}/{}", encode(register), encode(id))
}

pub(in crate::web) fn title(name: &str) -> String {
    register(name).map_or_else(|| name.replace('_', " "), |known| known.title.to_owned())
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Decisions", "decisions"),
        title: "Decisions",
        intro: "What people decided, newest first: waivers, files brought as evidence, attestations, labels, the scope, the \
                statement of applicability. Each revision is an entry of the log that says who, when and why.",
        table: table(ask, MOST)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("decisions", &table(ask, EXPORT)?))
}

fn table(ask: &Ask, most: u32) -> Result<Table, WebError> {
    let rows = ask.views.all_records(None, most)?.into_iter().map(|row| {
        let approved = row.approved.as_ref().map(|approved| format!("approved by {}", approved.by));
        let value = row.value.as_ref().map(ToString::to_string).unwrap_or_default();
        let told = row.value.as_ref().map(told).unwrap_or_default();
        vec![
            text(title(&row.register)).export(row.register.clone()),
            text(row.id.clone()).link(href(&row.register, &row.id)),
            word(standing(&row, ask.now)),
            text(row.by).note(approved.unwrap_or_default()),
            text(row.reason),
            text(short(&told)).export(value),
            moment(Some(ask.moment(row.at))),
            entry_cell(row.index),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Decisions, newest first".into(),
        columns: vec![
            choice("register", "Register"),
            column("record", "Record"),
            choice("standing", "Standing"),
            choice("by", "By"),
            wide("why", "Why"),
            wide("value", "Value"),
            column("at", "When"),
            number("entry", "Entry"),
        ],
        rows: rows.collect(),
        empty: "Nobody has decided anything yet. A control's page has the forms; so has `exhibit-collector waiver`, `soa`, \
                `evidence`, `label` and `scope`.",
        csv: Some("/decisions.csv".into()),
    })
}

fn entry_cell(index: u64) -> Cell {
    text(index.to_string()).sort(format!("{index:020}")).link(format!("/entries/{index}"))
}

/// A value in a line, without signs that only programs need.
fn told(value: &Value) -> String {
    let part = |(name, value): (&String, &Value)| {
        let value = Some(told(value)).filter(|told| !told.is_empty());
        value.map(|value| format!("{}: {value}", name.replace('_', " ")))
    };
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match value {
        Value::Object(map) => map.iter().filter_map(part).collect::<Vec<_>>().join(", "),
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::String(text) if is_digest(text) => format!("{}…", words::short(text)),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Enough of a value to know it by.
fn short(value: &str) -> String {
    const MOST: usize = 120;
    let mut text: String = value.chars().take(MOST).collect();
    if value.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

/// Where a revision stands, as a word.
pub(in crate::web) fn standing(row: &RecordRow, now: Timestamp) -> Word {
    let (order, class, label, icon, meaning) = match Standing::of(row, now) {
        Standing::InForce => (0, "met", "in force", words::GOOD, "It counts."),
        Standing::Proposed => (
            1,
            "stale",
            "proposed",
            words::WAITS,
            "Another person must approve it; it does not count yet.",
        ),
        Standing::Expired => (
            2,
            "excluded",
            "expired",
            words::ENDED,
            "Nobody ended it, and its last day is over: it has no effect any more.",
        ),
        Standing::Ended => (
            2,
            "excluded",
            "ended",
            words::ENDED,
            "Another revision took its place, or it was withdrawn.",
        ),
        Standing::Withdrawal => {
            (3, "excluded", "withdrawal", words::ENDED, "It ended what stood before.")
        }
    };
    Word { class, label, icon, meaning, order }
}

pub(in crate::web) fn record(ask: &Ask) -> Result<Response, WebError> {
    record_again(ask, ask.param(0), ask.param(1), "")
}

/// The record's page, with what was wrong with what was just sent.
pub(in crate::web) fn record_again(
    ask: &Ask,
    name: &str,
    id: &str,
    problem: &str,
) -> Result<Response, WebError> {
    let views = &ask.views;
    let history = views.record_history(name, id)?;
    let newest = history.first();
    let newest = newest.ok_or_else(|| WebError::NotFound(format!("record {id:?} of {name:?}")))?;
    let people = views.people()?;
    let unread = people.unread.iter().find(|unread| unread.register == name && unread.id == id);
    // What is done, is done now.
    let past = ask.is_past();
    let waits = history.iter().find(|row| row.waits()).filter(|_| !past);
    let same = |row: &RecordRow| exhibit_assessment::decisions::same_person(&row.by, &ask.who.user);
    html(&RecordPage {
        frame: ask.frame(format!("{id} · {}", title(name)), "decisions"),
        register: name.to_owned(),
        title: title(name),
        does: register(name).map_or("This version does not know what it does.", |known| known.does),
        id: id.to_owned(),
        unread: unread.map(|unread| unread.why.clone()),
        problem: problem.to_owned(),
        change: fields::form(name).filter(|_| !past).map(|_| form_href(name, &[("id", id)])),
        after: newest.index.to_string(),
        waits: waits.is_some(),
        may_approve: waits.is_some_and(|row| !same(row)) && ask.who.may(Right::Approve),
        own: waits.is_some_and(same),
        stands: !past && fields::form(name).is_some() && history.iter().any(RecordRow::in_force),
        revisions: history.iter().map(|row| revision(ask, row)).collect(),
    })
}

fn revision(ask: &Ask, row: &RecordRow) -> RevisionView {
    let name = |name: &str| {
        row.value.as_ref().and_then(|value| value.get(name)).and_then(|value| value.as_str())
    };
    let file = brings_one(&row.register);
    let file = name("file").zip(name("digest")).filter(|_| file).map(|(file, digest)| {
        let href = format!("{}/file/{}", href(&row.register, &row.id), row.index);
        let size = row.value.as_ref().and_then(|value| value.get("size")?.as_u64()).unwrap_or(0);
        (href, file.to_owned(), words::bytes(size), digest.to_owned())
    });
    RevisionView {
        word: standing(row, ask.now),
        index: row.index,
        by: row.by.clone(),
        reason: row.reason.clone(),
        at: ask.moment(row.at),
        value: row.value.as_ref().map(facts::html),
        approved: row.approved.as_ref().map(|approved| {
            let at = ask.moment(approved.at);
            (approved.by.clone(), approved.index, at, approved.reason.clone())
        }),
        ended: row.to_index.filter(|_| row.value.is_some()),
        file,
    }
}

/// Whether values of the register name one file that may be looked at there.
fn brings_one(register: &str) -> bool {
    ["manual_evidence", SOA].contains(&register)
}

/// The file of one revision, to be saved: a browser runs nothing of it.
pub(in crate::web) fn file(ask: &Ask) -> Result<Response, WebError> {
    let (media_type, name, bytes) = brought(ask)?;
    Ok(download(media_type, &name, bytes))
}

/// The file that the revision brings which the address names: its media type, name and bytes.
pub(in crate::web) fn brought(ask: &Ask) -> Result<(&'static str, String, Vec<u8>), WebError> {
    let missing = || WebError::NotFound("file here".to_owned());
    let index = ask.index(2)?;
    let history = ask.views.record_history(ask.param(0), ask.param(1))?;
    let row = history.iter().find(|row| row.index == index).ok_or_else(missing)?;
    let value = row.value.as_ref().filter(|_| brings_one(&row.register));
    let text = |name: &str| value.and_then(|value| value.get(name)).and_then(|v| v.as_str());
    let digest = text("digest").and_then(|digest| digest.parse().ok()).ok_or_else(missing)?;
    let name = text("file").unwrap_or("file");
    let bytes = ask.site.log().document(&digest)?;
    let bytes = bytes
        .ok_or_else(|| WebError::NotFound(format!("file with the digest {digest} any more")))?;
    Ok((media_type(name), name.to_owned(), bytes))
}

/// An empty form, or that of a record that is there.
pub(in crate::web) fn form(ask: &Ask) -> Result<Response, WebError> {
    let name = ask.param(0).to_owned();
    let id = ask.query.get("id").cloned().unwrap_or_default();
    let history = ask.views.record_history(&name, &id)?;
    let shown = history
        .iter()
        .find(|row| row.waits())
        .or_else(|| history.iter().find(|row| row.in_force()));
    let mut typed = match shown.and_then(|row| row.value.as_ref()) {
        // What is attested is said anew each time.
        Some(value) if name != "attested" => fields::filled(&name, value),
        Some(_) | None => ask.query.clone(),
    };
    let after = history.first().map(|row| row.index.to_string()).unwrap_or_default();
    typed.insert("after".to_owned(), after);
    typed.insert("id".to_owned(), id.clone());
    typed.remove("reason");
    let again = Again { register: name, id, typed, problem: String::new(), stale: false };
    form_again(ask, again)
}

/// The form with what was typed.
pub(in crate::web) fn form_again(ask: &Ask, again: Again) -> Result<Response, WebError> {
    let Again { register: name, id, mut typed, problem, stale } = again;
    let known = register(&name).zip(fields::form(&name));
    let missing = || WebError::NotFound(format!("form for a register {name:?}"));
    let (known, form) = known.ok_or_else(missing)?;
    let views = &ask.views;
    let history = views.record_history(&name, &id)?;
    // Whoever was overtaken sees the newest, and decides anew after it.
    if stale && let Some(newest) = history.first() {
        typed.insert("after".to_owned(), newest.index.to_string());
    }
    let held = history.iter().find(|row| row.waits() || row.in_force());
    let held_file =
        held.and_then(|row| row.value.as_ref()?.get("file")?.as_str().map(str::to_owned));
    let given = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let questions = form.fields.iter().map(|field| question(field, given(field.name)));
    let multipart = form.fields.iter().any(|field| field.sort == Sort::File);
    let second_person = ask.views.people()?.second_person.contains(&name);
    let back = match (history.first(), typed.get("control")) {
        (Some(_), _) => href(&name, &id),
        (None, Some(control)) => format!("/controls/{}", encode(control)),
        (None, None) => "/decisions".to_owned(),
    };
    html(&FormPage {
        frame: ask.frame(known.title, "decisions"),
        title: known.title.to_owned(),
        does: known.does,
        action: form_href(&name, &[]),
        id_label: form.id,
        id_given: !id.is_empty()
            && (form.id.is_none() || !history.is_empty() || problem.is_empty()),
        after: given("after"),
        questions: questions.collect(),
        reason: given("reason"),
        multipart,
        problem,
        stale,
        second_person,
        held_file,
        newest: history.first().filter(|_| stale).map(|row| revision(ask, row)),
        back,
        id,
    })
}

fn question(field: &'static Field, given: String) -> Question {
    let input = match field.sort {
        Sort::Line => "text",
        // A moment in the middle of a day is kept as it is.
        Sort::Day if given.len() > 10 => "text",
        Sort::Day => "date",
        Sort::Number => "number",
        Sort::File => "file",
        Sort::Area | Sort::Choice(_) => "",
    };
    let options = match field.sort {
        Sort::Choice(options) => {
            options.iter().map(|(value, label)| (*value, *label, *value == given)).collect()
        }
        Sort::Line | Sort::Area | Sort::Day | Sort::Number | Sort::File => Vec::new(),
    };
    Question { field, given, input, area: field.sort == Sort::Area, options }
}
